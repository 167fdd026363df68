"""Deadlines: set, moved, dropped, and due in order."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.deadlines import Deadlines


@pytest.fixture
def deadlines():
    return Deadlines()


def test_nothing_is_due_where_nothing_was_set(deadlines):
    assert deadlines.next() is None
    assert list(deadlines.pop(now=1e9)) == []
    assert len(deadlines) == 0


def test_items_come_in_the_order_in_which_they_are_due(deadlines):
    deadlines.set("late", 30.0, now=0.0)
    deadlines.set("soon", 1.0, now=5.0)
    deadlines.set("middle", 10.0, now=6.0)
    assert deadlines.next() == 6.0
    assert [item for item, _ in deadlines.pop(now=100.0)] == ["soon", "middle", "late"]
    assert len(deadlines) == 0


def test_only_what_is_due_is_taken_out(deadlines):
    deadlines.set("a", 1.0, now=0.0)
    deadlines.set("b", 2.0, now=0.0)
    assert [item for item, _ in deadlines.pop(now=1.0)] == ["a"]
    assert deadlines.next() == 2.0


def test_setting_again_moves(deadlines):
    deadlines.set("idle", 10.0, now=0.0)
    deadlines.set("idle", 10.0, now=7.0)
    assert deadlines.next() == 17.0
    assert len(deadlines) == 1


def test_setting_with_another_duration_moves_too(deadlines):
    deadlines.set("idle", 10.0, now=0.0)
    deadlines.set("idle", 1.0, now=0.0)
    assert [item for item, _ in deadlines.pop(now=5.0)] == ["idle"]
    assert deadlines.next() is None


def test_dropping(deadlines):
    deadlines.set("a", 1.0, now=0.0)
    deadlines.drop("a")
    deadlines.drop("a")
    deadlines.drop("never set")
    assert deadlines.next() is None
    assert len(deadlines) == 0


def test_what_is_set_while_taking_out_is_taken_out_if_it_is_due(deadlines):
    deadlines.set("first", 1.0, now=0.0)
    taken = []
    for item, _ in deadlines.pop(now=5.0):
        taken.append(item)
        if item == "first":
            deadlines.set("second", 0.0, now=5.0)
    assert taken == ["first", "second"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["set", "drop", "pop"]), st.integers(0, 4), st.sampled_from([1.0, 5.0, 60.0]), st.floats(0, 10)
    )
)


@given(STEPS)
def test_any_order_agrees_with_a_plain_dictionary(steps):
    deadlines, plain, now = Deadlines(), {}, 0.0
    for what, item, duration, passed in steps:
        now += passed
        if what == "set":
            deadlines.set(item, duration, now)
            plain[item] = now + duration
        elif what == "drop":
            deadlines.drop(item)
            plain.pop(item, None)
        else:
            due = {each for each, when in plain.items() if when <= now}
            assert {item for item, _ in deadlines.pop(now)} == due
            plain = {each: when for each, when in plain.items() if each not in due}
        assert len(deadlines) == len(plain)
        assert deadlines.next() == min(plain.values(), default=None)
        assert deadlines.soonest <= min(plain.values(), default=inf)
        if what == "pop":
            assert deadlines.soonest == min(plain.values(), default=inf)
