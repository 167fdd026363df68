"""How many connections can be open at once: the door lets so many in a second, and each lasts so long at most."""

from __future__ import annotations

from .engine import Process, Simulation
from .facts import Settings, settings

STEP = 60.0  # seconds: those who come in the same minute are one event


def occupancy(hours: float, numbers: Settings | None = None) -> list[tuple[float, float]]:
    """Return (hours, open connections), minute by minute, where always more want to come in than may.

    Whoever is sent away at the longest duration of a connection queues again like all the others.

    >>> occupancy(1)[-1]
    (1.0, 1800000.0)
    """
    numbers, simulation = numbers or settings(), Simulation()
    inside = 0.0
    seen: list[tuple[float, float]] = []

    def those_of_a_minute() -> Process:
        nonlocal inside
        inside += numbers.new_connections_per_second * STEP
        yield numbers.connection_seconds
        inside -= numbers.new_connections_per_second * STEP

    def door() -> Process:
        while True:
            seen.append((simulation.now / 3600, inside))
            yield STEP
            simulation.start(those_of_a_minute())
            yield 0.0  # lets them in

    simulation.start(door())
    simulation.run(hours * 3600)
    return seen
