"""Upgrade 101 as a submission's kernel has it while it is graded: nothing is judged here."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from upgrade101 import cloud
from upgrade101.cloud import connect
from upgrade101.course.fails import fails
from upgrade101.deploy import connection_table, function, package, role, sqs_queue, websocket_api
from upgrade101.gateway.errors import ConfigurationError, HandlerError, LimitExceeded, NotEmulated, Upgrade101Error
from upgrade101.wire import raw

__all__ = [
    "ConfigurationError",
    "HandlerError",
    "LimitExceeded",
    "NotEmulated",
    "Upgrade101Error",
    "check",
    "cloud",
    "connect",
    "connection_table",
    "fails",
    "function",
    "hint",
    "package",
    "predict",
    "progress",
    "role",
    "solution",
    "sqs_queue",
    "websocket_api",
    "wire",
]


class Quiet:
    """Stand for what speaks to learners: takes everything, says nothing, and is not true."""

    def __call__(self, *_: Any, **__: Any) -> Quiet:
        return self

    def __getattr__(self, name: str) -> Quiet:
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __bool__(self) -> bool:
        return False

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __str__(self) -> str:
        return ""

    def __repr__(self) -> str:
        return ""

    def _ipython_display_(self) -> None:
        return None


check = hint = predict = progress = solution = Quiet()


_BY_HAND = ("client_frame", "headers", "read_frame", "read_http", "upgrade", "upgrade_request")


class _Wire(ModuleType):
    """Stand for the wire log, which the grader keeps; what speaks the protocol by hand is there."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(raw, name) if name in _BY_HAND else Quiet()


def _stand_for_wire() -> ModuleType:
    import sys

    made = _Wire(f"{__name__}.wire")
    sys.modules[made.__name__] = made
    return made


wire = _stand_for_wire()
