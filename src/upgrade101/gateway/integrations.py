"""What happens behind a route: what each kind of integration is handed, and what its answer says. Pure functions.

AWS_PROXY gets the proxy event; the other kinds get what :mod:`mapping` makes of it, and MOCK answers by itself.
"""

from __future__ import annotations

import json
import logging
import re
from typing import NamedTuple

from . import documents
from .calls import Call, Purpose
from .definition import Integration
from .documents import Document, Reply
from .errors import ConfigurationError, NotEmulated, Upgrade101Error
from .http_integrations import backend_request
from .integration_responses import Answer, of_backend, of_function, reply_headers, select
from .integration_responses import reply as mapped_reply
from .mapping import choose, encoded, handled, rendered, request_text
from .ports import NOT_EMULATED, NOT_MAPPED, TIMED_OUT, UNREACHABLE, Outcome, Payload
from .selection import read_json
from .uris import filled

log = logging.getLogger("upgrade101.gateway")

_FUNCTION = re.compile(r"arn:[\w-]+:apigateway:[\w-]+:lambda:path/2015-03-31/functions/[^/]+/invocations\Z")
_INVOCATION_TYPE = "integration.request.header.x-amz-invocation-type"


# ── what is handed over ──────────────────────────────────────────────────────────────────────────────────────────────


def begin(call: Call) -> Outcome | None:
    """Prepare what a call hands to its integration; return the outcome where nobody has to be called.

    It is meant for whatever is no plain AWS_PROXY integration.
    """
    try:
        return _begin(call)
    except Upgrade101Error as fault:
        log.warning("route %s: %s", call.route_key, fault)
        error = NOT_EMULATED if isinstance(fault, NotEmulated) else "ConfigurationError"
        return Outcome({"errorMessage": str(fault)}, error=error, not_invoked=True)


def _begin(call: Call) -> Outcome | None:
    integration, stage = call.integration, call.connection.stage
    if integration.connection_type == "VPC_LINK":
        raise NotEmulated(
            "NotEmulated: private integrations (ConnectionType VPC_LINK)",
            hint="use ConnectionType INTERNET and a server at http://127.0.0.1:PORT/",
        )
    if integration.integration_type == "AWS_PROXY":
        _mark_binary(call)
        return None
    if integration.integration_type == "MOCK":
        return mock(integration, call.event)
    is_proxy = integration.integration_type == "HTTP_PROXY"
    text = call.event.get("body") or "" if is_proxy else request_text(integration, call.event)
    if text is None:
        return _not_mapped(call.route_key, integration)
    if _is_function(call):
        call.request = Payload(_event(handled(encoded(text), integration.content_handling_strategy)))
    else:
        route = stage.deployment.routes.get(call.route_key)
        declared = route.request_parameters if route else ()
        call.request = backend_request(integration, stage, call.event, text, declared)
    return None


def _mark_binary(call: Call) -> None:
    """Tell a function that the message is base64, which CONVERT_TO_BINARY says (not documented for proxies)."""
    if call.integration.content_handling_strategy == "CONVERT_TO_BINARY" and call.event.get("body"):
        handled(encoded(call.event["body"]), "CONVERT_TO_BINARY")
        call.event["isBase64Encoded"] = True


def _is_function(call: Call) -> bool:
    """Tell whether an AWS integration waits for a Lambda function; one that does not wait is a service like others."""
    integration = call.integration
    uri = filled(integration.integration_uri, call.connection.stage.stage_variables)
    kind = {key.lower(): source for key, source in integration.request_parameters.items()}.get(_INVOCATION_TYPE)
    return integration.integration_type == "AWS" and bool(_FUNCTION.match(uri)) and kind != "'Event'"


def _event(content: bytes) -> object:
    """Read the event of a non-proxy function; nothing at all is an empty object."""
    try:
        return json.loads(content) if content.strip() else {}
    except (ValueError, RecursionError) as fault:
        raise ConfigurationError(
            f"a Lambda function takes JSON only, and this is none: {content[:60]!r}",
            hint="give the integration a request template that makes JSON of it, as {\"text\": $input.json('$')}",
        ) from fault


def _not_mapped(route_key: str, integration: Integration) -> Outcome:
    why = f"no request template fits, and PassthroughBehavior {integration.passthrough_behavior} lets nothing through"
    log.warning("route %s: %s; add a request template with the key $default", route_key, why)
    return Outcome({"errorMessage": why}, error=NOT_MAPPED, not_invoked=True)


