"""The class: who they are, what they hand in, and which exercises must be found done."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...course import checks
from ..notebook import Assignment, Test, assignment
from . import attacks
from .paper import Paper, answered, can_be_answered, first_with_cells, is_test

Write = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Person:
    """One who hands in: a group, a name, what is written into the folder, and the exercises that must be done."""

    group: str  # honest | wrong | broken | hostile | no notebook
    name: str
    write: Write
    done: frozenset[str]
    folder: bytes = b""  # where the name of the folder is special
    seldom: bool = False  # once for all labs is enough


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab with its papers: solved, and as it was handed out."""

    assignment: Assignment
    solved: Paper
    blank: Paper
    root: Path

    @property
    def all(self) -> frozenset[str]:
        """Return every exercise."""
        return frozenset(test.exercise_id for test in self.assignment.tests)

    @property
    def first(self) -> Test:
        """Return the first exercise with answer cells."""
        return first_with_cells(self.assignment)

    @property
    def first_function(self) -> Test | None:
        """Return the first exercise whose answer is a Lambda function of its own cell."""
        for test in self.assignment.tests:
            if test.answer_ids and test.answers:
                handler = re.compile(rf"^def {re.escape(test.answers[0])}\(event, context\)", re.MULTILINE)
                if handler.search(self.solved.source(test.answer_ids[0])):
                    return test
        return None

    @property
    def names(self) -> list[str]:
        """Return every name that is handed over."""
        return [name for test in self.assignment.tests for name in test.answers if name.isidentifier()]


def lab_of(root: Path, name: str) -> Lab:
    """Return a lab of the course in ``root``."""
    solution = root / "solutions" / name / f"{name}.ipynb"
    blank = root / "labs" / name / f"{name}.ipynb"
    return Lab(assignment(solution), Paper.read(solution), Paper.read(blank), root)


def everybody(lab: Lab, *, dangerous: bool = True, seldom: bool = True) -> list[Person]:
    """Return the class of a lab; without those who are dangerous to a machine that has no walls.

    Without ``seldom``, those are left out whom it is enough to meet in one lab.
    """
    people = [*_honest(lab), *_wrong(lab), *_broken(lab), *_broken_functions(lab), *_hostile(lab), *_no_notebooks(lab)]
    wanted = [each for each in people if seldom or not each.seldom]
    return [each for each in wanted if dangerous or each.name.removeprefix("function ") not in attacks.DANGEROUS]


def _writes(lab: Lab, paper: Paper) -> Write:
    name = lab.assignment.name
    return _file(f"{name}/{name}.ipynb", paper.text().encode())


