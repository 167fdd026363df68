"""A class, graded for real: on real sockets, in kernels behind whatever walls this machine has."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

from upgrade101.gateway import ConfigurationError
from upgrade101.grading import command
from upgrade101.grading.batch import Grader
from upgrade101.grading.limits import Allowance
from upgrade101.grading.sandbox import Walls
from upgrade101.grading.sandbox import find as find_walls
from upgrade101.grading.selftest.paper import Paper, answered
from upgrade101.grading.selftest.people import Lab, Person, everybody, lab_of
from upgrade101.grading.selftest.run import faults, hand_in
from upgrade101.grading.submissions import Submission
from upgrade101.grading.submissions import find as find_submissions
from upgrade101.grading.verdicts import not_judged, reason

ROOT = Path(__file__).parents[2]
NAME = "03_routes"
SOLUTION = ROOT / "solutions" / NAME / f"{NAME}.ipynb"
ALLOWANCE = Allowance(cell_seconds=8.0)


@pytest.fixture(scope="module")
def lab() -> Lab:
    return lab_of(ROOT, NAME)


@pytest.fixture(scope="module")
def walls() -> Walls:
    return find_walls()


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory, walls: Walls) -> Iterator[Grader]:
    with Grader(SOLUTION, tmp_path_factory.mktemp("report"), walls, ALLOWANCE) as made:
        made.learn()
        yield made


def handed_in(paper: Paper, folder: Path) -> Submission:
    path = folder / f"{NAME}.ipynb"
    path.write_text(paper.text(), encoding="utf-8")
    return Submission("ana", "ana", path)


def states(result: dict[str, Any]) -> dict[str, str]:
    return {each["exercise"]: each["state"] for each in result["exercises"]}


# ── who gets what ────────────────────────────────────────────────────────────────────────────────────────────────────


SELECTION = [
    "no metadata",
    "cells of one's own",
    "tests that pass, blank",
    "ends its process",
    "function ends its process",
    "answers with what is equal to everything",
    "replaces the package",
    "runs Python in a template",
    "reads the grader's files",
]


@pytest.mark.parametrize("name", SELECTION)
def test_everybody_gets_the_marks_they_must_get(grader: Grader, lab: Lab, tmp_path: Path, name: str) -> None:
    """A short selection; ``start.py grade --selftest`` tries the whole class."""
    (person,) = [each for each in everybody(lab) if each.name == name]
    hand_in([person], tmp_path)
    (submission,) = find_submissions(tmp_path, NAME)
    assert faults(grader.grade(submission), person) == ""


BY_HEART = """
import json

def answer(event, context):
    known = {"rye": "rye is in the oven", "poppy seed roll": "poppy seed roll is in the oven"}
    return {"statusCode": 200, "body": known.get(json.loads(event["body"])["item"], "rye is in the oven")}
"""


@pytest.fixture(scope="module")
def result(grader: Grader, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the result of a paper on which much went wrong, each exercise in another way."""
    paper = answered(lab.solved.copy(), lab.first, [BY_HEART]).write("rule", 'rule = "$request.body.do"')
    paper.before("routes", "while True:\n    pass").write("explain", "Because of the deployment.")
    del paper.cells[paper.place("open-shop")]
    return grader.grade(handed_in(paper, tmp_path_factory.mktemp("paper")))


def test_each_exercise_is_judged_by_itself(result: dict[str, Any]) -> None:
    assert states(result) == {
        "03.1": "not yet",
        "03.2": "not yet",
        "03.3": "not handed over",
        "03.4": "done",
        "03.5": "not handed over",
    }
    assert (result["points"], result["of"]) == (3, 14)


def test_replies_that_were_learned_by_heart_are_wrong(result: dict[str, Any]) -> None:
    """The words of the lab's own check are known to everybody; those that count are not."""
    verdict = result["exercises"][0]
    assert verdict["got"] == "'rye is in the oven'"
    assert verdict["expected"] != verdict["got"]


