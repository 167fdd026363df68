"""The room chat of the capstone: its functions (``app``), its client, its page and its box in a notebook."""

from __future__ import annotations

from .member import Diary, Member, backoff
from .tables import APP, begin

__all__ = ["APP", "Diary", "Member", "backoff", "begin"]
