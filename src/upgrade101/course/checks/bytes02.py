"""Answers and frames of lab 02 in words."""

from __future__ import annotations


def status_of(answer: bytes) -> int:
    """Return the status of an HTTP answer, and 0 where nothing came."""
    return int(answer.split()[1]) if answer else 0


def first_line(answer: bytes) -> str:
    """Return status and reason of an HTTP answer."""
    return answer.partition(b"\r\n")[0].decode("latin-1").partition(" ")[2] or "no answer"


def code_of(frame: bytes) -> int:
    """Return the code of a close frame, and 0 for other frames."""
    return int.from_bytes(frame[2:4], "big") if len(frame) >= 4 and frame[0] & 15 == 8 else 0


def closing(frame: bytes) -> str:
    """Return in words what the gateway answers to a frame that it does not read."""
    if code := code_of(frame):
        return f"it reads nothing, and closes the line with {code} {frame[4:].decode('utf-8', 'replace')}".strip()
    return f"it answers {hexed(frame)}" if frame else "it ends the line"


def hexed(data: bytes) -> str:
    """Return the first bytes in hexadecimal."""
    return data.hex(" ") if len(data) <= 16 else f"{data[:16].hex(' ')} …"


def short(value: object, most: int = 80) -> str:
    """Return a value as Python writes it, cut where that is long."""
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def shortened(url: str) -> str:
    """Return a URL without most of its host.

    >>> shortened("wss://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/dev?ticket=blue")
    'wss://a1b2c3d4e5…/dev?ticket=blue'
    """
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host.partition('.')[0]}…/{path}"


def lacking(frame: bytes) -> int:
    """Return how many bytes a frame announces and does not have; negative where it has some to spare.

    >>> [lacking(bytes([129, 133]) + b"mask" + text) for text in (b"hello", b"he", b"hello!")]
    [0, 3, -1]
    """
    if len(frame) < 2:
        return 2 - len(frame)
    short, mask = frame[1] & 0x7F, 4 if frame[1] & 0x80 else 0
    wide = {126: 2, 127: 8}.get(short, 0)
    length = int.from_bytes(frame[2 : 2 + wide], "big") if wide else short
    return 2 + wide + mask + length - len(frame)


def wrong_length(frame: bytes, size: int) -> str:
    """Return what the longer form of a frame says in place of its length, '' where it says that or is not there.

    >>> wrong_length(bytes([129, 254, 44, 1]) + b"mask", 300)
    'bytes 3 and 4 are 2c 01: 11265'
    """
    said = frame[2:4]
    if size <= 125 or frame[1:2] != b"\xfe" or int.from_bytes(said, "big") == size:
        return ""
    return f"bytes 3 and 4 are {said.hex(' ')}: {int.from_bytes(said, 'big')}"
