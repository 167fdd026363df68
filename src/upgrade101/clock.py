"""``cloud.clock``: the local cloud's time, which can be moved, and elsewhere the real one, which cannot."""

from __future__ import annotations

import sys
from collections.abc import Callable

from .gateway.clock import Clock as LocalClock


class Clock(LocalClock):
    """The local cloud's clock; ``elsewhere`` names the other cloud that the notebook runs on, '' where it is local.

    >>> Clock(lambda: "AWS").advance(minutes=11)
    clock: nobody moves the clock of AWS, so no time has passed; what follows differs from moto
    """

    def __init__(self, elsewhere: Callable[[], str]) -> None:
        super().__init__()
        self._elsewhere = elsewhere
        self._said_in: int | None = None

    def now(self) -> float:
        """Return seconds since the epoch."""
        return super().now() - (self.ahead if self._elsewhere() else 0.0)

    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0) -> None:
        """Move the local cloud's time forward; elsewhere say that it was not, once in a cell.

        Raises ValueError for a negative step.
        """
        where = self._elsewhere()
        if not where or seconds + minutes + hours < 0:
            super().advance(seconds, minutes=minutes, hours=hours)
            return
        cell = running_cell()
        if cell is None or cell != self._said_in:
            print(f"clock: nobody moves the clock of {where}, so no time has passed; what follows differs from moto")
        self._said_in = cell


def running_cell() -> int | None:
    """Return the number of the cell that is running; None outside IPython."""
    jupyter = sys.modules.get("IPython")
    shell = jupyter.get_ipython() if jupyter else None
    return None if shell is None else int(shell.execution_count)
