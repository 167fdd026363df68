"""The gateway's journal, on its way into moto's CloudWatch Logs: put on the shelf that functions' logs use, too."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import md5

from ...gateway.core import Core
from ...gateway.definition import Stage
from ...gateway.journal import Entry
from ...gateway.meter import Tally
from ..functions import log_shelf
from . import access_log, execution_log, metrics


@dataclass(frozen=True, slots=True)
class LogGroup:
    """Where lines go; the shelf asks nothing else."""

    account_id: str
    region: str
    log_group_name: str


class Watch:
    """Writes the logs of every stage that wants them, and shows CloudWatch what was counted."""

    def __init__(self, core: Core, now: Callable[[], float] = time.time) -> None:
        self._core = core
        self._now = now

    def start(self) -> None:
        """Listen to the gateway; harmless where that has begun."""
        self._core.journal.listener = self.write
        metrics.install(self._tallies)

    def stop(self) -> None:
        """Listen no more; harmless where nobody listens."""
        self._core.journal.listener = None
        metrics.uninstall(self._tallies)

    def _tallies(self) -> list[Tally]:
        with self._core.lock:
            return self._core.journal.meter.tallies()

    def write(self, entry: Entry) -> None:
        """Put a request's lines down; they are made as soon as somebody reads them, or a moment later."""
        stage, at = entry.stage, int(self._now() * 1000)
        settings = stage.access_log_settings
        group = _destination(settings.get("destinationArn", ""))
        if group is not None and settings.get("format"):
            line = partial(access_log.line, settings["format"], entry)
            log_shelf.put(group, _stream(stage, "access"), [(at, line)])
        story = execution_log.lines(entry)
        if story:
            log_shelf.put(_execution_group(stage), _stream(stage, "execution"), [(at, each) for each in story])


@lru_cache(maxsize=256)
def _destination(arn: str) -> LogGroup | None:
    """Return the log group of an ARN; nothing where it is none.

    >>> _destination("arn:aws:logs:us-east-1:123456789012:log-group:/chat/access:*").log_group_name
    '/chat/access'
    """
    parts = arn.split(":", 6)
    if len(parts) < 7 or parts[2] != "logs" or parts[5] != "log-group":
        return None
    return LogGroup(parts[4], parts[3], parts[6].removesuffix(":*"))


def _execution_group(stage: Stage) -> LogGroup:
    return LogGroup(stage.account_id, stage.region, execution_log.group_name(stage.api_id, stage.stage_name))


def _stream(stage: Stage, kind: str) -> str:
    """Return a stream's name as on AWS: 32 hexadecimal digits."""
    return _digest(f"{stage.api_id}/{stage.stage_name}/{kind}")


@lru_cache(maxsize=256)
def _digest(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
