"""Two runs side by side, drawn: small lanes with their arrows on each side, words beside them, a sign between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .lanes import Lane
from .layout import MARGIN, SMALL, TITLE, WIDEST, status_width, width_of
from .paint import BOLD, badge, document, fill, line, status, stroke, text, tooltip
from .pair import Line, Pair, Row, Side, folded_words, headline, numbers, shorten_beside
from .pair_words import legend, sentences, wrapped
from .palette import colour, dashes
from .steps import Arrow
from .strings import moment, shorten

GUTTER = 30.0  # between the sides, for the sign
TIME = 58.0
HEADER, ROW = 58.0, 23.0
LANES = 132.0  # for all lanes of one side, where they fit
NEAREST, FARTHEST = 17.0, 32.0  # between two lanes
HEAD = 6.0


@dataclass(frozen=True, slots=True)
class _Half:
    """Where one side stands."""

    left: float
    right: float
    lanes: dict[str, tuple[float, Lane]]
    words: float  # where they begin


def svg(both: Pair) -> str:
    """Return both runs as an SVG document."""
    halves = _half(both, MARGIN), _half(both, (WIDEST + GUTTER) / 2)
    top = MARGIN + HEADER
    bottom = top + max(len(both.rows), 1) * ROW + 4
    body = [*_headers(both, halves, bottom)]
    for number, row in enumerate(both.rows):
        body += _row(row, top + number * ROW + ROW / 2 + 4, halves)
    below = list(wrapped(_legend(both), int((WIDEST - 2 * MARGIN) / width_of("x", SMALL))))
    body += [text(words, MARGIN, bottom + 18 + 15 * at, "muted", size=SMALL) for at, words in enumerate(below)]
    name = headline(both)
    height = bottom + 18 + 15 * len(below)
    return document(WIDEST, height, f"{name[0].upper()}{name[1:]}", sentences(both), "".join(body))


def _legend(both: Pair) -> str:
    """Return who and what is meant by each letter and sign."""
    meant = {"≠": "≠ not the same", "←": "← only left", "→": "→ only right"}
    signs = dict.fromkeys(row.sign for row in both.rows if row.sign in meant)
    return ", ".join([legend(both), *(meant[sign] for sign in signs)])


def _half(both: Pair, left: float) -> _Half:
    apart = min(max(LANES / max(len(both.lanes) - 1, 1), NEAREST), FARTHEST)
    first = left + TIME + 12
    lanes = {lane.key: (first + number * apart, lane) for number, lane in enumerate(both.lanes)}
    last = first + max(len(both.lanes) - 1, 0) * apart
    return _Half(left, left + (WIDEST - GUTTER) / 2 - MARGIN, lanes, last + 18)


# ── heads and lanes ──────────────────────────────────────────────────────────────────────────────────────────────────


def _headers(both: Pair, halves: tuple[_Half, _Half], bottom: float) -> Iterator[str]:
    middle = WIDEST / 2
    yield line(middle, MARGIN, middle, bottom, stroke("muted", 0.8), "2 4")
    for run, half in zip((both.left, both.right), halves, strict=True):
        yield from _header(run, half)
        for x, lane in half.lanes.values():
            yield line(x, MARGIN + HEADER, x, bottom, stroke(colour(lane), 0.8), dashes(lane))
            yield badge(lane.letter, x, MARGIN + HEADER - 9, colour(lane))


def _header(run: Side, half: _Half) -> Iterator[str]:
    room = int((half.right - half.left) / width_of("x", TITLE))
    yield text(shorten(run.name, room), half.left, MARGIN + 11, "ink", size=TITLE, more=BOLD)
    words = f"{numbers(run)} · {run.tally}"
    yield text(
        shorten(words, int((half.right - half.left) / width_of("x", SMALL))),
        half.left,
        MARGIN + 27,
        "muted",
        size=SMALL,
    )


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _row(row: Row, y: float, halves: tuple[_Half, _Half]) -> Iterator[str]:
    if row.sign == "…":
        words = folded_words(row)
        wide = width_of(words, SMALL) + 16
        yield f'<rect x="{WIDEST / 2 - wide / 2:.1f}" y="{y - 9:.1f}" width="{wide:.1f}" height="18" {fill("bg")}/>'
        yield text(words, WIDEST / 2, y + 4, "muted", size=SMALL, anchor="middle")
        return
    differs = row.sign != "="
    yield f'<rect x="{WIDEST / 2 - 10:.1f}" y="{y - 9:.1f}" width="20" height="18" {fill("bg")}/>'
    yield text(
        row.sign, WIDEST / 2, y + 4, "bad" if differs else "muted", anchor="middle", more=BOLD if differs else ""
    )
    for found, other, half in zip((row.left, row.right), (row.right, row.left), halves, strict=True):
        if found is not None:
            yield f"<g>{''.join(_line(found, other if differs else None, y, half, differs))}</g>"


def _line(found: Line, other: Line | None, y: float, half: _Half, differs: bool) -> Iterator[str]:
    yield tooltip(found.step.full or found.step.text)
    if differs:
        at = (
            f'x="{half.left:.1f}" y="{y - ROW / 2 + 1:.1f}" width="{half.right - half.left:.1f}" height="{ROW - 2:.1f}"'
        )
        yield f'<rect {at} rx="3" {fill("bad")} fill-opacity="0.12"/>'
    yield text(moment(found.after), half.left + TIME - 4, y + 4, "muted", size=SMALL, anchor="end")
    yield from _arrow(found, y, half) if found.target else _dot(found, y, half)
    room = half.right - half.words - 4
    if found.status:
        wide = status_width(found.status)
        yield status(found.status, half.right - wide / 2 - 2, y, found.step.tone)
        room -= wide + 6
    name = "bad" if found.step.tone == "bad" and not found.target else "ink"
    words = shorten_beside(found.words, other.words if other else "", int(room / width_of("x", SMALL)))
    yield text(words, half.words, y + 4, name, size=SMALL)


def _arrow(found: Line, y: float, half: _Half) -> Iterator[str]:
    (start, source), (end, _) = half.lanes[found.source], half.lanes[found.target]
    way = 1 if end > start else -1
    name = colour(source)
    step = found.step
    assert isinstance(step, Arrow)
    dash = "2 4" if step.lost else "4 2" if step.answer else ""
    yield f'<circle cx="{start:.1f}" cy="{y:.1f}" r="2.5" {fill(name)}/>'
    yield line(start, y, end - way * HEAD, y, stroke(name, 1.6), dash)
    if step.lost:
        x = (start + end) / 2
        yield f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" {stroke("bad", 1.8)}/>'
    else:
        back = end - way * HEAD
        yield f'<path d="M{end:.1f} {y:.1f}L{back:.1f} {y - 3.5:.1f}L{back:.1f} {y + 3.5:.1f}Z" {fill(name)}/>'


def _dot(found: Line, y: float, half: _Half) -> Iterator[str]:
    x, lane = half.lanes[found.source]
    yield f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" rx="1" {fill(colour(lane))}/>'
