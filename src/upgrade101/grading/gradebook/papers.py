"""Read a submission for nbgrader: whatever was handed in, nbgrader sees a notebook that is as it should be."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter

from ..notebook import Assignment, Cell, Unreadable, assignment, in_words, is_stub, read, recognized
from ..submissions import Submission, one

Document = dict[str, Any]

LOST = "*This cell was deleted, or has lost its name. If the answer stands in another cell, give the points for that.*"

FOUND = "*This cell has lost its name. What follows stands below its heading:*"


def handed_in(coursedir: Any, student: str, lab: str, notebook: str) -> Submission:
    """Return what a student has handed in, where nbgrader's course has it."""
    folder = coursedir.format_path(coursedir.submitted_directory, student, lab)
    return one(student, Path(folder) / f"{notebook}.ipynb")


def solution_of(coursedir: Any, lab: str, notebook: str) -> Path:
    """Return the path of a lab's solution."""
    return Path(coursedir.format_path(coursedir.source_directory, ".", lab)) / f"{notebook}.ipynb"


class Papers(NotebookExporter):  # type: ignore[misc,unused-ignore]
    """Read submissions without trust; what nbgrader itself has written is read as it is."""

    def from_filename(self, filename: str, resources: Any = None, **more: Any) -> Any:
        """Return a notebook as text, with the resources that nbgrader wants."""
        converter: Any = self.parent
        if not converter._sanitizing:
            return super().from_filename(filename, resources, **more)
        names = resources["nbgrader"]
        coursedir, lab, notebook = converter.coursedir, names["assignment"], names["notebook"]
        release = Path(coursedir.format_path(coursedir.release_directory, ".", lab)) / f"{notebook}.ipynb"
        submission = handed_in(coursedir, names["student"], lab, notebook)
        paper = clean(assignment(solution_of(coursedir, lab, notebook)), _document(release), cells_of(submission))
        resources["metadata"] = {"name": notebook, "path": str(Path(filename).parent)}
        return self.from_notebook_node(nbformat.from_dict(paper), resources, **more)  # type: ignore[no-untyped-call]


def cells_of(submission: Submission) -> list[Cell]:
    """Return the cells of a submission, none where it cannot be read; the judge says why."""
    try:
        return read(submission.path) if submission.path else []
    except (OSError, Unreadable):
        return []


def _document(path: Path) -> Document:
    found: Document = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return found


def clean(lab: Assignment, release: Document, cells: Sequence[Cell]) -> Document:
    """Return a submission as nbgrader expects it, of the lab's own making but for what the student wrote.

    A cell that nbgrader knows is there once, with the metadata of the release; a test says what the release says. A
    copy is a plain cell. What is graded and was deleted is put back where it stood.
    """
    known = {_id(cell): cell for cell in release["cells"] if _id(cell)}
    marked = list(recognized(lab, cells))
    found = [_written(cell, known, number) for number, cell in enumerate(marked)]
    words = {each.grade_id: each.text for each in in_words(lab, marked) if not is_stub(each.text)}
    for place, cell in _deleted(found, known):
        if (text := words.get(_id(cell))) is not None:
            cell["source"] = _writable(f"{FOUND}\n\n{text}")
        found.insert(place, cell)
    return {**copy.deepcopy({**release, "cells": []}), "cells": found}


def _id(cell: Any) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def _written(cell: Cell, known: dict[str, Any], number: int) -> Document:
    """Return one cell: the student's words, and all else from the release."""
    source = _writable(cell.source)
    if cell.grade_id in known:
        its_own = copy.deepcopy(known[cell.grade_id])
        return its_own if cell.is_test else {**its_own, "source": source}
    kind = cell.kind if cell.kind in ("code", "markdown") else "raw"
    made = {"cell_type": kind, "id": f"own-{number}", "metadata": {}, "source": source}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _writable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _deleted(found: Sequence[Document], known: dict[str, Any]) -> Iterator[tuple[int, Document]]:
    """Yield each graded cell that is not there, and the place to put it: behind what stood before it in the lab."""
    there = [_id(cell) for cell in found]
    place, lost = 0, {"source": LOST} if found else {}
    for name, cell in known.items():
        if name in there:
            place = there.index(name) + 1
        elif cell["metadata"]["nbgrader"].get("grade"):
            answer = cell["metadata"]["nbgrader"].get("solution")
            there.insert(place, name)
            yield place, copy.deepcopy(cell) | (lost if answer else {})
            place += 1
