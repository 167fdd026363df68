"""What a cloud and its child processes say to each other: a length, a kind, and bytes. Standard library only."""

from __future__ import annotations

import os
import struct

MOST_BYTES = 64 * 1024 * 1024
_CHUNK = 65_536
_HEAD = struct.Struct(">IB")

# what a child is told
BEGIN = ord("B")  # JSON: everything it needs to know about its function
INVOKE = ord("I")  # JSON: request id, ARN, seconds, client context; a line break; the event as JSON
# what it says
READY = ord("R")
OUTPUT = ord("O")  # text that the handler printed, after how much has been written beside it (8 bytes)
RECORD = ord("L")  # a log event, likewise
ANSWER = ord("A")  # JSON text of the handler's answer, after the peak of its memory (KB, 4 bytes)
FAILED = ord("F")  # AWS's error document, likewise


class Broken(Exception):
    """Bytes that are no frame."""


class Frames:
    """Send and receive over two file descriptors; one thread may send and one may receive."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._buffer = bytearray()

    def send(self, kind: int, body: bytes) -> None:
        """Send one frame; raises OSError where nobody reads any more."""
        rest = _HEAD.pack(len(body), kind) + body
        written = os.write(self._writing, rest)
        while written < len(rest):
            rest = rest[written:]
            written = os.write(self._writing, rest)

    def receive(self) -> tuple[int, bytes] | None:
        """Wait for the next frame; None where the other side has gone. Raises Broken."""
        if not self._fill(_HEAD.size):
            return None
        size, kind = _HEAD.unpack_from(self._buffer)
        if size > MOST_BYTES:
            raise Broken(f"a frame of {size} bytes")
        end = _HEAD.size + size
        if not self._fill(end):
            return None
        body = bytes(self._buffer[_HEAD.size : end])
        del self._buffer[:end]
        return kind, body

    def _fill(self, wanted: int) -> bool:
        buffer = self._buffer
        while len(buffer) < wanted:
            chunk = os.read(self._reading, max(_CHUNK, wanted - len(buffer)))
            if not chunk:
                return False
            buffer += chunk
        return True

    def close(self) -> None:
        """Close both."""
        for descriptor in (self._reading, self._writing):
            os.close(descriptor)
