import json
from pathlib import Path
from typing import Any

import pytest

from upgrade101.course.check import Check, no_cloud
from upgrade101.course.hint import Hint
from upgrade101.course.names import Unknown
from upgrade101.course.solution import Solution
from upgrade101.course.store import Store

pytestmark = pytest.mark.usefixtures("lab")

FUNCTION = """\
def on_message(event):
    '''Say the action.'''
    ### BEGIN SOLUTION
    return event["action"]
    ### STUB
    # # TODO 90.1 – 1 line
    # ...
    ### END SOLUTION"""
RULE = '### BEGIN SOLUTION\nrule = "$request.body.action"\n### END SOLUTION\nroutes = {}'
SENTENCE = (
    "<!-- BEGIN SOLUTION -->\nBecause **two** differ.\n<!-- STUB\n*TODO 90.4 – a sentence*\n-->\n<!-- END SOLUTION -->"
)
TITLES = {1: "Find the action", 2: "Say which room", 4: "Explain it"}


def cell(source: str, kind: str = "code", solved: bool = True) -> dict[str, Any]:
    metadata = {"nbgrader": {"solution": True}} if solved and "BEGIN SOLUTION" in source else {}
    return {"cell_type": kind, "metadata": metadata, "source": source.splitlines(keepends=True)}


def heading(number: int, above: str = "") -> dict[str, Any]:
    return cell(f"{above}### 90.{number} · {TITLES[number]}\n\nDo it.", "markdown")


CELLS = [
    heading(1, "## The exercises\n\n"),
    cell(FUNCTION),
    cell('check("90.1", on_message)'),
    cell(RULE),
    heading(2),
    cell("### BEGIN SOLUTION\nroom = 'blue'\n### END SOLUTION"),
    heading(4),
    cell(SENTENCE, "markdown"),
    cell("## Look back", "markdown"),
    cell("### BEGIN SOLUTION\nstray = 1\n### END SOLUTION"),
]


@pytest.fixture
def solutions(tmp_path: Path) -> Path:
    folder = tmp_path / "solutions"
    notebook = folder / "90_test" / "90_test.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text(json.dumps({"cells": CELLS}), encoding="utf-8")
    return folder


class Said:
    """What a solution says."""

    def __init__(self, capsys: pytest.CaptureFixture[str], solution: Solution) -> None:
        self._capsys, self._solution = capsys, solution

    def __call__(self, id: str) -> str:
        self._capsys.readouterr()
        self._solution(id)
        return self._capsys.readouterr().out


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], store: Store, solutions: Path) -> Said:
    return Said(capsys, Solution(store, [solutions]))


@pytest.fixture
def said_alone(capsys: pytest.CaptureFixture[str], store: Store, tmp_path: Path) -> Said:
    """What it says where a lab was handed out without the solutions."""
    return Said(capsys, Solution(store, [tmp_path / "none"]))


def test_before_its_time_it_says_how_far_one_is_and_what_opens_it(said: Said, store: Store) -> None:
    first = said("90.1")
    assert first.startswith("90.1 · Find the action · not open yet\nIt opens when the check passes")
    assert 'hint("90.1")' in first and "return event" not in first
    Check(store, no_cloud)("90.1", lambda event: "shout")
    Hint(store)("90.1")
    assert "You have tried one answer and stand on rung 1 of 5." in said("90.1")
    assert "opened" not in store.entry("exercises", "90.1")


def test_after_success_it_shows_the_solutions_own_cells_without_marks_and_stub(said: Said, store: Store) -> None:
    Check(store, no_cloud)("90.1", lambda event: event["action"])
    opened = said("90.1")
    assert opened == (
        "One way to solve 90.1 · Find the action\n"
        "    def on_message(event):\n"
        "        '''Say the action.'''\n"
        '        return event["action"]\n'
        "And in another cell:\n"
        '    rule = "$request.body.action"\n'
        "    routes = {}\n"
        'One possibility among several. `hint("90.1", rung=5)` says more about it.\n'
    )


def test_the_top_of_the_ladder_opens_it_for_the_next_kernel_too(said: Said, store: Store) -> None:
    hint = Hint(store)
    for _ in range(5):
        assert "not open yet" in said("90.2")
        hint("90.2")
    assert "room = 'blue'" in said("90.2")
    assert Store(store.path).entry("exercises", "90.2") == {"rung": 5, "opened": True}


def test_a_lab_handed_out_alone_shows_the_last_hint(said_alone: Said, store: Store) -> None:
    store.change("exercises", "90.1", done=True)
    assert said_alone("90.1") == "One way to solve 90.1 · Find the action\n    $request.body.action\n"


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"cells": 7}', '{"cells": [7]}', '{"cells": [{"source": 7}]}'])
def test_a_broken_notebook_is_as_good_as_none(said: Said, store: Store, solutions: Path, broken: str) -> None:
    (solutions / "90_test" / "90_test.ipynb").write_text(broken, encoding="utf-8")
    store.change("exercises", "90.1", done=True)
    assert "    $request.body.action\n" in said("90.1")


def test_an_answer_in_words_is_shown_to_who_asks_again(said: Said, store: Store) -> None:
    first = said("90.4")
    assert first.startswith("90.4 · Explain it · write first\n") and "Because" not in first
    assert said("90.4") == "One answer to 90.4 · Explain it\nBecause two differ.\n"
    assert store.entry("exercises", "90.4") == {"asked": True, "opened": True}


def test_an_unknown_exercise_names_the_nearest(said: Said, said_alone: Said) -> None:
    with pytest.raises(Unknown, match="did you mean"):
        said("90.7")
    with pytest.raises(Unknown, match="did you mean"):
        said_alone("90.4")


def test_the_folder_of_solutions_is_found_above_the_lab(
    store: Store, solutions: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = solutions.parent / "labs" / "90_test"
    lab.mkdir(parents=True)
    monkeypatch.chdir(lab)
    store.change("exercises", "90.2", done=True)
    Solution(store)("90.2")
    assert "room = 'blue'" in capsys.readouterr().out
