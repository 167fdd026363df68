"""Integration responses: how the answer behind a non-proxy integration becomes a message. Pure functions.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-responses.html
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .definition import DEFAULT, IntegrationResponse, Strings
from .documents import Document, Reply
from .errors import ConfigurationError
from .http_integrations import content_of
from .mapping import choose, encoded, handled, rendered, source_values
from .ports import Outcome
from .selection import MISSING, evaluate, read_json

_PARAMETER = re.compile(r"(?:method|route)\.response\.header\.(.+)")
_VARIABLE = "integration.response."


@dataclass(frozen=True, slots=True)
class Answer:
    """What an integration answered, whatever its kind."""

    status: int
    headers: Mapping[str, tuple[str, ...]]  # names in lower case
    content: bytes
    subject: str | None  # what the keys of integration responses are compared with

    def variable(self, name: str) -> Any:
        """Return the value of a variable of a template selection expression.

        >>> Answer(200, {"server": ("x",)}, b"", "200").variable("integration.response.header.Server")
        'x'
        """
        place, _, rest = name.removeprefix(_VARIABLE).partition(".")
        values = self.headers.get(rest.lower(), ())
        if name == f"{_VARIABLE}statuscode":
            return self.status
        if not name.startswith(_VARIABLE) or not values:
            return MISSING
        return {"header": values[-1], "multivalueheader": list(values)}.get(place, MISSING)


def of_function(outcome: Outcome) -> Answer:
    """Return a function's answer: status 200 even for an error, whose errorMessage is what keys are compared with.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-data-transformations.html
    """
    payload = outcome.payload
    message = payload.get("errorMessage") if isinstance(payload, dict) else None
    content = encoded(json.dumps(payload, ensure_ascii=False))
    return Answer(200, {"content-type": ("application/json",)}, content, None if message is None else str(message))


def of_backend(document: Document) -> Answer:
    """Return the answer of an HTTP server or an AWS service; keys are compared with its status."""
    headers = {name.lower(): (value,) for name, value in document["headers"].items()}
    headers |= {name.lower(): tuple(values) for name, values in document.get("multiValueHeaders", {}).items()}
    status = document["statusCode"]
    return Answer(status, headers, content_of(document), str(status))


def select(responses: Iterable[IntegrationResponse], subject: str | None) -> IntegrationResponse | None:
    """Choose the integration response: a ``/regex/`` that fits the whole subject, else ``$default``, else nothing.

    Raises ConfigurationError where a key is no regular expression.

    >>> responses = [IntegrationResponse("$default"), IntegrationResponse("/4../")]
    >>> select(responses, "404").integration_response_key, select(responses, None).integration_response_key
    ('/4../', '$default')
    """
    by_key = {response.integration_response_key: response for response in responses}
    for key, response in by_key.items():
        is_pattern = len(key) > 1 and key[0] == key[-1] == "/"
        if subject is not None and is_pattern and _pattern(key[1:-1]).fullmatch(subject):
            return response
    return by_key.get(DEFAULT)


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings(action="ignore"):  # of what a later Python may read otherwise
            return re.compile(pattern)
    except re.error as fault:
        raise ConfigurationError(
            f"/{pattern}/ is no regular expression: {fault}", hint="mend the response key"
        ) from fault


def reply(response: IntegrationResponse, answer: Answer, event: Document) -> Reply:
    """Return the reply: the content converted, a response template filled in, the mapped headers.

    Raises ConfigurationError where the template is broken or the content cannot be converted.
    """
    text = handled(answer.content, response.content_handling_strategy).decode("utf-8", "replace")
    template = choose(response.template_selection_expression, response.response_templates, event, answer.variable)
    headers = reply_headers(response.response_parameters, answer, text, event)
    return Reply(200, text if template is None else rendered(template, event, text), headers)


def reply_headers(mapping: Strings, answer: Answer, text: str, event: Document) -> dict[str, str]:
    """Return the mapped headers, names in lower case; only ``$connect`` has a use for one, the subprotocol."""
    headers = {}
    for key, source in mapping.items():
        name, value = _PARAMETER.fullmatch(key), _value(source, answer, text, event)
        if name and value is not None:
            headers[name[1].lower()] = value
    return headers


def _value(source: str, answer: Answer, text: str, event: Document) -> str | None:
    if source.startswith(f"{_VARIABLE}body"):
        path = source.removeprefix(f"{_VARIABLE}body")
        return evaluate(f"${{request.body{path}}}", read_json(text)) if path else text
    if source.startswith(_VARIABLE):
        found = answer.variable(source)
        return None if found is MISSING else str(found)
    return next(iter(source_values(source, event)), None)
