"""What a run has created, so that it can be taken away again: in memory on moto, on disk everywhere else."""

from .kinds import RUN_TAG
from .memory import Entry, Ledger

__all__ = ["RUN_TAG", "Entry", "Ledger"]
