"""Chaos: what networks and clouds do on a bad day, here on purpose and from a seed.

It strikes at two places, where a message arrives from a client and where boto3 posts to ``@connections``, and nowhere
else. Each connection has a row of dice of its own, so that the same seed throws the same for its n-th message and its
n-th post; what comes of a throw is up to threads, as on AWS.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, fields
from types import TracebackType

from ..gateway.address import Address
from ..gateway.connection import Connection, Event
from ..gateway.errors import ConfigurationError
from ..gateway.happenings import Closed, Happening, Received
from ..gateway.ports import HttpResponse
from .local import LocalCloud

_SAID = {  # one and many
    "kills": ("line cut", "lines cut"),
    "gone": ("line gone without a goodbye", "lines gone without a goodbye"),
    "delays": ("post late", "posts late"),
    "duplicates": ("post delivered twice", "posts delivered twice"),
    "restarts": ("restart of the functions", "restarts of the functions"),
}
_NETWORK = 1006  # nobody sends it: it stands for a line that ended without a close frame


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely each blow is, from 0 (never) to 1 (always), for one message or one post."""

    kills: float = 0.04  # a line is cut; the gateway notices and runs $disconnect
    gone: float = 0.02  # a line is cut, and $disconnect never comes
    delays: float = 0.2  # a post waits before it is delivered
    duplicates: float = 0.1  # a post is delivered twice, as after an answer that got lost
    restarts: float = 0.01  # every idle execution environment ends, and its globals with it

    def check(self) -> Odds:
        """Return it as it is. Raises ConfigurationError for what is no probability."""
        for each in fields(self):
            chance = getattr(self, each.name)
            if not 0 <= chance <= 1:
                raise ConfigurationError(f"{each.name}={chance} is no probability", hint="0 is never, 1 is always")
        return self


class Chaos:
    """A bad day for one local cloud, from ``with`` to the end of its block; without a cloud nothing is struck.

    ``longest_ms`` is the longest that a post is held up; after ``most`` blows the day is a good one again.
    """

    def __init__(
        self, local: LocalCloud | None, odds: Odds, *, seed: int = 0, longest_ms: float = 50.0, most: int = 200
    ) -> None:
        if not (math.isfinite(longest_ms) and longest_ms >= 0):
            raise ConfigurationError(f"a post cannot wait {longest_ms} ms", hint="0 or more, 50 say")
        self.odds = odds.check()
        self.seed = seed
        self.struck: Counter[str] = Counter()
        self._local = local
        self._longest = longest_ms / 1000
        self._left = most
        self._dice: dict[tuple[str, str], random.Random] = {}
        self._known: dict[str, int] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Chaos:
        local = self._local
        if local is not None:
            if local.manage != local.gateway.manage:
                raise ConfigurationError("there is chaos already", hint="one storm at a time: leave the other block")
            local.manage = self._manage
            self._unwatch = local.gateway.watch(self._arrived)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._local is not None:
            self._unwatch()
            self._local.manage = self._local.gateway.manage

    def __repr__(self) -> str:
        blows = [f"{count} {_SAID[kind][count > 1]}" for kind, count in sorted(self.struck.items())]
        return f"chaos, seed {self.seed}: {', '.join(blows) or 'no blow fell'}"

    # ── the dice ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _throw(self, connection_id: str, at: str) -> tuple[float, float, float, float]:
        """Throw for one message or post: what becomes of the line, of the post, how late, and of the functions."""
        with self._lock:
            number = self._known.setdefault(connection_id, len(self._known))
            dice = self._dice.get((connection_id, at))
            if dice is None:
                dice = self._dice[connection_id, at] = random.Random(f"{self.seed}/{number}/{at}")
            return dice.random(), dice.random(), dice.random(), dice.random()

    def _strikes(self, kind: str) -> bool:
        """Note a blow; False where the day has had its fill."""
        with self._lock:
            if self._left <= 0:
                return False
            self._left -= 1
            self.struck[kind] += 1
            return True

    def _cuts(self, chance: float) -> str:
        """Return which end a line meets: 'kills', 'gone', or ''."""
        for kind, limit in (("kills", self.odds.kills), ("gone", self.odds.kills + self.odds.gone)):
            if chance < limit:
                return kind if self._strikes(kind) else ""
        return ""

    # ── where it strikes ─────────────────────────────────────────────────────────────────────────────────────────

    def _arrived(self, happening: Happening) -> None:
        """Strike where a message has arrived: it is handled, and its sender cannot know that."""
        if not isinstance(happening, Received) or self._local is None:
            return
        line, _, _, functions = self._throw(happening.connection_id, "message")
        connection = self._local.gateway.core.connections.get(happening.connection_id)
        if connection is None:
            return
        if functions < self.odds.restarts and self._strikes("restarts"):
            self._local.functions.retire(connection.stage.account_id)
        end = self._cuts(line)
        if end:
            self._end(connection, silently=end == "gone")

    def _manage(self, method: str, address: Address, body: bytes = b"", caller: str = "") -> HttpResponse:
        """Stand before ``Gateway.manage``; only a post to somebody who is there is struck."""
        assert self._local is not None
        gateway = self._local.gateway
        connection = gateway.core.connections.get(address.connection_id or "")
        if method != "POST" or connection is None:
            return gateway.manage(method, address, body, caller)
        line, post, late, _ = self._throw(connection.connection_id, "post")
        if late < self.odds.delays and self._strikes("delays"):
            time.sleep(self._longest * late / self.odds.delays)
        end = self._cuts(line)
        with gateway.loop:  # so that nothing comes between the blow and the answer
            if end and connection.is_open:
                self._end(connection, silently=end == "gone")
            answer = gateway.manage(method, address, body, caller)
            if not end and answer.status == 200 and post < self.odds.duplicates and self._strikes("duplicates"):
                gateway.manage(method, address, body, caller)
        return answer

    def _end(self, connection: Connection, *, silently: bool) -> None:
        """Cut a line. ``silently``: it is over already when the gateway comes to look, and so nobody is told."""
        assert self._local is not None
        gateway = self._local.gateway
        with gateway.loop:
            if silently and connection.may(Event.END) and connection.is_open:
                connection.step(Event.END)
                gateway.core.connections.pop(connection.connection_id, None)
                stage = connection.stage
                whose = (stage.api_id, stage.stage_name, connection.connection_id)
                gateway.observers.tell(_closed(gateway.clock.now(), *whose))
            connection.line.transport.abort()


def _closed(at: float, api_id: str, stage: str, connection_id: str) -> Closed:
    return Closed(
        at=at, api_id=api_id, stage=stage, connection_id=connection_id, code=_NETWORK, reason="", by="network"
    )
