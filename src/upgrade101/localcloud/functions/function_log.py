"""What a function prints and logs: kept as CloudWatch Logs in moto, and told to whoever listens."""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable
from operator import itemgetter
from typing import Any
from uuid import uuid4

from . import log_shelf, runtime, surroundings
from .specs import FunctionSpec

LogListener = Callable[[str, str, str], None]
"""Called with function name, request id and text, at once, from the thread that printed."""

Event = tuple[int, str]
"""Milliseconds since the epoch, and the message."""
Record = tuple[Any, ...]
"""The log of an invocation, to be read by ``events``: numbers and texts alone, which no garbage collector looks at."""

MOST_PRINTED = 8 << 20
"""Characters of one invocation that are kept: who prints without end must not fill the memory of the cloud."""
LEFT_OUT = f"... the rest is left out: the local cloud keeps {MOST_PRINTED >> 20} MB of what an invocation prints"

log = logging.getLogger(__name__)


class FunctionLog:
    """The log of one execution environment: one stream of the function's log group."""

    def __init__(
        self, spec: FunctionSpec, listeners: list[LogListener], shown_as: Callable[[str], str] = lambda text: text
    ) -> None:
        self.stream_name = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{spec.version}]{uuid4().hex}"
        self.request_id = ""
        self._spec = spec
        self._listeners = listeners
        self._shown_as = shown_as  # names files as on AWS
        self._stream = log_shelf.Stream(spec, self.stream_name, events)
        self._began = self._before = 0
        self._printed: list[Event] = []
        self._unfinished: dict[int, str] = {}  # by thread: a line that still lacks its end
        self._room = MOST_PRINTED
        self._closed = False

    def begin(self, request_id: str) -> None:
        """Open the log of an invocation; listeners hear of it under ``request_id``."""
        self.request_id = request_id
        self._began, self._before = _now(), len(self._printed)
        self._room = MOST_PRINTED

    def write(self, text: str) -> None:
        """Take what a thread printed; every line becomes an event as soon as it is whole."""
        if self._room < 0:
            return
        if len(text) > self._room:
            text, self._room = f"{text[: self._room]}\n{LEFT_OUT}\n", 0
        self._room -= len(text)
        thread = threading.get_ident()
        whole, newline, rest = (self._unfinished.pop(thread, "") + text).rpartition("\n")
        if rest:
            self._unfinished[thread] = rest
        if newline:
            for line in whole.split("\n"):
                self.record(f"{line}\n")

    def record(self, message: str) -> None:
        """Take one event, of one line or of many."""
        if self._closed:
            return
        message = self._shown_as(message)
        self._printed.append((_now(), message))
        if self._listeners:
            with surroundings.outside():
                self._tell(message)

    def _tell(self, message: str) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(self._spec.function_name, self.request_id, message)
            except Exception:
                log.exception("a listener to the functions' logs failed")

    def end(self, request_id: str, *report: Any) -> Record:
        """Close the log of an invocation, keep it in CloudWatch Logs, and return it.

        ``report`` is what ``runtime.report_line`` takes after the request id.
        """
        if self._unfinished:
            for thread in list(self._unfinished):
                self.record(self._unfinished.pop(thread, "") + "\n")
        printed: tuple[Event, ...] = ()
        size = 0
        if self._printed:
            printed, self._printed = tuple(self._printed), []
            size = sum(len(message) for _, message in printed)
        record = (self._began, _now(), self._before, printed, self._spec.version, request_id, *report)
        self._stream.put(record, size)
        return record

    def close(self) -> None:
        """Take nothing more: the environment is gone."""
        self._closed = True


def events(record: Record) -> list[Event]:
    """Return the events of an invocation: START, what was printed, END and REPORT, in the order of their time.

    >>> said = events((1, 2, 0, ((1, "hello\\n"),), "$LATEST", "6f1c", 0.0021, 128))
    >>> [at for at, _ in said], [text.split()[0] for _, text in said]
    ([1, 1, 2, 2], ['START', 'hello', 'END', 'REPORT'])
    """
    began, ended, before, printed, version, request_id, *report = record
    start, end = runtime.start_line(request_id, version), runtime.end_line(request_id)
    last = [(ended, end), (ended, runtime.report_line(request_id, *report))]
    return sorted([*printed[:before], (began, start), *printed[before:], *last], key=itemgetter(0))


def text(record: Record) -> str:
    """Return the log of an invocation as one text."""
    return "".join(message for _, message in events(record)) if record else ""


def _now() -> int:
    return int(time.time() * 1000)


class LogWriter(io.TextIOBase):
    """``sys.stdout`` and ``sys.stderr`` of a function."""

    encoding = "utf-8"

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, text: str) -> int:
        """Log a text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._write(text)
        return len(text)
