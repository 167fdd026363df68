"""The life of a connection drawn: states stand on a grid, and every step of the table is an arrow between two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

from ..gateway.connection import Event, State
from .layout import HEAD, MARGIN, SMALL, TITLE, width_of
from .life import MEANING, Life, headline, line_of, sentences
from .paint import BOLD, arrow_head, badge, document, fill, stroke, text
from .strings import shorten

PLACES = {  # column and row; a test holds that no arrow crosses a state
    State.REFUSED: (0, 0),
    State.CONNECTING: (1, 0),
    State.OPEN: (2, 0),
    State.CLOSING: (3, 0),
    State.ABANDONED: (1, 1),
    State.CLOSED: (2, 1),
}
WIDE, HIGH = 136.0, 52.0  # a state
APART, BELOW = 100.0, 92.0  # between columns, between rows
TOP = MARGIN + 44
LISTED = 22.0  # a line of the list below
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from one state to another: through which points, and what it is called."""

    source: State
    target: State
    events: tuple[Event, ...]
    points: tuple[Point, ...]


def edges(life: Life) -> list[Edge]:
    """Return the arrows of the table; steps between the same two states share one."""
    between: dict[tuple[State, State], list[Event]] = {}
    for (source, event), target in life.table.items():
        between.setdefault((source, target), []).append(event)
    return [Edge(*ends, tuple(events), tuple(_points(*ends))) for ends, events in between.items()]


def middle(state: State) -> Point:
    """Return where the middle of a state is."""
    column, row = PLACES[state]
    return MARGIN + WIDE / 2 + column * (WIDE + APART), TOP + HIGH / 2 + row * (HIGH + BELOW)


def _points(source: State, target: State) -> Iterator[Point]:
    """Yield the way from the edge of one state to the edge of another, around a corner where nobody stands."""
    (from_x, from_y), (to_x, to_y) = middle(source), middle(target)
    (column, row), (to_column, to_row) = PLACES[source], PLACES[target]
    if row == to_row or (column != to_column and (to_column, row) not in PLACES.values()):
        yield from_x + _sign(to_x - from_x) * WIDE / 2, from_y
    else:
        yield from_x, from_y + _sign(to_y - from_y) * HIGH / 2
    if row == to_row:
        yield to_x - _sign(to_x - from_x) * WIDE / 2, to_y
    elif column == to_column:
        yield to_x, to_y - _sign(to_y - from_y) * HIGH / 2
    elif (to_column, row) not in PLACES.values():
        yield to_x, from_y
        yield to_x, to_y - _sign(to_y - from_y) * HIGH / 2
    else:
        yield from_x, to_y
        yield to_x - _sign(to_x - from_x) * WIDE / 2, to_y


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def svg(life: Life) -> str:
    """Return the diagram as an SVG document."""
    taken = _taken(life)
    body = [*_beginning(life)]
    for edge in sorted(edges(life), key=lambda edge: bool(_numbers(edge, taken))):
        body += _edge(edge, _numbers(edge, taken), bool(life.stops))
    body += [part for state in life.states for part in _state(state, life)]
    columns, rows = (max(place[way] for place in PLACES.values()) + 1 for way in (0, 1))
    width = 2 * MARGIN + columns * WIDE + (columns - 1) * APART
    y = TOP + rows * HIGH + (rows - 1) * BELOW + MARGIN + 10
    for number, stop in enumerate(life.stops, 1):
        words = shorten(line_of(stop, life.stops[0].at), int((width - 2 * MARGIN - 26) / width_of("x")))
        body += [badge(str(number), MARGIN + 9, y + 4, "client0"), text(words, MARGIN + 26, y + 8, "ink")]
        y += LISTED
    if life.remark:
        body.append(text(life.remark, MARGIN, y + 8, "muted", size=SMALL))
        y += LISTED
    name = headline(life)
    return document(width, y + MARGIN / 2, f"{name[0].upper()}{name[1:]}", sentences(life), "".join(body))


def _taken(life: Life) -> dict[tuple[State, State], list[int]]:
    """Return for each step that was taken the numbers of the stops it led to."""
    taken: dict[tuple[State, State], list[int]] = {}
    for number, stop in enumerate(life.stops[1:], 2):
        taken.setdefault((life.stops[number - 2].state, stop.state), []).append(number)
    return taken


