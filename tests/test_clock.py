"""The clock where it can be moved, and where it cannot."""

import time

import pytest

from upgrade101.clock import Clock


def test_here_it_is_moved_and_says_nothing(capsys):
    clock = Clock(lambda: "")
    before = clock.now()
    clock.advance(minutes=11)
    assert clock.now() - before >= 660
    assert capsys.readouterr().out == ""


def test_elsewhere_it_stays_and_says_so(capsys):
    clock = Clock(lambda: "AWS")
    clock.advance(minutes=11)
    assert clock.ahead == 0
    assert "nobody moves the clock of AWS, so no time has passed" in capsys.readouterr().out


def test_elsewhere_it_tells_the_real_time_whatever_was_moved_here_before():
    where = ""
    clock = Clock(lambda: where)
    clock.advance(hours=3)
    where = "http://127.0.0.1:4566"
    assert abs(clock.now() - time.time()) < 5


def test_it_is_said_once_in_a_cell(capsys, monkeypatch):
    clock = Clock(lambda: "AWS")
    for cell in (7, 7, 7, 8):
        monkeypatch.setattr("upgrade101.clock.running_cell", lambda cell=cell: cell)
        clock.advance(minutes=9)
    assert capsys.readouterr().out.count("clock: ") == 2


def test_backwards_it_moves_nowhere():
    for where in ("", "AWS"):
        with pytest.raises(ValueError, match="forward"):
            Clock(lambda where=where: where).advance(-1)
