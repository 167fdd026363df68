"""The clock runs, jumps when told, and never runs backwards."""

import threading
import time

import pytest

from upgrade101.gateway.clock import Clock


def test_it_tells_the_time_of_day():
    assert abs(Clock().now() - time.time()) < 5


def test_it_runs():
    clock = Clock()
    before = clock.now()
    time.sleep(0.01)
    assert clock.now() > before


def test_it_jumps():
    clock = Clock()
    before = clock.now()
    clock.advance(1, minutes=2, hours=3)
    assert 10_921 <= clock.now() - before < 10_930


@pytest.mark.parametrize("step", [{"seconds": -1}, {"minutes": -1}, {"hours": 1, "minutes": -61}])
def test_it_never_runs_backwards(step):
    clock = Clock()
    with pytest.raises(ValueError, match="forward"):
        clock.advance(**step)


def test_listeners_hear_of_a_jump_after_it_until_they_stop():
    clock, heard = Clock(), []
    start = clock.now()
    stop = clock.listen(lambda: heard.append(clock.now() - start))
    clock.advance(60)
    stop()
    stop()
    clock.advance(60)
    assert len(heard) == 1
    assert heard[0] >= 60


def test_a_listener_may_stop_listening_while_it_hears():
    clock, heard = Clock(), []
    stop = clock.listen(lambda: (heard.append("once"), stop()))
    clock.listen(lambda: heard.append("always"))
    clock.advance(1)
    clock.advance(1)
    assert heard == ["once", "always", "always"]


def test_no_jump_is_lost_between_threads():
    clock = Clock()
    before = clock.now()
    threads = [threading.Thread(target=lambda: [clock.advance(1) for _ in range(2000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() - before >= 8000
