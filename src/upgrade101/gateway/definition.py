"""What a WebSocket API is made of: frozen snapshots that a stage points at.

A :class:`Deployment` never changes: editing a route after deploying changes nothing for clients until the next
deployment (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-set-up-websocket-deployment.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CONNECT, DISCONNECT, DEFAULT = "$connect", "$disconnect", "$default"
Strings = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IntegrationResponse:
    """How a non-proxy integration's answer becomes a message."""

    integration_response_key: str
    response_templates: Strings = field(default_factory=dict)
    template_selection_expression: str = ""
    response_parameters: Strings = field(default_factory=dict)
    content_handling_strategy: str = ""


@dataclass(frozen=True, slots=True)
class Integration:
    """Where a route sends its messages."""

    integration_id: str
    integration_type: str  # AWS_PROXY | AWS | HTTP_PROXY | HTTP | MOCK
    integration_uri: str = ""
    integration_method: str = ""
    timeout_millis: int = 29_000
    connection_type: str = "INTERNET"
    credentials_arn: str = ""
    content_handling_strategy: str = ""
    passthrough_behavior: str = "WHEN_NO_MATCH"
    request_parameters: Strings = field(default_factory=dict)
    request_templates: Strings = field(default_factory=dict)
    template_selection_expression: str = ""
    responses: tuple[IntegrationResponse, ...] = ()


@dataclass(frozen=True, slots=True)
class Authorizer:
    """A Lambda REQUEST authorizer: the only custom kind a WebSocket API has."""

    authorizer_id: str
    name: str
    authorizer_uri: str
    authorizer_type: str = "REQUEST"
    identity_source: tuple[str, ...] = ()
    credentials_arn: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """A route key and what happens to a message that has it."""

    route_id: str
    route_key: str
    integration: Integration | None = None
    authorization_type: str = "NONE"  # NONE | AWS_IAM | CUSTOM
    authorizer: Authorizer | None = None
    api_key_required: bool = False
    route_response_selection_expression: str = ""
    route_response_keys: frozenset[str] = frozenset()
    model_selection_expression: str = ""
    request_models: Strings = field(default_factory=dict)
    request_parameters: Mapping[str, Any] = field(default_factory=dict)
    checked: bool = field(init=False, repr=False, compare=False)  # a message must pass more than route selection

    def __post_init__(self) -> None:
        object.__setattr__(self, "checked", self.api_key_required or bool(self.model_selection_expression))

    @property
    def two_way(self) -> bool:
        """Tell whether the integration's answer is sent to the client.

        It takes both the selection expression on the route and a RouteResponse ``$default``
        (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html).

        >>> Route("r", "ask").two_way
        False
        """
        return bool(self.route_response_selection_expression) and DEFAULT in self.route_response_keys


@dataclass(frozen=True, slots=True)
class Deployment:
    """An immutable snapshot of an API's routes and everything they point at."""

    deployment_id: str
    route_selection_expression: str
    routes: Mapping[str, Route]  # by route key
    models: Strings = field(default_factory=dict)  # JSON schema text by model name
    api_key_selection_expression: str = "$request.header.x-api-key"
    disable_execute_api_endpoint: bool = False
    validators: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)  # models, compiled so far
    keyed: bool = field(init=False, repr=False, compare=False)  # some route requires an API key

    def __post_init__(self) -> None:
        object.__setattr__(self, "keyed", any(route.api_key_required for route in self.routes.values()))

    def route(self, route_key: str) -> Route | None:
        """Return the route with exactly this key, else ``$default``, else nothing."""
        return self.routes.get(route_key) or self.routes.get(DEFAULT)


NOTHING = Deployment("", DEFAULT, {})
"""What is deployed where a stage has been deleted."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A name under which one deployment answers, with its own settings."""

    api_id: str
    stage_name: str
    region: str
    account_id: str
    deployment: Deployment
    stage_variables: Strings = field(default_factory=dict)
    default_route_settings: Mapping[str, Any] = field(default_factory=dict)
    route_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    access_log_settings: Strings = field(default_factory=dict)
    throttled: bool = field(init=False, repr=False, compare=False)  # a message may be one too many
    logged: bool = field(init=False, repr=False, compare=False)  # requests are written into a log
    detailed: bool = field(init=False, repr=False, compare=False)  # some route has metrics of its own

    def __post_init__(self) -> None:
        settings = (self.default_route_settings, *self.route_settings.values())
        throttled = any(name.startswith("throttling") for each in settings for name in each)
        object.__setattr__(self, "throttled", throttled)
        levels = {each.get("loggingLevel", "OFF") for each in settings}
        object.__setattr__(self, "logged", bool(self.access_log_settings) or levels != {"OFF"})
        object.__setattr__(self, "detailed", any(each.get("detailedMetricsEnabled") for each in settings))

    @property
    def domain_name(self) -> str:
        """Return the host name that AWS gives the API.

        >>> Stage("a1b2c3d4e5", "dev", "eu-west-1", "123456789012", Deployment("d", "x", {})).domain_name
        'a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com'
        """
        return f"{self.api_id}.execute-api.{self.region}.amazonaws.com"

    def setting(self, route_key: str, name: str) -> Any:
        """Return a setting of a route: its own, else the stage's default, else None."""
        own = self.route_settings.get(route_key, {})
        return own.get(name, self.default_route_settings.get(name))

    def is_detailed(self, route_key: str) -> bool:
        """Tell whether a route has metrics of its own."""
        return bool(self.setting(route_key, "detailedMetricsEnabled"))

    def arn(self, route_key: str) -> str:
        """Return the execution ARN of a route: ``methodArn`` of authorizers, ``SourceArn`` of permissions."""
        return f"arn:aws:execute-api:{self.region}:{self.account_id}:{self.api_id}/{self.stage_name}/{route_key}"
