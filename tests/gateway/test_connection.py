"""A connection's life: every cell of the table, and none besides."""

import itertools

import pytest
from gateway_kit import START, route, stage

from upgrade101.gateway.connection import LIFE, Connection, Event, ImpossibleStep, State
from upgrade101.gateway.errors import Upgrade101Error

POSSIBLE = {
    (State.CONNECTING, Event.ACCEPT): State.OPEN,
    (State.CONNECTING, Event.REFUSE): State.REFUSED,
    (State.CONNECTING, Event.END): State.ABANDONED,
    (State.OPEN, Event.CLOSE): State.CLOSING,
    (State.OPEN, Event.END): State.CLOSED,
    (State.CLOSING, Event.END): State.CLOSED,
    (State.ABANDONED, Event.ACCEPT): State.CLOSED,
    (State.ABANDONED, Event.REFUSE): State.REFUSED,
}
CELLS = list(itertools.product(State, Event))


def connection(state):
    return Connection("id", stage(route("$default")), "198.51.100.7", None, START, START, "host", state=state)


@pytest.mark.parametrize("state, event", CELLS, ids=lambda each: each.name)
def test_cell(state, event):
    one = connection(state)
    assert one.may(event) is ((state, event) in POSSIBLE)
    if (state, event) in POSSIBLE:
        assert one.step(event) is one.state is POSSIBLE[state, event]
    else:
        with pytest.raises(ImpossibleStep, match=f"cannot happen to a connection that is {state.value}"):
            one.step(event)
        assert one.state is state


def test_the_table_is_the_table():
    assert LIFE == POSSIBLE


def test_an_impossible_step_is_an_error_of_ours():
    assert issubclass(ImpossibleStep, Upgrade101Error)


@pytest.mark.parametrize("state", State)
def test_only_an_open_connection_is_open(state):
    assert connection(state).is_open is (state is State.OPEN)


def test_a_connection_begins_undecided():
    one = Connection("id", stage(), "198.51.100.7", None, START, START, "host")
    assert one.state is State.CONNECTING
    assert (one.close_code, one.close_reason, one.closed_by) == (1006, "", "network")


def test_two_connections_are_never_equal():
    assert connection(State.OPEN) != connection(State.OPEN)


@pytest.mark.parametrize("end", [State.CLOSED, State.REFUSED])
def test_every_way_leads_to_an_end(end):
    reached = {State.CONNECTING}
    for _ in State:
        reached |= {after for (before, _), after in LIFE.items() if before in reached}
    assert end in reached
    assert not any(before is end for before, _ in LIFE)
