"""What the gateway needs from the world around it: three ports, which a local cloud implements.

The gateway itself knows neither moto nor boto3; anything that can answer these three questions can stand behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from .definition import Stage

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event for one Lambda function."""

    function_arn: str
    event: dict[str, Any]
    source_arn: str  # the route's execution ARN, against which the function's resource policy is checked
    request_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an invocation.

    ``payload`` is the function's answer as parsed JSON. Where ``error`` is not empty the function did not answer:
    ``error`` is the error type (``ZeroDivisionError``, ``Sandbox.Timedout`` …), and ``payload`` AWS's error document.
    ``not_invoked`` is true where API Gateway could not even call it (no such function, no permission, throttled).
    """

    payload: Any = None
    error: str = ""
    not_invoked: bool = False


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request for another than the gateway: a REST API or an AWS API behind the same port."""

    method: str
    target: str  # path and query exactly as sent
    headers: Headers
    body: bytes = b""
    client: tuple[str, int] = ("127.0.0.1", 0)

    def header(self, name: str) -> str:
        """Return the first header of that name in any capitalisation, or ''."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """Its answer."""

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=list)


class Definitions(Protocol):
    """Port 1: which stage is that?"""

    def stage(self, api_id: str, stage_name: str) -> Stage | None:
        """Return the stage as it is now, or nothing. Called for each message from any thread: must be quick."""


class Invoke(Protocol):
    """Port 2: run a Lambda function."""

    def __call__(self, invocation: Invocation, done: Callable[[Outcome], None]) -> None:
        """Start the invocation and return at once; call ``done`` exactly once, from any thread."""


class Http(Protocol):
    """Port 3: answer what is not a WebSocket API's."""

    def __call__(self, request: HttpRequest) -> HttpResponse | None:
        """Answer, blocking, in a worker thread; nothing where the path is nobody's."""
