"""What AWS refuses about authorizers and models. ([P] [R] [F] [O]: see ``changes.py``.)"""

from __future__ import annotations

import json
import re

from .changes import Change, member
from .refusals import BadRequest, Conflict
from .resources import Resource, WebSocketApi
from .rules_integrations import INVOCATIONS, names_a_function

_IDENTITY = re.compile(r"(route\.request\.(querystring|header)|stageVariables|context)\.[a-zA-Z0-9._-]+")
_HTTP_ONLY = (
    "authorizerPayloadFormatVersion",
    "authorizerResultTtlInSeconds",
    "enableSimpleResponses",
    "jwtConfiguration",
)


def is_a_request_authorizer(change: Change) -> None:
    """Refuse JWT. [F] [P]"""
    if change.after.get("authorizerType") != "REQUEST":
        kinds = "Only REQUEST authorizer type is supported on WEBSOCKET protocol Apis."
        raise BadRequest(f"Invalid authorizer type. {kinds}")


def has_no_http_settings(change: Change) -> None:
    """Refuse caching and the formats of HTTP APIs. [R] github.com/anomalyco/sst/issues/905"""
    for field in _HTTP_ONLY:
        if field in change.given:
            raise BadRequest(f"{member(field)} cannot be set for WEBSOCKET protocol Apis.")


def identity_sources_are_known(change: Change) -> None:
    """Refuse what does not start with ``route.request.``. [R] github.com/aws/aws-cdk/issues/18307"""
    for source in change.after.get("identitySource", ()):
        if not _IDENTITY.fullmatch(source):
            raise BadRequest(
                f"Invalid request identity source expression: {source}. The sources must be separated by comma, and "
                "each source must be either a request parameter, matching "
                r"'route.request.querystring|header.[a-zA-Z0-9.\_-]+', or a stage variable, matching "
                r"'stageVariables.[a-zA-Z0-9.\_-]+', or a context parameter, matching 'context.[a-zA-Z0-9.\_-]+'"
            )


def uri_is_a_function(change: Change) -> None:
    """Refuse a URI that invokes no Lambda function. [O]"""
    uri = change.after.get("authorizerUri", "")
    if not uri:
        raise BadRequest("AuthorizerUri is a required field in an Authorizer")  # [P]
    if not names_a_function(uri):
        raise BadRequest(f"Invalid Authorizer URI: {uri}. AuthorizerUri should look like {INVOCATIONS}")


def name_is_free(change: Change) -> None:
    """Refuse a second authorizer of that name, with 400. [R] github.com/aws/aws-cdk/issues/13711"""
    if change.has_twin("name"):
        name = change.after["name"]
        raise BadRequest(f"Authorizer name must be unique. Authorizer {name} already exists in this RestApi.")


def is_unused(api: WebSocketApi, doomed: Resource) -> None:
    """Keep what a route asks. [R] github.com/anomalyco/sst/issues/5586"""
    for route in api.routes.values():
        if route.document.get("authorizerId") == doomed.id:
            name, key = doomed.document["name"], route.document["routeKey"]
            raise Conflict(f"Cannot delete authorizer '{name}', is referenced in route: {key}")


def model_name_is_alphanumeric(change: Change) -> None:
    """Refuse any other character in a model's name. [P]"""
    name = change.after.get("name", "")
    if not re.fullmatch(r"[A-Za-z0-9]+", name):
        raise BadRequest(f"Model name must be alphanumeric: {name}")


def model_name_is_free(change: Change) -> None:
    """Refuse a second model of that name. [O]"""
    if change.has_twin("name"):
        raise Conflict(f"Model with name {change.after['name']} already exists for this API")


def model_schema_is_json(change: Change) -> None:
    """Refuse a schema that is no JSON object. [O]; the first half is what REST APIs say"""
    try:
        schema = json.loads(change.after.get("schema", ""))
    except (ValueError, RecursionError):
        schema = None
    if not isinstance(schema, dict):
        raise BadRequest("Invalid model schema specified. Schema should be a JSON object, a JSON schema of draft 4.")
