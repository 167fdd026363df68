"""One message on its way to many connections: what all designs share.

The account's throttle is one bucket for everybody. A call that it refuses is answered 429, and its caller waits before
the next, longer each time. Nobody is simulated alone: a worker's calls of half a second are one event.

Left out: connections that are gone, cold starts, what else the account does, and the way from AWS to the clients.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass
from math import inf

from .engine import Bucket, Simulation
from .facts import Settings

THROTTLED = "the throttle (429)"
RESOLUTION = 0.5  # seconds of a worker's calls that are one event
Posting = Generator[float, None, int]
"""A process that returns how many connections it did not come to."""


@dataclass(frozen=True, slots=True)
class Break:
    """Something that broke, and when."""

    at: float  # seconds
    what: str


class FanOut:
    """A broadcast under way. ``lump`` workers that do the same at the same time are simulated as one."""

    def __init__(self, connections: int, numbers: Settings, *, lump: int = 1, seed: int = 1) -> None:
        self.connections, self.numbers, self.lump = connections, numbers, lump
        self.simulation = Simulation()
        self.bucket = Bucket(numbers.requests_per_second, numbers.requests_burst)
        self.deliveries: list[tuple[float, int]] = []  # when, how many
        self.refused = 0
        self.functions = 0
        self.function_seconds = 0.0
        self.breaks: list[Break] = []
        self.caller_waits = False
        self._random = random.Random(seed)
        self._at_once = numbers.at_once * lump
        self._event = max(1, int(RESOLUTION / numbers.post_seconds)) * self._at_once

    @property
    def now(self) -> float:
        """Return the seconds since the broadcast began."""
        return self.simulation.now

    def broke(self, what: str) -> None:
        """Note what broke, the first time."""
        if all(each.what != what for each in self.breaks):
            self.breaks.append(Break(self.now, what))

    def ran(self, started: float) -> None:
        """Note that a function ran from ``started`` until now."""
        self.functions += self.lump
        self.function_seconds += (self.now - started) * self.lump

    def post(self, count: int, deadline: float = inf) -> Posting:
        """Post to ``count`` connections, and again after each 429, until it is done or the function's time is up."""
        wait = self.numbers.retry_seconds
        while count:
            wanted = min(count, self._event, self._fit(deadline))
            if not wanted:
                yield max(0.0, deadline - self.now)
                break
            admitted = self.bucket.take(wanted, self.now)
            if admitted:
                yield -(-admitted // self._at_once) * self.numbers.post_seconds
                self.deliveries.append((self.now, admitted))
                count -= admitted
                wait = self.numbers.retry_seconds
            if admitted < wanted:
                self._refuse(wanted - admitted)
                yield min(self._random.random() * wait, max(0.0, deadline - self.now))
                wait = min(2 * wait, self.numbers.retry_seconds_most)
        return count

    def _fit(self, deadline: float) -> int:
        """Return how many calls fit into the time that is left."""
        left = deadline - self.now
        return self._event if left == inf else int(left / self.numbers.post_seconds + 1e-9) * self._at_once

    def _refuse(self, wanted: int) -> None:
        self.refused += min(wanted, self._at_once)  # each caller stops at its first refusal
        self.broke(THROTTLED)
