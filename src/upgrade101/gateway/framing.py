"""WebSocket frames: the protocol is websockets', and the commonest of messages need not go through it (RFC 6455, 5)."""

from __future__ import annotations

import logging

from websockets.frames import Frame, apply_mask  # type: ignore[attr-defined]  # the one in C, if any
from websockets.protocol import Protocol, Side, State

from .limits import FRAME_BYTES, MESSAGE_BYTES

log = logging.getLogger("upgrade101.gateway")

NETWORK = 1006
_REASONS = {1009: "Message too big", 1003: "Binary is not supported", 1007: "Invalid UTF-8"}
_HEAD, _LONG_HEAD = 6, 8  # bytes before a payload: opcode and length, and the mask


class Frames(Protocol):
    """websockets' frame protocol for an open server-side connection, with AWS's close reasons."""

    def __init__(self) -> None:
        super().__init__(Side.SERVER, state=State.OPEN, max_size=(MESSAGE_BYTES, FRAME_BYTES), logger=log)
        self.failed = 0
        self._between = True  # two frames: nothing of the next one has arrived

    def fail(self, code: int, reason: str = "") -> None:
        if code != NETWORK:
            self.failed = self.failed or int(code)
        super().fail(code, _REASONS.get(int(code), reason))

    def receive_data(self, data: bytes | bytearray) -> None:
        self._between = False
        super().receive_data(data)

    def recv_frame(self, frame: Frame) -> None:
        super().recv_frame(frame)
        self._between = not self.reader.buffer

    def is_between_messages(self) -> bool:
        """Tell whether what arrives next begins a message, and may be read without the parser."""
        return self._between and self.current_size is None and self.state is State.OPEN


def whole_text(data: bytes) -> bytes | None:
    """Return the payload where data are one whole text message from a client and nothing else; None for all the rest.

    Most data are, and the parser, which takes a message in any pieces, takes several times as long.

    >>> whole_text(bytes.fromhex("818537fa213d7f9f4d5158"))
    b'Hello'
    >>> whole_text(bytes.fromhex("018337fa213d7f9f4d")) is None  # the first fragment of one
    True
    """
    size = len(data)
    if size < _HEAD or data[0] != 0x81:
        return None
    if data[1] == 0x80 + size - _HEAD and size < _HEAD + 126:
        start = _HEAD
    elif data[1] == 0xFE and int.from_bytes(data[2:4], "big") == size - _LONG_HEAD <= FRAME_BYTES:
        start = _LONG_HEAD
    else:
        return None
    return apply_mask(data[start:], data[start - 4 : start])


def text_frame(text: str) -> bytes:
    """Return a text message as the server sends it; half a surrogate pair, which JSON may hold, becomes `?`.

    >>> text_frame("Hello").hex()
    '810548656c6c6f'
    """
    payload = text.encode("utf-8", "replace")
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    length = b"\x7e" + size.to_bytes(2, "big") if size < 65_536 else b"\x7f" + size.to_bytes(8, "big")
    return b"\x81" + length + payload
