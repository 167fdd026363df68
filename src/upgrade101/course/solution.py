"""``solution("03.2")``: one way to solve an exercise, for who has solved it or stands on the top rung of its hints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .card import Card, Code, Part, Prose, show
from .exercises import RUNGS, Exercise, find
from .names import Unknown, lesson_of, tidy
from .store import Entry, Store
from .store import store as the_store

_CODE = re.compile(r"^[ \t]*### BEGIN SOLUTION\n(.*?)^[ \t]*### (?:STUB\n.*?^[ \t]*### )?END SOLUTION\n?", re.M | re.S)
_PROSE = re.compile(r"^<!-- BEGIN SOLUTION -->\n(.*?)^<!-- (?:STUB\n.*?^<!-- )?END SOLUTION -->", re.M | re.S)


@dataclass(frozen=True, slots=True)
class Solved:
    """The cells of one exercise in the notebook of solutions: its title, and what is written there."""

    title: str
    parts: list[Part]


class Solution:
    """What the course's own solutions are. They open after success, or once every hint has been read."""

    def __init__(self, store: Store = the_store, places: Iterable[Path] | None = None) -> None:
        self._store = store
        self._places = places

    def __call__(self, id: str) -> None:
        """Show how an exercise can be solved; before its time, say what opens it.

        A lab that was handed out without ``solutions/`` shows the last hint instead, which is the same in short. Raises
        Unknown where there is no such exercise.
        """
        id = tidy(id)
        known = self._store.entry("exercises", id)
        found = _solved(id, _folders() if self._places is None else self._places)
        try:
            exercise = find(id)
        except Unknown:
            if found is None:
                raise
            self._written(id, found, known)  # an answer in words: no check reads it
            return
        if known.get("done") or int(known.get("rung", 0)) >= RUNGS:
            self._store.change("exercises", id, opened=True)
            show(_opened(exercise, found))
        else:
            show(_closed(exercise, known))

    def _written(self, id: str, found: Solved, known: Entry) -> None:
        """Show an answer in words the second time that somebody asks: the first time is too early."""
        if known.get("asked"):
            self._store.change("exercises", id, opened=True)
            show(Card(f"One answer to {id} · {found.title}", found.parts))
        else:
            self._store.change("exercises", id, asked=True)
            show(Card(f"{id} · {found.title} · write first", [Prose(_WRITE.format(id=id))]))


_WRITE = """
No check reads this answer, so nobody but you can say that it is done. Write your sentences, compare them with the list
below the exercise, and then ask again: `solution("{id}")`.
"""


def _opened(exercise: Exercise, found: Solved | None) -> Card:
    title = f"One way to solve {exercise.id} · {exercise.title}"
    if found is None:
        return Card(title, [Prose(exercise.hints[-1])])
    more = f'One possibility among several. `hint("{exercise.id}", rung={RUNGS})` says more about it.'
    return Card(title, [*found.parts, Prose(more)])


def _closed(exercise: Exercise, known: Entry) -> Card:
    tries, rung = int(known.get("tries", 0)), int(known.get("rung", 0))
    so_far = f"You have tried {_times(tries)} and stand on rung {rung} of {RUNGS}." if tries or rung else ""
    words = (
        f"It opens when the check passes, so that you can compare. It also opens on rung {RUNGS} of the hints: each "
        f'call of `hint("{exercise.id}")` climbs one.'
    )
    return Card(f"{exercise.id} · {exercise.title} · not open yet", [Prose(f"{so_far} {words}".strip())])


def _times(tries: int) -> str:
    return {0: "no answer", 1: "one answer"}.get(tries, f"{tries} answers")


# ── the notebook of solutions ────────────────────────────────────────────────────────────────────────────────────────


def _folders() -> Iterator[Path]:
    """Yield where ``solutions`` may be: in or above the folder in which the lab runs, or beside the package."""
    here = Path.cwd()
    for place in (here, *here.parents, Path(__file__).parents[3]):
        yield place / "solutions"


def _solved(id: str, folders: Iterable[Path]) -> Solved | None:
    """Return what the first notebook of solutions that has the exercise says, or None."""
    for folder in folders:
        for path in sorted(folder.glob(f"{lesson_of(id)}_*/*.ipynb")):
            try:
                solved = _in_notebook(id, json.loads(path.read_text(encoding="utf-8"))["cells"])
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
            if solved:
                return solved
    return None


def _in_notebook(id: str, cells: list[dict[str, Any]]) -> Solved | None:
    """Return the cells below the exercise's heading that nbgrader knows as solutions."""
    title = ""
    parts: list[Part] = []
    for cell in cells:
        source = "".join(cell["source"])
        headings = re.findall(r"^##+ (.+?)[ \t]*$", source, re.MULTILINE) if cell["cell_type"] == "markdown" else []
        if headings and parts:
            break
        if headings:
            number, _, named = headings[-1].partition(" · ")
            title = named if number == id else ""
        elif title and cell["metadata"].get("nbgrader", {}).get("solution"):
            parts += [*([Prose("And in another cell:")] if parts else []), _part(cell["cell_type"], source)]
    return Solved(title, parts) if parts else None


def _part(kind: str, source: str) -> Part:
    if kind == "code":
        return Code(_CODE.sub(r"\1", source).strip())
    return Prose(_PROSE.sub(r"\1", source).strip())


solution = Solution()
