"""Lab 10: answer on the same line. What it says is in ``lab10.toml``."""

from __future__ import annotations

import asyncio
import inspect
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from ... import cloud
from ...deploy import Api, Handler
from ...gateway.happenings import Called, Invoked, Opened, Received, Sent
from ...rest import rest_api
from ..asking import BROKEN, FORBIDDEN, SILENCE, described, has_raised, kind
from ..bench import Bench, Line
from ..beside import beside
from ..exercises import NotYet, exercise, trying
from ..texts import texts
from ..vary import vary
from . import desk

said = texts("10")

NO_JSON, ID, NULL = "no JSON", "id", '"null"'
Looks = Mapping[str, str]


# ── asking in JSON ───────────────────────────────────────────────────────────────────────────────────────────────────


def _asks(
    bench: Bench, line: Line, message: Mapping[str, Any], wanted: Mapping[str, Any], looks: Looks, more: str = ""
) -> Any:
    """Send a question and return its answer. Raises NotYet unless the answer is an object that says what is wanted."""
    text = json.dumps(message)
    trying(f"the client sends {text}")
    return _expect(bench, line.ask(text), wanted, looks, more)


def _expect(bench: Bench, frames: Sequence[str], wanted: Mapping[str, Any], looks: Looks, more: str = "") -> Any:
    """Return the one frame that came. Raises NotYet unless it is an object that says what is wanted.

    ``more`` names a part of the answer that the caller looks at, so that a learner reads of it at once.
    """
    found = _object(frames)
    if found is None or any(name not in found or found[name] != value for name, value in wanted.items()):
        fault = kind(frames) or _fault(found, wanted)
        look = looks.get(fault) or _LOOKS.get(fault) or looks.get("", "")
        if "“Raised”" in look and not has_raised(bench):
            look = "what your function returns: an answer has a `statusCode`, and a `body` that is text"
        shown = {**wanted, more: "…"} if more else wanted
        raise NotYet(expected=json.dumps(shown, ensure_ascii=False), got=described(bench, frames), look=look)
    return found


