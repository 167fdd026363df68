"""Look at lessons as learners do: ``python3 start.py lessons --browser``.

Each runs in a real JupyterLab and a real browser, light and dark, and leaves a picture of the whole notebook.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from .browser import Seen, look
from .run import code_cells

THEMES = ("Light", "Dark")
PATIENCE_SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Look:
    """One run of a lesson in a browser: what was wrong, and where its picture is."""

    path: Path
    theme: str
    seconds: float
    faults: list[str]
    picture: Path


def look_at(path: Path, theme: str, folder: Path) -> Look:
    """Run a copy of a lesson in JupyterLab, and save its picture in a folder. Never raises."""
    began = time.monotonic()
    picture = folder / f"{path.stem}-{theme.lower()}.png"
    try:
        with tempfile.TemporaryDirectory(prefix="desk-", ignore_cleanup_errors=True) as desk:
            copy = Path(shutil.copy(path, desk))
            learner = {"UPGRADE101_PROGRESS": str(Path(desk, "progress.json")), "CLOUD": "moto", "AWS_PROFILE": ""}
            seen = look(copy, picture, theme=theme, environment=learner, patience=PATIENCE_SECONDS)
        faults = list(faults_of(seen, path))
    except Exception as fault:  # no browser, or the lesson never ended
        faults = [f"{type(fault).__name__}: {fault}"]
    return Look(path, theme, time.monotonic() - began, faults, picture)


def faults_of(seen: Seen, path: Path) -> Iterator[str]:
    """Yield what is wrong with a run: cells, pictures without words, requests beyond this machine, console errors."""
    expected = {cell.cell_id: cell for cell in code_cells(path)}
    code = [cell for cell in seen.cells if cell["type"] == "code"]
    if not seen.passed:
        yield "Run All did not come to its end"
    if [cell["count"] for cell in code] != list(range(1, len(code) + 1)):
        yield "not every cell ran once, in order"
    for cell in code:
        if cell["errors"] and not expected[cell["id"]].expected_to_fail:
            yield f"{cell['id']} failed: {cell['text'][-200:]}"
        if not all(cell["pictures"]):
            yield f"{cell['id']} shows a picture that says nothing in words"
    yield from (f"the page asked for {address}" for address in seen.outside)
    yield from (f"in the console: {words}" for words in seen.console)


def show(paths: Sequence[Path], folder: Path, console: Console, themes: Iterable[str] = THEMES) -> int:
    """Look at lessons one after the other, say what was found, and return the exit code: 1 where something is wrong."""
    jobs = [(path, theme) for path in paths for theme in themes]
    console.print(f"{len(jobs)} runs in JupyterLab, half a minute each; the pictures go to {folder}", soft_wrap=True)
    wrong = 0
    for path, theme in jobs:
        seen = look_at(path, theme, folder)
        wrong += bool(seen.faults)
        verdict = "; ".join(seen.faults) or "ok"
        console.print(Text(f"{path.stem:<24} {theme.lower():<6} {seen.seconds:6.1f} s  {verdict}"), soft_wrap=True)
    console.print(f"{len(jobs) - wrong} of {len(jobs)} runs are as they should be", highlight=False)
    return 1 if wrong else 0
