"""botocore signs by the gateway's clock while the local cloud runs.

Who signs after ``cloud.clock.advance(minutes=11)`` lives eleven minutes later, like the gateway that looks at the
signature; a URL that was presigned before is eleven minutes old. Known to fit botocore 1.43 and 1.44; another one signs
by the machine's clock, which is the same until the gateway's is advanced.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import botocore.auth

from ..gateway.clock import Clock

_NAME = "get_current_datetime"
_by_the_machine: Callable[..., datetime] | None = getattr(botocore.auth, _NAME, None)


def install(clock: Clock) -> None:
    """Let botocore in this process sign by ``clock``."""

    def now(remove_tzinfo: bool = True) -> datetime:
        moment = datetime.fromtimestamp(clock.now(), UTC)
        return moment.replace(tzinfo=None) if remove_tzinfo else moment

    if _by_the_machine is not None:
        setattr(botocore.auth, _NAME, now)


def uninstall() -> None:
    """Let botocore sign by the machine's clock again."""
    if _by_the_machine is not None:
        setattr(botocore.auth, _NAME, _by_the_machine)
