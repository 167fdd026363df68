"""How a non-proxy integration of a REST API maps requests and responses: templates, parameters, status codes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...gateway.ports import HttpResponse
from .answers import misconfigured, unsupported_media_type
from .definition import IntegrationResponse, RestIntegration
from .event import Document, RestCall, is_header, request_context

_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


@dataclass(frozen=True, slots=True)
class TemplateInput:
    """What a mapping template of a REST API can see."""

    body: str
    path: Mapping[str, str] = field(default_factory=dict)
    querystring: Mapping[str, str] = field(default_factory=dict)
    header: Mapping[str, str] = field(default_factory=dict)
    context: Document = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)

    def params(self, name: str | None = None) -> Any:
        """Return what ``$input.params(name)`` gives: from the path, else the query, else the headers, else ''.

        Without a name: all of them, by place.
        """
        if name is None:
            return {"path": self.path, "querystring": self.querystring, "header": self.header}
        headers = {key.lower(): value for key, value in self.header.items()}
        return self.path.get(name) or self.querystring.get(name) or headers.get(name.lower(), "")


Render = Callable[[str, TemplateInput], str]


def request_body(call: RestCall, integration: RestIntegration, render: Render) -> str | None:
    """Return the mapped body, or None where no template applies and the body passes through.

    Raises the 415 of API Gateway where the passthrough behaviour forbids that.
    """
    template = integration.request_templates.get(call.media_type)
    if template is not None:
        return render(template, template_input(call, call.body()[0] or ""))
    passing = integration.passthrough_behavior
    if passing == "NEVER" or (passing == "WHEN_NO_TEMPLATES" and integration.request_templates):
        raise unsupported_media_type()
    return None


def template_input(call: RestCall, body: str) -> TemplateInput:
    """Return what a template sees for this request with this body (the request's, or the integration's answer)."""
    headers, context = dict(call.request.headers), request_context(call)
    return TemplateInput(body, call.path_parameters, dict(call.query), headers, context, call.stage.variables)


def parameters(call: RestCall, integration: RestIntegration, place: str) -> dict[str, str]:
    """Return the mapped request parameters of one place: ``path``, ``querystring`` or ``header``."""
    prefix = f"integration.request.{place}."
    mapped = ((key, request_value(call, source)) for key, source in integration.request_parameters.items())
    return {key.removeprefix(prefix): value for key, value in mapped if key.startswith(prefix) and value is not None}


def request_value(call: RestCall, source: str) -> str | None:
    """Return what a mapping expression such as ``method.request.path.id`` or ``'static'`` means, or None."""
    if len(source) >= 2 and source[0] == source[-1] == "'":
        return source[1:-1]
    place, _, name = source.removeprefix("method.request.").partition(".")
    if source.startswith("method.request."):
        if place == "path":
            return call.path_parameters.get(name)
        if place == "header":
            return call.request.header(name) or None
        return dict(call.query).get(name) if place == "querystring" else (call.body()[0] if place == "body" else None)
    if source.startswith("stageVariables."):
        return call.stage.variables.get(source.removeprefix("stageVariables."))
    found = _dig(request_context(call), source.removeprefix("context.")) if source.startswith("context.") else None
    return None if found is None else str(found)


def with_stage_variables(text: str, variables: Mapping[str, str]) -> str:
    """Fill ``${stageVariables.name}`` in.

    >>> with_stage_variables("http://127.0.0.1:${stageVariables.port}/", {"port": "8080"})
    'http://127.0.0.1:8080/'
    """
    return _STAGE_VARIABLE.sub(lambda found: variables.get(found[1], ""), text)


def mock_status(body: str | None) -> int | None:
    """Return the ``statusCode`` that a MOCK's request template names; None where there is no template.

    Raises the 500 of API Gateway where the template gave something else.
    """
    if body is None or not body.strip():
        return None
    try:
        status = json.loads(body)["statusCode"]
        return int(status)
    except (ValueError, TypeError, LookupError):
        raise misconfigured() from None


def select(responses: Iterable[IntegrationResponse], status: int | None) -> IntegrationResponse:
    """Return the integration response for a backend's status; the one without a pattern is the default.

    Raises the 500 of API Gateway where none fits.
    """
    responses = tuple(responses)
    for each in responses:
        if status is not None and each.selection_pattern and _fits(each.selection_pattern, str(status)):
            return each
    defaults = [each for each in responses if not each.selection_pattern]
    if not defaults:
        raise misconfigured()
    return next((each for each in defaults if each.status_code == status), defaults[0])


def method_response(call: RestCall, chosen: IntegrationResponse, backend: HttpResponse, render: Render) -> HttpResponse:
    """Return the method response: status, headers and body as the integration response maps them."""
    content_type, template = _template(chosen.templates, call.request.header("accept"))
    body = backend.body
    if template is not None:
        body = render(template, template_input(call, body.decode("utf-8", "replace"))).encode()
    headers = [("Content-Type", content_type)]
    for key, source in chosen.parameters.items():
        name, value = key.removeprefix("method.response.header."), _response_value(call, source, backend)
        if value is not None and is_header(name, value):
            headers = [each for each in headers if each[0].lower() != name.lower()] + [(name, value)]
    return HttpResponse(chosen.status_code, body, headers)


def _template(templates: Mapping[str, str], accept: str) -> tuple[str, str | None]:
    wanted = [each.partition(";")[0].strip().lower() for each in accept.split(",")]
    for media_type in (*wanted, "application/json", *templates):
        if media_type in templates:
            return media_type, templates[media_type] or None
    return "application/json", None


def _response_value(call: RestCall, source: str, backend: HttpResponse) -> str | None:
    prefix = "integration.response.header."
    if source.startswith(prefix):
        wanted = source.removeprefix(prefix).lower()
        return next((value for name, value in backend.headers if name.lower() == wanted), None)
    if source == "integration.response.body":
        return backend.body.decode("utf-8", "replace")
    if source.startswith("integration.response.body."):
        try:
            found = _dig(json.loads(backend.body), source.removeprefix("integration.response.body."))
        except ValueError:
            return None
        return None if found is None else str(found)
    return request_value(call, source)


def _dig(document: Any, dotted: str) -> Any:
    for name in dotted.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _fits(pattern: str, status: str) -> bool:
    try:
        return bool(re.fullmatch(pattern, status))
    except re.error:
        return False
