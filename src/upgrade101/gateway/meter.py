"""What is counted, a minute at a time: the metrics of AWS/ApiGateway.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html

Counting costs an addition; whoever wants to know the numbers asks for them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf

from .clock import Clock
from .definition import Stage

_MINUTES_KEPT = 15 * 24 * 60  # as CloudWatch keeps them

Key = tuple[str, str, str, str, str]
"""Account, region, API id, stage name, and the route key, or '' for the whole stage."""


@dataclass(slots=True)
class Tally:
    """The counts of one stage, or one route of it, in one minute; latencies in milliseconds."""

    key: Key
    minute: float = 0.0  # when it began: real time, in seconds since the epoch
    connects: int = 0
    messages: int = 0
    integration_errors: int = 0
    client_errors: int = 0
    execution_errors: int = 0
    calls: int = 0
    latency_sum: float = 0.0
    latency_min: float = inf
    latency_max: float = 0.0

    def took(self, seconds: float) -> None:
        """Count one call of an integration."""
        milliseconds = seconds * 1000
        self.calls += 1
        self.latency_sum += milliseconds
        if milliseconds < self.latency_min:
            self.latency_min = milliseconds
        if milliseconds > self.latency_max:
            self.latency_max = milliseconds


class Meter:
    """Every tally of one gateway: those of this minute, which go on counting, and those of the minutes before.

    It belongs to the core, whose lock guards it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[Key, Tally] = {}
        self._finished: deque[Tally] = deque(maxlen=_MINUTES_KEPT)
        self._minute = 0.0
        self.until = 0.0  # on the clock: from then on another minute counts

    def of(self, stage: Stage, route_key: str = "") -> Tally:
        """Return the tally of a stage, or of one of its routes; it stays the same object for ever."""
        key = (stage.account_id, stage.region, stage.api_id, stage.stage_name, route_key)
        tally = self._running.get(key)
        if tally is None:
            tally = self._running[key] = Tally(key, self._minute)
        return tally

    def roll(self, now: float) -> None:
        """Begin another minute: put the counts away, and start again from nothing."""
        real = now - self._clock.ahead
        self._minute = real - real % 60
        self.until = now + 60 - real % 60
        for key, tally in self._running.items():
            if tally != Tally(key, tally.minute):
                self._finished.append(_copy(tally))
            tally.__init__(key, self._minute)  # type: ignore[misc]  # connections hold it

    def tallies(self) -> list[Tally]:
        """Return everything counted so far."""
        return [*self._finished, *map(_copy, self._running.values())]


def _copy(tally: Tally) -> Tally:
    return Tally(*(getattr(tally, name) for name in Tally.__slots__))
