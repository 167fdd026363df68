"""Sums before traffic: what the meters say, how many may come in, and how long it takes to tell everybody.

    from upgrade101 import scale
    scale.month(users=1000, hours=8, sends=60, audience=10)
    scale.simulate("queue", 1_000_000)

Every number is in ``facts.toml``, with its source, its date and how far it can be trusted. ``scale.settings`` changes
them.
"""

from __future__ import annotations

from .bill import Bill, bill, message_dollars, minute_dollars, month, units
from .designs import DESIGNS
from .engine import Bucket, Simulation
from .facts import ASSUMPTION, DOCUMENTED, REPORTED, Fact, Settings, facts, listing, settings
from .metered import Reading, metered
from .occupancy import occupancy
from .outcome import SIZES, Outcome, duration, grid, matrix, most_connections, simulate, table
from .pictures import bars, curves, growth, level
from .sliders import sliders

__all__ = [
    "ASSUMPTION",
    "DESIGNS",
    "DOCUMENTED",
    "REPORTED",
    "SIZES",
    "Bill",
    "Bucket",
    "Fact",
    "Outcome",
    "Reading",
    "Settings",
    "Simulation",
    "bars",
    "bill",
    "curves",
    "duration",
    "facts",
    "grid",
    "growth",
    "level",
    "listing",
    "matrix",
    "message_dollars",
    "metered",
    "minute_dollars",
    "month",
    "most_connections",
    "occupancy",
    "settings",
    "simulate",
    "sliders",
    "table",
    "units",
]
