"""Two runs side by side: which steps they share, and where they part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..gateway.happenings import Answered, Happening, Invoked, Managed, Received, Refused, Sent
from .lanes import Lane, letters, story
from .steps import CLIENT, FUNCTION, Arrow, Gap, Step, called, named
from .strings import columns, moment, one_line, shorten

ROWS = 24  # in one picture
MOST = 400  # lines of one run that are compared
Sign = Literal["=", "≠", "←", "→", "…"]

_REQUEST_ID = re.compile(r'("(?:requestId|x-amzn-RequestId)":\s*")[^"]*')


@dataclass(frozen=True, slots=True)
class Line:
    """One step of one run; lanes are numbered alike in both runs, and connection ids are letters."""

    source: str
    target: str  # '' for a note
    words: str
    step: Step
    after: float  # seconds since the run began
    status: str
    key: tuple[str, ...]  # what has to be the same for two lines to be alike
    kind: tuple[object, ...]  # and what for the one to stand in the other's place


@dataclass(frozen=True, slots=True)
class Row:
    """Two lines that belong together, or one that only one run has, or (…) rows that were left out."""

    sign: Sign
    left: Line | None = None
    right: Line | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Side:
    """One run: its name, its numbers, its lines and its lanes."""

    name: str
    arrows: int
    seconds: float
    tally: str
    lines: tuple[Line, ...]
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs, their rows, and the lanes of both."""

    left: Side
    right: Side
    rows: tuple[Row, ...]
    lanes: tuple[Lane, ...]
    alike: int
    differ: int


def pair(
    first: Sequence[Happening], second: Sequence[Happening], names: tuple[str, str], rows: int | None = ROWS
) -> Pair:
    """Put two runs side by side. ``rows`` is the most rows shown (None: all)."""
    left, right = side(first, names[0]), side(second, names[1])
    found = list(_rows(left.lines, right.lines))
    alike = sum(row.sign == "=" for row in found)
    shown = found if rows is None or len(found) <= rows else _cut(_folded(found), rows)
    return Pair(left, right, tuple(shown), _united(left, right), alike, len(found) - alike)


# ── one run ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def side(happenings: Sequence[Happening], name: str) -> Side:
    """Return the lines of one run."""
    happenings = named(happenings)
    names = letters(happenings)
    told = story(happenings, names=names, arrows=None)
    lanes = {lane.key: replace(lane, key=key) for lane, key in zip(told.lanes, _slots(told.lanes), strict=True)}
    steps = _shortened(told.steps)
    start = steps[0].at if steps else 0.0
    lines = tuple(_line(step, lanes, names, start) for step in steps if not isinstance(step, Gap))
    return Side(name, told.arrows, told.seconds, _tally(happenings), lines, tuple(lanes.values()))


def _slots(lanes: Sequence[Lane]) -> Iterator[str]:
    """Yield for each lane a key that does not depend on names: functions and backends are numbered."""
    seen: dict[str, int] = {}
    for lane in lanes:
        number = seen[lane.kind] = seen.get(lane.kind, 0) + 1
        yield f"{lane.kind}:{number}" if lane.kind in (FUNCTION, "backend") else f"{lane.kind}:{lane.letter}"


