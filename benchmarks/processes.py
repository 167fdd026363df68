"""Servers and clients as processes of their own, and what the system says about them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from .deployment import KEYS

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0


class Trouble(Exception):
    """Hold one sentence on what could not be measured, and why."""


def raise_the_number_of_files() -> int:
    """Let this process, and those it starts, open as many files as the system allows; return how many."""
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return 1_000_000
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if most == resource.RLIM_INFINITY else most
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def environment(**also: str) -> dict[str, str]:
    """Return the environment of a child process: no account of whoever runs this, and Python of this environment."""
    names = {name.upper(): name for name in KEYS}
    ours = {variable: KEYS[name] for variable, name in names.items() if variable != "REGION_NAME"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    return {
        **kept,
        **ours,
        "AWS_DEFAULT_REGION": KEYS["region_name"],
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PATH": path,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
        "PYTHONUNBUFFERED": "1",
        **also,
    }


class Child:
    """A Python module of this package that runs until its input ends."""

    def __init__(self, module: str, *arguments: str, **variables: str) -> None:
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            cwd=ROOT,
            env=environment(**variables),
        )
        self.system = psutil.Process(self.process.pid)

    def read(self) -> Any:
        """Return the next line of JSON. Raises Trouble with the last words of a child that has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise Trouble(f"it ended: {self.last_words()}")
        return json.loads(line)

    def say(self, what: Any) -> None:
        """Give it a line of JSON."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def said(self) -> str:
        """Return all that it wrote to its error output."""
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    def last_words(self) -> str:
        """Return the last line that it wrote to its error output."""
        lines = self.said().strip().splitlines()
        return lines[-1] if lines else "without a word"

    def tree(self) -> list[psutil.Process]:
        """Return the process and everything below it."""
        try:
            return [self.system, *self.system.children(recursive=True)]
        except psutil.Error:
            return []

    def close_input(self) -> None:
        """Tell it that nobody wants anything more."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def stop(self) -> None:
        """End it and everything below it."""
        family = self.tree()
        self.close_input()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for process in family[1:]:
            with contextlib.suppress(psutil.Error):
                process.kill()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def __del__(self) -> None:
        self.errors.close()


class Server(Child):
    """A server that is measured."""

    def __init__(self, name: str, module: str, arguments: Sequence[str], note_ids: bool, **variables: str) -> None:
        self.name, self.module, self.started_at = name, module, time.monotonic()
        self.folder = tempfile.TemporaryDirectory(prefix="upgrade101-bench-", ignore_cleanup_errors=True)
        self.files = {name: Path(self.folder.name, name) for name in ("CAME_FILE", "GONE_FILE")[not note_ids :]}
        files = {name: str(path) for name, path in self.files.items()}
        super().__init__(f"servers.{module}", *arguments, **files, **variables)
        late = threading.Timer(START_SECONDS, self.process.kill)
        late.start()
        try:
            self.url = str(self.read()["url"])
        except Trouble:
            self.stop()
            raise
        finally:
            late.cancel()

    def noted(self, name: str) -> list[str]:
        """Return the connection ids that the handlers have written to a file."""
        return self.files[name].read_text(encoding="utf-8").split() if self.files[name].exists() else []

    def gone(self) -> int:
        """Return how often ``$disconnect`` has run."""
        return len(self.noted("GONE_FILE"))

    def busy_seconds(self) -> float:
        """Return the CPU seconds of the whole family until now."""
        total = 0.0
        for process in self.tree():
            with contextlib.suppress(psutil.Error):
                total += sum(process.cpu_times()[:2])
        return total

    def settle(self, gone: int = 0, seconds: float = 30.0) -> None:
        """Wait until ``$disconnect`` has run so often and less than a tenth of a core is busy."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            before = self.busy_seconds()
            time.sleep(0.2)
            if self.gone() >= gone and self.busy_seconds() - before < 0.02:
                return

    def resident(self) -> int:
        """Return the bytes of memory of the server's own process."""
        return int(self.main().memory_info().rss)

    def main(self) -> psutil.Process:
        """Return the process that holds the connections: the biggest."""
        sizes: dict[psutil.Process, int] = {}
        for process in self.tree():
            with contextlib.suppress(psutil.Error):
                sizes[process] = process.memory_info().rss
        return max(sizes, key=lambda process: sizes[process])

    def stop(self) -> None:
        super().stop()
        self.folder.cleanup()


class Peak:
    """The most processes, threads and memory of a family while a block runs."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.processes = self.threads = self.resident = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self.look()

    def look(self) -> None:
        """Take note of what there is now."""
        family, threads, resident = self.server.tree(), 0, 0
        for process in family:
            with contextlib.suppress(psutil.Error), process.oneshot():
                threads += process.num_threads()
                resident += process.memory_info().rss
        self.processes = max(self.processes, len(family))
        self.threads, self.resident = max(self.threads, threads), max(self.resident, resident)

    def __enter__(self) -> Peak:
        self.look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


class Crew(Child):
    """The process with the clients."""

    def __init__(self) -> None:
        super().__init__("clients")

    def ask(self, do: str, **asked: Any) -> dict[str, Any]:
        """Have a job done. Raises Trouble where it fails."""
        self.say({"do": do, **asked})
        result: dict[str, Any] = self.read()
        if "fault" in result:
            raise Trouble(f"{do}: {result['fault']}")
        return result
