"""Prove the labs both ways: ``python3 start.py labs verify``.

Every lab is run three times, each in a kernel of its own, without a network: solved, where every check must pass; as it
is handed out, where none may pass, none crash and no cell raise; and with every wrong answer of ``checks/wrongNN.py``,
which must be told the words that are meant for it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from ..course.exercises import exercises
from ..course.wrong import shortcomings, wrong_answers
from ..gateway.errors import ConfigurationError
from .labs import sources
from .labs_kernel import FILE, WATCH
from .run import Ran, Report, code_cells, run_all

AT_ONCE = 2
PATIENCE_SECONDS = 600.0

SOLVED, UNTOUCHED, WRONG = "solved", "untouched", "wrong answers"
WAYS = (SOLVED, UNTOUCHED, WRONG)
_FOLDERS = {SOLVED: "solutions", UNTOUCHED: "labs"}


@dataclass(frozen=True, slots=True)
class Job:
    """A lab by its slug, and one way to run it."""

    name: str
    way: str

    @property
    def lab(self) -> str:
        """Return the lab's number, ``05`` say."""
        return self.name[:2]


@dataclass(frozen=True, slots=True)
class Said:
    """What a check said: its state, and its card as text."""

    state: str
    words: str


Verdicts = dict[str, Said]  # by exercise, or by a wrong answer's place in the list


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it should be. ``exercise`` is its id, or '' for a whole run."""

    exercise: str
    what: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job: as many of its exercises, or of its wrong answers, are as they should be."""

    job: Job
    good: int
    of: int
    seconds: float
    problems: Sequence[Problem] = ()


Seen = Callable[[Job, int, int], None]


def labs(root: Path, only: Iterable[str] = ()) -> list[str]:
    """Return the slugs of the labs that have a solution, or those that ``only`` names: ``05``, or a slug.

    Raises ConfigurationError where there is none, or none of that name.
    """
    found, wanted = sources(root), list(only)
    if not found:
        raise ConfigurationError(f"there is no lab in {root}", hint="run this in the folder of the course")
    for name in wanted:
        if not any(name in (slug, slug[:2]) for slug in found):
            raise ConfigurationError(f"there is no lab {name}", hint=f"one of {', '.join(slug[:2] for slug in found)}")
    return [slug for slug in found if not wanted or {slug, slug[:2]} & set(wanted)]


def verify(
    root: Path,
    jobs: Iterable[Job],
    *,
    at_once: int = AT_ONCE,
    seen: Seen = lambda *_: None,
) -> Generator[Done]:
    """Run jobs, ``at_once`` at a time, and yield what comes of each, whichever ends first.

    ``seen`` hears from any thread how many cells of how many a job has run. Close the iterator, and what has not ended
    is given up, down to the last kernel.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(at_once, "lab") as pool:
        pending = {pool.submit(run, root, job, stop, seen) for job in jobs}
        try:
            while pending:
                ended, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)  # short: Ctrl+C comes between
                yield from (future.result() for future in ended)
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


def run(root: Path, job: Job, stop: threading.Event, seen: Seen) -> Done:
    """Run one job to its end, or until ``stop``. Never raises."""
    try:
        with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as folder:
            verdicts = Path(folder, "verdicts")
            cells = [Ran("watch", WATCH), *_cells(root, job, Path(folder))]
            seen(job, 0, len(cells))
            report = run_all(
                cells,
                Path(folder, job.name),
                environment={FILE: str(verdicts), **_learner(Path(folder))},
                patience=PATIENCE_SECONDS,
                stop=stop,
                seen=lambda done: seen(job, done, len(cells)),
            )
            return judge(job, report, _read(verdicts))
    except Exception as error:  # somebody is writing it, or the kernel did not start
        return Done(job, 0, 0, 0.0, [Problem("", f"it cannot be run: {type(error).__name__}: {error}")])


def _learner(folder: Path) -> dict[str, str]:
    """Return the environment of a learner who begins: no progress, no account, and checks that do not raise."""
    progress = str(folder / "progress.json")
    return {"UPGRADE101_PROGRESS": progress, "UPGRADE101_STRICT": "", "CLOUD": "moto", "AWS_PROFILE": ""}


def _cells(root: Path, job: Job, folder: Path) -> list[Ran]:
    """Return the code of a job, and make the folder in which it runs: a copy, so that the course's own stays whole."""
    if job.way == WRONG:
        Path(folder, job.name).mkdir()
        return _wrong_cells(job.lab)
    copy = shutil.copytree(root / _FOLDERS[job.way] / job.name, folder / job.name)
    return code_cells(copy / f"{job.name}.ipynb")


def _wrong_cells(lab: str) -> list[Ran]:
    start = Ran("start", 'from upgrade101 import cloud\ncloud.start("moto", quiet=True)')
    tries = [
        Ran(f"{place}", f"from upgrade101.authoring.labs_kernel import try_wrong\ntry_wrong({lab!r}, {place})")
        for place in range(len(wrong_answers(lab)))
    ]
    return [start, *tries, Ran("stop", "cloud.stop()")]


def _read(file: Path) -> Verdicts:
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {line["about"]: Said(line["state"], line["said"]) for line in map(json.loads, lines)}


# ── what is as it should be ──────────────────────────────────────────────────────────────────────────────────────────


def judge(job: Job, report: Report, verdicts: Verdicts) -> Done:
    """Return what a run and its checks' verdicts mean for a job."""
    ids = [exercise.id for exercise in exercises(job.lab)]
    if not ids:
        return Done(job, 0, 0, report.seconds, [Problem("", f"there are no exercises in checks/lab{job.lab}.py")])
    if job.way == WRONG:
        return _judge_wrong(job, ids, report, verdicts)
    faults = {id: fault for id in ids if (fault := _fault(job.way, id, verdicts.get(id)))}
    return Done(job, len(ids) - len(faults), len(ids), report.seconds, [*_failures(report), *faults.values()])


def _fault(way: str, id: str, said: Said | None) -> Problem | None:
    """Return what is wrong with the verdict on one exercise of a solution, or of a lab as it is handed out."""
    if said is None:
        return Problem(id, "its check never came to a verdict")
    if way == SOLVED and said.state != "done":
        return Problem(id, "the solution does not pass", said.words)
    if way == UNTOUCHED and said.state == "done":
        return Problem(id, "the check passes although nothing was written", said.words)
    if way == UNTOUCHED and said.state not in ("not yet", "unwritten"):
        return Problem(id, "the check crashes where nothing was written", said.words)
    return None


def _judge_wrong(job: Job, ids: list[str], report: Report, verdicts: Verdicts) -> Done:
    cells = {cell.cell_id: cell for cell in report.cells}
    known = wrong_answers(job.lab)
    missed = []
    for place, wrong in enumerate(known):
        said = verdicts.get(str(place), Said("", ""))
        what = wrong.misses(said.state, said.words) if said.state else _why(report, cells[str(place)])
        if what:
            missed.append(Problem(wrong.exercise, f"{wrong.name!r}: {what}", said.words))
    problems = [*_failures(report), *(Problem(id, what) for id, what in shortcomings(job.lab, ids)), *missed]
    return Done(job, len(known) - len(missed), len(known), report.seconds, problems)


def _failures(report: Report) -> Iterator[Problem]:
    """Yield the cells that failed, but those of wrong answers."""
    for cell in report.failures:
        if not cell.cell_id.isdigit():
            yield Problem("", f"cell {cell.cell_id}: {_why(report, cell)}", cell.text)


def _why(report: Report, cell: Ran) -> str:
    return cell.error or ("the kernel died" if report.died else "it never finished")
