"""The evening of lab 06: customers who are shown out, and what the wire tells of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ... import cloud
from ...gateway.connection import Event
from ...gateway.happenings import Closed, Happening, Managed
from ..asking import SILENCE, heard
from ..bench import Bench
from ..exercises import NotYet
from ..museum.scene import Guest

CLOSED = "management"
CLOSING = "we are closing"

ClosingTime = Callable[[Any, list[str], datetime], Collection[str]]


def ended(bench: Bench) -> set[tuple[str, str]]:
    """Return by whom which connections were closed."""
    return {(seen.by, seen.connection_id) for seen in bench.happenings() if isinstance(seen, Closed)}


@dataclass(frozen=True, slots=True)
class Evening:
    """Customers in the order in which somebody goes through them."""

    bench: Bench
    guests: Sequence[Guest]

    def run(self, closing_time: ClosingTime, connections: Any, since: datetime) -> Any:
        """Return what is returned. Raises NotYet where it fails over a customer who goes between two calls."""
        try:
            return closing_time(connections, self._ids, since)
        except connections.exceptions.GoneException as error:
            last = [seen for seen in self.bench.happenings() if isinstance(seen, Managed)][-1:]
            lost = {seen.connection_id for seen in last if seen.method != "GET"}
            for guest in self.guests:
                if guest.connection_id in lost:
                    look = (
                        "the `try`: whoever is there for one call may be gone for the next, so it is around all three"
                    )
                    got = f"GoneException, when {guest.name} was to be told"
                    raise NotYet(expected="no error", got=got, look=look) from error
            raise

    @contextmanager
    def goes_when_asked_about(self, guest: Guest) -> Iterator[None]:
        """End a customer's line, without a frame, once a call has asked about it: the next finds nobody."""
        gateway = cloud.local().gateway

        def go(seen: Happening) -> None:
            if not isinstance(seen, Managed) or (seen.method, seen.connection_id) != ("GET", guest.connection_id):
                return
            connection = gateway.core.connections.pop(guest.connection_id, None)
            if connection is not None and connection.may(Event.END):
                connection.step(Event.END)
                connection.line.transport.abort()

        unwatch = gateway.watch(go)
        try:
            yield
        finally:
            unwatch()

    def expect_shown_out(self, guest: Guest) -> None:
        """Raise NotYet unless a customer was told, and then closed."""
        frames, expected = guest.line.heard(), f"{guest.name} hears “{CLOSING}”, and then the line is closed"
        calls = self._calls(guest)
        if heard(frames) != CLOSING:
            got, look = self._why_not_told(guest, calls, frames)
            raise NotYet(expected=expected, got=got, look=look)
        if (CLOSED, guest.connection_id) not in ended(self.bench):
            look = "`delete_connection`"
            if "GET" in calls and calls.index("POST") < calls.index("GET"):
                look = "the order: a post makes a line active, so ask first, and post then"
            raise NotYet(expected=expected, got="told, and the line is open", look=look)

    def expect_spared(self, guest: Guest) -> None:
        """Raise NotYet where a customer was told to go, or closed."""
        frames = guest.line.heard()
        if frames:
            look = "whom to spare: LastActiveAt says when somebody was last active"
            raise NotYet(expected=f"{guest.name} hears nothing", got=repr(heard(frames)), look=look)
        if (CLOSED, guest.connection_id) in ended(self.bench):
            raise NotYet(expected=f"{guest.name}'s line stays open", got="it is closed", look="whom to spare")

    def expect_staying(self, stay: Any) -> None:
        """Raise NotYet unless the ids are those of who is still there: of the last one alone."""
        last = self.guests[-1].name
        expected = f"the ids of who stays: {last}'s"
        if stay is None or isinstance(stay, str | bytes) or not isinstance(stay, Collection):
            raise NotYet(expected=expected, got=_short(stay), look="what `closing_time` returns")
        names = {guest.connection_id: guest.name for guest in self.guests}
        found = [names.get(str(id), _short(id)) for id in stay]
        if found != [last]:
            got = f"those of {', '.join(found)}" if found else "no ids"
            look = "who is left out: whoever was shown out, and whoever has gone"
            raise NotYet(expected=expected, got=got, look=look)

    def expect_error(self, closing_time: ClosingTime, nowhere: Any, since: datetime) -> None:
        """Raise NotYet unless 403 stays an error: it says nothing about anybody."""
        try:
            stay = closing_time(nowhere, self._ids, since)
        except nowhere.exceptions.ForbiddenException:
            return
        look = "which errors are caught: 403 does not say that anybody has gone"
        raise NotYet(expected="the error itself: ForbiddenException", got=f"{_short(stay)} is returned", look=look)

    @property
    def _ids(self) -> list[str]:
        return [guest.connection_id for guest in self.guests]

    def _calls(self, guest: Guest) -> list[str]:
        """Return the methods of the calls that were made for a customer, in order."""
        seen = [each for each in self.bench.happenings() if isinstance(each, Managed)]
        return [each.method for each in seen if each.connection_id == guest.connection_id]

    def _why_not_told(self, guest: Guest, calls: Sequence[str], frames: Sequence[str]) -> tuple[str, str]:
        """Return what a customer got instead, and where to look."""
        if frames:
            return repr(heard(frames)), "what is posted, and how often"
        if not any(map(self._calls, self.guests)):
            return "nobody was asked about", "does the loop run? A function with `yield` in it does nothing when called"
        if not calls:
            before = self.guests[self.guests.index(guest) - 1].name
            return f"nothing was tried for {guest.name}", f"does the loop go on after {before}?"
        if "POST" not in calls and "DELETE" in calls:
            return f"{SILENCE}: the line was closed without a word", "say it first, and close then"
        if "POST" not in calls:
            look = "whom to spare: who was last active before `since` is told, all others stay"
            return f"{SILENCE}: asked about, and left alone", look
        return SILENCE, "in which order? Who is closed hears nothing any more"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
