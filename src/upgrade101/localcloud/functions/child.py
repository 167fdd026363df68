"""The inside of an execution environment in a child process: everything that runs before and round the handler.

Nothing of the rest of the package is loaded here, and of the standard library only what is needed, because every cold
start waits for it. See ``processes`` for the other side.
"""

from __future__ import annotations

import _thread
import builtins
import importlib
import io
import json
import os
import sys
import time

from . import frames, network, runtime
from .frames import Frames

TYPE_CHECKING = False  # without ``typing``, which takes longer to import than all the rest
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any

    from .specs import Document

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_STATUS = "/proc/self/status"
_PEAK = b"VmHWM:"
_KILLED = 137


def main() -> None:
    """Live: take up the channels, load the handler, answer one event after the other, end with the cloud."""
    child = Child(*_channels())
    child.begin()
    while True:
        child.serve()


def _channels() -> tuple[int, int, int]:
    """Return what came as stdin, stdout and stderr (events, answers, and what ends with the cloud) under other numbers.

    The handler may print, start programs and close what it likes.
    """
    events, answers, lifeline = (os.dup(number) for number in (_STDIN, _STDOUT, _STDERR))
    if sys.platform == "win32":
        import msvcrt

        for number in (events, answers, lifeline):
            msvcrt.setmode(number, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (_STDIN, _STDOUT, _STDERR):
        os.dup2(nothing, number)
    os.close(nothing)
    return events, answers, lifeline


def _end_with(lifeline: int) -> None:
    """End as soon as the cloud is gone, whatever runs here: its end of the lifeline has closed then."""
    parent = os.getppid()
    try:
        os.read(lifeline, 1)
    except OSError:  # the handler has closed it before this thread came to look
        while os.getppid() == parent:
            time.sleep(1)
    end_all()


def end_all() -> None:
    """End this process, and the programs that the handler has started where they can be found."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, 9)
    os._exit(_KILLED)


def _signal_with(lifeline: int) -> None:
    """Have the kernel do the same with a signal: a handler may hold the interpreter's lock for ever."""
    try:
        import fcntl

        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp() if os.getpgrp() == os.getpid() else os.getpid())
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)
    except (ImportError, AttributeError, OSError):
        return  # not on this system


