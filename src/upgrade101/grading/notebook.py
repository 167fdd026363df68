"""What of a submission counts: its answers and its own cells; tests come from the solution.

A submission is read as it is, without trust: it may be no notebook at all, lack cells, hold them twice or in another
order. The solution decides which cells are answers and which are tests, by nbgrader's ids.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..course.names import tidy

MOST_BYTES = 300 * 1024 * 1024  # outputs may be long, and are not looked at
MOST_CELLS = 2000
MOST_SOURCE = 200_000  # characters of one cell


class Unreadable(Exception):
    """A submission that cannot be graded at all; says why."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. ``grade_id`` is nbgrader's, '' where there is none."""

    kind: str  # code | markdown | raw
    source: str
    grade_id: str = ""
    is_answer: bool = False
    is_graded: bool = False
    points: float = 0.0

    @property
    def is_test(self) -> bool:
        """Tell whether it is a locked test."""
        return self.is_graded and not self.is_answer


@dataclass(frozen=True, slots=True)
class Test:
    """One exercise as the solution tests it: ``check("03.1", on_order)``."""

    grade_id: str
    exercise_id: str
    answers: tuple[str, ...]  # the expressions that are handed over
    points: float
    answer_ids: tuple[str, ...]  # the answer cells since the test before


@dataclass(frozen=True, slots=True)
class Written:
    """An answer in words, which a human marks."""

    grade_id: str
    points: float
    text: str = ""
    exercise: str = ""
    lost: bool = False  # its cell is gone, and nothing stands in its place: a human looks through the notebook


@dataclass(frozen=True, slots=True)
class Run:
    """Run a cell of the submission."""

    number: int  # its place among all cells of the submission, from 1
    cell: Cell


Step = Run | Test


