"""The whole way with nbgrader: generate, submit, collect, autograde, marks by hand, feedback, export."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")

from upgrade101.grading.gradebook.collect import copy_files, without_links  # noqa: E402
from upgrade101.grading.gradebook.papers import FOUND, LOST, clean  # noqa: E402
from upgrade101.grading.notebook import Cell, assignment, read  # noqa: E402
from upgrade101.grading.selftest.paper import Paper, is_test  # noqa: E402

ROOT = Path(__file__).parents[2]
NAME = "03_routes"
SOLUTION = ROOT / "solutions" / NAME / f"{NAME}.ipynb"
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)> Because **of** the deployment. [x](javascript:alert(3))"
CONFIG = """
import os
from pathlib import Path
from upgrade101.grading.gradebook.settings import configure
c = get_config()
configure(c, Path(__file__).resolve().parent)
c.Exchange.root = str(Path(__file__).resolve().parent / "exchange")
c.Judge.cell_seconds = 4.0
c.Judge.without_walls = True
"""
STUDENT = """
c = get_config()
c.Exchange.root = {!r}
c.CourseDirectory.course_id = "upgrade101"
"""
HAND = """
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    for student, points in (("copied", 1.5), ("wrong", 0.5)):
        grade = book.find_grade("explain", "03_routes", "03_routes", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.find_comment("explain", "03_routes", "03_routes", student).manual_comment = "Name the call, too."
    book.db.commit()
"""


def two_exercises() -> Paper:
    """Return the solved lab up to 03.2, and its answer in words: what the rest of the lab costs is time."""
    paper = Paper.read(SOLUTION)
    names = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in paper.cells]
    last = names.index("check-03-2")
    kept = [*paper.cells[: last + 1], paper.cells[names.index("explain")]]
    paper.document["cells"] = kept
    return paper


def released() -> Any:
    """Return the lab as it is handed out."""
    return nbformat.read(ROOT / "labs" / NAME / f"{NAME}.ipynb", as_version=4)


# ── reading a submission for nbgrader ────────────────────────────────────────────────────────────────────────────────


def cleaned(paper: Paper, folder: Path) -> list[Any]:
    path = folder / "submission.ipynb"
    path.write_text(paper.text(), encoding="utf-8")
    found = nbformat.from_dict(clean(assignment(SOLUTION), released(), read(path)))
    nbformat.validate(found)
    return list(found.cells)


def graded(cells: list[Any]) -> list[str]:
    return [cell.metadata["nbgrader"]["grade_id"] for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]


ALL = ["check-03-1", "check-03-2", "check-03-3", "check-03-4", "check-03-5", "explain"]


def test_a_copied_cell_is_a_plain_cell(tmp_path: Path) -> None:
    paper = Paper.read(SOLUTION)
    paper.document["cells"] = [each for cell in paper.cells for each in (cell, cell)]
    assert graded(cleaned(paper, tmp_path)) == ALL


def test_deleted_tests_are_put_back_where_they_stood(tmp_path: Path) -> None:
    cells = cleaned(Paper.read(SOLUTION).keep(lambda cell: not is_test(cell)), tmp_path)
    assert graded(cells) == ALL
    places = {cell.metadata.get("nbgrader", {}).get("grade_id"): place for place, cell in enumerate(cells)}
    assert places["rule"] + 1 == places["check-03-2"]


def test_a_test_says_what_the_release_says(tmp_path: Path) -> None:
    cells = cleaned(Paper.read(SOLUTION).write("check-03-2", "assert True"), tmp_path)
    assert [cell.source for cell in cells if "03.2" in cell.source and "check" in cell.source][-1].startswith("check(")


def test_an_answer_in_words_that_lost_its_name_stands_in_its_cell(tmp_path: Path) -> None:
    paper = Paper.read(ROOT / "labs" / NAME / f"{NAME}.ipynb").write("explain", "Because of the deployment \ud83d.")
    for cell in paper.cells:
        cell["metadata"] = {}
    (found,) = [
        cell.source
        for cell in cleaned(paper, tmp_path)
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "explain"
    ]
    assert found == f"{FOUND}\n\nBecause of the deployment ?."


def test_an_answer_in_words_that_lost_its_cell_is_left_to_the_human(tmp_path: Path) -> None:
    cells = cleaned(Paper.read(SOLUTION).keep(lambda cell: cell["cell_type"] == "code"), tmp_path)
    assert [cell.source for cell in cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "explain"] == [LOST]


def test_metadata_of_the_student_is_not_believed(tmp_path: Path) -> None:
    paper = Paper.read(SOLUTION)
    for cell in paper.cells:
        marks = cell["metadata"].get("nbgrader", {})
        marks.update({"points": 1000, "schema_version": 99, "locked": "yes"}) if marks else None
    cells = cleaned(paper, tmp_path)
    assert {cell.metadata["nbgrader"]["schema_version"] for cell in cells if "nbgrader" in cell.metadata} == {3}
    assert (
        sum(cell.metadata["nbgrader"]["points"] for cell in cells if "points" in cell.metadata.get("nbgrader", {}))
        == 16
    )


def test_a_submission_that_cannot_be_read_is_the_lab_untouched() -> None:
    paper = clean(assignment(SOLUTION), released(), [])
    sources = {cell["source"] for cell in paper["cells"]}
    assert sources <= {cell.source for cell in released().cells}
    assert LOST not in sources


def test_signs_that_no_file_can_hold_are_replaced() -> None:
    paper = clean(assignment(SOLUTION), released(), [Cell("code", "x = '\ud800'"), Cell("odd", "y")])
    assert [cell["source"] for cell in paper["cells"] if cell["id"].startswith("own")] == ["x = '?'", "y"]


@pytest.mark.skipif(os.name == "nt", reason="a link needs rights on Windows")
def test_links_are_neither_collected_nor_copied_for_feedback(tmp_path: Path) -> None:
    mine, secret = tmp_path / "mine", tmp_path / "secret.txt"
    mine.mkdir()
    secret.write_text("the marks")
    (mine / "notes.txt").write_text("my own")
    (mine / "link.txt").symlink_to(secret)
    (mine / "folder").symlink_to(tmp_path)
    os.mkfifo(mine / "pipe")
    faults = copy_files(mine, tmp_path / "collected")
    assert [path.name for path in (tmp_path / "collected").iterdir()] == ["notes.txt"]
    assert len(faults) == 3
    without_links(NAME, "*", [str(mine / f"{NAME}.ipynb")])
    assert {path.name for path in mine.iterdir()} == {"notes.txt", "pipe"}
    assert secret.read_text() == "the marks"


# ── the whole way ────────────────────────────────────────────────────────────────────────────────────────────────────


IN_ONE_PROCESS = """
import contextlib, json, sys
from jupyter_core.application import NoStart
from nbgrader.apps.nbgraderapp import NbGraderApp
for words in json.loads(sys.argv[1]):
    app = NbGraderApp()
    app.initialize(words)
    with contextlib.suppress(NoStart):
        app.start()
    type(app.subapp).clear_instance()
"""


def nbgrader(course: Path, *commands: str) -> None:
    """Run commands of nbgrader in the course's folder, in one process: most of what each takes is to be imported."""
    words = json.dumps([command.split() for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", IN_ONE_PROCESS, words], cwd=course, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr[-3000:]


def hand_in(course: Path) -> None:
    """Put what a class has handed in where an LMS's download is unpacked to."""
    solved = two_exercises()
    twice = solved.copy()
    twice.document["cells"] = [each for cell in solved.cells for each in (cell, cell)]
    texts = {
        "copied": twice.text(),
        "hung": solved.copy().before("rule", "import asyncio\nawait asyncio.Event().wait()").text(),
        "torn": solved.text()[:1000],
        "wrong": solved.copy().write("rule", 'rule = "$request.body.do"').write("explain", EVIL).text(),
    }
    for student, text in texts.items():
        path = course / "submitted" / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a course's folder after the whole way, on which two answers in words have got marks by hand."""
    course = tmp_path_factory.mktemp("course")
    path = course / "solutions" / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(two_exercises().text(), encoding="utf-8")
    (course / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    hand_in(course)
    nbgrader(course, f"generate_assignment {NAME}", f"autograde {NAME}")
    subprocess.run([sys.executable, "-c", HAND], cwd=course, check=True, timeout=60, capture_output=True)
    nbgrader(course, f"generate_feedback {NAME}", "export")
    return course


def points(course: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    with (course / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["student"], {})[row["exercise"]] = row["points"]
    return found


def test_everybody_gets_the_points_they_earned_and_nobody_stops_the_batch(course: Path) -> None:
    assert points(course) == {
        "copied": {"check-03-1": "2", "check-03-2": "2", "explain": "1.5"},
        "hung": {"check-03-1": "2", "check-03-2": "0", "explain": "0"},
        "torn": {"check-03-1": "0", "check-03-2": "0", "explain": "0"},
        "wrong": {"check-03-1": "2", "check-03-2": "0", "explain": "0.5"},
    }


def test_answers_in_words_wait_for_a_human_and_blank_ones_do_not(course: Path) -> None:
    with (course / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        waiting = {row["student"] for row in csv.DictReader(file) if row["waits for a human"]}
    assert waiting == {"hung"}


def test_feedback_says_why_shows_the_wire_and_runs_nothing(course: Path) -> None:
    page = (course / "feedback" / "wrong" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "tried:" in page and "data:image/svg+xml;base64," in page
    assert "Name the call, too." in page
    assert "default-src 'none'" in page and "<script" not in page.lower()
    assert "&lt;script&gt;alert(1)" in page and "<img src=x" not in page
    assert "<summary>" in page  # the lab's own boxes still open
    assert 'href="javascript' not in page
    assert "cdnjs" not in page
    wire = (course / "feedback" / "wrong" / NAME / "wire.html").read_text(encoding="utf-8")
    assert "the solution" in wire


def test_a_hung_cell_is_told_so(course: Path) -> None:
    page = (course / "feedback" / "hung" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "still running after 4 s" in page


def test_results_are_shared_with_the_grader(course: Path) -> None:
    kept = json.loads((course / "report" / NAME / "results" / "wrong.json").read_text(encoding="utf-8"))
    assert kept["points"] == 2


def test_nbgrader_makes_the_lab_that_the_course_has(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "solutions" / NAME, tmp_path / "solutions" / NAME, ignore=shutil.ignore_patterns(".*"))
    (tmp_path / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    nbgrader(tmp_path, f"generate_assignment {NAME}")
    made = (tmp_path / "labs" / NAME / f"{NAME}.ipynb").read_bytes()
    assert made == (ROOT / "labs" / NAME / f"{NAME}.ipynb").read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="nbgrader's exchange needs the users and rights of POSIX")
def test_the_exchange_carries_a_lab_out_and_back(course: Path, tmp_path: Path) -> None:
    (course / "exchange").mkdir(mode=0o777, exist_ok=True)
    (course / "exchange").chmod(0o777)
    (tmp_path / "nbgrader_config.py").write_text(STUDENT.format(str(course / "exchange")), encoding="utf-8")
    nbgrader(course, f"release_assignment {NAME}")
    nbgrader(tmp_path, f"fetch_assignment {NAME}", f"submit {NAME}")
    inbound = course / "exchange" / "upgrade101" / "inbound"
    (handed_in,) = inbound.iterdir()
    user, rest = handed_in.name.split("+", 1)
    shutil.copytree(handed_in, inbound / f"eve+{rest}", ignore=shutil.ignore_patterns("*.ipynb"))
    (inbound / f"eve+{rest}" / f"{NAME}.ipynb").symlink_to(SOLUTION)
    nbgrader(course, f"collect {NAME}")
    assert (course / "submitted" / user / NAME / f"{NAME}.ipynb").is_file()
    assert not (course / "submitted" / "eve" / NAME / f"{NAME}.ipynb").exists()


def test_the_instructors_extra_is_what_the_course_is_developed_with() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extra = project["project"]["optional-dependencies"]["instructor"]
    assert set(extra) <= set(project["dependency-groups"]["dev"])  # so the lock has it, and the tests run with it
