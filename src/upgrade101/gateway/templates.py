"""Mapping templates: VTL rendered with airspeed, and the variables that AWS gives a template.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-mapping-template-reference.html
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import airspeed
from jsonpath_ng.ext.parser import parse as parse_jsonpath

from .errors import ConfigurationError
from .velocity import Text, seen

log = logging.getLogger("upgrade101.gateway")

Params = Mapping[str, Mapping[str, str]]
NO_PARAMS: Params = {"path": {}, "querystring": {}, "header": {}}

_COGNITO = ("AuthenticationProvider", "AuthenticationType", "IdentityId", "IdentityPoolId")
_NOBODY = {f"cognito{name}": "" for name in _COGNITO}  # AWS has them empty too, for whoever has not signed with Cognito

for _literal, _quote in ((airspeed.StringLiteral, "'"), (airspeed.InterpolatedStringLiteral, '"')):
    # in Velocity a doubled quote is a quote; airspeed knows only the one with a backslash, and stays as it is with that
    _literal.STRING = re.compile(rf"{_quote}((?:{_quote}{_quote}|\\[{_quote}nrbt\\$]|[^{_quote}\\])*){_quote}", re.S)
    _literal.ESCAPED_CHAR = re.compile(rf"(?:\\(?=[nrbt{_quote}\\])|{_quote}(?={_quote}))([nrbt{_quote}\\])")


def render(
    template: str,
    *,
    body: str,
    context: Mapping[str, Any],
    stage_variables: Mapping[str, str],
    params: Params = NO_PARAMS,
) -> str:
    """Render a mapping template; ``params`` are what ``$input.params()`` gives, by place.

    Raises ConfigurationError where the template itself is broken.

    >>> render('{"from": "$context.connectionId"}', body="", context={"connectionId": "abc="}, stage_variables={})
    '{"from": "abc="}'
    >>> render("$input.path('$.n')", body='{"n": 7}', context={}, stage_variables={})
    '7'
    """
    if "$" not in template and "#" not in template:
        return template
    if warn_of_cognito(template):
        context = {**context, "identity": _NOBODY | context.get("identity", {})}
    names = {
        "input": _Input(body, params),
        "context": seen(dict(context)),
        "stageVariables": seen(dict(stage_variables)),
        "util": _Util(),
    }
    try:
        return str(_compiled(template).merge(names))
    except Exception as fault:
        raise ConfigurationError(f"the mapping template cannot be rendered: {fault}", hint="check its VTL") from fault


@lru_cache(maxsize=256)
def _compiled(template: str) -> Any:
    return airspeed.Template(template)


@lru_cache(maxsize=256)
def warn_of_cognito(text: str) -> bool:
    """Say once of a template, a mapping or a log's format that it asks for what is always empty here."""
    asks = "context.identity.cognito" in text
    if asks:
        log.warning(
            "NotEmulated: $context.identity.cognito… is always empty, as nobody signs in with Amazon Cognito here; use"
            " identity.userArn of AWS_IAM, or the context of an authorizer"
        )
    return asks


class _Input:
    """``$input`` of a template."""

    def __init__(self, body: str, params: Params) -> None:
        self.body = Text(body)
        self._params = params

    def path(self, expression: str) -> Any:
        return seen(self._find(expression))

    def json(self, expression: str) -> Text:
        return Text(json.dumps(self._find(expression), ensure_ascii=False).encode("utf-8", "replace").decode())

    def params(self, name: str | None = None) -> Any:
        """Return one parameter, looked for in path, query string and headers, or all of them by place."""
        if name is None:
            return seen({place: dict(found) for place, found in self._params.items()})
        places = (self._params.get(place, {}) for place in ("path", "querystring", "header"))
        return Text(next((found[name] for found in places if name in found), ""))

    def _find(self, expression: str) -> Any:
        try:
            found = parse_jsonpath(str(expression)).find(json.loads(self.body))
        except Exception:  # no JSON, or no JSONPath: AWS gives an empty string
            return ""
        return found[0].value if found else ""


class _Util:
    """``$util`` of a template."""

    def escapeJavaScript(self, text: Any) -> Text:
        return Text(json.dumps(str(text))[1:-1].replace("'", "\\'"))

    def parseJson(self, text: str) -> Any:
        return seen(json.loads(text))

    def urlEncode(self, text: Any) -> Text:
        return Text(quote_plus(str(text), errors="replace"))

    def urlDecode(self, text: str) -> Text:
        return Text(unquote_plus(text))

    def base64Encode(self, text: Any) -> Text:
        return Text(base64.b64encode(str(text).encode("utf-8", "replace")).decode())

    def base64Decode(self, text: str) -> Text:
        return Text(base64.b64decode(text).decode("utf-8", "replace"))
