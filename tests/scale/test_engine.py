"""Time jumps from event to event, in order; a bucket admits what the gateway's own would."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from upgrade101.gateway.throttle import Buckets, Throttle
from upgrade101.scale import Bucket, Simulation


@given(some.lists(some.floats(0, 1000), max_size=20))
def test_whoever_waits_less_wakes_first(delays):
    simulation, woken = Simulation(), []

    def sleeper(delay):
        yield delay
        woken.append((simulation.now, delay))

    for delay in delays:
        simulation.start(sleeper(delay))
    simulation.run()
    assert woken == sorted((delay, delay) for delay in delays)


def test_at_the_same_time_the_first_to_ask_is_first():
    simulation, woken = Simulation(), []

    def sleeper(name):
        yield 1.0
        woken.append(name)

    for name in "abc":
        simulation.start(sleeper(name))
    simulation.run()
    assert woken == ["a", "b", "c"]


def test_a_process_can_start_others_later():
    simulation, seen = Simulation(), []

    def child():
        seen.append(simulation.now)
        yield 0.0

    def parent():
        yield 2.0
        simulation.start(child(), delay=3.0)

    simulation.start(parent())
    assert simulation.run() == 5.0
    assert seen == [5.0]


def test_a_run_can_stop_and_go_on():
    simulation, ticks = Simulation(), []

    def clock():
        while True:
            ticks.append(simulation.now)
            yield 1.0

    simulation.start(clock())
    assert simulation.run(until=2.5) == 2.5
    assert ticks == [0.0, 1.0, 2.0]
    simulation.run(until=4.0)
    assert ticks[-1] == 4.0


def test_nothing_to_do_takes_no_time():
    assert Simulation().run() == 0.0


@given(some.lists(some.integers(0, 40), min_size=1, max_size=60))
def test_a_bucket_admits_what_the_gateway_admits(gaps):
    ours, theirs, now = Bucket(rate=8, burst=5), Buckets(), 0.0
    for gap in gaps:  # in eighths of a second: whole tokens, and no rounding
        now += gap / 8
        assert ours.take(1, now) == theirs.take("anybody", Throttle(rate=8.0, burst=5), now)


@given(some.lists(some.tuples(some.floats(0, 10), some.integers(0, 50)), max_size=40))
def test_never_more_than_the_burst_and_the_rate(asked):
    bucket, now, taken = Bucket(rate=10, burst=20), 0.0, 0
    for gap, wanted in asked:
        now += gap
        got = bucket.take(wanted, now)
        assert 0 <= got <= wanted
        taken += got
        assert taken <= 20 + 10 * now + 1e-6


def test_a_bucket_fills_up_to_the_burst():
    bucket = Bucket(rate=10, burst=5)
    assert bucket.take(5, 0.0) == 5
    assert bucket.take(100, 1000.0) == pytest.approx(5)
