"""What is counted, a minute at a time."""

import pytest
from gateway_kit import ACCOUNT, API, REGION, START, StoppedClock, route, stage

from upgrade101.gateway.meter import Meter, Tally

KEY = (ACCOUNT, REGION, API, "dev", "")
MINUTE = START - START % 60


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def meter(clock):
    meter = Meter(clock)
    meter.roll(clock.now())
    return meter


def counted(meter):
    return [(tally.minute, tally.messages) for tally in meter.tallies() if tally.messages]


def test_a_stage_keeps_its_tally_whatever_is_deployed(meter):
    tally = meter.of(stage(route("$default")))
    assert tally.key == KEY
    assert meter.of(stage(route("other"))) is tally
    assert meter.of(stage(), "other").key == (*KEY[:4], "other")


def test_a_minute_that_is_over_is_put_away_and_the_next_begins_with_nothing(meter, clock):
    tally = meter.of(stage())
    tally.messages += 2
    assert counted(meter) == [(MINUTE, 2)]
    assert meter.until == MINUTE + 60
    clock.advance(minutes=1)
    meter.roll(clock.now())
    assert (tally.messages, tally.key) == (0, KEY)
    tally.messages += 3
    clock._ahead -= 60  # as if it had been real time
    assert counted(meter)[0] == (MINUTE, 2)
    assert [messages for _, messages in counted(meter)] == [2, 3]


def test_minutes_are_those_of_real_time_however_far_the_clock_was_advanced(meter, clock):
    clock.advance(hours=3)
    meter.roll(clock.now())
    meter.of(stage()).messages += 1
    assert counted(meter) == [(MINUTE, 1)]
    assert meter.until == MINUTE + 3 * 3600 + 60


def test_a_minute_without_requests_leaves_nothing_behind(meter, clock):
    meter.of(stage())
    for _ in range(5):
        clock.advance(60)
        meter.roll(clock.now())
    assert len(meter.tallies()) == 1


def test_who_has_asked_holds_a_copy(meter):
    tally = meter.of(stage())
    (seen,) = meter.tallies()
    tally.messages += 1
    assert seen.messages == 0


def test_latencies():
    tally = Tally(KEY)
    for seconds in (0.030, 0.010, 0.020):
        tally.took(seconds)
    assert (tally.calls, tally.latency_min, tally.latency_max) == (3, 10, 30)
    assert tally.latency_sum == pytest.approx(60)