# ── what the answer says ─────────────────────────────────────────────────────────────────────────────────────────────


class Failure(NamedTuple):
    """An integration failed: the status and words that refuse an upgrade, and the words of an error frame."""

    status: int
    words: str
    frame: str


_CONFIGURATION = Failure(500, documents.INTERNAL_SERVER_ERROR, documents.INTERNAL_SERVER_ERROR)
_MALFORMED = Failure(502, documents.INTERNAL_SERVER_ERROR, documents.INTERNAL_SERVER_ERROR)
_NO_NETWORK = "Network error communicating with endpoint"
_FAILURES = {
    TIMED_OUT: Failure(504, documents.TIMED_OUT, documents.TIMED_OUT),
    UNREACHABLE: Failure(504, _NO_NETWORK, _NO_NETWORK),
    NOT_MAPPED: Failure(415, "Unsupported Media Type", "Unsupported Media Type"),
}


def reply(call: Call, outcome: Outcome) -> Reply | Failure:
    """Return what an integration replies to the client, or how it failed.

    Where the client gets nothing anyhow, because the route is one-way, integration responses are not looked at.
    """
    if call.request is None:
        return documents.reply(outcome) or failure(outcome)
    is_function = isinstance(call.request, Payload)
    if outcome.not_invoked or (outcome.error and not is_function):
        return failure(outcome)
    if call.integration.integration_type == "HTTP_PROXY":
        return documents.reply(outcome) or failure(outcome)
    if call.purpose is Purpose.MESSAGE and not call.two_way:
        return Reply(200, "", {})
    try:
        return _mapped(call, of_function(outcome) if is_function else of_backend(outcome.payload))
    except ConfigurationError as fault:
        log.warning("route %s: %s", call.route_key, fault)
        return _CONFIGURATION


def _mapped(call: Call, answer: Answer) -> Reply:
    response = select(call.integration.responses, answer.subject)
    if response is None:
        raise ConfigurationError(
            f"no integration response fits the answer ({answer.subject or 'without an errorMessage'})",
            hint="create_integration_response(IntegrationResponseKey='$default')",
        )
    return mapped_reply(response, answer, call.event)


def failure(outcome: Outcome) -> Failure:
    """Return how an outcome without a reply looks from outside.

    >>> failure(Outcome(error="ValueError")).status, failure(Outcome(not_invoked=True)).status
    (502, 500)
    """
    if outcome.error == NOT_EMULATED:
        return Failure(501, outcome.payload["errorMessage"], documents.INTERNAL_SERVER_ERROR)
    return _FAILURES.get(outcome.error) or (_CONFIGURATION if outcome.not_invoked else _MALFORMED)


# ── MOCK ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def mock(integration: Integration, event: Document) -> Outcome:
    """Answer as a MOCK integration does: the request template gives the status, an integration response the text.

    Without a request template the message itself stands for it; without an integration response nothing is answered.
    """
    try:
        return _mock(integration, event)
    except ConfigurationError as fault:
        log.warning("a MOCK integration failed: %s", fault)
        return Outcome({"errorMessage": str(fault)}, error="ConfigurationError", not_invoked=True)


def _mock(integration: Integration, event: Document) -> Outcome:
    request = request_text(integration, event)
    if request is None:
        return _not_mapped(event["requestContext"].get("routeKey", ""), integration)
    status = _status(request)
    response = select(integration.responses, str(status))
    if response is None:
        return Outcome({"statusCode": status})
    answer = Answer(status, {}, b"", str(status))
    template = choose(response.template_selection_expression, response.response_templates, event, answer.variable)
    headers = reply_headers(response.response_parameters, answer, "", event)
    text = "" if template is None else rendered(template, event, event.get("body") or "")
    return Outcome({"statusCode": status, "body": text, **({"headers": headers} if headers else {})})


def _status(text: str) -> int:
    """Return the statusCode in the rendered request template; 200 where there is no text at all."""
    document = read_json(text) if text.strip() else {"statusCode": 200}
    status = document.get("statusCode") if isinstance(document, dict) else None
    if not isinstance(status, int | str) or not re.fullmatch(r"[2-5]\d\d", str(status)):
        raise ConfigurationError(
            "the request of a MOCK integration has no statusCode from 200 to 599",
            hint='give it a request template such as {"statusCode": 200}',
        )
    return int(status)
