"""Sockets, time, and which thread attends to them: a loop that changes hands.

One thread at a time leads: it waits for sockets and timers, and does what they ask. A thread that runs a function may
lead while it waits for its next event; what arrives for it is run on the spot, and no other thread has to be woken.
When that takes longer than a moment, the loop's own thread takes the lead, so that nobody else waits for it.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from .deadlines import Deadlines
from .happenings import failed

log = logging.getLogger("upgrade101.gateway")

_MOMENT = 0.002  # seconds between two looks at a thread that leads and runs a function
_STUCK = 2  # looks that find the same job, after which it no longer leads
_PATIENCE = 50  # looks without anything new, after which the loop's own thread sleeps until it is needed
_BAN_SECONDS, _LONGEST_BAN_SECONDS = 0.1, 5.0
_LIKED = 4  # jobs in a row for the same function, after which its thread may lead
_AT_ONCE = 500  # sockets that select() takes on Windows
_POLL_SECONDS = 0.002  # between two rounds there where it takes several


class Seat:
    """A thread's place in the loop: who leads sits in it."""

    __slots__ = ("bell", "ident")

    def __init__(self) -> None:
        self.ident = 0
        self.bell: SimpleQueue[None] = SimpleQueue()


class Timer:
    """Something to do at a time; ``cancel`` calls it off."""

    __slots__ = ("_timers", "do")

    def __init__(self, timers: Deadlines[Timer], do: Callable[[], None]) -> None:
        self.do: Callable[[], None] | None = do
        self._timers = timers

    def cancel(self) -> None:
        """Never do it."""
        self.do = None
        self._timers.drop(self)


