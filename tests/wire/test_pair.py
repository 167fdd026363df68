import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest

import upgrade101
from upgrade101 import wire
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.gateway.happenings import (
    Answered,
    Called,
    Closed,
    Happening,
    Invoked,
    Managed,
    Observers,
    Received,
    Sent,
)
from upgrade101.wire import samples
from upgrade101.wire.layout import WIDEST, width_of
from upgrade101.wire.pair import Pair, pair, shorten_beside
from upgrade101.wire.pair_svg import svg
from upgrade101.wire.pair_words import sentences, words

NAMES = ("before", "after")


def signs(both: Pair) -> str:
    return "".join(row.sign for row in both.rows)


def with_other_ids(happenings: list[Happening]) -> list[Happening]:
    """Return the same run with other clients, at another time and another pace."""
    others = {samples.ANA: "Zz1=", samples.BEN: "Zz2=", samples.CAI: "Zz3="}
    result = []
    for told in happenings:
        told = replace(told, connection_id=others.get(told.connection_id, ""), at=7 + 3 * (told.at - happenings[0].at))
        if isinstance(told, Sent):
            told = replace(told, text=told.text.replace(samples.ANA, others[samples.ANA]))
        result.append(told)
    return result


def repaired() -> list[Happening]:
    """Return the broadcast as it goes when nobody has left."""
    run = [told for told in samples.broadcast() if not (isinstance(told, Called) and told.operation == "DeleteItem")]
    return [replace(told, status=200) if isinstance(told, Managed) else told for told in run]


def test_two_runs_of_the_same_are_alike_whoever_the_clients_are(run: list[Happening]) -> None:
    both = pair(run, with_other_ids(run), NAMES)
    assert both.differ == 0
    assert set(signs(pair(run, with_other_ids(run), NAMES, rows=None))) == {"="}
    assert words(both, 100).startswith(f"two runs side by side: all {both.alike} rows alike")


def test_it_shows_where_two_runs_part() -> None:
    both = pair(samples.broadcast(), repaired(), NAMES)
    assert signs(both) == "========≠←="
    parted = [line for line in words(both, 100).splitlines()[3:] if line.startswith(NAMES)]
    assert [re.sub(r"\s+", " ", line) for line in parted] == [
        "before F → @ POST C 410 (7.6 ms)",
        "after F → @ POST C 200 (7.6 ms)",
        "before F → T DeleteItem connections 200 (9.6 ms)",
    ]


def test_a_function_under_another_name_is_the_same_function() -> None:
    fixed = [
        replace(told, target="fixed") if isinstance(told, Invoked | Answered) else told for told in samples.broadcast()
    ]
    fixed = [replace(told, caller="fixed") if isinstance(told, Managed | Called) else told for told in fixed]
    both = pair(samples.broadcast(), fixed, NAMES)
    assert both.differ == 0
    assert "F = broadcast or fixed" in words(both, 100)


def test_request_ids_are_not_compared() -> None:
    again = [
        replace(told, text=told.text.replace("XDmGEE2RoE0FRdQ=", "another=")) if hasattr(told, "text") else told
        for told in samples.errors()
    ]
    assert again != samples.errors()
    assert pair(samples.errors(), again, NAMES).differ == 0


def test_a_message_that_differs_stands_beside_the_other() -> None:
    def say(text: str) -> list[Happening]:
        return [Received(at=0.0, text=text, connection_id="Xa=")]

    assert signs(pair(say("one"), say("two"), NAMES)) == "≠"


def test_a_goodbye_does_not_stand_in_for_a_message() -> None:
    said = [Sent(at=0.0, text="hi", because="post", connection_id="Xa=")]
    gone = [Closed(at=0.0, code=1001, reason="Going away", by="gateway", connection_id="Xa=")]
    assert signs(pair(said, gone, NAMES)) == "←→"


def test_long_stretches_that_are_alike_are_folded_and_the_rest_is_cut() -> None:
    both = pair(samples.polling(20, 3), samples.polling(20, 15), NAMES, rows=12)
    assert signs(both) == "=…=≠=…=≠=…="
    assert sum(row.count for row in both.rows) == both.alike + both.differ == 40
    many = pair(samples.polling(4), samples.polling(40), NAMES, rows=12)
    assert len(many.rows) == 12
    assert sum(row.count for row in many.rows) == 80


def test_a_very_long_run_is_compared_at_its_ends() -> None:
    both = pair(samples.polling(400), samples.polling(400, 390), NAMES)
    assert (both.left.arrows, both.right.arrows) == (800, 800)
    assert len(both.rows) <= 24


def test_a_run_in_numbers() -> None:
    assert pair(samples.broadcast(), samples.refused(), NAMES).left.tally == "1 in, 2 out · 1 call · 1 gone (410)"
    assert pair(samples.refused(), [], NAMES).left.tally == "0 in, 0 out · 2 calls · 4 errors"


def test_ears_hear_the_numbers_and_what_differs() -> None:
    said = sentences(pair(samples.broadcast(), repaired(), NAMES))
    assert said.startswith("before: 10 arrows in 11 ms, 1 in, 2 out · 1 call · 1 gone (410). after: 9 arrows")
    assert said.count("Row ") == 3
    assert "Row 9, after: F → @  POST C  200  (7.6 ms)." in said


