"""Execution environments in child processes: killed at the timeout, and nothing that they do ends the cloud.

The other side is ``child``. Three pipes lead there in the places of stdin, stdout and stderr, which every system can
hand to a child: events, answers, and a lifeline that says nothing and whose end the child takes as its own. What its
handler prints comes as frames; what programs and C libraries write to the usual numbers lands in a file beside them.
"""

from __future__ import annotations

import codecs
import contextlib
import functools
import importlib.util
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...gateway.errors import ConfigurationError
from . import frames, runtime
from .environments import Ending, Environment, Execution, Owner, Result
from .frames import Broken, Frames
from .function_log import MOST_PRINTED, FunctionLog
from .modules import RUNTIME_PACKAGES
from .specs import Document, Start, Started

log = logging.getLogger("upgrade101.functions")

MOST_AT_ONCE = 16  # environments of one function: each is a process of 15 MB, or of 60 with boto3

_HERE = str(Path(__file__).parent)
_BOOT = (
    "import sys; me = type(sys)('_upgrade101'); me.__path__ = [sys.argv[1]]; sys.modules['_upgrade101'] = me;"
    " from _upgrade101.child import main; main()"
)
ALONE = ("-I", "-S", "-X", "utf8")
"""How Python is started for functions: it finds the standard library, and no package but what it is told of."""

