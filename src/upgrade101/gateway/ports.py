"""What the gateway needs from the world around it: ports, which a local cloud implements.

The gateway itself knows neither moto nor boto3; anything that can answer the first three questions can stand behind
it. The others are asked only where a route has AWS_IAM authorization, requires an API key, or has an HTTP integration
or one with an AWS service.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol

from .address import Mappings
from .definition import Stage

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event for one Lambda function."""

    function_arn: str
    event: Any  # a proxy event, or what a request template made; whoever runs the function may change it
    source_arn: str  # the route's execution ARN, against which the function's resource policy is checked
    request_id: str
    credentials_arn: str = ""  # the role with which the function is invoked: then its resource policy does not matter


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
class Payload:
    """What a function is handed instead of a proxy event: any JSON value."""

    value: Any


@dataclass(frozen=True, slots=True)
class BackendRequest:
    """A request that an integration makes: to an HTTP server, or to an AWS service by its integration URI."""

    method: str
    url: str  # http://…, https://…, or arn:…:apigateway:{region}:{service}:{action or path}/…
    headers: Headers  # without Host and Content-Length
    body: bytes
    seconds: float  # the integration's timeout
    account_id: str = ""  # whose AWS services are meant


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


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds an access key, as IAM knows them."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    account_id: str
    caller_id: str  # AIDA… of a user, AROA…:session of a role, the account's number for its root
    arn: str
    user_name: str = ""
    session_token: str = field(default="", repr=False)  # '' for keys that last
    expires_at: float = inf  # epoch seconds
    policies: tuple[Any, ...] | None = None  # identity-based documents; None for the root, who may do everything
    limits: dict[str, Any] = field(default_factory=dict)  # documents that must allow as well, by what they are

    @property
    def is_root(self) -> bool:
        """Tell whether this is the account itself, who needs no permission."""
        return self.caller_id == self.account_id


@dataclass(frozen=True, slots=True)
class Quota:
    """How many requests a usage plan allows in a period."""

    limit: int
    period: str  # DAY | WEEK | MONTH
    offset: int = 0  # the day on which a week (from Sunday) or a month (from the first) begins


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An enabled API key, and what its usage plan says about one stage; throttling settings as a stage has them."""

    key_id: str
    value: str = field(repr=False)
    plan_id: str
    throttle: dict[str, Any] = field(default_factory=dict)
    route_throttles: dict[str, dict[str, Any]] = field(default_factory=dict)  # by route key
    quota: Quota | None = None


class Definitions(Protocol):
    """Port 1: which stage is that?"""

    def stage(self, api_id: str, stage_name: str) -> Stage | None:
        """Return the stage as it is now, or nothing. Called for each message from any thread: must be quick."""

    def domain(self, name: str) -> Mappings | None:
        """Return the mappings of a custom domain, or nothing. Called for each host that is not an API's own."""


class Invoke(Protocol):
    """Port 2: run a Lambda function."""

    def __call__(self, invocation: Invocation, done: Callable[[Outcome], None]) -> None:
        """Start the invocation and return at once; call ``done`` exactly once, from any thread."""


class Http(Protocol):
    """Port 3: answer what is not a WebSocket API's."""

    def __call__(self, request: HttpRequest) -> HttpResponse | None:
        """Answer, blocking, in a worker thread; nothing where the path is nobody's."""


class Identities(Protocol):
    """Port 4: whose access key is that?"""

    def __call__(self, access_key_id: str) -> Caller | None:
        """Return who holds the key, or nothing. Called under the gateway's lock: must be quick."""


class ApiKeys(Protocol):
    """Port 5: what may a client with this API key do at this stage?"""

    def __call__(self, value: str, stage: Stage) -> ApiKey | None:
        """Return the key, or nothing where it is unknown, disabled, or in no usage plan of the stage. Must be quick."""


class Fetch(Protocol):
    """Port 6: call the backend of an integration that is no Lambda function."""

    def __call__(self, request: BackendRequest, done: Callable[[Outcome], None]) -> None:
        """Start the request and return at once; call ``done`` exactly once, from any thread.

        The payload is the answer in the shape of a Lambda proxy response (``http_integrations.answer_document``); the
        error is one of ``TIMED_OUT``, ``UNREACHABLE`` and ``NOT_EMULATED``, and then the payload has an errorMessage.
        """


TIMED_OUT, UNREACHABLE = "Integration.TimedOut", "Integration.Unreachable"
NOT_EMULATED, NOT_MAPPED = "Integration.NotEmulated", "Integration.UnsupportedMediaType"
