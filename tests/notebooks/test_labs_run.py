"""Every lab both ways: its solution passes every check, and untouched it passes none and breaks nothing."""

from pathlib import Path

import pytest

from upgrade101.authoring import contract
from upgrade101.authoring.reading import read
from upgrade101.authoring.rules_lab import blocks
from upgrade101.authoring.run import code_cells, run_all, twice

ROOT = Path(__file__).parents[2]
SOLUTIONS = sorted((ROOT / "solutions").glob("*/*.ipynb"))
LABS = sorted((ROOT / "labs").glob("*/*.ipynb"))
pytestmark = pytest.mark.notebooks


@pytest.fixture
def environment(tmp_path):
    return {"UPGRADE101_PROGRESS": str(tmp_path / "progress.json"), "CLOUD": "moto", "AWS_PROFILE": ""}


@pytest.fixture
def requests(environment, tmp_path):
    """The file into which a kernel writes what it asks AWS for."""
    environment[contract.FILE] = str(tmp_path / "requests")
    return tmp_path / "requests"


def checked(path, report):
    """What each check said, by exercise: the exercise's kind and the text."""
    said = {cell.cell_id: cell.text for cell in report.cells}
    return {
        block.id: (block.kind, said[cell.id])
        for block in blocks(read(path))
        for cell in block.cells
        if any(call.name == "check" for call in cell.calls)
    }


def explain(report):
    return [f"{cell.cell_id}: {cell.error or 'never finished'}\n{cell.text[-800:]}" for cell in report.failures]


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.stem)
def test_every_solution_passes_every_check(solution, environment, requests):
    strict = {**environment, "UPGRADE101_STRICT": "1"}
    report = run_all(code_cells(solution), solution.parent, first=contract.FIRST, environment=strict)
    assert explain(report) == []
    assert list(contract.breaches(contract.read(ROOT), solution, contract.requests_in(requests))) == []
    for id, (_, said) in checked(solution, report).items():
        assert f"{id} done ✓" in [line[: len(f"{id} done ✓")] for line in said.splitlines()], said


@pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)
def test_an_untouched_lab_passes_no_check_and_breaks_nowhere(lab, environment):
    report = run_all(code_cells(lab), lab.parent, environment=environment)
    assert explain(report) == []
    for id, (kind, said) in checked(lab, report).items():
        unwritten = ("· nothing written yet", "· a part is still missing")
        expected = {"repair": ("not yet",), "change": ("not yet", *unwritten)}
        assert said.startswith(tuple(f"{id} {words}" for words in expected.get(kind, unwritten))), said


@pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)
def test_a_strict_check_fails_the_cell_of_an_untouched_lab(lab, environment):
    report = run_all(code_cells(lab), lab.parent, environment={**environment, "UPGRADE101_STRICT": "1"})
    failed = {cell.cell_id for cell in report.failures if cell.error.startswith("NotDone: ")}
    wanted = {cell.id for cell in read(lab).code if any(call.name == "check" for call in cell.calls)}
    assert failed == wanted == {cell.cell_id for cell in report.failures}


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.stem)
def test_every_cell_can_run_twice(solution, environment, requests):
    report = run_all(twice(code_cells(solution)), solution.parent, first=contract.FIRST, environment=environment)
    assert explain(report) == []
    told, asked = contract.read(ROOT), contract.requests_in(requests)
    assert list(contract.breaches(told, solution, asked, is_all=True)) == []