def _object(frames: Sequence[str]) -> dict[str, Any] | None:
    """Return the one frame that came as the object that it is, or None.

    >>> _object(['{"id": 7}']), _object(["[]"]), _object(["bread"])
    ({'id': 7}, None, None)
    """
    try:
        found = json.loads(frames[0]) if len(frames) == 1 else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _fault(found: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> str:
    if found is None:
        return NO_JSON
    if ID in wanted and found.get(ID) != wanted[ID]:
        return ID
    words = found.get("words")
    return NULL if isinstance(words, list) and "null" in words else ""


_LOOKS = {
    BROKEN: "the row “Raised”",
    NO_JSON: "the client reads one object, as JSON: `json.dumps` makes it of a dictionary, quotes and all",
    ID: "the `id` of the answer is that of its question, exactly as it was sent",
    NULL: "“null” is text here. An unknown word is None in Python, and `json.dumps` makes null of it",
}


# ── the exercises ────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("10.1", **said["10.1"])
def answers_under_the_id(translate: Handler, bench: Bench) -> None:
    """Ask for two words that are known, and for one that is not and has quotes in it."""
    api = bench.api({"translate": translate}, two_way=("translate",))
    unknown = vary('ice "cream"')
    with bench.line(api.url) as line:
        for id, word, means in ((vary("q1"), "bread", "pain"), (vary(7), "milk", "lait")):
            message = {"action": "translate", "id": id, "word": word}
            _asks(bench, line, message, {"id": id, "word": means}, {"": "`word` in the answer is what LEXICON says"})
        message = {"action": "translate", "id": vary("q2"), "word": unknown}
        looks = {
            BROKEN: "this word is not in LEXICON. The error frame names no id, so let your function answer",
            NO_JSON: "bad news travel as good news do: in an object, with the `id`, as `json.dumps` writes it",
            "": "bad news stand under `error`, in the words of the docstring",
        }
        _asks(bench, line, message, {"id": vary("q2"), "error": f"no word for {unknown}"}, looks)


@exercise("10.2", **said["10.2"])
def answers_without_a_function(open_desk: Callable[[str], Api], bench: Bench) -> None:
    """Ask when the desk is open, and for a word that the archive has, and for one that it has not."""
    archive = rest_api("archive", {"POST /words": desk.archive}, session=bench.session)
    url = cloud.local_url(f"{archive.url}/words")
    trying(f"open_desk({url!r})")
    api = open_desk(url)
    if not isinstance(api, Api):
        raise NotYet(expected="what websocket_api returns", got=repr(api), look="the `return` of `open_desk`")
    with bench.line(api.url) as line:
        since = _next_millisecond()
        hours = _asks(bench, line, {"action": "hours"}, {"id": "hours", "open": "9 to 17"}, _HOURS, "at")
        _expect_a_time(hours, since)
        word = vary("honey")
        message = {"action": "archive", "id": vary("q1"), "word": word}
        found = {"id": vary("q1"), "found": f"{word}, volume {len(word)}"}
        _asks(bench, line, message, found, _ARCHIVE)
        word = "x" + vary("ylophone")
        message = {"action": "archive", "id": vary("q2"), "word": word}
        _asks(bench, line, message, {"id": vary("q2"), "error": f"nothing about {word}"}, _ARCHIVE)
    _expect_no_function(bench, api)


_ROUTE = "the names of the routes: `hours` and `archive`"
_ONE_WAY = "a route is one-way unless `two_way` names it, whatever stands behind it"
_HOURS = {
    FORBIDDEN: _ROUTE,
    SILENCE: _ONE_WAY,
    BROKEN: "the text for `hours`: websocket_api makes a MOCK of a text, and of nothing else",
    NO_JSON: "the text for `hours` must be JSON: its words stand in double quotes",
    ID: "the text for `hours`: all its answers share one id",
    "": "the text for `hours`",
}
_ARCHIVE = {
    FORBIDDEN: _ROUTE,
    SILENCE: _ONE_WAY,
    BROKEN: "the settings for `archive`: an HTTP_PROXY, its method POST, its address archive_url",
    NO_JSON: "the settings for `archive`: an HTTP_PROXY hands the archive's answer on as it is",
    ID: "whose id is it? The archive copies that of a question: does the question get there, as a POST to archive_url?",
    "": "the settings for `archive`: RequestParameters map what the archive cannot know (section 4)",
}


def _next_millisecond() -> int:
    """Return a time in epoch milliseconds that lies behind everything until now."""
    before = now = int(cloud.clock.now() * 1000)
    while now == before:
        time.sleep(0.0005)
        now = int(cloud.clock.now() * 1000)
    return now


def _expect_a_time(answer: Mapping[str, Any], since: int) -> None:
    """Raise NotYet unless an answer says, in epoch milliseconds, when its request came."""
    at, now = answer.get("at"), int(cloud.clock.now() * 1000)
    if type(at) is int and since <= at <= now:
        return
    look = "`$context.requestTimeEpoch` is filled in at each request, and a number stands without quotes"
    raise NotYet(expected=f'"at": {since}, or a little later', got=f'"at": {json.dumps(at)}', look=look)


def _expect_no_function(bench: Bench, api: Api) -> None:
    trying("all of it once more, looking at what runs behind the routes")
    for seen in bench.happenings():
        if isinstance(seen, Invoked) and seen.api_id == api.api_id and seen.integration_type.startswith("AWS"):
            got = f"{seen.route_key} ran the function {seen.target}"
            raise NotYet(expected="no function of yours", got=got, look="lesson 10, section 4: MOCK and HTTP_PROXY")


@exercise("10.3", **said["10.3"])
def translates_what_can_be_translated(translate: Handler, bench: Bench) -> None:
    """Ask for words of which some are unknown, and ask without any."""
    api = bench.api({"translate": translate}, two_way=("translate",))
    unknown = vary("xylophone")
    cases: list[tuple[list[str], list[str | None], str]] = [
        (["bread", "milk"], ["pain", "lait"], "`words`: one translation for each word, in their order"),
        (["honey", unknown, "bread"], ["miel", None, "pain"], _ALL),
        ([unknown, vary("zebra"), "milk"], [None, None, "lait"], _ALL),
        ([], [], "no words are no mistake: the list of their translations is empty"),
    ]
    with bench.line(api.url) as line:
        for number, (words, means, look) in enumerate(cases, 1):
            id = vary(f"q{number}")
            looks = {"": look, BROKEN: "the row “Raised”: an unknown word is no error of the function"}
            _asks(bench, line, {"action": "translate", "id": id, "words": words}, {"id": id, "words": means}, looks)
        _expect_bad_news(bench, line, {"action": "translate", "id": vary("q8")})
        _expect_bad_news(bench, line, {"action": "translate", "id": vary("q9"), "words": vary(3)})


_ALL = "an unknown word is null in its own place, and all others are translated: where does the `try` begin and end?"


def _expect_bad_news(bench: Bench, line: Line, message: Mapping[str, Any]) -> None:
    """Raise NotYet unless a question that makes no sense is answered under its id, with an error in words."""
    looks = {BROKEN: "the error frame does not name the question: what is read outside of every `try`?"}
    answer = _asks(bench, line, message, {"id": message["id"]}, looks, "error")
    if not (isinstance(answer.get("error"), str) and answer["error"]):
        expected, look = '{"id": …, "error": "…"}', "who asks without a list of words must be told so, under `error`"
        raise NotYet(expected=expected, got=json.dumps(answer, ensure_ascii=False), look=look)


@exercise("10.4", **said["10.4"])
def takes_an_order_once(order: Handler, bench: Bench) -> None:
    """Send an order three times, another one once, and a third one twice at the same time."""
    table = _table(bench, "orders", "id")
    api = bench.api({"order": order}, two_way=("order",))
    pages = vary(3)
    first, other, both = ({"action": "order", "id": vary(id), "pages": pages} for id in ("o-17", "o-18", "o-19"))
    with bench.line(api.url) as ana, bench.line(api.url) as ben:
        receipt = _orders(bench, ana, first, look=_FRESH)
        row = {"id": first["id"], "pages": first["pages"], "receipt": receipt}
        _expect_row(table, row, "what is written, and under which names")
        _orders(bench, ana, first, receipt, look=_AGAIN)
        bench.restart()
        more = {**first, "pages": pages + 1}
        _orders(bench, ben, more, receipt, look=_ELSEWHERE, who="new code is deployed, ana has a new line, and")
        _expect_row(table, row, "who sends an order again changes nothing in its row")
        _orders(bench, ben, other, look=_FRESH, who="ben")
        _order_at_once(bench, ana, ben, both)


_FRESH = "the receipt is the requestId of the message that brought the order: `requestContext` has it"
_AGAIN = "an order that was taken before: its receipt stands in its row"
_ELSEWHERE = "only the order's id and the table last longer than a line and an execution environment"
_TWICE = "look and write in one step: DynamoDB checks a condition together with the write (lesson 05, section 3)"
_RAISED = "the row “Raised”: an order that came before is no error, and has a receipt"


def _orders(
    bench: Bench, line: Line, message: Mapping[str, Any], receipt: str = "", *, look: str, who: str = "ana"
) -> str:
    """Send an order and return its receipt: a new one, or that which is given."""
    trying(f"{who} sends {json.dumps(message)}")
    answer = _expect(bench, line.ask(json.dumps(message)), {"id": message["id"]}, {BROKEN: _RAISED}, "receipt")
    wanted = receipt or _brought(bench, message["id"])[-1]
    if answer.get("receipt") != wanted:
        expected = {"id": message["id"], "receipt": wanted}
        raise NotYet(expected=json.dumps(expected), got=json.dumps(answer, ensure_ascii=False), look=look)
    return wanted


def _brought(bench: Bench, order_id: Any) -> list[str]:
    """Return the requestIds of the messages that have brought an order."""
    events = [seen.event for seen in bench.happenings() if isinstance(seen, Invoked)]
    return [event["requestContext"]["requestId"] for event in events if json.loads(event["body"])["id"] == order_id]


def _expect_row(table: Any, wanted: Mapping[str, Any], look: str) -> None:
    """Raise NotYet unless the table has exactly one row of an order, with all that is wanted."""
    trying(f"the row of {wanted['id']}")
    rows = [row for row in table.scan(ConsistentRead=True)["Items"] if row["id"] == wanted["id"]]
    if len(rows) != 1 or any(rows[0].get(name) != value for name, value in wanted.items()):
        got = json.dumps(rows, default=int, ensure_ascii=False) if rows else "no row of this id"
        raise NotYet(expected=json.dumps(wanted, ensure_ascii=False), got=got, look=look)


def _order_at_once(bench: Bench, ana: Line, ben: Line, message: Mapping[str, Any]) -> None:
    """Let an order come again between the first call that it makes and all that follows."""
    text, sent = json.dumps(message), _count(bench, Sent)
    tried = f"ana sends {text}, and again through another line, while the first is still worked on"

    def once_more() -> None:
        again.pop()
        ben.socket.send(text)
        bench.wait_for(lambda _: _count(bench, Sent) > sent, 2.0)

    again = [True]
    with bench.meanwhile(lambda call: bool(again and call.caller and call.service == "dynamodb"), once_more):
        frames = ana.ask(text)
    answers = [_expect(bench, each, {"id": message["id"]}, {BROKEN: _RAISED}) for each in (frames, ben.heard())]
    receipts = {answer.get("receipt") for answer in answers}
    if len(receipts) != 1 or not receipts <= set(_brought(bench, message["id"])):
        got = ", ".join(str(answer.get("receipt")) for answer in answers)
        raise NotYet(tried, expected="one receipt, for both", got=f"two: {got}", look=_TWICE)
    trying(tried)
    _expect_row(_table(bench, "orders", "id"), {"id": message["id"], "receipt": receipts.pop()}, _TWICE)


def _table(bench: Bench, name: str, key: str) -> Any:
    """Return a table with this key, made where it is not there yet."""
    client = bench.session.client("dynamodb")
    with suppress(client.exceptions.ResourceInUseException):
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        )
    return bench.session.resource("dynamodb").Table(name)


