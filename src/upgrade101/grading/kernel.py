"""The kernel of a submission, seen from the marker: started in its sandbox, asked to run cells, watched, ended."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from .inside.names import MIME

START_SECONDS = 30.0
MOST_MESSAGE = 4 * 1024 * 1024
_PATIENCE = 2.0  # seconds after an interrupt


class Gone(Exception):
    """The kernel is not there any more, or does not answer; says what happened."""


@dataclass(slots=True)
class Said:
    """What came of running a piece of code."""

    error: str = ""
    payload: Any = None  # what handing over has said
    in_time: bool = True
    output: int = 0  # bytes


class Kernel:
    """One kernel.

    ``command`` returns what stands before Python's own command, given the file that tells the kernel its ports;
    ``variables`` are all that it has in its environment. Marker and kernel talk over unix sockets in the folder
    ``sockets``, or over loopback where none is given.
    """

    def __init__(
        self,
        folder: Path,
        command: Callable[[Path], Sequence[str]],
        variables: Mapping[str, str],
        *,
        cwd: Path,
        most_output: int,
        sockets: Path | None = None,
    ) -> None:
        self.most_output = most_output
        self.output = 0
        self._file = folder / f"kernel-{secrets.token_hex(8)}.json"
        _write_connection_file(self._file, sockets)
        python = [sys.executable, "-m", "ipykernel_launcher", "-f", str(self._file)]
        self._log = (folder / "kernel.log").open("wb")
        self._popen = subprocess.Popen(
            [*command(self._file), *python, *_QUIET],
            env=dict(variables),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self._context = zmq.Context()
        self._context.setsockopt(zmq.MAXMSGSIZE, MOST_MESSAGE)
        self._context.setsockopt(zmq.RCVHWM, 64)
        self._client = BlockingKernelClient(connection_file=str(self._file), context=self._context)
        self._client.load_connection_file()
        self._client.start_channels(shell=True, iopub=True, stdin=False, hb=False, control=False)

    @staticmethod
    def ports(file: Path) -> list[int]:
        """Return the ports of a connection file."""
        return [port for name, port in json.loads(file.read_text()).items() if name.endswith("_port")]

    @property
    def pid(self) -> int:
        """Return the number of the process that was started: the kernel's, or that of who watches over it."""
        return self._popen.pid

    def has_ended(self) -> bool:
        """Tell whether it has ended by itself."""
        return self._popen.poll() is not None

    def wait_until_ready(self) -> None:
        """Wait until it answers. Raises Gone."""
        deadline, seconds = time.monotonic() + START_SECONDS, 0.1  # what it says before anybody hears it is lost
        while time.monotonic() < deadline:
            said = self.run("None", seconds=seconds, interrupt=False)
            if said.in_time:
                return
            seconds = min(2 * seconds, 5.0)
        raise Gone("the kernel did not start")

    def run(self, code: str, *, seconds: float, interrupt: bool = True) -> Said:
        """Run code and wait for its end; interrupt it where that takes too long. Raises Gone."""
        said = Said(in_time=False)
        asked = self._client.execute(code, silent=False, store_history=False, allow_stdin=False, stop_on_error=False)
        if self._listen(asked, said, time.monotonic() + seconds):
            said.in_time = True
            return said
        if interrupt:
            self._popen.send_signal(signal.SIGINT)
            if not self._listen(asked, said, time.monotonic() + _PATIENCE):
                raise Gone(f"it was still running after {seconds:g} s, and could not be stopped")
            said.error = ""
        return said

    def _listen(self, asked: str, said: Said, deadline: float) -> bool:
        """Take what the kernel says until it is done with what was asked; tell whether it is."""
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = self._client.get_iopub_msg(timeout=min(left, 0.25))
            except queue.Empty:
                self._look_alive()
                continue
            except Exception as error:  # what it sent is no message: nobody honest does that
                raise Gone(f"it sent what is no message ({type(error).__name__})") from None
            if self._take(message, asked, said):
                return True
        return False

    def _look_alive(self) -> None:
        status = self._popen.poll()
        if status is not None:
            raise Gone(f"the kernel has ended {_how(status)}")

    def _take(self, message: Any, asked: str, said: Said) -> bool:
        kind, content = message["msg_type"], message["content"]
        size = len(json.dumps(content, default=str)) if kind in _OUTPUTS else 0
        said.output += size
        self.output += size
        if self.output > self.most_output:
            raise Gone(f"it wrote more than {self.most_output // 2**20} MB of output")
        if message["parent_header"].get("msg_id") != asked:
            return False
        if kind == "error":
            said.error = f"{content.get('ename')}: {content.get('evalue')}"[:500]
        elif kind == "display_data" and MIME in content.get("data", {}):
            said.payload = _payload(content["data"][MIME])
        return bool(kind == "status" and content.get("execution_state") == "idle")

    def close(self) -> None:
        """Kill it, with all that it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.kill()
        self._popen.wait()
        self._client.stop_channels()
        self._context.destroy(linger=0)
        self._log.close()
        self._file.unlink(missing_ok=True)


def _write_connection_file(path: Path, sockets: Path | None) -> None:
    key = secrets.token_hex(32).encode()
    if sockets is None:
        write_connection_file(str(path), key=key)
    else:
        write_connection_file(str(path), key=key, transport="ipc", ip=str(sockets / path.stem[-8:]))


_OUTPUTS = ("stream", "display_data", "execute_result", "error", "update_display_data")
_QUIET = ("--HistoryManager.enabled=False", "--IPKernelApp.log_level=50")


def _payload(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None


def _how(status: int) -> str:
    """Return how a process ended, in words.

    >>> _how(-9), _how(3)
    ('by SIGKILL', 'with exit code 3')
    """
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"by {signal.Signals(-status).name}"
    return f"with exit code {status}"
