"""What ``python3 start.py conform`` shows: a line for each row of docs/parity.md, and what differs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from .. import cloud
from .conformance import PROBES, SAME, Result, run

PARITY = "docs/parity.md"


def show(root: Path, where: str, out: Path | None, console: Console) -> int:
    """Try every probe on a cloud, print what comes of it, and write it to ``out``; return the exit code.

    Raises ConfigurationError where the cloud does not start.
    """
    words = words_of(root)
    cloud.start(where, quiet=True)
    try:
        console.print(Text(cloud.describe()), soft_wrap=True)
        console.print(f"{len(PROBES)} rows of {PARITY}, on two APIs that are deleted again", highlight=False)
        results = run(lambda result: console.print(Text(_line(result)), soft_wrap=True))
    finally:
        cloud.stop()
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(report(where, results, words), encoding="utf-8", newline="\n")
    others = [result for result in results if result.verdict != SAME]
    console.print(f"{len(results) - len(others)} same, {len(others)} different", highlight=False)
    return 1 if others else 0


def words_of(root: Path) -> dict[str, str]:
    """Return the word of every row of docs/parity.md, by its first cell: ``same``, ``chosen``, ``not emulated``."""
    lines = (root / PARITY).read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines if line.startswith("| ")]
    return {row[0]: row[1] for row in rows if len(row) == 4}


def report(where: str, results: Sequence[Result], words: dict[str, str]) -> str:
    """Return the table as Markdown: what differs first."""
    lines = [f"# docs/parity.md on {where}", "", "| row | its word | verdict | here | there |", "|---|---|---|---|---|"]
    for result in sorted(results, key=lambda result: result.verdict):
        seen = [json.dumps(each, ensure_ascii=False).replace("|", r"\|") for each in (result.here, result.there)]
        cells = [result.row, words.get(result.row, "?"), result.verdict, *(f"`{each}`" for each in seen)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _line(result: Result) -> str:
    line = f"{result.verdict:<10} {result.row}"
    return line if result.verdict == SAME else f"{line}\n           here {result.here!r}, there {result.there!r}"