@exercise("10.5", **said["10.5"])
def asks_for_all_at_once(translate_all: Callable[[str, list[str], float], Any], bench: Bench) -> None:
    """Answer the first question last, among messages that answer nothing; then fail at one and know another not."""
    lexicon = {vary(word): vary(means) for word, means in (("bread", "pain"), ("milk", "lait"), ("honey", "miel"))}
    table = _table(bench, "lexicon", "word")
    for word, means in lexicon.items():
        table.put_item(Item={"word": word, "means": means})
    api = bench.api({"translate": desk.translate}, two_way=("translate",))
    bench.meant_to_fail.add("lab-translate")
    bread, milk, honey = lexicon
    _ask_out_of_order(translate_all, bench, api, [bread, milk, honey, milk], lexicon)
    table.put_item(Item={"word": vary("cake")})
    words, patience = [vary("cake"), vary("xylophone"), honey], _patience(bench)
    trying(f"translate_all(url, {words!r}, {patience:g}), where the first ends in an error and the second is unknown")
    look = "some answers never come: wait no longer than `patience`, say None in their place, and keep the others"
    found = _ask_among_news(translate_all, bench, api, words, patience)
    _expect_list(found, [lexicon.get(word) for word in words], look)


_LATE = 1.0  # seconds that a busy machine may need beside the patience


