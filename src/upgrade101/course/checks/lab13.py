"""Lab 13: do the sums before the traffic does. What it says is in ``lab13.toml``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from math import isclose, isfinite
from typing import Any

from ... import scale
from ...deploy import Handler
from ...gateway.definition import DEFAULT
from ...gateway.happenings import Answered, Called, Happening, Managed, Opened, Received, Sent
from ..asking import finished, has_raised, pair
from ..bench import Bench
from ..exercises import NotYet, exercise, trying
from ..museum.scene import Guest, Scene, stage
from ..texts import texts
from ..vary import vary
from . import buses
from . import sums13 as sums
from .sums13 import Changed

said = texts("13")


# ── 13.1 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("13.1", **said["13.1"])
def reads_the_meter(counted: Callable[[list[str], list[str], Changed], int], bench: Bench) -> None:
    """Let displays talk to a gateway, each about something else, and read what its meter says."""
    api = bench.api({DEFAULT: buses.echo}, two_way=(DEFAULT,))
    for what, says, posts, look in _talks():
        seen = _talk(bench, api, says, posts)
        _expect_count(counted, seen, {}, what, look)
        for changed in ({"meter_bytes": 1024 * vary(16)}, {"meter_bytes": 1024 * vary(128)}):
            _expect_count(counted, seen, changed, what, sums.TYPED)


def _talks() -> Iterator[tuple[str, list[str], list[str], str]]:
    """Yield what a display says and hears, both in words and in texts, and where to look if it is counted wrongly."""
    short = [vary("here"), f"line {vary(7)}: {vary(3)} min"]
    yield "two short texts, each answered", short, [], "both directions count, and each text at least once"
    yield "nobody says a word", [], [], "no texts, no messages"
    yield "two texts from the city, and not a word back", [], short, "both directions: `received` and `sent`"
    long = "a piece begun counts in full, as with parking by the hour"
    yield "40 KB there and back", ["x" * 40 * 1024], [], long
    yield "texts of 20 KB, two of them", ["y" * 20 * 1024] * 2, [], "each message is counted by itself, not their sum"
    yield "exactly 32 KB there and back", ["z" * 32 * 1024], [], "a full piece is one: does it begin another?"
    yield "20,000 umlauts there and back", ["ü" * 20_000], [], "bytes, not characters: `text.encode()`"
    yield "an empty text", ["", vary("here")], [], "an empty message is a message"


def _talk(bench: Bench, api: Any, says: list[str], posts: list[str]) -> list[Happening]:
    """Let a display say something and hear something; return what happened on its line."""
    with bench.line(api.url) as line:
        connection_id = [seen for seen in bench.happenings() if isinstance(seen, Opened)][-1].connection_id
        for text in says:
            middle = len(text) // 2
            line.socket.send([text[:middle], text[middle:]] if middle > 5_000 else text)
            line.heard()
        for text in posts:
            api.connections.post_to_connection(ConnectionId=connection_id, Data=text)
        line.heard()
    return [seen for seen in bench.happenings() if seen.connection_id == connection_id]


def _expect_count(counted: Callable[..., int], seen: list[Happening], changed: Changed, what: str, look: str) -> None:
    received = [each.text for each in seen if isinstance(each, Received)]
    sent = [each.text for each in seen if isinstance(each, Sent)]
    trying(f"counted({_brief(received)}, {_brief(sent)}, {dict(changed)}): {what}")
    got = finished(counted(list(received), list(sent), dict(changed)))
    if changed:
        wanted = sum(scale.units(len(text.encode()), int(changed["meter_bytes"])) for text in received + sent)
    else:
        wanted = scale.metered(seen).messages
    if got != wanted:
        raise NotYet(expected=f"{wanted}, as the meter says", got=_short(got), look=look)


def _brief(texts: list[str]) -> str:
    """Return a list of texts as it is called with, long ones shortened.

    >>> _brief(["", "x" * 40])
    "['', 'x' * 40]"
    """
    parts = [repr(text) if len(text) <= 20 else f"{text[0]!r} * {len(text):_}" for text in texts]
    return f"[{', '.join(parts)}]"


# ── 13.2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("13.2", **said["13.2"])
def foresees_the_bill(month: Callable[..., float], bench: Bench) -> None:
    """Ask for lines small and large, with prices of today and of tomorrow."""
    some, many = 10 + vary(2), 40 + vary(7)
    dear = {"dollars_per_million_messages": 1.5, "dollars_per_million_minutes": 0.75, "meter_bytes": 1024 * vary(16)}
    cheap = {"messages_at_first_price": 1_000_000, "dollars_per_million_messages_beyond": 0.25}
    for what, numbers, changed in (
        ("a line without buses", (0, many, 18, 120, 200, 9), {}),
        ("a line", (some, many, 18, 120, 200, 9), {}),
        ("a line, and displays that speak more often", (some, many, 16, 60, 200, 5), {}),
        ("a line whose positions are long", (some, many, 18, 120, 40_000, 9), {}),
        ("a line with other prices", (some, many, 18, 120, 20_000, 9), dear),
        ("a line with another limit for the first price", (some, many, 18, 120, 200, 9), cheap),
        ("all lines of a large city at once", (some * 5, many * 10, 20, 720, 200, 9), {}),
    ):
        trying(f"month{(*numbers, dict(changed))}: {what}")
        got = finished(month(*numbers, dict(changed)))
        wanted = sums.month(*numbers, scale.settings(**changed))
        _expect_dollars(got, wanted, sums.nearly_month(numbers, changed))


def _expect_dollars(got: Any, wanted: float, nearly: Iterator[tuple[str, float]]) -> None:
    expected = f"{wanted:,.3f} US dollars"
    if not _is_number(got):
        look = "what `month` returns: the dollars, which a bill has as `.dollars`"
        raise NotYet(expected=expected, got=_short(got), look=look)
    if not _same(float(got), wanted):
        look = next((look for look, value in nearly if _same(float(got), value)), "")
        if not look and abs(float(got) - wanted) <= 0.0051:
            look = "rounding: return the dollars as they are, 0.624 and not 0.62"
        raise NotYet(expected=expected, got=f"{got:,.3f}", look=look)


def _same(got: float, wanted: float) -> bool:
    """Tell whether two sums are the same, cents apart at most."""
    return isclose(got, wanted, rel_tol=2e-4, abs_tol=0.0051 if wanted > 1 else 0.0006)


# ── 13.3 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

STOPS = "market", "harbour", "station", "school", "castle"
TEXTS = "line 7 is diverted", "line 7 is back", "all trams stop"


@exercise("13.3", **said["13.3"])
def pays_for_nobody_who_is_gone(announce: Handler, bench: Bench) -> None:
    """Announce with all displays there, with some gone, again without them, and where every post is refused."""
    with stage(bench, {"announce": announce}, table_name="displays") as scene:
        displays = scene.in_order(*(scene.enter(name) for name in STOPS))
        first, second, third = map(vary, TEXTS)
        _announces(scene, displays[1], first, displays)
        for gone in (displays[0], displays[2]):  # so somebody comes after each of them
            scene.leave(gone)
        here = [displays[1], *displays[3:]]
        _announces(scene, here[0], second, here)
        before = len(bench.happenings())
        _announces(scene, here[0], third, here)
        _expect_posts(bench, before, len(here))
        scene.expect("in the table", scene.names(), sorted(guest.name for guest in here), look=_WHOSE_ROW)
        _expect_bare_keys(bench)
        with bench.on_purpose():
            _announce_nowhere(scene, [guest.name for guest in here])


_WHOSE_ROW = "whose rows are deleted: those of displays that are gone, and no others"


_TOLD = "who is told: every display that is there, those after one that is gone too"
_RAISED = "the row “Raised”, which says why nobody else was told"
_KEY = "`Key`, and the row “Raised”: how deep does `connection_id` lie in what the table gets?"


def _announces(scene: Scene, speaker: Guest, text: str, here: list[Guest]) -> None:
    speaker.says(action="announce", text=text)
    for guest in here:
        scene.expect_heard(guest, text, look=_why_not_told(scene.bench))


def _why_not_told(bench: Bench) -> str:
    """Return where to look where a display was not told: an error comes before everything else."""
    if not has_raised(bench):
        return _TOLD
    (*_, last) = (seen for seen in bench.happenings() if isinstance(seen, Answered))
    return _KEY if "ValidationException" in str(last.payload) or "valid types" in str(last.payload) else _RAISED


def _expect_posts(bench: Bench, before: int, wanted: int) -> None:
    """Raise NotYet unless this announcement took one post for each display that is there."""
    made = sum(isinstance(seen, Managed) and seen.method == "POST" for seen in bench.happenings()[before:])
    if made != wanted:
        tried = "two displays are gone, as the announcement before has found out, and the next one is made"
        got = f"{made} calls: {made - wanted} of them to displays that are gone. {_at_the_table(bench, before)}"
        look = "the calls of the table under “Got”: which call deletes a row, and does it ever travel?"
        if made < wanted:
            got, look = f"{made} calls", "who is told: every display that is there"
        raise NotYet(tried, expected=f"{wanted} calls of @connections, one for each display", got=got, look=look)


def _at_the_table(bench: Bench, before: int) -> str:
    """Return which calls of the table the function made since then."""
    seen = [each for each in bench.happenings()[before:] if isinstance(each, Called) and each.service == "dynamodb"]
    calls = [each.operation for each in seen if each.caller]
    return f"Calls of the table: {', '.join(calls) or 'none'}" + (", and no other" if len(calls) == 1 else "")


def _expect_bare_keys(bench: Bench) -> None:
    """Raise NotYet where a delete in a batch names a row by more than its key, which AWS refuses."""
    for seen in bench.happenings():
        if not isinstance(seen, Called) or seen.operation != "BatchWriteItem":
            continue
        for request in [each for table in seen.parameters["RequestItems"].values() for each in table]:
            key = request.get("DeleteRequest", {}).get("Key", {})
            if key.keys() - {"connection_id"}:
                look = "what AWS would say: “The provided key element does not match the schema”"
                got = f"a key of {' and '.join(sorted(key))}"
                raise NotYet("the deletes", expected="a key of connection_id alone", got=got, look=look)


def _announce_nowhere(scene: Scene, names: list[str]) -> None:
    """Hand in an event of a stage that does not exist: every post is answered 403."""
    event = scene.event_of("announce")
    event["requestContext"]["stage"] = "closed"
    tried = "the stage is deleted while an announcement waits: each post is answered 403"
    try:
        scene.run("announce", event)
        failed = False
    except NotYet:
        failed = True
    look = "which errors `announce` catches: one of them means “gone”, and all others must stay errors"
    if scene.names() != sorted(names):
        left = ", ".join(scene.names()) or "nobody"
        raise NotYet(tried, expected="no display is forgotten", got=f"in the table: {left}", look=look)
    if not failed:
        raise NotYet(tried, expected="an error: nobody was told, and somebody should know", got="no error", look=look)


# ── 13.4 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("13.4", **said["13.4"])
def finds_the_quota_that_binds(most_displays: Callable[..., int], bench: Bench) -> None:
    """Ask with little to say, with much, and with quotas that somebody has raised."""
    raised = {"requests_per_second": 10_000 * vary(4), "new_connections_per_second": 100 * vary(7)}
    for updates, beat, changed in (
        (0, 9, {}),
        (20 + vary(5), 2, {}),
        (60, 9, {}),
        (4, 9, {}),
        (240, 5, raised),
        (0, 9, {**raised, "connection_seconds": 3600}),
        (0, 1, {"requests_per_second": 1000 * vary(2)}),
        (7, 4, {}),  # 1,636,363.6: neither rounding up nor rounding to the nearest will do
    ):
        trying(f"most_displays({updates}, {beat}, {changed})")
        got, numbers = finished(most_displays(updates, beat, dict(changed))), scale.settings(**changed)
        wanted = sums.most(updates, beat, numbers)
        expected = f"{int(wanted + _HAIR):,}, by {_which(updates, beat, numbers)}"
        if not _is_number(got):
            raise NotYet(expected=expected, got=_short(got), look="what `most_displays` returns: a whole number")
        if not wanted - 1.001 <= float(got) <= wanted + _HAIR:
            raise NotYet(
                expected=expected, got=f"{got:,}", look=_why_not_most(float(got), wanted, updates, beat, numbers)
            )
        if got != int(got):
            raise NotYet(expected=expected, got=f"{got}", look="a whole number: there are no halves of displays")


_HAIR = 0.01  # by which sums of floats may differ


def _why_not_most(got: float, wanted: float, updates: float, beat: float, numbers: scale.Settings) -> str:
    """Return where to look for another number of displays."""
    if wanted < got < wanted + 1:
        return "rounding: with one display more the quota is not kept"
    nearly = sums.nearly_most(updates, beat, numbers)
    return next((look for look, value in nearly if abs(got - value) <= 1.001), "")


def _which(updates: float, beat: float, numbers: scale.Settings) -> str:
    door = scale.most_connections(numbers) <= sums.told(updates, beat, numbers)
    return "new_connections_per_second × connection_seconds" if door else "requests_per_second"


# ── 13.5 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("13.5", **said["13.5"])
def chooses_and_sizes(functions: Any, bench: Bench) -> None:
    """Let the simulation say whether what was chosen does what was asked for."""
    both: Any = pair(functions, 'check("13.5", simplest, shards_for)')
    simplest, shards_for = both
    for displays, seconds, changed in _announcements():
        trying(f"simplest({displays}, {seconds}, {changed})")
        numbers = scale.settings(**changed)
        wanted = sums.simplest(displays, seconds, numbers)
        got = finished(simplest(displays, seconds, dict(changed)))
        if got != wanted:
            expected = _outcomes(displays, seconds, numbers, wanted)
            look = _TOO_LATE if wanted is None and got == "managed" else _why_not(got, displays, seconds, changed)
            raise NotYet(expected=expected, got=_short(got), look=look)
    for displays, seconds, changed in _storms():
        trying(f"shards_for({displays}, {seconds}, {changed})")
        got = finished(shards_for(displays, seconds, dict(changed)))
        _expect_shards(got, displays, seconds, changed)


def _announcements() -> list[tuple[int, float, dict[str, float]]]:
    """Return displays, seconds and changed numbers, none of them on the edge of anything."""
    small, medium, large = 200 + vary(50), 2_000 + vary(50), 20_000 + vary(500)
    return [
        (small, 10, {}),
        (small, 2.8, {}),
        (medium, 10, {}),
        (medium, 60, {}),
        (large, 5, {}),
        (large, 1.5, {}),
        (70_000 + vary(500), 1200, {}),
        (medium, 10, {"at_once": 10}),
        (large, 1.5, {"managed_messages_per_second": 1000 + vary(50)}),
        (medium, 2, {"post_seconds": 0.06, "managed_messages_per_second": 200}),
    ]


def _outcomes(displays: int, seconds: float, numbers: scale.Settings, wanted: str | None) -> str:
    if wanted is None:
        return f"None: even “managed” takes {scale.duration(sums.last_seconds('managed', displays, numbers))}"
    return f"{wanted!r}: the last has it after {scale.duration(sums.last_seconds(wanted, displays, numbers))}"


_TOO_LATE = "even “managed” is too late: where no design does it, `simplest` returns None"


def _why_not(got: Any, displays: int, seconds: float, changed: Changed) -> str:
    """Return where to look for a design that is not the first that does."""
    numbers = scale.settings(**changed)
    if got is None or got not in scale.DESIGNS:
        return "what `simplest` returns: the name of a design, and None only where none does"
    outcome = scale.simulate(got, displays, numbers)
    if outcome.lost and outcome.last_seconds <= seconds:
        return f"`lost`: {outcome}. Whoever is left out is never told"
    if changed and got == sums.simplest(displays, seconds, scale.settings()):
        return sums.TYPED
    if sums.in_time(got, displays, seconds, numbers):
        return f"the order: {got!r} does it as well, but another comes before it in `scale.DESIGNS`"
    return f"`last_seconds`: {outcome}"


def _storms() -> list[tuple[int, float, dict[str, float]]]:
    """Return displays, seconds and changed numbers for shards: the sum, the function's time, and what nobody can do."""
    large = 50_000 + vary(500)
    all_of_them = sums.shards_by_sum(90_500, 300, scale.settings())
    return [
        (large, 20, {}),
        (10_000 + vary(500), 60, {}),
        (large, 20, {"post_seconds": 0.045}),
        (2 * large, 30, {"at_once": 10, "post_seconds": 0.03}),
        (2 * large, 1800, {"function_seconds": 180}),
        (20 * large, 60, {}),
        (large, 20, {"functions_at_once": 20}),
        (90_500, 300, {"functions_at_once": all_of_them}),
        (large, 20, {"requests_per_second": 1000, "requests_burst": 500}),
    ]


