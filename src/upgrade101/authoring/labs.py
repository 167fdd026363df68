"""``labs/`` from ``solutions/``: what learners get is generated, never edited. ``python3 start.py labs [--check]``

Each lab is written once, solved, in nbgrader's source format: ``solutions/NN_slug/NN_slug.ipynb``. nbgrader's
``generate_assignment`` takes the solutions out, locks the checks and stamps the cells that are graded.
"""

from __future__ import annotations

import json
import logging
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from ..gateway.errors import ConfigurationError

STALE = "differs from what solutions/ gives"


def sources(root: Path) -> list[str]:
    """Return the name of every lab that has a solution, in order."""
    return sorted(path.stem for path in (root / "solutions").glob("*/*.ipynb") if path.stem == path.parent.name)


def generate(root: Path, target: Path | None = None, *, force: bool = False) -> list[Path]:
    """Write every lab below ``target``, which is ``labs`` unless given, and return their paths.

    Files that no solution gives are deleted there. The same solutions give the same bytes, on any machine. Raises
    ConfigurationError where nbgrader refuses a solution, or where a lab has been worked in, unless ``force``.
    """
    target = target or root / "labs"
    if not force:
        _refuse_to_lose_work(target)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "labs"
        for name in sources(root):
            _release(root, name, made)
        _replace(made, target)
    return sorted(target.rglob("*.ipynb"))


def differences(root: Path) -> Iterator[str]:
    """Yield a sentence for each file of ``labs`` that is not what the solutions give."""
    with tempfile.TemporaryDirectory() as folder:
        fresh, labs = Path(folder) / "labs", root / "labs"
        generate(root, fresh)
        for name in sorted(_files(fresh) | _files(labs)):
            if name not in _files(labs):
                yield f"labs/{name} is missing: python3 start.py labs"
            elif name not in _files(fresh):
                yield f"labs/{name} has no solution: write one, or delete it with python3 start.py labs"
            elif (fresh / name).read_bytes() != (labs / name).read_bytes():
                yield f"labs/{name} {STALE}: edit the solution, then python3 start.py labs"


def _release(root: Path, name: str, target: Path) -> None:
    """Have nbgrader make one lab, and keep what it made in the form of every notebook of the course."""
    with tempfile.TemporaryDirectory() as folder:
        _run_nbgrader(root, name, Path(folder))
        for path in sorted((Path(folder) / name).rglob("*")):
            place = target / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".ipynb":
                _write(nbformat.read(path, as_version=4), place)  # type: ignore[no-untyped-call]
            elif path.is_file():
                place.write_bytes(path.read_bytes())


def _run_nbgrader(root: Path, name: str, folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of SQLAlchemy and traitlets; nothing that an author could mend
        from nbgrader.converters import GenerateAssignment, NbGraderException
        from nbgrader.coursedir import CourseDirectory

        config = _settings(root, name, folder)
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
        heard = _Heard()
        converter.log = heard.log
        try:
            converter.start()
        except NbGraderException as error:
            why = heard.why or str(error)
            raise ConfigurationError(f"nbgrader refuses solutions/{name}: {why}", hint="mend the solution") from None


def _settings(root: Path, name: str, folder: Path) -> Any:
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = str(folder)
    config.CourseDirectory.assignment_id = name
    config.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", ".upgrade101"]
    config.GenerateAssignment.no_database = True
    config.GenerateAssignment.preprocessors = [
        "nbgrader.preprocessors.LockCells",
        "upgrade101.authoring.stubs.Stubs",
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.CheckCellMetadata",
        "nbgrader.preprocessors.ClearHiddenTests",
        "nbgrader.preprocessors.ClearMarkScheme",
        "nbgrader.preprocessors.ComputeChecksums",
    ]
    return config


class _Heard(logging.Handler):
    """Hears nbgrader's log, where it says why, and keeps it from the terminal."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.log = logging.Logger("nbgrader", logging.ERROR)
        self.log.addHandler(self)
        self.why = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the last line of a traceback: the error itself."""
        lines = record.getMessage().strip().splitlines()
        if lines and lines[0].startswith("Traceback"):
            self.why = lines[-1]


def _write(notebook: Any, path: Path) -> None:
    text = nbformat.writes(notebook, version=4)  # type: ignore[no-untyped-call]
    path.write_bytes(f"{text.rstrip()}\n".encode())


def _files(folder: Path) -> set[str]:
    """Return every file below a folder, but what running leaves behind."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    left = {".ipynb_checkpoints", ".upgrade101", "__pycache__"}
    return {path.as_posix() for path in found if not left & set(path.parts)}


def _replace(made: Path, target: Path) -> None:
    """Make the target hold what was made and nothing else."""
    for name in _files(target) - _files(made):
        (target / name).unlink()
    for name in sorted(_files(made)):
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes((made / name).read_bytes())


def _refuse_to_lose_work(target: Path) -> None:
    """Raise ConfigurationError where somebody has run a lab in this folder: what they wrote would be gone."""
    for path in sorted(target.glob("*/*.ipynb")):
        cells = json.loads(path.read_bytes()).get("cells", [])
        if any(cell.get("outputs") or cell.get("execution_count") for cell in cells):
            hint = "move it to another folder, or python3 start.py labs --force"
            raise ConfigurationError(f"{path.name} has been worked in, and would be overwritten", hint=hint)