@pytest.mark.parametrize("width", [60, 100])
def test_words_keep_to_their_width(run: list[Happening], width: int) -> None:
    for other in (repaired(), []):
        assert max(map(len, words(pair(run, other, NAMES), width).splitlines())) <= width


def test_words_are_cut_so_that_the_difference_shows() -> None:
    assert shorten_beside("abc", "abd", 3) == "abc"
    one, other = "x" * 50 + "first", "x" * 50 + "second"
    assert "first" in shorten_beside(one, other, 20)
    assert shorten_beside(one, "", 20) == "xxxxxxxxxxx…xxxfirst"


# ── drawn ────────────────────────────────────────────────────────────────────────────────────────────────────────────

MAKE: dict[str, Callable[[], Pair]] = {
    "repaired": lambda: pair(samples.broadcast(), repaired(), NAMES),
    "many lanes": lambda: pair(samples.chat(), samples.errors(), ("a name far too long for its side " * 3, "b")),
    "REST": lambda: pair(samples.polling(), samples.chat(), NAMES),
    "nothing": lambda: pair([], [], NAMES),
}


def texts(document: str) -> Iterator[tuple[str, float, float]]:
    for element in ElementTree.fromstring(document).iter("{http://www.w3.org/2000/svg}text"):
        wide, x = width_of(element.text or "", float(element.get("font-size", ""))), float(element.get("x", ""))
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[element.get("text-anchor", "")]
        yield element.text or "", left, left + wide


@pytest.mark.parametrize("name", MAKE)
def test_words_stay_on_their_side(name: str) -> None:
    for text, left, right in texts(svg(MAKE[name]())):
        assert left >= 0 and right <= WIDEST
        if not (text.startswith("…") or " = " in text or len(text) == 1):
            assert right <= WIDEST / 2 - 10 or left >= WIDEST / 2 + 10, text


def test_it_says_what_it_is_and_needs_nothing_from_elsewhere() -> None:
    document = svg(MAKE["repaired"]())
    root = ElementTree.fromstring(document)
    assert root.get("aria-label") == "Two runs side by side: 9 rows alike, 2 differ"
    assert document.count("http") == 1  # the namespace
    assert "≠ not the same, ← only left" in document


# ── recorded ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def cloud() -> Iterator[Observers]:
    cloud = Observers()
    wire.recorder.attach(cloud.watch)
    wire.clear()
    yield cloud
    wire.clear()
    upgrade101._attach.__wrapped__()  # as it was


def tell(cloud: Observers, happenings: list[Happening]) -> None:
    for happening in happenings:
        cloud.tell(happening)


def test_a_run_is_what_happens_inside_the_block(cloud: Observers) -> None:
    tell(cloud, samples.polling(1))
    with wire.record("one has left") as first:
        tell(cloud, samples.broadcast())
    with wire.record() as second:
        tell(cloud, repaired())
    tell(cloud, samples.polling(1))
    assert list(first.happenings) == samples.broadcast()
    both = wire.compare(first, second)
    assert (both.pair.left.name, both.pair.right.name) == ("one has left", "second")
    assert both.pair.differ == 2
    assert both._repr_mimebundle_()["text/html"].count("<svg ") == 1
    assert first.text.startswith("wire log: 10 arrows") and "<svg " in first.html
    assert wire.show().story.arrows == 23, "recording does not turn the page"


def test_pictures_can_be_compared_too(cloud: Observers) -> None:
    tell(cloud, samples.chat())
    first = wire.show()
    tell(cloud, with_other_ids(samples.chat()))
    assert wire.compare(first, wire.show()).pair.differ == 0


def test_a_life_of_a_run_goes_by_the_runs_own_letters(cloud: Observers) -> None:
    tell(cloud, samples.chat())
    kept = wire.show()
    with wire.record() as run:
        tell(cloud, with_other_ids(samples.errors()))
    assert [stop.state.name for stop in wire.lifecycle("B", run).life.stops] == [
        "CONNECTING",
        "OPEN",
        "CLOSING",
        "CLOSED",
    ]
    assert wire.lifecycle(run=run).life.stops == wire.lifecycle("Zz1=").life.stops
    assert wire.lifecycle(samples.ANA, kept).life.stops == wire.lifecycle("A", kept).life.stops
    assert wire.lifecycle("Z", run).life.remark


def test_a_block_that_fails_leaves_its_run(cloud: Observers) -> None:
    with pytest.raises(ZeroDivisionError), wire.record() as run:
        tell(cloud, samples.polling(1))
        raise ZeroDivisionError
    tell(cloud, samples.polling(1))
    assert len(run.happenings) == 2


def test_a_run_can_be_recorded_again(cloud: Observers) -> None:
    run = wire.record()
    for _ in range(2):
        with run:
            tell(cloud, samples.polling(1))
    assert len(run.happenings) == 2


def test_a_run_that_goes_on_shows_what_there_is(cloud: Observers) -> None:
    with wire.record() as run:
        assert run.is_empty
        tell(cloud, samples.polling(1))
        assert run.picture.story.arrows == 2


def test_what_is_no_run_is_refused_with_a_hint() -> None:
    with pytest.raises(ConfigurationError, match="a NoneType is no run") as refused:
        wire.compare([], None)  # type: ignore[arg-type]
    assert "wire.record()" in refused.value.hint
