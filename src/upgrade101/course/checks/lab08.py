"""Lab 08: survive goodbyes that never arrive. What it says is in ``lab08.toml``."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from ... import cloud
from ...deploy import Handler
from ...gateway.definition import CONNECT, DISCONNECT
from ...gateway.happenings import Closed, Managed, Opened
from ...gateway.ids import Ids
from ...gateway.limits import Limits
from ..asking import SILENCE
from ..bench import Bench
from ..beside import beside
from ..exercises import NotYet, exercise, trying
from ..museum.scene import Guest, Scene, stage
from ..texts import texts
from ..vary import vary
from . import greenhouse, handlers
from .displays import House, a_day, close_down, expect_all, make_readings

said = texts("08")

sensors = partial(stage, table_name="sensors")
"""The greenhouse: a table of sensors, an API with these routes, and sensors that come and go."""


# ── 08.1 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

SWITCHED_OFF = 1000


@exercise("08.1", **said["08.1"])
def notes_how_lines_end(on_disconnect: Handler, bench: Bench) -> None:
    """Five lines end, each in another way: by the sensor, with two codes, by the server, by silence, by a cut."""
    with sensors(bench, {DISCONNECT: on_disconnect}) as scene:
        fern, pond, palm, moss, bed = (_sensor(scene, name) for name in ("fern", "pond", "palm", "moss", "bed"))
        low = 4000 + vary(17)
        _closes(scene, pond, low, vary("battery low"))
        _expect_note(scene, pond, low)
        _closes(scene, fern, SWITCHED_OFF, vary("battery change"))
        _expect_no_row(scene, fern)
        scene.cut(palm)
        _expect_note(scene, palm, 1006)
        trying("the gardener's program switches the sensor moss off with delete_connection")
        scene.api.connections.delete_connection(ConnectionId=moss.connection_id)
        bench.happenings()
        _expect_no_row(scene, moss)
        _falls_silent(scene, bed)
        _expect_note(scene, bed, 1001)


def _closes(scene: Scene, guest: Guest, code: int, reason: str) -> None:
    trying(f"the sensor {guest.name} closes its line with {code}, “{reason}”")
    guest.line.socket.close(code, reason)
    scene.bench.happenings()


def _falls_silent(scene: Scene, guest: Guest) -> None:
    """Run the function as the gateway does after ten silent minutes, without moving anybody's clock."""
    event = scene.event_of(DISCONNECT)
    end = {"connectionId": guest.connection_id, "disconnectStatusCode": 1001, "disconnectReason": "Going away"}
    event["requestContext"] |= end
    tried = f"after ten silent minutes the gateway ends the line of {guest.name}: 1001, “Going away”"
    trying(tried)
    try:
        scene.run(DISCONNECT, event)
    except NotYet as failure:
        raise NotYet(
            tried, expected="no error", got=failure.got, look="the error: what does this event have?"
        ) from None
    trying(tried)


def _expect_note(scene: Scene, guest: Guest, code: int) -> None:
    """Raise NotYet unless a sensor's row is there, says how its line ended, and is otherwise as it was."""
    expected = f"the row of {guest.name} stays, with ended {code} in it"
    row = _row(scene, guest)
    if row is None:
        raise NotYet(expected=expected, got="the row is gone", look=_WHO_IS_OFF)
    if row.get("ended") != code:
        got = f"ended is {row['ended']!r}" if "ended" in row else f"its row has no ended{_strangers(scene)}"
        look = "the code as it is: a number" if str(row.get("ended")) == str(code) else "whose row is changed, and how"
        raise NotYet(expected=expected, got=got, look=look)
    if row.get("sensor") != vary(guest.name):
        look = "`update_item` changes a field and leaves the others, `put_item` writes the whole row anew"
        raise NotYet(expected=f"{expected}, and its sensor as before", got="its row has lost its sensor", look=look)


_WHO_IS_OFF = "which code says that a sensor was switched off: 1000, and no other, whatever the reason"


def _expect_no_row(scene: Scene, guest: Guest) -> None:
    row = _row(scene, guest)
    if row is not None:
        got = f"the row is there, with ended {row['ended']}" if "ended" in row else "the row is there"
        look = "how the code is compared: it is a number, and no text" if "ended" in row else "the row “Raised”"
        raise NotYet(expected=f"no row of {guest.name}: it was switched off", got=got, look=look)


