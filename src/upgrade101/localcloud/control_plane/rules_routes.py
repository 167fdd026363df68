"""What AWS refuses about routes and route responses. ([P] [R] [F] [O]: see ``changes.py``.)"""

from __future__ import annotations

import re

from ...gateway.definition import CONNECT, DEFAULT, DISCONNECT
from .changes import Change
from .refusals import BadRequest, Conflict, NotFound


def key_is_well_formed(change: Change) -> None:
    """Keep ``$`` for the three predefined keys. [R] github.com/serverless/serverless/issues/9530"""
    key = change.after.get("routeKey", "")
    if not key or (key.startswith("$") and key not in (CONNECT, DISCONNECT, DEFAULT)):
        raise BadRequest("The provided route key is not formatted properly")


def key_is_free(change: Change) -> None:
    """Refuse a second route with the same key. [R] github.com/serverless/serverless/issues/7260"""
    if change.has_twin("routeKey"):
        raise Conflict(f"Route with key {change.after['routeKey']} already exists for this API")


def target_is_an_integration(change: Change) -> None:
    """Refuse a target that leads nowhere. [P] for its form; [O] for an unknown id: 404"""
    target = change.after.get("target")
    if not target:
        return
    prefix, _, integration_id = target.partition("/")
    if prefix != "integrations" or not integration_id or "/" in integration_id:
        form = "integrations/<integration_id>"
        raise BadRequest(f"Unexpected or malformed target in route. Correct format should be {form}.")
    if integration_id not in change.api.integrations:
        raise NotFound.of("Integration", integration_id)


def jwt_is_for_http(change: Change) -> None:
    """Refuse JWT authorization. [F]"""
    if change.after["authorizationType"] == "JWT":
        raise BadRequest("Currently, JWT authorization type is restricted to APIs with a protocol type of HTTP")


def only_connect_is_authorized(change: Change) -> None:
    """Refuse authorization anywhere but at the door. [F] [P]"""
    if change.after["authorizationType"] != "NONE" and change.after["routeKey"] != CONNECT:
        raise BadRequest("Currently, authorization is restricted to the $connect route only")


def authorizer_exists(change: Change) -> None:
    """Refuse CUSTOM without an authorizer. [R] github.com/hashicorp/terraform-provider-aws/issues/17497"""
    if change.after["authorizationType"] == "CUSTOM" and change.after.get("authorizerId") not in change.api.authorizers:
        raise BadRequest(
            "Invalid authorizer ID specified. "
            "Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."
        )


def scopes_are_for_jwt(change: Change) -> None:
    """Refuse scopes, which only JWT authorization has. [P]"""
    if change.given.get("authorizationScopes"):
        raise BadRequest("Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization type")


def response_expression_is_default(change: Change) -> None:
    """Refuse any other expression than ``$default``. [O] for the words; the limit: D-routeresp"""
    if change.after.get("routeResponseSelectionExpression", DEFAULT) != DEFAULT:
        raise BadRequest("Currently, only $default is supported as a RouteResponseSelectionExpression.")


def request_parameters_name_the_request(change: Change) -> None:
    """Refuse parameters that are neither headers nor in the query. [O] for the words; the forms: D-mapping"""
    for name in change.after.get("requestParameters", {}):
        if not re.fullmatch(r"route\.request\.(multivalue)?(header|querystring)\.\S+", name):
            forms = "route.request.header.{name} or route.request.querystring.{name}"
            raise BadRequest(f"Invalid RequestParameters key specified: {name}. Must be {forms}")


def response_key_is_default(change: Change) -> None:
    """Refuse any other key than ``$default``. [P]"""
    if change.after.get("routeResponseKey") != DEFAULT:
        raise BadRequest("Currently, only $default is supported as a RouteResponseKey.")


def response_key_is_free(change: Change) -> None:
    """Refuse a second response of the same route. [O]"""
    if change.has_twin("routeResponseKey"):
        raise Conflict(f"RouteResponse with key {change.after['routeResponseKey']} already exists for this Route")
