"""Time that can be advanced: the gateway asks this clock and no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Clock:
    """Real time plus whatever it was advanced by, in seconds since the epoch; never runs backwards.

    >>> clock = Clock()
    >>> before = clock.now()
    >>> clock.advance(minutes=11)
    >>> 660 <= clock.now() - before < 661
    True
    """

    def __init__(self) -> None:
        self._origin = time.time() - time.monotonic()
        self._ahead = 0.0
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self._origin + time.monotonic() + self._ahead

    @property
    def ahead(self) -> float:
        """Return by how many seconds it is ahead of real time."""
        return self._ahead

    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0) -> None:
        """Move time forward at once; what was due in between happens before this returns.

        Raises ValueError for a negative step.
        """
        step = seconds + 60 * minutes + 3600 * hours
        if step < 0:
            raise ValueError("time only moves forward: advance() takes a positive step")
        with self._lock:
            self._ahead += step
        for listener in tuple(self._listeners):
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` after each advance; return the function that stops it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None
