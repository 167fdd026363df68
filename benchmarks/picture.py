"""The measurements as one picture: how quick each server is beside the one that it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from upgrade101 import plot

from .contest import Measured
from .contestants import CONTESTANTS, GATEWAY, MINISTACK, OFFLINE, THREAD

COLOURS = {GATEWAY: plot.BLUE, THREAD: plot.GREY, MINISTACK: plot.ORANGE, OFFLINE: plot.GREEN}
MARKS = {GATEWAY: "o", THREAD: "|", MINISTACK: "s", OFFLINE: "^"}
STYLE = "<style>svg{color:#1f2328}@media (prefers-color-scheme:dark){svg{color:#e6edf3}}</style>"


def speed(measured: Measured, name: str) -> float | None:
    """Return how quick a contestant is: 1 is as quick as the reference, 2 is twice as quick."""
    ours, other = measured.spread(name), measured.spread(measured.case.reference)
    if ours is None or other is None or not ours.middle or not other.middle:
        return None
    ratio = ours.middle / other.middle
    return ratio if measured.case.more_is_better else 1 / ratio


def draw(measured: Sequence[Measured], path: Path) -> str:
    """Draw the cases that have a reference, write an SVG for light and dark pages, and return it in words."""
    shown = [each for each in measured if each.case.reference and speed(each, GATEWAY)]
    figure, axes = plot.axes("speed, times that of what it is compared with", "", height=0.8 + 0.55 * len(shown))
    places = range(len(shown) - 1, -1, -1)
    for name, colour in COLOURS.items():
        points = [(found, place) for each, place in zip(shown, places, strict=True) if (found := speed(each, name))]
        if points:
            across, up = zip(*points, strict=True)
            axes.plot(across, up, MARKS[name], color=colour, label=CONTESTANTS[name].label, markersize=9)
    axes.axvline(1, color=plot.GREY, linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(list(places), [label(each) for each in shown])
    axes.set_xlabel("speed, times that of the one compared with (higher is better)")
    figure.legend(loc="outside upper center", ncols=len(COLOURS))
    words = "; ".join(sentence(each) for each in shown)
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = plot.show(figure, f"How quick the servers are: {words}").svg
    start = drawn.index(">") + 1
    path.write_text(drawn[:start] + STYLE + drawn[start:] + "\n", encoding="utf-8", newline="\n")
    return f"How quick the servers are: {words}"


def label(measured: Measured) -> str:
    """Return case and reference, for the axis."""
    return f"{measured.case.name}\nbeside {CONTESTANTS[measured.case.reference].label}"


def sentence(measured: Measured) -> str:
    """Return one case in words."""
    said = [
        f"{CONTESTANTS[name].label} {found:.2g}" for name in COLOURS if (found := speed(measured, name)) is not None
    ]
    return f"{measured.case.name}, {CONTESTANTS[measured.case.reference].label} being 1: {', '.join(said)}"
