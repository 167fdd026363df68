"""How long and how much a submission may take."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one submission may take; times in seconds."""

    cell_seconds: float = 15.0
    total_seconds: float = 120.0
    output_mb: int = 8
    memory_mb: int = 2048  # of all its processes together
    processes: int = 200  # likewise
    kernels: int = 4  # how often a kernel is started for it
    patience: float = 1.0  # by which factor the time limits of exercises are longer

    def patient(self, factor: float) -> Allowance:
        """Return an allowance of the same size with more time."""
        return replace(
            self,
            cell_seconds=self.cell_seconds * factor,
            total_seconds=self.total_seconds * factor,
            patience=self.patience * factor,
        )
