"""The rounds: every server is measured in turn, so that what else the machine does meets all alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from .cases import Case, Result
from .contestants import CONTESTANTS, GATEWAY
from .processes import Crew, Server, Trouble

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Spread:
    """A median and what it lies between."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of at least one value.

        >>> Spread.of([3, 1, 2])
        Spread(middle=2, least=1, most=3)
        """
        return cls(statistics.median(values), min(values), max(values))

    def words(self, digits: int) -> str:
        """Return it as text.

        >>> Spread(1834.2, 1700, 1900).words(0)
        '1,834 (1,700 to 1,900)'
        """
        if self.least == self.most:
            return f"{self.middle:,.{digits}f}"
        return f"{self.middle:,.{digits}f} ({self.least:,.{digits}f} to {self.most:,.{digits}f})"


@dataclass
class Measured:
    """What the rounds of a case came to: the results of each contestant, and why one has none."""

    case: Case
    results: dict[str, list[Result]] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)

    def values(self, contestant: str) -> list[float]:
        """Return the numbers of a contestant, in the order of the rounds."""
        return [result["value"] for result in self.results.get(contestant, [])]

    def spread(self, contestant: str) -> Spread | None:
        """Return median and spread of a contestant's numbers, if it has any."""
        values = self.values(contestant)
        return Spread.of(values) if values else None

    def ratio(self, to: str) -> Spread | None:
        """Return the gateway's numbers divided by another's, round by round."""
        pairs = list(zip(self.values(GATEWAY), self.values(to), strict=False))
        return Spread.of([ours / other for ours, other in pairs if other]) if pairs else None

    def reached(self) -> bool | None:
        """Tell whether the gateway's median is within the target; None where there is none, or no number."""
        if self.case.target is None:
            return None
        found = self.ratio(self.case.reference) if self.case.reference else self.spread(GATEWAY)
        return self.case.reaches(found.middle) if found else None

    def most(self, key: str) -> float | None:
        """Return the highest of something that results have besides their value."""
        found = [result[key] for results in self.results.values() for result in results if key in result]
        return max(found, default=None)


def run(case: Case, absent: Sequence[str], quick: bool, tell: Tell) -> Measured:
    """Measure a case; who is absent or fails has no numbers."""
    measured = Measured(case)
    names = [name for name in case.contestants if name not in absent]
    rounds = min(case.rounds, 2) if quick else case.rounds
    with ExitStack() as stack:
        crew = Crew()
        stack.callback(crew.stop)
        servers: dict[str, Server] = {}
        for number in range(rounds):
            for name in names:
                if name not in measured.troubles:
                    tell(f"{case.name}: round {number + 1} of {rounds}, {CONTESTANTS[name].label}")
                    _measure(measured, name, servers, crew, case.share_of(name, quick))
        for server in servers.values():
            stack.callback(server.stop)
    return measured


def _measure(measured: Measured, name: str, servers: dict[str, Server], crew: Crew, count: int) -> None:
    """Measure one contestant once; its server is left running for the next round unless each has its own."""
    case = measured.case
    try:
        if name not in servers:
            servers[name] = CONTESTANTS[name].start(case.variant, case.note_ids)
        result = case.measure(servers[name], crew, count)
        measured.results.setdefault(name, []).append(result)
    except Trouble as trouble:
        measured.troubles[name] = str(trouble)
    if name in servers and (case.fresh or name in measured.troubles):
        servers.pop(name).stop()
        if name in measured.troubles:
            crew.ask("drop")
