"""The data plane of a WebSocket API, on your own machine.

It knows neither moto nor boto3 nor Jupyter. The way of one message: bytes → ``server`` → ``core.received`` →
``selection.route_key`` → ``Deployment.route`` → ``documents.message_event`` → the port ``invoke`` →
``documents.reply`` or ``documents.error_frame`` → bytes.
"""

from .clock import Clock
from .errors import ConfigurationError, HandlerError, LimitExceeded, NotEmulated, Upgrade101Error
from .limits import Limits
from .server import Gateway

__all__ = [
    "Clock",
    "ConfigurationError",
    "Gateway",
    "HandlerError",
    "LimitExceeded",
    "Limits",
    "NotEmulated",
    "Upgrade101Error",
]
