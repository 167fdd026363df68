"""Upgrade 101: from REST to WebSocket APIs on Amazon API Gateway.

    from upgrade101 import cloud, connect, wire
    cloud.start()

See ``notebooks/00_start_here.ipynb``.
"""

from __future__ import annotations

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
    from .deploy import function, package, role, websocket_api
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
    "fails",
    "function",
    "hint",
    "package",
    "predict",
    "progress",
    "role",
    "websocket_api",
    "wire",
]

_HOMES = {
    ".gateway.errors": ("ConfigurationError", "HandlerError", "LimitExceeded", "NotEmulated", "Upgrade101Error"),
    ".cloud": ("connect",),
    ".course": ("check", "fails", "hint", "predict", "progress"),
    ".deploy": ("function", "package", "role", "websocket_api"),
}


def __getattr__(name: str) -> Any:
    """Import the course when its first name is asked for: moto takes seconds, and the gateway alone needs none."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    here = globals()
    here.update(cloud=import_module(".cloud", __name__), wire=import_module(".wire", __name__))
    for home, names in _HOMES.items():
        module = import_module(home, __name__)
        here.update({each: getattr(module, each) for each in names})
    here["wire"].recorder.attach(here["cloud"].watch, here["cloud"].settle)
    return here[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
