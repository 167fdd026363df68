"""What ``serve`` says while it serves: a line for each thing that happens, from a thread of its own.

Who serves messages never waits for a terminal: what cannot be written in time is left out, and counted.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from logging.handlers import QueueHandler, QueueListener

from .gateway.happenings import Answered, Closed, Happening, Managed, Opened, Received, Refused, Routed, Sent
from .localcloud.local import LocalCloud
from .wire.strings import moment, one_line, shorten

COLUMNS = 100
_WAITING = 10_000  # lines that may wait to be written
_WHY = {"reply": "the function's answer", "error": "the gateway", "post": "@connections"}

log = logging.getLogger("upgrade101.serve")


def words(happening: Happening) -> str:
    """Return what happened as a line, or '' where that goes without saying.

    >>> words(Received(at=0, connection_id="LkTz3dQpIAMCJZw=", text='{"action": "say"}'))
    'LkTz3dQpIAMCJZw=  received  {"action": "say"}'
    >>> words(Closed(at=0, connection_id="LkTz3dQpIAMCJZw=", code=1001, reason="Going away", by="gateway"))
    'LkTz3dQpIAMCJZw=  closed    1001 Going away, by the gateway'
    """
    match happening:
        case Opened():
            return _line(happening, "connected", f"to {happening.api_id}/{happening.stage}")
        case Refused():
            return _line(happening, "refused", f"{happening.status} {happening.message}")
        case Received():
            return _line(happening, "received", happening.text)
        case Routed(route_key=""):
            return _line(happening, "no route", f"for {happening.selected!r}, and there is no $default")
        case Answered():
            failure = f": {happening.error}" if happening.error else ""
            who = f"{happening.route_key}  {happening.target}, {moment(happening.seconds)}"
            return _line(happening, "failed" if failure else "answered", f"{who}{failure}")
        case Sent():
            return _line(happening, "sent", f"{happening.text}  ({_WHY.get(happening.because, happening.because)})")
        case Managed() if happening.status >= 400 or happening.method != "POST":
            return _line(happening, happening.method, f"@connections: {happening.status}")
        case Closed():
            how = " ".join(filter(None, [str(happening.code), happening.reason]))
            return _line(happening, "closed", f"{how}, by the {happening.by}")
    return ""


def _line(happening: Happening, what: str, more: str) -> str:
    return shorten(f"{happening.connection_id or '-':16}  {what:9} {one_line(more)}", COLUMNS).rstrip()


class _Leaving(QueueHandler):
    """Hands lines over without waiting; where there is no room it counts them."""

    def __init__(self, lines: queue.Queue[logging.LogRecord]) -> None:
        super().__init__(lines)
        self._left_out = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        """Put a line down, after how many there was no room for."""
        try:
            if self._left_out:
                said = f"… {self._left_out} lines left out: they came faster than they could be written"
                self.queue.put_nowait(logging.makeLogRecord({**vars(record), "msg": said, "args": None}))
                self._left_out = 0
            self.queue.put_nowait(record)
        except queue.Full:
            self._left_out += 1


def narrate(cloud: LocalCloud, write: logging.Handler) -> Callable[[], None]:
    """Say what happens at a cloud, what its functions print, and what its log says; return what ends it."""
    lines: queue.Queue[logging.LogRecord] = queue.Queue(_WAITING)
    handler, listener = _Leaving(lines), QueueListener(lines, write)
    top = logging.getLogger("upgrade101")
    ends = ExitStack()
    listener.start()
    ends.callback(listener.stop)
    top.addHandler(handler)
    ends.callback(partial(top.removeHandler, handler))
    ends.callback(cloud.gateway.watch(_say))
    cloud.functions.on_log.append(_repeat)
    ends.callback(cloud.functions.on_log.remove, _repeat)
    return ends.close


def _say(happening: Happening) -> None:
    said = words(happening)
    if said:
        log.info("%s", said)


def _repeat(function_name: str, request_id: str, text: str) -> None:
    for line in text.splitlines():
        log.info("[%s] %s", function_name, line)
