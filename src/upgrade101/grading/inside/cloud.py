"""The cloud as a submission's kernel has it while it is graded: somebody else's, at an endpoint.

boto3 works as ever; clients of ``@connections`` and ``connect`` find the local gateway under AWS's names.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as websockets_connect

from upgrade101.gateway.errors import ConfigurationError
from upgrade101.localcloud.functions import network

MOTO, AWS = "moto", "aws"
ENDPOINT = os.environ.get("AWS_ENDPOINT_URL", "")

network.confine(ENDPOINT, "")


def start(where: str | None = None, **_: Any) -> None:
    """Do nothing: the cloud runs already."""


def stop() -> None:
    """Do nothing: the cloud ends with the grading."""


def clean() -> None:
    """Do nothing: what was made is forgotten with the cloud."""


def describe() -> str:
    """Return one line that says which cloud this is."""
    return f"cloud: the grader's, {ENDPOINT}"


def is_running() -> bool:
    """Tell that a cloud is running."""
    return True


def is_local() -> bool:
    """Tell that this is not AWS."""
    return True


def is_aws() -> bool:
    """Tell that this is not AWS."""
    return False


def own_run() -> str:
    """Return '': everything in the grader's cloud is the submission's."""
    return ""


def endpoint() -> None:
    """Tell that this is no endpoint of the learner's own: functions here find ``@connections`` by themselves."""


def settle(seconds: float = 2.0) -> bool:
    """Give the gateway a moment."""
    time.sleep(min(0.2, seconds))
    return True


def watch(observer: Any) -> Callable[[], None]:
    """Show nothing: only the grader sees what happens."""
    return lambda: None


def local() -> Any:
    """Refuse: there is no local cloud in this process."""
    raise ConfigurationError("the cloud is the grader's, and not in this process", hint="use boto3 and connect")


@contextmanager
def _nothing(*_: Any, **__: Any) -> Any:
    yield None


latency = chaos = _nothing


class _Ledger:
    """What is written down of what was made: nothing, because all of it goes with the cloud."""

    def entries(self) -> list[Any]:
        return []


ledger = _Ledger()


class _Clock:
    """The time, which only the grader can move."""

    def now(self) -> float:
        return time.time()

    def advance(self, *_: Any, **__: Any) -> None:
        return None


clock = _Clock()


def connect(url: str, **options: Any) -> ClientConnection:
    """Open a WebSocket at an API's own address."""
    options = {"compression": None, "max_queue": None, **options}
    parts = urlsplit(url)
    line: ClientConnection = websockets_connect(urlunsplit(parts._replace(scheme="ws")), sock=dial(url), **options)
    return line


def dial(url: str) -> socket.socket:
    """Open the bare TCP connection to the host of a URL, which is the grader's gateway."""
    place = urlsplit(ENDPOINT)
    return socket.create_connection((place.hostname or "127.0.0.1", place.port or 80), timeout=10)


def local_url(url: str) -> str:
    """Return the address of an API for programs that cannot play DNS; one that is local already stays as it is."""
    parts = urlsplit(url)
    if parts.path.startswith("/_aws/execute-api/"):
        return url
    api_id = (parts.hostname or "").partition(".")[0]
    scheme = {"wss": "ws", "https": "http"}.get(parts.scheme, parts.scheme)
    path = f"/_aws/execute-api/{api_id}{parts.path}"
    return urlunsplit((scheme, urlsplit(ENDPOINT).netloc, path, parts.query, ""))
