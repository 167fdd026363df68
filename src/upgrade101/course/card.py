"""What the course says to a learner: one card, rich in a notebook and plain in a terminal, with the same content.

Words may hold `code`, **stress**, *emphasis* and fenced blocks of code, as in a notebook's own text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import indent, wrap
from typing import Any, Protocol

WIDTH = 100
_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_INK = "color:var(--jp-ui-font-color1,inherit);font-family:var(--jp-ui-font-family,inherit);font-size:14px"
_MONO = "font-family:var(--jp-code-font-family,monospace);font-size:13px"
_EDGE = {"good": "solid", "bad": "double", "plain": "dotted"}


class Part(Protocol):
    """A piece of a card."""

    def text(self) -> str:
        """Return it for a terminal."""
        ...

    def html(self) -> str:
        """Return it for a page."""
        ...


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs, with blocks of code between them."""

    words: str

    def text(self) -> str:
        """Return the paragraphs wrapped, and the code indented."""
        return "\n".join(
            indent(chunk, "    ") if is_code else _wrapped(chunk) for is_code, chunk in _chunks(self.words)
        )

    def html(self) -> str:
        """Return paragraphs and preformatted blocks."""
        return "".join(_pre(chunk) if is_code else _paragraphs(chunk) for is_code, chunk in _chunks(self.words))


