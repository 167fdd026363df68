"""``start.py grade --selftest``: hand the class in, grade it, and compare its marks with those it must get."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...gateway.errors import ConfigurationError
from .. import command
from ..limits import Allowance
from ..sandbox import Walls
from ..sandbox import find as find_walls
from ..submissions import shown
from ..verdicts import Document, reason
from .people import Person, everybody, lab_of

ALLOWANCE = Allowance(cell_seconds=8.0)
"""What ends only when it is stopped need not be waited for as long as in earnest."""


def hand_in(people: Sequence[Person], folder: Path) -> dict[str, Person]:
    """Write what everybody hands in below a folder; return who is behind each student's name."""
    behind = {}
    for number, person in enumerate(people, 1):
        named = f"{number:02} {person.name.encode(errors='ignore').decode()}".encode()
        place = os.path.join(os.fsencode(folder), person.folder or named)
        os.makedirs(place)
        person.write(Path(os.fsdecode(place)))
        behind[shown(os.fsdecode(os.path.basename(place)))] = person
    return behind


def faults(result: Document, person: Person) -> str:
    """Return what is wrong about the marks of one person, or ''."""
    done = {each["exercise"] for each in result["exercises"] if each["state"] == "done"}
    broken = [each["exercise"] for each in result["exercises"] if each["state"] == "broken"]
    if broken:
        return f"not judged: {' '.join(broken)}"
    if done == person.done:
        return ""
    lost, won = sorted(person.done - done), sorted(done - person.done)
    why = "; ".join(reason(each) for each in result["exercises"] if each["exercise"] in lost)
    return f"{'lost ' + ' '.join(lost) if lost else ''} {'won ' + ' '.join(won) if won else ''} {why[:300]}".strip()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one lab's class. ``problem`` says why it could not be graded at all."""

    lab: str
    submissions: int = 0
    as_expected: int = 0
    seconds: float = 0.0
    problem: str = ""

    @property
    def fine(self) -> bool:
        """Tell whether everybody got the marks they must get."""
        return self.submissions == self.as_expected and not self.problem


def selftest(
    root: Path,
    labs: Sequence[str],
    console: Console,
    *,
    at_once: int = 0,
    only: Sequence[str] = (),
    walls: Walls | None = None,
) -> bool:
    """Grade the class of each lab; show a table, and tell whether everybody got the marks they must get.

    What depends on the walls alone is tried with the first lab that has functions, where there are several.
    """
    walls = walls or find_walls()
    whole = next((name for name in labs if lab_of(root, name).first_function), "")
    outcomes = []
    for name in labs:
        class_ = everybody(lab_of(root, name), dangerous=walls.namespaces, seldom=name == whole or len(labs) == 1)
        people = [each for each in class_ if not only or any(one in each.name for one in only)]
        outcomes.append(_one_lab(root, name, people, console, at_once, walls))
    _show_outcomes(outcomes, console)
    return all(each.fine for each in outcomes)


def _one_lab(root: Path, name: str, people: Sequence[Person], console: Console, at_once: int, walls: Walls) -> Outcome:
    solution = root / "solutions" / name / f"{name}.ipynb"
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="upgrade101-class-") as place:
        handed_in, out = Path(place) / "submitted", Path(place) / "report"
        behind = hand_in(people, handed_in)
        try:
            results = command.grade(
                handed_in, solution, out, console, at_once=at_once, walls=walls, trusting=True, allowance=ALLOWANCE
            )
        except ConfigurationError as fault:
            console.print(f"{name}: {fault}", highlight=False, markup=False, soft_wrap=True)
            return Outcome(name, len(people), problem=str(fault))
    wrong = _show(name, results, behind, console)
    return Outcome(name, len(results), len(results) - wrong, time.monotonic() - begun)


def _show(name: str, results: Sequence[Document], behind: dict[str, Person], console: Console) -> int:
    """Show what everybody got, and return how many got something else than they must."""
    table = Table(title=name, title_justify="left")
    for head in ("group", "who", "points", "must be done", "seconds", "MB", ""):
        table.add_column(head)
    wrong = 0
    for result in results:
        person = behind[result["student"]]
        fault = faults(result, person)
        wrong += bool(fault)
        wanted = " ".join(sorted(person.done)) or "nothing"
        points = f"{result['points']:g}/{result['of']:g}"
        cells = person.group, result["student"], points, wanted, f"{result['seconds']:.1f}", str(result["peak_mb"])
        table.add_row(*map(Text, (*cells, fault or "✓")))
    console.print(table)
    return wrong


def _show_outcomes(outcomes: Sequence[Outcome], console: Console) -> None:
    for each in outcomes:
        verdict = each.problem or ("✓" if each.fine else "✗")
        words = f"{each.lab:<24} {each.submissions:>4} submissions  {each.as_expected:>4} as expected"
        console.print(Text(f"{words}  {each.seconds:6.0f} s  {verdict}"), soft_wrap=True)
    total, right = (sum(getattr(each, name) for each in outcomes) for name in ("submissions", "as_expected"))
    seconds = sum(each.seconds for each in outcomes)
    console.print(f"{right} of {total} as expected, in {seconds:.0f} s", highlight=False)
