"""Plots of measurements that read in light and dark, and that say in words what they show.

figure, axes = plot.axes("seconds", "requests")
axes.plot([1, 2], [3, 4], color=plot.BLUE)
plot.show(figure, "Requests rise from 3 to 4.")
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from html import escape
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, VIOLET, GREY = "#2f7fd6", "#c2620b", "#23874b", "#8a63d2", "#7d8590"
"""Mid-tones, each with a contrast of more than 3:1 with white and with a dark page, as WCAG asks of graphics."""

_INK = "#010203"  # stands for the page's own ink: replaced in the SVG
_ROOT = "fill:currentColor;stroke-linejoin:round;stroke-linecap:butt"  # matplotlib leaves out a fill that is black
_EVERYWHERE = re.compile(r"<style.*?</style>", re.DOTALL)  # inside a page, matplotlib's own would restyle every drawing
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "upgrade101",
    "font.family": ["sans-serif"],
    "font.size": 10.5,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "legend.frameon": False,
}


def axes(x: str, y: str, *, width: float = 7.5, height: float = 3.0) -> tuple[Figure, Axes]:
    """Return a figure and its axes with their labels; ``width`` and ``height`` are in inches."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
        axes.set_xlabel(x)
        axes.set_ylabel(y)
    return figure, axes


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawn figure: a notebook shows the drawing, a terminal its words."""

    svg: str = field(repr=False)
    words: str

    @property
    def text(self) -> str:
        """Return the plot in words."""
        return self.words

    @property
    def html(self) -> str:
        """Return the plot for a page, its words for who does not see it, and the same words below."""
        return (
            f'<div style="color:var(--jp-ui-font-color1,inherit);overflow-x:auto;max-width:100%">{self.svg}</div>'
            f"<details><summary>The same in words</summary>{escape(self.words)}</details>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.words, "text/html": self.html}


def show(figure: Figure, words: str) -> Plot:
    """Return the figure as the value of a cell; ``words`` say what it shows, for who does not see it."""
    for axes in figure.axes:
        legend = axes.get_legend()
        if legend is not None:
            legend.set_frame_on(False)  # a white box on a dark page
    drawn = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = _EVERYWHERE.sub("", drawn.getvalue().partition("<svg")[2]).replace(_INK, "currentColor")
    return Plot(f'<svg role="img" aria-label="{escape(words)}" style="{_ROOT}"{svg.rstrip()}', words)
