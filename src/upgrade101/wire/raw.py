"""The bytes themselves: read one HTTP answer or one frame off a socket, write a client's frame, show either bit by bit.

For whoever wants to see what a library does. The layout of a frame is RFC 6455, section 5.2.
"""

from __future__ import annotations

import base64
import os
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit

from websockets.frames import CLOSE_CODE_EXPLANATIONS, Frame, Opcode

from ..gateway.errors import ConfigurationError, Upgrade101Error

HEAD_BYTES = 64 * 1024  # an answer's head is never longer
_A_ROW = 16
_ROWS = 6
_NAMES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
_TABLE = "margin:4px 0;border:0;font-family:var(--jp-code-font-family,monospace);font-size:13px"
_CELL = "text-align:left;vertical-align:top;padding:1px 18px 1px 0;white-space:pre-wrap"


# ── over a socket ────────────────────────────────────────────────────────────────────────────────────────────────────


def upgrade_request(url: str, key: str = "") -> bytes:
    """Return the request that asks for an upgrade at ``url``; the key is random unless given.

    >>> upgrade_request("wss://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/dev").splitlines()[0]
    b'GET /dev HTTP/1.1'
    """
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        f"Sec-WebSocket-Key: {key or base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def upgrade(line: socket.socket, url: str) -> socket.socket:
    """Ask for the upgrade, read the 101, and return the same socket, which carries frames from here on.

    Raises Upgrade101Error where the answer is another one.
    """
    line.sendall(upgrade_request(url))
    status = read_http(line).partition(b"\r\n")[0].decode("latin-1")
    if status.split()[1:2] != ["101"]:
        raise Upgrade101Error(f"the upgrade was refused: {status}", hint="wire.read_http shows the whole answer")
    return line


def read_http(line: socket.socket) -> bytes:
    """Read exactly one HTTP answer: its head, and as many bytes of body as the head announces; b'' where nothing comes.

    Byte by byte, so that no frame behind a 101 is swallowed. Raises EOFError where the answer breaks off.
    """
    head = _first(line)
    while head and not head.endswith(b"\r\n\r\n"):
        head += _exactly(line, 1)
        if len(head) > HEAD_BYTES:
            raise Upgrade101Error("this is no HTTP answer", hint="after a 101 come frames: wire.read_frame")
    return head + _exactly(line, int(headers(head).get("content-length", "0")))


def headers(head: bytes) -> dict[str, str]:
    """Return the headers of an HTTP message, their names in lower case: servers differ in how they write them.

    >>> headers(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\n\\r\\n")
    {'upgrade': 'websocket'}
    """
    lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def read_frame(line: socket.socket) -> bytes:
    """Read exactly one frame and return all its bytes; b'' where the other side has closed the TCP connection.

    Raises EOFError where the frame breaks off.
    """
    start = _first(line)
    if not start:
        return b""
    start += _exactly(line, 1)
    header = start + _exactly(line, _rest_of_header(start))
    return header + _exactly(line, _length(header))


def client_frame(payload: str | bytes, opcode: int = 1, *, fin: bool = True) -> bytes:
    """Return the bytes of one frame as a client sends it: masked with four random bytes.

    ``opcode`` is 1 for text, 2 binary, 8 close, 9 ping, 10 pong, and 0 for the continuation of a message whose first
    frame had ``fin=False``. Raises ValueError for another opcode.
    """
    data = payload.encode() if isinstance(payload, str) else payload
    return Frame(Opcode(opcode), data, fin).serialize(mask=True)


def _first(line: socket.socket) -> bytes:
    """Return one byte, or b'' where the other side has closed, gently or not."""
    try:
        return line.recv(1)
    except ConnectionResetError:
        return b""


def _exactly(line: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        chunk = line.recv(count - len(data))
        if not chunk:
            raise EOFError(f"the other side closed after {len(data)} of {count} bytes")
        data += chunk
    return bytes(data)


# ── a frame, taken apart ─────────────────────────────────────────────────────────────────────────────────────────────


def _rest_of_header(start: bytes) -> int:
    """Return how many bytes of header follow the first two."""
    return {126: 2, 127: 8}.get(start[1] & 0x7F, 0) + (4 if start[1] & 0x80 else 0)


def _length(header: bytes) -> int:
    """Return how many bytes of payload follow a header."""
    short = header[1] & 0x7F
    wide = {126: 2, 127: 8}.get(short, 0)
    return int.from_bytes(header[2 : 2 + wide]) if wide else short


def _is_one_frame(data: bytes) -> bool:
    header = 2 + _rest_of_header(data) if len(data) >= 2 else 2
    return len(data) >= header and len(data) == header + _length(data)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    return bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload)) if mask else payload


