"""What a lint finds: where, what is wrong, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .reading import Cell, Notebook


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One finding."""

    path: Path
    cell: str  # its id, or '' for the whole file
    what: str
    do: str

    def words(self, root: Path) -> str:
        """Return it as one line, with the path as seen from ``root``."""
        path = self.path.relative_to(root).as_posix() if self.path.is_relative_to(root) else self.path.name
        return f"{path}{f' [{self.cell}]' if self.cell else ''}: {self.what} → {self.do}"


def fault(notebook: Notebook, where: Cell | None, what: str, do: str) -> Fault:
    """Return a finding about a cell of a notebook, or about all of it."""
    return Fault(notebook.path, where.id if where else "", what, do)
