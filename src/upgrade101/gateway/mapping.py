"""Data mapping: what of a message, its context and its stage goes into the request of an integration. Pure functions.

Sources: ``.../websocket-api-data-mapping.html`` and ``.../websocket-api-data-transformations.html`` below
https://docs.aws.amazon.com/apigateway/latest/developerguide/. An event is what a Lambda proxy would get.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .definition import DEFAULT, Integration, Strings
from .errors import ConfigurationError
from .selection import evaluate, read_json, text_of
from .templates import NO_PARAMS, Params, render, warn_of_cognito

log = logging.getLogger("upgrade101.gateway")

Document = dict[str, Any]

_PREFIX = "integration.request."
_PLACES = ("header", "querystring", "path")
_KINDS = {  # of a route request parameter: where the event has it, and whether all its values count
    "querystring": ("multiValueQueryStringParameters", False),
    "multivaluequerystring": ("multiValueQueryStringParameters", True),
    "header": ("multiValueHeaders", False),
    "multivalueheader": ("multiValueHeaders", True),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One mapped request parameter; a ``literal`` one stands in quotes in the mapping and is encoded already."""

    place: str  # header | querystring | path
    name: str
    values: tuple[str, ...]
    literal: bool = False


def parameters(mapping: Strings, event: Document, declared: Collection[str] = ()) -> list[Parameter]:
    """Return the request parameters that have a value; ``declared`` are the route's own request parameters.

    >>> event = {"requestContext": {"connectionId": "abc="}, "body": '{"room": "blue"}'}
    >>> parameters({"integration.request.header.who": "context.connectionId"}, event)
    [Parameter(place='header', name='who', values=('abc=',), literal=False)]
    >>> parameters({"integration.request.querystring.room": "route.request.body.room"}, event)[0].values
    ('blue',)
    """
    found = []
    for key, source in mapping.items():
        place, _, name = key.removeprefix(_PREFIX).partition(".")
        if not key.startswith(_PREFIX) or place not in _PLACES or not name:
            log.warning("request parameter %r is not mapped: it should look like integration.request.header.NAME", key)
            continue
        values = source_values(source, event, declared)
        if values:
            found.append(Parameter(place, name, values, _is_literal(source)))
    return found


def source_values(source: str, event: Document, declared: Collection[str] = ()) -> tuple[str, ...]:
    """Return what a mapping expression finds: one value, several, or none.

    >>> source_values("'fixed'", {}), source_values("stageVariables.colour", {"stageVariables": {"colour": "blue"}})
    (('fixed',), ('blue',))
    """
    if _is_literal(source):
        return (source[1:-1],)
    plain = source.removeprefix("route.").removeprefix("method.")
    if source.startswith("context."):
        warn_of_cognito(source)
        found = _dig(event.get("requestContext", {}), source.removeprefix("context."))
    elif source.startswith("stageVariables."):
        found = event.get("stageVariables", {}).get(source.removeprefix("stageVariables."))
    elif plain == "request.body":
        found = event.get("body")
    elif plain.startswith("request.body"):
        found = evaluate(f"${{{plain}}}", read_json(event.get("body") or ""))
    else:
        return _route_parameter(source, plain, event, declared)
    text = text_of(found)
    return () if text is None else (text,)


def _route_parameter(source: str, plain: str, event: Document, declared: Collection[str]) -> tuple[str, ...]:
    """Return a header or query parameter of the upgrade request; they exist on ``$connect`` only."""
    _, _, rest = plain.partition("request.")
    kind, _, name = rest.partition(".")
    if not plain.startswith("request.") or kind not in _KINDS or not name:
        log.warning(
            "%r maps nothing: it is none of route.request.…, context.…, stageVariables.… or 'a literal'", source
        )
        return ()
    where, all_of_them = _KINDS[kind]
    if where not in event or not is_upgrade(event):
        return ()
    if not _is_declared(kind, name, declared):
        log.warning("%r maps nothing until update_route(RequestParameters=…) names it", source)
        return ()
    wanted = name.lower() if "header" in kind else name
    for key, values in event[where].items():
        if (key.lower() if "header" in kind else key) == wanted:
            return tuple(values if all_of_them else values[-1:])
    return ()