def _fields(data: bytes) -> Iterator[tuple[str, str, str]]:
    """Yield the fields of a frame in their order on the wire: name, bits or bytes, meaning."""
    first, second = data[:2]
    rest = _rest_of_header(data)
    mask = data[2 + rest - 4 : 2 + rest] if second & 0x80 else b""
    wide = data[2 : 2 + rest - len(mask)]
    length, payload = _length(data), _unmasked(data[2 + rest :], mask)
    yield "FIN", f"{first >> 7}", "last frame of its message" if first >> 7 else "more frames of this message follow"
    yield "RSV", f"{first >> 4 & 7:03b}", "reserved for extensions"
    yield "opcode", f"{first & 15:04b}", f"{first & 15}: {_NAMES.get(first & 15, 'unknown')}"
    yield "MASK", f"{second >> 7}", "masked: a mask follows" if mask else "not masked"
    yield (
        "length",
        f"{second & 127:07b}",
        f"{second & 127}: the next {len(wide)} bytes say it" if wide else _count(length),
    )
    if wide:
        yield "", _hex(wide), _count(length)
    if mask:
        yield "mask", _hex(mask), "chosen at random by the client"
    yield from _payload(first & 15, data[2 + rest :], payload, "unmasked: " if mask else "")


def _payload(opcode: int, sent: bytes, plain: bytes, how: str) -> Iterator[tuple[str, str, str]]:
    """Yield what a frame carries; a close frame's first two bytes are its code."""
    if opcode == Opcode.CLOSE and len(plain) >= 2:
        code = int.from_bytes(plain[:2])
        yield "code", _hex(sent[:2]), f"{how}{code}: {CLOSE_CODE_EXPLANATIONS.get(code, 'a code of its own')}"
        if plain[2:]:
            yield "reason", _hex(sent[2:]), f"{how}{_words(plain[2:])}"
    elif plain:
        yield "payload", _hex(sent), f"{how}{_words(plain)}"


def _count(length: int) -> str:
    return f"{length:,} byte{'' if length == 1 else 's'}"


def _hex(data: bytes, most: int = _A_ROW) -> str:
    return data.hex(" ") if len(data) <= most else f"{data[: most - 1].hex(' ')} …"


def _words(data: bytes, most: int = 40) -> str:
    text = data.decode("utf-8", "replace")
    return repr(text if len(text) <= most else text[: most - 1] + "…")


# ── shown ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows under a title, with or without a head; a notebook shows a table, a terminal aligned columns."""

    title: str
    rows: Sequence[Sequence[str]]
    head: Sequence[str] = ()

    @property
    def text(self) -> str:
        """Return it in words."""
        rows = [row for row in (self.head, *self.rows) if row]
        wide = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
        lines = ("  ".join(f"{words:<{room}}" for words, room in zip(row, wide, strict=True)).rstrip() for row in rows)
        return "\n".join([self.title, *(f"  {line}" for line in lines)])

    @property
    def html(self) -> str:
        """Return it as a table."""
        head = "".join(f'<th scope="col" style="{_CELL}">{escape(words)}</th>' for words in self.head)
        body = "".join(
            f'<tr style="background:none">{"".join(_cell(words) for words in row)}</tr>' for row in self.rows
        )
        caption = f'<caption style="text-align:left;color:inherit;padding:2px 0">{escape(self.title)}</caption>'
        top = f"<thead><tr>{head}</tr></thead>" if head else ""
        return f'<table style="{_TABLE}">{caption}{top}<tbody>{body}</tbody></table>'

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def _cell(words: str) -> str:
    return f'<td style="{_CELL}">{escape(words)}</td>'


def show_bytes(data: bytes) -> Sheet:
    """Show bytes: sixteen a row, where the row starts, in hexadecimal, and as text where they are text.

    >>> show_bytes(b"\\x81\\x05hello")
    7 bytes
      0  81 05 68 65 6c 6c 6f  ··hello
    """
    rows = [_row(data, start) for start in range(0, min(len(data), _A_ROW * _ROWS), _A_ROW)]
    left = len(data) - _A_ROW * _ROWS
    more = [("…", f"{left:,} more bytes", "")] if left > 0 else []
    return Sheet(_count(len(data)), [*rows, *more])


def _row(data: bytes, start: int) -> tuple[str, str, str]:
    piece = data[start : start + _A_ROW]
    return f"{start}", piece.hex(" "), re.sub(r"[^ -~]", "·", piece.decode("latin-1"))


def show_frame(data: bytes) -> Sheet:
    """Show one frame field by field: its bits, and what they mean.

    Raises ConfigurationError where ``data`` is not exactly one frame.

    >>> show_frame(b"\\x89\\x00")
    a frame of 2 bytes: 89 00
      field   bits     means
      FIN     1        last frame of its message
      RSV     000      reserved for extensions
      opcode  1001     9: ping
      MASK    0        not masked
      length  0000000  0 bytes
    """
    if not _is_one_frame(data):
        raise ConfigurationError(f"these {_count(len(data))} are not one frame", hint="wire.read_frame(line) reads one")
    title = f"a frame of {_count(len(data))}: {_hex(data)}"
    return Sheet(title, list(_fields(data)), ("field", "bits", "means"))
