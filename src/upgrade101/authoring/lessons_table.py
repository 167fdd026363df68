"""What ``python3 start.py lessons`` shows: how far each lesson is, and a table of seconds and failures."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .lessons import ONCE, Done, Job, Runs


def show(paths: Sequence[Path], ways: Sequence[str], at_once: int, console: Console) -> int:
    """Run lessons in several ways, show how far they are, then the table; return the exit code: 1 where one failed."""
    jobs = [Job(path, way) for path in paths for way in ways]
    begun = time.monotonic()
    console.print(f"{len(paths)} lessons, {at_once} at a time, each in a kernel of its own; Ctrl+C ends it.")
    done: list[Done] = []
    bars = Bars(console)
    try:
        with bars.progress, Runs(jobs, at_once=at_once, seen=bars.seen) as runs:
            for each in runs.as_they_end():
                done.append(each)
                bars.ended(each)
    except KeyboardInterrupt:
        console.print(f"stopped; {len(done)} of {len(jobs)} runs had ended")
        return 130
    tell(done, ways, time.monotonic() - begun, console)
    return 1 if any(each.failed for each in done) else 0


class Bars:
    """A bar for each run that is under way; where nobody can see bars, a line for each that has ended."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._tasks: dict[Job, TaskID] = {}

    def seen(self, job: Job, done: int, of: int) -> None:
        """Move the bar of a run; any thread may say so."""
        if job not in self._tasks:
            self._tasks[job] = self.progress.add_task(_name(job), total=of)
        self.progress.update(self._tasks[job], completed=done)

    def ended(self, done: Done) -> None:
        """Put a line in the place of a bar."""
        if done.job in self._tasks:
            self.progress.remove_task(self._tasks[done.job])
        line = f"{_name(done.job):<34} {len(done.report.cells):>4} cells {done.report.seconds:6.1f} s  {_verdict(done)}"
        self.progress.console.print(Text(line.rstrip()), soft_wrap=True)


def _name(job: Job) -> str:
    return job.path.stem if job.way == ONCE else f"{job.path.stem}, {job.way}"


def _verdict(done: Done) -> str:
    return "fails" if done.failed else "ok, but slow" if done.is_slow else "ok"


def tell(done: Iterable[Done], ways: Sequence[str], seconds: float, console: Console) -> None:
    """Print the table, and below it what is known of each failure."""
    by_lesson: dict[Path, dict[str, Done]] = {}
    for each in sorted(done, key=lambda each: (each.job.path, ways.index(each.job.way))):
        by_lesson.setdefault(each.job.path, {})[each.job.way] = each
    table = Table("lesson", *(f"{way}, s" for way in ways), "first failing cell", box=None, pad_edge=False)
    for column in table.columns[1:-1]:
        column.justify = "right"
    for path, runs in by_lesson.items():
        failed = next((each for each in runs.values() if each.failed), None)
        table.add_row(path.stem, *(_seconds(each) for each in runs.values()), Text(_first_line(failed)))
    totals = [sum(runs[way].report.seconds for runs in by_lesson.values()) for way in ways]
    table.add_row("in all", *(f"{total:.1f}" for total in totals), "")
    console.print(table)
    console.print(f"{seconds:.0f} s by the clock, with the start of every kernel", highlight=False)
    for each in (each for runs in by_lesson.values() for each in runs.values() if each.failed):
        _tell_failure(each, console)


def _seconds(done: Done) -> str:
    return f"{done.report.seconds:.1f}{' slow' if done.is_slow else ''}"


def _first_line(failed: Done | None) -> str:
    return "" if failed is None else f"{failed.job.way}: {failed.failed.splitlines()[0][:100]}"


def _tell_failure(done: Done, console: Console) -> None:
    """Print the first failing cell of a run with its code and the end of what it said."""
    console.print()
    console.print(Text(f"{_name(done.job)}: {done.failed}"), soft_wrap=True, style="red")
    for cell in done.report.failures[:1]:
        said = [*cell.source.splitlines(), "", *cell.text.splitlines()[-8:], *done.report.kernel_log.splitlines()[-8:]]
        console.print(Text("\n".join(f"    {line}".rstrip() for line in said)), soft_wrap=True)
