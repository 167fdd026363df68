"""The wire log drawn: one self-contained SVG that reads in light and dark, and without colour."""

from __future__ import annotations

from collections.abc import Iterator

from .lanes import Lane, Span, Story
from .layout import (
    HEAD,
    HEADER,
    MARGIN,
    PAD,
    REACH,
    ROW,
    SMALL,
    TITLE,
    Column,
    Layout,
    Placed,
    span_offset,
    status_width,
    width_of,
)
from .layout import layout as laid_out
from .paint import arrow_head, badge, badge_width, behind, document, fill, line, status, stroke, text, tooltip
from .palette import colour, dashes
from .steps import CLIENT, GATEWAY, Arrow, Gap, Note
from .strings import shorten
from .text import NOTHING, headline, left_out, sentences

OPEN_END = 9.0  # how far the sides of a bar reach that goes on


def svg(story: Story) -> str:
    """Return the picture of a story as an SVG document."""
    if not story.steps:
        return _empty()
    placed = laid_out(story)
    body = [*_backdrop(placed, story), *_spans(placed, story), *_steps(placed), *_headers(placed)]
    if story.remark:
        body.append(text(story.remark, MARGIN, placed.height - MARGIN, "muted", size=SMALL))
    return document(placed.width, placed.height, label(story), sentences(story), "".join(body))


def label(story: Story) -> str:
    """Return the picture's name for who does not see it: what it is, who takes part, how long it took."""
    if not story.steps:
        return NOTHING
    return f"{headline(story)[0].upper()}{headline(story)[1:]}, between {', '.join(lane.name for lane in story.lanes)}"


def _empty() -> str:
    words = text(NOTHING, MARGIN, 26, "muted")
    return document(width_of(NOTHING) + 2 * MARGIN, 42, NOTHING, NOTHING, words)


# ── lanes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _backdrop(placed: Layout, story: Story) -> Iterator[str]:
    """Yield the lifelines: the gateway's is double, a client's is thin where it has no open connection."""
    spans = {span.lane: _ends(span, placed) for span in story.spans}
    for column in placed.columns:
        name, x, dash = colour(column.lane), column.x, dashes(column.lane)
        if column.lane.kind == GATEWAY:
            yield from (line(at, placed.top, at, placed.bottom, stroke(name, 1.2)) for at in (x - 1.5, x + 1.5))
            continue
        is_client = column.lane.kind == CLIENT
        yield line(x, placed.top, x, placed.bottom, stroke(name, 0.8 if is_client else 1.5), dash)
        if is_client and column.lane.key in spans:
            top, bottom = spans[column.lane.key]
            yield line(x, top, x, bottom, stroke(name, 1.8), dash)


def _headers(placed: Layout) -> Iterator[str]:
    for column in placed.columns:
        name, x = colour(column.lane), column.x - column.width / 2
        at = f'x="{x:.1f}" y="{MARGIN:.1f}" width="{column.width:.1f}" height="{HEADER:.1f}" rx="7"'
        yield f"<rect {at} {fill('bg')}/>"
        yield f"<rect {at} {stroke(name)}/>"
        yield from _header_words(column, name)


def _header_words(column: Column, name: str) -> Iterator[str]:
    badged = badge_width(column.lane.letter)
    wide = badged + 6 + width_of(column.title, TITLE)
    x, y = column.x - wide / 2, MARGIN + (18 if column.subtitle else HEADER / 2)
    yield badge(column.lane.letter, x + badged / 2, y, name)
    yield text(column.title, x + badged + 6, y + 4.5, "ink", size=TITLE, more=' font-weight="600"')
    if column.subtitle:
        yield text(column.subtitle, column.x, y + 20, "muted", size=SMALL, anchor="middle")


def _spans(placed: Layout, story: Story) -> Iterator[str]:
    for span in story.spans:
        lane, (top, bottom) = story.lane(span.lane), _ends(span, placed)
        if bottom > top:
            x = placed.column(span.lane).x + span_offset(lane, span.depth)
            yield _span(lane, x, top, bottom, span.goes_on)


def _ends(span: Span, placed: Layout) -> tuple[float, float]:
    """Return where a span begins and ends."""
    top = placed.top if span.first is None else placed.steps[span.first].y
    return top, placed.bottom if span.last is None else placed.steps[span.last].y


