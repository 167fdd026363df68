"""The rows of lab 05: what the table holds of somebody, and what it holds instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ...gateway.happenings import Invoked
from ..exercises import NotYet
from ..museum.scene import Guest, Scene
from ..vary import vary


def leave_a_row(scene: Scene, room: str, instrument: str, until: float, connection_id: str = "") -> int:
    """Write the row of somebody whose goodbye got lost; return the date in it."""
    row = {
        "connection_id": connection_id or f"{instrument}=",
        "room": vary(room),
        "plays": vary(instrument),
        "expires": int(until),
    }
    scene.table.put_item(Item=row)
    return int(until)


def row_of(scene: Scene, guest: Guest) -> Mapping[str, Any] | None:
    """Return somebody's row, or None."""
    key = {"connection_id": guest.connection_id}
    row: Mapping[str, Any] | None = scene.table.get_item(Key=key, ConsistentRead=True).get("Item")
    return row


def expect_row(scene: Scene, guest: Guest, fields: Mapping[str, Any], look: str) -> None:
    """Raise NotYet unless the table has a row of somebody, and these fields in it; others are welcome."""
    expected = f"a row with the connection_id of {guest.name}, and in it {shown(fields)}"
    row = row_of(scene, guest)
    if row is None:
        raise NotYet(expected=expected, got=_instead(scene, guest), look=look)
    wrong = [name for name, value in fields.items() if row.get(name) != value]
    if wrong:
        got = ", ".join(shown({name: row[name]}) if name in row else f"no {name}" for name in wrong)
        if all(str(row.get(name)) == str(fields[name]) for name in wrong):
            look = "of which kind it is: a number, and no text"
        raise NotYet(expected=expected, got=f"{guest.name}'s row, and in it {got}", look=look)


def shown(row: Mapping[str, Any]) -> str:
    """Return the fields of a row in words.

    >>> shown({"connection_id": "a=", "room": "attic", "minutes": Decimal(35)})
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