class Loop:
    """Waits for sockets and timers. A context manager that holds the one lock under which all of its callbacks run.

    ``after`` is called whenever a thread has let go of the lock for good, and when another thread takes the lead.
    """

    def __init__(self, lock: Any, after: Callable[[], None]) -> None:
        self.lock = lock
        self._after = after
        self._depth = 0
        self._selector: Any = None
        self._handed: deque[Callable[[], None]] = deque()
        self._timers: Deadlines[Timer] = Deadlines()
        self._own = self._leader = Seat()
        self._heir: Seat | None = None
        self._jobs = self._away = 0  # how many were run by who led, and the number of the one that runs now
        self._found = 0  # sockets that had something at the last look
        self._dozing = self._ending = self._woken = False
        self._liked: object = None
        self._liking = 0
        self._fallen: object = None  # for which kind of job the lead was lost last; not before then it leads again
        self._forgiven = 0.0
        self._ban = _BAN_SECONDS
        self._hear: socket.socket | None = None
        self._call: socket.socket | None = None

    def open(self) -> None:
        """Take what it needs from the system; to be closed."""
        self._selector = new_selector()
        self._hear, self._call = socket.socketpair()
        self._hear.setblocking(False)
        self._call.setblocking(False)
        self._selector.register(self._hear, selectors.EVENT_READ, self._heard)

    def __enter__(self) -> None:
        self.lock.acquire()
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        outermost = not self._depth
        self.lock.release()
        if outermost:
            self._after()

    # ── what may be asked of it, under its lock ──────────────────────────────────────────────────────────────────

    def watch(self, sock: socket.socket, before: int, events: int, ready: Callable[[int], None]) -> None:
        """Call ``ready`` with what a socket is ready for, of these events from now on; ``before`` it was those."""
        if not before:
            self._selector.register(sock, events, ready)
        elif events:
            self._selector.modify(sock, events, ready)
        else:
            self._selector.unregister(sock)
        if not _SEES_CHANGES and not self.leads():
            self.wake()

    def soon(self, do: Callable[[], None]) -> None:
        """Do something in a moment, in order, but not from here."""
        self._handed.append(do)
        if not self.leads():
            self.wake()

    def call_later(self, seconds: float, do: Callable[[], None]) -> Timer:
        """Do something in so many seconds."""
        timer, soonest = Timer(self._timers, do), self._timers.soonest
        self._timers.set(timer, seconds, time.monotonic())
        if self._timers.soonest < soonest and not self.leads():
            self.wake()
        return timer

    # ── what may be asked of it by anybody ───────────────────────────────────────────────────────────────────────

    def leads(self, thread: int = 0) -> bool:
        """Tell whether a thread leads, of that identifier or this one."""
        return self._leader.ident == (thread or threading.get_ident())

    def leader(self) -> Seat | None:
        """Return the seat of this thread where it leads."""
        return self._leader if self.leads() else None

    def is_led_from(self, seat: Seat) -> bool:
        """Tell whether who sits there leads."""
        return self._leader is seat

    def catch_up(self, seconds: float) -> bool:
        """Wait until all that has arrived is read and nothing is left to do soon; tell whether that came in time."""
        done = threading.Event()

        def look() -> None:
            if self._found:
                self.soon(look)
            else:
                done.set()

        with self.lock:
            self.soon(lambda: self.soon(look))  # the look of this very round may have been before the question
        return done.wait(max(0.0, seconds))

    def wake(self) -> None:
        """Have who leads look up."""
        if not self._woken and self._call is not None:
            self._woken = True
            with contextlib.suppress(OSError):  # full, and so heard anyway; or closed
                self._call.send(b"\0")

    def _heard(self, _: int) -> None:
        if self._hear is not None:
            with contextlib.suppress(OSError):
                self._hear.recv(4096)
        self._woken = False  # after that: who calls in between is heard now, and who calls later is heard again

    # ── who leads ────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, until: Callable[[], bool]) -> None:
        """Be the loop's own thread: lead while nobody else does, and see to it that somebody does."""
        self._own.ident = threading.get_ident()
        self._attend(self._own, until)
        while self._leader is not self._own or not until():
            self._oversee()
            self._attend(self._own, until)

    def attend(self, until: Callable[[], bool], seat: Seat | None = None) -> None:
        """Attend until something is true, or the lead is lost. Without a seat: after ``end``, on the loop's thread."""
        if seat is None:
            self._attend(self._own, until)
        else:
            self._attend(seat, lambda: until() or self._ending)

    def close(self) -> None:
        """Let everything go. Only for the loop's own thread, as the last thing."""
        with self.lock:
            heir, self._heir = self._heir, None
            if heir is not None:
                heir.bell.put(None)
            self._selector.close()
            for sock in (self._hear, self._call):
                if sock is not None:
                    sock.close()

    def end(self) -> None:
        """Let nobody else lead from now on."""
        with self.lock:
            self._ending = True
            self._own.bell.put(None)
            self.wake()

    def lead(self, seat: Seat) -> bool:
        """Wait until who leads gives way to this thread; tell whether it leads then. To be followed by ``resign``."""
        with self.lock:
            if self._ending or self._heir is not None:
                return False
            seat.ident = threading.get_ident()
            self._heir = seat
            self.wake()
        seat.bell.get()
        return self._leader is seat

    def resign(self, seat: Seat) -> None:
        """Give the lead back, where it is this one's."""
        with self.lock:
            if self._leader is seat:
                self._leader = self._own
                self._own.bell.put(None)

    def like(self, kind: object) -> None:
        """Take note what kind of job there was for a thread that waits."""
        if kind is self._liked:
            self._liking += 1
        else:
            self._liked, self._liking = kind, 1

    def likes(self, kind: object) -> bool:
        """Tell whether a thread for that kind of job had better lead."""
        if kind is not self._liked or self._liking < _LIKED or self._ending:
            return False
        return kind is not self._fallen or time.monotonic() >= self._forgiven

    def away(self, seat: Seat) -> int:
        """Begin a job as who leads, and return its number: where it still runs a moment later, another leads."""
        if self._leader is not seat:  # it has just lost the lead, and holds nobody up
            return 0
        self._jobs += 1
        self._away = job = self._jobs
        if self._dozing:
            self._dozing = False
            self._own.bell.put(None)
        return job

    def back(self, job: int) -> None:
        """End a job."""
        if job and self._away == job:
            self._away = 0

    def _oversee(self) -> None:
        """Watch who leads, until the lead falls to the loop's own thread."""
        seen = looks = 0
        while self._leader is not self._own:
            try:
                self._own.bell.get(timeout=None if self._dozing else _MOMENT)
                self._dozing = False
                continue
            except Empty:
                pass
            away, jobs = self._away, self._jobs
            looks = looks + 1 if jobs == seen else 0
            if away and looks >= _STUCK:
                with self.lock:
                    if self._away == away:
                        self._leader, self._away = self._own, 0
                        self._blame()
            elif looks >= _PATIENCE:
                looks = 0
                self._dozing = True
                if self._away:
                    self._dozing = False
            seen = jobs

    def _blame(self) -> None:
        """Keep what took too long from leading again for a while, and for longer when it has just done so before."""
        now = time.monotonic()
        again = self._fallen is self._liked and now < self._forgiven + _BAN_SECONDS * 10
        self._ban = min(2 * self._ban, _LONGEST_BAN_SECONDS) if again else _BAN_SECONDS
        self._fallen, self._forgiven = self._liked, now + self._ban

    def _attend(self, seat: Seat, until: Callable[[], bool]) -> None:
        """Do what sockets and timers ask for, as long as this thread leads."""
        self._after()
        while self._leader is seat and not until():
            for key, events in self._select():
                with self:
                    self._do(key.data, events)
                if self._leader is not seat:
                    return
            if self._handed or self._timers.soonest <= time.monotonic():
                self._do_what_waits()
            if self._heir is not None and not self._away:
                self._hand_over(seat)

    def _select(self) -> list[tuple[selectors.SelectorKey, int]]:
        seconds: float | None = None
        if self._handed:
            seconds = 0.0
        elif self._timers:
            seconds = max(0.0, self._timers.soonest - time.monotonic())
        try:
            ready: list[tuple[selectors.SelectorKey, int]] = self._selector.select(seconds)
        except (OSError, ValueError):  # a socket was closed while select() looked at it
            ready = []
        self._found = len(ready)
        return ready

    def _do_what_waits(self) -> None:
        with self:
            for _ in range(len(self._handed)):
                self._do(self._handed.popleft())
            for timer, _ in list(self._timers.pop(time.monotonic())):
                if timer.do is not None:
                    self._do(timer.do)

    def _hand_over(self, seat: Seat) -> None:
        with self.lock:
            heir = self._heir
            if heir is not None and self._leader is seat and not self._ending:
                self._leader, self._heir = heir, None
                heir.bell.put(None)

    def _do(self, what: Callable[..., None], *facts: Any) -> None:
        try:
            what(*facts)
        except Exception as fault:
            failed(log, "the gateway", "one of its duties", fault)


