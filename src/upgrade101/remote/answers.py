"""Spell what another cloud answers as AWS does, where only the spelling differs."""

from __future__ import annotations

from typing import Any

from botocore.endpoint import Endpoint

_make_request = Endpoint.make_request


def install() -> None:
    """Mend the answers that every client of this process gets, made before or after."""
    Endpoint.make_request = _mended


def uninstall() -> None:
    """Leave answers as they come."""
    Endpoint.make_request = _make_request


def _mended(endpoint: Any, operation_model: Any, request: Any) -> Any:
    raw, answer = _make_request(endpoint, operation_model, request)
    if operation_model.service_model.service_name == "apigatewayv2" and isinstance(answer, dict):
        for api in (answer, *answer.get("Items", ())):
            mend_api(api)
    return raw, answer


def mend_api(api: Any) -> None:
    """Let the address of a WebSocket API begin with ``wss://``, as on AWS; some clouds say ``ws`` or ``http``.

    >>> api = {"ProtocolType": "WEBSOCKET", "ApiEndpoint": "http://a1b2.execute-api.localhost:4566"}
    >>> mend_api(api)
    >>> api["ApiEndpoint"]
    'wss://a1b2.execute-api.localhost:4566'
    """
    if isinstance(api, dict) and api.get("ProtocolType") == "WEBSOCKET" and "://" in api.get("ApiEndpoint", ""):
        api["ApiEndpoint"] = "wss://" + api["ApiEndpoint"].partition("://")[2]
