"""The package ``upgrade101`` that a submission's kernel imports: without checks, hints, solutions, and the cloud."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

_HERE = Path(__file__).parent
PACKAGE = _HERE.parent

_AS_IT_IS = (
    "crowd.py",
    "deploy.py",
    "gateway",
    "rest.py",
    "scale",
    "course/chat",
    "course/iac",
    "course/exercises.py",
    "course/fails.py",
    "course/names.py",
    "course/trial.py",
    "course/vary.py",
    "grading/inside/handing.py",
    "grading/inside/names.py",
    "localcloud/functions/network.py",
    "wire/raw.py",
)
_INSTEAD = {"package.py": "__init__.py", "cloud.py": "cloud.py"}
_SECRET = ("authoring/", "course/checks/", "course/museum/", "grading/", "course/hint", "course/solution")
_WITH_ITS_OWN = ("course/chat/", "gateway/")  # rooms that are copied whole
_EMPTY = ("gateway", "course", "grading", "grading/inside", "localcloud", "localcloud/functions", "wire")


def build(folder: Path) -> Path:
    """Write the package below ``folder``, and return what goes into the kernel's PYTHONPATH."""
    target = folder / PACKAGE.name
    taken: set[str] = set()
    waiting = [file for name in _AS_IT_IS for file in _files(name)]
    while waiting:
        name = waiting.pop()
        if name not in taken:
            taken.add(name)
            _copy(PACKAGE / name, target / name)
            waiting += [other for other in _imported(name) if other not in _INSTEAD.values()]
    for place in {parent for path in target.rglob("*.py") for parent in path.parents if parent.is_relative_to(target)}:
        (place / "__init__.py").touch()
    for name in _EMPTY:
        (target / name / "__init__.py").write_text("", encoding="utf-8")
    for name, place_name in _INSTEAD.items():
        _copy(_HERE / "inside" / name, target / place_name)
    return folder


def _files(name: str) -> list[str]:
    """Return a module, or every file of a room that is no cache."""
    if name.endswith(".py"):
        return [name]
    found = (path.relative_to(PACKAGE) for path in (PACKAGE / name).rglob("*") if path.is_file())
    return [path.as_posix() for path in found if "__pycache__" not in path.parts]


def _copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, place)


def _imported(name: str) -> Iterator[str]:
    """Yield the modules of this package that a module imports at its top, but for those that are nobody's business."""
    if not name.endswith(".py") or name.startswith(_WITH_ITS_OWN):
        return
    for node in ast.parse((PACKAGE / name).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            room = Path(name).parents[node.level - 1] / (node.module or "").replace(".", "/")
            for each in (room, *(room / alias.name for alias in node.names)):
                yield from filter(_may_be_seen, (f"{each.as_posix()}.py", f"{each.as_posix()}/__init__.py"))


def _may_be_seen(module: str) -> bool:
    """Tell whether a submission may import a module; rooms that stand empty there keep their own beginning."""
    room, _, name = module.rpartition("/")
    begins_empty = name == "__init__.py" and room in ("", ".", *_EMPTY)
    return (PACKAGE / module).is_file() and not begins_empty and not module.startswith(_SECRET)
