"""Every error of Upgrade 101, in one tree.

    Upgrade101Error
    ├── ConfigurationError   you set it up wrong
    ├── HandlerError         your function broke
    ├── LimitExceeded        AWS refuses this too
    └── NotEmulated          AWS does this, we do not; the hint says what to do instead

What AWS itself raises (``GoneException``, ``ConflictException`` …) comes from botocore, so that code written against
these errors catches the same classes on AWS.
"""

from __future__ import annotations


class Upgrade101Error(Exception):
    """Say what went wrong and what to do next.

    >>> str(ConfigurationError("no stage named 'dev'", hint="create_stage(StageName='dev')"))
    "no stage named 'dev' → create_stage(StageName='dev')"
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} → {self.hint}" if self.hint else self.message


class ConfigurationError(Upgrade101Error):
    """You set it up wrong."""


class HandlerError(Upgrade101Error):
    """Your function broke."""


class LimitExceeded(Upgrade101Error):
    """AWS refuses this too."""


class NotEmulated(Upgrade101Error):
    """AWS does this, the local gateway does not."""
