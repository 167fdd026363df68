"""Upgrade 101: from REST to WebSocket APIs on Amazon API Gateway.

    from upgrade101 import cloud, connect, wire
    cloud.start()

See ``notebooks/00_start_here.ipynb``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import cloud, wire
    from .cloud import connect
    from .course.check import check
    from .course.fails import fails
    from .course.hint import hint
    from .course.predict import predict
    from .course.progress import progress
    from .course.solution import solution
    from .deploy import connection_table, function, package, role, sqs_queue, websocket_api
    from .gateway.errors import ConfigurationError, HandlerError, LimitExceeded, NotEmulated, Upgrade101Error

__version__ = "0.1.0"

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

_HOMES = {
    ".gateway.errors": ("ConfigurationError", "HandlerError", "LimitExceeded", "NotEmulated", "Upgrade101Error"),
    ".cloud": ("cloud", "connect"),
    ".wire": ("wire",),
    ".course": ("check", "fails", "hint", "predict", "progress", "solution"),
    ".deploy": ("connection_table", "function", "package", "role", "sqs_queue", "websocket_api"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a name's module when it is first asked for: moto takes seconds, and the gateway alone needs none."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(_HOME_OF[name], __name__)
    value = globals()[name] = module if module.__name__ == f"{__name__}.{name}" else getattr(module, name)
    _attach()
    return value


@cache
def _attach() -> None:
    """Let the wire log watch the cloud."""
    cloud, wire = import_module(".cloud", __name__), import_module(".wire", __name__)
    wire.recorder.attach(cloud.watch, cloud.catch_up, remark=cloud.unseen)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
