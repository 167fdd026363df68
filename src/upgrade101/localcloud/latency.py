"""Latency: how long AWS's services let a caller wait, which services in the same process do not do by themselves.

Off unless somebody asks for it. A call of boto3 waits in the thread that makes it and holds no lock meanwhile, so that
what a loop, threads or an event loop do about waiting can be measured here as there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import botocore.handlers

from ..gateway.errors import ConfigurationError
from . import callbacks

CONNECTIONS, DYNAMODB = callbacks.SERVICE, "dynamodb"
"""The services that can be slow, by the names that botocore gives them."""

NONE: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Figure:
    """How long one call takes, and how far that can be trusted."""

    service: str  # botocore's name
    calls: str  # what a reader calls them
    milliseconds: float
    confidence: str
    source: str
    checked: str  # the date, YYYY-MM-DD


FIGURES = (
    Figure(
        CONNECTIONS,
        "@connections",
        15.0,
        "chosen: AWS publishes no figure and no measurement was found; measure yours with CLOUD=aws",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html",
        "2026-11-22",
    ),
    Figure(
        DYNAMODB,
        "DynamoDB",
        5.0,
        "documented as a range: single-digit milliseconds on average for GetItem, PutItem and their like",
        "https://repost.aws/knowledge-center/dynamodb-high-latency",
        "2026-11-22",
    ),
)
"""What the calls of each service take where nobody says otherwise."""


class Latency:
    """How many seconds a call of each service takes in one local cloud; none at all until ``set``."""

    def __init__(self) -> None:
        self.seconds: Mapping[str, float] = NONE

    def set(self, milliseconds: Mapping[str, float]) -> Mapping[str, float]:
        """Let calls take that long from now on, by service; return what ``restore`` takes to undo it.

        Raises ConfigurationError for what is no length of time.
        """
        for service, each in milliseconds.items():
            if not (math.isfinite(each) and each >= 0):
                raise ConfigurationError(f"a call of {service} cannot take {each} ms", hint="0 or more, 15 say")
        before = self.seconds
        self.seconds = MappingProxyType({name: each / 1000 for name, each in milliseconds.items() if each})
        return before

    def restore(self, before: Mapping[str, float]) -> None:
        """Let calls take as long as they did before."""
        self.seconds = before

    @contextmanager
    def round_trip(self, service: str) -> Iterator[None]:
        """Let a ``with`` block take as long as a call does: half of the time goes by before it, the rest after it.

        What the block itself takes counts, as the service's own time does on AWS.
        """
        seconds = self.seconds.get(service, 0.0)
        if not seconds:
            yield
            return
        answered = time.monotonic() + seconds
        time.sleep(seconds / 2)
        yield
        time.sleep(max(0.0, answered - time.monotonic()))

    def install(self) -> None:
        """Let boto3's calls of DynamoDB wait before moto answers them; those of @connections wait in ``callbacks``."""
        if self._entry not in botocore.handlers.BUILTIN_HANDLERS:
            botocore.handlers.BUILTIN_HANDLERS.insert(0, self._entry)

    def uninstall(self) -> None:
        """Take that back, and be quick again."""
        self.seconds = NONE
        if self._entry in botocore.handlers.BUILTIN_HANDLERS:
            botocore.handlers.BUILTIN_HANDLERS.remove(self._entry)

    @property
    def _entry(self) -> tuple[str, Callable[..., None]]:
        return (f"before-send.{DYNAMODB}", self._wait)

    def _wait(self, **_: Any) -> None:
        """Wait before the call reaches moto, which answers one at a time: nobody waits for whoever waits here."""
        time.sleep(self.seconds.get(DYNAMODB, 0.0))