def _ask_among_news(
    translate_all: Callable[..., Any], bench: Bench, api: Api, words: list[str], patience: float
) -> Any:
    """Post news all the time, which must not make anybody wait longer; return what the function returns."""
    begun, before = math.inf, _count(bench, Received)
    with beside(lambda: translate_all(api.url, list(words), patience), wake=lambda: _hang_up(bench, api)) as client:
        while not client.is_over:
            if math.isinf(begun) and _count(bench, Received) >= before + len(words):
                begun = time.monotonic()
            if time.monotonic() - begun > patience + _LATE:
                got = f"still waiting after {patience + _LATE:g} s, in which news came all the time"
                look = "when the waiting ends: one moment for all frames, fixed before the first"
                raise NotYet(expected=f"the list after {patience:g} s", got=got, look=look)
            _disturb(bench, api, STRAYS[-2:-1])
            client.wait(patience / 4)
        return client.result(0)


def _hang_up(bench: Bench, api: Api) -> None:
    with suppress(ClientError):
        api.connections.delete_connection(ConnectionId=_client(bench))


def _client(bench: Bench) -> str:
    """Return the connection that was opened last."""
    return [seen.connection_id for seen in bench.so_far() if isinstance(seen, Opened)][-1]


def _ask_out_of_order(
    translate_all: Callable[..., Any], bench: Bench, api: Api, words: list[str], lexicon: Mapping[str, str]
) -> None:
    """Hold the first answer back until all others are on their way."""
    trying(f"translate_all(url, {words!r}, 30), where the first answer comes last, and other messages in between")
    left: list[int] = []
    fewest = len(set(words))

    def wait_for_the_others() -> None:
        _disturb(bench, api)
        if bench.wait_for(lambda _: _count(bench, Received) >= fewest, 1.5):
            bench.wait_for(lambda _: _count(bench, Sent, "reply") >= _count(bench, Received) - 1, 1.0)  # of its 3 s
        left.append(_count(bench, Received))

    with bench.meanwhile(lambda call: _looks_up(call, words[0]) and not left, wait_for_the_others):
        found = _awaited(translate_all(api.url, list(words), 30.0))
    if left and left[0] < fewest:
        got = f"{left[0]} of {len(words)} had left when the first answer was due, and nothing more came"
        raise NotYet(expected="all questions leave before the first answer", got=got, look="what waits for what?")
    _expect_one_line(bench)
    _expect_names(bench, fewest, len(words))
    _expect_list(found, [lexicon[word] for word in words], "which answer belongs to which question? Its id says so")


