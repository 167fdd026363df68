"""A picture of what happened, as a notebook, a terminal and a file want it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from ..gateway.happenings import Happening
from . import life as lives
from . import life_svg, pair_svg, pair_words
from .lanes import Story
from .life import Life
from .pair import Pair
from .steps import CLIENT
from .svg import svg as drawing
from .text import WIDTH
from .text import text as in_words

SMALLEST = 0.8  # how far a narrow page may shrink it before it scrolls
PRE = "font-family:var(--jp-code-font-family,monospace);font-size:12px;overflow-x:auto;margin:4px 0 0"


class Drawing:
    """Something drawn, with the same in words. A notebook shows both, a terminal the words."""

    __slots__ = ()

    @property
    def svg(self) -> str:
        """Return it as a self-contained SVG document."""
        raise NotImplementedError

    def words(self, width: int = WIDTH) -> str:
        """Return it in words, at most ``width`` columns wide."""
        raise NotImplementedError

    @property
    def is_empty(self) -> bool:
        """Tell whether the drawing says no more than its one line of words."""
        return False

    @property
    def text(self) -> str:
        """Return it in words."""
        return self.words()

    @property
    def html(self) -> str:
        """Return the drawing with its words, for a page."""
        words = f'<pre style="{PRE}">{escape(self.text)}</pre>'
        twin = "" if self.is_empty else f"<details><summary>The same in words</summary>{words}</details>"
        return f"{boxed(self.svg)}{twin}"

    def save(self, path: str | PathLike[str]) -> Path:
        """Write it to a file: drawn for ``.svg``, a page for ``.html``, in words for any other name."""
        path = Path(path)
        content = {".svg": self.svg, ".html": self.html}.get(path.suffix.lower(), f"{self.text}\n")
        path.write_text(content, encoding="utf-8", newline="\n")
        return path

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def boxed(svg: str) -> str:
    """Return a drawing for a page: as wide as the page allows, and no narrower than it can be read."""
    width = int(svg.partition('width="')[2].partition('"')[0])
    box = f"max-width:{width}px;--u101-least:{width * SMALLEST:.0f}px;overflow-x:auto;margin:4px 0"
    return f'<div class="u101-box" style="{box}">{svg}</div>'


@dataclass(frozen=True, slots=True, repr=False)
class Picture(Drawing):
    """One wire log, and the happenings it is made from."""

    story: Story
    happenings: tuple[Happening, ...] = field(default=(), repr=False)

    @property
    def svg(self) -> str:
        """Return it as a self-contained SVG document."""
        return drawing(self.story)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing happened."""
        return not self.story.steps

    @property
    def letters(self) -> dict[str, str]:
        """Return the letters of the clients, by connection id."""
        return {lane.key.partition(":")[2]: lane.letter for lane in self.story.lanes if lane.kind == CLIENT}

    def words(self, width: int = WIDTH) -> str:
        """Return it in words, at most ``width`` columns wide."""
        return in_words(self.story, width)


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Drawing):
    """Two runs side by side."""

    pair: Pair

    @property
    def svg(self) -> str:
        """Return it as a self-contained SVG document."""
        return pair_svg.svg(self.pair)

    def words(self, width: int = WIDTH) -> str:
        """Return it in words, at most ``width`` columns wide."""
        return pair_words.words(self.pair, width)


@dataclass(frozen=True, slots=True, repr=False)
class Lifecycle(Drawing):
    """The life of a connection as a diagram, with the way of one connection through it."""

    life: Life

    @property
    def svg(self) -> str:
        """Return it as a self-contained SVG document."""
        return life_svg.svg(self.life)

    def words(self, width: int = WIDTH) -> str:
        """Return it in words, at most ``width`` columns wide."""
        return lives.words(self.life, width)
