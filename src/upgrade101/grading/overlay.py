"""The package ``upgrade101`` that a submission's kernel imports: without checks, hints, solutions, and the cloud."""

from __future__ import annotations

import shutil
from pathlib import Path

_HERE = Path(__file__).parent
PACKAGE = _HERE.parent

_AS_IT_IS = (
    "deploy.py",
    "gateway",
    "rest.py",
    "scale",
    "course/chat",
    "course/exercises.py",
    "course/fails.py",
    "course/names.py",
    "course/trial.py",
    "course/vary.py",
    "grading/inside/handing.py",
    "grading/inside/names.py",
    "localcloud/functions/network.py",
)
_INSTEAD = {"package.py": "__init__.py", "cloud.py": "cloud.py"}
_EMPTY = ("gateway", "course", "grading", "grading/inside", "localcloud", "localcloud/functions")


def build(folder: Path) -> Path:
    """Write the package below ``folder``, and return what goes into the kernel's PYTHONPATH."""
    target = folder / PACKAGE.name
    leave_out = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in _AS_IT_IS:
        source, place = PACKAGE / name, target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, ignore=leave_out)
        else:
            shutil.copyfile(source, place)
    for name in _EMPTY:
        (target / name / "__init__.py").write_text("", encoding="utf-8")
    for name, place_name in _INSTEAD.items():
        shutil.copyfile(_HERE / "inside" / name, target / place_name)
    return folder