def _strangers(scene: Scene) -> str:
    """Return what else stands in the table where it is nobody's."""
    known = {seen.connection_id for seen in scene.bench.happenings() if isinstance(seen, Opened)}
    rows = scene.table.scan(ConsistentRead=True)["Items"]
    return ", but there is a row of nobody's" if any(row["connection_id"] not in known for row in rows) else ""


# ── 08.2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_IDLE, _LONGEST = int(Limits().idle_seconds // 60), int(Limits().max_duration_seconds // 60)
_STEPS = ("wait", "beat", "renew")
NextStep = Callable[[int, int], str]


@exercise("08.2", **said["08.2"])
def keeps_both_clocks(next_step: NextStep, bench: Bench) -> None:
    """Play gateway, minute by minute, to a sensor that never measures anything, to one that often does, and others."""
    known: dict[tuple[int, int], str] = {}
    _live(next_step, "a sensor that measures nothing all day", known, hours=4.5)
    often = range(0, 2 * _LONGEST, 4)
    _live(next_step, "a sensor that reports every four minutes", known, often, begin=_LONGEST - 32, hours=2)
    for last in range(_LONGEST - 16, _LONGEST - 4):
        readings = (*(minute for minute in often if minute < last), last)
        who = f"a sensor that reports every four minutes, for the last time at minute {last}"
        _live(next_step, who, known, readings, begin=_LONGEST - 32, hours=0.6)


def _live(
    next_step: NextStep,
    who: str,
    known: dict[tuple[int, int], str],
    readings: Collection[int] = (),
    *,
    begin: int = 0,
    hours: float,
) -> None:
    """Ask once a minute what a sensor does, and do it. Raises NotYet where the gateway ends its line."""
    age, silent, step = begin, 0, "wait"
    for minute in range(begin + 1, begin + 1 + int(hours * 60)):
        age, silent = age + 1, 0 if minute in readings else silent + 1
        tried = f"{who}: minute {minute}, next_step(age={age}, silent={silent})"
        if age >= _LONGEST or silent >= _IDLE:
            raise _ended(tried, age, step)
        if (age, silent) not in known:
            trying(tried)
            known[age, silent] = _step(next_step(age, silent), age, silent)
        step = known[age, silent]
        age, silent = (0 if step == "renew" else age), (silent if step == "wait" else 0)


def _ended(tried: str, age: int, before: str) -> NotYet:
    """Return that a line has ended, and which of the clocks did it."""
    if age < _LONGEST:
        look = "the silence: at ten minutes it is too late, so when must a beat be sent?"
        return NotYet(tried, expected="an open line", got=f"closed: {_IDLE} minutes without a message", look=look)
    look = "the age of the line: what helps against the second clock?"
    if before == "beat":
        look = "the minute before: a beat was sent, and a new line was due. Which of the two goes first?"
    return NotYet(tried, expected="an open line", got=f"closed: the line is {_LONGEST} minutes old", look=look)


def _step(step: Any, age: int, silent: int) -> str:
    """Return a step as it is. Raises NotYet where there is no such step, or where it costs and helps nobody."""
    if step not in _STEPS:
        raise NotYet(expected="“wait”, “beat” or “renew”", got=repr(step), look="what `next_step` returns")
    if step == "beat" and silent < _IDLE // 2:
        got = f"a beat, {silent} minute{'' if silent == 1 else 's'} after the last message"
        look = "when a beat is of use: each is a message on the bill"
        raise NotYet(expected="no beat in the first five silent minutes", got=got, look=look)
    if step == "renew" and age < _LONGEST // 2:
        got = f"a new line after {age} minutes"
        look = "what a new line is for: against silence a beat is enough, and minutes are no seconds"
        raise NotYet(expected="no new line in the first hour", got=got, look=look)
    return str(step)


