"""Take submissions as files alone: a link among them would bring in, and hand back, what the instructor can read."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect


class Collect(ExchangeCollect):  # type: ignore[misc]
    """Collect from nbgrader's exchange without following links; nobody's folder stops the collecting of the others."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy one submission."""
        for fault in copy_files(Path(src), Path(dest), self.coursedir.ignore):
            self.log.warning("%s", fault)


def copy_files(source: Path, target: Path, ignore: Iterable[str] = ()) -> list[str]:
    """Copy a folder, but for links and what is no file; return what could not be copied, in words."""
    faults = []
    try:
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(*ignore))
    except shutil.Error as error:
        faults = [f"{found[0]}: {found[2]}" for found in error.args[0]]
    except OSError as error:
        faults = [str(error)]
    return faults + remove_links(target)


def remove_links(folder: Path) -> list[str]:
    """Remove every link below a folder, and the folder where it is one itself; return what was removed, in words."""
    found = [folder, *folder.rglob("*")] if folder.is_dir() else [folder]
    links = [path for path in found if path.is_symlink()]
    for path in links:
        path.unlink()
    return [f"{path} is a link, which is not followed" for path in links]


def without_links(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """Remove the links of a submission before nbgrader copies what lies beside the notebook."""
    for folder in {Path(name).parent for name in notebooks}:
        for place in (folder.parent, folder):
            if place.is_symlink():
                place.unlink()
        remove_links(folder)
