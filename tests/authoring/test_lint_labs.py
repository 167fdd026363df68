from pathlib import Path
from typing import Any

import pytest
from notebook_kit import code, document, markdown

from upgrade101.authoring.lint import lint, lint_course
from upgrade101.authoring.rules_course import folders_hold_together, nothing_strays, package_fits_the_notebooks
from upgrade101.course import exercises as the_exercises
from upgrade101.course import wrong as the_wrong
from upgrade101.course.exercises import exercise
from upgrade101.course.wrong import WrongAnswer

ROOT = Path(__file__).parents[2]
LABS = sorted([*(ROOT / "solutions").glob("*/*.ipynb"), *(ROOT / "labs").glob("*/*.ipynb")])

HINTS = ("where", "idea", "means", "shape", "```\nx = 1\n```")
KINDS = ("complete", "change", "repair", "explain")
BOX = "<details><summary>Stuck?</summary>\n\nLook.\n</details>"
REGION = "### BEGIN SOLUTION\nx = 1\n### STUB\n# # TODO {id} – 1 line\n# ...\n### END SOLUTION"


@pytest.mark.parametrize("lab", LABS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_lab_holds_the_limits(lab):
    assert [fault.words(ROOT) for fault in lint(lab)] == []


def test_the_folders_hold_together():
    found = [*folders_hold_together(ROOT), *package_fits_the_notebooks(ROOT), *nothing_strays(ROOT)]
    assert [fault.words(ROOT) for fault in found] == []


@pytest.fixture(autouse=True)
def lab(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks of a lab 90: three exercises, each with five wrong answers."""
    registry: dict[str, Any] = dict(the_exercises._registry)
    monkeypatch.setattr(the_exercises, "_registry", registry)
    for number in (1, 2, 3):
        an_exercise(number)


@pytest.fixture(autouse=True)
def wrong(monkeypatch: pytest.MonkeyPatch) -> list[WrongAnswer]:
    """The wrong answers to it."""
    known = [WrongAnswer(f"90.{number}", name, "answer = 1", "no") for number in (1, 2, 3) for name in "abcde"]
    original = the_wrong.wrong_answers
    monkeypatch.setattr(the_wrong, "wrong_answers", lambda lab: known if lab == "90" else original(lab))
    return known


def an_exercise(number: int, title: str = "", **more: Any) -> None:
    said = {"showed": "it works", "hints": HINTS, "symptoms": {"Forbidden": "no route"}, **more}
    exercise(f"90.{number}", title or f"Exercise {number}", **said)(lambda answer, bench: None)


def mark(id, **more):
    return {
        "grade_id": id,
        "grade": False,
        "locked": False,
        "schema_version": 3,
        "solution": False,
        "task": False,
        **more,
    }


def heading(number):
    level = "" if KINDS[number - 1] == "explain" else "difficulty 1 of 3 · "
    line = f"*{KINDS[number - 1]} · {level}about 5 min · lesson 90, section 1*"
    return markdown(f"exercise-{number}", f"### 90.{number} · Exercise {number}\n\n{line}\n\nDo it.")


def block(number):
    id = f"90.{number}"
    return [
        heading(number),
        code(f"write-{number}", REGION.format(id=id), nbgrader=mark(f"write-{number}", solution=True)),
        code(
            f"check-{number}",
            f'check("{id}", x)',
            nbgrader=mark(f"check-{number}", grade=True, locked=True, points=2),
        ),
        markdown(f"stuck-{number}", BOX),
    ]


EXPLAIN = "<!-- BEGIN SOLUTION -->\nBecause.\n<!-- STUB\n*TODO 90.4 – a sentence*\n-->\n<!-- END SOLUTION -->"


@pytest.fixture
def cells():
    """The cells of a lab 90, solved, that holds every limit."""
    rows = "".join(f"| **{row}** | a |\n" for row in ("You will do", "You will be able to", "You need", "Time", "Cost"))
    return [
        markdown("title", "# Lab 90 · A title\n\n## The exercises"),
        markdown("table", f"| | |\n|---|---|\n{rows}"),
        code("start", "from upgrade101 import cloud\ncloud.start()"),
        *block(1),
        *block(2),
        *block(3),
        heading(4),
        markdown("explain", EXPLAIN, nbgrader=mark("explain", grade=True, solution=True, points=1)),
        markdown("compare", BOX),
        markdown("look-back", "## Look back"),
        code("progress", 'progress("90")'),
        code("stop", "cloud.clean()\ncloud.stop()"),
    ]


@pytest.fixture
def faults(tmp_path):
    def faults(cells, folder="solutions"):
        path = tmp_path / folder / "90_test" / "90_test.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document(cells).encode())
        return [fault.words(tmp_path) for fault in lint(path)]

    return faults


def replaced(cells, id, *new):
    return [one for cell in cells for one in (new if cell["id"] == id else [cell])]


def test_a_lab_that_holds_every_limit_has_no_fault(cells, faults):
    assert faults(cells) == []


CHECK = mark("check-1", grade=True, locked=True, points=2)
CHANGED = [
    ("title", [markdown("title", "# A title\n\n## The exercises")], "the first cell is no title"),
    ("table", [markdown("table", "Welcome")], "the second cell lacks You will do"),
    ("start", [code("start", "x = 1")], "the third cell is not the start"),
    ("progress", [], 'nobody says how far the learner is → progress("90")'),
    ("stop", [code("stop", "x = 1")], "the last cell does not close everything"),
    ("exercise-2", [markdown("exercise-2", "### 90.7 · Exercise 2")], "the exercises are 90.1, 90.7, 90.3, 90.4"),
    ("exercise-3", [markdown("exercise-3", "Do it.")], "3 exercises → 4 to 6"),
    ("exercise-3", [heading(2)], "no exercise is a repair"),
    ("exercise-1", [markdown("exercise-1", "### 90.1 · Exercise 1")], "90.1 does not say what it demands"),
    ("exercise-1", [markdown("exercise-1", heading(1)["source"].replace("Exercise", "Task"))], "the title is 'Task 1'"),
    ("write-1", [], "90.1 does not say where to write"),
    ("check-1", [], "90.1 is not checked once"),
    ("check-1", [code("check-1", 'check("90.2", x)', nbgrader=CHECK)], "90.1 is not checked once"),
    ("check-1", [code("check-1", 'check("90.1", x)')], "nbgrader does not know this check"),
    ("check-1", [code("check-1", 'check("90.1", x)', nbgrader=mark("check-2"))], "grade_id is 'check-2'"),
    ("stuck-2", [], "90.2 has no symptom box → <details><summary>Stuck?"),
    ("compare", [], "90.4 has no list to compare with → <details><summary>Written?"),
    ("explain", [markdown("explain", EXPLAIN, nbgrader=mark("explain", solution=True))], "nobody can mark 90.4"),
    ("write-1", [code("write-1", REGION[:-16], nbgrader=mark("write-1", solution=True))], "begins and does not end"),
    ("write-1", [code("write-1", REGION)], "nbgrader does not know this solution"),
    (
        "write-1",
        [code("write-1", "x = 1", nbgrader=mark("write-1", solution=True))],
        "all of this cell would be cleared",
    ),
]


@pytest.mark.parametrize(("id", "new", "said"), CHANGED, ids=[said for *_, said in CHANGED])
def test_what_is_wrong_is_named_with_what_to_do(cells, faults, id, new, said):
    found = faults(replaced(cells, id, *new))
    assert any(said in fault for fault in found), found


def test_a_check_needs_its_exercise(cells, faults):
    an_exercise(5, "One too many")
    assert faults(cells) == [
        "solutions/90_test/90_test.ipynb: 90.5 has a check and no exercise → ### 90.5 · One too many",
        "solutions/90_test/90_test.ipynb: 90.5 has 0 wrong answers and needs 5 → write it in checks/wrong90.py",
    ]


def test_an_exercise_needs_its_check(cells, faults):
    del the_exercises._registry["90.2"]
    assert faults(cells)[0] == (
        "solutions/90_test/90_test.ipynb [exercise-2]: 90.2 has no check → write it in checks/lab90.py"
    )


def test_an_exercise_needs_a_symptom(cells, faults):
    an_exercise(2, symptoms={})
    (found,) = faults(cells)
    assert "[exercise-2]: 90.2 knows no symptom → [exercise.symptoms] in lab90.toml" in found


def test_wrong_answers_prove_each_check(cells, faults, wrong):
    del wrong[5]
    wrong += [WrongAnswer("90.1", "a", "answer = 1", "no"), WrongAnswer("90.3", "f", "answer = 1", " ")]
    wrong += [WrongAnswer("90.8", "a", "answer = 1", "no")]
    assert sorted(fault.split(": ", 1)[1].partition(" → ")[0] for fault in faults(cells)) == [
        "90.2 has 4 wrong answers and needs 5",
        "90.3, 'f': no words are meant for it",
        "there are wrong answers to 90.8, which has no check",
        "two wrong answers to 90.1 are called 'a'",
    ]


def test_the_last_hint_and_the_solution_say_the_same(cells, faults):
    hints = (*HINTS[:4], "```\nx = 2\n```")
    an_exercise(2, hints=hints)
    (found,) = faults(cells)
    assert "the last hint of 90.2 says 'x = 2', the solution does not" in found


def test_a_lab_gives_nothing_away(cells, faults):
    found = faults(cells, "labs")
    assert len([fault for fault in found if "a solution is left in the lab → python3 start.py labs" in fault]) == 4


@pytest.fixture
def course(tmp_path):
    """A course with one lesson, its solution, lab, checks and predictions, all but empty."""

    def touch(name):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
        return path

    touch("notebooks/90_test.ipynb")
    touch("solutions/90_test/90_test.ipynb")
    touch("labs/90_test/90_test.ipynb")
    for name in ("checks/lab90.py", "checks/lab90.toml", "checks/__init__.py", "predictions/lesson90.toml"):
        touch(f"src/upgrade101/course/{name}")
    return touch


def strays(root):
    return [fault.words(root) for fault in lint_course(root) if "is no notebook" not in fault.what]


def test_a_course_holds_together(course, tmp_path):
    assert strays(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("notebooks/90_again.ipynb", "two lessons are called 90"),
        ("notebooks/Test.ipynb", "has no name of the form NN_slug"),
        ("notebooks/notes.txt", "is no lesson"),
        ("solutions/91_new/91_new.ipynb", "has no lesson of this name"),
        ("solutions/91_new/91_new.ipynb", "has no lab → python3 start.py labs"),
        ("solutions/91_new/91_new.ipynb", "has no checks/lab91.py"),
        ("labs/91_new/91_new.ipynb", "has no solution"),
        ("labs/notes.txt", "lies outside of a lab's folder"),
        ("src/upgrade101/course/checks/lab91.py", "belongs to no solution"),
        ("src/upgrade101/course/checks/wrong91.py", "belongs to no solution"),
        ("src/upgrade101/course/predictions/lesson91.toml", "belongs to no lesson"),
    ],
)
def test_what_strays_is_found(course, tmp_path, name, said):
    course(name)
    assert any(said in fault for fault in strays(tmp_path)), strays(tmp_path)


def test_what_lies_beside_a_lesson_under_its_name_is_welcome(course, tmp_path):
    course("notebooks/90_test.html")
    course("notebooks/.ipynb_checkpoints/90_test-checkpoint.ipynb")
    assert strays(tmp_path) == []
