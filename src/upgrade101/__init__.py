"""Upgrade 101: from REST to WebSocket APIs on Amazon API Gateway.

    from upgrade101 import cloud, connect, wire
    cloud.start()

See ``notebooks/00_start_here.ipynb``.
"""

from . import cloud, wire
from .cloud import connect
from .course import check, fails, hint, predict, progress
from .deploy import function, package, role, websocket_api
from .gateway.errors import ConfigurationError, HandlerError, LimitExceeded, NotEmulated, Upgrade101Error

__version__ = "0.1.0"

wire.recorder.attach(cloud.watch, cloud.settle)

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
