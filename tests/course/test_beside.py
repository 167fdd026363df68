"""A learner's client runs beside a check, and ends with it."""

import threading
import time

import pytest

from upgrade101.course.beside import beside


def test_it_returns_what_the_work_returns():
    with beside(lambda: 42) as client:
        assert client.result(5) == 42
        assert client.is_over


def test_async_work_is_awaited():
    async def work():
        return threading.current_thread().name

    with beside(work) as client:
        assert client.result(5) == "beside a check"


def test_it_raises_what_the_work_raises():
    with beside(lambda: {}["seq"]) as client, pytest.raises(KeyError, match="seq"):
        client.result(5)


def test_a_loop_that_never_ends_is_ended_with_the_block():
    def work():
        while True:
            time.sleep(0.001)

    with beside(work) as client:
        with pytest.raises(TimeoutError, match=r"still running after 0\.01 s"):
            client.result(0.01)
        assert not client.is_over
    assert client.is_over


def test_who_waits_is_woken():
    bell = threading.Event()
    with beside(bell.wait, wake=bell.set) as client:
        assert not client.is_over
    assert client.is_over