@dataclass(frozen=True, slots=True)
class Assignment:
    """A lab as its solution has it."""

    name: str
    cells: tuple[Cell, ...]
    tests: tuple[Test, ...]
    written: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with one submission, in order."""

    steps: tuple[Step, ...]
    written: tuple[Written, ...] = ()
    notes: tuple[str, ...] = ()
    sources: frozenset[str] = field(default=frozenset(), repr=False)  # of its code cells
    copied: str = ""  # it looks like the solution itself, and why


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read(path: Path) -> list[Cell]:
    """Return the cells of a notebook, whatever its minor version. Raises Unreadable, which says why in words."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise Unreadable(f"the file has {size // 2**20} MB, and more than {MOST_BYTES // 2**20} are not read")
    if not size:
        raise Unreadable("the file is empty")
    try:
        document = json.loads(path.read_bytes())
    except RecursionError:
        raise Unreadable("the file is no notebook: it is nested too deeply") from None
    except MemoryError:
        raise Unreadable("the file is too big to be read") from None
    except ValueError as error:  # also where it is no UTF-8
        raise Unreadable(f"the file is no notebook: it is not valid JSON ({str(error)[:100]})") from None
    found = _cells_of(document)
    if not found:
        raise Unreadable("the file is no notebook: it has no cells")
    if len(found) > MOST_CELLS:
        raise Unreadable(f"the notebook has {len(found)} cells, and more than {MOST_CELLS} are not run")
    return [_cell(each) for each in found]


def _cells_of(document: Any) -> list[Any]:
    """Return the cells of nbformat 4, or of the worksheets of nbformat 3."""
    if not isinstance(document, dict):
        return []
    found = document.get("cells")
    if found is None and isinstance(document.get("worksheets"), list):
        sheets = [sheet.get("cells") for sheet in document["worksheets"] if isinstance(sheet, dict)]
        found = [cell for cells in sheets if isinstance(cells, list) for cell in cells]
    return [cell for cell in found if isinstance(cell, dict)] if isinstance(found, list) else []


def _cell(found: dict[str, Any]) -> Cell:
    source = found.get("source", found.get("input", ""))
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    metadata = found.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    marks = marks if isinstance(marks, dict) else {}
    return Cell(
        kind=str(found.get("cell_type", "")),
        source=text.replace("\r\n", "\n")[:MOST_SOURCE],
        grade_id=str(marks.get("grade_id", "")),
        is_answer=bool(marks.get("solution")),
        is_graded=bool(marks.get("grade")),
        points=_points(marks.get("points")),
    )


def _points(found: Any) -> float:
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else 0.0


# ── the solution ─────────────────────────────────────────────────────────────────────────────────────────────────────


def assignment(solution: Path) -> Assignment:
    """Return a lab as its solution has it. Raises Unreadable where that is no solution of the course."""
    cells = read(solution)
    tests, waiting = [], list[str]()
    for cell in cells:
        if cell.is_test and cell.kind == "code":
            tests.append(_test(cell, tuple(waiting)))
            waiting = []
        elif cell.is_answer and cell.kind == "code":
            waiting.append(cell.grade_id)
    return Assignment(solution.stem, tuple(cells), tuple(tests), tuple(_to_write(cells)))


def _to_write(cells: Iterable[Cell]) -> Iterator[Written]:
    """Yield the answers in words, each with the number of the heading above it."""
    number = ""
    for cell in cells:
        if cell.kind == "markdown" and cell.is_graded and cell.is_answer:
            yield Written(cell.grade_id, cell.points, exercise=number)
        else:
            number = _number_of(cell) or number


_HEADING = re.compile(r"^#{2,4}\s+(\d\d\.\d+)\b", re.MULTILINE)


def _number_of(cell: Cell) -> str:
    """Return the number of the exercise that a cell begins, '' where it begins none."""
    found = _HEADING.findall(cell.source) if cell.kind == "markdown" else []
    return found[-1] if found else ""


def _test(cell: Cell, answer_ids: tuple[str, ...]) -> Test:
    """Return what a test hands over: the id and the expressions of its call of ``check``."""
    calls = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id == "check" and call.args:
            id = tidy(ast.literal_eval(call.args[0]))
            answers = tuple(ast.unparse(argument) for argument in call.args[1:])
            return Test(cell.grade_id, id, answers, cell.points, answer_ids)
    raise Unreadable(f"the test {cell.grade_id} of the solution calls no check")


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def plan(lab: Assignment, cells: Sequence[Cell]) -> Plan:
    """Return what is run of a submission, and where each exercise is handed over.

    An exercise is handed over right after the last of its answer cells, or where the submission itself called its
    check, if that comes later. The setting-up of the solution is run first.
    """
    marked = list(recognized(lab, cells))
    copied = _copied(lab, marked)
    notes = [*_notes(lab, marked), *([copied] if copied else [])]
    places: dict[int, list[Test]] = {}
    for test in lab.tests:
        places.setdefault(_place_of(test, marked), []).append(test)
    steps: list[Step] = [Run(0, cell) for cell in _setting_up(lab)]
    steps += places.get(-1, [])
    for place, cell in enumerate(marked):
        if cell.kind == "code" and not cell.is_test and cell.source.strip():
            steps.append(Run(place + 1, cell))
        steps += places.get(place, [])
    written = tuple(in_words(lab, marked))
    sources = frozenset(cell.source for cell in marked if cell.kind == "code")
    return Plan(tuple(steps), written, tuple(notes), sources, copied)


_MARKS = ("### BEGIN SOLUTION", "<!-- BEGIN SOLUTION -->")
_STUB = re.compile(r"^[ \t]*### STUB.*?(?=^[ \t]*### END SOLUTION)", re.MULTILINE | re.DOTALL)
_MARK_LINE = re.compile(r"^[ \t]*(?:### (?:BEGIN|END) SOLUTION|<!-- (?:BEGIN|END) SOLUTION -->)[ \t]*$", re.MULTILINE)


def _copied(lab: Assignment, marked: Sequence[Cell]) -> str:
    """Return why a submission looks like the solution itself, or ''. One equal cell may be chance; all are not."""
    if any(mark in cell.source for cell in marked for mark in _MARKS):
        return "it holds the solution's own marks (### BEGIN SOLUTION): was the solution handed in?"
    answers = {_plain(without_marks(cell.source)) for cell in lab.cells if cell.is_answer and cell.kind == "code"}
    there = {_plain(cell.source) for cell in marked}
    return "every answer is the solution's, word for word" if len(answers) > 1 and answers <= there else ""


def without_marks(source: str) -> str:
    """Return a cell of the solution without what it says to the generator of labs.

    >>> without_marks("### BEGIN SOLUTION\\na = 1\\n### STUB\\n# a = ...\\n### END SOLUTION").strip()
    'a = 1'
    """
    return _MARK_LINE.sub("", _STUB.sub("", source))


def _setting_up(lab: Assignment) -> Iterator[Cell]:
    """Yield the solution's plain cells before its first answer: they import what the others use."""
    for cell in lab.cells:
        if cell.kind == "code" and cell.grade_id:
            return
        if cell.kind == "code":
            yield cell


def recognized(lab: Assignment, cells: Iterable[Cell]) -> Iterator[Cell]:
    """Yield the cells of a submission as the solution knows them: by id, and a copy is a plain cell."""
    known = {cell.grade_id: cell for cell in lab.cells if cell.grade_id}
    seen: set[str] = set()
    for cell in cells:
        own = known.get(cell.grade_id)
        if own is None or cell.grade_id in seen or own.kind != cell.kind:
            yield Cell(cell.kind, cell.source)
            continue
        seen.add(cell.grade_id)
        yield own if own.is_test else Cell(cell.kind, cell.source, own.grade_id, own.is_answer, own.is_graded)


def _place_of(test: Test, marked: Sequence[Cell]) -> int:
    """Return the place of the cell after which an exercise is handed over, -1 for the very beginning."""
    wanted = {*test.answer_ids, test.grade_id}
    calls = _calls(test.exercise_id)
    places = [
        place
        for place, cell in enumerate(marked)
        if cell.grade_id in wanted or (not cell.grade_id and cell.kind == "code" and calls.search(cell.source))
    ]
    return max(places, default=len(marked) - 1)


def _calls(exercise_id: str) -> re.Pattern[str]:
    return re.compile(rf"""check\(\s*["']{re.escape(exercise_id)}["']""")


def in_words(lab: Assignment, marked: Sequence[Cell]) -> Iterator[Written]:
    """Yield the answers in words that stand in recognized cells, or in cells without a name where they belong."""
    for each in lab.written:
        yield _found(each, lab, marked)


def _found(wanted: Written, lab: Assignment, marked: Sequence[Cell]) -> Written:
    """Return an answer in words: what its own cell says, and the cells that were added below its heading."""
    own = next((cell.source for cell in marked if cell.grade_id == wanted.grade_id and cell.kind == "markdown"), None)
    beside = list(_below_heading(wanted.exercise, lab, marked)) if wanted.exercise else []
    said = [text for text in ([own] if own else []) + beside if not is_stub(text)]
    if said:
        return replace(wanted, text="\n\n".join(dict.fromkeys(said)))
    return replace(wanted, text=own or next(iter(beside), ""), lost=own is None and not beside)


def _below_heading(number: str, lab: Assignment, marked: Sequence[Cell]) -> Iterator[str]:
    """Yield what stands between the heading of an exercise and the next cell of the lab, but for the answer's own."""
    known = {_plain(cell.source) for cell in lab.cells if not cell.is_graded}
    places = [place for place, cell in enumerate(marked) if _number_of(cell) == number]
    if not places:
        return
    heading = marked[places[0]].source
    asked = next((cell.source for cell in lab.cells if _number_of(cell) == number), "")
    if heading.startswith(asked.rstrip()) and (more := heading[len(asked.rstrip()) :].strip()):
        yield more
    for cell in marked[places[0] + 1 :]:
        if cell.is_test or _number_of(cell) or (not cell.grade_id and _belongs_to_the_lab(cell, known)):
            return
        if not cell.grade_id and cell.source.strip():
            yield cell.source


def _belongs_to_the_lab(cell: Cell, known: AbstractSet[str]) -> bool:
    return _plain(cell.source) in known or cell.source.lstrip().startswith(("<details", "## Look back"))


def _plain(text: str) -> str:
    return " ".join(text.split())


def is_stub(text: str) -> bool:
    """Tell whether a text is what was handed out where an answer in words belongs, or nothing.

    >>> is_stub("*TODO 03.6 – write here: two or three sentences*"), is_stub("Because of the deployment.")
    (True, False)
    """
    text = text.strip()
    return not text or ("\n" not in text and text.startswith("*TODO ") and text.endswith("*"))


LOST_IDS = "the notebook has lost its cell ids (some editors drop them); answers were found by their calls of check"


def _notes(lab: Assignment, marked: Sequence[Cell]) -> Iterator[str]:
    there = {cell.grade_id for cell in marked}
    if there == {""}:
        yield LOST_IDS
        for test in lab.tests:
            if not any(_calls(test.exercise_id).search(cell.source) for cell in marked if cell.kind == "code"):
                yield f"no call of check was found for {test.exercise_id}: it was handed over behind the last cell"
        return
    for test in lab.tests:
        if test.grade_id not in there:
            yield f"the test of {test.exercise_id} was deleted, and put back"
    for id in dict.fromkeys(id for test in lab.tests for id in test.answer_ids if id not in there):
        yield f"the answer cell {id} was deleted"
