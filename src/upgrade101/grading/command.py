"""``start.py grade``: what it says on the way, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..gateway.errors import ConfigurationError
from . import by_hand, report
from .batch import Grader
from .limits import Allowance
from .sandbox import Walls
from .sandbox import find as find_walls
from .submissions import Submission
from .submissions import find as find_submissions
from .verdicts import Document


def default_at_once() -> int:
    """Return how many submissions are graded at a time: as many as there are processors."""
    return max(1, os.cpu_count() or 1)


def lab_named(name: str, known: Sequence[str]) -> str:
    """Return the lab that is meant by its name or number. Raises ConfigurationError.

    >>> lab_named("3", ["03_routes", "05_connection_store"])
    '03_routes'
    """
    found = [each for each in known if each == name or each.partition("_")[0] == name.zfill(2)]
    if len(found) != 1:
        hint = f"--lab {' | '.join(known)}" if known else "start it in the folder of the course"
        raise ConfigurationError(f"there is no lab {name!r}", hint=hint)
    return found[0]


def grade(
    folder: Path,
    solution: Path,
    out: Path,
    console: Console,
    *,
    at_once: int = 0,
    again: bool = False,
    only: Sequence[str] = (),
    walls: Walls | None = None,
    trusting: bool = False,
    allowance: Allowance | None = None,
) -> list[Document]:
    """Grade a folder of submissions, and write the reports.

    Raises ConfigurationError where that cannot begin; so it cannot on a system that keeps no file from a submission,
    unless one is ``trusting``.
    """
    if not solution.is_file():
        raise ConfigurationError(
            f"there is no solution at {solution}", hint="--lab 03_routes, as a folder of solutions/"
        )
    lab = solution.stem
    _refuse_another_lab(out, lab)
    everybody = find_submissions(folder, lab)
    submissions = chosen(everybody, only)
    walls = walls or find_walls()
    if not walls.holds_files and not trusting:
        raise ConfigurationError(
            "this system cannot keep a submission from reading your files, solutions and all",
            hint="grade on Linux, in a virtual machine or a container (docs/grading.md); or, if you trust the class,"
            " add --without-walls",
        )
    for line in walls.words():
        console.print(f"  {line}", highlight=False, soft_wrap=True)
    _end_politely()
    with Grader(solution, out, walls, allowance) as grader:
        grader.learn()
        console.print("  the solution is graded as done: what follows counts", highlight=False)
        graded: list[Document] = []
        try:
            graded = _with_progress(grader, submissions, console, at_once or default_at_once(), again)
        finally:  # also where somebody stops it: what is graded so far is reported
            faults = _report(out, grader, everybody, graded, console)
    for fault in faults:
        console.print(f"  {fault}", highlight=False, markup=False, soft_wrap=True)
    return graded


def _report(
    out: Path, grader: Grader, everybody: Sequence[Submission], graded: Sequence[Document], console: Console
) -> list[str]:
    """Write the reports of everybody who is graded, now or earlier; return what is wrong with points given by hand."""
    now = {each["key"]: each for each in graded}
    found = [now.get(each.key) or grader.kept(each) for each in everybody]
    results, faults = by_hand.take(out, [each for each in found if each])
    report.write(out, grader.solution.stem, results)
    if len(results) < len(everybody):
        said = f"  the reports are of {len(results)} of {len(everybody)}: the others are not graded yet"
        console.print(said, highlight=False, soft_wrap=True)
    return faults


def chosen(everybody: Sequence[Submission], only: Sequence[str]) -> list[Submission]:
    """Return the submissions of some students, of all where none is named. Raises ConfigurationError."""
    if not only:
        return list(everybody)
    names = sorted({_spelled(each.student) for each in everybody})
    for name in only:
        if _spelled(name) not in names:
            alike = [each for each in names if each.casefold() == _spelled(name).casefold()]
            alike = alike or get_close_matches(_spelled(name), names, 3) or names[:3]
            raise ConfigurationError(
                f"nobody called {name!r} has handed in anything", hint=f"--only {' | '.join(map(repr, alike))}"
            )
    wanted = {_spelled(name) for name in only}
    return [each for each in everybody if _spelled(each.student) in wanted]


def _spelled(name: str) -> str:
    """Return a name as it is compared: systems write letters with accents in two ways."""
    return unicodedata.normalize("NFC", name)


def _refuse_another_lab(out: Path, lab: str) -> None:
    """Raise ConfigurationError where the reports of another lab lie: they would be written over."""
    try:
        found = json.loads((out / "grades.json").read_text(encoding="utf-8"))["lab"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if found != lab:
        raise ConfigurationError(f"{out} holds the reports of {found}", hint=f"--out {out / lab}, or leave it out")


def _with_progress(
    grader: Grader, submissions: Sequence[Submission], console: Console, at_once: int, again: bool
) -> list[Document]:
    kept = set() if again else {each.key for each in submissions if grader.kept(each)}
    if kept:
        console.print(f"  {len(kept)} graded in an earlier run, and the same since", highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("grading", total=len(submissions), completed=len(kept))

        def done(result: Document) -> None:
            if result["key"] in kept:
                return  # it took no time, and would promise too much of the others
            progress.advance(task)
            progress.update(
                task, description=f"grading · {result['student'][:24]} {result['points']:g}/{result['of']:g}"
            )

        return grader.grade_all(submissions, at_once=at_once, done=done, again=again)


def _end_politely() -> None:
    """Let the signal that ends a program be as Ctrl+C: markers are ended, and what is graded is kept."""
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def summary(results: Sequence[Document], out: Path) -> list[str]:
    """Return what to say at the end."""
    odd = [each for each in results if each["problem"]]
    broken = [
        (each["student"], verdict["exercise"])
        for each in results
        for verdict in each["exercises"]
        if verdict["state"] == "broken"
    ]
    said = [f"{len(results)} graded: {out / 'grades.csv'}, points.csv for an LMS, pages/ for the students"]
    said += [f"  not readable: {each['student']}: {each['problem']}" for each in odd]
    said += [f"  looks like the solution itself: {each['student']}" for each in results if each.get("copied")]
    said += [f"  NOT JUDGED, and no fault of the student's: {student}, {exercise}" for student, exercise in broken]
    return said
