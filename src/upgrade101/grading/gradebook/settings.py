"""What nbgrader is told: whose checks it uses, and how what it does badly by itself is done instead."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

_HERE = __name__.rpartition(".")[0]


def configure(config: Any, root: Path) -> None:
    """Fill in nbgrader's configuration for the course in the folder ``root``."""
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.course_id = "upgrade101"
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "labs"
    config.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", ".upgrade101"]
    _release(config)
    _autograde(config)
    _pages(config)
    _find_alembic()
    config.ExchangeFactory.collect = f"{_HERE}.collect.Collect"
    config.ExportApp.plugin_class = f"{_HERE}.export.Exercises"


def _release(config: Any) -> None:
    """Have nbgrader make a lab as ``start.py labs build`` does, byte for byte, and write it into the gradebook."""
    config.GenerateAssignment.preprocessors = [
        "nbgrader.preprocessors.LockCells",
        "upgrade101.authoring.stubs.Stubs",
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.CheckCellMetadata",
        "nbgrader.preprocessors.ComputeChecksums",
        "nbgrader.preprocessors.SaveCells",
        "nbgrader.preprocessors.ClearHiddenTests",
        "nbgrader.preprocessors.ClearMarkScheme",
        "nbgrader.preprocessors.ComputeChecksums",
    ]


def _autograde(config: Any) -> None:
    """Have a submission read without trust, and judged behind walls, where nbgrader would run it beside its gradebook.

    What nbgrader would do with a copied cell (end the batch), a deleted test (no points), a cell that never ends (no
    points at all), and a notebook that is none (no marks) is settled with that.
    """
    config.Autograde.pre_convert_hook = f"{_HERE}.collect.without_links"
    config.Autograde.exporter_class = f"{_HERE}.papers.Papers"
    config.Autograde.autograde_preprocessors = [
        f"{_HERE}.judge.Judge",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.OverwriteCells.add_missing_cells = True


def _pages(config: Any) -> None:
    """Let no page show hidden tests, run what a student wrote, or load anything from elsewhere."""
    config.GenerateFeedback.exporter_class = f"{_HERE}.pages.Pages"
    config.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        "nbgrader.preprocessors.ClearHiddenTests",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {"markdown2html": f"{_HERE}.pages.harmless_html"}


def _find_alembic() -> None:
    """Let nbgrader find the program that makes its database, also where this environment was not activated."""
    if shutil.which("alembic") is None:
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
