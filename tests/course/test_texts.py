from pathlib import Path

import pytest

from upgrade101 import ConfigurationError
from upgrade101.course.exercises import exercises, labs
from upgrade101.course.texts import texts

GOOD = """
[[exercise]]
id = "90.1"
title = "Answer"
showed = "it answers"
hints = ["a", "b", "c", "d", "e"]
[exercise.symptoms]
"KeyError" = "look"
"""


def folder(tmp_path: Path, text: str) -> Path:
    (tmp_path / "checks").mkdir(exist_ok=True)
    (tmp_path / "lab90.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_words_come_by_exercise(tmp_path: Path) -> None:
    said = texts("90", folder(tmp_path, GOOD))
    assert said["90.1"]["title"] == "Answer"
    assert said["90.1"]["symptoms"] == {"KeyError": "look"}
    assert "id" not in said["90.1"]


@pytest.mark.parametrize(
    "text", ["", "[[exercise", '[[exercise]]\ntitle = "no id"\n', GOOD.replace("title", "heading")]
)
def test_a_file_that_cannot_be_used_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError):
        texts("90", folder(tmp_path, text))


def test_a_lab_without_words_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"lab91\.toml cannot be used"):
        texts("91", tmp_path)


def test_every_text_of_every_lab_has_its_check() -> None:
    for lab in labs():
        assert {exercise.id for exercise in exercises(lab)} == set(texts(lab))
