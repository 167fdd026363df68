"""Points that a human gives: read from a table that no run writes over."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .verdicts import Document

NAME = "by_hand.csv"
COLUMNS = ("student", "exercise", "points", "words")


@dataclass(frozen=True, slots=True)
class Given:
    """Points for one answer in words, and what is said to its author."""

    points: float
    words: str = ""


def take(out: Path, results: Sequence[Document]) -> tuple[list[Document], list[str]]:
    """Return results with the points that ``by_hand.csv`` in the folder ``out`` gives, and what is wrong with it."""
    path = out / NAME
    if not path.exists():
        return list(results), []
    known = {
        (_plain(each["student"]), name): each for each in results for one in each["written"] for name in names(one)
    }
    students = {_plain(each["student"]) for each in results}
    given: dict[tuple[str, str], Given] = {}
    faults: list[str] = []
    for line, row in _rows(path, faults):
        key = _plain(row["student"]), row["exercise"]
        fault = _fault(key, row, known, students) or ("given twice" if _key(key, known) in given else "")
        if fault:
            faults.append(f"{NAME}, line {line}: {fault}")
        elif row["points"]:
            given[_key(key, known)] = Given(float(row["points"]), row["words"])
    return [_with(result, given) for result in results], faults


def names(written: Mapping[str, Any]) -> list[str]:
    """Return what an answer in words is called by: the number of its exercise, and the name of its cell."""
    return [name for name in (str(written.get("exercise", "")), str(written["grade_id"])) if name]


def _plain(name: str) -> str:
    """Return a name as it is compared: without the apostrophe that a table has before what looks like a formula."""
    return unicodedata.normalize("NFC", name.strip().removeprefix("'"))


def _rows(path: Path, faults: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        sign = ";" if ";" in text.partition("\n")[0] else ","
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter=sign)
        found = [(table.line_num, row) for row in table]
    except (OSError, ValueError, csv.Error) as error:
        faults.append(f"{NAME} cannot be read: {error}. Save it as CSV in UTF-8")
        return
    missing = [name for name in COLUMNS[:3] if name not in (table.fieldnames or [])]
    if missing:
        faults.append(f"{NAME} has no column {' or '.join(missing)}: its first line is {','.join(COLUMNS)}")
        return
    for line, row in found:
        values = {name: str(row.get(name) or "").strip() for name in COLUMNS}
        if any(values.values()):
            yield line, {**values, "points": values["points"].replace(",", ".")}


def _key(key: tuple[str, str], known: Mapping[tuple[str, str], Document]) -> tuple[str, str]:
    """Return the name of the cell in place of the exercise's number."""
    student, name = key
    written = known[key]["written"] if key in known else []
    return student, next((str(one["grade_id"]) for one in written if name in names(one)), name)


def _fault(
    key: tuple[str, str], row: Mapping[str, str], known: Mapping[tuple[str, str], Document], students: AbstractSet[str]
) -> str:
    student, name = key
    if student not in students:
        return f"nobody is called {student!r}"
    if key not in known:
        there = ", ".join(sorted({one for who, one in known if who == student}))
        return f"{student} has no answer in words {name!r}" + (f"; {there} is one" if there else "")
    most = next(one["points"] for one in known[key]["written"] if name in names(one))
    try:
        points = float(row["points"] or 0)
    except ValueError:
        return f"{row['points']!r} is no number of points"
    return "" if 0 <= points <= most else f"{points:g} points are not between 0 and {most:g}"


def _with(result: Document, given: Mapping[tuple[str, str], Given]) -> Document:
    """Return a result whose answers in words have the points that were given."""
    student = _plain(result["student"])
    return {**result, "written": list(_marked(student, result["written"], given))}


def _marked(student: str, written: Iterable[Document], given: Mapping[tuple[str, str], Given]) -> Iterator[Document]:
    for one in written:
        found = given.get((student, str(one["grade_id"])))
        yield one if found is None else {**one, "given": found.points, "said": found.words}