class Child:
    """The execution environment, seen from inside."""

    def __init__(self, events: int, answers: int, lifeline: int) -> None:
        self._frames = Frames(events, answers)
        self._lock = _thread.allocate_lock()
        self._forked = False
        self._request_id = ""
        self._status = os.open(_STATUS, os.O_RDONLY) if os.path.exists(_STATUS) else -1
        _thread.start_new_thread(_end_with, (lifeline,))
        _signal_with(lifeline)

    # ── the beginning ────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """Take in what there is to know, and load the handler's module; ends the process where that fails."""
        told = self._frames.receive()
        if told is None:
            end_all()
            return
        self._told: dict[str, Any] = json.loads(told[1])
        self._spec: Any = _Spec(self._told)
        self._places = [(prefix, shown) for prefix, shown in self._told["places"]]
        self._redirect_output(self._told["output"])
        _limit_memory(self._told["memory_bytes"])
        self._make_home()
        try:
            self._handler = runtime.find_handler(self._told["handler"], importlib.import_module)
        except runtime.Fault as fault:
            self._fail(runtime.fault_document(fault))
        except MemoryError:
            _out_of_memory()
        except Exception as error:
            self._fail(self._document(error, ""))
        else:
            self._send(frames.READY, b"")
            return
        sys.exit(1)

    def _redirect_output(self, path: str) -> None:
        """Send what Python prints to the log, and what programs write to the usual numbers into a file beside it."""
        beside = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number in (_STDOUT, _STDERR):
            os.dup2(beside, number)
        os.close(beside)
        raw = _Output(self._print)
        out, err = io.BufferedWriter(raw), io.BufferedWriter(raw)
        streams = {
            "stdin": io.TextIOWrapper(io.BytesIO()),
            "stdout": io.TextIOWrapper(out, "utf-8", "replace", line_buffering=True),
            "stderr": io.TextIOWrapper(err, "utf-8", "backslashreplace", line_buffering=True),
        }
        vars(sys).update(streams, **{f"__{name}__": stream for name, stream in streams.items()})
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._left)

    def _left(self) -> None:
        """Take note that this is a fork of the handler's: it has no say in what goes to the cloud."""
        self._forked = True
        self._frames.close()

    def _make_home(self) -> None:
        """Make the process look as on AWS: its folder, its modules, its logging, its network."""
        os.chdir(self._told["task_root"])
        sys.path[:0] = self._told["path"]
        sys.argv[:] = ["/var/runtime/bootstrap.py"]
        sys.meta_path.append(Packages(self._told["packages"]))
        _site_builtins()
        network.confine(self._told["endpoint"], self._told["function_name"])
        network.when_imported("logging", self._configure_logging)

    def _configure_logging(self, module: ModuleType) -> None:
        runtime.lambda_logging(module, lambda text: self._say(frames.RECORD, _bytes(text)), lambda: self._request_id)

    # ── one event after the other ────────────────────────────────────────────────────────────────────────────────

    def serve(self) -> None:
        """Wait for an event, run the handler, and send what it answers; ends the process where the cloud is gone."""
        frame = self._frames.receive()
        if frame is None:
            end_all()
            return
        head, _, event = frame[1].partition(b"\n")
        self._request_id, arn, seconds, client_context, network.latency = json.loads(head)
        deadline = time.monotonic() + seconds
        who = (self._request_id, arn, deadline, client_context)
        context = runtime.Context(self._spec, self._told["log_stream_name"], *who)
        try:
            answer = _bytes(runtime.marshal(self._handler(json.loads(event), context)))
        except runtime.Fault as fault:
            self._fail(runtime.fault_document(fault, self._request_id))
        except MemoryError:
            _out_of_memory()
        except Exception as error:
            self._fail(self._document(error, self._request_id))
        else:
            self._answer(frames.ANSWER, answer)

    def _document(self, error: Exception, request_id: str) -> Document:
        trace = runtime.stack_trace(error.__traceback__, lambda name: runtime.file_shown_as(name, self._places))
        return runtime.error_document(error, request_id, trace)

    def _fail(self, document: Document) -> None:
        self._answer(frames.FAILED, json.dumps(document).encode())

    def _answer(self, kind: int, body: bytes) -> None:
        for stream in (sys.stdout, sys.stderr):
            _flush(stream)
        self._send(kind, self._peak().to_bytes(4, "big") + body)

    def _peak(self) -> int:
        """Return how much memory (KB) the process has had at most, or 0 where that is not known."""
        if self._status >= 0:
            text = os.pread(self._status, 4096, 0)
            start = text.find(_PEAK) + len(_PEAK)
            return int(text[start : text.index(b"k", start)])
        return 0

    def _print(self, text: bytes) -> None:
        if self._forked:
            os.write(_STDOUT, text)
        else:
            self._say(frames.OUTPUT, text)

    def _say(self, kind: int, text: bytes) -> None:
        """Send what belongs into the log, and where: after what has been written beside it up to now."""
        try:
            beside = os.fstat(_STDOUT).st_size
        except OSError:  # the handler has closed it
            beside = 0
        self._send(kind, beside.to_bytes(8, "big") + text)

    def _send(self, kind: int, body: bytes) -> None:
        with self._lock:
            self._frames.send(kind, body)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _flush(stream: Any) -> None:
    try:
        stream.flush()
    except (AttributeError, ValueError, OSError):
        return  # the handler has put something else in its place, or closed it


class _Spec:
    """As much of a function's specification as a handler's context shows."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.function_name = told["function_name"]
        self.version = told["version"]
        self.memory_size = told["memory_size"]
        self.log_group_name = told["log_group_name"]


class _Output(io.RawIOBase):
    """``sys.stdout`` and ``sys.stderr``, below what makes bytes of text."""

    def __init__(self, write: Any) -> None:
        self._write = write

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return _STDOUT

    def write(self, data: Any) -> int:
        text = bytes(data)
        self._write(text)
        return len(text)


class Packages:
    """Find what AWS's environments carry besides the standard library, wherever it lies here; and nothing else."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        self._folders = folders

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find a top-level module."""
        from importlib.machinery import PathFinder

        folder = None if path is not None else self._folders.get(name)
        return None if folder is None else PathFinder.find_spec(name, [folder], target)


def _site_builtins() -> None:
    """Add what ``site`` adds to the built-in names: it was left out, because it would let in every package."""
    import _sitebuiltins

    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))


def _limit_memory(most_bytes: int) -> None:
    """Let allocations beyond a limit fail, where the system can do that."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, AttributeError, OSError, ValueError):
        return


def _out_of_memory() -> None:
    """End as on AWS, where the kernel kills what takes more memory than the function has."""
    if hasattr(os, "kill") and sys.platform != "win32":
        os.kill(os.getpid(), 9)
    os._exit(_KILLED)
