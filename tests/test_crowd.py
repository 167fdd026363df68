"""Many clients of one API: they come, send, hear, leave, and what they heard is timed."""

import asyncio
import gc
import math
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from crowd_handlers import echo, refuse
from websockets.exceptions import InvalidStatus

from upgrade101 import cloud, crowd, websocket_api
from upgrade101.gateway.errors import ConfigurationError


def threads():
    return [thread.name for thread in threading.enumerate() if thread.name == "crowd"]


def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)


@pytest.fixture(scope="module")
def started():
    cloud.start(quiet=True)
    yield
    cloud.stop()
    gc.collect()
    assert threads() == []


@pytest.fixture(scope="module")
def api(started):
    return websocket_api("hall", {"$connect": None, "$default": echo}, two_way=("$default",))


@pytest.fixture
def opened(api):
    """How many lines the gateway holds open."""
    return lambda: sum(each.is_open for each in cloud.local().gateway.core.connections.values())


@pytest.fixture
def fans(api):
    with crowd.crowd(api.url, 20) as fans:
        yield fans


def test_everybody_comes_and_everybody_goes(api, opened):
    with crowd.crowd(api.url, 30) as fans:
        assert (len(fans), opened()) == (30, 30)
    assert cloud.settle() and opened() == 0


def test_each_hears_its_own_answer_in_the_clients_order(fans):
    fans.send(lambda number: f"I am {number}")
    assert fans.recv() == [f"I am {number}" for number in range(20)]
    fans.send("all")
    assert fans.recv() == ["all"] * 20


def test_each_may_have_an_address_of_its_own(started):
    seen = []
    unwatch = cloud.watch(lambda told: seen.append(getattr(told, "path", "")))
    api = websocket_api("rooms", {"$connect": None})
    with crowd.crowd(lambda number: f"{api.url}?room={number % 2}", 4):
        pass
    unwatch()
    assert sorted(filter(None, seen)) == [*["/dev?room=0"] * 2, *["/dev?room=1"] * 2]


def test_where_one_is_refused_nobody_stays(started):
    api = websocket_api("door", {"$connect": refuse})
    with pytest.raises(InvalidStatus):
        crowd.crowd(lambda number: f"{api.url}?n={number}", 8)
    assert cloud.settle()
    assert not any(each.is_open for each in cloud.local().gateway.core.connections.values())
    assert threads() == []


def test_silence_is_counted(fans):
    with pytest.raises(TimeoutError, match="20 of 20 clients heard nothing in 0 s"):
        fans.recv(timeout=0)


def test_hearing_says_who_heard_it_when_and_how_long_the_block_took(api, fans):
    fans.send("before")
    fans.recv()
    with fans.hearing() as heard:
        fans.send("now")
    assert (len(heard), heard.of) == (20, 20)
    assert heard.seconds == sorted(heard.seconds) and 0 < heard.seconds[0] <= heard.last
    assert heard.took > 0
    assert str(heard).startswith("20 of 20 heard it, the last after 0.")


def test_what_was_unread_before_does_not_count_and_what_comes_afterwards_is_kept(fans):
    fans.send("old")
    until(lambda: all(client.unread for client in fans._clients))
    with fans.hearing(timeout=0.05) as heard:
        pass
    assert len(heard) == 0 and math.isnan(heard.last)
    assert str(heard).startswith("none of 20 heard it; the block took 0.00 s")
    fans.send("new")
    assert fans.recv() == ["new"] * 20


def test_hearing_waits_for_no_more_than_it_is_asked_to(api, fans):
    with fans.hearing(3, timeout=30) as heard:
        fans._do(fans._clients[0].connection.send("one"))
        fans._do(fans._clients[1].connection.send("two"))
        fans._do(fans._clients[2].connection.send("three"))
    assert (len(heard), heard.of) == (3, 3)


def test_a_block_that_fails_is_not_waited_for(fans):
    with pytest.raises(ZeroDivisionError), fans.hearing(timeout=60):
        raise ZeroDivisionError


def test_some_hang_up_and_some_are_cut_off(fans, opened):
    ends = []
    unwatch = cloud.watch(lambda told: ends.append((told.code, told.by)) if type(told).__name__ == "Closed" else None)
    fans.leave(2, 0)
    fans.drop(-1)
    until(lambda: opened() == 17)
    unwatch()
    assert len(fans) == 17
    assert sorted(code for code, _ in ends) == [1000, 1000, 1006]
    fans.send(lambda number: str(number))
    assert fans.recv() == [str(number) for number in range(17)]


def test_a_crowd_that_nobody_holds_goes_home(api, opened):
    fans = crowd.crowd(api.url, 5)
    with fans.hearing(timeout=0) as heard:
        pass
    fans = crowd.crowd(api.url, 3)
    gc.collect()
    assert cloud.settle() and opened() == 3 and heard.of == 5
    fans.close()
    fans.close()
    assert cloud.settle() and opened() == 0
    for late in (lambda: fans.send("hello?"), fans.hearing().__enter__):
        with pytest.raises(ConfigurationError, match="gone home"):
            late()


def test_everybody_learns_its_id_from_the_error_frame(started):
    hall = websocket_api("strict", {"$connect": None})
    with crowd.crowd(hall.url, 4) as fans:
        ids = fans.ids()
        for number, id in enumerate(ids):
            hall.connections.post_to_connection(ConnectionId=id, Data=f"you are {number}")
        assert fans.recv() == [f"you are {number}" for number in range(4)]


def test_where_a_route_takes_every_message_nobody_learns_its_id(fans):
    with pytest.raises(ConfigurationError, match="no error frame"):
        fans.ids()


def test_runs_are_plotted_and_said(fans):
    with fans.hearing() as heard:
        fans.send("now")
    with fans.hearing(timeout=0) as silence:
        pass
    drawn = crowd.race({"a loop": heard, "silence": silence})
    assert drawn.words.startswith("a loop: 20 of 20 heard it, the last after ")
    assert "silence: none of 20 heard it" in drawn.words and "Triangles mark" in drawn.words
    assert "clients that have heard it" in drawn.svg and "a loop" in drawn.svg


def test_it_works_from_a_cell_that_runs_on_an_event_loop(api):
    async def cell():
        with crowd.crowd(api.url, 3) as fans:
            fans.send("hi")
            return fans.recv()

    assert asyncio.run(cell()) == ["hi"] * 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_limit_of_open_files_is_raised_as_far_as_it_may_be(monkeypatch, api):
    import resource

    limits, asked = {"now": (256, 4096)}, []
    monkeypatch.setattr(resource, "getrlimit", lambda which: limits["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda which, new: (asked.append(new), limits.update(now=new)))
    crowd._allow_files(500)
    assert asked == [(2500, 4096)]
    with pytest.raises(ConfigurationError, match=r"lets a process open 4,096 files, and 2,000 clients need 4,500"):
        crowd._allow_files(2000)
    limits["now"] = (256, resource.RLIM_INFINITY)
    crowd._allow_files(2000)
    assert asked[-1] == (8500, resource.RLIM_INFINITY)


def test_it_needs_a_cloud(monkeypatch):
    monkeypatch.setattr(cloud, "is_running", lambda: False)
    with pytest.raises(ConfigurationError, match=r"cloud\.start\(\)"):
        crowd.crowd("wss://abc.execute-api.us-east-1.amazonaws.com/dev", 2)
    assert threads() == []
