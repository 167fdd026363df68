"""A picture of what happened, as a notebook, a terminal and a file want it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from .lanes import Story
from .svg import svg as drawing
from .text import WIDTH
from .text import text as in_words

SMALLEST = 0.8  # how far a narrow page may shrink it before it scrolls
_PRE = "font-family:var(--jp-code-font-family,monospace);font-size:12px;overflow-x:auto;margin:4px 0 0"


@dataclass(frozen=True, slots=True)
class Picture:
    """One wire log. A notebook shows it drawn, with its words below; a terminal shows the words."""

    story: Story = field(repr=False)

    @property
    def svg(self) -> str:
        """Return it as a self-contained SVG document."""
        return drawing(self.story)

    @property
    def text(self) -> str:
        """Return it in words."""
        return self.words()

    @property
    def html(self) -> str:
        """Return the drawing with its words, for a page."""
        svg = self.svg
        width = int(svg.partition('width="')[2].partition('"')[0])
        box = f"max-width:{width}px;--u101-least:{width * SMALLEST:.0f}px;overflow-x:auto;margin:4px 0"
        words = f'<pre style="{_PRE}">{escape(self.text)}</pre>'
        twin = f"<details><summary>The same in words</summary>{words}</details>" if self.story.steps else ""
        return f'<div class="u101-box" style="{box}">{svg}</div>{twin}'

    def words(self, width: int = WIDTH) -> str:
        """Return it in words, at most ``width`` columns wide."""
        return in_words(self.story, width)

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
