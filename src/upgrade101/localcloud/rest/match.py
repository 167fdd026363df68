"""Which resource and method of a REST API a request means: a pure function over path templates.

API Gateway looks for the most specific *pair* of resource and method, not for the most specific resource alone: where
``/jobs`` has no POST, ``POST /jobs`` goes on to ``/{proxy+}`` (measured on AWS and reported by others; the docs say
nothing). A literal segment beats ``{name}``, which beats ``{name+}``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Methods = TypeVar("Methods", bound="Iterable[str]")

ANY = "ANY"
_LITERAL, _PARAMETER, _GREEDY = 0, 1, 2


def segments(path: str) -> tuple[str, ...]:
    """Split a path; a slash at its end counts for nothing.

    >>> segments("/items/7/"), segments("/")
    (('items', '7'), ())
    """
    parts = path.removeprefix("/").removesuffix("/").split("/")
    return () if parts == [""] else tuple(parts)


def parameters(template: str, path: str) -> dict[str, str] | None:
    """Return the path parameters, still percent-encoded as REST APIs pass them on, or None where the path does not fit.

    >>> parameters("/items/{id}", "/items/a%2Fb")
    {'id': 'a%2Fb'}
    >>> parameters("/{proxy+}", "/a/b"), parameters("/{proxy+}", "/")
    ({'proxy': 'a/b'}, None)
    """
    wanted, given = segments(template), segments(path)
    found: dict[str, str] = {}
    for index, part in enumerate(wanted):
        if index >= len(given):
            return None
        if _kind(part) == _GREEDY:
            return found | {part[1:-2]: "/".join(given[index:])}
        if _kind(part) == _PARAMETER:
            found[part[1:-1]] = given[index]
        elif part != given[index]:
            return None
    return found if len(wanted) == len(given) else None


def match(templates: Iterable[tuple[str, Methods]], method: str, path: str) -> tuple[str, str, dict[str, str]] | None:
    """Return the best (template, method or 'ANY', path parameters) for a request, or None.

    ``templates`` are pairs of a resource's path and the methods that it has.

    >>> api = [("/{proxy+}", ["ANY"]), ("/items", ["GET"]), ("/items/{id}", ["GET"]), ("/items/new", ["POST"])]
    >>> match(api, "GET", "/items/new")
    ('/items/{id}', 'GET', {'id': 'new'})
    >>> match(api, "POST", "/items")
    ('/{proxy+}', 'ANY', {'proxy': 'items'})
    """
    best: tuple[tuple[int, ...], str, str, dict[str, str]] | None = None
    for template, methods in templates:
        available = set(methods)
        chosen = method if method in available else ANY if ANY in available else None
        found = parameters(template, path) if chosen else None
        if chosen and found is not None:
            rank = tuple(_kind(part) for part in segments(template))
            if best is None or rank < best[0]:
                best = (rank, template, chosen, found)
    return best[1:] if best else None


def _kind(part: str) -> int:
    if not (part.startswith("{") and part.endswith("}")):
        return _LITERAL
    return _GREEDY if part.endswith("+}") else _PARAMETER