def _span(lane: Lane, x: float, top: float, bottom: float, goes_on: bool) -> str:
    half, name = REACH - 1, colour(lane)
    at = f'x="{x - half:.1f}" y="{top:.1f}" width="{2 * half:.1f}" height="{bottom - top:.1f}"'
    if lane.kind == CLIENT:
        return f'<rect {at} rx="2" {fill(name)} fill-opacity="0.28"/>'
    if not goes_on:
        return f'<rect {at} rx="2" {fill("bg")}/><rect {at} rx="2" {stroke(name, 1.2)}/>'
    rim = f'<path d="M{x - half:.1f} {bottom:.1f}V{top:.1f}H{x + half:.1f}V{bottom:.1f}" {stroke(name, 1.2)}/>'
    tail = (line(at, bottom, at, bottom + OPEN_END, stroke(name, 1.2), "2 2") for at in (x - half, x + half))
    return f"<rect {at} {fill('bg')}/>{rim}{''.join(tail)}"


# ── steps ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _steps(placed: Layout) -> Iterator[str]:
    for step in placed.steps:
        if step.when:
            yield text(
                step.when,
                placed.columns[0].x - placed.columns[0].width / 2 - PAD,
                step.y + 4,
                "muted",
                size=SMALL,
                anchor="end",
            )
        match step.step:
            case Arrow():
                yield _arrow(step, step.step, placed.column(step.step.source).lane)
            case Note():
                yield _note(step, step.step)
            case Gap():
                yield _gap(step, step.step, placed)


def _arrow(placed: Placed, step: Arrow, source: Lane) -> str:
    name = colour(source)
    way = 1 if placed.end > placed.start else -1
    parts = [tooltip(step.full or step.text)]
    if step.lost:
        parts += _lost(placed, name)
    else:
        parts += [_shaft(placed, step, name, way), arrow_head(placed.end, placed.y, way, name)]
    if step.status:
        x = placed.end - way * (HEAD + 2 + status_width(step.status) / 2)
        parts.append(status(step.status, x, placed.y, step.tone))
    y = placed.y - placed.lift
    parts += [behind(placed.words, placed.x, y), text(placed.words, placed.x, y, "ink", anchor="middle")]
    return f"<g>{''.join(parts)}</g>"


def _shaft(placed: Placed, step: Arrow, name: str, way: int) -> str:
    return line(placed.start, placed.y, placed.end - way * HEAD, placed.y, stroke(name), "5 3" if step.answer else "")


def _lost(placed: Placed, name: str) -> list[str]:
    """Return an arrow that breaks off: nothing arrives at its end."""
    x, y = (placed.start + placed.end) / 2, placed.y
    cross = f'<path d="M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10" {stroke("bad", 2)}/>'
    return [line(placed.start, y, x - 8, y, stroke(name), "2 4"), cross]


def _note(placed: Placed, step: Note) -> str:
    name = "bad" if step.tone == "bad" else "muted"
    width = width_of(placed.words) + 16
    at = f'x="{placed.x:.1f}" y="{placed.y - 10:.1f}" width="{width:.1f}" height="20" rx="4"'
    frame = f"<rect {at} {fill('bg')}/><rect {at} {stroke(name, 1.2)}/>"
    tie = line(placed.x - PAD, placed.y, placed.x, placed.y, stroke(name, 1.2))
    words = text(placed.words, placed.x + 8, placed.y + 4, "bad" if step.tone == "bad" else "ink")
    return f"<g>{tooltip(step.full or step.text)}{tie}{frame}{words}</g>"


def _gap(placed: Placed, step: Gap, layout: Layout) -> str:
    """Return a torn strip across all lanes."""
    first, last, y = layout.columns[0], layout.columns[-1], placed.y
    x, width = first.x - first.width / 2, last.x + last.width / 2 - (first.x - first.width / 2)
    strip = f'<rect x="{x:.1f}" y="{y - ROW * 0.3:.1f}" width="{width:.1f}" height="{ROW * 0.6:.1f}" {fill("bg")}/>'
    edges = "".join(
        line(x, y + side * ROW * 0.3, x + width, y + side * ROW * 0.3, stroke("muted", 1), "2 4") for side in (-1, 1)
    )
    words = shorten(left_out(step), 60)
    return f"<g>{strip}{edges}{text(words, placed.x, y + 4, 'muted', anchor='middle')}</g>"
