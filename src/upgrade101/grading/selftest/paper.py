"""A notebook as a student hands it in, made from the lab or its solution and then changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..notebook import Assignment, Test

Cell = dict[str, Any]


class Paper:
    """Cells that can be changed; each method changes the paper and returns it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    @classmethod
    def read(cls, path: Path) -> Paper:
        """Return the paper of a notebook."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    @property
    def cells(self) -> list[Cell]:
        """Return its cells, which may be changed."""
        cells: list[Cell] = self.document["cells"]
        return cells

    def copy(self) -> Paper:
        """Return another paper that says the same."""
        return Paper(copy.deepcopy(self.document))

    def text(self) -> str:
        """Return it as a file's content."""
        return json.dumps(self.document)

    def place(self, grade_id: str) -> int:
        """Return the place of a cell by nbgrader's id."""
        return next(place for place, cell in enumerate(self.cells) if _id(cell) == grade_id)

    def source(self, grade_id: str) -> str:
        """Return the source of a cell."""
        return "".join(self.cells[self.place(grade_id)]["source"])

    def write(self, grade_id: str, source: str) -> Paper:
        """Write something else into a cell."""
        self.cells[self.place(grade_id)]["source"] = source
        return self

    def before(self, grade_id: str, source: str) -> Paper:
        """Write something at the top of a cell."""
        return self.write(grade_id, f"{source}\n\n{self.source(grade_id)}")

    def insert(self, place: int, source: str) -> Paper:
        """Add a code cell of one's own."""
        made: Cell = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        self.cells.insert(place, made)
        return self

    def keep(self, wanted: Callable[[Cell], bool]) -> Paper:
        """Delete every cell but those wanted."""
        self.document["cells"] = [cell for cell in self.cells if wanted(cell)]
        return self


def _id(cell: Cell) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def is_test(cell: Cell) -> bool:
    """Tell whether a cell is one of nbgrader's tests."""
    marks = cell["metadata"].get("nbgrader", {})
    return bool(marks.get("grade") and not marks.get("solution"))


def answered(paper: Paper, test: Test, sources: Sequence[str]) -> Paper:
    """Write another answer to one exercise: its sources, the last of which calls the answer ``answer``."""
    first, *rest = test.answer_ids
    names = ", ".join(test.answers)
    nothing = f"{' = '.join(test.answers)} = ...\n" if len(test.answers) > 1 else ""  # where the answer is too few
    parts = [*sources[:-1], f"{sources[-1].rstrip()}\n\n{nothing}{names} = answer"]
    paper.write(first, parts[0])
    for other in rest:
        paper.write(other, "")
    for number, part in enumerate(parts[1:], 1):
        paper.insert(paper.place(first) + number, part)
    return paper


def can_be_answered(test: Test) -> bool:
    """Tell whether an exercise takes plain names, which another answer can be given to."""
    return bool(test.answer_ids and test.answers) and all(name.isidentifier() for name in test.answers)


def first_with_cells(lab: Assignment) -> Test:
    """Return the first exercise that has answer cells."""
    return next(test for test in lab.tests if test.answer_ids)