def _numbers(edge: Edge, taken: dict[tuple[State, State], list[int]]) -> list[int]:
    return taken.get((edge.source, edge.target), [])


def _beginning(life: Life) -> Iterator[str]:
    """Yield the arrow with which every life begins."""
    sources, targets = {source for source, _ in life.table}, set(life.table.values())
    for state in life.states:
        if state not in sources - targets:
            continue
        began = bool(life.stops) and life.stops[0].state is state and life.stops[0].event is None
        name, strong = _ink(began, bool(life.stops))
        x, y = middle(state)
        yield _way(((x, MARGIN + 8), (x, y - HIGH / 2)), name, strong)
        yield f'<circle cx="{x:.1f}" cy="{MARGIN + 8:.1f}" r="6" {fill(name)}/>'
        yield text("GET … Upgrade: websocket", x + 16, MARGIN + 12, "ink")
        if began:
            yield badge("1", x, MARGIN + 8, name)


def _ink(taken: bool, somebody: bool) -> tuple[str, float]:
    """Return colour and width of an arrow: taken, not taken, or nobody's."""
    return ("client0", 3.0) if taken else ("muted", 1.2) if somebody else ("gateway", 1.5)


def _edge(edge: Edge, numbers: list[int], somebody: bool) -> Iterator[str]:
    name, strong = _ink(bool(numbers), somebody)
    yield _way(edge.points, name, strong)
    words = " / ".join(event.value for event in edge.events)
    (x1, y1), (x2, y2) = _label_leg(edge)
    is_level = y1 == y2
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    lines = [words] if is_level and abs(x2 - x1) > width_of(words) + 30 else wrap(words, 12)
    if is_level:
        yield from (text(line, x, y - 14 - 14 * up, "ink", anchor="middle") for up, line in enumerate(reversed(lines)))
    else:
        top = y + 4 - (len(lines) - 1) * 7
        yield from (text(line, x + 15, top + 14 * down, "ink") for down, line in enumerate(lines))
    if numbers:
        yield badge("·".join(map(str, numbers)), x, y, name)


def _label_leg(edge: Edge) -> tuple[Point, Point]:
    """Return the part of an arrow that carries its words: the level one, where there is one."""
    legs = list(pairwise(edge.points))
    return next((leg for leg in legs if leg[0][1] == leg[1][1]), legs[0])


def _way(points: tuple[Point, ...], name: str, strong: float) -> str:
    (x1, y1), (x2, y2) = points[-2:]
    across, down = _sign(x2 - x1), _sign(y2 - y1)
    shaft = [*points[:-1], (x2 - across * HEAD, y2 - down * HEAD)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in shaft)
    head = arrow_head(x2, y2, across, name) if across else _head_down(x2, y2, down, name)
    return f'<path d="M{path}" {stroke(name, strong)} stroke-linejoin="round"/>{head}'


def _head_down(x: float, y: float, way: int, name: str) -> str:
    back = y - way * HEAD
    return f'<path d="M{x:.1f} {y:.1f}L{x - 4.5:.1f} {back:.1f}L{x + 4.5:.1f} {back:.1f}Z" {fill(name)}/>'


def _state(state: State, life: Life) -> Iterator[str]:
    """Yield one state: an end has a double frame, where the connection is now a filled one."""
    x, y = middle(state)
    been = state in {stop.state for stop in life.stops}
    now = bool(life.stops) and life.stops[-1].state is state
    name, strong = ("client0", 2.5) if been else ("muted", 1.2) if life.stops else ("gateway", 1.5)
    yield _frame(x, y, 0, fill(name if now else "bg"))
    yield _frame(x, y, 0, stroke(name, strong))
    if not any(source is state for source, _ in life.table):
        yield _frame(x, y, 4, stroke("bg" if now else name, 1))
    yield text(state.name, x, y - 2, "bg" if now else "ink", size=TITLE, anchor="middle", more=BOLD)
    yield text(MEANING[state], x, y + 14, "bg" if now else "muted", size=SMALL, anchor="middle")


def _frame(x: float, y: float, inset: float, paint: str) -> str:
    wide, high = WIDE - 2 * inset, HIGH - 2 * inset
    at = f'x="{x - wide / 2:.1f}" y="{y - high / 2:.1f}" width="{wide:.1f}" height="{high:.1f}" rx="{8 - inset / 2:g}"'
    return f"<rect {at} {paint}/>"
