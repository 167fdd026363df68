"""What a function prints and logs: kept as CloudWatch Logs in moto, and told to whoever listens."""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable
from operator import itemgetter
from uuid import uuid4

from . import log_shelf, surroundings
from .log_shelf import Events, Line
from .specs import FunctionSpec

LogListener = Callable[[str, str, str], None]
"""Called with function name, request id and text, at once, from the thread that printed."""

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
        self._events: Events = []
        self._unfinished: dict[int, str] = {}  # by thread: a line that still lacks its end
        self._closed = False

    def begin(self, request_id: str, line: Line) -> None:
        """Open the log of an invocation with its START line; listeners hear of it under ``request_id``."""
        self.request_id = request_id
        self._events.append((_now(), line))

    def write(self, text: str) -> None:
        """Take what a thread printed; every line becomes an event as soon as it is whole."""
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
        self._events.append((_now(), message))
        if self._listeners:
            with surroundings.outside():
                self._tell(message)

    def _tell(self, message: str) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(self._spec.function_name, self.request_id, message)
            except Exception:
                log.exception("a listener to the functions' logs failed")

    def end(self, *lines: Line) -> Events:
        """Close the log of an invocation with these lines, keep it in CloudWatch Logs, and return all of it."""
        for thread in list(self._unfinished):
            self.record(self._unfinished.pop(thread, "") + "\n")
        now = _now()
        events, self._events = [*self._events, *[(now, line) for line in lines]], []
        events.sort(key=itemgetter(0))
        log_shelf.put(self._spec, self.stream_name, events)
        return events

    def close(self) -> None:
        """Take nothing more: the environment is gone."""
        self._closed = True


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
