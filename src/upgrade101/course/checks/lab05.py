"""Lab 05: remember who is connected. What it says is in ``lab05.toml``."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from ... import cloud
from ...deploy import Handler, connection_table
from ...gateway.definition import CONNECT, DISCONNECT
from ...gateway.happenings import Called
from ..asking import BROKEN, SILENCE, described, has_raised, heard, no_answer, pair, wants
from ..bench import Bench
from ..exercises import NotYet, exercise, trying
from ..museum.scene import Guest, Scene, stage
from ..texts import texts
from ..vary import vary
from .rows05 import expect_row, leave_a_row, row_of, shown

said = texts("05")

house = partial(stage, table_name="players")
"""The rehearsal house: a table of players, an API with these routes, and players who come and go."""


def _cellar() -> dict[str, str]:
    return {"room": vary("cellar"), "plays": vary("viola")}


def _attic() -> dict[str, str]:
    return {"room": vary("attic"), "plays": vary("drums")}


def _query(fields: Mapping[str, str]) -> str:
    """Return the query string that somebody comes with.

    >>> _query({"room": "cellar", "plays": "viola"})
    '?room=cellar&plays=viola'
    """
    return "?" + "&".join(f"{name}={value}" for name, value in fields.items())


@exercise("05.1", **said["05.1"])
def signs_in_and_out(functions: Sequence[Handler], bench: Bench) -> None:
    """Two players come, and one of them leaves."""
    on_connect, on_disconnect = pair(functions, 'check("05.1", on_connect, on_disconnect)')
    with house(bench, {CONNECT: on_connect, DISCONNECT: on_disconnect}) as scene:
        ana = _enter(scene, "ana", _query(_cellar()), "what `row` is made of")
        ben = _enter(scene, "ben", _query(_attic()), "what `row` is made of")
        for guest, fields in ((ana, _cellar()), (ben, _attic())):
            trying(f"the row of {guest.name}")
            expect_row(scene, guest, fields, look="`row`, and lesson 05, section 2")
        scene.leave(ana)
        if row_of(scene, ana):
            look = "`on_disconnect`: does it run to its end, and whose row does it delete?"
            raise NotYet(expected="no row of ana any more", got="her row is still there", look=look)
        expect_row(scene, ben, _attic(), look="`key`: it must name one row, that of whoever leaves")


@exercise("05.2", **said["05.2"])
def remembers_what_was_reported(played: Handler, bench: Bench) -> None:
    """Two players report by turns; in between new code is deployed, and another environment adds to a row."""
    with house(bench, {"played": played}, two_way=("played",)) as scene:
        ana, ben = _signed_in(scene, "ana", _cellar()), _signed_in(scene, "ben", _attic())
        first, few, second = vary(20), vary(5), vary(10)
        total = first + second
        _reports(scene, ana, first, f"{first} minutes", "the first report: the row has no `minutes` yet")
        _reports(scene, ben, few, f"{few} minutes", "whose total it is: each player has a row")
        look = "the new minutes come on top of those in the row; `get_item` puts the row under `Item`"
        _reports(scene, ana, second, f"{total} minutes", look)
        bench.restart()
        look = "where the total lives: a new environment begins with empty globals (lesson 05, section 1)"
        total += few
        _reports(scene, ana, few, f"{total} minutes", look, tried="new code is deployed, and ana sends {}")
        total = _reported_elsewhere(scene, ana, total + vary(40)) + few
        look = "the row alone knows the total, and each report begins there: other environments write into it too"
        tried = f"another environment has added {vary(40)} minutes, and ana sends {{}}"
        _reports(scene, ana, few, f"{total} minutes", look, tried=tried)
        trying("the row of ana")
        look = "`update_item` changes a field and leaves the others, `put_item` writes the whole row anew"
        expect_row(scene, ana, {**_cellar(), "minutes": total}, look=look)


def _reports(scene: Scene, guest: Guest, minutes: int, wanted: str, look: str, tried: str = "") -> None:
    message = {"action": "played", "minutes": minutes}
    tried = (tried or f"{guest.name} sends {{}}").format(json.dumps(message))
    try:
        _asks(scene, guest, message, wanted, tried, look, returns="what `played` returns")
    except NotYet as found:
        if re.match(r"['\"]\D", found.got):
            found.look = "what stands before “minutes”: the total, a number"
        raise


def _reported_elsewhere(scene: Scene, guest: Guest, total: int) -> int:
    """Write a total as another environment of the same function would; return it."""
    change = {"UpdateExpression": "SET minutes = :total", "ExpressionAttributeValues": {":total": total}}
    scene.table.update_item(Key={"connection_id": guest.connection_id}, **change)
    return total


def _asks(
    scene: Scene,
    guest: Guest,
    message: Mapping[str, Any],
    wanted: str,
    tried: str,
    look: str,
    *,
    raised: str = "the row “Raised”",
    returns: str = "",
) -> None:
    """Send a message; where its function breaks, look at what it has raised, or else at what it returns."""
    try:
        wants(scene.bench, guest.line, message, wanted, tried=tried, looks={"": look})
    except NotYet as found:
        if BROKEN in found.got:
            found.look = raised if has_raised(scene.bench) else returns
        raise


@exercise("05.3", **said["05.3"])
def lets_in_who_is_in_the_book(on_connect: Handler, bench: Bench) -> None:
    """Players with a room, without one, when the table is gone, with a room that is none, and when one write fails."""
    with house(bench, {CONNECT: on_connect}) as scene:
        for name, query, room in (
            ("ana", f"?room={vary('cellar')}", vary("cellar")),
            ("ben", "", "hall"),
            ("cleo", f"?plays={vary('cello')}", "hall"),
        ):
            guest = _let_in(scene, name, query)
            look = f"{name} is connected: what does the book say?"
            expect_row(scene, guest, {"room": room}, look=look)
        cellar = f"?room={vary('cellar')}"
        scene.lose_the_table()
        _refused_or_written(scene, "dora", cellar, "the table is out of reach, and dora connects with")
        _find_the_table(scene)
        _refused_or_written(scene, "elsa", "?room=", "elsa connects with")
        scene.lose_the_table()
        with bench.meanwhile(_writes, lambda: _find_the_table(scene)):
            tried = "the table is out of reach for one write, and fay connects with"
            _refused_or_written(scene, "fay", cellar, tried, vary("cellar"))


def _find_the_table(scene: Scene) -> None:
    connection_table("players", session=scene.bench.session)


def _refused_or_written(scene: Scene, name: str, query: str, tried: str, room: str = "") -> None:
    """Raise NotYet where somebody gets in whom no row of a room knows, of the one that was asked for if it is named."""
    with scene.bench.on_purpose():
        try:
            guest = scene.enter(name, query)
        except NotYet:
            return
        expected, is_in = "a refusal: who cannot be written down must not get in", "101 Switching Protocols: she is in"
        row = _stored(scene, guest)
        if row is None:
            look = "what `on_connect` answers where the write has failed: for the gateway, 200 means that all is well"
            raise NotYet(f"{tried} {query}", expected, f"{is_in}, and no row knows her", look)
        if not row.get("room") or (room and row["room"] != room):
            look = "what comes after a write that failed: a refusal, or the same row once more, and nothing in between"
            raise NotYet(f"{tried} {query}", expected, f"{is_in}, and the book says {shown(row) or 'no room'}", look)


def _stored(scene: Scene, guest: Guest) -> Mapping[str, Any] | None:
    """Return the row of somebody, None also where there is no table."""
    try:
        return row_of(scene, guest)
    except scene.table.meta.client.exceptions.ResourceNotFoundException:
        return None


def _writes(call: Called) -> bool:
    return bool(call.caller) and call.service == "dynamodb"


def _let_in(scene: Scene, name: str, query: str) -> Guest:
    """Let somebody connect, and say where to look by the kind of refusal."""
    try:
        return _enter(scene, name, query, "what the event holds where the URL has no query string, or no room in it")
    except NotYet as refusal:
        if not refusal.got.startswith("502"):
            refusal.look = "nobody is refused for want of a room: who names none waits in the hall"
        raise


@exercise("05.4", **said["05.4"])
def moves_nobody_who_has_left(move: Handler, bench: Bench) -> None:
    """One player moves, one is moved too late, one leaves in the midst of it, and one when the table is gone."""
    with house(bench, {"move": move}, two_way=("move",)) as scene:
        ana, ben, cleo = (_signed_in(scene, name, _cellar()) for name in ("ana", "ben", "cleo"))
        attic = vary("attic")
        message = {"action": "move", "room": attic}
        tried = f"ana sends {json.dumps(message)}"
        _asks(
            scene,
            ana,
            message,
            f"moved to {attic}",
            tried,
            "the condition: what must hold, so that the row is written? She is in the book, and her move is in time",
            raised="the row “Raised”: she is in the book, so her move is in time",
            returns="what `move` returns where all went well",
        )
        expect_row(scene, ana, {**_cellar(), "room": attic}, look="a move changes the room, and nothing else")
        late = scene.event_of("move")
        _move_too_late(scene, ben, late)
        _leave_in_the_midst(scene, cleo, late)
        scene.lose_the_table()
        tried = f"the table is out of reach, and {tried}"
        with bench.on_purpose():
            wants(bench, ana.line, message, BROKEN, tried=tried, looks={"": _TOO_MUCH})


_TOO_MUCH = "which errors `move` catches: one of them means “too late”, and all others must stay errors"


def _move_too_late(scene: Scene, guest: Guest, late: Any) -> None:
    """Run the function for somebody whose row is deleted already."""
    scene.leave(guest)
    scene.table.delete_item(Key={"connection_id": guest.connection_id})
    tried = f"{guest.name} leaves, his row is deleted, and only now his move is worked off"
    ghosts: list[Mapping[str, Any] | None] = []
    try:
        with scene.bench.meanwhile(_writes, lambda: ghosts.append(row_of(scene, guest))):
            scene.run("move", _for(guest, late))
    except NotYet as failure:
        look = _CONDITION if "ConditionalCheckFailed" in failure.got else _OTHER_ERROR
        raise NotYet(tried, expected="no row, and no error", got=failure.got, look=look) from None
    if row := row_of(scene, guest):
        look = "what `update_item` does where there is no row: lesson 05, section 3"
        raise NotYet(tried, expected="no row of his", got=f"a ghost row: {shown(row)}", look=look)
    if any(ghosts):
        got = "a ghost row, until the next call deletes it: whoever reads in between finds it"
        look = "look and write in one step: with a condition, nothing is written that must be taken back"
        raise NotYet(tried, expected="no row of his, not even for a moment", got=got, look=look)


_CONDITION = "the error of a condition that does not hold: here it is no fault, the move came too late"
_OTHER_ERROR = "this error: the lines behind `except` run here for the first time, and all their names must be known"


def _leave_in_the_midst(scene: Scene, guest: Guest, late: Any) -> None:
    """Delete a row right after the function has looked whether it is there, if it does look."""
    tried = f"{guest.name} leaves while her move is worked off: between the look into the table and the write"
    key = {"connection_id": guest.connection_id}
    with scene.bench.meanwhile(_looks, lambda: scene.table.delete_item(Key=key)):
        scene.run("move", _for(guest, late))
    looked = any(isinstance(seen, Called) and _looks(seen) for seen in scene.bench.happenings())
    if looked and (row := row_of(scene, guest)):
        look = "look and write in one step: DynamoDB checks a condition together with the write"
        raise NotYet(tried, expected="no row of hers", got=f"a ghost row: {shown(row)}", look=look)


def _looks(call: Called) -> bool:
    return bool(call.caller) and call.operation in ("GetItem", "Query", "Scan", "BatchGetItem", "ExecuteStatement")


def _for(guest: Guest, event: Any) -> Any:
    asked = {**event["requestContext"], "connectionId": guest.connection_id}
    return {**event, "requestContext": asked}


@exercise("05.5", **said["05.5"])
def keeps_a_book_that_cleans_itself(functions: Sequence[Handler], bench: Bench) -> None:
    """Four players come, one row has expired and another does so while they are there, and somebody asks."""
    on_connect, who = pair(functions, 'check("05.5", on_connect, who)')
    with house(bench, {CONNECT: on_connect, "who": who}, two_way=("who",)) as scene:
        ana = _enter(scene, "ana", _query(_cellar()), "`on_connect`")
        trying("the row of ana")
        expect_row(scene, ana, _cellar(), look="`on_connect`: the row, and the names of its fields")
        _expect_three_hours((row_of(scene, ana) or {}).get("expires"))
        _expect_instruments(scene, ana, vary("yard"), [])
        over = leave_a_row(scene, "yard", "flute", time.time() + 1)  # after the first question, whatever it kept
        scene.enter("ben", _query(_attic()))
        scene.enter("cleo", _query({**_cellar(), "plays": vary("cello")}))
        scene.enter("dora", _query(_cellar()))
        leave_a_row(scene, "cellar", "horn", time.time() - 3600)
        last = max("cello", "viola", key=vary)
        leave_a_row(scene, "cellar", last, time.time() + 3600, "!")  # before all ids: rows never come in order
        for room, instruments in {"cellar": ["cello", "viola", "viola", last], "attic": ["drums"]}.items():
            _expect_instruments(scene, ana, vary(room), sorted(map(vary, instruments)))
        time.sleep(max(0.0, over + 1 - time.time()))  # until its date is over by any way of counting
        look = "what time it is when somebody asks: a global is made once, when the environment begins"
        _expect_instruments(scene, ana, vary("yard"), [], look)
        _expect_no_scan(bench)


def _expect_three_hours(expires: Any) -> None:
    """Raise NotYet unless a row lives longer than its connection, and not for ever."""
    expected = "`expires` in three hours, in whole seconds since 1970"
    if expires is None:
        raise NotYet(expected=expected, got="no `expires`: the row stays for ever", look="lesson 05, section 3")
    if not isinstance(expires, Decimal):
        got = f"`expires` is {expires!r}, which is no number: the table's TTL passes it over"
        raise NotYet(expected=expected, got=got, look="what `on_connect` writes")
    ahead = [(float(expires) - now) / 3600 for now in (time.time(), cloud.clock.now())]
    if not any(2 < hours <= 4 for hours in ahead):
        got, look = _how_long(int(expires), ahead[0])
        raise NotYet(expected=expected, got=f"`expires` is {expires}: {got}", look=look)


def _how_long(expires: int, hours: float) -> tuple[str, str]:
    """Return in words how long a row lives, and where to look.

    >>> _how_long(1_763_000_000_000, 489_000_000)[0]
    'read as seconds, that is in the year 57837'
    >>> _how_long(1_763_000_000, 0.5)[0]
    'that is in 30 minutes'
    """
    if hours > 24 * 365:
        look = "seconds or milliseconds? The end of lesson 05 breaks it on purpose"
        return f"read as seconds, that is in the year {1970 + expires // 31_556_952}", look
    if hours <= 0.01:
        return "that is now, while she is connected", "how far ahead the date lies: a connection may last two hours"
    long = f"{hours * 60:.0f} minutes" if hours < 0.95 else f"{hours:.1f} hours"
    return f"that is in {long}", "a connection may last two hours: three are asked for"


def _expect_instruments(scene: Scene, guest: Guest, room: str, wanted: list[str], look: str = "") -> None:
    message = json.dumps({"action": "who", "room": room})
    trying(f"{guest.name} sends {message}")
    frames = guest.line.ask(message)
    try:
        found = json.loads(heard(frames))
    except ValueError:
        found = None
    if found != wanted:
        got, text = described(scene.bench, frames), heard(frames)
        look = _what_broke(scene.bench, found, text) or look or _which_rows(found, wanted)
        raise NotYet(expected=repr(json.dumps(wanted)), got=got, look=look)


def _what_broke(bench: Bench, found: Any, text: str) -> str:
    """Return where to look for an answer that is no list, '' where it is one."""
    if text == BROKEN and has_raised(bench):
        return "the row “Raised”"
    if text in (BROKEN, SILENCE) or not isinstance(found, list):
        return "what `who` returns: a list, made into text by `json.dumps`"
    return ""


def _which_rows(found: list[Any], wanted: list[str]) -> str:
    """Return where to look for a list of instruments that is another than it should be."""
    if found == [vary("horn")]:
        return "the filter, which is the wrong way round: it lets through those whose date has passed"
    if vary("horn") in found:
        return "the horn's row expired an hour ago, and nobody has swept it away: who reads must look at the date"
    if sorted(map(str, found)) == wanted:
        return "the order: sorted"
    if sorted(set(wanted)) == sorted(map(str, found)):
        return "who is counted: each player has an entry, also where two play the same"
    return "the condition on the room, and the filter: which rows does each let through?"


def _expect_no_scan(bench: Bench) -> None:
    for seen in bench.happenings():
        if isinstance(seen, Called) and seen.caller and seen.operation == "Scan":
            got = f"a Scan, which read {seen.answer['ScannedCount']} rows: all there are"
            look = "the index by_room, which finds the rows of a room and reads no others"
            raise NotYet("what `who` reads", expected="rows of one room", got=got, look=look)


# ── players and rows ──────────────────────────────────────────────────────────────────────────────────────────────────


def _enter(scene: Scene, name: str, query: str, look: str) -> Guest:
    """Let somebody connect; where `on_connect` returns what is no answer, say so."""
    try:
        return scene.enter(name, query, look)
    except NotYet as refusal:
        if words := no_answer(scene.bench):
            refusal.got, refusal.look = f"{refusal.got}: {words}", "what `on_connect` returns at its end"
        raise


def _signed_in(scene: Scene, name: str, fields: Mapping[str, str]) -> Guest:
    """Let somebody connect, and write the row that another function would have written."""
    guest = scene.enter(name, "?room={room}&plays={plays}".format(**fields))
    scene.table.put_item(Item={"connection_id": guest.connection_id, **fields})
    return guest
