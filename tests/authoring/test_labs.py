import json
import shutil
from pathlib import Path

import pytest
from notebook_kit import code, document, markdown
from typer.testing import CliRunner

from upgrade101 import ConfigurationError
from upgrade101.__main__ import app
from upgrade101.authoring.labs import differences, generate, sources

ROOT = Path(__file__).parents[2]


def solved(id, **more):
    return {
        "grade_id": id,
        "grade": False,
        "locked": False,
        "schema_version": 3,
        "solution": True,
        "task": False,
        **more,
    }


SOLUTION = """\
def greet(event, context):
    '''Greet.'''
    ### BEGIN SOLUTION
    return "hello"
    ### STUB
    # # TODO 90.1 – about 1 line
    # if True:
    #     ...
    ### END SOLUTION"""
PROSE = "Why?\n\n<!-- BEGIN SOLUTION -->\nBecause.\n<!-- STUB\n*TODO 90.2 – one sentence*\n-->\n<!-- END SOLUTION -->"


@pytest.fixture
def course(tmp_path):
    """A course with one lab, solved: its root, and a function that writes the solution anew."""
    cells = [
        markdown("title", "# Lab 90"),
        code("greet", SOLUTION, nbgrader=solved("greet")),
        code(
            "check-90-1",
            "check('90.1', greet)",
            nbgrader=solved("check-90-1", grade=True, solution=False, locked=True, points=2),
        ),
        markdown("explain", PROSE, nbgrader=solved("explain", grade=True, points=1)),
    ]

    def write(cells=cells):
        path = tmp_path / "solutions" / "90_test" / "90_test.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document(cells).encode())
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        return tmp_path

    write.cells = cells
    write()
    return write


def handed_out(root):
    cells = json.loads((root / "labs" / "90_test" / "90_test.ipynb").read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: cell for cell in cells}


def source(cell):
    return "".join(cell["source"])


def test_the_labs_are_what_the_solutions_give(tmp_path):
    generate(ROOT, tmp_path / "labs")
    for name in sources(ROOT):
        made, kept = (place / name / f"{name}.ipynb" for place in (tmp_path / "labs", ROOT / "labs"))
        assert made.read_bytes() == kept.read_bytes(), f"edit solutions/{name}, then python3 start.py labs"
    assert len(sources(ROOT)) == len(list((ROOT / "labs").glob("*/*.ipynb")))


def test_a_solution_is_replaced_by_its_own_stub(course):
    root = course()
    generate(root)
    assert source(handed_out(root)["greet"]) == (
        "def greet(event, context):\n    '''Greet.'''\n    # TODO 90.1 – about 1 line\n    if True:\n        ..."
    )
    assert source(handed_out(root)["explain"]) == "Why?\n\n*TODO 90.2 – one sentence*"


def test_without_a_stub_three_dots_stay(course):
    bare = SOLUTION[: SOLUTION.index("    ### STUB")] + "    ### END SOLUTION"
    root = course([code("greet", bare, nbgrader=solved("greet"))])
    generate(root)
    assert source(handed_out(root)["greet"]).endswith("'''Greet.'''\n    ...")


def test_checks_are_locked_and_ids_stay(course):
    root = course()
    generate(root)
    cells = handed_out(root)
    assert list(cells) == ["title", "greet", "check-90-1", "explain"]
    assert cells["check-90-1"]["metadata"]["editable"] is False
    assert cells["greet"]["metadata"].get("editable", True)
    assert cells["title"]["metadata"] == {}


def test_the_same_solutions_give_the_same_bytes(course, tmp_path):
    root = course()
    generate(root)
    first = (root / "labs" / "90_test" / "90_test.ipynb").read_bytes()
    generate(root)
    assert (root / "labs" / "90_test" / "90_test.ipynb").read_bytes() == first
    assert b"\r" not in first and first.endswith(b"}\n")
    assert str(tmp_path).encode() not in first


def test_files_beside_a_notebook_are_handed_out_too(course):
    root = course()
    (root / "solutions" / "90_test" / "page.html").write_text("<p>hello", encoding="utf-8")
    generate(root)
    assert (root / "labs" / "90_test" / "page.html").read_text(encoding="utf-8") == "<p>hello"


def test_a_lab_without_a_solution_goes(course):
    root = course()
    stray = root / "labs" / "89_gone" / "89_gone.ipynb"
    stray.parent.mkdir(parents=True)
    stray.write_text("{}", encoding="utf-8")
    assert list(differences(root)) == [
        "labs/89_gone/89_gone.ipynb has no solution: write one, or delete it with python3 start.py labs",
        "labs/90_test/90_test.ipynb is missing: python3 start.py labs",
    ]
    generate(root)
    assert not stray.exists()
    assert list(differences(root)) == []


def test_a_lab_that_was_edited_is_told(course):
    root = course()
    (lab,) = generate(root)
    lab.write_text(lab.read_text(encoding="utf-8").replace("Greet", "Meet"), encoding="utf-8")
    (said,) = differences(root)
    assert "differs from what solutions/ gives: edit the solution" in said


def test_a_lab_that_somebody_has_worked_in_is_not_overwritten(course):
    root = course()
    (lab,) = generate(root)
    worked = json.loads(lab.read_text(encoding="utf-8"))
    worked["cells"][1]["execution_count"] = 1
    lab.write_text(json.dumps(worked), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="has been worked in"):
        generate(root)
    generate(root, force=True)
    assert list(differences(root)) == []


@pytest.mark.parametrize(
    ("before", "after"), [("### END SOLUTION", "# the end"), ("### BEGIN SOLUTION", "# begin")], ids=["open", "closed"]
)
def test_a_mark_without_its_twin_is_refused(course, before, after):
    root = course([code("greet", SOLUTION.replace(before, after), nbgrader=solved("greet"))])
    with pytest.raises(ConfigurationError, match="the marks in cell greet do not match"):
        generate(root)


def test_a_solution_in_a_cell_that_nbgrader_does_not_know_is_refused(course):
    root = course([code("greet", SOLUTION)])
    with pytest.raises(ConfigurationError, match="nbgrader refuses"):
        generate(root)


@pytest.mark.parametrize("words", [["labs"], ["labs", "build"]], ids=" ".join)
def test_the_command_writes_and_checks(course, monkeypatch, words):
    root = course()
    monkeypatch.chdir(root)
    assert CliRunner().invoke(app, [*words, "--check"]).exit_code == 1
    written = CliRunner().invoke(app, words)
    assert (written.exit_code, written.output) == (0, "labs/90_test/90_test.ipynb\n")
    assert CliRunner().invoke(app, [*words, "--check"]).exit_code == 0
    (lab,) = (root / "labs").rglob("*.ipynb")
    lab.write_text(lab.read_text(encoding="utf-8").replace('"execution_count": null', '"execution_count": 1'), "utf-8")
    assert "has been worked in" in CliRunner().invoke(app, words).output
    assert CliRunner().invoke(app, [*words, "--force"]).exit_code == 0
    shutil.rmtree(root / "solutions" / "90_test")
    refused = CliRunner().invoke(app, [*words, "--check"])
    assert refused.exit_code == 1 and "has no solution" in refused.output


def test_what_only_checks_writes_nothing_wherever_the_word_stands(course, monkeypatch):
    monkeypatch.chdir(course())
    refused = CliRunner().invoke(app, ["labs", "--check", "build"])
    assert refused.exit_code == 2 and "write it behind the word" in refused.output
    assert not Path("labs").exists()
