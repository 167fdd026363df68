"""What a lab must be, solved and as it is handed out: whole exercises, with check, hints and stub."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..course.exercises import RUNGS, Exercise, exercises
from ..course.wrong import shortcomings
from .faults import Fault, fault
from .reading import Cell, Notebook
from .rules_any import Rule
from .rules_lesson import OPENING, OPENING_WORDS, SETUP_LINES

KINDS = ("complete", "change", "repair", "design", "explain")
FEWEST, MOST = 4, 6
CODE_MOST = 30
_BOX = "<details><summary>Stuck? The client gets <code>Forbidden</code></summary>"
_LINE = re.compile(
    r"^\*(?P<kind>\w+) · (?:difficulty [1-3] of 3 · )?about \d+ min · lesson \d\d, sections? .+\*$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """One exercise in the notebook: its cells, from its heading to the next."""

    id: str
    title: str
    kind: str
    cells: list[Cell]

    def todo(self) -> bool:
        """Tell whether a cell says what to do, and how much of it."""
        marks = re.compile(rf"TODO {re.escape(self.id)} – \S")
        return any(marks.search(cell.source) for cell in self.cells if _is(cell, "solution"))


def blocks(notebook: Notebook) -> list[Block]:
    """Return the exercises in the order in which they stand."""
    found: list[Block] = []
    for cell in notebook.cells:
        match = next((re.match(r"(\d\d\.\d+) · (.+)", text) for level, text in cell.headings if level == 3), None)
        if match:
            line = _LINE.search(cell.source)
            found.append(Block(match[1], match[2], line["kind"] if line else "", []))
        elif any(level == 2 for level, _ in cell.headings) and found:
            break
        if found:
            found[-1].cells.append(cell)
    return found


def _is(cell: Cell, what: str) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get(what))


def opens_and_ends_as_they_all_do(notebook: Notebook) -> Iterator[Fault]:
    """Hold title, table, first code cell and last code cell."""
    title, table, setup = (notebook.cells + [Cell("", "markdown", "")] * 3)[:3]
    if not re.match(rf"# Lab {notebook.number} · \S", title.source):
        yield fault(notebook, title, "the first cell is no title", f"# Lab {notebook.number} · the lesson's title")
    missing = [row for row in OPENING if f"**{row}**" not in table.source]
    if missing or table.words > OPENING_WORDS:
        what = f"lacks {', '.join(missing)}" if missing else f"has {table.words} words"
        yield fault(notebook, table, f"the second cell {what}", f"the table of a lesson, at most {OPENING_WORDS} words")
    if not any(call.name == "cloud.start" for call in setup.calls) or setup.lines > SETUP_LINES:
        yield fault(notebook, setup, "the third cell is not the start", f"cloud.start(), at most {SETUP_LINES} lines")
    if not any(call.arguments[:1] == (notebook.number,) for _, _, call in notebook.calls("progress")):
        yield fault(notebook, None, "nobody says how far the learner is", f'progress("{notebook.number}")')
    last = notebook.cells[-1] if notebook.cells else title
    if "cloud.stop" not in {call.name for call in last.calls}:
        yield fault(notebook, last, "the last cell does not close everything", "cloud.clean() and cloud.stop()")


def exercises_rise_in_demand(notebook: Notebook) -> Iterator[Fault]:
    """Hold number, order and kinds of the exercises."""
    found = blocks(notebook)
    wanted = [f"{notebook.number}.{number}" for number in range(1, len(found) + 1)]
    if [block.id for block in found] != wanted:
        ids = ", ".join(block.id for block in found)
        yield fault(notebook, None, f"the exercises are {ids or 'none'}", f"### {notebook.number}.1 · Title, and so on")
    if not FEWEST <= len(found) <= MOST:
        yield fault(notebook, None, f"{len(found)} exercises", f"{FEWEST} to {MOST}")
    for kind in ("repair", "explain"):
        if kind not in {block.kind for block in found}:
            yield fault(notebook, None, f"no exercise is a {kind}", "one repairs, one explains")
    for block in found:
        if block.kind not in KINDS:
            line = "*complete · difficulty 1 of 3 · about 5 min · lesson 03, section 1*"
            yield fault(notebook, block.cells[0], f"{block.id} does not say what it demands", line)


def every_exercise_is_whole(notebook: Notebook) -> Iterator[Fault]:
    """Hold that each has a place to write, a check (or a mark by hand), and words for who is stuck."""
    known = {exercise.id: exercise for exercise in exercises(notebook.number)}
    for block in blocks(notebook):
        cell = block.cells[0]
        if not block.todo():
            do = f"# TODO {block.id} – about 2 lines, in a cell that nbgrader knows as a solution"
            yield fault(notebook, cell, f"{block.id} does not say where to write", do)
        if block.kind == "explain":
            if not any(_is(one, "grade") and _is(one, "solution") for one in block.cells):
                yield fault(notebook, cell, f"nobody can mark {block.id}", "a cell of prose: grade and solution")
        else:
            yield from _checked(notebook, block, known.get(block.id))
    written = {block.id for block in blocks(notebook) if block.kind != "explain"}
    for id in sorted(known.keys() - written):
        yield fault(notebook, None, f"{id} has a check and no exercise", f"### {id} · {known[id].title}")


def _checked(notebook: Notebook, block: Block, known: Exercise | None) -> Iterator[Fault]:
    checks = [cell for cell in block.cells if any(call.name == "check" for call in cell.calls)]
    ids = [call.arguments[:1] for cell in checks for call in cell.calls if call.name == "check"]
    if ids != [(block.id,)]:
        yield fault(notebook, block.cells[0], f"{block.id} is not checked once", f'check("{block.id}", …)')
    elif not (_is(checks[0], "grade") and _is(checks[0], "locked") and _is(checks[0], "points")):
        yield fault(notebook, checks[0], "nbgrader does not know this check", "grade, locked, points")
    if known is None:
        yield fault(notebook, block.cells[0], f"{block.id} has no check", f"write it in checks/lab{notebook.number}.py")
        return
    if known.title != block.title:
        yield fault(notebook, block.cells[0], f"the title is {block.title!r}", f"{known.title!r}, as the check says")
    if len([hint for hint in known.hints if hint.strip()]) < RUNGS:
        yield fault(notebook, block.cells[0], f"{block.id} has fewer than {RUNGS} hints", f"lab{notebook.number}.toml")
    if not known.symptoms:
        do = f"[exercise.symptoms] in lab{notebook.number}.toml: what a learner sees, and what it means"
        yield fault(notebook, block.cells[0], f"{block.id} knows no symptom", do)


def help_stands_beside_each_exercise(notebook: Notebook) -> Iterator[Fault]:
    """Hold that each has a box to open: a symptom and what it means, or what a good answer in words has."""
    for block in blocks(notebook):
        if not any("<details><summary>" in cell.source for cell in block.cells):
            explains = block.kind == "explain"
            what = "no list to compare with" if explains else "no symptom box"
            do = "<details><summary>Written? Then compare</summary>" if explains else _BOX
            yield fault(notebook, block.cells[0], f"{block.id} has {what}", do)


def wrong_answers_prove_the_checks(notebook: Notebook) -> Iterator[Fault]:
    """Hold that each check has its handful of wrong answers, each with a name and words of its own."""
    headings = {block.id: block.cells[0] for block in blocks(notebook)}
    for id, what in shortcomings(notebook.number, [exercise.id for exercise in exercises(notebook.number)]):
        yield fault(notebook, headings.get(id), what, f"write it in checks/wrong{notebook.number}.py")


def graded_cells_are_named_like_their_ids(notebook: Notebook) -> Iterator[Fault]:
    """Hold that what nbgrader calls a cell is its id, once."""
    named = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    seen = Counter(cell.metadata["nbgrader"].get("grade_id") for cell in named)
    for cell in named:
        grade_id = cell.metadata["nbgrader"].get("grade_id")
        if grade_id != cell.id:
            yield fault(notebook, cell, f"grade_id is {grade_id!r}", "use the cell's id")
        elif seen[grade_id] > 1:
            yield fault(notebook, cell, "two cells have this grade_id", "give each its own")


def stubs_are_short(notebook: Notebook) -> Iterator[Fault]:
    """Hold the length of what is handed out."""
    for cell in notebook.code:
        if cell.lines > CODE_MOST:
            yield fault(notebook, cell, f"{cell.lines} lines of code", f"at most {CODE_MOST}")


def nothing_is_given_away(notebook: Notebook) -> Iterator[Fault]:
    """Hold that a lab has no solution left in it."""
    for cell in notebook.cells:
        if re.search(r"(BEGIN|END) SOLUTION|### STUB|<!-- STUB", cell.source):
            yield fault(notebook, cell, "a solution is left in the lab", "python3 start.py labs")


def regions_are_whole(notebook: Notebook) -> Iterator[Fault]:
    """Hold that a solution's regions are closed, and stand in cells that nbgrader clears."""
    for cell in notebook.cells:
        begun, ended = len(re.findall("BEGIN SOLUTION", cell.source)), len(re.findall("END SOLUTION", cell.source))
        if begun != ended:
            yield fault(notebook, cell, "a solution begins and does not end, or the other way round", "close it")
        if begun and not _is(cell, "solution"):
            yield fault(notebook, cell, "nbgrader does not know this solution", "metadata.nbgrader.solution: true")
        if _is(cell, "solution") and not begun:
            yield fault(notebook, cell, "all of this cell would be cleared", "mark what is the solution")


