"""Lab 03: let the message choose its handler. What it says is in ``lab03.toml``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...deploy import Api, Handler
from ...gateway.happenings import Invoked
from ..asking import BROKEN, FORBIDDEN, SILENCE, wants
from ..bench import Bench
from ..exercises import NotYet, exercise, expect, trying
from ..texts import texts
from ..vary import vary
from . import handlers

said = texts("03")


@exercise("03.1", **said["03.1"])
def answers_a_message(on_order: Handler, bench: Bench) -> None:
    """Order two different things."""
    api = bench.api({"order": on_order}, two_way=("order",))
    looks = {BROKEN: "what your function returns, or where it breaks", "": "what stands in `body`"}
    with bench.line(api.url) as line:
        for item in (vary("rye"), vary("poppy seed roll")):
            wants(bench, line, {"action": "order", "item": item}, f"{item} is in the oven", looks=looks)


SHOPS = ("north/order", "north/hours", "south/order")


@exercise("03.2", **said["03.2"])
def finds_the_route(rule: str, bench: Bench) -> None:
    """Send messages whose words stand in any order, among words that mean nothing."""
    trying(f"create_api(…, RouteSelectionExpression={rule!r})")
    if not isinstance(rule, str):
        raise NotYet(expected="a text, in quotes", got=repr(rule))
    api = bench.api(dict.fromkeys(SHOPS, handlers.which), selection=rule, two_way=SHOPS)
    messages: list[tuple[dict[str, Any], str]] = [
        ({"shop": {"name": "north"}, "do": "order"}, "north/order"),
        ({"shop": {"name": "south"}, "do": "order"}, "south/order"),
        ({"do": "hours", "name": vary("Ana"), "shop": {"town": vary("Lund"), "name": "north"}}, "north/hours"),
        ({"shop": {"name": "south"}, "do": "hours"}, FORBIDDEN),
    ]
    look = _wrong_dollar(rule) or "which words of the message the rule reads"
    with bench.line(api.url) as line:
        for message, key in messages:
            wants(bench, line, message, key, looks={"": look})


def _wrong_dollar(rule: str) -> str:
    """Return which variable of a rule lacks its ``$``, or has one too many, or ''.

    >>> _wrong_dollar("${$request.body.shop.name}")
    'one `$` for each variable, before the brace: `${request.body…}`'
    >>> _wrong_dollar("${request.body.do}/request.body.do")
    'the missing `$` before `request.body.do`: without it this is plain text, not a variable'
    >>> _wrong_dollar("${request.body.shop.name}/$request.body.do")
    ''
    """
    if "{$" in rule:
        return "one `$` for each variable, before the brace: `${request.body…}`"
    bare = re.search(r"(?<!\$)(?<!\$\{)(?<![\w.])(\{)?(request\.[\w.]+)(?(1)\}?)", rule)
    return f"the missing `$` before `{bare[0]}`: without it this is plain text, not a variable" if bare else ""


ACTIONS = "order", "hours", "cancel"


@exercise("03.3", **said["03.3"])
def runs_one_function_for_each_action(routes: Mapping[str, Handler], bench: Bench) -> None:
    """Let a client use all three actions, and one that nobody offers."""
    trying("routes")
    if not isinstance(routes, Mapping):
        raise NotYet(expected="a dictionary: route keys and their functions", got=repr(routes))
    for key, target in routes.items():
        if not callable(target):
            got, look = f"{key!r} leads to {target!r}", "name the function, without brackets behind it"
            raise NotYet(expected="a function behind each key", got=got, look=look)
        if getattr(target, "__name__", "") == "<lambda>":
            got, look = f"{key!r} leads to a function without a name", "`lambda`: use `def`, Lambda asks for the name"
            raise NotYet(expected="a function with a name behind each key", got=got, look=look)
    api = bench.api(routes, two_way=tuple(routes))
    with bench.line(api.url) as line:
        for action, message, wanted in _uses_of_all_three():
            looks = {FORBIDDEN: "the keys of `routes`", "": f"the function behind {action!r}"}
            wants(bench, line, message, wanted, looks=looks)
        looks = {"": "the keys of `routes`: an action that nobody offers should find no route"}
        wants(bench, line, {"action": "bake"}, FORBIDDEN, looks=looks)
    trying("all three actions, one after the other")
    ran = {seen.route_key: seen.target for seen in bench.happenings() if isinstance(seen, Invoked)}
    if len(set(ran.values())) < len(ACTIONS):
        names = ", ".join(f"{key} ran {target}" for key, target in ran.items())
        look = "the picture: whose lane do the arrows reach?"
        raise NotYet(expected="three functions, one for each action", got=f"not one function each: {names}", look=look)


def _uses_of_all_three() -> Iterator[tuple[str, dict[str, Any], str]]:
    item = vary("rye")
    yield "order", {"action": "order", "item": item}, f"{item} is in the oven"
    yield "hours", {"action": "hours"}, "open from 6 to 14"
    yield "cancel", {"action": "cancel", "item": item}, f"{item} is cancelled"


@exercise("03.4", **said["03.4"])
def greets_everybody(open_line: Callable[[], Api], bench: Bench) -> None:
    """Greet a guest with a name and one without."""
    trying("open_line()")
    api = _opened(open_line)
    if not isinstance(api, Api):
        raise NotYet(expected="what websocket_api returns", got=repr(api), look="the `return` of `open_line`")
    looks = {
        FORBIDDEN: "the key in the gateway's lane, and lesson 03, section 3",
        SILENCE: "the last arrow of the picture, and lesson 03, the end of section 1",
        BROKEN: "`greet`",
    }
    with bench.line(api.url) as line:
        name = vary("Ana")
        wants(bench, line, {"action": "greet", "name": name}, f"good morning, {name}", looks=looks)
        looks[""] = "what `greet` answers without a name"
        wants(bench, line, {"action": "greet"}, "good morning, stranger", looks=looks)


def _opened(open_line: Callable[[], Api]) -> Api:
    """Return what it returns, and say where to look where the line cannot be opened for its ``two_way``."""
    try:
        return open_line()
    except Exception as error:
        if "two_way" not in str(error):
            raise
        got = f"{type(error).__name__}: {error}"
        raise NotYet(expected="an open line", got=got, look="the argument `two_way`") from None


@exercise("03.5", **said["03.5"])
def builds_the_bakery(open_shop: Callable[[Any, dict[str, str]], str], bench: Bench) -> None:
    """Use the protocol as a client does."""
    functions = {"order": bench.function(handlers.order), "hours": bench.function(handlers.hours)}
    trying("open_shop(gateway, functions)")
    url = open_shop(bench.session.client("apigatewayv2"), functions)
    if not isinstance(url, str) or not url.startswith("wss://"):
        raise NotYet(expected="a URL: wss://…/v1", got=repr(url), look="what `open_shop` returns")
    expect(url.rpartition("/")[2], "v1", look="the end of the URL is the name of the stage")
    trying("connect(url)")
    looks = {
        FORBIDDEN: "the rule, and when the deployment is taken",
        SILENCE: "route responses: lesson 03, the end of section 1",
        BROKEN: "the integration: `AWS_PROXY` and `invocation_uri(arn)`",
    }
    no_route = {"": "which word of the message the rule reads, and which routes there are"}
    with bench.line(url) as line:
        item = vary("rye")
        wants(bench, line, {"do": "order", "item": item}, f"{item} is in the oven", looks=looks)
        wants(bench, line, {"do": "hours"}, "open from 6 to 14", looks=looks)
        wants(bench, line, {"do": "bake", "action": "order", "item": item}, FORBIDDEN, looks=no_route)
