"""A client that tells what passes over its line: all that is seen of a connection where the gateway is out of sight.

What it sends is *received* by the gateway and what it gets was *sent*, as the gateway itself would tell it. Its
connection id it never learns.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.sync.client import ClientConnection

from ..gateway.happenings import Closed, Happening, Knocked, Opened, Received, Refused, Sent

Tell = Callable[[Happening], None]

ABNORMAL = 1006
_numbers = count(1)


class Line(ClientConnection):
    """``websockets``' own client, which tells ``tell`` what passes; ``url`` is the address as the notebook knows it."""

    def __init__(self, *args: Any, tell: Tell, url: str, **options: Any) -> None:
        parts = urlsplit(url)
        self._tell_whom = tell
        self._path = parts.path + (f"?{parts.query}" if parts.query else "")
        self._who = {
            "api_id": (parts.hostname or "").partition(".")[0],
            "stage": parts.path.strip("/").partition("/")[0],
            "connection_id": f"line {next(_numbers)}",
        }
        self._begun = b""
        super().__init__(*args, **options)

    def _told(self, kind: type[Happening], **what: Any) -> None:
        self._tell_whom(kind(at=time.time(), **self._who, **what))

    def handshake(self, additional_headers: Any = None, *args: Any, **options: Any) -> None:
        """Perform the opening handshake, and tell of the knock and of what came of it."""
        asked = additional_headers.items() if hasattr(additional_headers, "items") else additional_headers or ()
        self._told(Knocked, path=self._path, headers=tuple((str(name), str(value)) for name, value in asked))
        try:
            super().handshake(additional_headers, *args, **options)
        except InvalidStatus as refusal:
            answer = refusal.response
            self._told(Refused, status=answer.status_code, message=_message(answer.body or b""))
            raise
        self._told(Opened, subprotocol=self.subprotocol or "")

    def recv(self, timeout: float | None = None, decode: bool | None = None) -> Any:
        """Return the next message; wait longer for it than on this machine."""
        return super().recv(patience(timeout), decode)

    def send(self, message: Any, **options: Any) -> None:
        """Send a message, and tell of it."""
        if self.state is State.OPEN:  # told before it goes, because the answer is told by another thread
            self._told(Received, text=_read(message))
        super().send(message, **options)

    def process_event(self, event: Any) -> None:
        """Tell of each whole message that arrives, when it arrives."""
        if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._begun += bytes(event.data)
            if event.fin:
                self._told(Sent, text=_read(self._begun), because="")
                self._begun = b""
        super().process_event(event)

    def recv_events(self) -> None:
        """Read until the line ends, and tell how it did."""
        super().recv_events()
        if self.response is None or self.response.status_code != 101:
            return
        protocol = self.protocol
        told, own = protocol.close_rcvd, protocol.close_sent
        if told is None:
            self._told(Closed, code=ABNORMAL, reason="", by="network")
        elif protocol.close_rcvd_then_sent:
            self._told(Closed, code=told.code, reason=told.reason, by="gateway", answered=own.code if own else 0)
        else:
            self._told(Closed, code=own.code if own else told.code, reason=own.reason if own else "", by="client")


def patience(timeout: float | None) -> float | None:
    """Return how long to wait where a function may start cold, far away: five times as long, four seconds at most more.

    >>> patience(0.2), patience(2), patience(30), patience(0), patience(None)
    (1.0, 6.0, 34.0, 0, None)
    """
    return timeout and min(5 * float(timeout), timeout + 4.0)


def _read(message: Any) -> str:
    """Return a message as text.

    >>> _read(b"hi"), _read("ho"), _read(bytes([0xff])), _read(["in ", "pieces"])
    ('hi', 'ho', '1 byte', 'in pieces')
    """
    if isinstance(message, str):
        return message
    if isinstance(message, list | tuple):
        return "".join(map(_read, message))
    if not isinstance(message, bytes | bytearray | memoryview):
        return "a message in pieces"
    try:
        return bytes(message).decode()
    except UnicodeDecodeError:
        return f"{len(message)} byte{'s' if len(message) != 1 else ''}"


def _message(body: bytes | bytearray) -> str:
    """Return the words of a refusal.

    >>> _message(b'{"message": "Forbidden"}'), _message(b"")
    ('Forbidden', '')
    """
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return bytes(body).decode(errors="replace")[:100]
