"""The User-Agent header of boto3's calls, cleaned once.

botocore cleans each of its dozen components for each call, a character at a time, twice: a sixth of what a call costs
that never leaves this machine. The components are few and the function is pure, so what it returned is kept.
"""

from __future__ import annotations

from functools import lru_cache

import botocore.useragent

_NAME = "sanitize_user_agent_string_component"
_KEPT = 512


def install() -> None:
    """Keep what botocore's function returns; harmless where that is done, or where botocore has no such function."""
    clean = getattr(botocore.useragent, _NAME, None)
    if clean is not None and not hasattr(clean, "__wrapped__"):
        setattr(botocore.useragent, _NAME, lru_cache(_KEPT)(clean))


def uninstall() -> None:
    """Give botocore its own function back; harmless where it has it."""
    clean = getattr(botocore.useragent, _NAME, None)
    own = getattr(clean, "__wrapped__", None)
    if own is not None:
        setattr(botocore.useragent, _NAME, own)
