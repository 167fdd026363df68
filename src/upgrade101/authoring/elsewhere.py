"""Run every lesson and every lab's solution on another cloud: ``python3 start.py elsewhere ministack``.

Where a cloud behaves unlike AWS, a cell fails, or a reveal shows another answer than the lesson expects. What is known
of that is in ``docs/other-clouds.toml``. A cell that differs and is not listed fails the run; so does one that is
listed and does not differ, because the list would grow stale.
"""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..gateway.errors import ConfigurationError
from .clouds import AWS, Cloud
from .lessons import lessons
from .run import NO_NETWORK, Ran, code_cells, run_all
from .verify import labs

LIST = "docs/other-clouds.toml"
PATIENCE_SECONDS = 900.0
_UNEXPECTED = re.compile(r"the run\s+showed\s+(\w)\b.*The\s+lesson\s+expected\s+(\w)\s+here", re.DOTALL)

OK, DIFFERENT, FAILED = "ok", "different", "failed"


@dataclass(frozen=True, slots=True)
class Difference:
    """What one cloud does unlike AWS: ``what``, the learner's way round, and the cells where it shows, by notebook.

    ``sometimes`` it does not show: what hangs on time.
    """

    cloud: str
    what: str
    instead: str
    cells: Mapping[str, Sequence[str]]
    sometimes: bool = False


@dataclass(frozen=True, slots=True)
class Notebook:
    """A lesson, ``05``, or the solution of a lab, ``lab 05``."""

    name: str
    path: Path


@dataclass(slots=True)
class Done:
    """What came of a notebook: each cell's verdict, and what is wrong with each one whose verdict is ``failed``."""

    notebook: Notebook
    seconds: float = 0.0
    verdicts: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def count(self, verdict: str) -> int:
        """Return how many cells have a verdict."""
        return list(self.verdicts.values()).count(verdict)


def differences(root: Path) -> list[Difference]:
    """Return all that is listed. Raises ConfigurationError where the list cannot be read."""
    try:
        listed = tomllib.loads((root / LIST).read_text(encoding="utf-8"))
        return [Difference(cloud, **each) for cloud, them in listed.items() for each in them]
    except FileNotFoundError:
        return []
    except (tomllib.TOMLDecodeError, TypeError, AttributeError) as fault:
        raise ConfigurationError(f"{LIST}: {fault}", hint="what, instead, cells, and sometimes = true") from None


def notebooks(root: Path, only: Iterable[str] = (), *, with_labs: bool = True) -> list[Notebook]:
    """Return the lessons and after them the labs' solutions, or those that ``only`` names: ``05``, or a slug.

    Raises ConfigurationError where there is none of that name.
    """
    wanted = list(only)
    found = [Notebook(path.stem[:2], path) for path in lessons(root, wanted)]
    if with_labs:
        has_lab = {slug for slug in labs(root) if not wanted or {slug, slug[:2]} & set(wanted)}
        found += [Notebook(f"lab {slug[:2]}", root / "solutions" / slug / f"{slug}.ipynb") for slug in sorted(has_lab)]
    return found


def listed_wrongly(root: Path) -> list[str]:
    """Return in sentences what the list names and the course does not have, or names twice."""
    known = {each.name: {cell.cell_id for cell in code_cells(each.path)} for each in notebooks(root)}
    seen: set[tuple[str, str, str]] = set()
    wrong = []
    for difference in differences(root):
        for name, ids in difference.cells.items():
            for id in ids:
                place = (difference.cloud, name, id)
                if id not in known.get(name, ()):
                    wrong.append(f"{difference.cloud}: {name} has no cell {id}")
                if place in seen:
                    wrong.append(f"{difference.cloud}: {name} {id} is listed twice")
                seen.add(place)
    return wrong


def run(
    notebook: Notebook,
    cloud: Cloud,
    listed: Sequence[Difference],
    seen: Callable[[int, int], None] = lambda *_: None,
) -> Done:
    """Run a notebook on a cloud and judge each of its cells; ``seen`` hears how many of how many are done.

    Where ``cloud.start`` fails the notebook ends there, with that one failure: its other cells would all say the same.
    Never raises for what a cell does. Raises ConfigurationError where the cloud does not start.
    """
    cells = code_cells(notebook.path)
    with cloud.running() as where, tempfile.TemporaryDirectory(prefix="cloud-", ignore_cleanup_errors=True) as folder:
        report = run_all(
            cells,
            notebook.path.parent,
            first=NO_NETWORK if cloud.is_here else "",
            environment=environment(cloud, where, Path(folder)),
            patience=PATIENCE_SECONDS,
            seen=lambda done: seen(done, len(cells)),
            is_last=has_not_started,
        )
    return judge(notebook, report.cells, report.seconds, [each for each in listed if each.cloud == cloud.name])


def environment(cloud: Cloud, where: str, folder: Path) -> dict[str, str]:
    """Return what the kernel of a run is told: where it runs, and that it is nobody's own progress.

    What is created where it outlives the run is written down where ``start.py cleanup`` looks.
    """
    told = {"CLOUD": where, "UPGRADE101_PROGRESS": str(folder / "progress.json"), "UPGRADE101_STRICT": "1"}
    if cloud.is_kept:
        kept = os.environ.get("UPGRADE101_LEDGER") or str(Path.home() / ".upgrade101" / "runs")
        told["UPGRADE101_LEDGER"] = kept
    if cloud.name != AWS:
        told["AWS_PROFILE"] = ""
    return told


def judge(notebook: Notebook, cells: Iterable[Ran], seconds: float, listed: Iterable[Difference]) -> Done:
    """Return the verdict on each cell, held against what is listed for the cloud on which it ran."""
    known = {id: each.sometimes for each in listed for id in each.cells.get(notebook.name, ())}
    done = Done(notebook, seconds)
    for cell in cells:
        fault = fault_of(cell)
        if not fault and known.get(cell.cell_id, True):
            done.verdicts[cell.cell_id] = OK
        elif fault and cell.cell_id in known:
            done.verdicts[cell.cell_id] = DIFFERENT
        else:
            done.verdicts[cell.cell_id] = FAILED
            done.faults[cell.cell_id] = fault or f"it is listed in {LIST}, and it is as on AWS"
    return done


def has_not_started(cell: Ran) -> bool:
    """Tell whether a cell that is done should have started the cloud, and has not.

    >>> has_not_started(Ran("start", "import boto3\\ncloud.start()", done=True, error="NotStarted: no region"))
    True
    """
    return "cloud.start(" in cell.source and not cell.ok


def fault_of(cell: Ran) -> str:
    """Return what a cell does unlike AWS: its error, or the answer that a reveal did not expect; or ''."""
    if not cell.ok:
        return cell.error or "it never finished"
    other = _UNEXPECTED.search(cell.text)
    return f"the run showed {other[1]}, and the lesson expects {other[2]}" if other else ""
