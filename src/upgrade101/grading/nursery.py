"""Where a submission's functions are forked from, as the marker sees it; :mod:`.sandbox.forking` is the other side."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..localcloud.functions import processes
from ..localcloud.functions.modules import RUNTIME_PACKAGES
from ..localcloud.functions.specs import Start, Started
from .sandbox import forking

_FUNCTIONS, _SANDBOX = str(Path(processes.__file__).parent), str(Path(forking.__file__).parent)
_BOOT = (
    "import sys\n"
    "for name in ('_upgrade101', '_upgrade101_walls'):\n"
    "    me = type(sys)(name); me.__path__ = [sys.argv.pop(1)]; sys.modules[name] = me\n"
    "from _upgrade101 import child\n"
    "from _upgrade101_walls import forking\n"
    "forking.main(child.main, child.Packages)"
)
_START_SECONDS = 20.0
_SIGKILL = 9


class Nursery:
    """Forks functions off a process that has boto3 loaded; ends with this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number, folders = theirs.fileno(), json.dumps(processes.folders_of(RUNTIME_PACKAGES))
            self._popen = subprocess.Popen(
                [sys.executable, *processes.ALONE, "-c", _BOOT, _FUNCTIONS, _SANDBOX, str(number), folders],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=processes.needed(),
                pass_fds=[number],
            )
        self._names: frozenset[str] | None = None

    def can_take(self, code: Path) -> bool:
        """Tell whether code finds everything in a fork as in a Python of its own: nothing of its names is loaded."""
        with self._lock:
            if self._names is None:
                self._line.settimeout(_START_SECONDS)
                with contextlib.suppress(OSError, ValueError):
                    self._names = frozenset(json.loads(self._line.recv(forking.MOST)))
                self._names = self._names or frozenset()
        found = {name.partition(".")[0] for _, folders, files in os.walk(code) for name in (*folders, *files)}
        return bool(self._names) and not found & self._names

    def starting(self, spec: Mapping[str, Any], otherwise: Start) -> Start:
        """Return what starts a function behind the walls of ``spec``: ``otherwise`` does where this process is gone."""

        def start(events: int, answers: int, lifeline: int, variables: Mapping[str, str]) -> Started:
            try:
                return self.start(spec, (events, answers, lifeline), variables)
            except OSError:
                return otherwise(events, answers, lifeline, variables)

        return start

    def start(self, spec: Mapping[str, Any], channels: Sequence[int], variables: Mapping[str, str]) -> Fork:
        """Fork a function off, behind the walls of ``spec``. Raises OSError."""
        asked = json.dumps({"spec": spec, "variables": dict(variables)}).encode()
        if len(asked) > forking.MOST:
            raise OSError(f"what a function is told is longer than {forking.MOST} bytes")
        reports, theirs = os.pipe()
        try:
            with self._lock:
                socket.send_fds(self._line, [asked], [*channels, theirs])
        except OSError:
            os.close(reports)
            raise
        finally:
            os.close(theirs)
        return Fork(reports)

    def close(self) -> None:
        """End the process that forks, and with it what it has forked."""
        self._line.close()
        try:
            self._popen.wait(5)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


class Fork:
    """A process that was forked off elsewhere, as far as :class:`subprocess.Popen` is asked of it."""

    def __init__(self, reports: int) -> None:
        self._reports = reports
        self._lock = threading.Lock()
        self._status: int | None = None
        pid = self._report()
        if pid is None:
            os.close(reports)
            raise OSError("functions cannot be forked any more")
        self.pid = pid

    def _report(self) -> int | None:
        said = os.read(self._reports, 4)
        return int.from_bytes(said, "big", signed=True) if said else None

    def poll(self) -> int | None:
        """Return how it ended, None where it has not."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self._ended(0.05)) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("a function", timeout or 0)
        return status

    def _ended(self, seconds: float) -> int | None:
        with self._lock:
            if self._status is None and select.select([self._reports], [], [], seconds)[0]:
                status = self._report()
                self._status = -_SIGKILL if status is None else status
                os.close(self._reports)
            return self._status

    def kill(self) -> None:
        """Kill it."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, _SIGKILL)
