"""Mapping templates: VTL rendered with airspeed, and the variables that AWS gives a template.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-mapping-template-reference.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import airspeed
from jsonpath_ng.ext.parser import parse as parse_jsonpath

from .errors import ConfigurationError


def render(template: str, *, body: str, context: Mapping[str, Any], stage_variables: Mapping[str, str]) -> str:
    """Render a mapping template.

    Raises ConfigurationError where the template itself is broken.

    >>> render('{"from": "$context.connectionId"}', body="", context={"connectionId": "abc="}, stage_variables={})
    '{"from": "abc="}'
    >>> render("$input.path('$.n')", body='{"n": 7}', context={}, stage_variables={})
    '7'
    """
    if "$" not in template and "#" not in template:
        return template
    names = {
        "input": _Input(body),
        "context": dict(context),
        "stageVariables": dict(stage_variables),
        "util": _Util(),
    }
    try:
        return str(_compiled(template).merge(names))
    except Exception as fault:
        raise ConfigurationError(f"the mapping template cannot be rendered: {fault}", hint="check its VTL") from fault


@lru_cache(maxsize=256)
def _compiled(template: str) -> Any:
    return airspeed.Template(template)


class _Input:
    """``$input`` of a template."""

    def __init__(self, body: str) -> None:
        self.body = body

    def path(self, expression: str) -> Any:
        try:
            found = parse_jsonpath(expression).find(json.loads(self.body))
        except Exception:  # no JSON, or no JSONPath: AWS gives an empty string
            return ""
        return found[0].value if found else ""

    def json(self, expression: str) -> str:
        return json.dumps(self.path(expression))


class _Util:
    """``$util`` of a template."""

    def escapeJavaScript(self, text: Any) -> str:
        return json.dumps(str(text))[1:-1].replace("'", "\\'")

    def parseJson(self, text: str) -> Any:
        return json.loads(text)

    def urlEncode(self, text: Any) -> str:
        return quote_plus(str(text))

    def urlDecode(self, text: str) -> str:
        return unquote_plus(text)

    def base64Encode(self, text: Any) -> str:
        return base64.b64encode(str(text).encode()).decode()

    def base64Decode(self, text: str) -> str:
        return base64.b64decode(text).decode("utf-8", "replace")
