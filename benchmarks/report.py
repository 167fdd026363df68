"""What was measured, as a table on the terminal, and as a table and a picture in docs/performance.md."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from .contest import Measured
from .contestants import BARE, CONTESTANTS, GATEWAY, HOOK, MINISTACK, OFFLINE, SERVED, THREAD, versions

COLUMNS = (BARE, THREAD, HOOK, GATEWAY, SERVED, MINISTACK, OFFLINE)
BESIDES: tuple[tuple[str, str, Callable[[list[float]], float]], ...] = (
    ("cpu", "CPU time of the server for each, µs", statistics.median),
    ("p99 ms", "99th percentile in the worst round, ms", max),
)
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def machine() -> str:
    """Return one line about the machine, and one about what runs on it."""
    cores, memory = os.cpu_count(), psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{name} {number}" for name, number in versions().items())
    return (
        f"{platform.system()} on {platform.machine()}, {cores} cores, {memory:.0f} GB; "
        f"Python {platform.python_version()}, {packages}"
    )


def columns(measured: Sequence[Measured]) -> list[str]:
    """Return the contestants that have a number somewhere."""
    return [name for name in COLUMNS if any(name in each.results for each in measured)]


def row(measured: Measured, names: Iterable[str]) -> list[str]:
    """Return the cells of one row: title, numbers, ratio, target and whether it is reached."""
    case = measured.case
    cells = [f"{case.title}, {case.unit}"]
    for name in names:
        spread = measured.spread(name)
        cells.append(spread.words(case.digits) if spread else "failed" if name in measured.troubles else "")
    ratio = measured.ratio(case.reference) if case.reference else None
    cells.append(f"{ratio.words(2)} × {CONTESTANTS[case.reference].label}" if ratio else "")
    cells.append(target(measured))
    cells.append({True: "yes", False: "no", None: ""}[measured.reached()])
    return cells


def head(names: Iterable[str]) -> list[str]:
    """Return the cells above."""
    labels = [CONTESTANTS[name].label for name in names]
    return ["case", *labels, "ratio, round by round", "target", "reached"]


def notes(measured: Measured) -> list[str]:
    """Return in sentences what has no place in a row."""
    found = []
    if measured.case.name == "round-trip" and (sentence := round_trip(measured)):
        found.append(sentence)
    for key, what, of in BESIDES:
        said = [
            f"{CONTESTANTS[name].label} {of([result[key] for result in results]):,.1f}"
            for name, results in measured.results.items()
            if key in results[0]
        ]
        if said:
            found.append(f"{what}: {', '.join(said)}")
    for name, results in measured.results.items():
        keys = [key for key in results[0] if key not in ("value", "client", "p99 ms", "cpu")]
        words = ", ".join(f"{key} {max(result[key] for result in results):,.1f}".replace(".0", "") for key in keys)
        if words:
            found.append(f"{CONTESTANTS[name].label}: {words}{' at most' if len(results) > 1 else ''}")
    busiest = measured.most("client")
    if busiest is not None:
        found.append(f"the clients' process was busy for at most {busiest:.0%} of a core")
    return found


def round_trip(measured: Measured) -> str:
    """Return the one sentence on a message there and back."""
    ours, bare, ratio = measured.spread(GATEWAY), measured.spread(BARE), measured.ratio(BARE)
    if not (ours and bare and ratio):
        return ""
    return (
        f"A message through gateway and Lambda and back takes {ours.words(3)} ms, through a bare websockets echo "
        f"{bare.words(3)} ms; ratio of the medians, round by round: {ratio.words(2)}."
    )


def block(measured: Measured) -> list[str]:
    """Return the lines of one case, for a terminal."""
    case = measured.case
    lines = [f"{case.name}: {case.title}, {case.unit}"]
    for name in case.contestants:
        spread = measured.spread(name)
        if spread or name in measured.troubles:
            words = spread.words(case.digits) if spread else measured.troubles[name]
            lines.append(f"  {CONTESTANTS[name].label:28} {words}")
    ratio = measured.ratio(case.reference) if case.reference else None
    if ratio:
        lines.append(f"  {'ratio to ' + CONTESTANTS[case.reference].label:28} {ratio.words(2)}, round by round")
    if case.target is not None:
        verdict = {True: "reached", False: "not reached", None: "not measured"}[measured.reached()]
        lines.append(f"  {'wanted':28} {target(measured)}: {verdict}")
    return [*lines, *(f"  {note}" for note in notes(measured))]


def target(measured: Measured) -> str:
    """Return what is wanted of the gateway.

    >>> from .cases import ALL
    >>> target(Measured(ALL["connect"])), target(Measured(ALL["neighbour"]))
    ('≥ 0.7', '≤ 5 ms')
    """
    case = measured.case
    if case.target is None:
        return ""
    return f"{'≥' if case.more_is_better else '≤'} {case.target:g}{'' if case.reference else ' ' + case.unit}"


def markdown(names: Sequence[str], measured: Sequence[Measured]) -> str:
    """Return a table for a page."""
    lines = [head(names), ["---"] * (len(names) + 4), *(row(each, names) for each in measured)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def failures(measured: Measured) -> list[str]:
    """Return in sentences why a contestant has no number."""
    return [f"{CONTESTANTS[name].label} failed: {why}" for name, why in measured.troubles.items()]


def page(tables: Sequence[Sequence[Measured]], picture: str) -> str:
    """Return the measured part of docs/performance.md."""
    parts = [
        f"Measured on {datetime.now(UTC):%d %B %Y}: {machine()}.",
        "Medians; in brackets the lowest and the highest round.",
        f"![{picture}](pictures/performance.svg)",
    ]
    titles = ("### Handlers that do nothing else", "### Handlers that write to DynamoDB")
    for title, measured in zip(titles, tables, strict=True):
        remarks = [f"- {each.case.name}: {note}" for each in measured for note in [*failures(each), *notes(each)]]
        parts += [title, markdown(columns(measured), measured), "\n".join(remarks)]
    return "\n\n".join(parts)


def write(path: Path, measured: str) -> None:
    """Put the measured part between its marks and leave everything else as it is."""
    text = path.read_text(encoding="utf-8") if path.exists() else f"# How fast it is\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}", encoding="utf-8", newline="\n")
