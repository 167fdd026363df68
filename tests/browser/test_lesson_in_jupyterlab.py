"""Lesson 03 as a learner sees it: a real JupyterLab, a real browser, Run All."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from upgrade101.authoring.browser import chromium, look
from upgrade101.authoring.run import code_cells
from upgrade101.gateway.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def browser():
    """Find Chromium; CI on Debian installs it, and fails where that does not help."""
    try:
        return chromium()
    except ConfigurationError as missing:
        if not os.environ.get("CI"):
            pytest.skip(str(missing))
    if shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=True, stdout=subprocess.DEVNULL)
    return chromium()


@pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning")
@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_run_all_in_lesson_03(browser, theme, tmp_path):
    lesson = ROOT / "notebooks" / "03_routes.ipynb"
    copy = tmp_path / "desk" / lesson.name
    copy.parent.mkdir()
    shutil.copy(lesson, copy)
    picture = ROOT / "tests" / "browser" / "screenshots" / f"{lesson.stem}-{theme.lower()}.png"
    expected = {cell.cell_id: cell for cell in code_cells(lesson)}
    seen = look(copy, picture, theme=theme, environment={"UPGRADE101_PROGRESS": str(tmp_path / "progress.json")})

    assert seen.passed, [cell for cell in seen.cells if cell["errors"]]
    code = [cell for cell in seen.cells if cell["type"] == "code"]
    assert [cell["count"] for cell in code] == list(range(1, len(code) + 1)), "every cell ran once, in order"
    assert not [cell["id"] for cell in code if cell["errors"] and not expected[cell["id"]].expected_to_fail]
    assert any(cell["pictures"] for cell in code), "a wire log was drawn"
    assert all(text for cell in code for text in cell["pictures"]), "every picture says in words what it shows"
    assert not seen.outside, "the page asked for nothing beyond this machine"
    assert not seen.console
    assert picture.stat().st_size > 50_000
