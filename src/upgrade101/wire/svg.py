"""The wire log drawn: one self-contained SVG that reads in light and dark, and without colour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape as html_escape

from .lanes import Lane, Span, Story
from .layout import (
    HEAD,
    HEADER,
    LABEL,
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
from .palette import LIGHT, colour, dashes, style
from .steps import CLIENT, GATEWAY, Arrow, Gap, Note, Step
from .text import NOTHING, headline, left_out, sentences, shorten

TOOLTIP = 2_000  # characters of a payload that a tooltip shows
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # not allowed in XML
_MONO = "var(--jp-code-font-family,ui-monospace),Menlo,Consolas,'DejaVu Sans Mono',monospace"


def svg(story: Story) -> str:
    """Return the picture of a story as an SVG document."""
    if not story.steps:
        return _empty()
    placed = laid_out(story)
    body = [*_backdrop(placed, story), *_spans(placed, story), *_steps(placed), *_headers(placed)]
    if story.remark:
        body.append(_text(story.remark, MARGIN, placed.height - MARGIN, "muted", size=SMALL))
    return _document(placed.width, placed.height, label(story), sentences(story), "".join(body))


def label(story: Story) -> str:
    """Return the picture's name for who does not see it: what it is, who takes part, how long it took."""
    if not story.steps:
        return NOTHING
    return f"{headline(story)[0].upper()}{headline(story)[1:]}, between {', '.join(lane.name for lane in story.lanes)}"


def _document(width: float, height: float, name: str, description: str, body: str) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="u101-wire" role="img" aria-label="{escape(name)}" {size}>'
        f"<title>{escape(name)}</title><desc>{escape(description)}</desc><style>{style()}</style>"
        f'<rect width="100%" height="100%" rx="6" {_fill("bg")}/>'
        f'<g font-size="{LABEL:g}" style="font-family:{escape(_MONO)}">{body}</g></svg>\n'
    )


def _empty() -> str:
    words = _text(NOTHING, MARGIN, 26, "muted")
    return _document(width_of(NOTHING) + 2 * MARGIN, 42, NOTHING, NOTHING, words)


# ── paint: plain attributes for programs that know no style sheet, classes for those that do ─────────────────────────


def escape(words: str) -> str:
    """Return words as XML may hold them."""
    return html_escape(_UNSPEAKABLE.sub("\ufffd", words))


def _tooltip(step: Step) -> str:
    full = step.full or step.text
    return f"<title>{escape(full if len(full) <= TOOLTIP else f'{full[:TOOLTIP]} …')}</title>"


def _fill(name: str) -> str:
    return f'fill="{LIGHT[name]}" class="f-{name}"'


def _stroke(name: str, width: float = 1.5) -> str:
    return f'fill="none" stroke="{LIGHT[name]}" stroke-width="{width:g}" class="s-{name}"'


def _text(
    words: str, x: float, y: float, name: str, *, size: float = LABEL, anchor: str = "start", more: str = ""
) -> str:
    at = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text {at} {_fill(name)} xml:space="preserve"{more}>{escape(words)}</text>'


def _behind(words: str, x: float, y: float) -> str:
    """Return a patch of background, so that words stay readable across lifelines."""
    width = width_of(words) + 6
    return f'<rect x="{x - width / 2:.1f}" y="{y - 11:.1f}" width="{width:.1f}" height="14" {_fill("bg")}/>'


