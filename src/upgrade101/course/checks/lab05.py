"""Lab 05: remember who is connected. What it says is in ``lab05.toml``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from ... import cloud
from ...deploy import Handler
from ...gateway.definition import CONNECT, DISCONNECT
from ...gateway.happenings import Called, Invoked
from ..asking import BROKEN, SILENCE, described, heard, pair, wants
from ..bench import Bench
from ..exercises import NotYet, exercise, trying
from ..museum.scene import Guest, Scene, stage
from ..texts import texts
from ..vary import vary

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
        ana = scene.enter("ana", _query(_cellar()), "what `row` is made of")
        ben = scene.enter("ben", _query(_attic()), "what `row` is made of")
        for guest, fields in ((ana, _cellar()), (ben, _attic())):
            trying(f"the row of {guest.name}")
            _expect_row(scene, guest, fields, look="`row`, and lesson 05, section 2")
        scene.leave(ana)
        if _row(scene, ana):
            look = "`on_disconnect`: does it run to its end, and whose row does it delete?"
            raise NotYet(expected="no row of ana any more", got="her row is still there", look=look)
        _expect_row(scene, ben, _attic(), look="`key`: it must name one row, that of whoever leaves")


@exercise("05.2", **said["05.2"])
def remembers_what_was_reported(played: Handler, bench: Bench) -> None:
    """Two players report by turns, and new code is deployed in between."""
    with house(bench, {"played": played}, two_way=("played",)) as scene:
        ana, ben = _signed_in(scene, "ana", _cellar()), _signed_in(scene, "ben", _attic())
        first, few, second = vary(20), vary(5), vary(10)
        total = first + second
        _reports(scene, ana, first, f"{first} minutes", "the first report: the row has no `minutes` yet")
        _reports(scene, ben, few, f"{few} minutes", "whose total it is: each player has a row")
        _reports(scene, ana, second, f"{total} minutes", "the new minutes come on top of those in the row")
        bench.restart()
        look = "where the total lives: a new environment begins with empty globals (lesson 05, section 1)"
        total += few
        _reports(scene, ana, few, f"{total} minutes", look, tried="new code is deployed, and ana sends {}")
        trying("the row of ana")
        look = "`update_item` changes a field and leaves the others, `put_item` writes the whole row anew"
        _expect_row(scene, ana, {**_cellar(), "minutes": total}, look=look)


def _reports(scene: Scene, guest: Guest, minutes: int, wanted: str, look: str, tried: str = "") -> None:
    message = {"action": "played", "minutes": minutes}
    tried = (tried or f"{guest.name} sends {{}}").format(json.dumps(message))
    wants(scene.bench, guest.line, message, wanted, tried=tried, looks={BROKEN: "the row “Raised”", "": look})


@exercise("05.3", **said["05.3"])
def lets_in_who_is_in_the_book(on_connect: Handler, bench: Bench) -> None:
    """Players with a room, without one, and one who comes when the table is gone."""
    with house(bench, {CONNECT: on_connect}) as scene:
        for name, query, room in (
            ("ana", f"?room={vary('cellar')}", vary("cellar")),
            ("ben", "", "hall"),
            ("cleo", f"?plays={vary('cello')}", "hall"),
        ):
            guest = _let_in(scene, name, query)
            look = f"{name} is connected: what does the book say?"
            _expect_row(scene, guest, {"room": room}, look=look)
        scene.lose_the_table()
        try:
            scene.enter("dora", f"?room={vary('cellar')}")
        except NotYet:
            return
        look = "what `on_connect` answers where the write has failed: for the gateway, 200 means that all is well"
        tried = "the table is out of reach, and dora connects with ?room=cellar"
        got = "101 Switching Protocols: she is in, and no row knows her"
        raise NotYet(tried, expected="a refusal: who cannot be written down must not get in", got=got, look=look)


def _let_in(scene: Scene, name: str, query: str) -> Guest:
    """Let somebody connect, and say where to look by the kind of refusal."""
    try:
        return scene.enter(name, query)
    except NotYet as refusal:
        broke = refusal.got.startswith("502")
        look = "what the event holds where the URL has no query string, or no room in it"
        refusal.look = look if broke else "nobody is refused for want of a room: who names none waits in the hall"
        raise


@exercise("05.4", **said["05.4"])
def moves_nobody_who_has_left(move: Handler, bench: Bench) -> None:
    """One player moves, one is moved too late, one leaves in the midst of it, and one when the table is gone."""
    with house(bench, {"move": move}, two_way=("move",)) as scene:
        ana, ben, cleo = (_signed_in(scene, name, _cellar()) for name in ("ana", "ben", "cleo"))
        attic = vary("attic")
        message = {"action": "move", "room": attic}
        looks = {BROKEN: "the row “Raised”: she is in the book, so her move is in time", "": "what `move` returns"}
        tried = f"ana sends {json.dumps(message)}"
        wants(bench, ana.line, message, f"moved to {attic}", tried=tried, looks=looks)
        _expect_row(scene, ana, {**_cellar(), "room": attic}, look="a move changes the room, and nothing else")
        late = scene.event_of("move")
        _move_too_late(scene, ben, late)
        _leave_in_the_midst(scene, cleo, late)
        scene.lose_the_table()
        wants(
            bench,
            ana.line,
            message,
            "Internal server error",
            tried=f"the table is out of reach, and {tried}",
            looks={"": _TOO_MUCH},
        )


_TOO_MUCH = "which errors `move` catches: one of them means “too late”, and all others must stay errors"


def _move_too_late(scene: Scene, guest: Guest, late: Any) -> None:
    """Run the function for somebody whose row is deleted already."""
    scene.leave(guest)
    scene.table.delete_item(Key={"connection_id": guest.connection_id})
    tried = f"{guest.name} leaves, his row is deleted, and only now his move is worked off"
    try:
        scene.run("move", _for(guest, late))
    except NotYet as failure:
        look = "the error of a condition that does not hold: here it is no fault, the move came too late"
        raise NotYet(tried, expected="no row, and no error", got=failure.got, look=look) from None
    if row := _row(scene, guest):
        look = "what `update_item` does where there is no row: lesson 05, section 3"
        raise NotYet(tried, expected="no row of his", got=f"a ghost row: {_shown(row)}", look=look)


def _leave_in_the_midst(scene: Scene, guest: Guest, late: Any) -> None:
    """Delete a row right after the function has looked whether it is there, if it does look."""
    tried = f"{guest.name} leaves while her move is worked off: between the look into the table and the write"
    key = {"connection_id": guest.connection_id}
    with scene.bench.meanwhile(_looks, lambda: scene.table.delete_item(Key=key)):
        scene.run("move", _for(guest, late))
    looked = any(isinstance(seen, Called) and _looks(seen) for seen in scene.bench.happenings())
    if looked and (row := _row(scene, guest)):
        look = "look and write in one step: DynamoDB checks a condition together with the write"
        raise NotYet(tried, expected="no row of hers", got=f"a ghost row: {_shown(row)}", look=look)


def _looks(call: Called) -> bool:
    return bool(call.caller) and call.operation in ("GetItem", "Query", "Scan", "BatchGetItem", "ExecuteStatement")


def _for(guest: Guest, event: Any) -> Any:
    asked = {**event["requestContext"], "connectionId": guest.connection_id}
    return {**event, "requestContext": asked}


@exercise("05.5", **said["05.5"])
def keeps_a_book_that_cleans_itself(functions: Sequence[Handler], bench: Bench) -> None:
    """Three players come, the row of a fourth has expired, and somebody asks."""
    on_connect, who = pair(functions, 'check("05.5", on_connect, who)')
    with house(bench, {CONNECT: on_connect, "who": who}, two_way=("who",)) as scene:
        ana = scene.enter("ana", _query(_cellar()), "`on_connect`")
        trying("the row of ana")
        _expect_row(scene, ana, _cellar(), look="`on_connect`: the row, and the names of its fields")
        _expect_three_hours((_row(scene, ana) or {}).get("expires"))
        scene.enter("ben", _query(_attic()))
        scene.enter("cleo", _query({**_cellar(), "plays": vary("cello")}))
        over = {"connection_id": "gone=", "expires": int(time.time()) - 3600}
        scene.table.put_item(Item=over | {**_cellar(), "plays": vary("horn")})
        rooms = {"cellar": ["cello", "viola"], "attic": ["drums"], "yard": []}
        for room, instruments in rooms.items():
            _expect_instruments(scene, ana, vary(room), sorted(map(vary, instruments)))
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
    'that is in 0.5 hours'
    """
    if hours > 24 * 365:
        look = "seconds or milliseconds? The end of lesson 05 breaks it on purpose"
        return f"read as seconds, that is in the year {1970 + expires // 31_556_952}", look
    if hours <= 0.01:
        return "that is now, while she is connected", "how far ahead the date lies: a connection may last two hours"
    return f"that is in {hours:.1f} hours", "a connection may last two hours: three are asked for"


