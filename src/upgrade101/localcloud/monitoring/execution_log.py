"""Execution logs: what the gateway did with a request, step by step, in the words that AWS uses.

A short form. The lines that begin with the words of a captured log ("Extended Request Id", "Verifying Usage Plan",
"Starting execution", "WebSocket Request Route", "Endpoint request URI") are known from WebSocket APIs; the others are
those of REST APIs. https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ...gateway.calls import Call
from ...gateway.journal import Entry

_EVENT_CHARACTERS = 1024  # longer events are cut: D-known-issues


def group_name(api_id: str, stage_name: str) -> str:
    """Return the log group that AWS gives a stage.

    >>> group_name("a1b2c3d4e5", "dev")
    '/aws/apigateway/a1b2c3d4e5/dev'
    """
    return f"/aws/apigateway/{api_id}/{stage_name}"


def lines(entry: Entry) -> list[str]:
    """Return the lines that a request makes at the level of its route; none where that is OFF."""
    level = entry.stage.setting(entry.route_key, "loggingLevel") or "OFF"
    if level == "OFF":
        return []
    steps = _story(entry) if level == "INFO" else _failure(entry)
    return [f"({entry.request_id}) {step}"[:_EVENT_CHARACTERS] for step in steps]


def _story(entry: Entry) -> Iterator[str]:
    stage, connection = entry.stage, entry.connection
    key = entry.route_key
    yield f"Extended Request Id: {entry.request_id}"
    yield (
        f"Verifying Usage Plan for request: {entry.request_id}. API Key: "
        f"{'***' if connection.api_key else ''} API Stage: {stage.api_id}/{stage.stage_name}"
    )
    route = stage.deployment.routes.get(key)
    if route is None or not route.api_key_required:
        yield (
            f"API Key authorized because route '{key}' does not require API Key. "
            "Request will not contribute to throttle or quota limits"
        )
    yield f"Usage Plan check succeeded for API Key and API Stage {stage.api_id}/{stage.stage_name}"
    yield "Starting execution for request: "
    yield f"WebSocket Request Route: [{key}]"
    yield from _client(entry)
    if entry.call is not None and entry.call.purpose.value != "authorize":
        yield from _endpoint(entry, entry.call)
    yield from _failure(entry)
    if not entry.error:
        yield "Successfully completed execution"
        yield f"Method completed with status: {entry.status}"


def _client(entry: Entry) -> Iterator[str]:
    does = {"CONNECT": "is connecting to", "DISCONNECT": "is disconnecting from"}.get(entry.event_type)
    connection = entry.connection
    who = f"Client [UserAgent: {connection.user_agent}, SourceIp: {connection.source_ip}]"
    if does:
        yield f"{who} {does} WebSocket API [{entry.stage.api_id}]."
    else:
        yield f"{who} sent a message to WebSocket API [{entry.stage.api_id}]."


def _endpoint(entry: Entry, call: Call) -> Iterator[str]:
    traced = bool(entry.stage.setting(entry.route_key, "dataTraceEnabled"))
    yield f"Endpoint request URI: {call.integration.integration_uri or call.integration.integration_type}"
    yield f"Endpoint request headers: {json.dumps({'X-Amz-Source-Arn': call.source_arn})}"
    if traced:
        yield f"Endpoint request body after transformations: {_json(call.handed)}"
    yield f"Sending request to {call.target}"
    outcome = call.outcome
    if outcome is None or outcome.not_invoked or outcome.error == "timeout":
        return
    yield f"Received response. Status: 200, Integration latency: {round(call.seconds * 1000)} ms"
    if traced:
        yield f"Endpoint response body before transformations: {_json(outcome.payload)}"


def _failure(entry: Entry) -> Iterator[str]:
    """Yield what went wrong: that alone is written at the level ERROR."""
    if not entry.error:
        return
    outcome = entry.call.outcome if entry.call is not None else None
    if entry.response_type == "INTEGRATION_TIMEOUT":
        yield "Execution failed due to a timeout error"
    elif entry.response_type == "INTEGRATION_FAILURE" and outcome is not None:
        yield "Lambda execution failed with status 200 due to customer function error: " + _message(outcome.payload)
    elif entry.response_type == "API_CONFIGURATION_ERROR":
        yield f"Execution failed due to configuration error: {_configuration(entry)}"
    elif entry.response_type == "AUTHORIZER_FAILURE":
        yield "Execution failed due to configuration error: Authorizer error"
    else:
        yield f"{entry.response_type}: {entry.error}" + (f" {entry.detail}" if entry.detail else "")
    yield f"Method completed with status: {entry.status}"


def _configuration(entry: Entry) -> str:
    outcome = entry.call.outcome if entry.call is not None else None
    if outcome is None:
        return "No integration is configured for this route"
    if not outcome.not_invoked:
        return "Malformed Lambda proxy response"
    if outcome.error == "AccessDeniedException":
        return "Invalid permissions on Lambda function"
    return _message(outcome.payload) or outcome.error


def _message(payload: Any) -> str:
    return str(payload.get("errorMessage", "")) if isinstance(payload, dict) else ""


def _json(value: Any) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return str(value)
