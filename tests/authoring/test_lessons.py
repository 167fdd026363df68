"""Running lessons headless: which, in which ways, two at a time; what is shown, and how it ends."""

import io
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from notebook_kit import INTERRUPTIBLE, code, document, markdown
from rich.console import Console
from typer.testing import CliRunner

from upgrade101 import ConfigurationError
from upgrade101.__main__ import app
from upgrade101.authoring.lessons import ONCE, SECTIONS, TWICE, Done, Job, Runs, cells_of, lessons
from upgrade101.authoring.lessons_table import show
from upgrade101.authoring.run import Ran, Report

COURSE = Path(__file__).parents[2]
LEAKY = [
    markdown("title", "# 90 · A lesson"),
    code("start", "from upgrade101 import cloud\ncloud.start(quiet=True)"),
    markdown("one", "## 1 · One"),
    code("make", "made = cloud.local()"),
    markdown("deeper", "### Deeper\n\nStill section 1."),
    code("use", "assert made is cloud.local()"),
    markdown("none", "## A section without code"),
    markdown("two", "## 2 · Two"),
    code("leak", "made"),
]


@pytest.fixture
def course(tmp_path):
    """Write lessons, by slug, into a course of their own; return its root."""

    def write(**cells):
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        for slug, each in cells.items():
            text = each if isinstance(each, str) else document(each)
            (tmp_path / "notebooks" / f"{slug.removeprefix('l')}.ipynb").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def a_lesson(*sources):
    return [code(f"cell-{place}", source) for place, source in enumerate(sources, 1)]


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=120)


def shown(root, console, *ways, at_once=2):
    status = show(lessons(root), ways or (ONCE,), at_once, console)
    return status, console.file.getvalue()


# ── which cells ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_lessons_are_named_by_number_or_slug(course):
    root = course(l01_ask=[], l05_store=[], l07_tell=[])
    assert [path.stem for path in lessons(root)] == ["01_ask", "05_store", "07_tell"]
    assert [path.stem for path in lessons(root, ["07", "01_ask", "01"])] == ["01_ask", "07_tell"]
    with pytest.raises(ConfigurationError, match="there is no lesson 06 → one of 01, 05, 07"):
        lessons(root, ["05", "06"])


def test_a_section_is_a_start_afresh_the_first_cell_and_its_own(course):
    (path,) = lessons(course(l90_test=LEAKY))
    ids = [cell.cell_id for cell in cells_of(Job(path, SECTIONS))]
    assert ids == ["1/afresh", "1/start", "1/make", "1/use", "2/afresh", "2/start", "2/leak"]
    assert [cell.cell_id for cell in cells_of(Job(path, TWICE))][:4] == ["start", "start", "make", "make"]


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_section_takes_from_another_is_found(course):
    (path,) = lessons(course(l90_test=LEAKY))
    with Runs([Job(path, way) for way in (ONCE, TWICE, SECTIONS)]) as runs:
        assert runs.result(Job(path)).failed == ""
        assert runs.result(Job(path, TWICE)).failed == ""
        assert runs.result(Job(path, SECTIONS)).failed == "2/leak: NameError: name 'made' is not defined"


def test_a_table_of_seconds_and_first_failing_cells(course, console):
    root = course(
        l01_good=a_lesson("print('fine')"),
        l02_bad=a_lesson("x = 1", "print('before'); 1 / 0", "1 / 0"),
        l03_unfinished="{",
    )
    status, said = shown(root, console)
    assert status == 1
    assert said.startswith("3 lessons, 2 at a time")
    table = {row.split()[0]: row for row in said[said.index("first failing cell") :].splitlines() if row}
    assert "cell" not in table["01_good"] and "once: cell-2: ZeroDivisionError" in table["02_bad"]
    assert "once: " in table["03_unfinished"]
    assert "\n02_bad: cell-2: ZeroDivisionError: division by zero\n    print('before'); 1 / 0\n\n    before\n" in said


def test_when_every_lesson_runs_the_exit_code_is_0(course, console):
    assert shown(course(l01_good=a_lesson("1")), console, ONCE, TWICE)[0] == 0


def test_two_run_at_a_time_and_no_more(course):
    meet = "import pathlib, time\npathlib.Path('{0}').touch()\nwhile not pathlib.Path('{1}').exists(): time.sleep(0.02)"
    root = course(l01_one=a_lesson(meet.format("one", "two")), l02_two=a_lesson(meet.format("two", "one")))
    jobs = [Job(path) for path in lessons(root)]
    with Runs(jobs) as runs:
        assert [runs.result(job).failed for job in jobs] == ["", ""]
    heard = []
    with Runs(jobs, at_once=1, seen=lambda job, done, of: heard.append((job.number, done, of))) as runs:
        list(runs.as_they_end())
    assert heard == [("01", 0, 1), ("01", 1, 1), ("02", 0, 1), ("02", 1, 1)]


def test_a_kernel_that_dies_ends_its_run_alone(course, console):
    root = course(l01_dies=a_lesson("import os; os._exit(3)", "2"), l02_lives=a_lesson("1"))
    status, said = shown(root, console)
    assert status == 1
    assert "once: cell-1: the kernel died" in said and "02_lives" in said


def test_slow_is_what_takes_longer_than_a_lesson_may():
    slow = Report([Ran("x", "1", done=True)], 20.0)
    assert Done(Job(Path("05_store.ipynb")), slow).is_slow
    assert not Done(Job(Path("07_broadcast.ipynb")), slow).is_slow
    assert not Done(Job(Path("05_store.ipynb"), TWICE), slow).is_slow


def test_whoever_is_given_up_leaves_no_kernel(course):
    (path,) = lessons(course(l01_hangs=a_lesson("import os; print(os.getpid())", "while True: pass")))
    first = threading.Event()
    with Runs([Job(path)], seen=lambda job, done, of: first.set() if done else None) as runs:
        assert first.wait(60)
        runs.close()
        done = runs.result(Job(path))
    assert done.failed == "cell-2: never finished"
    assert not Path(f"/proc/{done.report.cells[0].text.strip()}").exists()


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_runs_what_is_asked_for(course, monkeypatch):
    monkeypatch.chdir(course(l01_good=a_lesson("1"), l02_bad=a_lesson("1 / 0")))
    good = CliRunner().invoke(app, ["lessons", "--only", "01"])
    assert good.exit_code == 0 and "01_good" in good.output and "02_bad" not in good.output
    unknown = CliRunner().invoke(app, ["lessons", "--only", "09"])
    assert unknown.exit_code == 1 and "there is no lesson 09" in " ".join(unknown.output.split())


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl+C to a whole console, this test's own included")
def test_ctrl_c_ends_it_in_one_sentence(course):
    root = course(l01_hangs=a_lesson("open('begun', 'w').close()", "while True: pass"))
    command = [*INTERRUPTIBLE, "lessons"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        deadline = time.monotonic() + 180
        while not (root / "notebooks" / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=180)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "stopped; 0 of 1 runs had ended"
