"""Four designs against sums that can be done by hand, and against what must hold for any numbers."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some

from upgrade101.gateway.errors import ConfigurationError
from upgrade101.scale import DESIGNS, SIZES, duration, grid, matrix, settings, simulate, table
from upgrade101.scale.designs import CALLER, DOOR, KILLED
from upgrade101.scale.fanout import THROTTLED, FanOut


def broke(outcome):
    return [each.what for each in outcome.breaks]


# The loop


@pytest.mark.parametrize("connections", [1, 7, 1_000, 10_000, 25_000])
def test_a_loop_takes_pages_and_posts_one_after_another(connections):
    outcome = simulate("loop", connections)
    assert outcome.last_seconds == pytest.approx(ceil(connections / 10_000) * 0.1 + connections * 0.015)
    assert (outcome.lost, outcome.refused, outcome.functions) == (0, 0, 1)


def test_a_loop_ends_with_its_function():
    outcome = simulate("loop", 1_000_000)
    pages, posts = 6, int((900 - 6 * 0.1) / 0.015)
    assert pages == ceil(posts / 10_000)
    assert outcome.delivered == posts
    assert outcome.function_seconds == pytest.approx(900)
    assert broke(outcome) == [CALLER, KILLED]


def test_the_caller_waits_29_seconds():
    fits = int((29 - 0.1) / 0.015)
    assert broke(simulate("loop", fits)) == []
    assert broke(simulate("loop", fits + 10)) == [CALLER]


def test_ten_at_once_are_ten_times_as_fast():
    assert simulate("loop", 10_000, settings(at_once=10)).last_seconds == pytest.approx(0.1 + 15.0)


def test_a_loop_that_is_fast_enough_meets_the_throttle():
    outcome = simulate("loop", 100_000, settings(at_once=1000))
    assert broke(outcome) == [THROTTLED]
    least = (100_000 - 5_000) / 10_000
    assert least <= outcome.last_seconds <= 2 * least


# Shards


@pytest.mark.parametrize("connections", [100, 1_000, 100_000, 1_000_000])
def test_shards_work_side_by_side(connections):
    share = connections // 100
    outcome = simulate("shards", connections)
    assert outcome.last_seconds == pytest.approx(0.2 + ceil(share / 10_000) * 0.1 + share * 0.015)
    assert outcome.refused == 0


def test_fewer_connections_than_shards():
    outcome = simulate("shards", 3)
    assert (outcome.delivered, outcome.functions) == (3, 4)


def test_too_many_shards_share_one_throttle():
    outcome = simulate("shards", 200_000, settings(shards=1000))
    assert broke(outcome) == [THROTTLED]
    least = (200_000 - 5_000) / 10_000
    assert least <= outcome.last_seconds <= least * 1.5


def test_a_shard_ends_with_its_function():
    outcome = simulate("shards", 2_000_000, settings(shards=10))
    assert KILLED in broke(outcome)
    assert outcome.delivered == 10 * int((900 - 6 * 0.1) / 0.015)


# The queue


def test_five_workers_begin_and_each_minute_brings_more():
    outcome = simulate("queue", 500, settings(workers=5))
    assert outcome.last_seconds == pytest.approx(0.1 + 0.01 + 100 * 0.015, abs=0.02)
    assert outcome.functions == 5 + 1


@pytest.mark.parametrize("workers", [10, 50, 150])
def test_workers_below_the_throttle_are_never_refused(workers):
    outcome = simulate("queue", 300_000, settings(workers=workers))
    assert outcome.refused == 0
    assert outcome.last_seconds >= 300_000 * 0.015 / workers


def test_more_workers_than_the_throttle_admits_only_cost_more():
    many, few = simulate("queue", 1_000_000), simulate("queue", 1_000_000, settings(workers=150))
    assert many.last_seconds == pytest.approx(few.last_seconds, rel=0.05)
    assert few.refused == 0 < many.refused
    assert many.function_seconds > 1.5 * few.function_seconds
    assert (many.lost, few.lost) == (0, 0)


def test_what_a_worker_cannot_finish_the_queue_hands_out_again():
    outcome = simulate("queue", 1_000, settings(function_seconds=0.9))
    assert outcome.lost == 0
    assert outcome.functions > 11


def test_the_function_that_fills_the_queue_has_its_time_too():
    outcome = simulate("queue", 100_000, settings(function_seconds=0.6))
    assert outcome.delivered == 30_000
    assert KILLED in broke(outcome)


# The managed service


@pytest.mark.parametrize("connections", [1, 19, 1_000_000, 10_000_000])
def test_a_service_that_sends_a_million_a_second(connections):
    outcome = simulate("managed", connections)
    assert outcome.last_seconds == pytest.approx(0.2 + connections / 1_000_000)
    assert (outcome.lost, broke(outcome)) == (0, [])
    assert outcome.dollars == pytest.approx(connections / 1e6)


# All of them

EACH = pytest.mark.parametrize("design", DESIGNS)
numbers_of_all_kinds = some.builds(
    settings,
    post_seconds=some.floats(0.001, 0.3),
    at_once=some.integers(1, 50),
    requests_per_second=some.integers(50, 5_000),
    requests_burst=some.integers(1, 500),
    function_seconds=some.integers(5, 60),
    functions_at_once=some.integers(1, 100),
    page_ids=some.integers(50, 2_000),
    ids_per_queue_message=some.integers(1, 500),
    workers=some.integers(1, 100),
    shards=some.integers(1, 60),
)


@EACH
@hypothesis_settings(deadline=None, max_examples=40)
@given(connections=some.integers(1, 4_000), numbers=numbers_of_all_kinds)
def test_whatever_the_numbers_nobody_is_counted_twice_and_no_throttle_is_passed(design, connections, numbers):
    outcome = simulate(design, connections, numbers)
    assert outcome.delivered + outcome.lost == connections
    assert 0 <= outcome.delivered <= connections
    assert [total for _, total in outcome.curve] == sorted(total for _, total in outcome.curve)
    if outcome.curve:
        assert outcome.curve[-1] == (pytest.approx(outcome.last_seconds, abs=1e-5), outcome.delivered)
    if design != "managed":
        for at, total in outcome.curve:
            assert total <= numbers.requests_burst + numbers.requests_per_second * at + 1e-6
    assert (THROTTLED in broke(outcome)) == (outcome.refused > 0)
    assert (KILLED in broke(outcome)) == (outcome.lost > 0)
    assert [each.at for each in outcome.breaks] == sorted(each.at for each in outcome.breaks)


@EACH
def test_the_same_seed_gives_the_same(design):
    numbers = settings(requests_per_second=100, requests_burst=10)
    again = simulate.__globals__["_simulate"].__wrapped__
    assert again(design, 5_000, numbers, 3) == again(design, 5_000, numbers, 3)


@EACH
def test_more_people_wait_longer(design):
    times = [simulate(design, size).last_seconds for size in (1_000, 10_000, 100_000)]
    assert times == sorted(times)


@pytest.mark.parametrize("design", ["loop", "queue", "shards"])
def test_the_door_comes_before_everything_else(design):
    small = settings(new_connections_per_second=1)  # 7,200 at most
    assert broke(simulate(design, 7_200, small))[:1] != [DOOR]
    assert broke(simulate(design, 7_201, small))[0] == DOOR


def test_workers_in_lumps_do_as_they_do_alone():
    numbers = settings(requests_per_second=2_000, requests_burst=1_000, workers=400)
    alone, lumped = FanOut(100_000, numbers), FanOut(100_000, numbers, lump=10)
    for fan_out in (alone, lumped):
        DESIGNS["queue"](fan_out)
        fan_out.simulation.run()
    assert sum(count for _, count in lumped.deliveries) == 100_000
    assert lumped.deliveries[-1][0] == pytest.approx(alone.deliveries[-1][0], rel=0.1)
    assert lumped.refused == pytest.approx(alone.refused, rel=0.25)
    assert lumped.function_seconds == pytest.approx(alone.function_seconds, rel=0.25)


def test_from_a_lecture_hall_to_a_championship():
    first = {(each.design, each.connections): each.first_break for each in grid()}
    assert len(first) == len(DESIGNS) * len(SIZES)
    assert {design for design in DESIGNS if first[design, 1_000] == "nothing"} == set(DESIGNS)
    assert {design for design in DESIGNS if first[design, 10_000_000] == DOOR} == {"loop", "queue", "shards"}
    assert first["loop", 10_000] == CALLER
    assert first["queue", 1_000_000] == THROTTLED


def test_the_table_says_who_got_it_and_what_broke():
    text = table([simulate("loop", 100_000), simulate("managed", 1_000)]).text
    assert "60.0%" in text
    assert "all" in text
    assert CALLER in text


def test_the_matrix_has_a_row_for_each_design_and_a_column_for_each_size():
    shown = matrix([*grid(designs=["loop"], sizes=(1_000, 100_000)), simulate("managed", 1_000)])
    assert shown.head == ("", "1,000", "100,000")
    assert [list(row) for row in shown.rows] == [
        ["`loop`", "15.1 s", "60.0% in 15.0 min; the caller's patience"],
        ["`managed`", "0.20 s", ""],
    ]


def test_an_outcome_in_a_sentence():
    said = str(simulate("loop", 1_000_000))
    assert said == "loop: 59,960 of 1,000,000 in 15.0 min; breaks first: the caller's patience"
    assert str(simulate("loop", 1_000)) == "loop: all 1,000 in 15.1 s; breaks first: nothing"
    assert "calls refused" in repr(simulate("loop", 100_000, settings(at_once=1000)))


def test_messages_cost_the_same_whoever_posts_them():
    costs = [simulate(design, 100_000).dollars for design in ("queue", "shards", "managed")]
    assert costs == pytest.approx([0.1] * 3, rel=0.05)


def test_a_design_that_there_is_not():
    with pytest.raises(ConfigurationError, match="no design 'kafka' → one of loop, queue, shards, managed"):
        simulate("kafka", 1)


def test_nobody_to_tell():
    with pytest.raises(ConfigurationError, match="0 connections"):
        simulate("loop", 0)


def test_times_are_said_in_their_own_unit():
    assert [duration(each) for each in (0.0, 119.9, 120.0, 7199, 7200)] == [
        "0.00 s",
        "119.9 s",
        "2.0 min",
        "120.0 min",
        "2.0 h",
    ]
