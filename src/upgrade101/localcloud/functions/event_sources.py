"""moto's event sources: what a table's stream, a topic or a schedule brings to a function; queues have ``pollers``.

moto calls the function inside ``put_item`` or ``publish``; on AWS these return first.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

_ORDERED = frozenset({"aws:dynamodb", "aws:kinesis"})

Start = Callable[[], None]


def source_of(event: str) -> str:
    """Return which service an event comes from, or '' where it does not say.

    >>> source_of('{"Records": [{"eventSource": "aws:dynamodb"}]}')
    'aws:dynamodb'
    """
    document = json.loads(event)
    records = document.get("Records") if isinstance(document, dict) else None
    first: Any = records[0] if isinstance(records, list) and records else None
    return str(first.get("eventSource", "")) if isinstance(first, dict) else ""


def is_ordered(event: str) -> bool:
    """Tell whether the event is a batch of a stream: they come one after the other."""
    return source_of(event) in _ORDERED


class Queues:
    """One queue for each function: the next batch starts when the one before is done."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Start]] = {}
        self._lock = threading.Lock()

    def add(self, function_arn: str, start: Start) -> None:
        """Start at once where nothing is before it, else in its turn."""
        with self._lock:
            queue = self._waiting.setdefault(function_arn, deque())
            queue.append(start)
            first = len(queue) == 1
        if first:
            start()

    def done(self, function_arn: str) -> None:
        """Start what comes after the batch that is done."""
        with self._lock:
            queue = self._waiting.get(function_arn, deque())
            if queue:
                queue.popleft()
            following = queue[0] if queue else None
            if not queue:
                self._waiting.pop(function_arn, None)
        if following is not None:
            following()

    def clear(self) -> None:
        """Forget what waits."""
        with self._lock:
            self._waiting.clear()
