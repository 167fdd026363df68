import re
from pathlib import Path

import upgrade101
from upgrade101 import wire
from upgrade101.gateway.happenings import Observers
from upgrade101.wire import Picture, samples


def test_a_notebook_gets_drawing_and_words() -> None:
    bundle = wire.draw(samples.broadcast())._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert re.search(r'<svg [^>]*role="img" aria-label="Wire log: 10 arrows', bundle["text/html"])
    assert "<summary>The same in words</summary>" in bundle["text/html"]
    assert "&quot;hello&quot;" in bundle["text/html"].partition("<pre")[2]
    assert bundle["text/plain"].startswith("wire log: 10 arrows in 11 ms")


def test_a_terminal_gets_the_words() -> None:
    picture = wire.draw(samples.polling())
    assert repr(picture) == str(picture) == picture.text


def test_it_can_be_kept(tmp_path: Path) -> None:
    picture = wire.draw(samples.polling())
    for name, begins in (("a.svg", "<svg "), ("a.html", "<div "), ("a.txt", "wire log")):
        assert picture.save(tmp_path / name).read_text(encoding="utf-8").startswith(begins)


def test_a_payload_cannot_smuggle_markup_into_the_page() -> None:
    from upgrade101.gateway.happenings import Received

    page = wire.draw([Received(at=0, text="</svg><script>alert(1)</script>", connection_id="Xa=")]).html
    assert "<script" not in page


def test_show_draws_what_happened_since_the_last_picture() -> None:
    cloud = Observers()
    detach = wire.recorder.attach(cloud.watch, remark="A remark.")
    try:
        wire.clear()
        for happening in samples.chat():
            cloud.tell(happening)
        first = wire.show()
        assert isinstance(first, Picture)
        assert first.text.startswith("wire log: 25 arrows")
        assert first.text.endswith("A remark.")
        assert wire.text() == first.text
        assert wire.text(last=2).count("→") == 2
        assert len(wire.text(arrows=None).splitlines()) == 2 + 25 + 1 + 1, "a headline, names, a note, a remark"
        cloud.tell(samples.polling()[0])
        assert len(wire.happenings()) == 1
        assert wire.text().count("→") == 1
        assert wire.show(everything=True, arrows=None).story.arrows == 26
        assert max(map(len, wire.text(everything=True, width=80).splitlines())) <= 80
    finally:
        detach()
        wire.clear()
        upgrade101._attach.__wrapped__()  # as it was


def test_a_life_is_drawn_for_a_letter_or_an_id() -> None:
    cloud = Observers()
    detach = wire.recorder.attach(cloud.watch)
    try:
        wire.clear()
        for happening in samples.errors():
            cloud.tell(happening)
        by_letter, by_id = wire.lifecycle("B"), wire.lifecycle(samples.BEN)
        assert by_letter.text.startswith("the life of client B: CONNECTING → OPEN → CLOSING → CLOSED\n")
        assert by_letter.life.stops == by_id.life.stops
        assert wire.show().text.startswith("wire log"), "looking at a life does not turn the page"
        assert wire.lifecycle("Z").text.endswith("Nothing is remembered of client Z.")
        bundle = wire.lifecycle()._repr_mimebundle_()
        assert 'role="img" aria-label="The life of a connection: 6 states, 8 steps"' in bundle["text/html"]
        assert "The same in words" in bundle["text/html"]
    finally:
        detach()
        wire.clear()
        upgrade101._attach.__wrapped__()  # as it was


def test_the_readmes_picture_is_the_one_that_is_drawn_today() -> None:
    committed = Path(__file__).parents[2] / "docs" / "pictures" / "wire_log.svg"
    assert committed.read_text(encoding="utf-8") == wire.draw(samples.broadcast()).svg
