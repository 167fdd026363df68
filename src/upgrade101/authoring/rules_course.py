"""What holds the folders together: every lesson, solution, lab and check has its counterpart, and nothing strays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .faults import Fault

SLUG = re.compile(r"\d\d_[a-z0-9_]{1,29}")
LEFT_BY_RUNS = {"my_chat", ".ipynb_checkpoints", "__pycache__", ".upgrade101", ".DS_Store"}


def folders_hold_together(root: Path) -> Iterator[Fault]:
    """Yield notebooks without a counterpart."""
    lessons = {path.stem for path in (root / "notebooks").glob("*.ipynb")}
    solutions, labs = _labs(root / "solutions"), _labs(root / "labs")
    one_each = {name[:2]: name for name in sorted(lessons)}
    for name in sorted(lessons - set(one_each.values())):
        path = root / "notebooks" / f"{name}.ipynb"
        yield Fault(path, "", f"two lessons are called {name[:2]}", "one number, one lesson")
    yield from _without(
        root / "solutions", solutions - lessons, "has no lesson of this name", "name it like its lesson"
    )
    yield from _without(root / "solutions", solutions - labs, "has no lab", "python3 start.py labs")
    yield from _without(root / "labs", labs - solutions, "has no solution", "python3 start.py labs takes it away")


def package_fits_the_notebooks(root: Path) -> Iterator[Fault]:
    """Yield checks without a lab, labs without checks, and predictions without a lesson."""
    course = root / "src" / "upgrade101" / "course"
    with_lesson = {path.name[:2] for path in (root / "notebooks").glob("*.ipynb")}
    with_lab = {name[:2] for name in _labs(root / "solutions")}
    yield from _unused(course / "checks", r"(?:lab|wrong)(\d\d)\.(?:py|toml)", with_lab, "solution")
    yield from _unused(course / "predictions", r"lesson(\d\d)\.toml", with_lesson, "lesson")
    for name in sorted(_labs(root / "solutions")):
        for needed in (f"lab{name[:2]}.py", f"lab{name[:2]}.toml"):
            if not (course / "checks" / needed).is_file():
                yield Fault(root / "solutions" / name, "", f"has no checks/{needed}", "write it")


def _unused(folder: Path, pattern: str, numbers: set[str], what: str) -> Iterator[Fault]:
    for path in sorted(folder.glob("*")):
        match = re.fullmatch(pattern, path.name)
        if match and match[1] not in numbers:
            yield Fault(path, "", f"belongs to no {what}", f"write the {what}, or take this away")


def _labs(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*/*.ipynb") if path.stem == path.parent.name}


def _without(folder: Path, names: set[str], what: str, do: str) -> Iterator[Fault]:
    for name in sorted(names):
        yield Fault(folder / name, "", what, do)


def nothing_strays(root: Path) -> Iterator[Fault]:
    """Yield what is neither a lesson, nor a lab, nor lies beside a lesson under its name."""
    lessons = {path.stem for path in (root / "notebooks").glob("*.ipynb")}
    for path in _entries(root / "notebooks"):
        if path.suffix == ".ipynb":
            yield from _named(path)
        elif path.stem not in lessons:
            yield Fault(path, "", "is no lesson", "take it away, or name it like the lesson that uses it")
    for path in (*_entries(root / "solutions"), *_entries(root / "labs")):
        if path.is_dir():
            yield from _named(path)
        else:
            yield Fault(path, "", "lies outside of a lab's folder", "take it away")


def _entries(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*")) if path.name not in LEFT_BY_RUNS]


def _named(path: Path) -> Iterator[Fault]:
    if not SLUG.fullmatch(path.stem):
        yield Fault(path, "", "has no name of the form NN_slug", "two digits, _, small letters")