def _expect_shards(got: Any, displays: int, seconds: float, changed: Changed) -> None:
    numbers = scale.settings(**changed)
    fewest = sums.fewest_shards(displays, seconds, numbers)
    if fewest is None:
        if got is not None:
            look = _limit(displays, seconds, numbers)
            raise NotYet(expected="None: no number of shards does it", got=_short(got), look=look)
        return
    if not _is_number(got) or got != int(got):
        look = "a whole number: half a shard is one more" if _is_number(got) else _some(displays, fewest, numbers)
        raise NotYet(expected=f"{fewest} shards", got=_short(got), look=look)
    typed = bool(changed) and got == sums.shards_by_sum(displays, seconds, scale.settings())
    if got < sums.shards_by_sum(displays, seconds, numbers):
        outcome = scale.simulate("shards", displays, replace(numbers, shards=max(1, int(got))))
        look = sums.TYPED if typed else _slow(outcome, seconds)
        raise NotYet(expected=f"{fewest} shards", got=f"{got}. The simulation says: {outcome}", look=look)
    if got > 1.05 * fewest + 1:
        look = sums.TYPED if typed else _FEWER
        raise NotYet(expected=f"{fewest} shards", got=f"{got}, and fewer do it as well", look=look)


_FEWER = "what one shard does in that time: so many posts, each of post_seconds, at_once of them side by side"


def _slow(outcome: scale.Outcome, seconds: float) -> str:
    if outcome.lost:
        return "how long a function may run: function_seconds, however long you would wait"
    return f"what one shard can do within {seconds:g} seconds"


def _some(displays: int, fewest: int, numbers: scale.Settings) -> str:
    if fewest == numbers.functions_at_once:
        return f"functions_at_once: {fewest} may run, and all of them may be yours"
    return f"what is left of the limits: {displays:,} posts, {numbers.requests_per_second:,} a second"


def _limit(displays: int, seconds: float, numbers: scale.Settings) -> str:
    """Return where to look where no number of shards does it: the limit that binds."""
    least = displays / numbers.requests_per_second
    if least > seconds:
        shortest = scale.duration(least)
        return f"the throttle of the account: {displays:,} posts take {shortest} at least, however many shards"
    return f"how many functions may run: functions_at_once: {numbers.functions_at_once:,}"


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_number(value: Any) -> bool:
    """Tell whether something is a number that can be compared with others.

    >>> [_is_number(value) for value in (1, 2.5, True, float("nan"), "3", None)]
    [True, True, False, False, False, False]
    """
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and isfinite(value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
