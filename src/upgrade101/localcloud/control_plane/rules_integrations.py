"""What AWS refuses about integrations and integration responses. ([P] [R] [F] [O]: see ``changes.py``.)"""

from __future__ import annotations

import re

from ...gateway import limits
from ...gateway.definition import DEFAULT
from .changes import Change
from .refusals import BadRequest, Conflict
from .resources import Resource, WebSocketApi

INVOCATIONS = "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function ARN}/invocations"

_VARIABLE = re.compile(r"\$\{stageVariables\.[A-Za-z0-9_]+\}")
_FUNCTION = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\w+:function:\S+")
_INVOCATIONS = re.compile(r"arn:[\w-]+:apigateway:[\w-]+:lambda:path/2015-03-31/functions/\S+/invocations")
_SERVICE = re.compile(r"arn:[\w-]+:apigateway:[\w-]+:[\w.-]+:(path|action)/\S+")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
_TARGET = re.compile(r"integration\.request\.(header|querystring|path)\.\S+")
_SOURCE = re.compile(
    r"(route|method)\.request\.((multivalue)?(header|querystring)\.\S+|body(\..+|\[.+)?)|context\.\S+|stageVariables\.\w+|'.*'",
    re.S,
)
_HTTP = re.compile(r"https?://\S+")
_URIS = {
    "AWS_PROXY": ((_INVOCATIONS, _FUNCTION), INVOCATIONS),
    "AWS": ((_SERVICE,), "arn:aws:apigateway:{region}:{service}:{path or action}/{what to call}"),
    "HTTP_PROXY": ((_HTTP,), "http://… or https://…"),
    "HTTP": ((_HTTP,), "http://… or https://…"),
}


def names_a_function(uri: str, *, bare: bool = False) -> bool:
    """Tell whether a URI invokes a Lambda function; ``bare`` lets a function's own ARN pass as well.

    >>> names_a_function("${stageVariables.uri}"), names_a_function("arn:aws:lambda:us-east-1:1:function:f")
    (True, False)
    """
    return _fits(uri, (_INVOCATIONS, _FUNCTION) if bare else (_INVOCATIONS,))


def _fits(uri: str, forms: tuple[re.Pattern[str], ...]) -> bool:
    """Compare with the forms; a stage variable stands for anything, and may be the whole."""
    plain = _VARIABLE.sub("x", uri)
    return bool(_VARIABLE.fullmatch(uri)) or any(form.fullmatch(plain) for form in forms)


def uri_fits_the_type(change: Change) -> None:
    """Refuse a URI that the type cannot call; MOCK calls nobody.

    "Invalid integration URI specified" is what AWS says, as many report; [O] what follows it. AWS_PROXY takes a
    function's own ARN, too: [R] github.com/aws/aws-cdk/pull/13820
    """
    wanted = _URIS.get(change.after.get("integrationType", ""))
    if wanted and not _fits(change.after.get("integrationUri", ""), wanted[0]):
        raise BadRequest(f"Invalid integration URI specified. IntegrationUri should look like {wanted[1]}")


def waits_within_the_limits(change: Change) -> None:
    """Refuse a timeout outside 50 to 29,000 ms. [P]"""
    low, high = limits.INTEGRATION_MILLIS_MIN, limits.INTEGRATION_MILLIS_MAX
    if not low <= change.after["timeoutInMillis"] <= high:
        raise BadRequest(f"Timeout should be between {low} ms and {high} ms")


def speaks_format_1(change: Change) -> None:
    """Refuse the event format of HTTP APIs. [P]"""
    version = change.after.get("payloadFormatVersion", "1.0")
    if version != "1.0":
        raise BadRequest(f"Unsupported PayloadFormatVersion: {version}")


def method_is_known(change: Change) -> None:
    """Refuse a method that HTTP does not have. [O]"""
    method = change.after.get("integrationMethod")
    if method and method not in _METHODS:
        raise BadRequest(f"Invalid IntegrationMethod specified: {method}. Must be one of [{', '.join(_METHODS)}]")


def request_parameters_map_something(change: Change) -> None:
    """Refuse parameters that are no mapping. The words are those of REST APIs; the forms: D-mapping"""
    for name, value in change.after.get("requestParameters", {}).items():
        for part, form in ((name, _TARGET), (value, _SOURCE)):
            if not form.fullmatch(part):
                errors = f"[Invalid mapping expression specified: {part}]"
                raise BadRequest(
                    f"Invalid mapping expression specified: Validation Result: warnings : [], errors : {errors}"
                )


def names_its_link(change: Change) -> None:
    """Refuse VPC_LINK without a link. [P]"""
    if change.after.get("connectionType") == "VPC_LINK" and not change.after.get("connectionId"):
        raise BadRequest("ConnectionId must be set to vpcLinkId for ConnectionType VPC_LINK")


def is_unused(api: WebSocketApi, doomed: Resource) -> None:
    """Keep what a route targets. [R] github.com/milliHQ/terraform-aws-next-js/issues/247"""
    target = f"integrations/{doomed.id}"
    used_by = [route.id for route in api.routes.values() if route.document.get("target") == target]
    if used_by:
        ids = ", ".join(used_by)
        raise Conflict(f"Cannot delete Integration because it is referenced by the following Routes with Ids: [{ids}]")


def response_key_is_default_or_regex(change: Change) -> None:
    """Refuse a key that is neither ``$default`` nor ``/regex/``. [O] for the words; the forms: D-integ-resp"""
    key = change.after.get("integrationResponseKey", "")
    if key != DEFAULT and not (re.fullmatch(r"/.+/", key, re.S) and _is_regex(key[1:-1])):
        raise BadRequest("Invalid IntegrationResponseKey. Must be $default or a /regular expression/")


def _is_regex(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def response_key_is_free(change: Change) -> None:
    """Refuse a second response with the same key. [O]"""
    if change.has_twin("integrationResponseKey"):
        key = change.after["integrationResponseKey"]
        raise Conflict(f"IntegrationResponse with key {key} already exists for this Integration")