def _expect_instruments(scene: Scene, guest: Guest, room: str, wanted: list[str]) -> None:
    message = json.dumps({"action": "who", "room": room})
    trying(f"{guest.name} sends {message}")
    frames = guest.line.ask(message)
    try:
        found = json.loads(heard(frames))
    except ValueError:
        found = None
    if found != wanted:
        got = described(scene.bench, frames)
        raise NotYet(expected=repr(json.dumps(wanted)), got=got, look=_which_rows(found, wanted, heard(frames)))


def _which_rows(found: Any, wanted: list[str], text: str) -> str:
    """Return where to look for a list of instruments that is another than it should be."""
    if text in (BROKEN, SILENCE) or not isinstance(found, list):
        return "what `who` returns: a list, made into text by `json.dumps`"
    if vary("horn") in found:
        return "the horn's row expired an hour ago, and nobody has swept it away: who reads must look at the date"
    if sorted(map(str, found)) == wanted:
        return "the order: sorted"
    return "the condition on the room, and the filter: which rows does each let through?"


def _expect_no_scan(bench: Bench) -> None:
    for seen in bench.happenings():
        if isinstance(seen, Called) and seen.caller and seen.operation == "Scan":
            got = f"a Scan, which read {seen.answer['ScannedCount']} rows: all there are"
            look = "the index by_room, which finds the rows of a room and reads no others"
            raise NotYet("what `who` reads", expected="rows of one room", got=got, look=look)


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _signed_in(scene: Scene, name: str, fields: Mapping[str, str]) -> Guest:
    """Let somebody connect, and write the row that another function would have written."""
    guest = scene.enter(name, "?room={room}&plays={plays}".format(**fields))
    scene.table.put_item(Item={"connection_id": guest.connection_id, **fields})
    return guest


