"""Buckets and quotas on a clock that is given."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.ports import Quota
from upgrade101.gateway.throttle import Buckets, Quotas, Throttle, began


def at(*when: int) -> float:
    return datetime(*when, tzinfo=UTC).timestamp()


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "settings, throttle",
    [
        ({}, None),
        ({"loggingLevel": "OFF", "throttlingRateLimit": None}, None),
        ({"throttlingRateLimit": 2.5}, Throttle(2.5, 5_000)),
        ({"throttlingBurstLimit": 7}, Throttle(10_000.0, 7)),
        ({"throttlingRateLimit": 0.0, "throttlingBurstLimit": 0}, Throttle(0.0, 0)),
        ({"throttlingRateLimit": 1, "throttlingBurstLimit": "3"}, Throttle(1.0, 3)),
    ],
)
def test_what_a_stage_does_not_say_is_aws_default(settings, throttle):
    assert Throttle.of(settings) == throttle


# ── buckets ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_burst_goes_through_and_then_the_rate():
    buckets, throttle = Buckets(), Throttle(rate=2.0, burst=3)
    assert [buckets.take("a", throttle, 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert [buckets.take("a", throttle, 0.5) for _ in range(2)] == [True, False]
    assert [buckets.take("a", throttle, 60.0) for _ in range(5)] == [True, True, True, False, False]


def test_each_has_its_own_bucket():
    buckets, throttle = Buckets(), Throttle(rate=0.0, burst=1)
    assert [buckets.take(name, throttle, 0.0) for name in "aba"] == [True, True, False]


def test_a_bucket_of_nothing_lets_nobody_through():
    assert not Buckets().take("a", Throttle(rate=100.0, burst=0), 0.0)


def test_new_settings_apply_at_once():
    buckets = Buckets()
    assert not all(buckets.take("a", Throttle(rate=0.0, burst=2), 0.0) for _ in range(3))
    assert buckets.take("a", Throttle(rate=5.0, burst=2), 1.0)
    assert [buckets.take("b", Throttle(rate=0.0, burst=burst), 0.0) for burst in (5, 1, 1)] == [True, True, False]


def test_many_buckets_are_not_kept_for_ever():
    buckets, throttle = Buckets(), Throttle(rate=1.0, burst=1)
    for second in range(10_000):
        assert buckets.take(second, throttle, float(second))
    assert len(buckets._levels) <= 4_096
    assert not buckets.take(9_999, throttle, 9_999.0)


@given(st.lists(st.floats(0, 5), max_size=60), st.floats(0.1, 20), st.integers(0, 10))
def test_never_more_than_burst_and_rate_allow(pauses, rate, burst):
    buckets, throttle, now, passed = Buckets(), Throttle(rate, burst), 0.0, 0
    for pause in pauses:
        now += pause
        passed += buckets.take("a", throttle, now)
        assert passed <= burst + now * rate + 1e-6


# ── quotas ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "period, offset, now, start",
    [
        ("DAY", 0, (2025, 8, 17, 23, 59), (2025, 8, 17)),
        ("WEEK", 0, (2025, 8, 17, 0, 0), (2025, 8, 17)),  # a Sunday
        ("WEEK", 0, (2025, 8, 16, 23, 0), (2025, 8, 10)),
        ("WEEK", 1, (2025, 8, 17, 12, 0), (2025, 8, 11)),
        ("WEEK", 6, (2025, 8, 17, 12, 0), (2025, 8, 16)),
        ("MONTH", 0, (2025, 8, 31, 23, 0), (2025, 8, 1)),
        ("MONTH", 14, (2025, 8, 15, 0, 0), (2025, 8, 15)),
        ("MONTH", 14, (2025, 8, 14, 23, 0), (2025, 7, 15)),
        ("MONTH", 27, (2025, 3, 1, 0, 0), (2025, 2, 28)),
    ],
)
def test_when_a_period_began(period, offset, now, start):
    assert began(Quota(1, period, offset), at(*now)) == datetime(*start, tzinfo=UTC)


@pytest.mark.parametrize(
    "period, next_one",
    [("DAY", (2025, 8, 18)), ("WEEK", (2025, 8, 24)), ("MONTH", (2025, 9, 1))],
)
def test_a_quota_is_full_again_when_the_next_period_begins(period, next_one):
    quotas, quota, now = Quotas(), Quota(2, period), at(2025, 8, 17, 10)
    assert [quotas.take("a", quota, now) for _ in range(3)] == [True, True, False]
    assert not quotas.take("a", quota, at(*next_one) - 1)
    assert quotas.take("a", quota, at(*next_one))


def test_a_quota_is_each_users_own_and_may_grow():
    quotas = Quotas()
    assert [quotas.take(user, Quota(1, "DAY"), 0.0) for user in "aba"] == [True, True, False]
    assert quotas.take("a", Quota(2, "DAY"), 0.0)
