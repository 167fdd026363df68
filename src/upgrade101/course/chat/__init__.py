"""The room chat of the capstone: its functions (``app``), its client, its page and its box in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .member import Diary, Member, backoff
from .serving import Page, close, page
from .tables import APP, begin

if TYPE_CHECKING:
    from .widget import box

__all__ = ["APP", "Diary", "Member", "Page", "backoff", "begin", "box", "close", "page"]


def __getattr__(name: str) -> Any:
    """Import the box when it is first asked for: widgets take a while, and a server has no use for them."""
    if name != "box":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .widget import box

    return box
