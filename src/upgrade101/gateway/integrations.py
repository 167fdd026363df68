"""What happens behind a route, apart from Lambda: MOCK, and the list of what is not emulated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .definition import DEFAULT, Integration, IntegrationResponse, Route
from .documents import Document
from .errors import ConfigurationError
from .ports import Outcome
from .selection import evaluate, read_json
from .templates import render

EMULATED = frozenset({"AWS_PROXY", "MOCK"})


def gap(route: Route) -> str:
    """Return what this route needs and the gateway does not emulate, with what to do instead; '' where all is well.

    >>> gap(Route("r", "$default"))
    ''
    """
    kind = route.integration.integration_type if route.integration else "MOCK"
    if kind not in EMULATED:
        return f"NotEmulated: {kind} integrations; use AWS_PROXY with a Lambda function that makes the call"
    return ""


def mock(integration: Integration, event: Document) -> Outcome:
    """Answer as a MOCK integration does: the request template gives the status, an integration response the text.

    Without a request template the message itself stands for it; without an integration response nothing is answered.
    """
    try:
        return _mock(integration, event)
    except ConfigurationError as fault:
        return Outcome({"errorMessage": str(fault)}, error="ConfigurationError")


def _mock(integration: Integration, event: Document) -> Outcome:
    body = event.get("body", "")
    request = _template(integration.template_selection_expression, integration.request_templates, body)
    status = _status(_render(request, event, body) if request is not None else body)
    if status is None:
        return Outcome({"errorMessage": "the request template gives no statusCode"}, error="ConfigurationError")
    response = _response(integration, status)
    if response is None:
        return Outcome({"statusCode": status})
    chosen = _template(response.template_selection_expression, response.response_templates, body)
    return Outcome({"statusCode": status, "body": _render(chosen, event, body) if chosen is not None else ""})


def _template(expression: str, templates: Mapping[str, str], body: str) -> str | None:
    """Choose a template by its selection expression, else ``$default``, else the only one there is."""
    key = evaluate(expression, read_json(body)) if expression else None
    for name in (key, DEFAULT, "\\$default"):
        if name is not None and name in templates:
            return templates[name]
    return next(iter(templates.values())) if len(templates) == 1 and not expression else None


def _render(template: str, event: Document, body: str) -> str:
    variables = event.get("stageVariables", {})
    return render(template, body=body, context=event["requestContext"], stage_variables=variables)


def _status(text: str) -> int | None:
    """Return the statusCode in the rendered request template; 200 where there is no text at all."""
    document: Any = read_json(text) if text.strip() else {"statusCode": 200}
    status = document.get("statusCode") if isinstance(document, dict) else None
    return int(status) if isinstance(status, int | str) and re.fullmatch(r"[2-5]\d\d", str(status)) else None


def _response(integration: Integration, status: int) -> IntegrationResponse | None:
    """Choose the integration response: a ``/regex/`` that fits the status, else ``$default``."""
    by_key = {response.integration_response_key: response for response in integration.responses}
    for key, response in by_key.items():
        if len(key) > 1 and key[0] == key[-1] == "/" and _fits(key[1:-1], status):
            return response
    return by_key.get(DEFAULT)


def _fits(pattern: str, status: int) -> bool:
    """Tell whether a pattern fits the status; raises ConfigurationError where it is no regular expression."""
    try:
        return re.fullmatch(pattern, str(status)) is not None
    except re.error as fault:
        raise ConfigurationError(
            f"/{pattern}/ is no regular expression: {fault}", hint="mend the response key"
        ) from fault
