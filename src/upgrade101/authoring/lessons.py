"""Run every lesson headless: ``python3 start.py lessons``.

Each runs in a kernel of its own, without a network, on moto, some at a time, in up to three ways: once, as Run All
does; every cell twice in a row; and every section alone after the first code cell.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from ..gateway.errors import ConfigurationError
from . import contract
from .reading import read
from .run import Ran, Report, code_cells, run_all, twice

AT_ONCE = 2
PATIENCE_SECONDS = 240.0
SECONDS = {"07": 30.0}  # what Run All may take on two cores
MOST_SECONDS = 15.0

ONCE, TWICE, SECTIONS = "once", "twice", "sections"
AFRESH = """
from upgrade101 import cloud
cloud.stop()
get_ipython().run_line_magic("reset", "-f")
"""
"""Code that takes away what a section has left behind: its names, and its cloud with everything in it."""


@dataclass(frozen=True, slots=True)
class Job:
    """A lesson or a lab, and one way to run it; in a strict run, a check that is not done fails its cell."""

    path: Path
    way: str = ONCE
    is_strict: bool = False

    @property
    def number(self) -> str:
        """Return the lesson's number, ``05`` say."""
        return self.path.stem[:2]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job: its report and what it asked AWS for, or the ``trouble`` that kept it from running."""

    job: Job
    report: Report
    trouble: str = ""
    requests: Sequence[contract.Request] = ()

    @property
    def failed(self) -> str:
        """Return the first cell that failed and why, or ''."""
        first = next(iter(self.report.failures), None)
        if first is None:
            return self.trouble
        return f"{first.cell_id}: {first.error or ('the kernel died' if self.report.died else 'never finished')}"

    @property
    def is_slow(self) -> bool:
        """Tell whether Run All took longer than a lesson's may."""
        return self.job.way == ONCE and self.report.seconds > SECONDS.get(self.job.number, MOST_SECONDS)


def lessons(root: Path, only: Iterable[str] = ()) -> list[Path]:
    """Return the lessons of a course in order, or those that ``only`` names: ``05``, or a slug.

    Raises ConfigurationError where there is none of that name.
    """
    found = sorted((root / "notebooks").glob("*.ipynb"))
    wanted = [Path(name).stem for name in only]
    for name in wanted:
        if not any(path.stem == name or path.stem[:2] == name for path in found):
            numbers = ", ".join(path.stem[:2] for path in found)
            raise ConfigurationError(f"there is no lesson {name}", hint=f"one of {numbers or 'none'}")
    return [path for path in found if not wanted or {path.stem, path.stem[:2]} & set(wanted)]


def cells_of(job: Job) -> list[Ran]:
    """Return the code that a job runs, in order."""
    cells = code_cells(job.path)
    if job.way == TWICE:
        return twice(cells)
    return sections(job.path, cells) if job.way == SECTIONS else cells


def sections(path: Path, cells: Sequence[Ran]) -> list[Ran]:
    """Return each section of a notebook, which a heading of level 2 begins: a start afresh, the first cell, its own.

    A cell's id has its section's place before it: ``2/run-echo``.
    """
    code = {cell.cell_id: cell for cell in cells}
    own: list[list[Ran]] = []
    for cell in read(path).cells:
        if any(level == 2 for level, _ in cell.headings):
            own.append([])
        elif cell.is_code and own:
            own[-1].append(code[cell.id])
    begin = [Ran("afresh", AFRESH), cells[0]] if cells else []
    return [
        Ran(f"{place}/{cell.cell_id}", cell.source, cell.expected_to_fail)
        for place, section in enumerate(filter(None, own), 1)
        for cell in (*begin, *section)
    ]


def run(job: Job, stop: threading.Event, seen: Callable[[Job, int, int], None] = lambda *_: None) -> Done:
    """Run one job to its end, or until ``stop``; ``seen`` hears how many cells of how many are done. Never raises."""
    try:
        cells = cells_of(job)
        seen(job, 0, len(cells))
        with tempfile.TemporaryDirectory(prefix="lesson-", ignore_cleanup_errors=True) as folder:
            asked = Path(folder, "requests")
            learner = {"UPGRADE101_PROGRESS": str(Path(folder, "progress.json")), "CLOUD": "moto", "AWS_PROFILE": ""}
            strict = {"UPGRADE101_STRICT": "1"} if job.is_strict else {}
            report = run_all(
                cells,
                job.path.parent,
                first=contract.FIRST,
                environment={**learner, **strict, contract.FILE: str(asked)},
                patience=PATIENCE_SECONDS,
                stop=stop,
                seen=lambda done: seen(job, done, len(cells)),
            )
            return Done(job, report, requests=contract.requests_in(asked))
    except Exception as error:  # somebody is writing it, or the kernel did not start
        return Done(job, Report([], 0.0), f"{type(error).__name__}: {error}")


class Runs:
    """Jobs on their way, ``at_once`` at a time; close it, and those that have not ended are given up.

    Use it as ``with Runs(jobs) as runs: …``.
    """

    def __init__(
        self,
        jobs: Iterable[Job],
        *,
        at_once: int = AT_ONCE,
        seen: Callable[[Job, int, int], None] = lambda *_: None,
    ) -> None:
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(at_once, "lesson")
        self._futures: dict[Job, Future[Done]] = {job: self._pool.submit(run, job, self._stop, seen) for job in jobs}

    def __enter__(self) -> Runs:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def result(self, job: Job) -> Done:
        """Return what came of a job, once it has ended."""
        return self._futures[job].result()

    def as_they_end(self) -> Iterator[Done]:
        """Yield what comes of each job, whichever ends first."""
        pending = set(self._futures.values())
        while pending:
            done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)  # short: Ctrl+C comes in between
            yield from (future.result() for future in done)

    def close(self) -> None:
        """Give up what has not ended, and wait until no kernel of it is left; harmless where all have ended."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
