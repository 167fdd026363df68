"""What of a submission counts, whatever was done to it."""

import json
from pathlib import Path
from typing import Any

import pytest

from upgrade101.grading import notebook
from upgrade101.grading.notebook import Assignment, Cell, Run, Unreadable
from upgrade101.grading.notebook import Test as Asked

ROOT = Path(__file__).parents[2]
SOLUTION = ROOT / "solutions" / "03_routes" / "03_routes.ipynb"


@pytest.fixture(scope="module")
def lab() -> Assignment:
    return notebook.assignment(SOLUTION)


@pytest.fixture
def cells() -> list[Cell]:
    return notebook.read(SOLUTION)


def written(folder: Path, document: Any) -> Path:
    path = folder / "handed_in.ipynb"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return path


def order_of(plan: notebook.Plan) -> list[str]:
    """Return the steps of a plan, answers by their id and tests by their exercise."""
    return [step.exercise_id if isinstance(step, Asked) else step.cell.grade_id or "·" for step in plan.steps if step]


def judged(plan: notebook.Plan) -> list[str]:
    """Return answers and tests in their order, without the cells between them."""
    return [step for step in order_of(plan) if step != "·"]


def test_the_solution_says_what_is_asked(lab: Assignment) -> None:
    assert [test.exercise_id for test in lab.tests] == ["03.1", "03.2", "03.3", "03.4", "03.5"]
    assert [test.points for test in lab.tests] == [2, 2, 3, 3, 4]
    assert lab.tests[0].answers == ("on_order",)
    assert lab.tests[3].answer_ids == ("greet", "open-line")
    assert [each.grade_id for each in lab.written] == ["explain"]


def test_each_exercise_is_handed_over_behind_its_answer(lab: Assignment, cells: list[Cell]) -> None:
    steps = order_of(notebook.plan(lab, cells))
    for earlier, later in (("on-order", "03.1"), ("rule", "03.2"), ("greet", "03.4"), ("open-line", "03.4")):
        assert steps.index(earlier) < steps.index(later)
    assert steps.index("03.1") < steps.index("rule")


def test_deleted_tests_are_put_back(lab: Assignment, cells: list[Cell]) -> None:
    plan = notebook.plan(lab, [cell for cell in cells if not cell.is_test])
    assert judged(plan) == judged(notebook.plan(lab, cells))
    assert "the test of 03.1 was deleted, and put back" in plan.notes


def test_tests_that_were_moved_to_the_top_stay_behind_their_answers(lab: Assignment, cells: list[Cell]) -> None:
    moved = sorted(cells, key=lambda cell: not cell.is_test)
    assert judged(notebook.plan(lab, moved)) == judged(notebook.plan(lab, cells))


def test_an_edited_test_is_never_run(lab: Assignment, cells: list[Cell]) -> None:
    edited = [Cell("code", "assert True", cell.grade_id, False, True) if cell.is_test else cell for cell in cells]
    plan = notebook.plan(lab, edited)
    assert not any(isinstance(step, Run) and "assert True" in step.cell.source for step in plan.steps)
    assert sum(isinstance(step, Asked) for step in plan.steps) == 5


def test_a_copied_answer_is_a_cell_like_others(lab: Assignment, cells: list[Cell]) -> None:
    twice = [each for cell in cells for each in (cell, cell)]
    steps = order_of(notebook.plan(lab, twice))
    assert steps.count("on-order") == 1
    assert [step for step in steps if step.startswith("03.")] == ["03.1", "03.2", "03.3", "03.4", "03.5"]


def test_without_metadata_the_calls_of_check_say_where(lab: Assignment, cells: list[Cell]) -> None:
    plan = notebook.plan(lab, [Cell(cell.kind, cell.source) for cell in cells])
    sources = [step.exercise_id if isinstance(step, Asked) else step.cell.source for step in plan.steps]
    assert sources.index("03.1") == next(at for at, text in enumerate(sources) if 'check("03.1"' in text) + 1


def test_an_answer_that_claims_to_be_a_test_is_none(lab: Assignment) -> None:
    forged = [Cell("code", "x = 1", "on-order", False, True), Cell("code", "y = 1", "invented", False, True, 99.0)]
    plan = notebook.plan(lab, forged)
    assert [step.cell.source for step in plan.steps if isinstance(step, Run)][-2:] == ["x = 1", "y = 1"]
    assert sum(step.points for step in plan.steps if isinstance(step, Asked)) == 14  # as the solution has it


