"""The books of the soak: what the gateway has told, and what does not add up.

The gateway tells everything that happens to one message in one breath, so the books need no times.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass

from upgrade101.gateway import happenings as told

AROUND = ("$connect", "$disconnect")


@dataclass
class Page:
    """One connection that has not been settled yet."""

    opened: bool = False
    closed: int = 0
    disconnects: int = 0
    unrouted: int = 0  # messages that neither reached a function nor got an error frame
    calls: int = 0  # functions that have not answered
    owed: int = 0  # answers of two-way routes that are not on their way to the client

    def settled(self) -> bool:
        """Tell whether nothing more is to come."""
        return bool(self.closed and self.disconnects and not self.calls)

    def faults(self) -> list[str]:
        """Say what does not add up, now that nothing happens any more."""
        found = {
            "accepted, and never ended": self.opened and not self.closed,
            "ended more than once": self.closed > 1,
            f"$disconnect ran {self.disconnects} times": self.closed and self.disconnects != 1,
            f"{self.unrouted} messages got neither a function nor an error": self.unrouted,
            f"{self.calls} calls without an answer": self.calls,
            f"{self.owed} answers went astray": self.owed and not self.closed,
        }
        return [words for words, true in found.items() if true]


class Ledger:
    """An observer that keeps a page for every connection, and counts."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = defaultdict(Page)
        self.counts: Counter[str] = Counter()
        self.found: list[str] = []
        self._open_calls: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, happening: told.Happening) -> None:
        with self._lock:
            self._note(happening)

    def _note(self, happening: told.Happening) -> None:
        self.counts[type(happening).__name__] += 1
        match happening:
            case told.Opened(connection_id=who):
                self.pages[who].opened = True
            case told.Received(connection_id=who):
                self.pages[who].unrouted += 1
            case told.Invoked(connection_id=who, request_id=request_id, route_key=key):
                self._call(self.pages[who], request_id, key)
            case told.Answered(connection_id=who, request_id=request_id, route_key=key):
                self._answer(who, request_id, key)
            case told.Sent(connection_id=who, because=because) if because != "post":
                self._send(self.pages[who], because)
            case told.Closed(connection_id=who):
                self.pages[who].closed += 1
            case told.Refused(connection_id=who):
                self.pages.pop(who, None)

    def _call(self, page: Page, request_id: str, route_key: str) -> None:
        self._open_calls.add(request_id)
        page.calls += 1
        page.disconnects += route_key == "$disconnect"
        page.unrouted -= route_key not in AROUND
        self.counts["messages"] += route_key not in AROUND

    def _answer(self, who: str, request_id: str, route_key: str) -> None:
        page = self.pages[who]
        if request_id in self._open_calls:
            self._open_calls.discard(request_id)
            page.calls -= 1
        else:
            self.found.append(f"{who}: a call was answered twice")
        if route_key not in AROUND:
            page.owed += 1
        if page.settled() and not page.faults():
            del self.pages[who]

    def _send(self, page: Page, because: str) -> None:
        self.counts[f"sent {because}"] += 1
        if page.owed:
            page.owed -= 1
        elif because == "error" and page.unrouted:
            page.unrouted -= 1
            self.counts["messages"] += 1
        else:
            self.found.append("an answer was sent that nobody asked for")

    def faults(self) -> list[str]:
        """Say what does not add up, once everything has ended."""
        with self._lock:
            left = [f"{who}: {fault}" for who, page in self.pages.items() for fault in page.faults()]
            return [*self.found, *left]
