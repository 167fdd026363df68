"""What AWS refuses about APIs, deployments and stages. ([P] [R] [F] [O]: see ``changes.py``.)"""

from __future__ import annotations

import re

from ...gateway.definition import DEFAULT
from .changes import Change, member
from .refusals import BadRequest, Conflict, NotEmulatedHere, NotFound
from .resources import Resource, WebSocketApi

_API_KEY_SOURCES = ("$request.header.x-api-key", "$context.authorizer.usageIdentifierKey")
_VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]+")
_VARIABLE_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]+")  # M-apigwv2
_LOG_GROUP = re.compile(r"arn:[\w-]+:logs:[\w-]+:\d*:log-group:[\w./#-]+(:\*)?")
_REQUEST_IDS = ("$context.requestId", "$context.extendedRequestId")


def api_has_a_selection_expression(change: Change) -> None:
    """Refuse an API that could not route. [P] for a missing expression"""
    if not change.after.get("routeSelectionExpression"):
        raise BadRequest("Invalid routeSelectionExpression")


def api_key_source_is_known(change: Change) -> None:
    """Refuse a third source of API keys. [O] for the words; the two sources: D-sel"""
    if re.sub("[{}]", "", change.after["apiKeySelectionExpression"]) not in _API_KEY_SOURCES:
        raise BadRequest(f"Invalid apiKeySelectionExpression. Must be one of [{', '.join(_API_KEY_SOURCES)}]")


def api_has_no_cors(change: Change) -> None:
    """Refuse CORS, which browsers do not apply to WebSocket. [P]"""
    if "corsConfiguration" in change.given:
        raise BadRequest("Cors is not supported for WEBSOCKET protocolType")


def api_has_routes(api: WebSocketApi) -> None:
    """Refuse to deploy nothing. [R] github.com/aws/serverless-application-model/issues/2512"""
    if not api.routes:
        raise BadRequest("At least one route is required before deploying the Api.")


def models_are_schemas(api: WebSocketApi, faults: list[str]) -> None:
    """Refuse to deploy a route whose model is none, unless the API says so. [O] for the words; the switch: M-apigwv2"""
    if faults and not api.document.get("disableSchemaValidation"):
        raise BadRequest(f"Invalid model schema specified: {faults[0]}")


def deployment_is_unused(api: WebSocketApi, doomed: Resource) -> None:
    """Keep what a stage points at. [R] github.com/hashicorp/terraform/issues/25495, REST"""
    if any(stage.document.get("deploymentId") == doomed.id for stage in api.stages.values()):
        raise BadRequest("Active stages pointing to this deployment must be moved or deleted")


def name_is_well_formed(change: Change) -> None:
    """Refuse other characters, and ``$default``. [P] but for the hyphen, which AWS documents; [O] for ``$default``"""
    name = change.after["stageName"]
    if name == DEFAULT:
        raise BadRequest("Invalid StageName: $default is a stage name of HTTP APIs only")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name):
        raise BadRequest("Stage name only allows a-zA-Z0-9_-")


def name_is_free(change: Change) -> None:
    """Refuse a second stage of that name. [R] github.com/hashicorp/terraform-provider-aws/issues/1153, REST"""
    if change.changed is None and change.after["stageName"] in change.siblings:
        raise Conflict("Stage already exists")


def variables_are_plain(change: Change) -> None:
    """Refuse other characters in stage variables. [P] from REST APIs; a value's characters: M-apigwv2"""
    for name, value in change.after["stageVariables"].items():
        if not _VARIABLE_NAME.fullmatch(name):
            raise BadRequest(f"Invalid stage variable name: {name}. Please use names with only word characters.")
        if not _VARIABLE_VALUE.fullmatch(value):
            allowed = "alphanumeric characters and the symbols -._~:/?#&=,"
            raise BadRequest(f"Invalid stage variable value of key {name}. Please use values with {allowed}")


def route_settings_name_routes(change: Change) -> None:
    """Refuse settings for a route that is not there. [P]"""
    if "routeSettings" not in change.given:
        return
    keys = {route.document["routeKey"] for route in change.api.routes.values()}
    for key in change.after["routeSettings"]:
        if key not in keys:
            raise NotFound(f"Unable to find Route by key {key} within the provided RouteSettings")


def log_format_names_the_request(change: Change) -> None:
    """Refuse an access log whose lines cannot be told apart. [P]"""
    written = change.after.get("accessLogSettings", {}).get("format")
    if written is not None and not any(name in written for name in _REQUEST_IDS):
        raise BadRequest("Access Log format must include either $context.requestId or $context.extendedRequestId")


def log_has_a_group_and_a_format(change: Change) -> None:
    """Refuse half of an access log, and one that goes elsewhere than to CloudWatch Logs.

    [P] for another service than logs; [O] for the words.
    """
    settings = change.after.get("accessLogSettings")
    if not settings:
        return
    for name in ("destinationArn", "format"):
        if not settings.get(name):
            raise BadRequest(f"AccessLogSettings.{member(name)} is required")
    arn = settings["destinationArn"]
    if not _LOG_GROUP.fullmatch(arn):
        form = "arn:aws:logs:{region}:{account}:log-group:{name}"
        raise BadRequest(f"Invalid AccessLogSettings.DestinationArn specified: {arn}. A log group is expected: {form}")


def throttles_are_no_debts(change: Change) -> None:
    """Refuse limits below nothing. [O]"""
    everywhere = {"DefaultRouteSettings": change.after["defaultRouteSettings"], **change.after["routeSettings"]}
    for where, settings in everywhere.items():
        for name in ("throttlingBurstLimit", "throttlingRateLimit"):
            if settings.get(name, 0) < 0:
                raise BadRequest(f"Invalid {member(name)} specified for {where}: {settings[name]} is below 0")


def certificate_is_not_emulated(change: Change) -> None:
    """Refuse a client certificate, which would be shown to HTTP integrations."""
    if change.given.get("clientCertificateId"):
        raise NotEmulatedHere("ClientCertificateId", "leave it out: there is no TLS on this machine")


def deployment_may_be_set(change: Change) -> None:
    """Refuse an unknown deployment [O], and any beside AutoDeploy.

    [R] github.com/aws-controllers-k8s/apigatewayv2-controller/pull/15
    """
    deployment_id = change.given.get("deploymentId")
    if not deployment_id:
        return
    if change.after["autoDeploy"]:
        name = change.after["stageName"]
        raise BadRequest(f"Deployment ID cannot be set on stage {name} because AutoDeploy is enabled")
    if deployment_id not in change.api.deployments:
        raise NotFound.of("Deployment", deployment_id)
