"""Nothing of a lesson in moto mode reaches the internet by way of botocore.

A client made before ``cloud.start()`` is unknown to moto and would call the real AWS with real credentials; here it is
refused instead.
"""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from botocore.httpsession import URLLib3Session

from ..gateway.errors import ConfigurationError

_send = URLLib3Session.send
_left = ""


def is_loopback(host: str) -> bool:
    """Tell whether a host name means this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("execute-api.us-east-1.amazonaws.com")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _refuse(self: Any, request: Any) -> Any:
    parts = urlsplit(request.url)
    host = parts.hostname or ""
    if _left and parts.netloc == urlsplit(_left).netloc:
        raise ConfigurationError(
            f"a boto3 client wanted to call {_left}, but this runs on the local cloud, and touches nothing there",
            hint="make the client inside the function that uses it",
        )
    if is_loopback(host) or parts.scheme not in ("http", "https"):  # wss, say: urllib3 refuses it in its own words
        return _send(self, request)
    raise ConfigurationError(
        f"a boto3 client wanted to call {host}, which is not this machine",
        hint="make the client after cloud.start(), or use cloud.start('aws') for your account",
    )


def close(left: str = "") -> None:
    """Refuse every call that would leave this machine, and those to an endpoint that the notebook has ``left``."""
    global _left
    _left = left
    URLLib3Session.send = _refuse


def open_() -> None:
    """Let botocore call whom it likes again."""
    URLLib3Session.send = _send
