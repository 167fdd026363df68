"""What the sums and the simulation say, drawn: light and dark, and each picture in words as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from .. import plot
from .bill import Bill
from .facts import Settings, settings
from .outcome import Outcome, duration, most_connections

_LOOKS = {  # colour, line, marker: no line is told by its colour alone
    "loop": (plot.ORANGE, "-", "o"),
    "queue": (plot.BLUE, "--", "s"),
    "shards": (plot.GREEN, "-.", "^"),
    "managed": (plot.VIOLET, ":", "D"),
}


def bars(bill: Bill) -> plot.Plot:
    """Draw a month's bill as one bar: messages received, messages sent, connection minutes."""
    figure, axes = plot.axes("US dollars a month", "", height=1.5)
    start, most = 0.0, max(bill.dollars, 0.01)
    looks = (("received", plot.BLUE, "//"), ("sent", plot.ORANGE, ""), ("minutes", plot.GREEN, ".."))
    for part, colour, hatch in looks:
        dollars = bill.parts[part]
        axes.barh(
            [0], [dollars], left=start, color="none" if hatch else colour, edgecolor=colour, hatch=hatch, label=part
        )
        start += dollars
    axes.set(yticks=[], xlim=(0, most * 1.02), ylim=(-0.5, 1.3))
    axes.legend(
        [f"{part} {dollars:,.2f}" for part, dollars in bill.parts.items()], loc="upper left", ncols=3, frameon=False
    )
    axes.spines["left"].set_visible(False)
    return plot.show(figure, str(bill))


def level(seen: Sequence[tuple[float, float]], numbers: Settings | None = None) -> plot.Plot:
    """Draw how many connections are open, by the hour."""
    figure, axes = plot.axes("hours", "open connections", height=2.8)
    axes.plot(*zip(*seen, strict=True), color=plot.BLUE)
    most = max(open_now for _, open_now in seen)
    full = next(hours for hours, open_now in seen if open_now == most)
    axes.annotate(f"{most:,.0f}", (full, most), xytext=(4, 6), textcoords="offset points")
    axes.set(ylim=(0, most * 1.2 or 1))
    axes.yaxis.set_major_formatter(FuncFormatter(_count))
    ceiling = most_connections(numbers or settings())
    return plot.show(
        figure,
        f"Open connections rise evenly and reach {most:,.0f} after {full:.1f} hours; {seen[-1][1]:,.0f} are open after "
        f"{seen[-1][0]:.1f} hours. The sum says {ceiling:,.0f}.",
    )


def curves(outcomes: Iterable[Outcome]) -> plot.Plot:
    """Draw how many have the message, by the time since it was sent."""
    outcomes = list(outcomes)
    figure, axes = plot.axes("seconds after it was sent", "have the message", height=3.2)
    for outcome in outcomes:
        colour, line, _ = _LOOKS[outcome.design]
        shares = [(at, total / outcome.connections) for at, total in outcome.curve]
        axes.plot(*zip(*shares, strict=True), color=colour, linestyle=line, label=outcome.design)
    slowest, quickest = (pick(each.last_seconds for each in outcomes) for pick in (max, min))
    axes.set(ylim=(0, 1.05), xscale="log" if slowest > 10 * quickest else "linear")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:g}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0%}"))
    axes.legend(loc="upper left", frameon=False)
    return plot.show(figure, " ".join(f"{outcome}." for outcome in outcomes))


def growth(outcomes: Iterable[Outcome]) -> plot.Plot:
    """Draw how long it takes until the last has it, by the number of connections; a cross where some never do."""
    outcomes = list(outcomes)
    figure, axes = plot.axes("connections", "until the last has it", width=7.8, height=3.8)
    axes.set(xscale="log", yscale="log")
    for design in _LOOKS:
        found = sorted((each for each in outcomes if each.design == design), key=lambda each: each.connections)
        if found:
            _line(axes, design, found)
    _level(axes, outcomes[0].numbers.integration_seconds, "the caller gives up")
    _level(axes, outcomes[0].numbers.function_seconds, "a function's time is up")
    axes.xaxis.set_major_formatter(FuncFormatter(_count))
    axes.minorticks_off()
    axes.set_yticks([0.1, 1, 10, 60, 600], ["0.1 s", "1 s", "10 s", "1 min", "10 min"])
    axes.plot([], [], color=plot.GREY, linestyle="none", marker="x", markersize=10, label="some never do")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 0.52), frameon=False)
    return plot.show(figure, _growth_words(outcomes))


def _line(axes: Axes, design: str, outcomes: Sequence[Outcome]) -> None:
    colour, line, marker = _LOOKS[design]
    sizes, seconds = [each.connections for each in outcomes], [each.last_seconds for each in outcomes]
    axes.plot(sizes, seconds, color=colour, linestyle=line, marker=marker, markersize=5, label=design)
    lost = [(each.connections, each.last_seconds) for each in outcomes if each.lost]
    if lost:
        axes.plot(*zip(*lost, strict=True), color=colour, linestyle="none", marker="x", markersize=13)


def _level(axes: Axes, seconds: float, words: str) -> None:
    axes.axhline(seconds, color=plot.GREY, linewidth=0.8)
    place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "xytext": (6, -4)}
    axes.annotate(words, (1, seconds), **place, annotation_clip=False, fontsize=9)


def _count(number: float, _: object) -> str:
    return f"{number / 1e6:g} million" if number >= 1e6 else f"{number:,.0f}"


def _growth_words(outcomes: Sequence[Outcome]) -> str:
    said = []
    for design, found in groupby(outcomes, key=lambda each: each.design):
        times = [
            f"{_count(one.connections, None)} in {duration(one.last_seconds)}"
            + (f" ({one.lost / one.connections:.0%} never)" if one.lost else "")
            for one in found
        ]
        said.append(f"{design}: {', '.join(times)}.")
    return "Until the last has it. " + " ".join(said)
