"""Two runs side by side, in words: what both have, and what only one has."""

from __future__ import annotations

from collections.abc import Iterator

from .pair import Line, Pair, Row, Side, folded_words, headline, numbers
from .strings import columns, moment, shorten

MOST_OF_A_NAME = 16


def words(both: Pair, width: int) -> str:
    """Return both runs as text of at most ``width`` columns."""
    wide = max(columns(name) for name in ("both", *(_name(run) for run in (both.left, both.right))))
    lines = [headline(both)]
    lines += [f"{_name(run):<{wide}}  {numbers(run)} · {run.tally}" for run in (both.left, both.right)]
    lines += [f"{who:<{wide}}  {said}" for row in both.rows for who, said in _row(row, both)]
    return "\n".join([*(shorten(line.rstrip(), width) for line in lines), *wrapped(legend(both), width)])


def legend(both: Pair) -> str:
    """Return who is meant by each letter."""
    return ", ".join(f"{lane.letter} = {lane.title}" for lane in both.lanes)


def wrapped(words: str, most: int) -> Iterator[str]:
    """Yield lines of at most ``most`` columns, broken after a comma."""
    row = ""
    for part in words.split(", "):
        if row and columns(row) + columns(part) + 2 > most:
            yield row
            row = ""
        row = f"{row}, {part}" if row else part
    yield shorten(row, most)


def _name(run: Side) -> str:
    return shorten(run.name, MOST_OF_A_NAME)


def _row(row: Row, both: Pair) -> Iterator[tuple[str, str]]:
    if row.sign == "…":
        yield "", folded_words(row)
    elif row.sign == "=":
        assert row.left is not None and row.right is not None
        yield "both", f"{said(row.left, both)}  ({moment(row.left.after)}, {moment(row.right.after)})"
    else:
        for line, run in ((row.left, both.left), (row.right, both.right)):
            if line is not None:
                yield _name(run), f"{said(line, both)}  ({moment(line.after)})"


def said(line: Line, both: Pair) -> str:
    """Return one line: who to whom, what, and the status."""
    letter = {lane.key: lane.letter for lane in both.lanes}
    ends = f"{letter[line.source]} → {letter[line.target]}" if line.target else letter[line.source]
    return f"{ends}  {shorten(line.words, 60)}{f'  {line.status}' if line.status else ''}"


def sentences(both: Pair) -> str:
    """Return both runs as sentences, for ears: their numbers, and where they part."""
    told = [f"{run.name}: {numbers(run)}, {run.tally}." for run in (both.left, both.right)]
    for number, row in enumerate(both.rows, 1):
        if row.sign not in "=…":
            told += [f"Row {number}, {who}: {what}." for who, what in _row(row, both)]
    return " ".join([*told, f"{legend(both)}."])