def _shortened(steps: Sequence[Step]) -> Sequence[Step]:
    return steps if len(steps) <= MOST else [*steps[: MOST // 2], *steps[-MOST // 2 :]]


def _line(step: Step, lanes: Mapping[str, Lane], names: Mapping[str, str], start: float) -> Line:
    words = step.text
    for connection_id, letter in names.items():
        if connection_id in words:
            for known in (f"{connection_id} ({letter})", f"{connection_id} → {letter}", connection_id):
                words = words.replace(known, letter)
    source, target, status = lanes[step.lanes[0]].key, "", ""
    if isinstance(step, Arrow):
        target, status = lanes[step.target].key, step.status
    words = one_line(words)
    key = (source, target, _REQUEST_ID.sub(r"\1", words), status)
    kind = (source, target, type(step.happening))
    return Line(source, target, words, step, max(step.at - start, 0.0), status, key, kind)


def _tally(happenings: Sequence[Happening]) -> str:
    """Return a run in numbers."""
    inward, outward, calls = (
        sum(isinstance(told, kind) for told in called(happenings)) for kind in (Received, Sent, Invoked)
    )
    gone = sum(isinstance(told, Managed) and told.status == 410 for told in happenings)
    errors = sum(isinstance(told, Refused) or (isinstance(told, Answered) and bool(told.error)) for told in happenings)
    errors += sum(isinstance(told, Sent) and told.because == "error" for told in happenings)
    parts = [f"{inward} in, {outward} out", f"{calls} call{'' if calls == 1 else 's'}"]
    parts += [f"{gone} gone (410)"] if gone else []
    parts += [f"{errors} error{'' if errors == 1 else 's'}"] if errors else []
    return " · ".join(parts)


# ── both ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rows(left: Sequence[Line], right: Sequence[Line]) -> Iterator[Row]:
    """Yield the rows of the alignment in which the fewest lines are changed, missing or added."""
    costs = _costs(left, right)
    here, there = 0, 0
    while here < len(left) or there < len(right):
        cost = costs[here][there]
        if (
            here < len(left)
            and there < len(right)
            and cost == costs[here + 1][there + 1] + _change(left[here], right[there])
        ):
            yield Row("=" if left[here].key == right[there].key else "≠", left[here], right[there])
            here, there = here + 1, there + 1
        elif here < len(left) and cost == costs[here + 1][there] + _ALONE:
            yield Row("←", left=left[here])
            here += 1
        else:
            yield Row("→", right=right[there])
            there += 1


_ALONE, _CHANGED, _NEVER = 2, 3, 1_000_000  # a changed line is better than one missing and one added


def _change(one: Line, other: Line) -> int:
    """Return what it costs to take one line for the other: what differs in kind, or in its lanes, cannot be."""
    if one.key == other.key:
        return 0
    return _CHANGED if one.kind == other.kind else _NEVER


def _costs(left: Sequence[Line], right: Sequence[Line]) -> list[list[int]]:
    """Return for each place in both runs what it costs to align the rest from there."""
    below = [_ALONE * rest for rest in range(len(right), -1, -1)]
    costs = [below]
    for one in reversed(left):
        row = [below[-1] + _ALONE]
        for place in range(len(right) - 1, -1, -1):
            row.append(min(below[place + 1] + _change(one, right[place]), below[place] + _ALONE, row[-1] + _ALONE))
        below = row[::-1]
        costs.append(below)
    return costs[::-1]


def _folded(rows: Sequence[Row]) -> list[Row]:
    """Fold stretches that are alike, but for a row next to where they part."""
    near = {place + step for place, row in enumerate(rows) if row.sign != "=" for step in (-1, 0, 1)}
    near |= {0, len(rows) - 1}
    folded: list[Row] = []
    for place, row in enumerate(rows):
        if place in near:
            folded.append(row)
        elif folded and folded[-1].sign == "…":
            folded[-1] = replace(folded[-1], count=folded[-1].count + 1)
        else:
            folded.append(Row("…"))
    return folded


def _cut(rows: list[Row], most: int) -> list[Row]:
    """Keep beginning and end."""
    if len(rows) <= most:
        return rows
    head = (most - 1) * 2 // 3
    tail = most - 1 - head
    left_out = sum(row.count for row in rows[head : len(rows) - tail])
    return [*rows[:head], Row("…", count=left_out), *rows[len(rows) - tail :]]


def _united(left: Side, right: Side) -> tuple[Lane, ...]:
    """Return the lanes of both runs, in their order; where names differ, both."""
    order = [CLIENT, "gateway", FUNCTION, "backend", "service", "@connections", "notebook"]
    here, there = ({lane.key: lane for lane in run.lanes} for run in (left, right))
    keys = sorted(here.keys() | there.keys(), key=lambda key: (order.index(key.partition(":")[0]), len(key), key))
    return tuple(_one(here.get(key), there.get(key)) for key in keys)


def _one(here: Lane | None, there: Lane | None) -> Lane:
    lane, other = here or there, there or here
    assert lane is not None and other is not None
    longer = lane if len(lane.letter) >= len(other.letter) else other
    names = dict.fromkeys([lane.name, other.name])
    return replace(longer, title=" or ".join(names), subtitle="")


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def headline(both: Pair) -> str:
    """Return how much two runs have in common, in one line."""
    if not both.differ:
        return f"two runs side by side: all {both.alike} rows alike"
    return f"two runs side by side: {both.alike} row{'' if both.alike == 1 else 's'} alike, {both.differ} differ"


def numbers(run: Side) -> str:
    """Return a run in numbers."""
    return f"{run.arrows} arrow{'' if run.arrows == 1 else 's'} in {moment(run.seconds)}"


def folded_words(row: Row) -> str:
    """Return the words for rows that were left out."""
    return f"… {row.count} more row{'' if row.count == 1 else 's'}"


def shorten_beside(words: str, other: str, most: int) -> str:
    """Return words of at most ``most`` columns that show where they part from the others.

    >>> shorten_beside('{"action": "message", "text": "hi"}', '{"action": "message", "text": "ho"}', 16)
    '…ext": "hi"}'
    """
    if columns(words) <= most:
        return words
    same = next((at for at, signs in enumerate(zip(words, other, strict=False)) if signs[0] != signs[1]), len(other))
    if not other or same < (most - 1) * 3 // 5:
        return shorten(words, most)
    return f"…{shorten(words[max(same - most // 2, 1) :], most - 1)}"