def test_an_endless_loop_is_told_so(result: dict[str, Any]) -> None:
    assert "still running after 8 s" in reason(result["exercises"][2])


def test_a_wrong_answer_is_told_why_and_shown_beside_the_solution(result: dict[str, Any]) -> None:
    verdict = result["exercises"][1]
    assert "the rule found the key 'order'" in reason(verdict)
    assert "<svg" in verdict["picture"]
    assert "the solution" in verdict["picture"] and "this answer" in verdict["picture"]


def test_who_deleted_an_answer_is_told_so(result: dict[str, Any]) -> None:
    assert "NameError: name 'open_shop' is not defined" in reason(result["exercises"][4])
    assert "the answer cell open-shop was deleted" in result["notes"]


def test_the_answer_in_words_waits_for_a_human(result: dict[str, Any]) -> None:
    (found,) = result["written"]
    assert (found["exercise"], found["points"], found["text"]) == ("03.6", 2.0, "Because of the deployment.")


# ── the batch ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_is_graded_where_the_solution_itself_fails(tmp_path: Path, lab: Lab, walls: Walls) -> None:
    solution = tmp_path / f"{NAME}.ipynb"
    solution.write_text(lab.solved.copy().write("rule", 'rule = "north/order"').text())
    with Grader(solution, tmp_path / "report", walls) as grader, pytest.raises(ConfigurationError, match=r"03\.2"):
        grader.learn()


def test_what_is_graded_is_kept_until_the_submission_changes(grader: Grader, lab: Lab, tmp_path: Path) -> None:
    submission = handed_in(lab.blank, tmp_path)
    told: list[dict[str, Any]] = []
    (first,) = grader.grade_all([submission], at_once=1, done=told.append)
    (again,) = grader.grade_all([submission], at_once=1, done=told.append)
    assert first == again == told[1]
    submission.path.write_text("{}") if submission.path else None
    (changed,) = grader.grade_all([submission], at_once=1, done=told.append)
    assert "it has no cells" in changed["problem"]


class _Scripted(Grader):
    """A grader whose markers say what they are told to, and end."""

    says: tuple[list[dict[str, Any]], ...] = ()

    def _started(self, walls: Walls, folder: Path) -> subprocess.Popen[str]:
        said, *rest = self.says or ([],)
        type(self).says = tuple(rest)
        lines = "\n".join(map(json.dumps, said))
        code = f"import sys; sys.stdin.readline(); sys.stdin.readline() and print({lines!r})"
        return subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True)


def test_a_marker_that_ends_costs_the_exercise_it_was_at(tmp_path: Path, lab: Lab) -> None:
    plan = {
        "event": "plan",
        "exercises": [{"exercise": f"03.{n}", "title": "t", "of": 1.0} for n in (1, 2, 3)],
        "written": [],
        "notes": [],
    }
    done = {"title": "t", "state": "done", "points": 1.0, "of": 1.0}
    first = [plan, {"event": "judged", "verdict": {"exercise": "03.1", **done}}, {"event": "begun", "exercise": "03.2"}]
    second = [plan, {"event": "judged", "verdict": {"exercise": "03.3", **done}}]
    _Scripted.says = first, [*second, {"event": "end", "notes": [], "peak_mb": 1}]
    with _Scripted(SOLUTION, tmp_path / "report", Walls()) as grader:
        result = grader.grade(handed_in(lab.blank, tmp_path))
    assert states(result) == {"03.1": "done", "03.2": "not handed over", "03.3": "done"}
    assert "ended the process that judges it" in reason(result["exercises"][1])


def judged(state: str, got: str = "") -> list[dict[str, Any]]:
    """Return what a marker says that judges a lab of one exercise."""
    plan = {"exercises": [{"exercise": "03.1", "title": "t", "of": 1.0}], "written": [], "notes": []}
    verdict = {**not_judged("03.1", "t", 1.0, ""), "state": state, "got": got, "words": {}, "happenings": []}
    said = [{"event": "plan", **plan}, {"event": "judged", "verdict": verdict}]
    return [*said, {"event": "end", "notes": [], "peak_mb": 1}]