def the_top_rung_is_the_solution(notebook: Notebook) -> Iterator[Fault]:
    """Hold that the last hint's code is what stands in the solution, line by line."""
    known = {exercise.id: exercise for exercise in exercises(notebook.number)}
    for block in blocks(notebook):
        solved = {line.strip() for cell in block.cells if _is(cell, "solution") for line in cell.source.splitlines()}
        top = known[block.id].hints[-1] if block.id in known else ""
        code = "\n".join(re.findall(r"^```[^\n]*\n(.*?)^```", top, re.MULTILINE | re.DOTALL))
        strange = [line.strip() for line in code.splitlines() if line.strip() and line.strip() not in solved]
        if strange:
            what = f"the last hint of {block.id} says {strange[0]!r}, the solution does not"
            yield fault(notebook, block.cells[0], what, "let both be the same")


_BOTH: tuple[Rule, ...] = (
    opens_and_ends_as_they_all_do,
    exercises_rise_in_demand,
    every_exercise_is_whole,
    help_stands_beside_each_exercise,
    graded_cells_are_named_like_their_ids,
)
LAB: tuple[Rule, ...] = (*_BOTH, stubs_are_short, nothing_is_given_away)
SOLUTION: tuple[Rule, ...] = (*_BOTH, regions_are_whole, the_top_rung_is_the_solution, wrong_answers_prove_the_checks)
