"""Sums before traffic: what the meters say, how many may come in, and how long it takes to tell everybody.

    from upgrade101 import scale
    scale.month(users=1000, hours=8, sends=60, audience=10)
    scale.simulate("queue", 1_000_000)

Every number is in ``facts.toml``, with its source, its date and how far it can be trusted. ``scale.settings`` changes
them.
"""

from __future__ import annotations

from .bill import Bill, bill, message_dollars, minute_dollars, month, units
from .crowd import crowd
from .designs import DESIGNS
from .engine import Bucket, Simulation
from .facts import ASSUMPTION, DOCUMENTED, REPORTED, Fact, Settings, facts, listing, settings
from .metered import Reading, metered
from .outcome import SIZES, Outcome, duration, grid, most_connections, simulate, table
from .pictures import bars, crowds, curves, growth

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
    "crowd",
    "crowds",
    "curves",
    "duration",
    "facts",
    "grid",
    "growth",
    "listing",
    "message_dollars",
    "metered",
    "minute_dollars",
    "month",
    "most_connections",
    "settings",
    "simulate",
    "table",
    "units",
]