# ── 08.3 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("08.3", **said["08.3"])
def sweeps_who_is_gone(sweep: Handler, bench: Bench) -> None:
    """Five rows: of an open line, of two that are gone, of one not there yet, and of one that nobody can ask about."""
    routes = {"which": handlers.which, "sweep": sweep}
    with sensors(bench, routes, scheduled=("sweep",)) as scene:
        at, ids = scene.api.url.replace("wss:", "https:"), Ids(cloud.clock.now)
        _write(scene, "moss", ids.connection(), minutes=90, at=f"{at}x")
        bed, pond, palm = (scene.enter(name) for name in ("bed", "pond", "palm"))
        for guest in (bed, pond, palm):
            _write(scene, guest.name, guest.connection_id, minutes=10, at=at, active=guest is not pond)
        _write(scene, "fern", ids.connection(), minutes=0, at=at)
        scene.leave(pond)
        scene.cut(palm)
        tried = "pond has left, palm was cut and no goodbye came, fern is just about to connect, and `sweep` runs"
        _sweeps(scene, tried)
        left = _left(scene)
        _expect_swept(scene, tried, left, pond, "pond")
        _expect_swept(scene, tried, left, palm, "palm, of whom no goodbye told")
        _expect_spared(tried, left)
        _expect_undisturbed(scene, tried, bed)


def _write(scene: Scene, name: str, id: str, *, minutes: int, at: str, active: bool = True) -> None:
    row = {"connection_id": id, "sensor": vary(name), "at": at, "active": active}
    scene.table.put_item(Item={**row, "since": int(time.time()) - 60 * minutes - 5})


def _sweeps(scene: Scene, tried: str) -> None:
    try:
        scene.run("sweep")
    except NotYet as failure:
        look = "one row that cannot be asked about must not keep the broom from the others"
        if not any(isinstance(seen, Managed) for seen in scene.bench.happenings()):
            look = "the error: nobody has been asked yet"
            if "decimal.Decimal" in failure.got:
                look = 'numbers of DynamoDB are Decimals, and do not add up with a float: `int(row["since"])`'
        raise NotYet(tried, expected="no error", got=failure.got, look=look) from None


def _left(scene: Scene) -> set[str]:
    """Return the sensors whose rows are there."""
    rows = scene.table.scan(ConsistentRead=True)["Items"]
    return {name for name in ("moss", "bed", "pond", "palm", "fern") for row in rows if row["sensor"] == vary(name)}


def _expect_swept(scene: Scene, tried: str, left: set[str], guest: Guest, who: str) -> None:
    """Raise NotYet unless the row of a line that is over has been deleted."""
    if guest.name not in left:
        return
    calls = [seen for seen in scene.bench.happenings() if isinstance(seen, Managed)]
    if any(seen.connection_id == guest.connection_id and seen.status == 410 for seen in calls):
        got = f"the gateway has answered 410 about {guest.name}, and its row is there"
        look = "what becomes of a 410: Python takes the first `except` that fits"
    else:
        got = f"its row is there, and nobody has asked about {guest.name}"
        look = "which rows the sweep asks about: a row is not marked where no goodbye came; and how old it must be"
    raise NotYet(tried, expected=f"no row of {who}", got=got, look=look)


def _expect_spared(tried: str, left: set[str]) -> None:
    """Raise NotYet where a row has been deleted that no 410 of an old line speaks against."""
    if "fern" not in left:
        look = "a 410 can mean “not yet”: `since` says when a row was written, in seconds"
        raise NotYet(tried, expected="the row of fern, five seconds old", got="it is gone", look=look)
    if "moss" not in left:
        got = "it is gone, and the answer about it was 403"
        look = "which errors say “gone”: one does, and all others say nothing about the sensor"
        raise NotYet(tried, expected="the row of moss, of whom nobody knows anything", got=got, look=look)


def _expect_undisturbed(scene: Scene, tried: str, guest: Guest) -> None:
    """Raise NotYet unless a sensor with an open line has kept its row and its line, and was told nothing."""
    closed = {seen.connection_id for seen in scene.bench.happenings() if isinstance(seen, Closed)}
    if guest.connection_id in closed:
        look = "`get_connection` asks whether a line is there; `delete_connection` ends it"
        raise NotYet(tried, expected=f"{guest.name}'s line stays open", got="it is closed", look=look)
    scene.expect_heard(guest, SILENCE, look="`get_connection` asks, and no client hears of it")
    if guest.name not in _left(scene):
        raise NotYet(tried, expected=f"the row of {guest.name}", got="it is gone", look="whose line is open?")


