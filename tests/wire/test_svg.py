import re
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upgrade101.gateway.happenings import (
    Answered,
    Called,
    Closed,
    Happening,
    Invoked,
    Knocked,
    Managed,
    Opened,
    Received,
    Routed,
    Sent,
)
from upgrade101.wire import samples
from upgrade101.wire.lanes import story
from upgrade101.wire.layout import REACH, WIDEST, layout, width_of
from upgrade101.wire.steps import Note
from upgrade101.wire.svg import svg

NAMESPACE = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Words:
    text: str
    left: float
    right: float
    top: float
    bottom: float

    def touches(self, other: "Words") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def parsed(document: str) -> ElementTree.Element:
    return ElementTree.fromstring(document)


def words_of(document: str) -> list[Words]:
    found = []
    for element in parsed(document).iter(f"{NAMESPACE}text"):
        size = float(element.get("font-size", ""))
        x, y, wide = float(element.get("x", "")), float(element.get("y", "")), width_of(element.text or "", size)
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[element.get("text-anchor", "")]
        found.append(Words(element.text or "", left, left + wide, y - size * 0.75, y + size * 0.2))
    return found


def test_no_words_overlap_and_none_leave_the_picture(run: list[Happening]) -> None:
    for arrows in (12, None):
        document = svg(story(run, arrows=arrows, remark="Seen from outside."))
        root, words = parsed(document), words_of(document)
        width, height = float(root.get("width", "")), float(root.get("height", ""))
        for number, one in enumerate(words):
            assert one.left >= 0 and one.right <= width and one.top >= 0 and one.bottom <= height, one
            assert not [other for other in words[number + 1 :] if one.touches(other)], one


def test_no_words_touch_a_status_that_is_not_theirs(run: list[Happening]) -> None:
    document = svg(story(run, arrows=None))
    frames = [frame for frame in parsed(document).iter(f"{NAMESPACE}rect") if frame.get("rx") == "7.5"]
    assert frames
    for frame in frames:
        x, y, wide, high = (float(frame.get(name, "")) for name in ("x", "y", "width", "height"))
        inside = [words for words in words_of(document) if words.touches(Words("", x, x + wide, y, y + high))]
        assert len(inside) == 1


def test_it_has_a_name_a_description_and_tooltips() -> None:
    root = parsed(svg(story(samples.broadcast())))
    assert root.get("role") == "img"
    name = "Wire log: 10 arrows in 11 ms, between client A, client B, gateway, broadcast, table, @connections"
    assert root.get("aria-label") == root.findtext(f"{NAMESPACE}title") == name
    assert "POST JC1dgf9yoAMCK-g= (C), 410." in (root.findtext(f"{NAMESPACE}desc") or "")
    tooltips = [group.findtext(f"{NAMESPACE}title") for group in root.iter(f"{NAMESPACE}g")]
    assert samples.SENT_BY_ANA in tooltips


def test_it_needs_nothing_from_elsewhere(run: list[Happening]) -> None:
    document = svg(story(run))
    assert not re.search(r"(?:href|src|url\(|@import|<script)", document)
    assert document.count("http") == 1  # the namespace


def test_it_stays_narrow_enough_for_a_notebook() -> None:
    for run in (samples.polling(), samples.errors()):
        assert float(parsed(svg(story(run))).get("width", "")) <= WIDEST


def test_short_labels_are_never_shortened() -> None:
    said = [words.text for words in words_of(svg(story(samples.broadcast())))]
    for label in ("DeleteItem connections", '{"statusCode": 200}', "POST JC1dgf9yoAMCK-g= (C)", "route message"):
        assert label in said


def late() -> list[Happening]:
    """Return a call for which the gateway stops waiting, and what its function does afterwards."""
    tape = samples.Tape()
    tape.tell(Received, 0, text="book", connection_id=samples.ANA)
    call = tape.invoke(samples.ANA, "book", "slow")
    tape.answer(samples.ANA, "book", "slow", call, error="timeout")
    tape.post(samples.ANA, "seat 12 is yours", "slow")
    return tape.happenings


