"""The wire log while it happens: a thread that sleeps until something does, and then draws, a few times a second."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..gateway.happenings import Happening
from .lanes import Story, story
from .live_page import Screen
from .picture import Picture
from .recorder import CAPACITY, Recorder
from .steps import Arrow, named, steps_of
from .text import headline, sentence

log = logging.getLogger("upgrade101.wire")

EVERY, SELDOM = 0.3, 1.0  # seconds between two pictures, at least, and where drawing is slow
GATHER = 0.05  # seconds from the first news to their picture: what belongs together comes together
SHARE = 10  # drawing takes about one part in this many of a processor's time, at most
WINDOW = 240  # happenings that are drawn from while it goes on
LOOK = 1.0  # seconds between two looks whether the cloud still runs, where nothing happens


class Live:
    """A wire log that goes on until ``stop()``, the end of its ``with`` block, or the end of the cloud."""

    def __init__(self, recorder: Recorder, screen: Screen, running: Callable[[], bool], *, last: int = 12) -> None:
        self._recorder, self._screen, self._running, self._last = recorder, screen, running, last
        self._heard: deque[Happening] = deque(maxlen=CAPACITY)
        self._new: deque[Happening] = deque(maxlen=CAPACITY)
        self._news, self._over = threading.Event(), threading.Event()
        self._closing = threading.Lock()
        self._arrows = self._steps = 0
        self._began = math.inf
        self._has_run = False  # whether there was a cloud, whose end is the end of this
        self._thread = threading.Thread(target=self._follow, name="wire.live", daemon=True)
        self._leave: Callable[[], None] | None = None

    def start(self) -> Live:
        """Begin; what happened before is not shown."""
        self._screen.open()
        self._has_run = self._running()
        self._leave = self._recorder.listen(self._hear)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End it and leave the picture of all that happened meanwhile; harmless where it has ended."""
        self._recorder.settle()
        self._over.set()
        self._news.set()
        if self._thread is not threading.current_thread() and self._thread.ident is not None:
            self._thread.join(10)
        self._close()

    @property
    def is_live(self) -> bool:
        """Tell whether it goes on."""
        return not self._over.is_set()

    @property
    def happenings(self) -> tuple[Happening, ...]:
        """Return what happened since it began."""
        return tuple(self._heard.copy())

    @property
    def picture(self) -> Picture:
        """Return the wire log of what happened since it began."""
        seen = list(self.happenings)
        told = story(seen, names=self._recorder.letters(seen), remark=self._recorder.remark)
        return Picture(told, tuple(seen))

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def _ipython_display_(self) -> None:
        """Show nothing: the view stands there since it was started."""

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────

    def _hear(self, happening: Happening) -> None:
        self._heard.append(happening)
        self._new.append(happening)
        if not self._news.is_set():
            self._news.set()

    def _follow(self) -> None:
        """Draw when there is news, and end when the cloud has."""
        while not self._over.is_set():
            if self._news.wait(LOOK):
                self._over.wait(GATHER)
                self._news.clear()
                took = self._draw()
                self._over.wait(min(max(EVERY, took * (SHARE - 1)), SELDOM))
            is_running = self._running()
            if self._has_run and not is_running:
                self._over.set()
            self._has_run = self._has_run or is_running
        self._close()

    def _draw(self) -> float:
        """Show how things stand, and return how many seconds of a processor that took."""
        begin = time.thread_time()
        try:
            self._show()
        except Exception as fault:  # a picture is not worth a cell
            log.error("the live wire log could not be drawn: %r", fault, exc_info=log.isEnabledFor(logging.DEBUG))
        return time.thread_time() - begin

    def _show(self) -> None:
        new = [self._new.popleft() for _ in range(len(self._new))]
        seen = list(self.happenings)[-WINDOW:]
        names = self._recorder.letters(seen)
        fresh = steps_of(named(new), names)
        if not fresh:
            return
        self._began = min(self._began, fresh[0].at)
        self._arrows += sum(isinstance(step, Arrow) for step in fresh)
        self._steps += len(fresh)
        told = story(seen, names=names, last=self._last, remark=self._recorder.remark)
        begin, end = self._began, max(told.steps[-1].at, self._began)
        told = replace(told, arrows=self._arrows, seconds=end - begin, begin=begin)
        self._screen.show(Picture(told, tuple(seen)), _so_far(told), self._sentences(told, len(fresh)))

    def _sentences(self, told: Story, fresh: int) -> list[tuple[int, str]]:
        """Return the new steps of a picture as sentences, each with its number."""
        new = told.steps[-fresh:]
        return [(self._steps - len(new) + place, sentence(step, told)) for place, step in enumerate(new, 1)]

    def _close(self) -> None:
        """Leave the last picture, once, whoever comes first."""
        with self._closing:
            leave, self._leave = self._leave, None
            if leave is None:
                return
            leave()
            self._draw()
            try:
                picture = self.picture
                self._screen.close(picture, f"ended · {_so_far(picture.story)}")
            except Exception as fault:
                log.error("the live wire log could not be closed: %r", fault)


def _so_far(told: Story) -> str:
    return headline(told).removeprefix("wire log: ")