def test_the_answer_in_words_is_taken_along(lab: Assignment, cells: list[Cell]) -> None:
    plan = notebook.plan(lab, cells)
    assert plan.written[0].points == 2
    assert "deployment" in plan.written[0].text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (b'{"cells": [', "not valid JSON"),
        (b"\xff\xfe\x00\x80", "not valid JSON"),
        (b"[]", "it has no cells"),
        (b'{"cells": 7}', "it has no cells"),
        (b'{"cells": [1, null, "x"]}', "it has no cells"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_notebook_is_told_so(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        notebook.read(written(tmp_path, content))


def test_a_notebook_of_another_age_is_read(tmp_path: Path) -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["a = 1\r\n", "b = 2"]}]}], "nbformat": 3}
    assert notebook.read(written(tmp_path, old))[0].source == "a = 1\nb = 2"


def test_metadata_of_any_shape_is_survived(tmp_path: Path) -> None:
    odd = [{"cell_type": 7, "source": {"a": 1}, "metadata": [1]}, {"metadata": {"nbgrader": "x"}}]
    odd += [{"cell_type": "code", "source": "1", "metadata": {"nbgrader": {"grade_id": ["x"], "points": "many"}}}]
    assert len(notebook.read(written(tmp_path, {"cells": odd}))) == 3


# ── answers in words, and ids that were lost ─────────────────────────────────────────────────────────────────────────


LAB = ROOT / "labs" / "03_routes" / "03_routes.ipynb"


def bare(cells: list[Cell], words: str | None = None) -> list[Cell]:
    """Return cells as an editor leaves them that drops ids, with other words in place of the answer in words."""
    return [
        Cell(cell.kind, words if words is not None and cell.grade_id == "explain" else cell.source) for cell in cells
    ]


def test_an_answer_in_words_is_found_by_its_place_where_ids_are_lost(lab: Assignment) -> None:
    handed_out = notebook.read(LAB)
    (found,) = notebook.plan(lab, bare(handed_out, "The stage points at an old deployment.")).written
    assert (found.text, found.exercise, found.lost) == ("The stage points at an old deployment.", "03.6", False)
    (stub,) = notebook.plan(lab, bare(handed_out)).written
    assert notebook.is_stub(stub.text) and not stub.lost


def test_an_answer_in_words_that_stands_in_a_cell_of_ones_own_is_found(lab: Assignment) -> None:
    handed_out = notebook.read(LAB)
    place = next(at for at, cell in enumerate(handed_out) if cell.grade_id == "explain")
    beside = [*handed_out[: place + 1], Cell("markdown", "My words."), *handed_out[place + 1 :]]
    assert notebook.plan(lab, beside).written[0].text == "My words."
    below = [
        Cell(cell.kind, f"{cell.source}\n\nMy words.") if "### 03.6" in cell.source else cell
        for cell in handed_out
        if cell.grade_id != "explain"
    ]
    assert notebook.plan(lab, below).written[0].text == "My words."


def test_an_answer_in_words_that_is_nowhere_is_left_to_a_human(lab: Assignment, cells: list[Cell]) -> None:
    (found,) = notebook.plan(lab, [cell for cell in cells if cell.grade_id != "explain"]).written
    assert found.lost and not found.text


def test_who_lost_all_ids_is_accused_of_nothing(lab: Assignment, cells: list[Cell]) -> None:
    assert notebook.plan(lab, bare(notebook.read(LAB))).notes == (notebook.LOST_IDS,)
    without = [cell for cell in bare(cells) if 'check("03.4"' not in cell.source]
    assert [note for note in notebook.plan(lab, without).notes if "03.4" in note]


def test_where_one_cell_has_its_id_the_others_were_deleted(lab: Assignment, cells: list[Cell]) -> None:
    notes = notebook.plan(lab, [cell for cell in cells if cell.grade_id in ("", "rule")]).notes
    assert "the answer cell on-order was deleted" in notes and notebook.LOST_IDS not in notes


# ── the solution, handed in ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_solution_handed_in_is_told(lab: Assignment, cells: list[Cell]) -> None:
    assert "### BEGIN SOLUTION" in notebook.plan(lab, cells).copied
    clean = [Cell(cell.kind, notebook.without_marks(cell.source), cell.grade_id) for cell in cells]
    plan = notebook.plan(lab, clean)
    assert plan.copied == "every answer is the solution's, word for word"
    assert plan.copied in plan.notes


def test_one_answer_that_is_the_solutions_is_no_copy(lab: Assignment) -> None:
    handed_out = notebook.read(LAB)
    assert not notebook.plan(lab, handed_out).copied
    rule = 'rule = "${request.body.shop.name}/${request.body.do}"'
    own = [Cell(cell.kind, rule, cell.grade_id) if cell.grade_id == "rule" else cell for cell in handed_out]
    assert not notebook.plan(lab, own).copied
