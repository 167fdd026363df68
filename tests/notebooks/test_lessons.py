"""Every lesson, run as a learner runs it: all cells queued at once, in a fresh kernel, without a network.

Two run at a time, because most of the time a kernel starts, or waits: a test asks for its own run, and waits for it.
"""

from pathlib import Path

import nbformat
import pytest

from upgrade101.authoring import contract
from upgrade101.authoring.lessons import ONCE, SECTIONS, TWICE, Job, Runs
from upgrade101.authoring.run import code_cells, run_all

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.notebooks


@pytest.fixture(scope="module")
def runs(request):
    """The runs of all lessons that are asked for, on their way."""
    mine = [item for item in request.session.items if item.path == request.path and "runs" in item.fixturenames]
    chosen = [item.callspec.params["job"] for item in mine]
    with Runs(chosen) as runs:
        yield runs


def explain(done):
    failures = done.report.failures
    return "\n".join([done.failed, *(f"{cell.cell_id}: {cell.error}\n{cell.text[-800:]}" for cell in failures)])


@pytest.mark.parametrize(
    "job",
    [Job(path, way) for path in LESSONS for way in (ONCE, TWICE, SECTIONS)],
    ids=lambda job: f"{job.path.stem}-{job.way}",
)
def test_a_lesson_runs(job, runs):
    done = runs.result(job)
    assert not done.failed, explain(done)
    told = contract.read(ROOT)
    assert list(contract.breaches(told, job.path, done.requests, is_all=job.way == TWICE)) == []


def test_the_network_is_refused(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("import urllib.request\nurllib.request.urlopen('http://192.0.2.1/', timeout=2)")
        ]
    )
    nbformat.write(notebook, tmp_path / "leaves.ipynb")
    report = run_all(code_cells(tmp_path / "leaves.ipynb"), tmp_path)
    assert "this run has no network" in report.cells[0].error