def _file(name: str, content: bytes) -> Write:
    def write(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return write


# ── honest ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _honest(lab: Lab) -> Iterator[Person]:
    solved = lab.solved

    def honest(name: str, paper: Paper, **more: Any) -> Person:
        return Person("honest", name, _writes(lab, paper), lab.all, **more)

    yield honest("the solution", solved)
    yield honest("deleted the tests", solved.copy().keep(lambda cell: not is_test(cell)))
    yield honest("tests first", _tests_first(solved.copy()))
    yield honest("edited the tests", _tests_say(solved.copy(), "assert False"))
    yield honest("copied every cell", _twice(solved.copy()))
    yield honest("no metadata", _without_metadata(solved.copy()))
    yield honest("another editor", _as_another_editor(solved.copy()))
    yield honest("cells of one's own", _with_own_cells(solved.copy()))
    yield honest("only the answers", solved.copy().keep(lambda cell: cell["cell_type"] == "code"))
    if sys.platform == "linux":
        yield honest("J\udcf6rg, not UTF-8", solved, folder=b"J\xf6rg")
    yield Person("honest", "=1+1 200 MB", _writes_huge(lab), lab.all)
    flat = Person("honest", "one file", _file(f"{lab.assignment.name}.ipynb", solved.text().encode()), lab.all)
    yield flat


def _tests_first(paper: Paper) -> Paper:
    tests = [cell for cell in paper.cells if is_test(cell)]
    paper.keep(lambda cell: not is_test(cell))
    paper.cells[:0] = tests
    return paper


def _tests_say(paper: Paper, source: str) -> Paper:
    for cell in paper.cells:
        if is_test(cell):
            cell["source"] = source
    return paper


def _twice(paper: Paper) -> Paper:
    paper.document["cells"] = [each for cell in paper.cells for each in (cell, cell)]
    return paper


def _without_metadata(paper: Paper) -> Paper:
    """Take away what nbgrader goes by, as some editors do; the calls of check are still there."""
    for cell in paper.cells:
        cell["metadata"] = {}
        cell.pop("id", None)
    return paper


def _as_another_editor(paper: Paper) -> Paper:
    """Write cells as old notebooks do: text in one piece, Windows's line ends, no ids."""
    for cell in paper.cells:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
        cell.pop("id", None)
    paper.document["nbformat_minor"] = 2
    return paper


def _with_own_cells(paper: Paper) -> Paper:
    tests = [place for place, cell in enumerate(paper.cells) if is_test(cell)]
    for place in reversed(tests):
        paper.insert(place, "import matplotlib\nnoise = [print('tried', n) for n in range(50)]\nnobody_knows_this")
        paper.insert(place + 2, "1 / 0")
    return paper


def _writes_huge(lab: Lab) -> Write:
    def write(folder: Path) -> None:
        paper = lab.solved.copy()
        code = next(cell for cell in paper.cells if cell["cell_type"] == "code")
        output = {"output_type": "stream", "name": "stdout", "text": "x" * 200 * 2**20}
        code["outputs"] = [output]
        _writes(lab, paper)(folder)

    return write


# ── wrong ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _wrong(lab: Lab) -> Iterator[Person]:
    """Yield those who are wrong in each of the known ways: one exercise after the other, several on one paper."""
    number = lab.assignment.name.partition("_")[0]
    known = wrong_answers(number)
    tests = [test for test in lab.assignment.tests if can_be_answered(test)]
    ways = {test.exercise_id: [each for each in known if each[0] == test.exercise_id] for test in tests}
    for turn in range(max(map(len, ways.values()), default=0)):
        paper, failed = lab.solved.copy(), set[str]()
        for test in tests:
            if turn < len(ways[test.exercise_id]):
                answered(paper, test, _parts(ways[test.exercise_id][turn][2]))
                failed.add(test.exercise_id)
        yield Person("wrong", f"wrong {turn + 1:02}", _writes(lab, paper), lab.all - failed)


def wrong_answers(number: str) -> Sequence[tuple[str, str, str, str]]:
    """Return the wrong answers that are kept beside a lab's checks."""
    try:
        found: Sequence[tuple[str, str, str, str]] = importlib.import_module(f"{checks.__name__}.wrong{number}").WRONG
    except ModuleNotFoundError:
        return ()
    return found


def _parts(source: str) -> list[str]:
    return [textwrap.dedent(part).strip() for part in textwrap.dedent(source).split("\n# %%\n")]


# ── broken ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _broken(lab: Lab) -> Iterator[Person]:
    rest = lab.all - {lab.first.exercise_id}
    for name, source in {**attacks.BROKEN, **attacks.ONLY_IN_KERNELS}.items():
        paper = lab.solved.copy().before(lab.first.answer_ids[0], source)
        yield Person("broken", name, _writes(lab, paper), rest, seldom=name in attacks.SELDOM)


def _broken_functions(lab: Lab) -> Iterator[Person]:
    """Yield those whose Lambda function does it, not their notebook."""
    test = lab.first_function
    if test is None:
        return
    for name, source in attacks.BROKEN.items():
        paper = lab.solved.copy().before(test.answer_ids[0], attacks.only_in_functions(source))
        yield Person("broken", f"function {name}", _writes(lab, paper), lab.all - {test.exercise_id}, seldom=True)


# ── hostile ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _hostile(lab: Lab) -> Iterator[Person]:
    nothing = frozenset[str]()
    for name, source in attacks.HOSTILE.items():
        known = f"NAMES = {lab.names!r}\nLAB = {lab.assignment.name!r}\nPLACES = {[str(lab.root)]!r}\n"
        paper = lab.blank.copy().insert(0, known + source)
        yield Person("hostile", name, _writes(lab, paper), nothing)
    for name, blank in (
        ("deleted the tests", lab.blank.copy().keep(lambda cell: not is_test(cell))),
        ("tests that pass", _tests_say(lab.blank.copy(), "assert True")),
        ("copied tests", _twice(lab.blank.copy())),
        ("blank", lab.blank),
    ):
        yield Person("hostile", f"{name}, blank", _writes(lab, blank), nothing)


# ── no notebooks ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _no_notebooks(lab: Lab) -> Iterator[Person]:
    name = lab.assignment.name
    contents = {
        "an empty file": b"",
        "invalid JSON": b'{"cells": [',
        "not UTF-8": b"\xff\xfe\x00\x80" * 100,
        "a list": b"[]",
        "nested too deeply": b"[" * 100_000 + b"]" * 100_000,
        "cells that are none": json.dumps({"cells": [7, None, {"cell_type": 7, "source": {"a": 1}}]}).encode(),
        "10000 cells": json.dumps({"cells": [{"cell_type": "code", "source": "1", "metadata": {}}] * 10_000}).encode(),
    }
    for what, content in contents.items():
        yield Person("no notebook", what, _file(f"{name}/{name}.ipynb", content), frozenset())
    yield Person("no notebook", "an empty folder", lambda folder: None, frozenset())
    if os.name == "posix":
        yield Person("no notebook", "a link", _link(lab), frozenset())
        yield Person("no notebook", "a pipe", _pipe(lab), frozenset())


def _link(lab: Lab) -> Write:
    solution = lab.root / "solutions" / lab.assignment.name / f"{lab.assignment.name}.ipynb"
    return lambda folder: (folder / f"{lab.assignment.name}.ipynb").symlink_to(solution)


def _pipe(lab: Lab) -> Write:
    return lambda folder: os.mkfifo(folder / f"{lab.assignment.name}.ipynb")
