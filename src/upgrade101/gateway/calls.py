"""What the core asks of its shell, and the calls that are under way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from .connection import Connection
from .definition import Integration
from .documents import Document
from .http_integrations import request_document
from .ports import BackendRequest, Outcome, Payload


class Purpose(Enum):
    """Why an integration is called."""

    AUTHORIZE = "authorize"
    CONNECT = "connect"
    MESSAGE = "message"
    DISCONNECT = "disconnect"


@dataclass(slots=True, eq=False)
class Call:
    """One call of an integration or an authorizer, from start to answer or time-out."""

    request_id: str
    purpose: Purpose
    connection: Connection
    route_key: str
    integration: Integration
    event: Document
    started_at: float
    two_way: bool = False
    outcome: Outcome | None = None  # as soon as it has answered
    seconds: float = 0.0  # that took
    request: BackendRequest | Payload | None = None  # what is handed over instead of the event

    @property
    def handed(self) -> Any:
        """Return what the integration is handed, as an observer sees it."""
        if isinstance(self.request, BackendRequest):
            return request_document(self.request)
        return self.event if self.request is None else self.request.value

    @property
    def target(self) -> str:
        """Return the function's name, the URL without query, or the integration type: what a reader wants to see."""
        if isinstance(self.request, BackendRequest):
            return self.request.url.partition("?")[0]
        return _target(self.integration.integration_uri) or self.integration.integration_type

    @property
    def source_arn(self) -> str:
        """Return what a function's resource policy is checked against: the route's ARN, or the authorizer's.

        https://docs.aws.amazon.com/serverless-application-model (the permissions that SAM writes).
        """
        stage = self.connection.stage
        if self.purpose is Purpose.AUTHORIZE:
            api = f"arn:aws:execute-api:{stage.region}:{stage.account_id}:{stage.api_id}"
            return f"{api}/authorizers/{self.integration.integration_id}"
        return stage.arn(self.route_key)


@lru_cache(maxsize=1024)
def _target(uri: str) -> str:
    _, found, function = uri.partition(":function:")
    return function.removesuffix("/invocations") if found else uri


@dataclass(frozen=True, slots=True)
class Accept:
    """Answer the upgrade request with 101."""

    connection: Connection
    subprotocol: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer the upgrade request with another status. ``connection`` is None where there never was one."""

    connection: Connection | None
    status: int
    body: bytes


@dataclass(slots=True)
class Run:
    """Call the integration, then tell the core with ``answered``."""

    call: Call


@dataclass(slots=True)
class Send:
    """Send one text message to the client."""

    connection: Connection
    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """Send a close frame and end the connection."""

    connection: Connection
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cut:
    """Hang up on a client that has not answered a close frame for too long."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Resume:
    """Read on from the client: it has fewer messages under way again than it may have."""

    connection: Connection


Action = Accept | Refuse | Run | Send | Close | Cut | Resume
Actions = list[Action]