def test_a_note_on_a_late_function_leaves_its_bar_in_sight() -> None:
    placed = layout(story(late()))
    [note] = [step for step in placed.steps if isinstance(step.step, Note)]
    assert note.words == "stopped waiting: timed out"
    assert note.x + width_of(note.words) + 16 < placed.column("function:slow").x - REACH


def test_a_bar_that_goes_on_has_no_end() -> None:
    open_below = re.compile(r' d="M[\d.]+ [\d.]+V[\d.]+H[\d.]+V[\d.]+"')
    assert len(open_below.findall(svg(story(late())))) == 1
    assert not open_below.search(svg(story(samples.broadcast())))


def test_it_is_the_same_each_time() -> None:
    assert svg(story(samples.chat())) == svg(story(samples.chat()))


def test_nothing_makes_a_picture_that_says_so() -> None:
    assert "Nothing has happened yet" in "".join(words.text for words in words_of(svg(story([]))))


def test_a_dead_line_ends_in_a_cross_not_in_a_head() -> None:
    lost = svg(story([Closed(at=0, code=1006, reason="", by="network", connection_id="Xa=")]))
    arrived = svg(story([Closed(at=0, code=1000, reason="", by="client", connection_id="Xa=")]))
    assert "l10 10m0 -10l-10 10" in lost
    assert "Z" not in "".join(re.findall(r' d="([^"]*)"', lost))
    assert "Z" in "".join(re.findall(r' d="([^"]*)"', arrived))


ids = st.sampled_from([f"{letter * 15}=" for letter in "abcdefg"])
happenings = st.one_of(
    st.builds(Knocked, at=st.just(0.0), path=st.text(), connection_id=ids | st.just("")),
    st.builds(Opened, at=st.just(0.1), connection_id=ids),
    st.builds(Received, at=st.just(0.2), text=st.text(), connection_id=ids),
    st.builds(Routed, at=st.just(0.2), route_key=st.text(), selected=st.text(), connection_id=ids),
    st.builds(Sent, at=st.just(0.3), text=st.text(), because=st.sampled_from(["post", "error"]), connection_id=ids),
    st.builds(
        Invoked,
        at=st.just(0.3),
        request_id=st.text(max_size=2),
        route_key=st.text(),
        integration_type=st.sampled_from(["AWS_PROXY", "MOCK", "HTTP"]),
        target=st.sampled_from(["f", "g", "h", "i", "MOCK"]),
        event=st.dictionaries(st.text(max_size=3), st.text(), max_size=2),
    ),
    st.builds(
        Answered,
        at=st.just(0.35),
        request_id=st.text(max_size=2),
        route_key=st.text(),
        target=st.sampled_from(["f", "g", "http://a.test/"]),
        error=st.sampled_from(["", "timeout", "Integration.TimedOut", "KeyError"]),
    ),
    st.builds(
        Called,
        at=st.just(0.38),
        service=st.just("lambda"),
        operation=st.just("Invoke"),
        parameters=st.fixed_dictionaries(
            {"FunctionName": st.sampled_from("fgh"), "InvocationType": st.sampled_from(["Event", "DryRun"])}
        ),
        caller=st.sampled_from(["", "f", "g"]),
    ),
    st.builds(
        Managed,
        at=st.just(0.4),
        method=st.sampled_from(["POST", "DELETE"]),
        status=st.sampled_from([200, 204, 410]),
        text=st.text(),
        connection_id=ids,
    ),
    st.builds(
        Closed,
        at=st.just(0.5),
        code=st.just(1000),
        reason=st.text(),
        by=st.sampled_from(["client", "gateway", "management", "network"]),
        connection_id=ids,
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(happenings, max_size=30), st.sampled_from([None, 3, 12]))
def test_whatever_happens_the_picture_is_well_formed(run: list[Happening], arrows: int | None) -> None:
    document = svg(story(run, arrows=arrows))
    document.encode("utf-8")
    assert parsed(document).tag == f"{NAMESPACE}svg"


@pytest.mark.parametrize("scheme", ["prefers-color-scheme:dark", "data-jp-theme-light=false", "vscode-dark"])
def test_it_knows_when_it_is_dark(scheme: str) -> None:
    assert scheme in svg(story(samples.polling()))
