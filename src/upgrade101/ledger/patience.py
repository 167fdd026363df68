"""Asking AWS again: when it is busy, when two things stand in each other's way, when a line breaks."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, WaiterError

from .account import refusal, unreachable

Got = TypeVar("Got")

BUSY = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "LimitExceededException",
        "ConcurrentModificationException",
        "ConcurrentModification",
        "ConflictException",
        "ResourceConflictException",
        "ResourceInUseException",
        "ResourceInUse",
        "OperationAbortedException",
        "DeleteConflict",
        "DeleteConflictException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ServiceException",
        "ServiceFailure",
        "InternalFailure",
        "InternalError",
        "InternalServerError",
        "InternalErrorException",
    }
)
"""The error codes after which the same call may succeed a while later."""

_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "ForbiddenException"}
)


class Patience:
    """Calls again what may succeed later, waiting longer each time, by chance more or less.

    ``seconds`` is how long in all for a busy AWS (DeleteRestApi may be called once in 30 seconds), ``broken`` how often
    for a broken line.
    """

    def __init__(
        self,
        pause: Callable[[float], None] | None = None,
        *,
        seconds: float = 150,
        longest: float = 20,
        broken: int = 3,
    ) -> None:
        self._pause, self._seconds, self._longest, self._broken = pause or time.sleep, seconds, longest, broken

    def __call__(self, call: Callable[[], Got]) -> Got:
        """Return what the call returns. Raises ConfigurationError where nobody can be asked, ClientError otherwise."""
        waited, step, broken = 0.0, 1.0, 0
        while True:
            try:
                return call()
            except (ClientError, BotoCoreError) as fault:
                if said := refusal(fault):
                    raise said from None
                if isinstance(fault, HTTPClientError) or _is_line(fault):
                    broken += 1
                    if broken > self._broken:
                        raise unreachable(fault) from None
                elif not is_busy(fault) or waited >= self._seconds:
                    raise
            moment = random.uniform(step / 2, step)
            self._pause(moment)
            waited, step = waited + moment, min(step * 2, self._longest)


def is_busy(fault: BaseException) -> bool:
    """Tell whether the same call may succeed later."""
    if isinstance(fault, WaiterError):
        return False
    if not isinstance(fault, ClientError):
        return False
    status = int(fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return fault.response.get("Error", {}).get("Code") in BUSY or status >= 500 or status == 429


def missing_action(fault: BaseException, otherwise: tuple[str, ...]) -> str:
    """Return the IAM action that a refusal names, or those that come into question; '' where it is no refusal."""
    if not isinstance(fault, ClientError) or fault.response.get("Error", {}).get("Code") not in _DENIED:
        return ""
    said = re.search(r"perform:? (\S+)", fault.response["Error"].get("Message", ""))
    return said[1].rstrip(".,") if said else " or ".join(otherwise)


def _is_line(fault: BaseException) -> bool:
    """Tell whether a failure is the line's: botocore's connection errors have two trees."""
    return type(fault).__name__ in {"EndpointConnectionError", "ConnectionClosedError", "ProxyConnectionError"}
