"""Access logs: one line per request, in the format of the stage.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ...gateway.calls import Call
from ...gateway.definition import CONNECT
from ...gateway.documents import common_log_time
from ...gateway.journal import Entry
from ...gateway.templates import warn_of_cognito

_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*)|\$\{context\.([A-Za-z0-9_.-]+)\}")
_NOTHING = "-"
_UNKNOWN_CALLER = ("MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "EXPIRED_TOKEN")


def line(log_format: str, entry: Entry) -> str:
    """Return the line that a request makes; a variable that is unknown, or has no value, is ``-``."""
    literals, names = _parts(log_format)
    values = variables(entry)
    filled = [_text(values.get(name)) for name in names]
    return "".join(part for pair in zip(literals, [*filled, ""], strict=True) for part in pair)


@lru_cache(maxsize=256)
def _parts(log_format: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split a format into what stands between variables and the variables' names.

    >>> _parts('{"id":"$context.requestId","ip":"$context.identity.sourceIp"}')[1]
    ('requestId', 'identity.sourceIp')
    """
    warn_of_cognito(log_format)
    found = list(_VARIABLE.finditer(log_format))
    ends, starts = [0, *(match.end() for match in found)], [*(match.start() for match in found), len(log_format)]
    literals = tuple(log_format[end:start] for end, start in zip(ends, starts, strict=True))
    return literals, tuple(match[1] or match[2] for match in found)


def _text(value: Any) -> str:
    if value is None or value == "":
        return _NOTHING
    return value if isinstance(value, str) else json.dumps(value)


def variables(entry: Entry) -> dict[str, Any]:
    """Return the values of ``$context`` by name, for one request."""
    connection, stage = entry.connection, entry.stage
    values = {
        "apiId": stage.api_id,
        "connectedAt": int(connection.connected_at * 1000),
        "connectionId": connection.connection_id,
        "domainName": connection.domain_name,
        "eventType": entry.event_type,
        "extendedRequestId": entry.request_id,
        "messageId": _context(entry.call).get("messageId"),
        "requestId": entry.request_id,
        "requestTime": common_log_time(int(entry.at)),
        "requestTimeEpoch": int(entry.at * 1000),
        "routeKey": entry.route_key,
        "stage": stage.stage_name,
        "status": entry.status,
        "error.message": entry.error,
        "error.messageString": json.dumps(entry.error) if entry.error else None,
        "error.responseType": entry.response_type,
        "error.validationErrorString": entry.detail,
        "identity.sourceIp": connection.source_ip,
        "identity.userAgent": connection.user_agent,
        **{f"identity.{name}": value for name, value in connection.recognized.items()},
        **{f"authorizer.{name}": value for name, value in (connection.authorizer or {}).items()},
        **_integration(entry.call),
    }
    return values | _door(entry) if entry.route_key == CONNECT else values


def _context(call: Call | None) -> Mapping[str, Any]:
    event = call.event if call is not None else None
    context = event.get("requestContext") if isinstance(event, dict) else None
    return context if isinstance(context, dict) else {}


def _integration(call: Call | None) -> dict[str, Any]:
    """Return what is known of the integration's call; that of an authorizer counts as no integration."""
    outcome = call.outcome if call is not None else None
    if call is None or outcome is None or call.purpose.value == "authorize":
        return {}
    payload = outcome.payload if isinstance(outcome.payload, dict) else {}
    latency = None if call.integration.integration_type == "MOCK" else round(call.seconds * 1000)
    return {
        "integrationLatency": latency,
        "integration.latency": latency,
        "integration.status": payload.get("statusCode") if not outcome.error else None,
        "integration.integrationStatus": None if outcome.not_invoked or outcome.error == "timeout" else 200,
        "integration.error": _error_of(outcome.error, payload),
    }


def _error_of(error: str, payload: Mapping[str, Any]) -> Any:
    return payload.get("errorMessage") or error if error else None


def _door(entry: Entry) -> dict[str, Any]:
    """Return what is known of the authorizer's call, and of IAM's two questions: who is it, and may it."""
    route = entry.stage.deployment.routes.get(CONNECT)
    if route is not None and route.authorization_type == "AWS_IAM":
        return _iam(entry)
    asked: Call | None = entry.connection.asked
    outcome = asked.outcome if asked is not None else None
    if asked is None or outcome is None:
        return {}
    payload = outcome.payload if isinstance(outcome.payload, dict) else {}
    latency = round(asked.seconds * 1000)
    return {
        "authorizer.latency": latency,
        "authorizer.integrationLatency": latency,
        "authorizer.status": 500 if outcome.error else 200,
        "authorizer.integrationStatus": None if outcome.not_invoked else 200,
        "authorizer.error": _error_of(outcome.error, payload),
    }


def _iam(entry: Entry) -> dict[str, Any]:
    if entry.response_type in _UNKNOWN_CALLER:
        return {"authenticate.status": entry.status, "authenticate.error": entry.error}
    if entry.response_type == "ACCESS_DENIED":
        return {"authenticate.status": 200, "authorize.status": entry.status, "authorize.error": entry.error}
    return {"authenticate.status": 200, "authorize.status": 200}
