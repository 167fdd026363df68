"""Every lab both ways: its solution passes every check, and untouched it passes none and breaks nothing.

Two run at a time, as with the lessons: a test asks for its own run, and waits for it.
"""

from pathlib import Path

import pytest

from upgrade101.authoring import contract
from upgrade101.authoring.lessons import TWICE, Job, Runs
from upgrade101.authoring.reading import read
from upgrade101.authoring.rules_lab import blocks

ROOT = Path(__file__).parents[2]
SOLUTIONS = sorted((ROOT / "solutions").glob("*/*.ipynb"))
LABS = sorted((ROOT / "labs").glob("*/*.ipynb"))
pytestmark = pytest.mark.notebooks


def each(paths, **how):
    """Run a test once for each of these notebooks."""
    return pytest.mark.parametrize("job", [Job(path, **how) for path in paths], ids=lambda job: job.path.stem)


@pytest.fixture(scope="module")
def runs(request):
    """The runs of all labs that are asked for, on their way."""
    mine = [item for item in request.session.items if item.path == request.path]
    with Runs([item.callspec.params["job"] for item in mine]) as runs:
        yield runs


@pytest.fixture
def done(job, runs):
    return runs.result(job)


def checked(done):
    """What each check said, by exercise: the exercise's kind and the text."""
    said = {cell.cell_id: cell.text for cell in done.report.cells}
    return {
        block.id: (block.kind, said[cell.id])
        for block in blocks(read(done.job.path))
        for cell in block.cells
        if any(call.name == "check" for call in cell.calls)
    }


def explain(done):
    failures = done.report.failures
    return [f"{cell.cell_id}: {cell.error or 'never finished'}\n{cell.text[-800:]}" for cell in failures] or done.failed


@each(SOLUTIONS, is_strict=True)
def test_every_solution_passes_every_check(done):
    assert not done.failed, explain(done)
    assert list(contract.breaches(contract.read(ROOT), done.job.path, done.requests)) == []
    for id, (_, said) in checked(done).items():
        assert f"{id} done ✓" in [line[: len(f"{id} done ✓")] for line in said.splitlines()], said


@each(LABS)
def test_an_untouched_lab_passes_no_check_and_breaks_nowhere(done):
    assert not done.failed, explain(done)
    for id, (kind, said) in checked(done).items():
        unwritten = ("· nothing written yet", "· a part is still missing")
        expected = {"repair": ("not yet",), "change": ("not yet", *unwritten)}
        assert said.startswith(tuple(f"{id} {words}" for words in expected.get(kind, unwritten))), said


@each(LABS, is_strict=True)
def test_a_strict_check_fails_the_cell_of_an_untouched_lab(done):
    failures = done.report.failures
    failed = {cell.cell_id for cell in failures if cell.error.startswith("NotDone: ")}
    wanted = {cell.id for cell in read(done.job.path).code if any(call.name == "check" for call in cell.calls)}
    assert failed == wanted == {cell.cell_id for cell in failures}
    assert not done.trouble


@each(SOLUTIONS, way=TWICE)
def test_every_cell_can_run_twice(done):
    assert not done.failed, explain(done)
    assert list(contract.breaches(contract.read(ROOT), done.job.path, done.requests, is_all=True)) == []
