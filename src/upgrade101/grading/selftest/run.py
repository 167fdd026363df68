"""``start.py grade --selftest``: hand the class in, grade it, and compare its marks with those it must get."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .. import command
from ..sandbox import Walls
from ..sandbox import find as find_walls
from ..submissions import shown
from ..verdicts import Document, reason
from .people import Person, everybody, lab_of


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


def selftest(
    root: Path,
    labs: Sequence[str],
    console: Console,
    *,
    at_once: int = 0,
    only: Sequence[str] = (),
    walls: Walls | None = None,
) -> bool:
    """Grade the class of each lab; show a table, and tell whether everybody got the marks they must get."""
    fine, walls = True, walls or find_walls()
    for name in labs:
        class_ = everybody(lab_of(root, name), dangerous=walls.namespaces)
        people = [each for each in class_ if not only or any(one in each.name for one in only)]
        solution = root / "solutions" / name / f"{name}.ipynb"
        with tempfile.TemporaryDirectory(prefix="upgrade101-class-") as place:
            handed_in, out = Path(place) / "submitted", Path(place) / "report"
            behind = hand_in(people, handed_in)
            begun = time.monotonic()
            results = command.grade(handed_in, solution, out, console, at_once=at_once, walls=walls, trusting=True)
            fine &= _show(name, results, behind, time.monotonic() - begun, console)
    return fine


def _show(name: str, results: Sequence[Document], behind: dict[str, Person], seconds: float, console: Console) -> bool:
    table = Table(title=f"{name}: {len(results)} submissions in {seconds:.0f} s", title_justify="left")
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
        table.add_row(*cells, fault or "✓")
    console.print(table)
    return not wrong
