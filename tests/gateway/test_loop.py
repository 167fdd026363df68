"""The loop: sockets and timers, in whichever thread leads."""

import logging
import socket
import threading
import time
from selectors import EVENT_READ, EVENT_WRITE

import pytest
from gateway_kit import until

from upgrade101.gateway.loop import Loop, ManySockets, Seat


class Running:
    """A loop on a thread of its own, and what it was asked to do."""

    def __init__(self):
        self.after = 0
        self.ended = False
        self.loop = Loop(threading.RLock(), self._count)
        self.loop.open()
        self.thread = threading.Thread(target=self._live, daemon=True)
        self.thread.start()

    def _count(self):
        self.after += 1

    def _live(self):
        self.loop.run(lambda: self.ended)
        self.loop.close()

    def end(self):
        self.ended = True
        self.loop.end()
        self.thread.join(5)
        assert not self.thread.is_alive()

    def where(self):
        """Return the thread that attends just now."""
        seen = []
        with self.loop:
            self.loop.soon(lambda: seen.append(threading.current_thread()))
        until(lambda: seen)
        return seen[0]

    def helper(self, job=None):
        """Have another thread lead; return its end, and the thread."""
        seat, stop, led = Seat(), threading.Event(), threading.Event()
        self.seat = seat

        def lead():
            if self.loop.lead(seat):
                self.loop.attend(stop.is_set, seat)
                self.loop.resign(seat)
            led.set()

        thread = threading.Thread(target=lead, daemon=True)
        thread.start()
        until(lambda: self.loop.leads(thread.ident))

        def end():
            stop.set()
            self.loop.wake()
            assert led.wait(5)

        return thread, end


@pytest.fixture
def running():
    one = Running()
    yield one
    if one.thread.is_alive():
        one.end()


def pair():
    here, there = socket.socketpair()
    there.setblocking(False)
    return here, there


def test_what_is_handed_over_is_done_in_order_on_its_thread(running):
    done = []
    with running.loop:
        for n in range(20):
            running.loop.soon(lambda n=n: done.append((n, threading.current_thread())))
    until(lambda: len(done) == 20)
    assert [n for n, _ in done] == list(range(20))
    assert {thread for _, thread in done} == {running.thread}
    assert running.loop.catch_up(5)


def test_to_catch_up_is_to_have_read_all_that_was_sent(running):
    here, there = pair()
    read = []

    def take(_):
        time.sleep(0.0005)
        read.append(there.recv(1))

    with running.loop:
        running.loop.watch(there, 0, EVENT_READ, take)
    for n in range(1, 30):
        here.sendall(b"abc")
        assert running.loop.catch_up(5)
        assert len(read) == 3 * n
    running.end()
    here.close()
    there.close()


def test_to_catch_up_ends_where_somebody_sends_without_end(running):
    here, there = pair()
    here.sendall(b"x")
    with running.loop:
        running.loop.watch(there, 0, EVENT_READ, lambda _: None)  # never reads it
    assert not running.loop.catch_up(0.05)
    with running.loop:
        running.loop.watch(there, EVENT_READ, 0, lambda _: None)
    assert running.loop.catch_up(5)
    here.close()
    there.close()


