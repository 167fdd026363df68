"""What every picture is painted with: plain attributes for programs without style sheets, classes for all others."""

from __future__ import annotations

import re
from html import escape as html_escape

from .layout import HEAD, LABEL, SMALL, status_width, width_of
from .palette import LIGHT, style

TOOLTIP = 2_000  # characters of a payload that a tooltip shows
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # not allowed in XML
_MONO = "var(--jp-code-font-family,ui-monospace),Menlo,Consolas,'DejaVu Sans Mono',monospace"
BOLD = ' font-weight="700"'


def document(width: float, height: float, name: str, description: str, body: str) -> str:
    """Return a self-contained SVG document; ``name`` and ``description`` are for who does not see it."""
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="u101-wire" role="img" aria-label="{escape(name)}" {size}>'
        f"<title>{escape(name)}</title><desc>{escape(description)}</desc><style>{style()}</style>"
        f'<rect width="100%" height="100%" rx="6" {fill("bg")}/>'
        f'<g font-size="{LABEL:g}" style="font-family:{escape(_MONO)}">{body}</g></svg>\n'
    )


def escape(words: str) -> str:
    """Return words as XML may hold them."""
    return html_escape(_UNSPEAKABLE.sub("\ufffd", words))


def tooltip(full: str) -> str:
    """Return what is shown where the pointer rests."""
    return f"<title>{escape(full if len(full) <= TOOLTIP else f'{full[:TOOLTIP]} …')}</title>"


def fill(name: str) -> str:
    """Return the paint of a filled shape."""
    return f'fill="{LIGHT[name]}" class="f-{name}"'


def stroke(name: str, width: float = 1.5) -> str:
    """Return the paint of a line."""
    return f'fill="none" stroke="{LIGHT[name]}" stroke-width="{width:g}" class="s-{name}"'


def text(
    words: str, x: float, y: float, name: str, *, size: float = LABEL, anchor: str = "start", more: str = ""
) -> str:
    """Return words whose baseline stands at ``y``."""
    at = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text {at} {fill(name)} xml:space="preserve"{more}>{escape(words)}</text>'


def behind(words: str, x: float, y: float, size: float = LABEL) -> str:
    """Return a patch of background, so that words centred at ``x`` stay readable across lines."""
    width = width_of(words, size) + 6
    at = f'x="{x - width / 2:.1f}" y="{y - size + 1:.1f}" width="{width:.1f}" height="{size + 2:g}"'
    return f"<rect {at} {fill('bg')}/>"


def line(x1: float, y1: float, x2: float, y2: float, paint: str, dash: str = "") -> str:
    """Return a straight line."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" {paint}{dashed}/>'


def arrow_head(x: float, y: float, way: int, name: str) -> str:
    """Return the head of an arrow that points to the right (``way`` 1) or to the left (-1)."""
    back = x - way * HEAD
    return f'<path d="M{x:.1f} {y:.1f}L{back:.1f} {y - 4.5:.1f}L{back:.1f} {y + 4.5:.1f}Z" {fill(name)}/>'


def badge(letter: str, x: float, y: float, name: str) -> str:
    """Return a letter in a filled lozenge around ``x`` and ``y``."""
    width = badge_width(letter)
    shape = f'<rect x="{x - width / 2:.1f}" y="{y - 9:.1f}" width="{width:.1f}" height="18" rx="9" {fill(name)}/>'
    return shape + text(letter, x, y + 4, "bg", size=11, anchor="middle", more=BOLD)


def badge_width(letter: str) -> float:
    """Return how wide a letter is with its lozenge."""
    return max(width_of(letter, 11) + 8, 18)


def status(words: str, x: float, y: float, tone: str) -> str:
    """Return a status in its frame, filled where it is a bad one."""
    width = status_width(words)
    at = f'x="{x - width / 2:.1f}" y="{y - 7.5:.1f}" width="{width:.1f}" height="15" rx="7.5"'
    if tone == "bad":
        return f"<rect {at} {fill('bad')}/>" + text(words, x, y + 3.8, "bg", size=SMALL, anchor="middle", more=BOLD)
    name = "good" if tone == "good" else "muted"
    frame = f"<rect {at} {fill('bg')}/><rect {at} {stroke(name, 1.2)}/>"
    return frame + text(words, x, y + 3.8, name, size=SMALL, anchor="middle", more=BOLD)