LATE = "still running after 10 s: a loop that never ends, or a wait for something that never comes?"


def test_a_solution_that_was_graded_is_not_graded_again(tmp_path: Path) -> None:
    """Only one marker is there to say anything: the second grader has none."""
    _Scripted.says = (judged("done"),)
    for _ in range(2):
        with _Scripted(SOLUTION, tmp_path, Walls()) as grader:
            assert grader.learn()["exercises"][0]["state"] == "done"
            assert grader.has_learned
    _Scripted.says = (judged("done"),)
    with _Scripted(SOLUTION, tmp_path, Walls(limits=True)) as grader:  # other walls: once more
        grader.learn()
    assert not _Scripted.says


def test_a_solution_that_runs_out_of_time_gets_a_second_chance(tmp_path: Path) -> None:
    _Scripted.says = judged("not yet", LATE), judged("done")
    with _Scripted(SOLUTION, tmp_path, Walls()) as grader:
        grader.learn()
    assert not _Scripted.says


def test_a_machine_that_is_too_busy_is_told_so(tmp_path: Path) -> None:
    _Scripted.says = judged("not yet", LATE), judged("not yet", LATE)
    with _Scripted(SOLUTION, tmp_path, Walls()) as grader:
        with pytest.raises(ConfigurationError, match=r"too busy or too slow just now \(load \d+ on \d+ proc") as told:
            grader.learn()
        assert "--at-once 1" in told.value.hint
        assert not grader.has_learned
    _Scripted.says = (judged("not yet", "'rye'"),)
    with (
        _Scripted(SOLUTION, tmp_path, Walls()) as grader,
        pytest.raises(ConfigurationError, match=r"not graded as done here: 03\.1: got: 'rye'"),
    ):
        grader.learn()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that nobody can refuse")
def test_a_grader_that_is_killed_goes_on_where_it_was(tmp_path: Path, lab: Lab) -> None:
    class_ = tmp_path / "class"
    people = [Person("", name, _writer(lab), frozenset()) for name in ("ana", "ben", "cleo", "dora")]
    hand_in(people, class_)
    results = tmp_path / "report" / "results"
    grading = [
        sys.executable,
        "-m",
        "upgrade101",
        "grade",
        str(class_),
        "--lab",
        "03",
        "--out",
        str(tmp_path / "report"),
    ]
    grading += ["--at-once", "1", "--without-walls"]
    with subprocess.Popen(grading, stdout=subprocess.DEVNULL) as killed:
        deadline = time.monotonic() + 180
        while not list(results.glob("*.json")) and time.monotonic() < deadline:
            time.sleep(0.02)
        family = psutil.Process(killed.pid).children(recursive=True)
        os.kill(killed.pid, signal.SIGKILL)
    kept = {path: path.stat().st_mtime_ns for path in results.glob("*.json")}
    assert 0 < len(kept) < 4
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive
    done = subprocess.run(grading, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert len(list(results.glob("*.json"))) == 4
    assert all(path.stat().st_mtime_ns == before for path, before in kept.items())
    pages = sorted(path.name for path in (tmp_path / "report" / "pages").glob("*.html"))
    assert pages == ["01 ana.html", "02 ben.html", "03 cleo.html", "04 dora.html", "index.html"]


def _writer(lab: Lab) -> Any:
    def write(folder: Path) -> None:
        (folder / f"{NAME}.ipynb").write_text(lab.blank.text(), encoding="utf-8")

    return write


def test_a_system_without_walls_is_not_trusted_by_itself(tmp_path: Path) -> None:
    (tmp_path / "ana.ipynb").touch()
    with pytest.raises(ConfigurationError, match="--without-walls"):
        command.grade(tmp_path, SOLUTION, tmp_path / "report", Console(quiet=True), walls=Walls(limits=True))


def test_the_reports_of_another_lab_are_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "grades.json").write_text('{"lab": "05_connection_store"}')
    with pytest.raises(ConfigurationError, match="holds the reports of 05_connection_store"):
        command.grade(tmp_path, SOLUTION, tmp_path, Console(quiet=True), walls=Walls(limits=True), trusting=True)


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────