def test_no_call_is_lost_when_many_threads_call(running):
    done = []

    def call(name):
        for n in range(400):
            with running.loop:
                running.loop.soon(lambda n=n: done.append((name, n)))
            if n % 50 == 0:
                time.sleep(0.001)

    threads = [threading.Thread(target=call, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(done) == 2400)
    running.where()  # it still wakes


def test_a_timer_and_one_that_is_called_off(running):
    done = []
    with running.loop:
        off = running.loop.call_later(0.01, lambda: done.append("off"))
        running.loop.call_later(0.03, lambda: done.append("late"))
        running.loop.call_later(0.02, lambda: done.append("soon"))
        off.cancel()
    until(lambda: len(done) == 2)
    assert done == ["soon", "late"]


def test_one_timer_calls_off_another_that_is_due_as_well(running):
    done = []
    with running.loop:
        second = running.loop.call_later(0.2, lambda: done.append("second"))
        running.loop.call_later(0.01, lambda: (done.append("first"), second.cancel()))
        time.sleep(0.25)  # both are due by now
    until(lambda: done)
    running.where()
    assert done == ["first"]


def test_a_socket_is_heard_as_long_as_it_is_watched(running):
    here, there = pair()
    with here, there:
        heard = []
        with running.loop:
            running.loop.watch(there, 0, EVENT_READ, lambda events: heard.append((events, there.recv(9))))
        here.send(b"one")
        until(lambda: heard)
        with running.loop:
            running.loop.watch(there, EVENT_READ, EVENT_READ | EVENT_WRITE, lambda events: heard.append(events))
        until(lambda: EVENT_WRITE in heard)
        with running.loop:
            running.loop.watch(there, EVENT_READ | EVENT_WRITE, 0, lambda events: None)
        running.where()
        count = len(heard)
        here.send(b"two")
        running.where()
        assert len(heard) == count
        assert heard[0] == (EVENT_READ, b"one")


def test_what_fails_stops_nothing(running, caplog):
    def broken():
        raise RuntimeError("dropped")

    with running.loop:
        running.loop.soon(broken)
        running.loop.call_later(0, broken)
    assert running.where() is running.thread
    with caplog.at_level(logging.ERROR):
        until(lambda: len([one for one in caplog.records if "dropped" in one.getMessage()]) == 2)


def test_what_waits_is_looked_at_whenever_the_lock_is_free_again(running):
    before = running.after
    with running.loop:
        with running.loop:
            pass
        assert running.after == before
    assert running.after > before


def test_another_thread_leads_and_gives_the_lead_back(running):
    thread, end = running.helper()
    assert running.where() is thread
    end()
    assert running.where() is running.thread


def test_the_lead_goes_from_one_thread_to_the_next(running):
    first, _end_first = running.helper()
    second, end_second = running.helper()
    assert running.where() is second
    until(lambda: not first.is_alive())  # it has come back from lead()
    end_second()
    assert running.where() is running.thread


def test_who_is_away_for_long_loses_the_lead(running):
    here, there = pair()
    with here, there:
        go_on, seen = threading.Event(), []

        def ready(events):
            there.recv(9)
            with_job.append(threading.current_thread())

        with_job = []
        thread, _end = running.helper()
        jobs = []

        def job():  # as what runs a function on the spot: outside the lock
            number = running.loop.away(running.seat)
            jobs.append(number)
            go_on.wait(5)
            running.loop.back(number)

        running.loop._after = lambda: job() if with_job and not jobs else None
        with running.loop:
            running.loop.watch(there, 0, EVENT_READ, ready)
        here.send(b"work")
        until(lambda: jobs)
        with running.loop:
            running.loop.soon(lambda: seen.append(threading.current_thread()))
        until(lambda: seen)
        assert with_job == [thread]
        assert seen == [running.thread]
        go_on.set()
        until(lambda: not thread.is_alive())
        assert running.where() is running.thread


def test_short_jobs_leave_the_lead_where_it_is(running):
    thread, end = running.helper()
    for _ in range(2000):
        running.loop.back(running.loop.away(running.seat))
    assert running.loop.leads(thread.ident)
    end()


def test_the_overseer_sleeps_while_there_is_nothing_to_oversee_and_wakes_for_a_job(running):
    thread, _end = running.helper()
    until(lambda: running.loop._dozing)
    job = running.loop.away(running.seat)  # as if the thread that leads were busy
    until(lambda: running.loop.leads(running.thread.ident))
    running.loop.back(job)
    until(lambda: running.loop.wake() or not thread.is_alive())


def test_who_does_not_lead_holds_nobody_up(running):
    thread, end = running.helper()
    assert running.loop.away(Seat()) == 0
    running.loop.back(0)
    assert running.loop.leads(thread.ident)
    end()


def test_the_end_of_an_old_job_does_not_hide_a_new_one(running):
    _thread, end = running.helper()
    old = running.loop.away(running.seat)
    new = running.loop.away(running.seat)
    running.loop.back(old)
    assert running.loop._away in (new, 0)  # 0 where the lead has been taken meanwhile
    running.loop.back(new)
    assert running.loop._away == 0
    end()


def test_it_ends_while_another_thread_leads(running):
    thread, _ = running.helper()
    running.end()
    until(lambda: not thread.is_alive())


def test_who_wants_to_lead_after_the_end_is_sent_away(running):
    running.end()
    assert not running.loop.lead(Seat())
    assert not running.loop.likes(None)


def test_many_want_to_lead_and_the_loop_goes_on():
    running, stop = Running(), threading.Event()
    here, there = pair()
    with here, there:
        heard = []
        with running.loop:
            running.loop.watch(there, 0, EVENT_READ, lambda events: heard.append(there.recv(1)))

        def keen():
            seat = Seat()
            while not stop.is_set():
                tries = iter(range(20))
                if running.loop.lead(seat):
                    running.loop.attend(lambda tries=tries: stop.is_set() or next(tries, None) is None, seat)
                    running.loop.resign(seat)

        threads = [threading.Thread(target=keen, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for n in range(200):
            here.send(bytes((n,)))
            until(lambda n=n: len(heard) == n + 1)
        stop.set()
        running.loop.wake()
        for thread in threads:
            while thread.is_alive():
                running.loop.wake()
                thread.join(0.01)
        assert b"".join(heard) == bytes(range(200))
        running.end()


def test_a_function_that_is_asked_for_again_and_again_is_liked():
    loop = Loop(threading.RLock(), lambda: None)
    for _ in range(3):
        loop.like("echo")
    assert not loop.likes("echo")
    loop.like("echo")
    assert loop.likes("echo")
    loop.like("other")
    assert not loop.likes("echo")
    assert not loop.likes("other")


class TestManySockets:
    """What stands in for epoll on Windows."""

    def test_more_sockets_than_select_takes(self):
        many = ManySockets(at_once=3)
        pairs = [pair() for _ in range(10)]
        for number, (_, there) in enumerate(pairs):
            many.register(there, EVENT_READ, number)
        assert many.select(0) == []
        for number in (1, 8):
            pairs[number][0].send(b"x")
        found = {key.data: events for key, events in many.select(1)}
        while len(found) < 2:
            found |= {key.data: events for key, events in many.select(1)}
        assert found == {1: EVENT_READ, 8: EVENT_READ}
        many.unregister(pairs[1][1])
        many.modify(pairs[8][1], EVENT_WRITE, "eight")
        ((key, events),) = many.select(1)
        assert (key.data, events) == ("eight", EVENT_WRITE)
        many.close()
        for one in pairs:
            one[0].close()
            one[1].close()

    def test_it_waits_as_long_as_it_is_told(self):
        many = ManySockets(at_once=1)
        pairs = [pair(), pair()]
        for _, there in pairs:
            many.register(there, EVENT_READ)
        began = time.monotonic()
        assert many.select(0.02) == []
        assert time.monotonic() - began >= 0.02
        timer = threading.Timer(0.02, lambda: pairs[1][0].send(b"x"))
        timer.start()
        ((key, _),) = many.select(None)
        assert key.fileobj is pairs[1][1]
        timer.join()
        many.close()
        for one in pairs:
            one[0].close()
            one[1].close()

    def test_a_loop_turns_with_it(self, monkeypatch):
        monkeypatch.setattr("upgrade101.gateway.loop.new_selector", lambda: ManySockets(at_once=1))
        monkeypatch.setattr("upgrade101.gateway.loop._SEES_CHANGES", False)
        running = Running()
        here, there = pair()
        with here, there:
            heard = []
            with running.loop:
                running.loop.watch(there, 0, EVENT_READ, lambda events: heard.append(there.recv(9)))
            here.send(b"one")
            until(lambda: heard)
            running.end()
