"""Another endpoint for every AWS API: MiniStack, LocalStack, or this project's own ``serve``."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.httpsession import URLLib3Session

from ..gateway.errors import ConfigurationError
from ..localcloud.guard import is_loopback
from . import answers, redirect

_SHIM = "upgrade101_redirect"
_PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")
_REAL_KEYS = ("AKIA", "ASIA")
_send = URLLib3Session.send


class Endpoint:
    """One endpoint that answers for AWS; ``start`` sends this process's boto3 there, ``stop`` takes that back.

    >>> Endpoint("http://127.0.0.1:4566").address
    ('127.0.0.1', 4566)
    """

    def __init__(self, url: str, region: str = "us-east-1") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ConfigurationError(f"{url!r} is no address of an endpoint", hint="http://127.0.0.1:4566")
        self.url = f"{parts.scheme}://{parts.netloc}"
        self.region = region
        self.is_tls = parts.scheme == "https"
        self.address = (parts.hostname, parts.port or (443 if self.is_tls else 80))
        self._before: dict[str, str | None] = {}

    def start(self) -> None:
        """Send boto3 there, with test keys. Raises ConfigurationError where nobody answers."""
        try:
            socket.create_connection(self.address, timeout=3).close()
        except OSError as fault:
            raise ConfigurationError(
                f"nobody answers at {self.url} ({fault})",
                hint="start it first, for instance: python3 start.py serve --port 4566",
            ) from None
        self.resume()

    def resume(self) -> None:
        """Send boto3 there, whoever answers: what ``start`` does, and what follows a ``stop`` for a while."""
        settings = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION") or self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # or calls with an ARN go to a host of the account's own
        }
        if os.environ.get("AWS_ACCESS_KEY_ID", "AKIA").startswith(_REAL_KEYS):  # they are none of its business
            settings |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        self._before = {name: os.environ.get(name) for name in (*settings, *_PROFILES)}
        for name in _PROFILES:
            os.environ.pop(name, None)
        os.environ.update(settings)
        redirect.install()
        answers.install()
        URLLib3Session.send = self._kept_inside()

    def stop(self) -> None:
        """Let boto3 call AWS again."""
        redirect.uninstall()
        answers.uninstall()
        URLLib3Session.send = _send
        for name, value in self._before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        self._before = {}

    def dial(self) -> socket.socket:
        """Open a connection to the endpoint."""
        raw = socket.create_connection(self.address, timeout=10)
        if not self.is_tls:
            return raw
        return ssl.create_default_context().wrap_socket(raw, server_hostname=self.address[0])

    def _kept_inside(self) -> Callable[[Any, Any], Any]:
        """Return what sends botocore's requests, and refuses those to others than the endpoint and this machine."""

        def send(session: Any, request: Any) -> Any:
            asked = urlsplit(request.url).hostname or ""
            if asked != self.address[0] and not is_loopback(asked):
                raise ConfigurationError(
                    f"a boto3 client wanted to call {asked}, which is not the endpoint this notebook runs on",
                    hint="make the client after cloud.start(), or use cloud.start('aws') for your account",
                )
            return _send(session, request)

        return send

    def own_form(self, url: str) -> str:
        """Return the address of an API at the endpoint, with the scheme that the endpoint needs: ws, wss, http, https.

        >>> Endpoint("http://127.0.0.1:4566").own_form("wss://a1b2.execute-api.us-east-1.amazonaws.com/dev?name=Ana")
        'ws://127.0.0.1:4566/_aws/execute-api/a1b2/dev?name=Ana'
        """
        there = redirect.at_endpoint(url, self.url)
        kind = "ws" if urlsplit(url).scheme in ("ws", "wss") else "http"
        return urlsplit(there)._replace(scheme=f"{kind}s" if self.is_tls else kind).geturl()


def with_redirect(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files of a function's package with what its ``@connections`` clients need at an endpoint.

    The import stands at the end of each module at the top, so that no line of the learner's moves.
    """
    shim = Path(redirect.__file__).read_bytes()
    return {**dict(_ending(files.items())), f"{_SHIM}.py": shim}


def _ending(files: Iterable[tuple[str, bytes]]) -> Iterable[tuple[str, bytes]]:
    for name, content in files:
        if "/" not in name and name.endswith(".py"):
            content = (
                content.rstrip() + f"\n\nimport {_SHIM}  # what it asks of @connections goes to the endpoint\n".encode()
            )
        yield name, content
