"""Who watches the functions' timeouts, and ends what still runs after them as far as a thread can be ended."""

from __future__ import annotations

import concurrent.futures.thread
import ctypes
import sys
import threading
import time
from collections.abc import Iterable

from . import surroundings
from .environments import Environment, Execution
from .threads import ThreadEnvironment

_STEP_SECONDS = 0.05
_TRIES = 40
_DELICATE = frozenset({"moto", "botocore", "boto3", "upgrade101"})
_ENTRIES = frozenset(
    {ThreadEnvironment._invoke.__code__, ThreadEnvironment._start_cold.__code__, surroundings.run_inside.__code__}
)
_IDLE_WORKER = concurrent.futures.thread._worker.__code__


class Timeouts:
    """One thread that waits for the next deadline; started with the first, ended by ``close``.

    Deadlines are set and forgotten without its lock, for there are two for each invocation; it is only woken for one
    that is sooner than all others. One that it takes for alive too long is harmless: an execution has one answer.
    """

    def __init__(self) -> None:
        self._due: dict[Environment, tuple[float, Execution]] = {}
        self._doomed: dict[threading.Thread, int] = {}  # and how often more to try
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._next = float("inf")
        self._thread: threading.Thread | None = None
        self._closed = False

    def watch(self, environment: Environment, execution: Execution, seconds: float) -> None:
        """Expire an execution when so many seconds have passed."""
        deadline = time.monotonic() + seconds
        self._due[environment] = (deadline, execution)
        if deadline < self._next:
            with self._lock:
                if deadline < self._next:
                    self._wake(deadline)

    def unwatch(self, environment: Environment) -> None:
        """Forget the deadline of an environment."""
        self._due.pop(environment, None)

    def doom(self, threads: Iterable[threading.Thread]) -> None:
        """End threads whose environment is gone; gives up after two seconds."""
        queues = getattr(concurrent.futures.thread, "_threads_queues", {})
        with self._changed:
            for thread in threads:
                queues.pop(thread, None)  # else Python waits for the threads of pools when it exits
                self._doomed[thread] = _TRIES
            self._wake(0.0)

    def close(self) -> None:
        """End the watching."""
        with self._changed:
            self._closed = True
            thread, self._thread = self._thread, None
            self._due.clear()
            self._changed.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=1.0)

    def _wake(self, deadline: float) -> None:
        self._next = deadline
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._live, name="lambda timeouts", daemon=True)
            with surroundings.outside():
                self._thread.start()
        self._changed.notify()

    def _live(self) -> None:
        while not self._closed:
            for environment, execution in self._overdue():
                if environment.expire(execution):
                    self.doom(environment.give_up())
            self._end_doomed()

    def _overdue(self) -> list[tuple[Environment, Execution]]:
        """Wait for the next deadline, or for somebody to be ended; return what has become due."""
        with self._changed:
            now = time.monotonic()
            if self._due or self._next <= now:  # else wait on: what comes next is due no sooner
                self._next = float("inf")  # first: who adds one after the look at them all sees this
                self._next = min([deadline for deadline, _ in list(self._due.values())], default=float("inf"))
            if self._doomed:
                self._next = min(self._next, now + _STEP_SECONDS)
            if not self._closed and self._next > now:
                self._changed.wait(min(self._next - now, threading.TIMEOUT_MAX))
            now = time.monotonic()
            due = [environment for environment, (deadline, _) in list(self._due.items()) if deadline <= now]
            return [(environment, execution) for environment in due if (execution := self._take(environment, now))]

    def _take(self, environment: Environment, now: float) -> Execution | None:
        deadline, execution = self._due.pop(environment, (now, None))
        if deadline > now:  # its next invocation has begun meanwhile
            assert execution is not None
            self._due[environment] = (deadline, execution)
            return None
        return execution

    def _end_doomed(self) -> None:
        for thread, tries in list(self._doomed.items()):
            if not thread.is_alive() or not tries:
                del self._doomed[thread]
            else:
                self._doomed[thread] = tries - 1
                _interrupt(thread)


def _interrupt(thread: threading.Thread) -> None:
    """Raise SystemExit in a thread, unless it is just inside moto, which it must not leave half done."""
    ident = thread.ident or 0
    frame = sys._current_frames().get(ident)
    if frame is None or frame.f_code is _IDLE_WORKER:  # such a one ends by itself, with its pool
        return
    while frame is not None and frame.f_code not in _ENTRIES:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _DELICATE:
            return
        frame = frame.f_back
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit))
