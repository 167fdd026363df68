"""Every lesson, run as a learner runs it: all cells queued at once, in a fresh kernel, without a network."""

from pathlib import Path

import nbformat
import pytest

from upgrade101.authoring.run import code_cells, run_all, twice

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.notebooks


@pytest.fixture
def environment(tmp_path):
    return {"UPGRADE101_PROGRESS": str(tmp_path / "progress.json"), "CLOUD": "moto", "AWS_PROFILE": ""}


def explain(report):
    return "\n".join(
        f"{cell.cell_id}: {cell.error or 'never finished'}\n{cell.text[-800:]}" for cell in report.failures
    )


def sections(path):
    """Each H2 section as the code cells that it consists of, with the notebook's first code cell before them."""
    cells = nbformat.read(path, as_version=4).cells
    code = {cell.cell_id: cell for cell in code_cells(path)}
    first = next(cell.id for cell in cells if cell.cell_type == "code")
    found, current = {}, None
    for cell in cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            current = found.setdefault(cell.source.splitlines()[0], [])
        elif cell.cell_type == "code" and current is not None:
            current.append(code[cell.id])
    return {title: [code[first], *body] for title, body in found.items() if body}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_run_all_with_every_cell_queued(lesson, environment):
    report = run_all(code_cells(lesson), lesson.parent, environment=environment)
    assert not report.failures, explain(report)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_every_cell_can_run_twice(lesson, environment):
    report = run_all(twice(code_cells(lesson)), lesson.parent, environment=environment)
    assert not report.failures, explain(report)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_every_section_runs_alone(lesson, environment):
    for title, cells in sections(lesson).items():
        report = run_all(
            [type(cell)(cell.cell_id, cell.source, cell.expected_to_fail) for cell in cells],
            lesson.parent,
            environment=environment,
        )
        assert not report.failures, f"{title}\n{explain(report)}"


def test_the_network_is_refused(tmp_path, environment):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("import urllib.request\nurllib.request.urlopen('http://192.0.2.1/', timeout=2)")
        ]
    )
    nbformat.write(notebook, tmp_path / "leaves.ipynb")
    report = run_all(code_cells(tmp_path / "leaves.ipynb"), tmp_path, environment=environment)
    assert "this run has no network" in report.cells[0].error
