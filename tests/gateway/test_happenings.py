"""Observers are told in order, and cannot break what they watch."""

import logging

import pytest

from upgrade101.gateway.happenings import Closed, Happening, Observers, Opened


def test_everybody_is_told_in_order():
    observers, heard = Observers(), []
    observers.watch(lambda happening: heard.append(("first", happening)))
    observers.watch(lambda happening: heard.append(("second", happening)))
    opened, closed = Opened(at=1.0), Closed(at=2.0, code=1000, reason="", by="client")
    observers.tell(opened)
    observers.tell(closed)
    assert heard == [("first", opened), ("second", opened), ("first", closed), ("second", closed)]


def test_who_stops_watching_hears_no_more():
    observers, heard = Observers(), []
    stop = observers.watch(heard.append)
    stop()
    stop()
    observers.tell(Opened(at=1.0))
    assert heard == []


def test_one_may_stop_while_being_told():
    observers, heard = Observers(), []
    stop = observers.watch(lambda happening: (heard.append("once"), stop()))
    observers.watch(lambda happening: heard.append("always"))
    observers.tell(Opened(at=1.0))
    observers.tell(Opened(at=2.0))
    assert heard == ["once", "always", "always"]


def test_an_observer_that_raises_is_logged_and_the_others_are_told(caplog):
    observers, heard = Observers(), []
    observers.watch(lambda happening: 1 / 0)
    observers.watch(heard.append)
    with caplog.at_level(logging.ERROR, "upgrade101.gateway"):
        observers.tell(Opened(at=1.0))
    assert heard == [Opened(at=1.0)]
    assert [one.getMessage() for one in caplog.records] == [
        "an observer failed at Opened: ZeroDivisionError('division by zero')"
    ]


@pytest.mark.parametrize("kind", Happening.__subclasses__())
def test_happenings_are_frozen_and_know_their_time_and_place(kind):
    assert kind.__dataclass_params__.frozen
    assert list(kind.__dataclass_fields__)[:4] == ["at", "api_id", "stage", "connection_id"]
    assert kind.__doc__
