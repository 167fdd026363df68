"""Fixtures of the tests of authoring; what they build with is in ``notebook_kit``."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from notebook_kit import a_lesson, document

from upgrade101.authoring import rules_predictions
from upgrade101.course.questions import Option, Prediction


@pytest.fixture
def cells():
    """The cells of a lesson 90 that holds every limit."""
    return a_lesson()


@pytest.fixture
def on_record(monkeypatch):
    """Three predictions, 90.a to 90.c, with the options A and B."""
    options = {letter: Option("this", "because") for letter in "AB"}
    known = {f"90.{letter}": Prediction(f"90.{letter}", "What?", "", "A", options) for letter in "abc"}
    monkeypatch.setattr(rules_predictions, "predictions", lambda lesson: known if lesson == "90" else {})
    return known


@pytest.fixture
def write(tmp_path):
    """Write cells as the lesson notebooks/90_test.ipynb of a course in a folder of its own; return the path."""

    def write(cells, name="90_test.ipynb"):
        path = tmp_path / "notebooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((cells if isinstance(cells, str) else document(cells)).encode())
        return path

    return write
