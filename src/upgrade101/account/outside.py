"""What can be seen of a cloud from outside, beside its clients' lines: what functions have written into their logs.

Logs come late, and nothing says that one was the last: reading them waits a few seconds at most, and what comes later
is in the next picture.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ..gateway.happenings import Called, Closed, Happening, Knocked, Logged, Managed, Observer, Received
from ..ledger.kinds import is_missing
from .lines import read

Tell = Callable[[Happening], None]
Takes = Callable[[Happening], bool]

MOST = 12  # functions, the last ones: AWS lets an account ask for some ten logs a second
SKEW = 2.0  # seconds by which two clocks may differ before it is set right
_STIRS = (Knocked, Received, Closed, Managed)
_DEPLOYS = ("CreateFunction", "UpdateFunctionCode")
_SEEN = "Seen from outside: clients' lines, this notebook's calls, functions' logs. Unseen: routes, functions' calls."


class Outside:
    """The logs of the functions that this notebook has made, told as happenings.

    ``patience`` is how many seconds ``catch_up`` waits at most where something has happened since it was last asked.
    """

    def __init__(self, tell: Tell, *, patience: float = 4.0, pause: float = 0.7) -> None:
        self._tell, self._patience, self._pause = tell, patience, pause
        self._functions: dict[tuple[str, str], float] = {}  # name and region: read from here on, in epoch seconds
        self._known: set[tuple[str, str, int]] = set()
        self._open: set[str] = set()
        self._stirred, self._waits = False, True
        self._trouble = ""
        self._lock = threading.Lock()
        self._reader: int | None = None

    def attach(
        self, watch: Callable[[Observer], Callable[[], None]], aside: Callable[[Takes], Callable[[], None]]
    ) -> Callable[[], object]:
        """Hear what happens and take what is nobody's; return the function that ends this."""
        ends = (watch(self.note), aside(self.takes))
        return lambda: [end() for end in ends]

    @property
    def remark(self) -> str:
        """Return what the picture cannot show."""
        return f"{_SEEN} {self._trouble}".strip()

    def note(self, happening: Happening) -> None:
        """Hear what happens: functions that are made, and what may set one going."""
        if isinstance(happening, Called) and happening.operation in _DEPLOYS and not happening.error:
            name = str((happening.parameters or {}).get("FunctionName", "")).rpartition(":")[2]
            self._functions.setdefault((name, happening.region), time.time() - 60)
        self._stirred |= isinstance(happening, _STIRS) or (
            isinstance(happening, Called) and happening.operation == "Invoke"
        )

    def takes(self, happening: Happening) -> bool:
        """Take the calls that reading the logs makes: they are nobody's."""
        return isinstance(happening, Called) and self._reader == threading.get_ident()

    def catch_up(self) -> None:
        """Tell what the logs say that was not told yet; wait for more where something has happened meanwhile."""
        with self._lock:
            self._reader = threading.get_ident()
            try:
                self._read_all()
            finally:
                self._reader = None

    def _read_all(self) -> None:
        stirred, self._stirred = self._stirred, False
        end, told = time.monotonic() + self._patience, 0
        while self._functions:
            new = self._read_once()
            told += new
            is_all = told and not new and not self._open
            if not (stirred and self._waits) or is_all or time.monotonic() + self._pause > end:
                break
            time.sleep(self._pause)
        if stirred and self._functions:
            self._waits = bool(self._known)  # where no log has ever spoken none is waited for

    def _read_once(self) -> int:
        found: list[Logged] = []
        for (name, region), since in list(self._functions.items())[-MOST:]:
            try:
                found += self._events(name, region, since)
                self._trouble = ""
            except (ClientError, BotoCoreError) as fault:
                if not is_missing(fault):
                    self._trouble = f"Logs could not be read: {_reason(fault)}."
        for happening in sorted(found, key=lambda each: each.at):
            (self._open.add if happening.what == "started" else self._open.discard)(
                happening.request_id if happening.what in ("started", "ended") else ""
            )
            self._tell(happening)
        return len(found)

    def _events(self, name: str, region: str, since: float) -> Iterator[Logged]:
        client = boto3.client("logs", region_name=region or None)
        asked: dict[str, Any] = {"logGroupName": f"/aws/lambda/{name}", "startTime": int(since * 1000)}
        while True:
            page = client.filter_log_events(**asked)
            ahead = _ahead(page)
            for event in page.get("events", ()):
                own = str(event.get("eventId") or event["message"])  # not every cloud numbers them
                key = (f"{name} {event.get('logStreamName')}", own, int(event["timestamp"]))
                if key not in self._known:
                    self._known.add(key)
                    yield from read(name, event["message"], event["timestamp"] / 1000 - ahead)
            if not page.get("nextToken"):
                return
            asked["nextToken"] = page["nextToken"]


def _ahead(answer: Any) -> float:
    """Return by how many seconds AWS's clock is ahead of this machine's; 0 where it is about the same."""
    try:
        said = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return 0.0
    ahead = said - time.time()
    return ahead if abs(ahead) > SKEW else 0.0


def _reason(fault: ClientError | BotoCoreError) -> str:
    return str(fault.response["Error"].get("Code", "")) if isinstance(fault, ClientError) else type(fault).__name__
