r"""Selection expressions: which route a message asks for. Pure functions.

The grammar (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-selection-expressions.html):
variables start with ``$``, braces are optional, variables and literals mix, ``\$`` is a literal dollar, a bare word is
a static value, and everything is evaluated once.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from functools import lru_cache
from json.scanner import make_scanner
from typing import Any, NoReturn

import json5
from jsonpath_ng.ext.parser import parse as parse_jsonpath

from .definition import CONNECT, DISCONNECT
from .limits import LENIENT_JSON_CHARACTERS

_PART = re.compile(
    r"\\(?P<escaped>.)|\$\{(?P<braced>[^}]*)\}|\$(?P<bare>[A-Za-z][\w.\[\]'\"*@-]*)|(?P<text>[^\\$]+|\$|\\)"
)
_PLAIN_PATH = re.compile(r"(\.[A-Za-z_][\w-]*)*\Z")
_BODY = "request.body"

MISSING = object()


def route_key(expression: str, text: str) -> str | None:
    """Return the route key that ``text`` asks for, or None where the expression finds nothing in it.

    >>> route_key("$request.body.action", '{"action": "join"}')
    'join'
    >>> route_key("${request.body.service}/${request.body.action}", '{"service": "chat"}')
    'chat/'
    >>> route_key("$request.body.action", "hello") is None
    True

    What a client may never select is ``$connect`` and ``$disconnect`` (not documented by AWS; chosen here).
    """
    name = _only_name(expression)
    body = read_json(text)
    if name and type(body) is dict and type(found := body.get(name)) is str and found.isascii():
        selected: str | None = found  # what evaluate() would find, the long way round
    else:
        selected = evaluate(expression, body)
    return None if selected in (CONNECT, DISCONNECT) else selected


def evaluate(expression: str, body: Any, other: Callable[[str], Any] | None = None) -> str | None:
    """Evaluate an expression against a parsed body; None where its only variable is missing.

    In an expression of several parts a missing variable is the empty string. ``other`` gives the value of a variable
    that does not begin with ``request.body``, or ``MISSING``.

    >>> evaluate("action", {})
    'action'
    >>> evaluate(r"\\$default", {})
    '$default'
    >>> evaluate("${integration.response.statuscode}", {}, {"integration.response.statuscode": 200}.get)
    '200'
    """
    parts = _parts(expression)
    if len(parts) == 1:
        is_variable, value = parts[0]
        return text_of(_lookup(value, body, other)) if is_variable else value
    return "".join(
        (text_of(_lookup(value, body, other)) or "") if is_variable else value for is_variable, value in parts
    )


def read_json(text: str) -> Any:
    """Parse a message as API Gateway does: strict JSON first, then the lenient kind it was seen to accept.

    An unquoted key was seen to select a route on AWS, so short texts that look like an object are read leniently too.
    Returns ``MISSING`` for what is no JSON at all.
    """
    try:
        value, end = _scan(text, 0)  # all that decode() does where there is no space around
        return value if end == len(text) else _STRICT.decode(text)
    except StopIteration:
        with contextlib.suppress(ValueError, RecursionError):
            return _STRICT.decode(text)
    except (ValueError, RecursionError):
        pass
    if len(text) > LENIENT_JSON_CHARACTERS or not text.lstrip().startswith("{"):
        return MISSING
    try:
        return json5.loads(text)
    except (ValueError, RecursionError):
        return MISSING


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_STRICT = json.JSONDecoder(parse_constant=_no_constant)
_scan = make_scanner(_STRICT)  # type: ignore[arg-type]  # it takes a decoder, whatever the stubs say


@lru_cache(maxsize=1024)
def _only_name(expression: str) -> str:
    """Return the name where an expression is one name of the body and nothing else, as most are; else ''."""
    parts = _parts(expression)
    names = _names(parts[0][1][len(_BODY) :]) if parts[0][0] and parts[0][1].startswith(_BODY) else None
    return names[0] if len(parts) == 1 and names is not None and len(names) == 1 else ""


@lru_cache(maxsize=1024)
def _parts(expression: str) -> tuple[tuple[bool, str], ...]:
    """Split an expression into (is_variable, value), neighbouring literals joined."""
    parts: list[tuple[bool, str]] = []
    for match in _PART.finditer(expression):
        variable = match["braced"] if match["braced"] is not None else match["bare"]
        if variable is not None:
            parts.append((True, variable.strip()))
        elif parts and not parts[-1][0]:
            parts[-1] = (False, parts[-1][1] + (match["escaped"] or match["text"]))
        else:
            parts.append((False, match["escaped"] or match["text"]))
    return tuple(parts) or ((False, ""),)


def _lookup(variable: str, body: Any, other: Callable[[str], Any] | None) -> Any:
    """Return what ``request.body<path>`` finds, what ``other`` knows, or MISSING."""
    if not variable.startswith(_BODY):
        return other(variable) if other else MISSING
    if body is MISSING:
        return MISSING
    path = variable[len(_BODY) :]
    names = _names(path)
    if names is None:
        return _jsonpath(path, body)
    for name in names:
        body = body.get(name, MISSING) if isinstance(body, dict) else MISSING
    return body


@lru_cache(maxsize=1024)
def _names(path: str) -> tuple[str, ...] | None:
    """Return the names in a path of plain names; None where JSONPath must read it."""
    return tuple(path.split(".")[1:]) if _PLAIN_PATH.match(path) else None


def _jsonpath(path: str, body: Any) -> Any:
    compiled = _compiled(path)
    if compiled is None:
        return MISSING
    try:
        found = [match.value for match in compiled.find(body)]
    except Exception:  # the library raises what it likes on a body of another shape
        return MISSING
    if any(mark in path for mark in ("*", "..", "?", ":")):
        return found
    return found[0] if found else MISSING


@lru_cache(maxsize=256)
def _compiled(path: str) -> Any:
    try:
        return parse_jsonpath("$" + path)
    except Exception:  # parser errors of several libraries
        return None


def text_of(value: Any) -> str | None:
    """Turn a value into text as AWS does: a list becomes ``[a, b]`` without quotes; None stands for nothing at all.

    >>> text_of(["a", {"b": True}]), text_of(None)
    ('[a, {b=true}]', None)
    """
    if value is MISSING or value is None:
        return None
    if type(value) is str and value.isascii():
        return value
    try:
        return _java_text(value).encode("utf-8", "replace").decode()
    except RecursionError:
        return None


def _java_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_java_text, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={_java_text(item)}' for key, item in value.items())}}}"
    return "null" if value is None else json.dumps(value)
