"""The life of a connection: the table of ``gateway/connection.py`` in words, and the way that one connection took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..gateway.connection import LIFE, Event, State
from ..gateway.happenings import Closed, Happening, Knocked, Opened, Received, Refused, Sent
from .steps import NO_CODE
from .strings import moment, one_line, shorten

MEANING = {
    State.CONNECTING: "$connect decides",
    State.OPEN: "messages both ways",
    State.CLOSING: "close frame sent",
    State.CLOSED: "$disconnect runs",
    State.REFUSED: "no 101, no socket",
    State.ABANDONED: "client has left",
}
Table = dict[tuple[State, Event], State]


@dataclass(frozen=True, slots=True)
class Stop:
    """One state that a connection came to, what brought it there, and what was said."""

    state: State
    at: float
    event: Event | None = None  # None where its life began
    said: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """The table, and with it the way of one connection, if one was asked for."""

    table: Table = field(default_factory=lambda: LIFE)
    who: str = ""
    stops: tuple[Stop, ...] = ()
    remark: str = ""

    @property
    def states(self) -> tuple[State, ...]:
        """Return the states of the table, each with the steps that leave it before the next."""
        return tuple(dict.fromkeys(state for (source, _), target in self.table.items() for state in (source, target)))

    @property
    def is_over(self) -> bool:
        """Tell whether no step leads on from where the connection is."""
        return bool(self.stops) and not any(source is self.stops[-1].state for source, _ in self.table)


# ── the way of one connection ────────────────────────────────────────────────────────────────────────────────────────


def way(happenings: Sequence[Happening]) -> tuple[Stop, ...]:
    """Return the states that one connection came to, from what was told of it.

    >>> opened = [Knocked(at=0.0, path="/dev"), Opened(at=0.01)]
    >>> [stop.state.value for stop in way([*opened, Closed(at=9.0, code=1000, reason="", by="client")])]
    ['connecting', 'open', 'closed']
    """
    stops: list[Stop] = []
    for happening in happenings:
        for stop in _stops(happening, stops[-1].state if stops else None):
            stops.append(stop)
    received, sent = (sum(isinstance(told, kind) for told in happenings) for kind in (Received, Sent))
    return tuple(_with_messages(stop, received, sent) if stop.state is State.OPEN else stop for stop in stops)


def _stops(happening: Happening, state: State | None) -> Iterator[Stop]:
    at = happening.at
    match happening:
        case Knocked():
            yield Stop(State.CONNECTING, at, None, f"GET {happening.path}")
        case Opened():
            yield Stop(State.OPEN, at, Event.ACCEPT if state else None, "101 Switching Protocols")
        case Refused():
            yield Stop(State.REFUSED, at, Event.REFUSE, f"{happening.status} {happening.message}".strip())
        case Closed():
            yield from _goodbye(happening, state)
        case Received() | Sent() if state is None:
            yield Stop(State.OPEN, at, None, "open before the memory begins")


def _goodbye(closed: Closed, state: State | None) -> Iterator[Stop]:
    code = f"{closed.code} {closed.reason}".strip()
    if state is State.CONNECTING:  # told only where $connect let in somebody who had gone
        yield Stop(State.ABANDONED, closed.at, Event.END, code)
        yield Stop(State.CLOSED, closed.at, Event.ACCEPT, "nobody is there any more")
    elif closed.by in ("gateway", "management"):
        asked = "DELETE @connections: " if closed.by == "management" else ""
        yield Stop(State.CLOSING, closed.at, Event.CLOSE, f"{asked}{code}")
        yield Stop(State.CLOSED, closed.at, Event.END, "")
    else:
        yield Stop(State.CLOSED, closed.at, Event.END, _how(closed, code))


def _how(closed: Closed, code: str) -> str:
    if closed.by != "client":
        return f"silence, written down as {code}"
    return f"a close frame without a code: {NO_CODE}" if closed.code == NO_CODE else f"its close frame says {code}"


def _with_messages(stop: Stop, received: int, sent: int) -> Stop:
    words = f"{stop.said}; {received} message{'' if received == 1 else 's'} in, {sent} out"
    return Stop(stop.state, stop.at, stop.event, words)


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def headline(life: Life) -> str:
    """Return what the diagram shows, in one line."""
    if not life.stops:
        return f"the life of a connection: {len(life.states)} states, {len(life.table)} steps"
    end = "" if life.is_over else ", where it is now"
    return f"the life of {life.who}: {' → '.join(stop.state.name for stop in life.stops)}{end}"


def line_of(stop: Stop, start: float) -> str:
    """Return one stop in words: when, where to, and why."""
    why = ": ".join(filter(None, (stop.event.value if stop.event else "", one_line(stop.said))))
    return f"{moment(stop.at - start)}  {stop.state.name}  {why}".rstrip()


def words(life: Life, width: int) -> str:
    """Return the diagram as text of at most ``width`` columns."""
    lines = [headline(life)]
    lines += [f"{number}. {line_of(stop, life.stops[0].at)}" for number, stop in enumerate(life.stops, 1)]
    for state in life.states:
        lines.append(f"{state.name}: {MEANING[state]}")
        steps = ((event, target) for (source, event), target in life.table.items() if source is state)
        lines += [f"  {event.value:<19}→ {target.name}" for event, target in steps]
    return "\n".join(shorten(line, width) for line in [*lines, *filter(None, [life.remark])])


def sentences(life: Life) -> str:
    """Return the diagram as sentences, for ears."""
    way_taken = [f"{line_of(stop, life.stops[0].at)}." for stop in life.stops]
    steps = [f"{source.name}, {event.value}: {target.name}." for (source, event), target in life.table.items()]
    return " ".join([*way_taken, *steps])