_MEGABYTE = 1024 * 1024
_STACKS_MB = 512  # threads that do nothing count with their whole stacks, which no one on AWS pays for
_NEEDED = ("SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_PATIENCE_SECONDS = 5.0
_SIGKILL = 9


class ProcessEnvironment(Environment):
    """Runs the handler in a Python of its own."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(owner)
        self._child: Process | None = None
        self._halted = False
        self._halting = threading.Lock()

    # ── cold start ───────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self, execution: Execution) -> Result | None:
        if self._child is not None and self._child.has_ended():  # while it was idle: nobody on AWS hears of that
            self._leave()
            self.log = FunctionLog(self.spec, self._owner.settings.listeners, self._owner.code.shown_as)
            self._cold = True
        return super()._run(execution)

    def _start(self, execution: Execution) -> Ending | None:
        self._owner.watch(self, execution, self._owner.settings.init_seconds)
        try:
            self._owner.code.unpack()
            folder = self._owner.code.folder
            beside = folder / f"{self.log.stream_name[-12:]}.out"
            child = Process(beside, self._variables(), self._owner.settings.start(folder) or started)
        except runtime.Fault as fault:
            return self._broke(self._failed(runtime.fault_document(fault)))
        except OSError as error:  # no Python, or no more processes
            document = runtime.fault_document(runtime.Fault("Runtime.InvalidEntrypoint", f"Error: {error}"))
            return self._broke(self._failed(document))
        with self._halting:
            self._child = child
            if self._halted:
                child.kill()
        frame = self._ask(child, frames.BEGIN, json.dumps(self._told(child)).encode())
        if frame is not None and frame[0] == frames.READY:
            return None
        return self._broke(self._ending(child, frame, execution.request_id))

    def _variables(self) -> dict[str, str]:
        """Return the child's environment variables: nothing of this process's, but what starts Python."""
        settings, spec = self._owner.settings, self.spec
        return {
            **needed(),
            **settings.variables,
            "AWS_ENDPOINT_URL": settings.endpoint(),
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": f"https://execute-api.{spec.region}.amazonaws.com",  # as ever
            **runtime.variables_of(spec, self.log.stream_name, str(self._owner.code.task_root)),
        }

    def _told(self, child: Process) -> Document:
        """Return what the child has to know."""
        code, spec = self._owner.code, self.spec
        return {
            "function_name": spec.function_name,
            "version": spec.version,
            "handler": spec.handler,
            "memory_size": spec.memory_size,
            "memory_bytes": (spec.memory_size + _STACKS_MB) * _MEGABYTE,
            "log_group_name": spec.log_group_name,
            "log_stream_name": self.log.stream_name,
            "task_root": str(code.task_root),
            "path": code.path,
            "places": code.places,
            "packages": folders_of(RUNTIME_PACKAGES | self._owner.settings.also),
            "endpoint": self._owner.settings.endpoint(),
            "output": str(child.beside),
        }

    # ── one invocation ───────────────────────────────────────────────────────────────────────────────────────────

    def _invoke(self, execution: Execution) -> Ending:
        child = self._child
        assert child is not None
        latency = dict(self._owner.settings.latency())
        head = (execution.request_id, execution.function_arn, self.spec.timeout, execution.client_context, latency)
        event = f"{json.dumps(head)}\n{json.dumps(execution.make_event())}"
        self._owner.watch(self, execution, self.spec.timeout)
        frame = self._ask(child, frames.INVOKE, event.encode())
        return self._ending(child, frame, execution.request_id)

    def _ask(self, child: Process, kind: int, body: bytes) -> tuple[int, bytes] | None:
        """Tell the child something and wait for what comes of it, logging meanwhile; None where it ended over it."""
        try:
            child.frames.send(kind, body)
            while True:
                frame = child.frames.receive()
                if frame is None or not self._logged(child, *frame):
                    self._log_beside(child)
                    return frame
        except OSError:  # it has ended
            return None
        except Broken as fault:
            log.warning("the process of %s writes where it must not: %s", self.spec.function_name, fault)
            child.kill()
            return None

    def _logged(self, child: Process, kind: int, body: bytes) -> bool:
        if kind not in (frames.OUTPUT, frames.RECORD):
            return False
        self._log_beside(child, int.from_bytes(body[:8], "big"))
        if kind == frames.OUTPUT:
            self.log.write(child.decode(body[8:]))
        else:
            self.log.record(body[8:].decode("utf-8", "replace"))
        return True

    def _log_beside(self, child: Process, end: int | None = None) -> None:
        text = child.new_beside(end)
        if text:
            self.log.write(text)

    def _ending(self, child: Process, frame: tuple[int, bytes] | None, request_id: str) -> Ending:
        """Return what a child's last frame comes to, or its end."""
        peak, text = _measured(frame[1]) if frame is not None else (0, None)
        if frame is None or text is None:
            status = child.wait()
            return self._broke(self._ended(child, status, request_id, starved=status == -_SIGKILL and not child.killed))
        if peak:
            self.max_memory_used = max(self.max_memory_used or 0, min(peak, self.spec.memory_size))
        if peak > self.spec.memory_size:  # AWS would have killed it on the way
            return self._broke(self._ended(child, -_SIGKILL, request_id, starved=True))
        return Ending(text) if frame[0] == frames.ANSWER else self._failed(json.loads(text))

    def _ended(self, child: Process, status: int, request_id: str, *, starved: bool) -> Ending:
        self._log_beside(child)
        if starved:
            self.max_memory_used = self.spec.memory_size
        error_type = "Runtime.OutOfMemory" if starved else "Runtime.ExitError"
        return self._exited(runtime.exit_document(status, request_id, error_type=error_type))

    def _broke(self, ending: Ending) -> Ending:
        self.broken = True
        return ending

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _halt(self) -> None:
        with self._halting:
            self._halted = True
            if self._child is not None:
                self._child.kill()

    def _leave(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.close()


def _measured(body: bytes) -> tuple[int, str | None]:
    """Return the peak of a child's memory (MB, rounded up) and the text of a frame; None where it is none."""
    try:
        return -(-int.from_bytes(body[:4], "big") // 1024), body[4:].decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return 0, None


class Process:
    """A child process and what leads to it; ``kill`` may come from any thread, the rest from one."""

    def __init__(self, beside: Path, variables: dict[str, str], start: Start) -> None:
        self.beside = beside  # the file for what does not come through Python
        self._output = beside.open("ab+")
        self._seen = 0
        self._buried = False
        self.killed = False  # by us, and not by the kernel
        self.decode = functools.partial(codecs.getincrementaldecoder("utf-8")("replace").decode)
        self._lock = threading.Lock()
        events, answers, lifeline = os.pipe(), os.pipe(), os.pipe()
        self.frames = Frames(answers[0], events[1])
        self._lifeline = lifeline[1]
        try:
            self._popen = start(events[0], answers[1], lifeline[0], variables)
        except BaseException:
            self._close_files()
            raise
        finally:
            for theirs in (events[0], answers[1], lifeline[0]):
                os.close(theirs)

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._popen.pid

    def has_ended(self) -> bool:
        """Tell whether it has ended by itself; what it has left behind is killed then."""
        if self._popen.poll() is None:
            return False
        self.kill()
        return True

    def wait(self) -> int:
        """Wait until it has ended; return its exit status, or the negative number of the signal that ended it."""
        status = self._popen.wait()
        self.kill()
        return status

    def kill(self) -> None:
        """Kill it and what it has started; harmless where it has ended."""
        with self._lock:
            if self._buried:
                return
            self.killed = self.killed or self._popen.poll() is None
            if sys.platform == "win32":
                self._popen.kill()
            else:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._popen.pid, signal.SIGKILL)
            self._buried = self._popen.poll() is not None  # its number may be another's from now on

    def new_beside(self, end: int | None = None) -> str:
        """Return what has been written beside Python since the last call, as far as ``end`` if that is given."""
        with self._lock:
            size = os.fstat(self._output.fileno()).st_size if end is None else end
            if size <= self._seen:
                return ""
            self._output.seek(self._seen)
            text = self._output.read(min(size - self._seen, MOST_PRINTED + 1))  # the log takes no more
            self._seen = size
        return text.decode("utf-8", "replace")

    def close(self) -> None:
        """Kill it, wait for its end, and let go of everything that leads to it."""
        self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(_PATIENCE_SECONDS)
        self._close_files()

    def _close_files(self) -> None:
        with self._lock:
            self.frames.close()
            os.close(self._lifeline)
            self._output.close()
        with contextlib.suppress(OSError):
            self.beside.unlink()


def started(
    events: int, answers: int, lifeline: int, variables: Mapping[str, str], wrap: Sequence[str] = ()
) -> Started:
    """Start a Python of its own for a function; ``wrap`` is what stands before its command: a sandbox."""
    return subprocess.Popen(
        [*wrap, _python(), *ALONE, "-c", _BOOT, _HERE],
        stdin=events,
        stdout=answers,
        stderr=lifeline,
        env=dict(variables),
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def needed() -> dict[str, str]:
    """Return the environment variables without which Python does not start."""
    return {name: os.environ[name] for name in _NEEDED if name in os.environ}


def _python() -> str:
    if not sys.executable:
        raise ConfigurationError("no Python is known that could run functions in processes", hint="use threads")
    return sys.executable


@functools.cache
def folders_of(names: frozenset[str]) -> dict[str, str]:
    """Return where the packages lie that functions may import beyond the standard library."""
    folders = {}
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            place = Path(spec.origin)
            folders[name] = str(place.parent.parent if spec.submodule_search_locations else place.parent)
    return folders


def own_endpoint(host: str, port: int) -> str:
    """Return how this machine reaches a server that listens at ``host``.

    >>> own_endpoint("0.0.0.0", 4566), own_endpoint("::", 80), own_endpoint("127.0.0.1", 80)
    ('http://127.0.0.1:4566', 'http://[::1]:80', 'http://127.0.0.1:80')
    """
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"
