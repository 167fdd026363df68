"""Seam 4 with moto: one request to DynamoDB at a time, because moto's tables are not made for threads.

Without it, of 1,000 ``ADD n 1`` from 32 threads dozens are lost. The lock may be taken again by the thread that holds
it: a write can run a stream's Lambda function, which writes. Where that function runs in another thread, whoever waits
for it has to give the lock up meanwhile: ``with released(): ...``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import moto
import moto.dynamodb.urls
from moto.dynamodb.responses import DynamoHandler

from ..gateway.errors import ConfigurationError

KNOWN_TO_FIT = "5.1.18 to 5.2.5"

_URL = "{0}/"
_TABLE: dict[str, Callable[..., Any]] = moto.dynamodb.urls.url_paths
_lock = threading.RLock()
_held = threading.local()


class OneAtATime(DynamoHandler):
    """moto's handler of DynamoDB, behind the lock."""

    @classmethod
    def dispatch(cls, *args: Any, **kwargs: Any) -> Any:
        """Wait for the others, then answer."""
        with _lock:
            _held.depth = depth() + 1
            try:
                return super().dispatch(*args, **kwargs)
            finally:
                _held.depth -= 1


def depth() -> int:
    """Return how many times this thread holds the lock."""
    return getattr(_held, "depth", 0)


@contextmanager
def released() -> Iterator[None]:
    """Give the lock up for the length of a ``with`` block, where this thread holds it at all.

    >>> with released():
    ...     depth()
    0
    """
    times, _held.depth = depth(), 0
    for _ in range(times):
        _lock.release()
    try:
        yield
    finally:
        for _ in range(times):
            _lock.acquire()
        _held.depth = times


def install() -> None:
    """Put the lock before moto's handler; harmless where it is there already.

    Raises ConfigurationError where moto is a version whose seam has moved.
    """
    if _TABLE.get(_URL) == OneAtATime.dispatch:
        return
    if list(_TABLE) != [_URL] or _TABLE[_URL] != DynamoHandler.dispatch:
        raise ConfigurationError(
            f"moto {moto.__version__} serves DynamoDB at other URLs than {_URL}",
            hint=f"moto {KNOWN_TO_FIT} is known to fit: pip install 'moto>=5.1.18,<5.3'",
        )
    _TABLE[_URL] = OneAtATime.dispatch


def uninstall() -> None:
    """Take the lock away; harmless where there is none."""
    _TABLE[_URL] = DynamoHandler.dispatch
