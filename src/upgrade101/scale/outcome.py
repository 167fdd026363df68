"""A broadcast simulated, and what came of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import ceil

from ..gateway.errors import ConfigurationError
from .bill import MILLION, message_dollars
from .designs import DESIGNS, DOOR
from .facts import Settings, settings
from .fanout import Break, FanOut
from .listing import Listing

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
"""From a lecture hall to a championship."""

_POINTS = 400  # of a curve, for a plot
_LUMPS = ((5_000_000, 50), (500_000, 10))  # beyond so many connections, so many workers are simulated as one
_LUMPS_LEAST = 10  # fewer lumps than that would be too coarse


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """What came of one message to everybody. Times are in seconds after it was sent."""

    design: str
    connections: int
    delivered: int
    half_seconds: float  # until half of all connections had it
    last_seconds: float  # until the last had it who got it
    refused: int  # calls answered 429
    functions: int
    function_seconds: float
    breaks: tuple[Break, ...]  # in the order in which it broke
    curve: tuple[tuple[float, int], ...]  # when, and how many had it by then
    numbers: Settings

    @property
    def lost(self) -> int:
        """Return how many never get it."""
        return self.connections - self.delivered

    @property
    def first_break(self) -> str:
        """Return what breaks first, or ``'nothing'``."""
        return self.breaks[0].what if self.breaks else "nothing"

    @property
    def dollars(self) -> float:
        """Return the US dollars for messages sent and functions run; what a queue or a topic costs is left out."""
        if self.design == "managed":
            return self.delivered * self.numbers.managed_dollars_per_million_messages / MILLION
        run = self.function_seconds * self.numbers.function_gb * self.numbers.dollars_per_gb_second
        return message_dollars(self.delivered, self.numbers) + run

    def __str__(self) -> str:
        reached = f"{self.delivered:,} of {self.connections:,}" if self.lost else f"all {self.connections:,}"
        refused = f"; {self.refused:,} calls refused" if self.refused else ""
        return f"{self.design}: {reached} in {duration(self.last_seconds)}{refused}; breaks first: {self.first_break}"

    __repr__ = __str__


def simulate(design: str, connections: int, numbers: Settings | None = None, *, seed: int = 1) -> Outcome:
    """Send one message to ``connections`` by one of the ``DESIGNS`` and return what comes of it.

    The same seed gives the same outcome. Raises ConfigurationError for a design that there is not, and for less than
    one connection.

    >>> simulate("loop", 1_000).last_seconds
    15.1
    """
    if design not in DESIGNS:
        raise ConfigurationError(f"there is no design {design!r}", hint=f"one of {', '.join(DESIGNS)}")
    if connections < 1:
        raise ConfigurationError(f"{connections} connections are nobody to tell", hint="1 or more")
    return _simulate(design, int(connections), numbers or settings(), seed)


@lru_cache(maxsize=256)
def _simulate(design: str, connections: int, numbers: Settings, seed: int) -> Outcome:
    fan_out = FanOut(connections, numbers, lump=_lump(design, connections, numbers), seed=seed)
    if connections > most_connections(numbers, managed=design == "managed"):
        fan_out.broke(DOOR)
    DESIGNS[design](fan_out)
    fan_out.simulation.run()
    return _outcome(design, fan_out)


def _lump(design: str, connections: int, numbers: Settings) -> int:
    functions = min({"queue": numbers.workers, "shards": numbers.shards}.get(design, 1), numbers.functions_at_once)
    fits = (lump for many, lump in _LUMPS if connections > many and functions % lump == 0)
    return next((lump for lump in fits if functions >= _LUMPS_LEAST * lump), 1)


def most_connections(numbers: Settings | None = None, *, managed: bool = False) -> float:
    """Return how many connections can be open at once: so many a second, each so many seconds long.

    >>> most_connections()
    3600000
    """
    numbers = numbers or settings()
    if managed:
        return numbers.managed_connections_per_second * numbers.managed_connection_seconds
    return numbers.new_connections_per_second * numbers.connection_seconds


def _outcome(design: str, fan_out: FanOut) -> Outcome:
    times = [at for at, _ in fan_out.deliveries]
    totals = list(accumulate(count for _, count in fan_out.deliveries))
    delivered = totals[-1] if totals else 0
    half = bisect_left(totals, fan_out.connections / 2)
    step = max(1, ceil(len(times) / _POINTS))
    kept = sorted({*range(0, len(times), step), len(times) - 1}) if times else []
    return Outcome(
        design,
        fan_out.connections,
        delivered,
        round(times[half], 6) if half < len(times) else float("inf"),
        round(times[-1], 6) if times else 0.0,
        fan_out.refused,
        fan_out.functions,
        fan_out.function_seconds,
        tuple(fan_out.breaks),
        tuple((times[place], totals[place]) for place in kept),
        fan_out.numbers,
    )


def grid(
    designs: Iterable[str] = tuple(DESIGNS), sizes: Iterable[int] = SIZES, numbers: Settings | None = None
) -> list[Outcome]:
    """Simulate every design at every size."""
    sizes = tuple(sizes)
    return [simulate(design, size, numbers) for design in designs for size in sizes]


def table(outcomes: Iterable[Outcome]) -> Listing:
    """Show outcomes: who got it, when, and what broke first."""
    head = ("design", "connections", "reached", "half of them", "the last", "refused", "US dollars", "breaks first")
    rows = [
        (
            each.design,
            f"{each.connections:,}",
            "all" if not each.lost else f"{each.delivered / each.connections:.1%}",
            duration(each.half_seconds),
            duration(each.last_seconds),
            f"{each.refused:,}",
            f"{each.dollars:,.3f}",
            each.first_break,
        )
        for each in outcomes
    ]
    return Listing(head, rows)


def matrix(outcomes: Iterable[Outcome]) -> Listing:
    """Show, by design and size, how long it takes, how many get it where not all do, and what breaks first."""
    by_place = {(each.design, each.connections): each for each in outcomes}
    sizes = sorted({size for _, size in by_place})
    rows = [
        [f"`{design}`", *(_cell(by_place[design, size]) if (design, size) in by_place else "" for size in sizes)]
        for design in dict.fromkeys(design for design, _ in by_place)
    ]
    return Listing(("", *(f"{size:,}" for size in sizes)), rows)


def _cell(outcome: Outcome) -> str:
    share = f"{outcome.delivered / outcome.connections:.1%} in " if outcome.lost else ""
    broke = f"; {outcome.first_break}" if outcome.breaks else ""
    return f"{share}{duration(outcome.last_seconds)}{broke}"


def duration(seconds: float) -> str:
    """Say how long that is.

    >>> [duration(each) for each in (0.2, 15.1, 150, 1010, 7200, float("inf"))]
    ['0.20 s', '15.1 s', '2.5 min', '16.8 min', '2.0 h', 'never']
    """
    if seconds == float("inf"):
        return "never"
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds >= 10 else f"{seconds:.2f} s"
