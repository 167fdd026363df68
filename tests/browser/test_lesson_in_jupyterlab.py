"""Lesson 03 as a learner sees it: a real JupyterLab, a real browser, Run All."""

import io
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from upgrade101.authoring.looking import THEMES, look_at, show

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("browser")]


@pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning")
@pytest.mark.parametrize("theme", THEMES)
def test_run_all_in_lesson_03(theme):
    lesson = ROOT / "notebooks" / "03_routes.ipynb"
    seen = look_at(lesson, theme, ROOT / "tests" / "browser" / "screenshots")
    assert seen.faults == []
    assert seen.picture.stat().st_size > 50_000


def test_a_lesson_that_does_not_end_well_is_told(tmp_path):
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    book = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    book.cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in (("fine", "1"), ("breaks", "1 / 0"))]
    lesson = tmp_path / "99_broken.ipynb"
    nbformat.write(book, lesson)
    said = io.StringIO()
    assert show([lesson], tmp_path, Console(file=said, width=200), ["Dark"]) == 1
    assert "Run All did not come to its end" in said.getvalue()
    assert "breaks failed" in said.getvalue() and "division by zero" in said.getvalue()
    assert "0 of 1 runs are as they should be" in said.getvalue()
