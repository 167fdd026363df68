"""What the gateway tells an observer, in the order in which it happens.

Each happening is frozen, carries the time of the gateway's clock (epoch seconds) and, where there is one, the
connection. The wire log is drawn from nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

log = logging.getLogger("upgrade101.gateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened at a gateway."""

    at: float
    api_id: str = ""
    stage: str = ""
    connection_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knocked(Happening):
    """A client sent an upgrade request; ``path`` is its path with query, as sent."""

    path: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Happening):
    """The upgrade was accepted: 101 went out."""

    subprotocol: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Happening):
    """The upgrade was refused with an HTTP status."""

    status: int
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Happening):
    """A whole message arrived from the client."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed(Happening):
    """A message found its route; ``selected`` is what the selection expression gave ('' where it gave nothing)."""

    route_key: str  # '' where there is neither a route nor a $default
    selected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoked(Happening):
    """An integration was called; ``target`` is the function's name, the URL, or 'MOCK'."""

    request_id: str
    route_key: str
    integration_type: str
    target: str
    event: Any = None  # the event document for Lambda


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Happening):
    """An integration answered; ``error`` is empty where it did so well; ``not_invoked``: nobody was called."""

    request_id: str
    route_key: str
    target: str
    payload: Any = None
    error: str = ""
    seconds: float = 0.0
    not_invoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(Happening):
    """A message went to the client; ``because`` is 'reply', 'error' or 'post'."""

    text: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed(Happening):
    """Somebody called @connections; ``caller`` is a function's name or '' for a caller outside.

    ``path`` is what was asked for where that is the path of no connection.
    """

    method: str  # POST | GET | DELETE
    status: int
    text: str = ""
    caller: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Happening):
    """A connection ended; ``by`` is 'client', 'gateway' (limits, timeouts), 'management' (DELETE) or 'network'.

    ``answered`` is the code of the close frame with which the client answered the gateway's; 0 where none came.
    """

    code: int
    reason: str
    by: str
    answered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested(Happening):
    """A plain HTTP request arrived for a REST API (or another HTTP path of the port)."""

    request_id: str
    method: str
    path: str
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Responded(Happening):
    """The answer to :class:`Requested`."""

    request_id: str
    status: int
    body: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Called(Happening):
    """Somebody called an AWS API with boto3 (told by the local cloud, not by the gateway)."""

    service: str  # 'dynamodb', 'apigatewayv2' …
    operation: str  # 'PutItem', 'CreateRoute' …
    parameters: Any = None
    answer: Any = None
    region: str = ""
    status: int = 0
    error: str = ""
    caller: str = ""  # a function's name, or '' for the notebook
    account: str = ""  # the local account in which it happened, '' on AWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged(Happening):
    """A function wrote into its log (told of clouds that are seen from outside); ``what`` it is about.

    ``what`` is 'started' or 'ended' for an invocation, 'said' for a line, 'failed' for an error with its traceback.
    """

    function: str
    request_id: str  # '' where the log does not say
    what: str
    text: str


Observer = Callable[[Happening], None]


def failed(log: logging.Logger, who: str, at: str, fault: Exception) -> None:
    """Write one line about a failure outside the gateway; with its traceback where the log's level is DEBUG."""
    log.error("%s failed at %s: %r", who, at, fault, exc_info=log.isEnabledFor(logging.DEBUG))


@dataclass(slots=True)
class Observers:
    """Those who want to know; telling them never fails and costs nothing while there are none."""

    watching: list[Observer] = field(default_factory=list)

    def watch(self, observer: Observer) -> Callable[[], None]:
        """Add an observer and return the function that removes it."""
        self.watching.append(observer)
        return lambda: self.watching.remove(observer) if observer in self.watching else None

    def tell(self, happening: Happening) -> None:
        """Tell every observer, in order; one that raises is logged, and the others are told all the same."""
        for observer in tuple(self.watching):
            try:
                observer(happening)
            except Exception as fault:
                failed(log, "an observer", type(happening).__name__, fault)
