"""What ``python3 start.py labs verify`` shows: how far each run is, a table, and what is not as it should be."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .verify import WAYS, Done, Job, Problem, verify

SAID_LINES = 14  # of what a check or a cell said


def show(root: Path, names: Sequence[str], at_once: int, console: Console) -> int:
    """Verify labs, show how far they are, then the table; return the exit code: 1 where something is wrong."""
    jobs = [Job(name, way) for name in names for way in WAYS]
    begun = time.monotonic()
    console.print(f"{len(names)} labs, {at_once} runs at a time, each in a kernel of its own; Ctrl+C ends it.")
    done: list[Done] = []
    bars = Bars(console)
    try:
        with bars.progress, closing(verify(root, jobs, at_once=at_once, seen=bars.seen)) as runs:
            for each in runs:
                done.append(each)
                bars.ended(each)
    except KeyboardInterrupt:
        console.print(f"stopped; {len(done)} of {len(jobs)} runs had ended")
        return 130
    tell(done, time.monotonic() - begun, console)
    return 1 if any(each.problems for each in done) else 0


class Bars:
    """A bar for each run that is under way; where nobody can see bars, a line for each that has ended."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._tasks: dict[Job, TaskID] = {}

    def seen(self, job: Job, done: int, of: int) -> None:
        """Move the bar of a run; any thread may say so."""
        if job not in self._tasks:
            self._tasks[job] = self.progress.add_task(f"{job.name}, {job.way}", total=of)
        self.progress.update(self._tasks[job], completed=done)

    def ended(self, done: Done) -> None:
        """Put a line in the place of a bar."""
        if done.job in self._tasks:
            self.progress.remove_task(self._tasks[done.job])
        name, verdict = f"{done.job.name}, {done.job.way}", "ok" if not done.problems else "fails"
        line = f"{name:<40} {done.good:>3} of {done.of:<3} {done.seconds:6.1f} s  {verdict}"
        self.progress.console.print(Text(line), soft_wrap=True)


def tell(done: Iterable[Done], seconds: float, console: Console) -> None:
    """Print the table, and below it what is wrong, each with what was said instead."""
    runs = sorted(done, key=lambda each: (each.job.name, WAYS.index(each.job.way)))
    heads = ("exercises", "solved", "untouched", "wrong answers", "seconds")
    table = Table("lab", *heads, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name in dict.fromkeys(each.job.name for each in runs):
        table.add_row(name, *_row([each for each in runs if each.job.name == name]))
    table.add_row("in all", *_row(runs))
    console.print(table, highlight=False)
    console.print("Solved pass, untouched do not, and wrong answers are told the words that are meant for them.")
    console.print(f"{seconds:.0f} s by the clock, with the start of every kernel", highlight=False)
    for each in runs:
        for problem in each.problems:
            _tell_problem(each.job, problem, console)


def _row(runs: Sequence[Done]) -> list[str]:
    ways = [[each for each in runs if each.job.way == way] for way in WAYS]
    counts = [f"{sum(each.good for each in way)} of {sum(each.of for each in way)}" for way in ways]
    return [str(sum(each.of for each in ways[0])), *counts, f"{sum(each.seconds for each in runs):.1f}"]


def _tell_problem(job: Job, problem: Problem, console: Console) -> None:
    where = f"{job.name}, {job.way}{f', {problem.exercise}' if problem.exercise else ''}"
    console.print()
    console.print(Text(f"{where}: {problem.what}"), soft_wrap=True, style="red")
    said = [line for line in problem.said.splitlines() if line.strip()]
    cut = ["…"] if len(said) > SAID_LINES else []
    console.print(Text("\n".join(f"    {line}" for line in [*said[:SAID_LINES], *cut])), soft_wrap=True)
