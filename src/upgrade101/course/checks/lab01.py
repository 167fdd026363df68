"""Lab 01: ask, wait, ask again. What it says is in ``lab01.toml``."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from numbers import Real
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

from ... import cloud
from ...deploy import Handler
from ...gateway.happenings import Answered, Requested
from ...rest import RestApi, rest_api
from ..asking import finished
from ..bench import PATIENCE, Bench
from ..exercises import NotYet, exercise, trying
from ..texts import texts
from ..vary import vary
from . import counter

said = texts("01")

MALFORMED = "Malformed Lambda proxy response"  # what the wire log calls an answer that is none


@exercise("01.1", **said["01.1"])
def answers_at_the_counter(parcel: Handler, bench: Bench) -> None:
    """Ask for parcels that are there, for two that are not, and for none."""
    api = rest_api("lab", {"GET /parcel": parcel}, session=bench.session)
    unknown, other = vary("Z99"), vary("P40")
    for query, status, body, look in (
        ("?number=K17", 200, "K17: shelf 4", "what `parcel` returns for a parcel that is in `shelves`"),
        ("?number=M03", 200, "M03: shelf 2", "whose shelf it is: `shelves` knows one for each number"),
        (f"?number={unknown}", 404, f"no {unknown} here", "a number that is not in `shelves`"),
        (f"?number={other}", 404, f"no {other} here", "which number the answer names: the one that was asked for"),
        ("", 400, "which number?", "a request without a query string: `asked` is an empty dictionary then"),
        (f"?size={vary('big')}", 400, "which number?", "a request that says something, and no number"),
    ):
        _wants(bench, f"{api.url}/parcel{query}", status, body, look)


@exercise("01.2", **said["01.2"])
def opens_a_second_window(add_hours: Callable[[Any, str, str], object], bench: Bench) -> None:
    """Give a path to an API that has one already, and ask both."""
    hours = f"{vary('open')} {vary(8)} to {vary(18)}"
    api = rest_api("lab", {"GET /parcel": counter.shelf}, session=bench.session)
    gateway = bench.session.client("apigateway")
    trying(f"add_hours(gateway, {api.api_id!r}, {hours!r})")
    finished(add_hours(gateway, api.api_id, hours))
    _wants(bench, f"{api.url}/hours", 200, hours, _what_is_missing(gateway, api), wrong_text=_TEXT, ran=False)
    _wants(bench, f"{api.url}/parcel", 200, "on shelf 4", "what was there already must stay")
    tried = "POST /dev/hours: a verb that nobody has given to this path"
    _wants(bench, f"{api.url}/hours", 403, None, "which verb `/hours` has: GET, and no other", tried=tried, body=b"hi")
    _expect_method_response(gateway, api)
    _expect_no_function(bench)


_TEXT = "the text in `responseTemplates`: exactly the one that is handed in, with nothing round it"


def _what_is_missing(gateway: Any, api: RestApi) -> str:
    """Return where to look, by how far the new path has come."""
    items = gateway.get_resources(restApiId=api.api_id, embed=["methods"])["items"]
    paths = {item["path"]: item.get("resourceMethods", {}) for item in items}
    if "/hours" not in paths:
        return f"the resource: this API has the paths {', '.join(sorted(paths))}"
    if "GET" not in paths["/hours"]:
        return f"the method: /hours has {', '.join(paths['/hours']) or 'none'}, and GET is asked for"
    integration = paths["/hours"]["GET"].get("methodIntegration")
    if integration is None:
        return "the integration: the method is there, and nothing stands behind it"
    if integration["type"] == "MOCK" and not integration.get("integrationResponses"):
        return "the integration's response: it holds the text"
    return _what_is_not_deployed(gateway, api)


def _what_is_not_deployed(gateway: Any, api: RestApi) -> str:
    stages = [stage["stageName"] for stage in gateway.get_stages(restApiId=api.api_id)["item"]]
    if stages != ["dev"]:
        return f"the stage of the deployment: there are {' and '.join(sorted(stages))} now, and `dev` is asked"
    if len(gateway.get_deployments(restApiId=api.api_id)["items"]) < 2:
        return "the deployment: what you build is not on a stage before you deploy it"
    return "the order: a deployment takes what is there at that moment; and the text in `responseTemplates`"


def _expect_method_response(gateway: Any, api: RestApi) -> None:
    """Raise NotYet where a step is missing that moto does without, and AWS does not."""
    items = gateway.get_resources(restApiId=api.api_id, embed=["methods"])["items"]
    method = next(item for item in items if item["path"] == "/hours")["resourceMethods"]["GET"]
    if "200" not in method.get("methodResponses", {}):
        got = "no method response: on AWS the call after it is refused"
        raise NotYet("what GET /hours is made of", expected="a method response for 200", got=got)


def _expect_no_function(bench: Bench) -> None:
    """Raise NotYet where a function answered for the new path."""
    last = [seen for seen in bench.happenings() if isinstance(seen, Answered) and seen.route_key == "GET /hours"]
    if last and last[-1].target != "MOCK":
        look = "the type of the integration: MOCK, with which the gateway answers by itself"
        raise NotYet("who answers GET /hours", expected="the gateway alone", got=last[-1].target, look=look)


CLOSES = 60


@exercise("01.3", **said["01.3"])
def asks_less_and_less(ask_with_patience: Callable[[str], Any], bench: Bench) -> None:
    """Let a parcel come soon, later, at once and never, and let the counter break."""
    api = rest_api("lab", {"GET /parcel": counter.here}, session=bench.session)
    for comes in (9 + vary(11) % 20, 30 + vary(45) % 20, 0):
        minutes = list(_minutes_until(comes))
        shelf = f"shelf {vary(4)}"
        seen, answer = _watch(ask_with_patience, bench, api, f"the parcel comes at minute {comes}", comes, shelf)
        _expect_minutes(seen, minutes)
        _expect_answer(answer, (minutes[-1], shelf))
    seen, answer = _watch(ask_with_patience, bench, api, "the parcel does not come", 2 * CLOSES)
    _expect_minutes(seen, list(_minutes_until(CLOSES)))
    if answer is not None:
        raise NotYet(expected="None", got=f"{_short(answer)} is returned", look="what is returned when the day is over")
    _try_a_broken_counter(ask_with_patience, bench, api)


def _minutes_until(comes: int) -> Iterator[int]:
    """Yield the minutes at which a patient page asks, up to the one that finds the parcel.

    >>> list(_minutes_until(11)), list(_minutes_until(60))[4:]
    ([1, 2, 4, 8, 16], [16, 24, 32, 40, 48, 56])
    """
    minute, pause = 1, 1
    while minute <= CLOSES:
        yield minute
        if minute >= comes:
            return
        minute, pause = minute + pause, min(2 * pause, 8)


def _watch(
    ask: Callable[[str], Any],
    bench: Bench,
    api: RestApi,
    what: str,
    comes: int,
    shelf: str = "shelf 1",
    breaks: int = 3 * CLOSES,
) -> tuple[list[float | str], Any]:
    """Return the minutes at which a page asked, and what it returned in the end. Raises what the page raises."""
    _set_stage(bench, api, comes=str(comes), shelf=shelf, breaks=str(breaks))
    before = len(bench.happenings())
    trying(f"{what}, and ask_with_patience({vary('K17')}'s URL)")
    answer = finished(ask(cloud.local_url(f"{api.url}/parcel?number={vary('K17')}")))
    return _asked(bench, before), answer


def _set_stage(bench: Bench, api: RestApi, **variables: str) -> None:
    patch = [{"op": "replace", "path": f"/variables/{name}", "value": value} for name, value in variables.items()]
    gateway = bench.session.client("apigateway")
    gateway.update_stage(restApiId=api.api_id, stageName=api.stage_name, patchOperations=patch)


def _asked(bench: Bench, before: int) -> list[float | str]:
    """Return the ``at`` of each request since then."""
    requests = [seen for seen in bench.happenings()[before:] if isinstance(seen, Requested)]
    return [_number(parse_qs(urlsplit(seen.path).query).get("at", ["no `at`"])[0]) for seen in requests]


def _number(text: str) -> float | str:
    """Return a number where a text is one.

    >>> _number("16"), _number("2.5"), _number("x")
    (16, 2.5, 'x')
    """
    try:
        return int(text) if text.isdigit() else float(text)
    except ValueError:
        return text


def _expect_minutes(seen: list[float | str], wanted: list[int]) -> None:
    """Raise NotYet unless a page asked at these minutes, and say what is odd about its pauses."""
    if seen == wanted:
        return
    expected = f"{len(wanted)} questions, at {_listed(wanted)}"
    got = f"{len(seen)} questions, at {_listed(seen)}" if seen else "no question"
    raise NotYet(expected=expected, got=got, look=_what_is_odd(seen, wanted))


def _what_is_odd(seen: Sequence[Any], wanted: Sequence[int]) -> str:
    """Return where to look for questions at other minutes.

    >>> _what_is_odd([1, 2, 4, 8, 16, 32], [1, 2, 4, 8, 16, 24])
    'the longest pause: 8 minutes, and this page makes one of 16'
    """
    if not seen or not all(isinstance(minute, Real) for minute in seen):
        return "`at`, which says the minute: the page adds it to the URL"
    if seen[0] != 1:
        return f"the first question: at minute 1, and this page asks at {seen[0]:g}"
    if max(seen) > CLOSES:
        return f"when to stop: the counter closes at minute {CLOSES}"
    if any(later <= sooner for sooner, later in pairwise(seen)):
        return "`at` is a minute of the day, and no pause: it goes on from the last question"
    longest = max((later - sooner for sooner, later in pairwise(seen)), default=0)
    if longest > 8:
        return f"the longest pause: 8 minutes, and this page makes one of {longest:g}"
    if list(seen) == list(wanted[: len(seen)]):
        return "when to go on: 404 means not yet, until the counter closes"
    return "the pauses: 1, 2, 4 and 8 minutes, and then 8 each time"


def _expect_answer(answer: Any, wanted: tuple[int, str]) -> None:
    if not isinstance(answer, Collection) or isinstance(answer, str) or tuple(answer) != wanted:
        look = "what is returned once the parcel is here: the minute, and the text of the answer"
        raise NotYet(expected=f"{wanted} is returned", got=f"{_short(answer)} is returned", look=look)


def _try_a_broken_counter(ask: Callable[[str], Any], bench: Bench, api: RestApi) -> None:
    """Let the counter answer 500 from minute 3 on: that is no 'not yet', so it must not be taken for one."""
    before = len(bench.happenings())
    try:
        _, answer = _watch(ask, bench, api, "from minute 3 on the counter answers 500", 2 * CLOSES, breaks=3)
    except Exception:
        answer = ...
    seen = _asked(bench, before)
    look = "which status means “ask again”: 404 does, and all others must stay errors"
    if seen != [1, 2, 4]:
        raise NotYet(expected="3 questions, at 1, 2 and 4", got=f"{len(seen)} questions, at {_listed(seen)}", look=look)
    if answer is not ...:
        raise NotYet(expected="the error is raised: HTTPError, 500", got=f"{_short(answer)} is returned", look=look)


ARRIVALS = {"K17": 0.5, "T88": 9.5, "M03": 11.2}


@exercise("01.4", **said["01.4"])
def tells_each_page_its_news(news: Handler, bench: Bench) -> None:
    """Let pages ask in rhythms of their own, by turns, and one ask the same again."""
    api = rest_api("lab", {"GET /news": news}, session=bench.session)
    last = 12 + vary(3)
    looks = {
        "first": "what `body` must be, and what `at` is: a query string holds nothing but text. "
        "Without `since`, all until `at` is new",
        "slow": "the news since the question before, however long ago that was: `since` says it",
        "both": "what the function remembers: it must not matter who else has asked before",
        "edge": "the edges: what came at `since` is known already, what comes at `at` is new",
    }
    for since, at, who, kind in (
        (None, 4, "a page asks for the first time, at minute 4:", "first"),
        (None, last, f"another page asks for the first time, at minute {last}:", "slow"),
        (4, 12, "the first page asks again at minute 12, and knows all until 4:", "slow"),
        (4, 12, "that answer is lost on the way, so it asks the same again:", "both"),
        (0, last, f"a third page has asked at minute 0, and asks at {last}:", "slow"),
        (12, last, "the first page goes on:", "both"),
        (9, 10, "a page that asks each minute:", "slow"),
        (9.5, 11, "a page has asked at the very moment of an arrival, 9.5:", "edge"),
        (9, 9.5, "a page asks at that very moment:", "edge"),
    ):
        query = f"?at={at}" if since is None else f"?since={since}&at={at}"
        wanted = [number for number, minute in ARRIVALS.items() if (since or 0) < minute <= at]
        _wants_list(bench, f"{api.url}/news{query}", wanted, who, looks[kind])


def _wants_list(bench: Bench, url: str, wanted: list[str], who: str, look: str) -> None:
    """Ask, and raise NotYet unless the answer is this list as JSON."""
    trying(f"{who} GET {_path(url)}")
    status, body = _ask(url)
    expected = f"200 {json.dumps(wanted)}"
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if status == 502 and _raised(bench):
        look = f"the row “Raised”; {look}"
    if status != 200 or not isinstance(found, list):
        look = "what is returned: status 200, and a body of text that is JSON" if status == 200 else look
        raise NotYet(expected=expected, got=_described(bench, status, body), look=look)
    if found != wanted:
        all_there = len(found) == len(wanted) and all(each in found for each in wanted)
        look = "the order of the list: that of arrival, as in `arrivals`" if all_there else look
        raise NotYet(expected=expected, got=f"200 {body}", look=look)


@exercise("01.5", **said["01.5"])
def counts_what_asking_costs(bill: Callable[[list[float], float, float], Any], bench: Bench) -> None:
    """Days with much news, little, and none; several pieces between two questions, and one right at a question."""
    early, late = vary(3), 40 + vary(7)
    for arrivals, interval, closing, what in (
        ([3.5, 11.25], 1, 20, "two parcels"),
        ([early + 0.25, late + 0.5], 5, 60, "two parcels, and a longer interval"),
        ([11, 12, 13.5], 5, 30, "three parcels between two questions"),
        ([10], 5, 30, "a parcel at the very minute of a question"),
        ([8, 10], 5, 30, "two parcels that one question brings, and one of them comes at its very minute"),
        ([8, 17.5], 4, 18, "the second parcel comes after the last question"),
        ([14.5, 2, 7.5], 2.5, 20, "three parcels, in no order"),
        ([], 10, vary(60), "a day without parcels"),
    ):
        trying(f"bill({arrivals}, {interval}, {closing}): {what}")
        _expect_bill(finished(bill(list(arrivals), interval, closing)), _bill(arrivals, interval, closing))


def _bill(arrivals: Sequence[float], interval: float, closing: float) -> dict[str, float]:
    """Return what one customer's page costs and brings, by walking through the day.

    >>> _bill([11, 12, 31], 5, 30)
    {'requests': 6, 'useful': 1, 'worst': 4, 'missed': 1}
    """
    questions = [interval * number for number in range(1, int(closing // interval) + 1)]
    heard = {minute: next((asked for asked in questions if asked >= minute), None) for minute in arrivals}
    brought = {minute: asked for minute, asked in heard.items() if asked is not None}
    worst = max((asked - minute for minute, asked in brought.items()), default=0)
    missed = len(heard) - len(brought)
    return {"requests": len(questions), "useful": len(set(brought.values())), "worst": worst, "missed": missed}


_LOOKS = {
    "requests": "how many questions fit into the day: the first after one interval, none after closing, a whole number",
    "useful": "a question is useful once, however many parcels it brings, and a parcel at its very minute counts",
    "worst": "the time from a parcel to the next question: `-minute % interval`, for those that a question brings",
    "missed": "parcels that come after the last question: nobody asks for them any more",
}


def _expect_bill(found: Any, wanted: Mapping[str, float]) -> None:
    if not isinstance(found, Mapping):
        got, look = f"{_short(found)} is returned", "the docstring: a dictionary with four names"
        raise NotYet(expected=str(dict(wanted)), got=got, look=look)
    for name, value in wanted.items():
        if name not in found:
            got = f"no {name!r} in {_short(dict(found))}"
            raise NotYet(expected=str(dict(wanted)), got=got, look="the names in the docstring")
        given = found[name]
        if not isinstance(given, Real) or abs(float(given) - value) > 1e-9:
            raise NotYet(expected=f"{name}: {value:g}", got=f"{name}: {_short(given)}", look=_LOOKS[name])


# ── questions and answers ────────────────────────────────────────────────────────────────────────────────────────────


def _ask(url: str, body: bytes | None = None) -> tuple[int, str]:
    """Send a request; return status and body of the answer."""
    try:
        with urlopen(cloud.local_url(url), data=body, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode("utf-8", "replace")


def _wants(
    bench: Bench,
    url: str,
    status: int,
    text: str | None,
    look: str,
    *,
    tried: str = "",
    wrong_text: str = "",
    body: bytes | None = None,
    ran: bool = True,
) -> None:
    """Ask, and raise NotYet unless this status comes with this text; ``ran`` tells whether a function should have.

    ``wrong_text`` says where to look if the status is right and the text is not.
    """
    trying(tried or f"GET {_path(url)}")
    found = _ask(url, body)
    if found[0] != status or (text is not None and found[1].strip() != text):
        expected = f"{status} {text}" if text is not None else f"{status}"
        look = "what your function returns, or where it breaks" if found[0] == 502 and ran else look
        look = wrong_text or look if found[0] == status else look
        raise NotYet(expected=expected, got=_described(bench, *found), look=look)


def _raised(bench: Bench) -> bool:
    """Tell whether the last function that ran raised an error."""
    answered = [seen for seen in bench.happenings() if isinstance(seen, Answered)]
    return bool(answered and answered[-1].error and answered[-1].error != MALFORMED)


def _described(bench: Bench, status: int, body: str) -> str:
    """Return in words what a client got, and what the gateway knows about it."""
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = body
    return f"{status} {_cut(message)}{_cause(bench) if status == 502 else ''}".strip()


def _cause(bench: Bench) -> str:
    """Return which answer of a function was none; where it raised, the card says so by itself."""
    answered = [seen for seen in bench.happenings() if isinstance(seen, Answered)]
    if not answered or answered[-1].error != MALFORMED:
        return ""
    payload = answered[-1].payload
    fault = ""
    if isinstance(payload, dict) and "statusCode" not in payload:
        fault = ". There is no `statusCode` in it"
    elif isinstance(payload, dict) and not isinstance(payload.get("body"), str | None):
        fault = ". Its `body` is no text"
    return f": {answered[-1].target} returned {_short(payload)}{fault}"


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _listed(values: Sequence[Any]) -> str:
    """Return numbers in words.

    >>> _listed([1, 2, 4]), _listed([1]), len(_listed(range(1, 61)))
    ('1, 2 and 4', '1', 21)
    """
    words = [f"{value:g}" if isinstance(value, Real) else str(value) for value in values]
    if len(words) > 14:
        return f"{', '.join(words[:6])} … {words[-1]}"
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _cut(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"


def _short(value: Any) -> str:
    return _cut(repr(value))
