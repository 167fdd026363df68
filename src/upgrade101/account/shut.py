"""A notebook whose ``cloud.start`` has not gone through calls nobody: its next cells would create things in an account
that was not agreed to, and no ledger would know of them. Nor does one that has stopped its cloud.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.client import BaseClient

from ..gateway.errors import ConfigurationError

_HINT = "run that cell again; or stay free, with CLOUD=moto or cloud.start('moto')"
STOPPED = (
    "this notebook has stopped its cloud, so boto3 calls nobody",
    "run the cell with cloud.start() again; for boto3 without the course, restart the kernel",
)

_why: tuple[str, str] | None = None  # why calls are refused, and what to do
_call: Any = None  # what makes calls of boto3 otherwise


class NotStarted(ConfigurationError):
    """Say why no cloud is running. A notebook shows the sentence, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def refusal() -> NotStarted | None:
    """Return what calls are refused with; None where they are not."""
    return NotStarted(_why[0], hint=_why[1]) if _why else None


def close(why: str, hint: str = _HINT) -> None:
    """Refuse every call of every boto3 client of this process, made before or after."""
    global _why, _call
    if _why is None:
        _call, BaseClient._make_api_call = BaseClient._make_api_call, _refused
    _why = why, hint


def open_() -> None:
    """Let calls go again; harmless where they do."""
    global _why
    if _why is not None:
        _why, BaseClient._make_api_call = None, _call


@contextmanager
def unless(is_running: Callable[[], bool]) -> Iterator[None]:
    """Let calls go while something starts, and from then on; refuse them once it has failed and nothing is running."""
    open_()
    try:
        yield
    except BaseException as fault:
        if not is_running():
            close(f"cloud.start has not gone through: {_words(fault)}")
        if type(fault) is ConfigurationError:
            raise NotStarted(fault.message, hint=fault.hint) from None
        raise


@contextmanager
def opened() -> Iterator[None]:
    """Let calls go for a while; then all is as it was."""
    before = _why
    open_()
    try:
        yield
    finally:
        open_()
        if before is not None:
            close(*before)


def _refused(client: Any, operation_name: str, api_params: Any) -> Any:
    raise refusal() or ConfigurationError("no cloud is running", hint="cloud.start()")


def _words(fault: BaseException) -> str:
    """Return why something has not started.

    >>> _words(KeyboardInterrupt()), _words(OSError("no port")), _words(ConfigurationError("no region", hint="one"))
    ('it was interrupted', 'OSError: no port', 'no region')
    """
    if isinstance(fault, ConfigurationError):
        return fault.message
    return "it was interrupted" if isinstance(fault, KeyboardInterrupt) else f"{type(fault).__name__}: {fault}"
