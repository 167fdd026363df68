"""Run a learner's client beside a check: it goes on while the check plays the world around it, and ends with it.

with beside(lambda: listen(url, 9)) as client:
    bench.wait_for(...)
    client.result(seconds=3)
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .trial import stop


class Beside:
    """A piece of work in a thread of its own."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._value: Any = None
        self._error: BaseException | None = None
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._do,), name="beside a check", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Tell whether it has returned or raised."""
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Wait until it is over, or so long."""
        self._thread.join(seconds)

    def result(self, seconds: float) -> Any:
        """Return what it returns. Raises what it raises, and TimeoutError where it goes on longer than this."""
        self._thread.join(seconds)
        if not self.is_over:
            raise TimeoutError(f"still running after {seconds:g} s")
        if self._error is not None:
            raise self._error
        return self._value

    def end(self, wake: Callable[[], object]) -> None:
        """Stop it where it still runs; ``wake`` ends what it may be waiting for, and is called more than once."""
        for _ in range(5):
            if self.is_over:
                return
            stop(self._thread)
            wake()
            self._thread.join(1.0)

    def _do(self) -> None:
        try:
            found = self._work()
            self._value = asyncio.run(_awaited(found)) if inspect.isawaitable(found) else found
        except BaseException as error:
            self._error = error


async def _awaited(found: Any) -> Any:
    return await found


@contextmanager
def beside(work: Callable[[], Any], *, wake: Callable[[], object] = lambda: None) -> Iterator[Beside]:
    """Start work, and end it where the block does; async work is awaited. ``wake``: see :meth:`Beside.end`."""
    running = Beside(work)
    try:
        yield running
    finally:
        running.end(wake)
