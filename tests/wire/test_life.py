import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from upgrade101.gateway.connection import LIFE, Event, State
from upgrade101.gateway.happenings import Closed, Happening, Knocked, Opened, Received, Refused, Sent
from upgrade101.wire.life import MEANING, Life, way, words
from upgrade101.wire.life_svg import HIGH, PLACES, WIDE, edges, middle

KNOCKED = Knocked(at=0.0, path="/dev?name=Ana")
OPENED = [KNOCKED, Opened(at=0.012)]


def closed(code: int, by: str, at: float = 660.0, reason: str = "") -> Closed:
    return Closed(at=at, code=code, reason=reason, by=by)


WAYS: dict[str, tuple[list[Happening], list[State]]] = {
    "still open": (OPENED, [State.CONNECTING, State.OPEN]),
    "the client says goodbye": ([*OPENED, closed(1000, "client")], [State.CONNECTING, State.OPEN, State.CLOSED]),
    "the network is cut": ([*OPENED, closed(1006, "network")], [State.CONNECTING, State.OPEN, State.CLOSED]),
    "ten minutes of silence": (
        [*OPENED, closed(1001, "gateway", reason="Going away")],
        [State.CONNECTING, State.OPEN, State.CLOSING, State.CLOSED],
    ),
    "DELETE": (
        [*OPENED, closed(1000, "management")],
        [State.CONNECTING, State.OPEN, State.CLOSING, State.CLOSED],
    ),
    "refused": ([KNOCKED, Refused(at=0.1, status=403, message="Forbidden")], [State.CONNECTING, State.REFUSED]),
    "gone before $connect answered": (
        [KNOCKED, closed(1006, "network")],
        [State.CONNECTING, State.ABANDONED, State.CLOSED],
    ),
    "the beginning is forgotten": ([Received(at=0.0, text="hi"), closed(1000, "client")], [State.OPEN, State.CLOSED]),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_life_is_read_from_what_was_told(name: str) -> None:
    told, states = WAYS[name]
    assert [stop.state for stop in way(told)] == states


@pytest.mark.parametrize("name", WAYS)
def test_every_step_of_a_life_is_one_of_the_gateways_table(name: str) -> None:
    for before, stop in pairwise(way(WAYS[name][0])):
        assert stop.event is not None
        assert LIFE[before.state, stop.event] is stop.state


def test_it_says_what_brought_a_connection_where_it_is() -> None:
    told = [
        *OPENED,
        Received(at=1, text="a"),
        Sent(at=2, text="b", because="post"),
        Sent(at=3, text="c", because="reply"),
    ]
    said = [stop.said for stop in way([*told, closed(1000, "management", reason="Bye")])]
    assert said == [
        "GET /dev?name=Ana",
        "101 Switching Protocols; 1 message in, 2 out",
        "DELETE @connections: 1000 Bye",
        "",
    ]
    assert way([*OPENED, closed(1005, "client", reason="…")])[-1].said == "a close frame without a code: 1005"
    assert way([*OPENED, closed(1006, "network")])[-1].said == "silence, written down as 1006"


def test_it_knows_where_a_connection_is_now() -> None:
    assert words(Life(who="client A", stops=way(OPENED)), 100).splitlines()[:3] == [
        "the life of client A: CONNECTING → OPEN, where it is now",
        "1. 0 ms  CONNECTING  GET /dev?name=Ana",
        "2. 12 ms  OPEN  $connect accepts: 101 Switching Protocols; 0 messages in, 0 out",
    ]
    assert Life(stops=way([*OPENED, closed(1000, "client")])).is_over


# ── the diagram ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_state_has_a_place_of_its_own_and_a_meaning() -> None:
    assert set(PLACES) == set(MEANING) == set(State)
    assert len(set(PLACES.values())) == len(PLACES)


def test_every_step_of_the_table_is_an_arrow() -> None:
    drawn = {(edge.source, event, edge.target) for edge in edges(Life()) for event in edge.events}
    assert drawn == {(source, event, target) for (source, event), target in LIFE.items()}


def test_no_arrow_crosses_a_state() -> None:
    for edge in edges(Life()):
        for (x1, y1), (x2, y2) in pairwise(edge.points):
            assert x1 == x2 or y1 == y2
            for state in State:
                x, y = middle(state)
                beside = max(x1, x2) <= x - WIDE / 2 or min(x1, x2) >= x + WIDE / 2
                above = max(y1, y2) <= y - HIGH / 2 or min(y1, y2) >= y + HIGH / 2
                assert beside or above, (edge, state)


def test_no_two_arrows_lie_on_each_other() -> None:
    def dots(points: tuple[tuple[float, float], ...]) -> Iterator[tuple[int, int]]:
        for (x1, y1), (x2, y2) in pairwise(points):
            for part in range(1, 20):
                yield round(x1 + (x2 - x1) * part / 20), round(y1 + (y2 - y1) * part / 20)

    seen: set[tuple[int, int]] = set()
    for edge in edges(Life()):
        found = set(dots(edge.points))
        assert not found & seen
        seen |= found


def test_another_table_makes_another_diagram() -> None:
    table = {(State.CONNECTING, Event.ACCEPT): State.OPEN, (State.OPEN, Event.END): State.CLOSED}
    text = words(Life(table), 80)
    assert text.startswith("the life of a connection: 3 states, 2 steps")
    assert "ABANDONED" not in text
    assert len(edges(Life(table))) == 2


@pytest.mark.parametrize("width", [40, 80])
def test_words_keep_to_their_width(width: int) -> None:
    for told, _ in WAYS.values():
        assert max(map(len, words(Life(who="client A", stops=way(told)), width).splitlines())) <= width


def test_a_long_path_does_not_leave_the_picture() -> None:
    from upgrade101.wire.life_svg import svg

    drawn = svg(Life(who="client A", stops=way([Knocked(at=0.0, path="/dev?" + "x" * 500)])))
    assert "…" in drawn
    assert not re.search("x{200}", drawn.partition("</desc>")[2])
