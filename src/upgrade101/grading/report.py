"""The reports: a table for people and for an LMS, JSON for programs, a page for each student."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .notebook import is_stub
from .verdicts import Document, reason

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1f; --paper: #fff; --line: #c9c9d2; --good: #14692f; --bad: #a3231f }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececf1; --paper: #17171b; --line: #4a4a55; --good: #6fd08c; --bad: #ff9a8f }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
       max-width: 68rem; padding: 0 1rem }
h1 { font-size: 1.5rem }
h2 { font-size: 1.15rem; margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem }
table { border-collapse: collapse } th, td { text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0 }
td { white-space: pre-wrap; overflow-wrap: anywhere }
pre { overflow-x: auto }
code, pre, td.code { font-family: monospace }
.words { white-space: pre-wrap; overflow-wrap: anywhere }
.done { color: var(--good) } .open { color: var(--bad) } .quiet { opacity: .75 }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a page may load: nothing. A student's words stand in it, and are only ever words."""


def write(out: Path, lab: str, results: Sequence[Document]) -> list[Path]:
    """Write every report into the folder ``out``, and return their paths."""
    pages = out / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    written = [
        _write_rows(out / "grades.csv", _RESULTS, (row for result in results for row in rows(lab, result))),
        _write_rows(out / "points.csv", _POINTS, (points(lab, result) for result in results)),
        _write(out / "grades.json", json.dumps({"lab": lab, "students": [_bare(each) for each in results]}, indent=1)),
    ]
    for result in results:
        written.append(_write(pages / f"{result['key']}.html", page(lab, result)))
    return [*written, _write(pages / "index.html", index(lab, results))]


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")  # a notebook may hold half a sign
    return path


def _bare(result: Mapping[str, Any]) -> Document:
    """Return a result without its pictures."""
    hidden = ("picture", "words", "happenings")
    exercises = [
        {key: value for key, value in each.items() if key not in hidden} | {"reason": reason(each)}
        for each in result["exercises"]
    ]
    return {**result, "exercises": exercises}


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_RESULTS = ("student", "lab", "exercise", "title", "points", "of", "state", "reason", "seconds")
_POINTS = (
    "student",
    "lab",
    "points",  # by the checks
    "of",
    "by hand",  # given for answers in words
    "by hand, of",
    "still to mark",  # answers in words that nobody has marked yet, in points
    "total",
    "done",
    "problem",
    "page",
)


def rows(lab: str, result: Mapping[str, Any]) -> list[list[Any]]:
    """Return one row for each exercise, and one for each answer that a human marks."""
    student = result["student"]
    keys = ("exercise", "title", "points", "of", "state")
    found = [
        [student, lab, *(each[key] for key in keys), reason(each), each["seconds"]] for each in result["exercises"]
    ]
    return found + [[student, lab, *_in_words(each)] for each in result["written"]]


def _in_words(found: Mapping[str, Any]) -> list[Any]:
    head = [found.get("exercise") or found["grade_id"], "in words"]
    if "given" in found:
        return [*head, found["given"], found["points"], "marked by hand", found["said"], ""]
    if is_unwritten(found):
        return [*head, 0.0, found["points"], "unwritten", "nothing written yet", ""]
    by_hand = LOST if found.get("lost") else "a human marks this answer: it stands on the student's page"
    return [*head, "", found["points"], "open", by_hand, ""]


LOST = "its cell was lost: look through the notebook"


def is_unwritten(found: Mapping[str, Any]) -> bool:
    """Tell whether an answer in words is as it was handed out; one whose cell was lost may be anywhere.

    >>> is_unwritten({"text": "*TODO 03.6 – write here: two or three sentences*"})
    True
    """
    return not found.get("lost") and is_stub(str(found["text"]))


def _still_to_mark(result: Mapping[str, Any]) -> float:
    """Return how many points wait for a human."""
    open_ones = (each for each in result["written"] if "given" not in each and not is_unwritten(each))
    return float(sum(each["points"] for each in open_ones))


def points(lab: str, result: Mapping[str, Any]) -> list[Any]:
    """Return one row for a student, as an LMS takes them."""
    done = " ".join(each["exercise"] for each in result["exercises"] if each["state"] == "done")
    given = _given(result)
    in_words = [given, float(sum(each["points"] for each in result["written"])), _still_to_mark(result)]
    by_checks = [result["student"], lab, result["points"], result["of"]]
    problem = result["problem"] or result.get("copied", "")
    return [*by_checks, *in_words, result["points"] + given, done, problem, f"pages/{result['key']}.html"]


def _given(result: Mapping[str, Any]) -> float:
    return float(sum(each.get("given", 0.0) for each in result["written"]))


