"""A discrete-event simulation: time jumps from one event to the next, and nothing happens in between.

What happens is written as generators: ``yield 5.0`` lets five seconds pass, and takes no time on the wall.
"""

from __future__ import annotations

from collections.abc import Generator
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Any

Process = Generator[float, None, Any]


class Simulation:
    """A heap of processes, the next one to wake on top.

    >>> def kettle():
    ...     print("on at", simulation.now)
    ...     yield 180.0
    ...     print("boils at", simulation.now)
    >>> simulation = Simulation()
    >>> simulation.start(kettle())
    >>> simulation.run()
    on at 0.0
    boils at 180.0
    180.0
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Process]] = []
        self._order = count()  # of two that wake at the same time, the first to ask is the first to wake

    def start(self, process: Process, delay: float = 0.0) -> None:
        """Let a process begin, ``delay`` seconds from now."""
        heappush(self._heap, (self.now + delay, next(self._order), process))

    def run(self, until: float = inf) -> float:
        """Let things happen until there is nothing left to happen, or until that second; return the time."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            self.now, _, process = heappop(heap)
            delay = next(process, None)
            if delay is not None:
                heappush(heap, (self.now + delay, next(self._order), process))
        if heap:
            self.now = until
        return self.now


class Bucket:
    """A throttle: ``burst`` tokens at most, ``rate`` new ones a second.

    >>> bucket = Bucket(rate=10, burst=5)
    >>> [bucket.take(4, now) for now in (0.0, 0.0, 0.0, 0.2)]
    [4, 1, 0, 2]
    """

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self._tokens, self._counted = burst, 0.0

    def take(self, wanted: int, now: float) -> int:
        """Take up to ``wanted`` whole tokens; return how many there were."""
        self._tokens = min(self.burst, self._tokens + (now - self._counted) * self.rate)
        self._counted = now
        taken = min(wanted, int(self._tokens + 1e-9))
        self._tokens -= taken
        return taken
