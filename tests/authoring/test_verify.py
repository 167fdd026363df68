"""Proving labs: what a solution, an untouched lab and a wrong answer must be told, and how what is not so is shown."""

import io
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from notebook_kit import INTERRUPTIBLE, code, document
from rich.console import Console
from typer.testing import CliRunner

from upgrade101 import ConfigurationError
from upgrade101.__main__ import app
from upgrade101.authoring import verify
from upgrade101.authoring.labs_table import show, tell
from upgrade101.authoring.run import Ran, Report
from upgrade101.authoring.verify import SOLVED, UNTOUCHED, WAYS, WRONG, Done, Job, Problem, Said, judge, labs
from upgrade101.course import wrong as the_wrong
from upgrade101.course.wrong import WrongAnswer

COURSE = Path(__file__).parents[2]
IDS = [f"03.{number}" for number in range(1, 6)]
RULE = "${request.body.shop.name}/${request.body.do}"


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=120)


@pytest.fixture
def course(tmp_path):
    """Write a lab 03, solved and as it is handed out, into a course of its own; return its root."""

    def write(solution, lab):
        for folder, sources in (("solutions", solution), ("labs", lab)):
            path = tmp_path / folder / "03_routes" / "03_routes.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            cells = [code(f"cell-{place}", source) for place, source in enumerate(sources, 1)]
            path.write_text(document(cells), encoding="utf-8")
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        return tmp_path

    return write


def row(said):
    """Return the table's first row, without its seconds."""
    return " ".join(re.search(r"^lab .+\n(.+)$", said, re.MULTILINE)[1].split()[:-1])


# ── whole labs ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.notebooks
def test_lab_03_is_proved_both_ways(console):
    status = show(COURSE, labs(COURSE, ["03"]), 2, console)
    said = console.file.getvalue()
    wrong = len(the_wrong.wrong_answers("03"))
    assert status == 0, said
    assert row(said) == f"03_routes 5 5 of 5 5 of 5 {wrong} of {wrong}"
    assert wrong >= 25


def test_what_is_not_so_is_told_with_what_the_check_said(course, console):
    start = "from upgrade101 import check, cloud\ncloud.start(quiet=True)"
    root = course(
        [start, 'check("03.2", "$request.body.do")', "1 / 0", "open('left behind', 'w').close()"],
        [start, f'check("03.2", "{RULE}")', 'check("03.1", ...)', "def broken(:"],
    )
    jobs = [Job("03_routes", way) for way in (SOLVED, UNTOUCHED)]
    tell(verify.verify(root, jobs), 1.0, console)
    said = console.file.getvalue()
    assert row(said) == "03_routes 5 0 of 5 1 of 5 0 of 0"
    assert "03_routes, solved: cell cell-3: ZeroDivisionError: division by zero" in said
    assert "03_routes, solved, 03.2: the solution does not pass\n    03.2 not yet · Write the rule\n" in said
    assert "the rule found the key 'order'" in said
    assert "03_routes, solved, 03.3: its check never came to a verdict" in said
    assert "03_routes, untouched, 03.2: the check passes although nothing was written\n    03.2 done ✓" in said
    assert "03_routes, untouched: cell cell-4: SyntaxError" in said
    assert "03_routes, untouched, 03.1" not in said, "nothing written yet is as it should be"
    assert {path.name for path in root.rglob("*") if path.is_file()} == {"03_routes.ipynb"}


def test_what_cannot_be_run_is_told_too(course):
    root = course([], [])
    (root / "labs" / "03_routes" / "03_routes.ipynb").write_text("{", encoding="utf-8")
    (done,) = verify.verify(root, [Job("03_routes", UNTOUCHED)])
    (problem,) = done.problems
    assert problem.what.startswith("it cannot be run: NotJSONError: ")


# ── what is as it should be ──────────────────────────────────────────────────────────────────────────────────────────


def judged(way, verdicts, *cells, died=False):
    return judge(Job("03_routes", way), Report(list(cells), 1.0, died), verdicts)


def test_every_solution_is_done():
    assert judged(SOLVED, dict.fromkeys(IDS, Said("done", "done"))).problems == []
    done = judged(SOLVED, {**dict.fromkeys(IDS, Said("done", "")), "03.4": Said("unwritten", "nothing written yet")})
    assert (done.good, done.of) == (4, 5)
    assert done.problems == [Problem("03.4", "the solution does not pass", "nothing written yet")]


