"""``python3 start.py bench``."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from . import report
from .cases import ALL, CASES, CASES_WITH_DYNAMODB, Case
from .contest import Measured, run
from .contestants import missing
from .picture import draw
from .processes import ROOT, raise_the_number_of_files

console, progress = Console(), Console(stderr=True)


def bench(names: Sequence[str], *, quick: bool, write: bool, listed: bool) -> int:
    """Measure and print, and return the exit code: 2 where the command makes no sense."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        console.print(f"there is no case {unknown[0]!r}; see: python3 start.py bench --list", markup=False)
        return 2
    if write and (names or quick):
        console.print("--write wants the whole table: leave --case and --quick out", markup=False)
        return 2
    if listed:
        for case in ALL.values():
            console.print(f"{case.name:20} {case.title}, {case.unit}", markup=False, highlight=False)
        return 0
    raise_the_number_of_files()
    console.print(report.machine(), highlight=False, markup=False, soft_wrap=True)
    absent = missing()
    for sentence in absent.values():
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    tables = [
        [_measured(case, tuple(absent), quick) for case in cases if not names or case.name in names]
        for cases in (CASES, CASES_WITH_DYNAMODB)
    ]
    if write:
        path = ROOT / "docs" / "performance.md"
        words = draw(tables[0], ROOT / "docs" / "pictures" / "performance.svg")
        report.write(path, report.page(tables, words))
        console.print(f"written: {path.relative_to(ROOT)}", highlight=False)
    return 0


def _measured(case: Case, absent: Sequence[str], quick: bool) -> Measured:
    """Measure a case and print it."""
    with progress.status(case.name) as status:
        measured = run(case, absent, quick, status.update)
    console.print("\n".join(["", *report.block(measured)]), highlight=False, markup=False, soft_wrap=True)
    return measured
