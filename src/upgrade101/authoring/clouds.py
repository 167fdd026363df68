"""The clouds that the course can be run on, and those among them that are started and stopped for it.

``moto`` is in the notebook's own process. ``serve`` is this project's gateway in a process of its own. ``ministack`` is
MiniStack, which others wrote: it is taken from where the environment variable MINISTACK says, or installed once into
``.upgrade101/ministack``. ``aws`` is an account, and an address is whatever answers there.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from ..gateway.errors import ConfigurationError
from ..ledger.locks import Lock
from ..localcloud.guard import is_loopback

MOTO, SERVE, MINISTACK, AWS = "moto", "serve", "ministack", "aws"
PACKAGES = ("ministack>=1.5.33,<2", "boto3")
"""MiniStack, and what functions find on AWS besides Python."""

START_SECONDS = 60.0
_SCRIPTS, _EXE = ("Scripts", ".exe") if sys.platform == "win32" else ("bin", "")


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud to run notebooks on. ``name`` is what its differences are listed under, ``url`` where it answers."""

    name: str
    url: str = ""
    program: Path | None = None

    @property
    def is_here(self) -> bool:
        """Tell whether nothing of a run leaves this machine."""
        return self.name != AWS and (not self.url or is_loopback(urlsplit(self.url).hostname or ""))

    @property
    def is_kept(self) -> bool:
        """Tell whether what a notebook leaves behind there outlives the run."""
        return self.name == AWS or bool(self.url)

    @contextmanager
    def running(self) -> Iterator[str]:
        """Start it afresh where it is ours to start, and yield what the variable CLOUD has to say; stop it after."""
        if self.url or self.name in (MOTO, AWS):
            yield self.url or self.name
        else:
            with _served(*(_ministack(self.program) if self.program else _serve())) as url:
                yield url


def cloud_of(said: str, root: Path) -> Cloud:
    """Return the cloud that somebody names: ``ministack``, or ``http://127.0.0.1:4566``.

    Installs MiniStack where it is wanted and missing. Raises ConfigurationError where there is no such cloud, where it
    cannot be installed, and for ``aws`` where nobody has said yes beforehand: no kernel of a run can ask.
    """
    if said.startswith(("http://", "https://")):
        return Cloud(_name_of(said), said.rstrip("/"))
    if said == AWS and not os.environ.get("UPGRADE101_YES"):
        raise ConfigurationError(
            "the lessons would create things in an AWS account, and nobody can be asked during a run",
            hint="UPGRADE101_YES=ACCOUNT python3 start.py elsewhere aws, with its number; =1 says yes to any",
        )
    if said in (MOTO, SERVE, AWS):
        return Cloud(said)
    if said == MINISTACK:
        return Cloud(said, program=ministack_program(root))
    raise ConfigurationError(f"there is no cloud {said!r}", hint="ministack, serve, moto, aws or http://127.0.0.1:4566")


def _name_of(url: str) -> str:
    """Return whose cloud answers at an address, as far as it says so itself."""
    with (
        suppress(OSError, ValueError),
        urllib.request.urlopen(f"{url.rstrip('/')}/_ministack/health", timeout=3) as answer,
    ):
        if "services" in json.load(answer):
            return MINISTACK
    return url


# ── MiniStack: where it is ───────────────────────────────────────────────────────────────────────────────────────────


def ministack_program(root: Path) -> Path:
    """Return MiniStack's program: the one that MINISTACK names, or our own, installed if need be.

    Raises ConfigurationError where there is none and none can be installed.
    """
    if said := os.environ.get("MINISTACK"):
        if not Path(said).is_file():
            raise ConfigurationError(f"MINISTACK says {said}, and that is no file", hint="the program, bin/ministack")
        return Path(said)
    folder = root / ".upgrade101" / "ministack"
    program = folder / _SCRIPTS / f"ministack{_EXE}"
    folder.parent.mkdir(exist_ok=True)
    lock = Lock(folder.parent / "ministack.lock")
    while not lock.take():  # another installs it; it is worth waiting for
        time.sleep(0.5)
    try:
        if not _is_whole(folder, program):
            _install(folder)
    finally:
        lock.give_back()
    return program


def _is_whole(folder: Path, program: Path) -> bool:
    stamp = folder / "whole"
    return program.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == _stamp()


def _stamp() -> str:
    return "\n".join([*PACKAGES, sys.version])


def _install(folder: Path) -> None:
    """Make MiniStack's own environment, with uv where it is at hand."""
    shutil.rmtree(folder, ignore_errors=True)
    python = str(folder / _SCRIPTS / f"python{_EXE}")
    steps = [
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "install", "-q", "--retries", "1", *PACKAGES],
    ]
    if uv := shutil.which("uv"):
        steps = [[uv, "venv", "-q", "--python", sys.executable, str(folder)]]
        steps += [[uv, "pip", "install", "-q", "--python", python, *PACKAGES]]
    for step in steps:
        ran = subprocess.run(step, capture_output=True, text=True, env=_without(os.environ, "PIP_", "UV_PYTHON"))
        if ran.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            said = (ran.stderr or ran.stdout).strip().splitlines() or ["it ended without a word"]
            hint = "try again with a network, or set MINISTACK to its program, or give its address instead"
            raise ConfigurationError(f"MiniStack cannot be installed: {said[-1]}", hint=hint)
    (folder / "whole").write_text(_stamp(), encoding="utf-8")


# ── clouds that are started for a run ────────────────────────────────────────────────────────────────────────────────

_Served = tuple[Sequence[str], int, dict[str, str]]  # a command, the port it is told, and its environment


def _serve() -> _Served:
    port = free_port()
    command = [sys.executable, "-m", "upgrade101", "serve", "--port", str(port), "--functions", "processes", "--quiet"]
    return command, port, _without(os.environ, "AWS_")


def _ministack(program: Path) -> _Served:
    port = free_port()
    own = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "PERSIST_STATE": "0"}
    return [str(program)], port, {**_without(os.environ, "AWS_"), **own}


def _without(environ: Mapping[str, str], *beginnings: str) -> dict[str, str]:
    """Return an environment without some names: no key of an account is a cloud's business."""
    return {name: value for name, value in environ.items() if not name.startswith(beginnings)}


def free_port() -> int:
    """Return a port of this machine that nobody listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def _served(command: Sequence[str], port: int, environ: Mapping[str, str]) -> Iterator[str]:
    """Start a program, wait until it answers, and end it with all that it has started."""
    with (
        tempfile.TemporaryDirectory(prefix="cloud-", ignore_cleanup_errors=True) as folder,
        Path(folder, "log").open("w+b") as log,
    ):
        process = subprocess.Popen(command, cwd=folder, env=dict(environ), stdout=log, stderr=log)
        try:
            _wait_for(process, port, Path(folder, "log"))
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(process)


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    patience = time.monotonic() + START_SECONDS
    while time.monotonic() < patience and process.poll() is None:
        with suppress(OSError, ValueError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["nothing"]
    raise ConfigurationError(f"{process.args!r} does not answer; it said last: {said[-1]}", hint="run it by hand")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and its children: functions run in processes of their own, and would stay."""
    family: list[psutil.Process] = []
    with suppress(psutil.Error):
        family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in family:
        with suppress(psutil.Error):
            child.kill()