# ── 08.4 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_DISPLAYS, _TRIES, _CAP = 40, 8, 30
_FEWEST = 7  # different pauses of 40; tenths of a second have ten or eleven


@exercise("08.4", **said["08.4"])
def pauses_grow_and_differ(pauses: Callable[[int], Sequence[float]], bench: Bench) -> None:
    """Let forty displays lose their lines at once, and compare how long each waits before each of its tries."""
    trying(f"pauses({_TRIES})")
    plans = [_plan(pauses(_TRIES), _TRIES) for _ in range(_DISPLAYS)]
    _plan(pauses(3), 3)
    for number in range(_TRIES):
        _compare(number, [plan[number] for plan in plans])


def _plan(plan: Any, tries: int) -> list[float]:
    """Return the pauses of one display. Raises NotYet unless they are so many numbers from 0 on."""
    found = list(plan) if isinstance(plan, list | tuple) else []
    numbers = [float(pause) for pause in found if isinstance(pause, int | float) and not isinstance(pause, bool)]
    if len(numbers) != tries or len(found) != tries:
        got = f"{len(found)} pauses" if len(found) == len(numbers) and found else repr(plan)[:80]
        look = "one number of seconds before each try, in a list"
        raise NotYet(f"pauses({tries})", expected=f"a list of {tries} numbers", got=got, look=look)
    return numbers


def _compare(number: int, seconds: list[float]) -> None:
    """Raise NotYet unless pauses before a try stay below their limit, come near it, and are spread out."""
    limit = min(_CAP, 2**number)
    tried = f"{_DISPLAYS} displays lose their lines in the same second; the pause before try {number + 1}"
    least, most = min(seconds), max(seconds)
    if least < 0 or most > limit + 1e-6:
        look = "at most 1 second before the first try, then 2, 4, 8, 16; and never more than 30"
        got = f"{most if most > limit else least:.1f} seconds"
        raise NotYet(tried, expected=f"at most {limit} s", got=got, look=look)
    if len(set(seconds)) < _FEWEST:
        got = f"no more than {len(set(seconds))} different pauses among {_DISPLAYS}"
        look = "whole seconds are few: chance chooses among all numbers below the limit, with a fraction"
        if most - least >= limit / 4:
            raise NotYet(tried, expected=f"pauses spread out below {limit} s", got=got, look=look)
    if most - least < limit / 4:
        got = f"all between {least:.2f} and {most:.2f} s"
        look = "chance: without it all knock again at the same moment"
        raise NotYet(tried, expected=f"pauses spread out below {limit} s", got=got, look=look)
    if most < limit / 2:
        look = "the pauses must grow: what is the most that chance can choose?"
        raise NotYet(tried, expected=f"some near {limit} s", got=f"none above {most:.1f} s", look=look)


# ── 08.5 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

Listen = Callable[[str, int], Any]


@exercise("08.5", **said["08.5"])
def misses_nothing(listen: Listen, bench: Bench) -> None:
    """A display listens while its line is ended twice, the door is shut, one post is lost and one comes twice."""
    routes = {CONNECT: greenhouse.door, "resume": greenhouse.resume}
    make_readings(bench)
    with stage(bench, routes, two_way=("resume",), table_name="doors") as scene:
        scene.table.put_item(Item={"connection_id": "door", "shut": 0})
        trying("listen(url, 9), and readings 1 and 2 have been said before")
        with beside(lambda: listen(scene.api.url, 9), wake=lambda: close_down(scene)) as client:
            expect_all(a_day(House(scene, client)))


# ── rows and words ───────────────────────────────────────────────────────────────────────────────────────────────────


def _sensor(scene: Scene, name: str) -> Guest:
    """Let a sensor connect, and write the row that another function would have written."""
    guest = scene.enter(name, f"?sensor={name}")
    scene.table.put_item(Item={"connection_id": guest.connection_id, "sensor": vary(name)})
    return guest


def _row(scene: Scene, guest: Guest) -> Mapping[str, Any] | None:
    key = {"connection_id": guest.connection_id}
    row: Mapping[str, Any] | None = scene.table.get_item(Key=key, ConsistentRead=True).get("Item")
    return row
