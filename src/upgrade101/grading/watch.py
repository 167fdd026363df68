"""Look after all processes of a submission together: memory, number. What takes too much is killed.

The limits of single processes come first (see ``sandbox``); this holds what they cannot, on every system.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from .limits import Allowance

_EVERY_SECONDS = 0.3
_FEW = 24  # processes: a kernel, and some functions of a notebook's own
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Watch:
    """Watches what this process has started, as long as the block lasts."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._kernel = 0
        self.reason = ""
        self.peak_mb = 0

    def kernel(self, pid: int) -> None:
        """Say which process the kernel is now."""
        self._kernel, self.reason = pid, ""

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @contextlib.contextmanager
    def leaving_few(self, seconds: float = 15.0) -> Iterator[None]:
        """Wait at the end of the block until a few processes are left, or as many as there were; no longer than that.

        A bomb of forks is killed with its exercise. While it dies, which takes a busy machine seconds, its processes
        count against those that the next exercise may start.
        """
        most = max(_FEW, len(descendants(os.getpid())))
        yield
        deadline = time.monotonic() + seconds
        while len(descendants(os.getpid())) > most and time.monotonic() < deadline:
            time.sleep(0.05)

    def _run(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            with contextlib.suppress(OSError, psutil.Error):
                self._look()

    def _look(self) -> None:
        sizes = {pid: memory_of(pid) for pid in descendants(os.getpid())}
        if sum(sizes.values()) >> 20 > self._allowance.memory_mb:
            sizes = {pid: share_of(pid) for pid in sizes}  # forks have most of theirs in common
        used = sum(sizes.values()) >> 20
        self.peak_mb = max(self.peak_mb, used)
        if used > self._allowance.memory_mb:
            largest = max(sizes, key=lambda pid: sizes[pid])
            self._stop(largest, f"its processes took more than {self._allowance.memory_mb} MB of memory together")
        elif len(sizes) > self._allowance.processes:
            self._stop(self._kernel, f"it started more than {self._allowance.processes} processes")

    def _stop(self, pid: int, reason: str) -> None:
        self.reason = reason
        for each in [pid, *descendants(pid)]:
            with contextlib.suppress(OSError):
                os.kill(each, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and those that they have, as far as they can be seen."""
    if sys.platform != "linux":
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    found = []
    waiting = [pid]
    while waiting:
        for child in _children(waiting.pop()):
            found.append(child)
            waiting.append(child)
    return found


def _children(pid: int) -> Iterator[int]:
    for task in _tasks(pid):
        with contextlib.suppress(OSError):
            yield from map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())


def _tasks(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def share_of(pid: int) -> int:
    """Return how many bytes of memory a process has where what it shares with others is shared out among them."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return memory_of(pid)


def memory_of(pid: int) -> int:
    """Return how many bytes of memory a process has, 0 where it is gone."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, IndexError, ValueError):
            return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        return 0
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0
