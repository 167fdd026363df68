"""Lab 04: catch what matches nothing. What it says is in ``lab04.toml``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...deploy import Handler, invocation_uri
from ...gateway.definition import DEFAULT
from ...gateway.happenings import Invoked
from ..asking import BROKEN, FORBIDDEN, SILENCE, described, error_of, finished, heard, wants
from ..bench import Bench, Line
from ..exercises import NotYet, exercise, trying
from ..texts import texts
from ..vary import vary
from . import handlers, radio

said = texts("04")


# ── 04.1 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("04.1", **said["04.1"])
def tells_complaints_from_answers(complaint: Callable[[str], str | None], bench: Bench) -> None:
    """Hand in what really came over a line: three kinds of error frames, and answers that resemble them."""
    slow = {"IntegrationUri": invocation_uri(bench.function(radio.dawdles)), "TimeoutInMillis": 50}
    routes: dict[str, Any] = {"say": radio.says, "break": radio.breaks}
    routes["wait"] = {"IntegrationType": "AWS_PROXY", **slow}
    bench.meant_to_fail.add("lab-breaks")
    api = bench.api(routes, two_way=tuple(routes))
    with bench.line(api.url) as line:
        _expect_complaint(complaint, _frame(line, vary("hello")), "Forbidden", _BY_MESSAGE)
        for text in _answers():
            look = "an error frame has all three: message, connectionId, requestId"
            _expect_complaint(complaint, _frame(line, json.dumps({"action": "say", "text": text})), None, look)
        _expect_complaint(complaint, _frame(line, '{"action": "break"}'), "Internal server error", _BY_MESSAGE)
        if frame := _timeout_frame(line):
            _expect_complaint(complaint, frame, "Endpoint request timed out", _BY_MESSAGE)


_BY_MESSAGE = "what is returned for an error frame: the text that it has under `message`, whichever it is"


def _answers() -> list[str]:
    """Return answers of functions, each of which has something of an error frame."""
    return [
        "on the list: " + vary("Forbidden Colours"),
        f'{vary("Blue Monday")}: no such "message", "connectionId", "requestId"',
        str(vary(1999)),
        json.dumps([vary("Heroes"), "message", "connectionId", "requestId"]),
        "null",
        json.dumps({"message": vary("we play it at nine")}),
        json.dumps({"connectionId": "L0SM9cOFvHcCIhw=", "title": vary("Blue Monday")}),
        "{Awayland}",
    ]


def _frame(line: Line, message: str) -> str:
    frames = line.ask(message)
    assert len(frames) == 1, frames
    return frames[0]


def _timeout_frame(line: Line) -> str:
    """Return the error frame of a timeout, or '' where this machine is too busy to bring one about.

    A timeout may be noticed so late that the function has answered by then: that frame is none, so ask again.
    """
    frames = (_frame(line, '{"action": "wait"}') for _ in range(5))
    return next(filter(error_of, frames), "")


def _expect_complaint(complaint: Callable[[str], str | None], frame: str, wanted: str | None, look: str) -> None:
    trying(f"complaint({frame!r})")
    got = finished(complaint(frame))
    if got != wanted:
        raise NotYet(expected=f"{wanted!r} is returned", got=_short(got), look=look)


# ── 04.2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("04.2", **said["04.2"])
def catches_on_a_running_line(add_default: Callable[[Any, str, str, str], object], bench: Bench) -> None:
    """Connect, let the answer add its route, and ask on the line that was open all the while."""
    api = bench.api({"wish": radio.wish}, two_way=("wish",), stage_name=vary("live"))
    arn = bench.function(radio.catch)
    gateway = bench.session.client("apigatewayv2")
    title, typed = vary("Blue Monday"), vary("hello")
    with bench.line(api.url) as line:
        wants(bench, line, typed, FORBIDDEN)
        trying("add_default(gateway, api_id, stage_name, arn)")
        finished(add_default(gateway, api.api_id, api.stage_name, arn))
        looks = {
            FORBIDDEN: _why_no_route(gateway, api.api_id),
            SILENCE: "the route is one-way: a response expression on the route, a route response, and both deployed",
            BROKEN: "the integration behind the route, and its `Target`",
            "": "which function the route leads to",
        }
        for text in (typed, "", '{"action": "wihs"}'):
            wants(bench, line, text, f"caught: {text}", looks=looks, tried=f"a listener sends {text!r} on an open line")
        kept = {"": "the route `wish` must stay as it was, and so must the rule"}
        wants(bench, line, {"action": "wish", "title": title}, f"on the list: {title}", looks=kept)
        if len(gateway.get_apis()["Items"]) > 1:
            raise NotYet(expected="one API, which gets one route more", got="two APIs", look="the id of the API")


def _why_no_route(gateway: Any, api_id: str) -> str:
    """Return where to look where a message finds no route although one was to catch it."""
    keys = [route["RouteKey"] for route in gateway.get_routes(ApiId=api_id)["Items"]]
    if DEFAULT not in keys:
        return f"the API's route keys: {', '.join(sorted(keys))}. Which one takes what no other takes?"
    return "what the stage shows: a deployment, which is a copy (lesson 03, section 2). Does yours have the new route?"


# ── 04.3 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("04.3", **said["04.3"])
def keeps_lines_open_for_nothing(routes: Mapping[str, Any], bench: Bench) -> None:
    """Say what the app says, and what it must not change for."""
    trying("routes")
    if not isinstance(routes, Mapping) or not {"wish", DEFAULT} <= routes.keys():
        got = f"the keys {', '.join(map(str, routes))}" if isinstance(routes, Mapping) else _short(routes)
        raise NotYet(expected="a dictionary of routes, with wish and $default among them", got=got)
    api = bench.api(routes, two_way=("wish", DEFAULT))
    other, title = "we only take wishes", vary("Blue Monday")
    with bench.line(api.url) as line:
        for _ in range(2):
            _expect_nothing(bench, line, '{"action": "still_here"}')
        stay = {"": "all else stays as it is: `wish` and `$default` lead to their functions"}
        wants(bench, line, {"action": "wish", "title": title}, f"on the list: {title}", looks=stay)
        for text in (vary("hello"), "", '{"action": "still here"}'):
            wants(bench, line, text, other, looks=stay, tried=f"the client sends {text!r}")


def _expect_nothing(bench: Bench, line: Line, message: str) -> None:
    """Raise NotYet where a message brings an answer, goes to $default, or has a function run."""
    trying(f"the client sends {message}")
    frames = line.ask(message)
    last = [seen for seen in bench.happenings() if isinstance(seen, Invoked)][-1:]
    if frames:
        look = "what `still_here` leads to: a MOCK, and a request template that gives the status 200"
        if last and last[0].route_key == DEFAULT:
            look = "the keys of `routes`: $default took this message, so none of them is `still_here`"
        raise NotYet(expected="no answer", got=described(bench, frames), look=look)
    if last and last[0].target != "MOCK":
        look = "what the gateway can do without calling anybody: the end of section 4"
        raise NotYet(expected="no function runs", got=f"silence, but {last[0].target} ran for it", look=look)


# ── 04.4 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("04.4", **said["04.4"])
def foresees_the_route(taken_by: Callable[[str, list[str]], str], bench: Bench) -> None:
    """Send each message to an API with $default and to one without, and ask the answer the same."""
    some = [vary("wish"), vary("now"), str(vary(7))]
    for keys in ([*some, DEFAULT], some):
        api = bench.api(dict.fromkeys(keys, handlers.which), two_way=tuple(keys))
        with bench.line(api.url) as line:
            for text, look in _messages(*some):
                trying(f"taken_by({text!r}, {keys})")
                wanted, got = heard(line.ask(text)), finished(taken_by(text, list(keys)))
                if got != wanted:
                    look = _and_default(look, keys, got)
                    raise NotYet(expected=f"{wanted!r}, as the gateway says", got=_short(got), look=look)


def _and_default(look: str, keys: Sequence[str], got: Any) -> str:
    """Return where to look, and what else there is to say where ``$default`` was forgotten, or believed in."""
    if DEFAULT not in keys:
        return f"{look}; and is there a $default?"
    return f"{look}; what no other route takes goes to `$default`, if there is one" if got == FORBIDDEN else look


def _messages(wish: str, now: str, number: str) -> list[tuple[str, str]]:
    """Return messages, and where to look if one of them is foretold wrongly."""
    no_json = "text that is no JSON has no key, whatever words are in it"
    no_object = "JSON that is no object has no key"
    place = "the only place that the rule reads: `action`, in the message itself"
    exact = "keys are compared letter by letter"
    return [
        (json.dumps({"action": wish}), "a key that a route has"),
        (json.dumps({"title": wish, "action": now}), place),
        (json.dumps({"service": wish}), place),
        (json.dumps({"title": {"action": wish}}), place),
        (json.dumps({"action": wish.capitalize()}), exact),
        (json.dumps({"action": wish + " "}), exact),
        (json.dumps({"action": wish[:-1]}), exact),
        (wish, no_json),
        (f"action {wish}", no_json),
        ("", no_json),
        (json.dumps([wish]), no_object),
        (number, no_object),
        ("null", no_object),
        (f' {{"action": "{wish}"}}\n', "blanks around an object: it is JSON all the same"),
        (json.dumps({"action": int(number)}), "a number becomes text, and then it may be a route's key"),
        (json.dumps({"action": int(number) * 10}), "a number becomes text, and then it may be a route's key"),
        (json.dumps({"action": [wish]}), "a list under `action`: no route is called like that"),
        (json.dumps({"action": DEFAULT}), "somebody who asks for `$default` by name"),
    ]


# ── 04.5 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("04.5", **said["04.5"])
def understands_what_they_type(anything: Handler, bench: Bench) -> None:
    """Type all sorts of things."""
    api = bench.api({"wish": radio.wish, DEFAULT: anything}, two_way=("wish", DEFAULT))
    with bench.line(api.url) as line:
        for text, wanted, look in _typed():
            broken = f"the row “Raised”, or what your function returns; here it is {_kind(text)}"
            looks = {BROKEN: broken, "": look}
            wants(bench, line, text, wanted, looks=looks, tried=f"a listener types {text!r}")


def _typed() -> list[tuple[str, str, str]]:
    """Return what listeners type, the answer to it, and where to look if it is another."""
    untouched = "a title is to stay as it was sent: `event['body']`, not what `json.loads` made of it"
    action = "what stands under `action`, if anything does"
    looks = "is it a JSON object? Let `json.loads` decide, not the first letter"
    silent = "what `strip` leaves of nothing but blanks"
    titles = [(vary("Blue Monday"), "text that is no JSON is a title"), (str(vary(1999)), untouched)]
    titles += [(f'"{vary("Heroes")}"', untouched), ("{Awayland}", looks), (f'["{vary("Jude")}"]', untouched)]
    titles += [
        (f"  {vary('Blue Monday')} ", untouched),
        ("null", untouched),
        ("3.10", untouched),
        (f"action: {vary('man')}", looks),
    ]
    objects: list[tuple[dict[str, Any], str]] = [({"action": vary("wihs")}, vary("wihs")), ({}, "none")]
    objects += [({"title": vary("Blue Monday")}, "none"), ({"action": vary(7)}, str(vary(7)))]
    objects += [({"title": vary("Heroes"), "action": vary("wish them")}, vary("wish them"))]
    return [
        *((text, f"on the list: {text}", look) for text, look in titles[:1]),
        *((json.dumps(message), f"no action: {key}", action) for message, key in objects[:1]),
        *((text, "what shall we play?", silent) for text in ("", "   ")),
        *((text, f"on the list: {text}", look) for text, look in titles[1:]),
        *((json.dumps(message), f"no action: {key}", action) for message, key in objects[1:]),
        ('  {"title": 1} ', "no action: none", looks),
    ]


def _kind(text: str) -> str:
    """Return what a text is to json.loads.

    >>> [_kind(text) for text in ("Hello", "1999", "{}", '"Heroes"')]
    ['no JSON', 'JSON: an int', 'JSON: a dict', 'JSON: a str']
    """
    try:
        found = json.loads(text)
    except ValueError:
        return "no JSON"
    name = type(found).__name__
    return f"JSON: {'an' if name == 'int' else 'a'} {name}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
