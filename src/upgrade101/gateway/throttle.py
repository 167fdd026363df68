"""How much may come: token buckets per second, quotas per day, week or month; on a clock that is given.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-protect.html
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .limits import THROTTLING_BURST_LIMIT, THROTTLING_RATE_LIMIT
from .ports import Quota

_MANY = 4096  # buckets; beyond it the full ones are forgotten


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most ``burst`` at once, and ``rate`` a second in the long run.

    >>> Throttle.of({"throttlingRateLimit": 5.0})
    Throttle(rate=5.0, burst=5000)
    >>> Throttle.of({"loggingLevel": "OFF"}) is None
    True
    """

    rate: float
    burst: int

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Throttle | None:
        """Read a stage's settings as the wire spells them; None where they throttle nothing."""
        rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
        if rate is None and burst is None:
            return None
        return cls(
            THROTTLING_RATE_LIMIT if rate is None else float(rate),
            THROTTLING_BURST_LIMIT if burst is None else int(burst),
        )

    @classmethod
    def of_account(cls, rate: float | None, at_once: float = 1.0) -> Throttle | None:
        """Return the quota of an account with so many seconds' worth at once; None where there is none.

        >>> Throttle.of_account(10_000, 0.5)
        Throttle(rate=10000.0, burst=5000)
        """
        return None if rate is None else cls(float(rate), max(1, int(rate * at_once)))


class Buckets:
    """Token buckets by whatever they are for; a bucket that nobody has used is full.

    >>> buckets, slow = Buckets(), Throttle(rate=1.0, burst=2)
    >>> [buckets.take("ana", slow, now) for now in (0.0, 0.0, 0.0, 1.0)]
    [True, True, False, True]
    """

    def __init__(self) -> None:
        self._levels: dict[Hashable, tuple[float, float, Throttle]] = {}  # tokens, and when they were counted

    def take(self, bucket: Hashable, throttle: Throttle, now: float) -> bool:
        """Take one token; tell whether there was one."""
        level = self._level(bucket, throttle, now)
        enough = level >= 1.0
        if bucket not in self._levels and len(self._levels) >= _MANY:
            self._forget_full(now)
        self._levels[bucket] = (level - 1.0 if enough else level, now, throttle)
        return enough

    def _level(self, bucket: Hashable, throttle: Throttle, now: float) -> float:
        tokens, counted, _ = self._levels.get(bucket, (float(throttle.burst), now, throttle))
        return min(float(throttle.burst), tokens + max(0.0, now - counted) * throttle.rate)

    def _forget_full(self, now: float) -> None:
        for bucket, (_, _, throttle) in list(self._levels.items()):
            if self._level(bucket, throttle, now) >= throttle.burst:
                del self._levels[bucket]


class Quotas:
    """How often somebody has been let in since the period began.

    >>> quotas, day = Quotas(), Quota(limit=1, period="DAY")
    >>> [quotas.take("ana", day, now) for now in (0.0, 3600.0, 86_400.0)]
    [True, False, True]
    """

    def __init__(self) -> None:
        self._used: dict[Hashable, tuple[datetime, int]] = {}

    def take(self, user: Hashable, quota: Quota, now: float) -> bool:
        """Count one; tell whether the quota had one left."""
        begun = began(quota, now)
        since, used = self._used.get(user, (begun, 0))
        used = used if since == begun else 0
        enough = used < quota.limit
        self._used[user] = (begun, used + enough)
        return enough


def began(quota: Quota, now: float) -> datetime:
    """Return when the present period began, in UTC: a day, a week from Sunday or a month, plus ``offset`` days.

    >>> began(Quota(limit=9, period="WEEK", offset=1), 1_755_425_730.0)  # Sunday 17 August 2025; weeks from Monday
    datetime.datetime(2025, 8, 11, 0, 0, tzinfo=datetime.timezone.utc)
    """
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match quota.period:
        case "WEEK":
            return today - timedelta(days=(today.isoweekday() - quota.offset) % 7)
        case "MONTH":
            return (today - timedelta(days=quota.offset)).replace(day=1) + timedelta(days=quota.offset)
    return today