def _row(scene: Scene, guest: Guest) -> Mapping[str, Any] | None:
    key = {"connection_id": guest.connection_id}
    row: Mapping[str, Any] | None = scene.table.get_item(Key=key, ConsistentRead=True).get("Item")
    return row


def _expect_row(scene: Scene, guest: Guest, fields: Mapping[str, Any], look: str) -> None:
    """Raise NotYet unless the table has a row of somebody, and these fields in it; others are welcome."""
    expected = f"a row with the connection_id of {guest.name}, and in it {_shown(fields)}"
    row = _row(scene, guest)
    if row is None:
        raise NotYet(expected=expected, got=_instead(scene, guest), look=look)
    wrong = [name for name, value in fields.items() if row.get(name) != value]
    if wrong:
        got = ", ".join(_shown({name: row[name]}) if name in row else f"no {name}" for name in wrong)
        raise NotYet(expected=expected, got=f"{guest.name}'s row, and in it {got}", look=look)


def _shown(row: Mapping[str, Any]) -> str:
    """Return the fields of a row in words.

    >>> _shown({"connection_id": "a=", "room": "attic", "minutes": Decimal(35)})
    "room 'attic', minutes 35"
    """
    fields = [(name, value) for name, value in row.items() if name != "connection_id"]
    return ", ".join(f"{name} {value if isinstance(value, Decimal) else repr(value)}" for name, value in fields)


def _instead(scene: Scene, guest: Guest) -> str:
    """Return what the table holds where somebody's row is missing."""
    ids = [row["connection_id"] for row in scene.table.scan(ConsistentRead=True)["Items"]]
    if not ids:
        return "the table is empty"
    events = [seen.event for seen in scene.bench.happenings() if isinstance(seen, Invoked)]
    own = [event for event in events if event["requestContext"]["connectionId"] == guest.connection_id]
    places = [place for event in own for id in ids for place in _places(event, id)]
    if places:
        return f"a row whose connection_id is what the event calls {min(places, key=len)}"
    return "one row, with another connection_id" if len(ids) == 1 else f"{len(ids)} rows with other connection_ids"


def _places(event: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """Yield where in an event a value stands, as paths.

    >>> list(_places({"requestContext": {"requestId": "r="}}, "r="))
    ['requestContext.requestId']
    """
    if isinstance(event, dict):
        for name, value in event.items():
            yield from _places(value, wanted, f"{path}.{name}" if path else name)
    elif event == wanted:
        yield path
