"""The memory of the wire log: it watches a cloud and keeps what happened, in the order in which it was told."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from itertools import islice

from ..gateway.happenings import Called, Closed, Happening, Knocked, Observer, Opened, Received, Refused
from .lanes import letters, life_of

Watch = Callable[[Observer], Callable[[], None]]
Settle = Callable[[], object]

CAPACITY = 10_000


class Recorder:
    """Keep the last happenings of whatever it is attached to; safe from any thread.

    >>> from upgrade101.gateway.happenings import Received
    >>> recorder = Recorder()
    >>> recorder.observe(Received(at=0.0, text="hi", connection_id="RYGzEcSNvHcCH8A="))
    >>> [happening.text for happening in recorder.latest()]
    ['hi']
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Happening] = deque(maxlen=capacity)
        self._told = 0  # how many were ever told, so that a window survives the deque's forgetting
        self._window = (0, 0)  # the last picture: from this one, up to but not including that one
        self._letters: dict[str, str] = {}
        self._lasting: set[str] = set()  # connections that were open when all else was forgotten
        self._detach: Callable[[], None] | None = None
        self._settle: Settle | None = None
        self._listeners: list[Observer] = []
        self._remark: str | Callable[[], str] = ""

    def observe(self, happening: Happening) -> None:
        """Keep one happening: this is the observer to hand to a gateway or a cloud."""
        with self._lock:
            self._kept.append(happening)
            self._told += 1
            for listener in self._listeners:
                listener(happening)

    def listen(self, listener: Observer) -> Callable[[], None]:
        """Tell ``listener`` of all that happens from now on; return the function that ends this.

        It is called from any thread, while the recorder is locked: it has to be quick, and must not call the recorder.
        """
        self.settle()
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._leave(listener)

    def _leave(self, listener: Observer) -> None:
        self.settle()
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    @property
    def remark(self) -> str:
        """Return what stands under each picture."""
        return self._remark() if callable(self._remark) else self._remark

    def attach(
        self, watch: Watch, settle: Settle | None = None, *, remark: str | Callable[[], str] = ""
    ) -> Callable[[], None]:
        """Watch through ``watch`` (for instance ``cloud.watch``), instead of whatever was watched before.

        ``settle`` is called before each picture, to let what is still under way arrive. ``remark`` stands under each
        picture (what cannot be seen from here), or is asked for what does. Returns the function that detaches again.
        """
        self.detach()
        unwatch = watch(self.observe)
        self._detach, self._settle, self._remark = unwatch, settle, remark
        return self.detach

    def detach(self) -> None:
        """Stop watching; what was recorded stays."""
        with self._lock:
            self._lasting.clear()
        detach, self._detach, self._settle, self._remark = self._detach, None, None, ""
        if detach is not None:
            detach()

    def clear(self) -> None:
        """Forget everything but the letters of clients whose connections last."""
        self.settle()
        with self._lock:
            kept = list(self._kept)
            lasting = self._lasting_after(kept) if self._detach is not None else set()
            self._lettered([told for told in kept if told.connection_id in lasting])
            self._letters = {client: letter for client, letter in self._letters.items() if client in lasting}
            self._kept.clear()
            self._window = (self._told, self._told)
            self._lasting = set(self._letters)

    def latest(self) -> list[Happening]:
        """Return what is new since the last picture, or, where nothing is, what the last picture showed."""
        self.settle()
        with self._lock:
            return self._between(*self._next_window())

    def take(self) -> list[Happening]:
        """Return the same as :meth:`latest`, and let the next picture begin after it."""
        self.settle()
        with self._lock:
            self._window = self._next_window()
            return self._between(*self._window)

    def everything(self) -> list[Happening]:
        """Return all that is still remembered."""
        self.settle()
        with self._lock:
            return list(self._kept)

    def letters(self, happenings: list[Happening]) -> dict[str, str]:
        """Return the letter of each client in these happenings; an open connection keeps its letter for good."""
        with self._lock:
            return self._lettered(happenings)

    def _lettered(self, happenings: list[Happening]) -> dict[str, str]:
        kept = list(self._kept)
        ended = {told.connection_id for told in kept if isinstance(told, Closed | Refused)}
        self._lasting -= ended
        remembered = {told.connection_id for told in kept} | self._lasting
        known = {client: letter for client, letter in self._letters.items() if client in remembered}
        given = letters(happenings, known, ended)
        self._letters = known | given
        return given

    def _lasting_after(self, kept: list[Happening]) -> set[str]:
        """Return the connections that have begun and not ended."""
        begun = {told.connection_id for told in kept if isinstance(told, Knocked | Opened | Received)}
        return (begun | self._lasting) - {told.connection_id for told in kept if isinstance(told, Closed | Refused)}

    def life_of(self, who: str) -> list[Happening]:
        """Return what is remembered of one connection, given by its id or its letter (that of the last who had it)."""
        self.letters(self.latest())
        with self._lock:
            return life_of(who, self._kept, self._letters)

    def _next_window(self) -> tuple[int, int]:
        start, end = self._window
        new = self._between(end, self._told)
        return (end, self._told) if any(_can_be_drawn(happening) for happening in new) else (start, end)

    def _between(self, start: int, end: int) -> list[Happening]:
        first = self._told - len(self._kept)
        return list(islice(self._kept, max(start - first, 0), max(end - first, 0)))

    def settle(self) -> None:
        """Wait until what is under way has happened."""
        if self._settle is not None:
            self._settle()


def _can_be_drawn(happening: Happening) -> bool:
    """Tell whether a picture would show it: the notebook's own AWS calls make no picture."""
    return not (isinstance(happening, Called) and not happening.caller)