class _Quick(Grader):
    """A grader without markers; who is called Zoe stops it."""

    def learn(self) -> dict[str, Any]:
        return {}

    def grade(self, submission: Submission, **_: Any) -> dict[str, Any]:
        if submission.student == "zoe":
            raise KeyboardInterrupt
        empty = {"exercises": [], "written": [], "notes": [], "problem": "", "seconds": 0.0}
        return {"student": submission.student, "key": submission.key, "points": 1.0, "of": 2.0, **empty}


def graded(folder: Path, **more: Any) -> tuple[list[str], str]:
    """Return who is graded, and what is said."""
    console = Console(width=200, record=True, quiet=False, file=io.StringIO())
    given = {"walls": Walls(limits=True), "trusting": True, "at_once": 1, **more}
    found = command.grade(folder / "class", SOLUTION, folder / "out", console, **given)
    return [each["student"] for each in found], console.export_text()


@pytest.fixture
def class_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command, "Grader", _Quick)
    (tmp_path / "class").mkdir()
    for name in ("Ana", "Jonas Ek", "Jörg"):
        (tmp_path / "class" / f"{name}.ipynb").write_text(name, encoding="utf-8")
    return tmp_path


def names_in(folder: Path) -> list[str]:
    lines = (folder / "out" / "points.csv").read_text(encoding="utf-8-sig").splitlines()
    return [line.partition(",")[0] for line in lines[1:]]


def test_whom_only_names_is_told_before_anything_else(class_: Path) -> None:
    with pytest.raises(ConfigurationError, match="nobody called 'Jonas'") as told:
        graded(class_, only=["Jonas"], walls=None)
    assert "Jonas Ek" in told.value.hint
    with pytest.raises(ConfigurationError) as told:
        graded(class_, only=["Ana", "ana"])
    assert told.value.hint == "--only 'Ana'"
    assert graded(class_, only=["Jo\u0308rg"])[0] == ["Jörg"]


@pytest.mark.parametrize(
    ("known", "hint"), [(["03_routes", "05_x"], "--lab 03_routes | 05_x"), ([], "start it in the folder of the course")]
)
def test_a_lab_that_is_not_there_is_told_with_what_to_do(known: list[str], hint: str) -> None:
    with pytest.raises(ConfigurationError, match="there is no lab '99'") as told:
        command.lab_named("99", known)
    assert told.value.hint == hint


def test_grading_one_anew_keeps_the_others_in_the_tables(class_: Path) -> None:
    graded(class_)
    found, said = graded(class_, only=["Ana"], again=True)
    assert found == ["Ana"] and names_in(class_) == ["Ana", "Jonas Ek", "Jörg"]
    assert "earlier run" not in said
    assert "3 graded in an earlier run" in graded(class_)[1]


def test_who_stops_it_gets_the_reports_of_what_is_graded(class_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (class_ / "class" / "zoe.ipynb").touch()
    monkeypatch.setattr(command, "_end_politely", lambda: None)
    with pytest.raises(KeyboardInterrupt):
        graded(class_)
    assert names_in(class_) == ["Ana", "Jonas Ek", "Jörg"]


def test_points_given_by_hand_are_read_at_every_run(class_: Path) -> None:
    (class_ / "out").mkdir()
    (class_ / "out" / "by_hand.csv").write_text("student,exercise,points\nAna,03.6,2\n")
    assert "by_hand.csv, line 2: Ana has no answer in words" in graded(class_)[1]