def test_an_untouched_lab_is_unwritten_or_not_done_and_crashes_nowhere():
    states = ("unwritten", "not yet", "done", "broken", "unknown")
    done = judged(UNTOUCHED, {id: Said(state, state) for id, state in zip(IDS, states, strict=True)})
    assert done.good == 2
    assert [(problem.exercise, problem.what) for problem in done.problems] == [
        ("03.3", "the check passes although nothing was written"),
        ("03.4", "the check crashes where nothing was written"),
        ("03.5", "the check crashes where nothing was written"),
    ]


def test_a_lab_without_checks_is_proved_by_nothing():
    (problem,) = judge(Job("99_new", SOLVED), Report([], 1.0), {}).problems
    assert problem.what == "there are no exercises in checks/lab99.py"


@pytest.fixture
def wrong(monkeypatch):
    """Five wrong answers to each exercise of lab 03."""
    known = [WrongAnswer(id, name, "answer = 1", f"the {name} fault") for id in IDS for name in "abcde"]
    for module in (the_wrong, verify):
        monkeypatch.setattr(module, "wrong_answers", lambda lab: known)
    return known


def caught(wrong):
    return {str(place): Said("not yet", f"Got  the\n  {each.name} fault") for place, each in enumerate(wrong)}


def test_a_wrong_answer_is_told_the_words_that_are_meant_for_it(wrong):
    assert judged(WRONG, caught(wrong)) == Done(Job("03_routes", WRONG), 25, 25, 1.0, [])
    missed = {**caught(wrong), "1": Said("done", "done ✓"), "7": Said("not yet", "another fault")}
    done = judged(WRONG, missed)
    assert (done.good, done.of) == (23, 25)
    assert done.problems == [
        Problem("03.1", "'b': the check says it is done", "done ✓"),
        Problem("03.2", "'c': the check does not say 'the c fault'", "another fault"),
    ]


def test_a_wrong_answer_whose_cell_fails_is_no_proof(wrong):
    verdicts = {place: said for place, said in caught(wrong).items() if int(place) < 23}
    cells = [Ran("start", "", done=True), Ran("23", "", done=True, error="NameError: x"), Ran("24", "")]
    done = judged(WRONG, verdicts, *cells, died=True)
    assert [problem.what for problem in done.problems] == ["'d': NameError: x", "'e': the kernel died"]
    assert done.good == 23


def test_too_few_wrong_answers_are_no_proof(wrong):
    del wrong[0]
    done = judged(WRONG, caught(wrong))
    assert (done.good, done.problems) == (24, [Problem("03.1", "03.1 has 4 wrong answers and needs 5")])


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_labs_are_named_by_number_or_slug(course, tmp_path):
    root = course([], [])
    assert labs(root) == labs(root, ["03"]) == labs(root, ["03_routes"]) == ["03_routes"]
    with pytest.raises(ConfigurationError, match="there is no lab 04 → one of 03"):
        labs(root, ["04"])
    with pytest.raises(ConfigurationError, match="there is no lab in"):
        labs(tmp_path / "notebooks")


def test_the_command_refuses_in_one_sentence_what_is_not_there(course, monkeypatch):
    monkeypatch.chdir(course([], []))
    refused = CliRunner().invoke(app, ["labs", "verify", "--only", "04"])
    assert refused.exit_code == 1 and "there is no lab 04" in " ".join(refused.output.split())


def test_the_exit_code_is_1_where_something_is_wrong(course, monkeypatch):
    monkeypatch.chdir(course([], []))
    ways = {way: Done(Job("03_routes", way), 5, 5, 1.0) for way in WAYS}
    monkeypatch.setattr(verify, "run", lambda root, job, stop, seen: ways[job.way])
    assert CliRunner().invoke(app, ["labs", "verify"]).exit_code == 0
    ways[WRONG] = Done(Job("03_routes", WRONG), 4, 5, 1.0, [Problem("03.1", "'forgets': the check says it is done")])
    failed = CliRunner().invoke(app, ["labs", "verify"])
    assert failed.exit_code == 1
    assert "03_routes, wrong answers, 03.1: 'forgets': the check says it is done" in failed.output
    assert row(failed.output) == "03_routes 5 5 of 5 5 of 5 4 of 5"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl+C to a whole console, this test's own included")
def test_ctrl_c_ends_it_in_one_sentence(course, tmp_path):
    root = course([f"open({str(tmp_path / 'begun')!r}, 'w').close()", "while True: pass"], [])
    command = [*INTERRUPTIBLE, "labs", "verify", "--at-once", "1"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        deadline = time.monotonic() + 240
        while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=240)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "stopped; 0 of 3 runs had ended"
