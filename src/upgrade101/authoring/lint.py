"""Hold notebooks to the course's templates and limits: ``python3 start.py lint [notebook …]``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import rules_any, rules_lab, rules_lesson
from .faults import Fault
from .reading import read
from .rules_any import Rule
from .rules_course import LEFT_BY_RUNS, folders_hold_together, nothing_strays, package_fits_the_notebooks

_RULES: dict[str, tuple[Rule, ...]] = {"solutions": rules_lab.SOLUTION, "labs": rules_lab.LAB}


def root(start: Path | None = None) -> Path:
    """Return the top of the course: the nearest folder upwards that has ``notebooks``, else the one of start.py."""
    here = (start or Path.cwd()).resolve()
    told = "" if start else os.environ.get("UPGRADE101_COURSE", "")
    return next((place for place in (here, *here.parents) if (place / "notebooks").is_dir()), Path(told or here))


def lint(path: Path) -> list[Fault]:
    """Return what is wrong with one notebook, in the order of its cells.

    Its folder says what it is: a solution, a lab, or a lesson.
    """
    try:
        notebook = read(path)
    except (ValueError, OSError) as error:
        return [Fault(path, "", f"is no notebook ({error})", "write it as nbformat 4.5")]
    rules = (*rules_any.RULES, *_RULES.get(path.parent.parent.name, rules_lesson.RULES))
    places = {cell.id: place for place, cell in enumerate(notebook.cells)}
    faults = [fault for rule in rules for fault in rule(notebook)]
    return sorted(faults, key=lambda fault: places.get(fault.cell, -1))


def lint_course(root: Path) -> list[Fault]:
    """Return what is wrong with a course: with each of its notebooks, and with what they are to one another."""
    found = [fault for path in notebooks_in(root / name for name in ("notebooks", *_RULES)) for fault in lint(path)]
    return [*found, *folders_hold_together(root), *package_fits_the_notebooks(root), *nothing_strays(root)]


def notebooks_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield every notebook that the paths name, folders included."""
    for path in paths:
        found = sorted(path.rglob("*.ipynb")) if path.is_dir() else [path]
        yield from (one for one in found if one.suffix == ".ipynb" and not LEFT_BY_RUNS & set(one.parts))