STRAYS = "the desk closes at 5", "5", '{"news": "the desk closes at 5"}', '{"id": "nobody asked", "word": "rien"}'


def _disturb(bench: Bench, api: Api, strays: Sequence[str] = STRAYS) -> None:
    """Post what answers no question: text, JSON that is no object, one without an id, one with another."""
    with suppress(ClientError):
        for stray in strays:
            api.connections.post_to_connection(ConnectionId=_client(bench), Data=stray)


def _looks_up(call: Called, word: str) -> bool:
    return bool(call.caller) and call.operation == "GetItem" and call.parameters["Key"]["word"] in (word, {"S": word})


def _count(bench: Bench, kind: type[Sent] | type[Received] | type[Opened], because: str = "") -> int:
    found = [seen for seen in bench.so_far() if isinstance(seen, kind)]
    return len([seen for seen in found if not because or getattr(seen, "because", "") == because])


def _awaited(found: Any) -> Any:
    """Return what a function or a coroutine returns."""

    async def later() -> Any:
        return await found

    return asyncio.run(later()) if inspect.isawaitable(found) else found


def _expect_one_line(bench: Bench) -> None:
    bench.happenings()
    if (lines := _count(bench, Opened)) != 1:
        raise NotYet(expected="one line for all questions", got=f"{lines} lines", look="how often is `connect` called?")


def _expect_names(bench: Bench, fewest: int, most: int) -> None:
    """Raise NotYet unless each question was sent, with an id of its own; for a word that repeats, one may do."""
    texts = [seen.text for seen in bench.happenings() if isinstance(seen, Received)]
    ids = [json.dumps((_object([text]) or {}).get("id")) for text in texts]
    if not fewest <= len(texts) <= most:
        raise NotYet(expected=f"{most} questions", got=f"{len(texts)}: {', '.join(texts)}", look="what is sent")
    if len(set(ids)) < len(ids) or "null" in ids:
        look = "an id must not repeat on its line. A word may come twice in a list"
        raise NotYet(expected=f"{len(ids)} ids", got=", ".join(ids), look=look)


def _expect_list(found: Any, wanted: list[str | None], look: str) -> None:
    if not isinstance(found, list | tuple) or list(found) != wanted:
        raise NotYet(expected=repr(wanted), got=repr(found), look=look)


def _patience(bench: Bench) -> float:
    """Return how many seconds are enough for an answer on this machine, judged by how long the last ones took."""
    times = [seen.at for seen in bench.happenings() if isinstance(seen, Received | Sent)]
    return round(min(4.0, max(1.5, 3 * (times[-1] - times[0]))), 1)
