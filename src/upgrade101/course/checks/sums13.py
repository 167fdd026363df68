"""The sums of lab 13, and what they come to where something is left out of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from ... import scale

Case = tuple[int, int, int, int, int, int]
"""Buses, displays, hours, sends, size, beat."""

Changed = Mapping[str, float]
"""Numbers that are no longer as in the lesson."""

TYPED = "a number that has changed: `scale.settings(**changed)` has it, and nothing is typed"
HANDED = "prices that have changed: nothing is typed, and `scale.bill` wants `numbers=numbers` to know them"
PIECE = "the size: each `meter_bytes` begun count once, and that number has changed: `scale.units(size, meter_bytes)`"


def month(
    buses: float,
    displays: float,
    hours: float,
    sends: float,
    size: int,
    beat: float,
    numbers: scale.Settings,
    *,
    audience: float | None = None,
    beats: float = 1,
    answered: float = 0,
    shown: float = 24,
    bus_minutes: float = 60,
    display_minutes: float = 60,
    ridden: float = 0,
    days: float = 30,
    echo: float = 1,
    pieces: float = 0,
) -> float:
    """Return what a month costs; the named arguments are what a wrong sum has other."""
    positions = buses * hours * days * sends * (pieces or scale.units(size, numbers.meter_bytes))
    here = beats * displays * 24 * days * 60 / beat
    minutes = (buses * (ridden or hours) * bus_minutes + displays * shown * display_minutes) * days
    outgoing = echo * positions * (displays if audience is None else audience) + answered * here
    return scale.bill(incoming=positions + here, outgoing=outgoing, minutes=minutes, numbers=numbers).dollars


def nearly_month(case: Case, changed: Changed) -> Iterator[tuple[str, float]]:
    """Yield where to look, for sums that leave something out."""
    buses, displays, hours, _sends, size, beat = case
    now = scale.settings(**changed)
    other = partial(month, *case, now)
    if scale.units(size) != scale.units(size, now.meter_bytes):
        yield PIECE, other(pieces=scale.units(size))
    yield "the hours of displays: day and night", other(shown=hours)
    yield "the hours of buses: they are not connected all day", other(ridden=24)
    yield "connection minutes: an hour has 60", other(bus_minutes=1, display_minutes=1)
    yield "the second meter: connection minutes", other(bus_minutes=0, display_minutes=0)
    yield "whose minutes count: buses are connected as well", other(bus_minutes=0)
    yield "whose minutes count: displays are connected as well", other(display_minutes=0)
    yield "what displays say: each “here” is a message", other(beats=0)
    yield "what displays say: every so many minutes, day and night", other(beats=1 / 60)
    yield "what displays say: every so many minutes, day and night", other(beats=beat * beat / 60)
    yield "what displays say: every so many minutes, day and night", other(beats=hours / 24)
    yield "what displays say: beat is how far apart they are, so divide by it", other(beats=beat * beat)
    yield "what displays say: nobody answers it", other(answered=1)
    yield "the fan-out: one message in, and one out for each display", other(audience=1)
    yield "the fan-out: one message in, and one out for each display", other(echo=0)
    yield "the fan-out: buses send positions, and displays show them", other(audience=buses + displays)
    yield "what comes in counts as well as what goes out", other(audience=displays - 1)
    yield "30 days, not one", other(days=1)
    yield "30 days, for the positions too", month(buses / 30, *case[1:], now, bus_minutes=60 * 30)
    yield "30 days, for what displays say too", other(beats=1 / 30)
    yield "30 days, for the minutes too", other(bus_minutes=2, display_minutes=2)
    yield "the size: each 32 KB begun count once", other(pieces=1)
    yield "the size: a piece begun counts in full", other(pieces=size / now.meter_bytes)
    yield "displays cost as well where there is no bus: their minutes, and what they say", 0.0
    yield "a second price holds beyond so many messages: `scale.bill` knows it", month(*case, _one_price(now))
    yield "one bill for all messages: the first price holds once for all of them", _two_bills(case, now)
    yield TYPED, month(*case, scale.settings())
    yield HANDED, month(*case, scale.settings(meter_bytes=now.meter_bytes))


def _one_price(numbers: scale.Settings) -> scale.Settings:
    return replace(numbers, dollars_per_million_messages_beyond=numbers.dollars_per_million_messages)


def _two_bills(case: Case, now: scale.Settings) -> float:
    """Return what it costs where buses and displays get a bill each."""
    _buses, displays, hours, sends, size, beat = case
    return month(*case, now, beats=0, display_minutes=0) + month(0, displays, hours, sends, size, beat, now)


def most(updates: float, beat: float, numbers: scale.Settings) -> float:
    """Return how many displays an account can keep connected and told."""
    return min(scale.most_connections(numbers), told(updates, beat, numbers))


def told(updates: float, beat: float, numbers: scale.Settings) -> float:
    """Return how many displays the throttle of requests allows."""
    return numbers.requests_per_second / (updates / 3600 + 1 / (beat * 60))


def nearly_most(updates: float, beat: float, numbers: scale.Settings) -> Iterator[tuple[str, float]]:
    """Yield where to look, for sums that leave something out."""
    door, rate = scale.most_connections(numbers), numbers.requests_per_second
    of = partial(told, updates, beat)
    yield TYPED, most(updates, beat, scale.settings())
    yield "two quotas may bind, and the smaller result does", door
    yield "two quotas may bind, and the smaller result does", of(numbers)
    yield "two quotas may bind: the smaller result does, not the larger", max(door, of(numbers))
    yield "the display's own “here” is a message, too", min(door, rate * 3600 / updates if updates else door)
    yield "the updates: each is a post", min(door, rate * beat * 60)
    yield "the updates are so many an hour, which has 3600 seconds", min(door, rate / (updates + 1 / (beat * 60)))
    yield "the updates are so many an hour, which has 3600 seconds", min(door, rate / (updates / 60 + 1 / (beat * 60)))
    yield "beat counts minutes, and the quota seconds", min(door, rate / (updates / 3600 + 1 / beat))
    yield "beat says how far apart they are, not how many", min(door, rate / (updates / 3600 + beat / 60))
    yield (
        "what counts as a request: to come in again does not",
        min(door, rate / (updates / 3600 + 1 / (beat * 60) + 1 / numbers.connection_seconds)),
    )
    yield "how long a connection lasts: connection_seconds", min(rate, numbers.new_connections_per_second)
    yield (
        "after how long a display is sent away",
        min(numbers.new_connections_per_second * numbers.idle_seconds, of(numbers)),
    )


def simplest(displays: int, seconds: float, numbers: scale.Settings) -> str | None:
    """Return the first design that tells all displays in time, or None."""
    return next((design for design in scale.DESIGNS if in_time(design, displays, seconds, numbers)), None)


def in_time(design: str, displays: int, seconds: float, numbers: scale.Settings) -> bool:
    """Tell whether a design leaves nobody out and is in time."""
    outcome = scale.simulate(design, displays, numbers)
    return not outcome.lost and outcome.last_seconds <= seconds


def last_seconds(design: str, displays: int, numbers: scale.Settings) -> float:
    """Return when the last display has it."""
    return scale.simulate(design, displays, numbers).last_seconds


def shards_by_sum(displays: int, seconds: float, numbers: scale.Settings) -> int:
    """Return how many shards the sum says, whatever the quotas are: fewer cannot do it."""
    time = min(seconds, numbers.function_seconds)
    return int(-(-displays * numbers.post_seconds / numbers.at_once // time))


def fewest_shards(displays: int, seconds: float, numbers: scale.Settings) -> int | None:
    """Return the fewest shards by which the simulation is in time; None where the quotas forbid it."""
    if (displays - numbers.requests_burst) / numbers.requests_per_second > seconds:
        return None
    low, high = shards_by_sum(displays, seconds, numbers), numbers.functions_at_once
    for shards in range(low, min(high, 2 * low + 10) + 1):
        if in_time("shards", displays, seconds, replace(numbers, shards=shards)):
            return shards
    return None
