"""Connection, message and request ids in the shape that AWS's have.

Sixteen characters: eleven bytes in URL-safe base64. The first four count ticks of 25 ms, the ninth tells connections
and messages (2) from requests (5), the last two name the front end. Seen in captures, documented nowhere: never rely
on it.
"""

from __future__ import annotations

import binascii
import re
import secrets
from collections.abc import Callable

_TICK_SECONDS = 0.025
_CONNECTION, _REQUEST = 0x02, 0x05
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_SHAPE = re.compile(r"[A-Za-z0-9_-]{15}=\Z")


class Ids:
    """Make ids from a clock and a source of random bytes, both injected.

    >>> Ids(lambda: 1_755_425_730.12, lambda n: bytes(n)).connection()
    'WULWVAAAAAACAAA='
    """

    def __init__(self, now: Callable[[], float], random_bytes: Callable[[int], bytes] | None = None) -> None:
        self._now = now
        self._random = random_bytes or _supply()
        front_end = self._random(2)
        self._tails = {kind: bytes((kind,)) + front_end for kind in (_CONNECTION, _REQUEST)}
        self._ticks, self._head = -1, b""

    def connection(self) -> str:
        """Return a new connection id."""
        return self._make(_CONNECTION)

    def request(self) -> str:
        """Return a new request id."""
        return self._make(_REQUEST)

    def pair(self, now: float) -> tuple[str, str]:
        """Return the request id and the message id of a message that arrives ``now``."""
        return self._make(_REQUEST, now), self._make(_CONNECTION, now)

    def _make(self, kind: int, now: float | None = None) -> str:
        ticks = int((self._now() if now is None else now) / _TICK_SECONDS) & 0x7FFFFFFF
        if ticks != self._ticks:
            self._ticks, self._head = ticks, ticks.to_bytes(4, "big")
        raw = self._head + self._random(4) + self._tails[kind]
        return binascii.b2a_base64(raw, newline=False).translate(_URL_SAFE).decode()


def _supply() -> Callable[[int], bytes]:
    """Return a source of random bytes that asks the system seldom: each time costs as much as the rest of an id."""
    stock, used = b"", 0

    def take(count: int) -> bytes:
        nonlocal stock, used
        if used + count > len(stock):
            stock, used = secrets.token_bytes(4096), 0
        used += count
        return stock[used - count : used]

    return take


def is_connection_id(text: str) -> bool:
    """Tell whether a text has the shape of a connection id.

    >>> is_connection_id("KmZ1XdPwDoECGjA="), is_connection_id("not-an-id")
    (True, False)
    """
    return bool(_SHAPE.match(text))
