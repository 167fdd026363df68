"""How long and how much a submission may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one submission may take; times in seconds."""

    cell_seconds: float = 15.0
    total_seconds: float = 120.0
    output_mb: int = 8
    memory_mb: int = 2048  # of all its processes together
    processes: int = 200  # likewise
    kernels: int = 4  # how often a kernel is started for it
