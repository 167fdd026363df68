"""The process as everybody else sees it, while functions run and after."""

import asyncio
import contextlib
import importlib
import io
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from upgrade101.localcloud.functions import current, outside, surroundings


@pytest.fixture
def looking(cloud, meeting):
    """Have a handler call something of the test's, and return what it saw there."""

    def look(see):
        meeting.see = see
        source = "import meeting\ndef handler(event, context):\n    return meeting.see()\n"
        return cloud.call(cloud.create(source), request_id="r1").payload

    return look


def test_a_callback_of_the_house_can_step_outside(looking, monkeypatch):
    monkeypatch.setenv("TABLE", "of the notebook")

    def see():
        with outside():
            there = [current(), os.environ.get("TABLE")]
        return [there, current(), os.environ.get("TABLE")]

    assert looking(see) == [[None, "of the notebook"], ["chat", "r1"], None]


def test_outside_ends_with_an_exception_too(looking):
    def see():
        with contextlib.suppress(KeyError), outside():
            raise KeyError
        return current()

    assert looking(see) == ["chat", "r1"]


def test_another_threads_event_loop_does_not_come_inside(looking):
    """The gateway's loop is woken by functions that call @connections."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    seen, came = [], threading.Event()

    def see():
        loop.call_soon_threadsafe(lambda: (seen.append(current()), came.set()))
        return came.wait(10)

    assert looking(see) is True
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    assert seen == [None]


def test_a_pool_of_the_notebook_stays_outside(looking):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        assert looking(lambda: pool.submit(current).result()) is None


def test_replaced_output_is_routed_again(cloud, monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.StringIO())
    notebook = sys.stdout
    cloud.answer("import calendar\ndef handler(event, context):\n    calendar.prmonth(2026, 11)\n")
    print("of the notebook")
    assert notebook.getvalue() == "of the notebook\n"
    assert "   November 2026\n" in cloud.log()


def test_a_routed_stream_is_otherwise_the_stream_it_stands_for():
    stream = io.StringIO("a\nb\n")
    routed = surroundings.RoutedStream("stdout", stream)
    assert list(routed) == ["a\n", "b\n"]
    routed.note = 1
    assert stream.note == 1
    assert routed.getvalue() == "a\nb\n"


def test_a_write_that_wraps_the_write_it_found_does_not_go_in_circles():
    stream, noted = io.StringIO(), []
    routed = surroundings.RoutedStream("stdout", stream)
    found = routed.write

    def noting(text):  # as IPython does for every cell, to keep its output in the history
        noted.append(text)
        return found(text)

    routed.write = noting
    routed.write("said")
    routed.write = found
    routed.write(", said again")
    assert (noted, stream.getvalue()) == (["said"], "said, said again")


def test_import_module_outside_is_as_ever(cloud):
    assert importlib.import_module("json") is sys.modules["json"]
    assert importlib.import_module(".decoder", "json") is sys.modules["json.decoder"]
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        importlib.import_module("no_such_module")


def test_two_holders_share_the_replacements():
    start, one, two = threading.Thread.start, object(), object()
    surroundings.install(one)
    surroundings.install(two)
    surroundings.uninstall(one)
    assert threading.Thread.start is not start
    surroundings.uninstall(two)
    surroundings.uninstall(two)
    assert threading.Thread.start is start


def test_what_others_have_replaced_meanwhile_is_left_alone():
    holder, original = object(), importlib.import_module
    surroundings.install(holder)
    ours = importlib.import_module
    theirs = lambda *names: ours(*names)  # noqa: E731
    importlib.import_module = theirs
    surroundings.uninstall(holder)
    assert importlib.import_module is theirs
    assert theirs("json").loads("1") == 1
    importlib.import_module = original