def _write_rows(path: Path, head: Sequence[str], lines: Any) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(head)
        table.writerows([[cell(value) for value in line] for line in lines])
    return path


def cell(value: Any) -> Any:
    """Return a value for a table: a text that a spreadsheet would take for a formula gets an apostrophe.

    >>> cell("=1+1"), cell(2.0), cell("-")
    ("'=1+1", 2, "'-")
    """
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if not isinstance(value, str):
        return value
    text = "".join(sign if sign.isprintable() else " " for sign in value)
    return f"'{text}" if text.startswith(_FORMULA) else text


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def page(lab: str, result: Mapping[str, Any]) -> str:
    """Return a student's page: what was tried, what came, and the wire log beside that of the solution."""
    student = escape(str(result["student"]))
    parts = [f"<h1>Lab {escape(lab)} · {student}</h1>", _summary(result)]
    parts += [_exercise(each) for each in result["exercises"]]
    parts += [_written(each) for each in result["written"]]
    if result["notes"]:
        seen = "".join(f"<li>{escape(str(each))}</li>" for each in result["notes"])
        parts.append(f"<h2>What else was seen</h2><ul>{seen}</ul>")
    return _whole(f"{student} · {escape(lab)}", "".join(parts))


def index(lab: str, results: Sequence[Document]) -> str:
    """Return the instructor's page: everybody, with a link to each page."""
    head, rest = _POINTS[2:8], "".join(f"<tr>{_in_index(lab, each)}</tr>" for each in results)
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("student", *head, "problem"))
    said = (
        f"<h1>Lab {escape(lab)} · everybody</h1><p>For whoever gives the marks. A student gets one page of these.</p>"
    )
    return _whole(
        f"{escape(lab)} · everybody", f"{said}<table><thead><tr>{heads}</tr></thead><tbody>{rest}</tbody></table>"
    )


def _in_index(lab: str, result: Mapping[str, Any]) -> str:
    row = points(lab, result)
    link = f'<a href="{escape(quote(result["key"] + ".html"))}">{escape(str(result["student"]))}</a>'
    cells = [link, *(f"{value:g}" for value in row[2:8]), escape(str(row[9]))]
    return "".join(f"<td>{each}</td>" for each in cells)


def _whole(title: str, body: str) -> str:
    """Return a page that loads nothing; title and body are HTML already."""
    head = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><main>'
    )
    return f"{head}{body}</main></body></html>\n"


def _summary(result: Mapping[str, Any]) -> str:
    waiting, given = _still_to_mark(result), [each for each in result["written"] if "given" in each]
    also = f", and {_given(result):g} of {sum(each['points'] for each in given):g} by hand" if given else ""
    also += f", and {waiting:g} more that a human marks" if waiting else ""
    said = f"<p><strong>{result['points']:g} of {result['of']:g} points</strong>{also}</p>"
    if result["problem"]:
        said += f'<p class="open">Nothing could be graded: {escape(str(result["problem"]))}</p>'
    return said


def _exercise(found: Mapping[str, Any]) -> str:
    done = found["state"] == "done"
    sign, kind = ("✓", "done") if done else ("✗", "open")
    title = f'<h2><span class="{kind}">{sign} {escape(found["exercise"])}</span> · {escape(found["title"])} '
    title += f'<span class="quiet">{found["points"]:g} of {found["of"]:g}</span></h2>'
    if done:
        return title
    if found["state"] != "not yet":
        return f"{title}<p>{escape(reason(found))}</p>"
    names = (("Tried", "tried"), ("Expected", "expected"), ("Got", "got"), ("Raised", "raised"), ("Look at", "look"))
    facts = "".join(
        f'<tr><th scope="row">{name}</th><td class="code">{escape(str(found[key]))}</td></tr>'
        for name, key in names
        if found[key]
    )
    log = "\n".join(map(str, found["log"]))
    prints = f"<details><summary>The log of the functions</summary><pre>{escape(log)}</pre></details>" if log else ""
    return f"{title}<table>{facts}</table>{found['picture']}{prints}"


def _written(found: Mapping[str, Any]) -> str:
    title = f"{escape(str(found['exercise']))} · In words" if found.get("exercise") else "In words"
    marks = f"up to {found['points']:g}, marked by hand"
    if "given" in found:
        marks = f"{found['given']:g} of {found['points']:g}, marked by hand"
    text = "<em>nothing written</em>" if is_unwritten(found) else escape(str(found["text"]).strip())
    text = f"<em>{LOST}</em>" if found.get("lost") else text
    said = f'<p class="words">{escape(found["said"])}</p>' if found.get("said") else ""
    return f'<h2>{title} <span class="quiet">{marks}</span></h2><pre class="words">{text}</pre>{said}'