@dataclass(frozen=True, slots=True)
class Facts:
    """Named facts below one another; those without words are left out."""

    rows: Sequence[tuple[str, str]]

    def text(self) -> str:
        """Return one line each, the names in a column."""
        rows = [row for row in self.rows if row[1]]
        wide = max((len(name) for name, _ in rows), default=0)
        return "\n".join(_hanging(f"  {name:<{wide}}  ", words) for name, words in rows)

    def html(self) -> str:
        """Return a table whose first column names the row."""
        at = "text-align:left;vertical-align:top;font-size:13px;line-height:1.5"
        cell = f'<th scope="row" style="{at};padding:1px 14px 1px 0">'
        value = f'<td style="{at};padding:1px 0;white-space:pre-wrap;{_MONO}">'
        rows = "".join(
            f'<tr style="background:none">{cell}{escape(name)}</th>{value}{escape(words)}</td></tr>'
            for name, words in self.rows
            if words
        )
        return f'<table style="margin:4px 0;border:0">{rows}</table>'


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> str:
        """Return aligned columns."""
        wide = [max(len(row[place]) for row in (self.head, *self.rows)) for place in range(len(self.head))]
        return "\n".join(
            ("  " + "  ".join(f"{words:<{room}}" for words, room in zip(row, wide, strict=True))).rstrip()
            for row in (self.head, *self.rows)
        )

    def html(self) -> str:
        """Return a table."""
        at = 'style="text-align:left;padding:1px 14px 1px 0"'
        head = "".join(f'<th scope="col" {at}>{escape(words)}</th>' for words in self.head)
        rows = "".join(f"<tr>{''.join(f'<td {at}>{inline(words)}</td>' for words in row)}</tr>" for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of code, or of output, as they are."""

    lines: str

    def text(self) -> str:
        """Return them indented."""
        return indent(self.lines, "    ")

    def html(self) -> str:
        """Return them preformatted."""
        return _pre(self.lines)


@dataclass(frozen=True, slots=True)
class Folded:
    """Parts that a page shows on a click; a terminal shows them."""

    title: str
    parts: Sequence[Part]

    def text(self) -> str:
        """Return the title and the parts below it."""
        return "\n".join([f"  {self.title}", *(indent(part.text(), "  ") for part in self.parts)])

    def html(self) -> str:
        """Return a closed box that opens on a click."""
        inside = "".join(part.html() for part in self.parts)
        return f"<details><summary>{inline(self.title)}</summary>{inside}</details>"


class Pictured(Protocol):
    """Something that can be seen and read: a wire log."""

    @property
    def text(self) -> str:
        """Return it in words."""
        ...

    @property
    def html(self) -> str:
        """Return it for a page."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture."""

    picture: Pictured

    def text(self) -> str:
        """Return the picture in words."""
        return self.picture.text

    def html(self) -> str:
        """Return the picture."""
        return self.picture.html


@dataclass(frozen=True, slots=True)
class Card:
    """A title and its parts. ``tone`` is 'good', 'bad' or 'plain'; the edge shows it, and the words say it too."""

    title: str
    parts: Sequence[Part] = ()
    tone: str = "plain"

    @property
    def text(self) -> str:
        """Return the card for a terminal."""
        return "\n".join([_wrapped(_plain(self.title)), *(part.text() for part in self.parts)])

    @property
    def html(self) -> str:
        """Return the card for a page, announced to who does not see it."""
        edge = f"border-left:4px {_EDGE[self.tone]} var(--jp-brand-color1,currentColor)"
        style = f"{edge};padding:2px 0 4px 12px;margin:4px 0;{_INK}"
        parts = "".join(part.html() for part in self.parts)
        title = f'<p style="margin:2px 0"><strong>{inline(self.title)}</strong></p>'
        return f'<div role="status" aria-label="{escape(_plain(self.title))}" style="{style}">{title}{parts}</div>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}

    def __repr__(self) -> str:
        return self.text


def show(card: Card) -> None:
    """Show a card where the learner is: in the cell's output, or in the terminal."""
    if in_ipython():
        from IPython.display import display

        display(card)  # type: ignore[no-untyped-call]
    else:
        print(card.text)


def in_ipython() -> bool:
    """Tell whether this is a notebook or an IPython terminal, without importing IPython where it is not used."""
    shell = sys.modules.get("IPython")
    return shell is not None and shell.get_ipython() is not None


def inline(words: str) -> str:
    """Return one line of words as HTML.

    >>> inline("the `body` is **text**, *not* <json>")
    'the <code>body</code> is <strong>text</strong>, <em>not</em> &lt;json&gt;'
    """
    pieces = re.split(r"(`[^`]+`)", words)
    return "".join(
        f"<code>{escape(piece[1:-1])}</code>" if place % 2 else _marked(escape(piece))
        for place, piece in enumerate(pieces)
    )


_STRESS = re.compile(r"\*\*(.+?)\*\*")
_EMPHASIS = re.compile(r"(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])")


_CODE_SPAN = re.compile(r"(`[^`]*`)")


def _marked(words: str) -> str:
    return _EMPHASIS.sub(r"<em>\1</em>", _STRESS.sub(r"<strong>\1</strong>", words))


def _plain(words: str) -> str:
    """Return words without marks.

    >>> _plain("all **three** say *message*, 2 * 3 * 4, *args and **kwargs")
    'all three say message, 2 * 3 * 4, *args and **kwargs'
    >>> _plain("`2 * 2**attempt` doubles, and `2**number` **too**")
    '`2 * 2**attempt` doubles, and `2**number` too'
    """
    pieces = _CODE_SPAN.split(words)
    return "".join(
        piece if place % 2 else _EMPHASIS.sub(r"\1", _STRESS.sub(r"\1", piece)) for place, piece in enumerate(pieces)
    )


def _chunks(words: str) -> Iterable[tuple[bool, str]]:
    """Yield prose and fenced code in turn, told apart by the flag."""
    for place, chunk in enumerate(_FENCE.split(words)):
        if chunk.strip():
            yield bool(place % 2), chunk.strip("\n")


def _wrapped(words: str) -> str:
    paragraphs = (" ".join(paragraph.split()) for paragraph in words.split("\n\n"))
    return "\n".join("\n".join(wrap(_plain(paragraph), WIDTH, break_long_words=False)) for paragraph in paragraphs)


def _hanging(lead: str, words: str) -> str:
    margin = " " * len(lead)
    lines = [
        line
        for paragraph in words.splitlines()
        for line in wrap(paragraph, WIDTH - len(lead), break_on_hyphens=False, drop_whitespace=False) or [""]
    ]
    return lead + f"\n{margin}".join(lines)


def _paragraphs(words: str) -> str:
    return "".join(
        f'<p style="margin:4px 0">{inline(" ".join(paragraph.split()))}</p>'
        for paragraph in words.split("\n\n")
        if paragraph.strip()
    )


def _pre(lines: str) -> str:
    style = (
        f"{_MONO};margin:4px 0;padding:4px 8px;overflow-x:auto;border-left:2px solid var(--jp-border-color1,#bdbdbd)"
    )
    return f'<pre style="{style}">{escape(lines)}</pre>'