_SEES_CHANGES = any(hasattr(selectors, f"{kind}Selector") for kind in ("Epoll", "Kqueue", "Devpoll"))
"""Whether select() heeds sockets that are added while it waits."""


class ManySockets:
    """As many sockets as wanted where only select() is at hand, which takes some at once and no more (Windows)."""

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        self._at_once = at_once
        self._rounds: list[selectors.SelectSelector] = [selectors.SelectSelector()]
        self._homes: dict[socket.socket, selectors.SelectSelector] = {}

    def register(self, sock: socket.socket, events: int, data: Any = None) -> None:
        """Watch a socket."""
        home = next((one for one in self._rounds if len(one.get_map()) < self._at_once), None)
        if home is None:
            home = selectors.SelectSelector()
            self._rounds.append(home)
        home.register(sock, events, data)
        self._homes[sock] = home

    def modify(self, sock: socket.socket, events: int, data: Any = None) -> None:
        """Watch it for something else."""
        self._homes[sock].modify(sock, events, data)

    def unregister(self, sock: socket.socket) -> None:
        """Watch it no more."""
        self._homes.pop(sock).unregister(sock)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, or nothing when the time is up."""
        end = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            rounds = [one for one in self._rounds if one.get_map()]
            wait = timeout if len(rounds) < 2 else max(0.0, min(_POLL_SECONDS, end - time.monotonic()))
            ready = [found for one in rounds[1:] for found in one.select(0)]
            ready += rounds[0].select(0 if ready else wait) if rounds else []
            if ready or len(rounds) < 2 or time.monotonic() >= end:
                return ready

    def close(self) -> None:
        """Let go of everything."""
        for one in self._rounds:
            one.close()


def new_selector() -> Any:
    """Return the best way there is to wait for many sockets."""
    return ManySockets() if sys.platform == "win32" else selectors.DefaultSelector()