def is_upgrade(event: Document) -> bool:
    """Tell whether this is the event of ``$connect``, which alone has the client's headers and query string."""
    return bool(event.get("requestContext", {}).get("eventType") == "CONNECT")


def _is_declared(kind: str, name: str, declared: Collection[str]) -> bool:
    plain = kind.removeprefix("multivalue")
    kinds = (plain, f"multivalue{plain}")
    return any(f"route.request.{each}.{name}".lower() == known.lower() for each in kinds for known in declared)


def _is_literal(source: str) -> bool:
    return len(source) >= 2 and source[0] == source[-1] == "'"


def _dig(document: Any, dotted: str) -> Any:
    for name in dotted.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


# ── templates ────────────────────────────────────────────────────────────────────────────────────────────────────────


def choose(
    expression: str, templates: Strings, event: Document, other: Callable[[str], Any] | None = None
) -> str | None:
    r"""Choose a template by its selection expression, else ``$default``; None where no template fits.

    Without an expression the only template, or the one for ``application/json``, is taken whatever its key.

    >>> choose("$request.body.kind", {"a": "A", "$default": "other"}, {"body": '{"kind": "b"}'})
    'other'
    """
    key = evaluate(expression, read_json(event.get("body") or ""), other) if expression else None
    for name in (key, DEFAULT, f"\\{DEFAULT}"):
        if name is not None and name in templates:
            return templates[name]
    if expression:
        return None
    return next(iter(templates.values())) if len(templates) == 1 else templates.get("application/json")


def rendered(template: str, event: Document, body: str) -> str:
    """Render a template for this event; ``body`` is what ``$input`` reads. Raises ConfigurationError."""
    context, variables = event["requestContext"], event.get("stageVariables", {})
    return render(template, body=body, context=context, stage_variables=variables, params=_params(event))


def _params(event: Document) -> Params:
    if not is_upgrade(event):
        return NO_PARAMS
    query: Mapping[str, str] = event.get("queryStringParameters", {})
    return {"path": {}, "querystring": query, "header": event["headers"]}


def request_text(integration: Integration, event: Document) -> str | None:
    """Return what a non-proxy integration gets: a rendered template, or the message as it is.

    None where the passthrough behaviour forbids that (AWS: 415). Raises ConfigurationError for a broken template.
    """
    templates, body = integration.request_templates, event.get("body") or ""
    chosen = choose(integration.template_selection_expression, templates, event)
    if chosen is not None:
        return rendered(chosen, event, body)
    passing = integration.passthrough_behavior
    if passing == "NEVER" or (passing == "WHEN_NO_TEMPLATES" and templates):
        return None
    return body


# ── content handling ─────────────────────────────────────────────────────────────────────────────────────────────────


def handled(content: bytes, strategy: str) -> bytes:
    """Convert content as ``contentHandlingStrategy`` says: from base64 text to bytes, or the other way.

    Raises ConfigurationError where CONVERT_TO_BINARY gets no base64.
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-binary-media-types.html)

    >>> handled(b"aGk=", "CONVERT_TO_BINARY"), handled(b"hi", "CONVERT_TO_TEXT"), handled(b"hi", "")
    (b'hi', b'aGk=', b'hi')
    """
    if strategy == "CONVERT_TO_TEXT":
        return base64.b64encode(content)
    if strategy != "CONVERT_TO_BINARY":
        return content
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise ConfigurationError(
            f"CONVERT_TO_BINARY got what is no base64: {content[:40]!r}",
            hint="send base64 text, or leave ContentHandlingStrategy out",
        ) from fault


def encoded(text: str) -> bytes:
    """Return a text as UTF-8; half a surrogate pair, which has no UTF-8, becomes ``?``."""
    return text.encode("utf-8", "replace")
