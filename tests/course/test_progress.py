from pathlib import Path

import pytest

from upgrade101.course import exercises
from upgrade101.course.progress import Progress
from upgrade101.course.store import Store

pytestmark = pytest.mark.usefixtures("lab")


@pytest.fixture
def progress(store: Store, lessons: Path, monkeypatch: pytest.MonkeyPatch) -> Progress:
    store.change("predictions", "90.a", guess="B")
    store.change("exercises", "90.2", done=True)
    store.change("exercises", "90.1", done=False, tries=2)
    return Progress(store, lessons)


def test_one_lesson_shows_what_is_done_and_what_is_open(
    progress: Progress, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    progress("90")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "Your progress",
        "      predictions  lab     done  open",
        "  90  1 of 2       1 of 3  90.2  90.1 90.10",
    ]
    assert "on this machine only" in " ".join(lines[3:])


def test_all_lessons_are_listed(progress: Progress, capsys: pytest.CaptureFixture[str]) -> None:
    progress()
    said = capsys.readouterr().out
    assert all(f"\n  {lesson}  " in said for lesson in ("90", *exercises.labs()))


def test_a_lesson_without_predictions_and_lab_says_so(progress: Progress, capsys: pytest.CaptureFixture[str]) -> None:
    progress("91")
    assert "  91  –            –" in capsys.readouterr().out


def test_forgetting_begins_anew(progress: Progress, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.change("predictions", "04.a", guess="A")
    progress.forget("90")
    assert list(store.section("predictions")) == ["04.a"] and store.section("exercises") == {}
    progress.forget()
    assert store.section("predictions") == {}
    assert capsys.readouterr().out == "Forgotten: lesson and lab 90.\nForgotten: all progress.\n"