def _line(x1: float, y1: float, x2: float, y2: float, paint: str, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" {paint}{dashed}/>'


# ── lanes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _backdrop(placed: Layout, story: Story) -> Iterator[str]:
    """Yield the lifelines: the gateway's is double, a client's is thin where it has no open connection."""
    spans = {span.lane: _ends(span, placed) for span in story.spans}
    for column in placed.columns:
        name, x, dash = colour(column.lane), column.x, dashes(column.lane)
        if column.lane.kind == GATEWAY:
            yield from (_line(at, placed.top, at, placed.bottom, _stroke(name, 1.2)) for at in (x - 1.5, x + 1.5))
            continue
        is_client = column.lane.kind == CLIENT
        yield _line(x, placed.top, x, placed.bottom, _stroke(name, 0.8 if is_client else 1.5), dash)
        if is_client and column.lane.key in spans:
            top, bottom = spans[column.lane.key]
            yield _line(x, top, x, bottom, _stroke(name, 1.8), dash)


def _headers(placed: Layout) -> Iterator[str]:
    for column in placed.columns:
        name, x = colour(column.lane), column.x - column.width / 2
        at = f'x="{x:.1f}" y="{MARGIN:.1f}" width="{column.width:.1f}" height="{HEADER:.1f}" rx="7"'
        yield f"<rect {at} {_fill('bg')}/>"
        yield f"<rect {at} {_stroke(name)}/>"
        yield from _header_words(column, name)


def _header_words(column: Column, name: str) -> Iterator[str]:
    badge = max(width_of(column.lane.letter, 11) + 8, 18)
    wide = badge + 6 + width_of(column.title, TITLE)
    x, y = column.x - wide / 2, MARGIN + (18 if column.subtitle else HEADER / 2)
    yield f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="{badge:.1f}" height="18" rx="9" {_fill(name)}/>'
    bold = ' font-weight="700"'
    yield _text(column.lane.letter, x + badge / 2, y + 4, "bg", size=11, anchor="middle", more=bold)
    yield _text(column.title, x + badge + 6, y + 4.5, "ink", size=TITLE, more=' font-weight="600"')
    if column.subtitle:
        yield _text(column.subtitle, column.x, y + 20, "muted", size=SMALL, anchor="middle")


def _spans(placed: Layout, story: Story) -> Iterator[str]:
    for span in story.spans:
        lane, (top, bottom) = story.lane(span.lane), _ends(span, placed)
        if bottom > top:
            yield _span(lane, placed.column(span.lane).x + span_offset(lane, span.depth), top, bottom)


def _ends(span: Span, placed: Layout) -> tuple[float, float]:
    """Return where a span begins and ends."""
    top = placed.top if span.first is None else placed.steps[span.first].y
    return top, placed.bottom if span.last is None else placed.steps[span.last].y


def _span(lane: Lane, x: float, top: float, bottom: float) -> str:
    at = f'x="{x - REACH + 1:.1f}" y="{top:.1f}" width="{2 * REACH - 2:.1f}" height="{bottom - top:.1f}" rx="2"'
    name = colour(lane)
    if lane.kind == CLIENT:
        return f'<rect {at} {_fill(name)} fill-opacity="0.28"/>'
    return f"<rect {at} {_fill('bg')}/><rect {at} {_stroke(name, 1.2)}/>"


# ── steps ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _steps(placed: Layout) -> Iterator[str]:
    for step in placed.steps:
        if step.when:
            yield _text(
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
    parts = [_tooltip(step)]
    if step.lost:
        parts += _lost(placed, name)
    else:
        parts += [_shaft(placed, step, name, way), _head(placed.end, placed.y, way, name)]
    if step.status:
        parts.append(_status(step, placed.end - way * (HEAD + 2 + status_width(step.status) / 2), placed.y))
    y = placed.y - placed.lift
    parts += [_behind(placed.words, placed.x, y), _text(placed.words, placed.x, y, "ink", anchor="middle")]
    return f"<g>{''.join(parts)}</g>"


def _shaft(placed: Placed, step: Arrow, name: str, way: int) -> str:
    return _line(placed.start, placed.y, placed.end - way * HEAD, placed.y, _stroke(name), "5 3" if step.answer else "")


def _head(x: float, y: float, way: int, name: str) -> str:
    back = x - way * HEAD
    return f'<path d="M{x:.1f} {y:.1f}L{back:.1f} {y - 4.5:.1f}L{back:.1f} {y + 4.5:.1f}Z" {_fill(name)}/>'


def _lost(placed: Placed, name: str) -> list[str]:
    """Return an arrow that breaks off: nothing arrives at its end."""
    x, y = (placed.start + placed.end) / 2, placed.y
    cross = f'<path d="M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10" {_stroke("bad", 2)}/>'
    return [_line(placed.start, y, x - 8, y, _stroke(name), "2 4"), cross]


def _status(step: Arrow, x: float, y: float) -> str:
    width = status_width(step.status)
    at = f'x="{x - width / 2:.1f}" y="{y - 7.5:.1f}" width="{width:.1f}" height="15" rx="7.5"'
    bold = ' font-weight="700"'
    if step.tone == "bad":
        return f"<rect {at} {_fill('bad')}/>" + _text(
            step.status, x, y + 3.8, "bg", size=SMALL, anchor="middle", more=bold
        )
    name = "good" if step.tone == "good" else "muted"
    frame = f"<rect {at} {_fill('bg')}/><rect {at} {_stroke(name, 1.2)}/>"
    return frame + _text(step.status, x, y + 3.8, name, size=SMALL, anchor="middle", more=bold)


def _note(placed: Placed, step: Note) -> str:
    name = "bad" if step.tone == "bad" else "muted"
    width = width_of(placed.words) + 16
    at = f'x="{placed.x:.1f}" y="{placed.y - 10:.1f}" width="{width:.1f}" height="20" rx="4"'
    frame = f"<rect {at} {_fill('bg')}/><rect {at} {_stroke(name, 1.2)}/>"
    tie = _line(placed.x - PAD, placed.y, placed.x, placed.y, _stroke(name, 1.2))
    words = _text(placed.words, placed.x + 8, placed.y + 4, "bad" if step.tone == "bad" else "ink")
    return f"<g>{_tooltip(step)}{tie}{frame}{words}</g>"


def _gap(placed: Placed, step: Gap, layout: Layout) -> str:
    """Return a torn strip across all lanes."""
    first, last, y = layout.columns[0], layout.columns[-1], placed.y
    x, width = first.x - first.width / 2, last.x + last.width / 2 - (first.x - first.width / 2)
    strip = f'<rect x="{x:.1f}" y="{y - ROW * 0.3:.1f}" width="{width:.1f}" height="{ROW * 0.6:.1f}" {_fill("bg")}/>'
    edges = "".join(
        _line(x, y + side * ROW * 0.3, x + width, y + side * ROW * 0.3, _stroke("muted", 1), "2 4") for side in (-1, 1)
    )
    words = shorten(left_out(step), 60)
    return f"<g>{strip}{edges}{_text(words, placed.x, y + 4, 'muted', anchor='middle')}</g>"
