"""Plausible wrong answers to the labs, ``checks/wrongNN.py``: what learners do wrong, and what the check must say.

# checks/wrong03.py
WRONG = [
    ("03.1", "forgets to return", "def answer(event, context): ...", "returned None, which is no answer"),
]

Each is an exercise, a name, a cell as a learner would leave it, which calls its answer ``answer``, and words that the
check must say to it. A line ``# %%`` begins another cell. Between words any space is as good as another.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import linecache
import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from .check import Check, Verdict
from .exercises import CHECKS

FEWEST = 5
_NEXT_CELL = re.compile(r"^# %%.*\n", re.MULTILINE)
_serial = itertools.count(1)


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """One wrong answer, and the words meant for it."""

    exercise: str
    name: str
    cell: str
    words: str

    def try_it(self, check: Check) -> Verdict:
        """Check it as a learner would. Raises what the cell raises."""
        return check(self.exercise, run_cells(self.cell).get("answer"))

    def misses(self, state: str, said: str) -> str:
        """Return what is wrong with a verdict on it: its state, or that it lacks the words; '' where nothing is."""
        if state != "not yet":
            return f"the check says it is {state}"
        told = _spaced(self.words) in _spaced(said)
        return "" if told else f"the check does not say {self.words!r}"


def wrong_answers(lab: str) -> list[WrongAnswer]:
    """Return the wrong answers to a lab; none where nobody has written any. Raises what their module raises."""
    if importlib.util.find_spec(f"{CHECKS}.wrong{lab}") is None:
        return []
    return [WrongAnswer(*each) for each in importlib.import_module(f"{CHECKS}.wrong{lab}").WRONG]


def shortcomings(lab: str, exercises: list[str]) -> Iterator[tuple[str, str]]:
    """Yield exercise and sentence wherever wrong answers are missing, or are not what they should be."""
    known = wrong_answers(lab)
    for id in exercises:
        own = [wrong for wrong in known if wrong.exercise == id]
        if len(own) < FEWEST:
            yield id, f"{id} has {len(own)} wrong answers and needs {FEWEST}"
        for name in sorted({wrong.name for wrong in own if [other.name for other in own].count(wrong.name) > 1}):
            yield id, f"two wrong answers to {id} are called {name!r}"
        for wrong in own:
            if not wrong.words.strip():
                yield id, f"{id}, {wrong.name!r}: no words are meant for it"
    for id in sorted({wrong.exercise for wrong in known} - set(exercises)):
        yield id, f"there are wrong answers to {id}, which has no check"


def run_cells(source: str) -> dict[str, Any]:
    """Run a source as notebook cells are run, so that its functions can be packaged; return what it defines.

    >>> run_cells("twice = 2 * 21 # %%")["twice"]
    42
    """
    defined: dict[str, Any] = {}
    for cell in _NEXT_CELL.split(dedent(source)):
        lines = f"{cell.strip()}\n"
        name = f"<cell {next(_serial)}>"
        linecache.cache[name] = (len(lines), None, lines.splitlines(keepends=True), name)
        exec(compile(lines, name, "exec"), defined)
    return defined


def _spaced(words: str) -> str:
    return " ".join(words.split())
