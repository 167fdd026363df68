from pathlib import Path

import pytest

from upgrade101.course.questions import lessons as known_lessons
from upgrade101.course.questions import predictions
from upgrade101.gateway.errors import ConfigurationError

GOOD = """\
[[prediction]]
id = "04.a"
question = "What?"
answer = "A"
options.A = { text = "This", why = "So." }
options.B = { text = "That", why = "Not so." }
"""


def read(folder: Path, text: str) -> None:
    (folder / "lesson04.toml").write_text(text, encoding="utf-8")
    predictions("04", folder)


def test_a_lessons_file_is_read(lessons: Path) -> None:
    found = predictions("90", lessons)
    assert list(found) == ["90.a", "90.b"]
    assert found["90.a"].letters == "A, B, C"
    assert found["90.a"].options["B"].text == "An error frame"
    assert known_lessons(lessons) == ["90"]


def test_a_lesson_without_a_file_has_none(lessons: Path, tmp_path: Path) -> None:
    assert predictions("07", lessons) == {}
    assert known_lessons(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('answer = "A"', 'answer = "D"', "must be one of A, B"),
        ('answer = "A"\n', "", "lacks 'answer'"),
        (', why = "So."', "", "lacks 'why'"),
        ('id = "04.a"', 'id = "05.a"', "must begin with 04."),
        (GOOD, GOOD + GOOD, "differ"),
        ('options.B = { text = "That", why = "Not so." }\n', "", "must be one of A"),
        ("]]", "", "lesson04.toml"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_says_where(lessons: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read(lessons, GOOD.replace(old, new))


def test_every_lessons_file_of_the_course_can_be_read() -> None:
    for lesson in known_lessons():
        for prediction in predictions(lesson).values():
            assert all(option.text and option.why for option in prediction.options.values())
