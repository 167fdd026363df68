"""The room chat of the capstone: its functions (``app``), its client, its page and its box in a notebook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from . import serving
from .deploying import deploy
from .member import Diary, Member, NotConfirmed, backoff
from .serving import Page, page
from .tables import APP, begin

if TYPE_CHECKING:
    from .widget import box

__all__ = ["APP", "Diary", "Member", "NotConfirmed", "Page", "backoff", "begin", "box", "close", "deploy", "page"]


def close() -> None:
    """Stop serving the page, and let every box leave its room; harmless where there is neither."""
    serving.close()
    if f"{__name__}.widget" in sys.modules:
        from . import widget

        widget.close()


def __getattr__(name: str) -> Any:
    """Import the box when it is first asked for: widgets take a while, and a server has no use for them."""
    if name != "box":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .widget import box

    return box
