"""What functions logged, on its way into moto's CloudWatch Logs: put down at once, stored when somebody asks for it.

Storing costs as much as running a small handler, so it waits until CloudWatch Logs is asked for anything at all. Only
where a log group has subscription filters, which have functions of their own invoked, a thread stores every moment.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import moto
import moto.logs.urls
from moto.logs.models import LogStream, logs_backends
from moto.logs.responses import LogsResponse

from ...gateway.errors import ConfigurationError

KNOWN_TO_FIT = "5.1.18 to 5.2.5"

Line = str | Callable[[], str]
"""A message, or what writes it as soon as somebody reads it."""
Events = list[tuple[int, Line]]  # milliseconds since the epoch, and the message


class LogGroup(Protocol):
    """Whose log it is: a function's, or a stage's."""

    @property
    def account_id(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def log_group_name(self) -> str: ...


log = logging.getLogger(__name__)
_URL = "{0}/$"
_TABLE: dict[str, Callable[..., Any]] = moto.logs.urls.url_paths
_BATCH_SECONDS = 0.05
_MOST = 50_000  # records of a stream that lie here: of a server that runs for days and is never asked, the newest
_MOST_CHARACTERS = 64 << 20  # of a stream, so far as they are counted
_shelf: deque[Stream] = deque()
_storing = threading.RLock()  # moto counts log events and streams without a lock
_something = threading.Event()
_storer: threading.Thread | None = None


class Stored(LogsResponse):
    """moto's handler of CloudWatch Logs, which sees everything that was logged before it was asked."""

    @classmethod
    def dispatch(cls, *args: Any, **kwargs: Any) -> Any:
        """Store what lies on the shelf, then answer."""
        store()
        answer = super().dispatch(*args, **kwargs)
        if _storer is None and _has_subscribers():
            _start_storing()
        return answer


class Stream:
    """A log stream: takes records, and keeps them until they are stored. ``read`` makes the events of a record."""

    def __init__(self, group: LogGroup, name: str, read: Callable[[Any], Sequence[tuple[int, Line]]]) -> None:
        self.group = group
        self.name = name
        self._read = read
        self._records: deque[Any] = deque(maxlen=_MOST)
        self._size = 0
        self._lies = False

    def put(self, record: Any, size: int = 0) -> None:
        """Put a record of so many characters down; returns at once."""
        self._records.append(record)
        self._size += size
        if self._size > _MOST_CHARACTERS:
            self._drop_half()
        if not self._lies:
            self._lies = True
            _shelf.append(self)
        if _storer is not None and not _something.is_set():
            _something.set()

    def _drop_half(self) -> None:
        """Drop the older half: of somebody who prints without end, and is never asked, the newest lie here."""
        self._size //= 2
        with contextlib.suppress(IndexError):  # taken meanwhile
            for _ in range(len(self._records) // 2):
                self._records.popleft()

    def take(self) -> Events:
        """Take what was put down."""
        self._lies = False  # before: what comes meanwhile is taken now, or asks for another time
        self._size = 0
        events: Events = []
        with contextlib.suppress(IndexError):
            while True:
                events += self._read(self._records.popleft())
        return events


def put(group: LogGroup, stream_name: str, events: Events) -> None:
    """Put the events of one request down; returns at once."""
    Stream(group, stream_name, _as_they_are).put(events)


def _as_they_are(events: Events) -> Events:
    return events


def store() -> None:
    """Store everything that lies on the shelf, in the order in which its streams came there."""
    with _storing:
        while _shelf:
            stream = _shelf.popleft()
            events = stream.take()
            while _shelf and _shelf[0].name == stream.name:  # stored in one go; a stream's name is its own
                events += _shelf.popleft().take()
            try:
                if events:
                    _store(stream.group, stream.name, events)
            except Exception:
                log.exception("the log of %s could not be kept", stream.group.log_group_name)


def _store(group: LogGroup, stream_name: str, events: Events) -> None:
    backend = logs_backends[group.account_id][group.region]
    backend.ensure_log_group(group.log_group_name)
    kept = backend.groups[group.log_group_name]
    if stream_name not in kept.streams:  # a new dict: boto3 may be iterating over the old one just now
        kept.streams = {**kept.streams, stream_name: LogStream(kept, stream_name)}
    written = [(at, line if isinstance(line, str) else line()) for at, line in events]
    kept.streams[stream_name].put_log_events([{"timestamp": at, "message": message} for at, message in written])


def _has_subscribers() -> bool:
    backends = [backend for regions in logs_backends.values() for backend in regions.values()]
    return any(group.subscription_filters for backend in backends for group in backend.groups.values())


def _start_storing() -> None:
    global _storer
    _storer = threading.Thread(target=_store_for_ever, name="upgrade101-logs", daemon=True)
    _storer.start()


def _store_for_ever() -> None:
    while True:
        _something.wait()
        time.sleep(_BATCH_SECONDS)
        _something.clear()
        store()


def install() -> None:
    """Have CloudWatch Logs look at the shelf first; harmless where that has been done.

    Raises ConfigurationError where moto is a version whose seam has moved.
    """
    if _TABLE.get(_URL) not in (Stored.dispatch, LogsResponse.dispatch):
        raise ConfigurationError(
            f"moto {moto.__version__} serves CloudWatch Logs at other URLs than {_URL}",
            hint=f"moto {KNOWN_TO_FIT} is known to fit: pip install 'moto>=5.1.18,<5.3'",
        )
    _TABLE[_URL] = Stored.dispatch


def uninstall() -> None:
    """Store the rest and give moto its own handler back; harmless where that has been done."""
    store()
    _TABLE[_URL] = LogsResponse.dispatch
