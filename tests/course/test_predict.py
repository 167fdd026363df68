from collections.abc import Iterator
from pathlib import Path

import pytest

import upgrade101
from upgrade101 import wire
from upgrade101.course.names import Unknown
from upgrade101.course.predict import Predict
from upgrade101.course.store import Store
from upgrade101.gateway.happenings import Observers, Sent


@pytest.fixture
def predict(store: Store, lessons: Path) -> Predict:
    return Predict(store, lessons)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> "Said":
    return Said(capsys)


class Said:
    """What was printed since the last look."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self) -> str:
        return self._capsys.readouterr().out.strip()


def test_a_guess_is_recorded_and_nothing_given_away(predict: Predict, store: Store, said: Said) -> None:
    predict("90.a", " b ")
    assert said() == "90.a: your guess is B. Go on; the reveal will quote it."
    assert store.entry("predictions", "90.a")["guess"] == "B"


def test_a_guess_may_be_changed_before_the_answer(predict: Predict, store: Store) -> None:
    predict("90.a", "A")
    predict("90.a", "C")
    assert store.entry("predictions", "90.a")["guess"] == "C"


@pytest.mark.parametrize("nothing", ["?", "", None, ..., "..."])
def test_no_guess_is_no_crime(predict: Predict, store: Store, said: Said, nothing: object) -> None:
    predict("90.a", nothing)
    assert said() == "90.a: no guess yet: replace the ? by a letter (A, B, C)."
    assert store.entry("predictions", "90.a") == {}


def test_a_good_guess_is_confirmed_by_the_run(predict: Predict, said: Said) -> None:
    predict("90.a", "B")
    said()
    predict.reveal("90.a", seen="B")
    text = said()
    assert text.startswith("90.a: you said B, and the run showed B")
    assert "B, what the run showed: An error frame. It says Forbidden" in text


def test_every_option_is_given_its_due(predict: Predict, said: Said) -> None:
    predict("90.a", "A")
    said()
    predict.reveal("90.a", seen="B")
    text = said()
    assert text.startswith("90.a: you said A, the run showed B")
    assert "A, your guess: Nothing. Silence would hide the mistake." in text
    assert "C A close frame. The line stays open." in text
    assert text.index("B, what the run showed") < text.index("A, your guess") < text.index("The other options")


def test_without_a_guess_the_answer_is_explained_all_the_same(predict: Predict, said: Said) -> None:
    predict("90.a", "?")
    predict.reveal("90.a")
    text = said()
    assert "90.a: no guess, and the run showed B" in text
    assert "Silence would hide the mistake." in text


def test_who_only_looked_may_still_guess(predict: Predict, store: Store) -> None:
    predict.reveal("90.a")
    predict("90.a", "A")
    assert store.entry("predictions", "90.a")["guess"] == "A"


def test_a_second_run_keeps_the_first_guess_on_the_record(predict: Predict, store: Store, said: Said) -> None:
    predict("90.a", "A")
    predict.reveal("90.a", seen="B")
    said()
    predict("90.a", "B")
    assert said() == ("90.a: already revealed; this time your guess is B. Your first guess, A, stays on the record.")
    predict.reveal("90.a", seen="B")
    assert said().startswith("90.a: you said B, and the run showed B")
    assert store.entry("predictions", "90.a")["guess"] == "A"
    predict("90.a", "A")
    assert said() == "90.a: already revealed; this time your guess is A."
    predict.reveal("90.a", seen="B")
    assert said().startswith("90.a: you said A, the run showed B")


def test_a_run_that_differs_from_the_lesson_is_believed(predict: Predict, said: Said) -> None:
    predict("90.a", "C")
    said()
    predict.reveal("90.a", seen="C")
    text = said()
    assert text.startswith("90.a: you said C, and the run showed C")
    assert "The lesson expected B here." in text


@pytest.fixture
def cloud() -> Iterator[Observers]:
    cloud = Observers()
    detach = wire.recorder.attach(cloud.watch)
    wire.clear()
    yield cloud
    detach()
    wire.clear()
    wire.recorder.attach(upgrade101.cloud.watch, upgrade101.cloud.settle)  # as it was


def test_the_answer_can_be_found_in_what_happened(predict: Predict, said: Said, cloud: Observers) -> None:
    cloud.tell(Sent(at=0.0, text="{}", because="error", connection_id="Xa="))
    wire.show()
    predict("90.a", "B")
    said()
    predict.reveal("90.a", seen=lambda seen: "B" if any(isinstance(told, Sent) for told in seen) else "A")
    assert said().startswith("90.a: you said B, and the run showed B")


def test_the_question_can_be_asked_again(predict: Predict, said: Said) -> None:
    predict.ask("90.a")
    text = said()
    assert "A client sends `hello`" in text
    assert "C A close frame" in text
    assert "The line stays open" not in text


def test_an_unknown_prediction_names_the_nearest(predict: Predict) -> None:
    with pytest.raises(Unknown, match=r"no prediction '90.z'; did you mean '90.[ab]'\? → there are 90.a, 90.b"):
        predict("90.z", "A")
    with pytest.raises(Unknown, match="nothing is known about 91 yet"):
        predict("91.a", "A")


def test_an_unknown_option_names_the_options(predict: Predict) -> None:
    with pytest.raises(Unknown, match=r"90\.a has no option 'E' → choose one of A, B, C") as caught:
        predict("90.a", "E")
    assert caught.value._render_traceback_() == [str(caught.value)]


def test_ids_may_be_written_carelessly(predict: Predict, store: Store) -> None:
    predict(" 90.A", "A")
    assert store.entry("predictions", "90.a")["guess"] == "A"


def test_the_summary_counts_without_shame(predict: Predict, said: Said) -> None:
    predict("90.a", "A")
    predict("90.b", "A")
    predict.reveal("90.a", seen="B")
    predict.reveal("90.b", seen="A")
    said()
    predict.summary("90")
    assert said().splitlines() == [
        "lesson 90: 1 of 2 guesses matched what the run showed",
        "  prediction  your guess  the run showed",
        "  90.a        A           B",
        "  90.b        A           A               matched",
        "Worth another look, because most people think so at first: 90.a (section 1 · Plain text).",
    ]


def test_the_summary_of_nothing(predict: Predict, said: Said) -> None:
    predict("90.a", "A")
    said()
    predict.summary("90")
    text = said()
    assert text.startswith("lesson 90: no guesses yet")
    assert "90.a        A           not yet run" in text
    with pytest.raises(Unknown, match="91"):
        predict.summary("91")
