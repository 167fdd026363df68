"""Properties of a template as API Gateway takes them, and what an update has to say."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ..control_plane.operations import Document


def lower(name: str) -> str:
    """Return a property's name as it travels.

    >>> lower("RouteKey")
    'routeKey'
    """
    return name[:1].lower() + name[1:]


def on_the_wire(shape: Shape, value: Any) -> Any:
    """Return a property as the control plane takes it: fields by their wire names, and text made into what is wanted.

    A template may say ``"true"`` and ``"5000"``, and JSON where API Gateway takes text.
    """
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = shape.members
        return {
            members[name].serialization.get("name", name): on_the_wire(members[name], item)
            for name, item in value.items()
            if name in members
        }
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {name: on_the_wire(shape.value, item) for name, item in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [on_the_wire(shape.member, item) for item in value]
    return _SCALARS.get(shape.type_name, _as_it_is)(value)


def _as_it_is(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)


def _boolean(value: Any) -> Any:
    return {"true": True, "false": False}.get(str(value).lower(), value)


def _number(kind: type[int] | type[float], value: Any) -> Any:
    try:
        return kind(value) if isinstance(value, str) else value
    except ValueError:
        return value


_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "string": _text,
    "boolean": _boolean,
    "integer": functools.partial(_number, int),
    "double": functools.partial(_number, float),
}


def difference(before: Document, after: Document, defaults: Document) -> Document:
    """Return what an update has to say: everything of ``after``, and back to its default what only ``before`` has.

    >>> difference({"description": "old", "stageVariables": {"a": "1"}}, {"stageVariables": {"b": "2"}}, {})
    {'description': '', 'stageVariables': {'a': '', 'b': '2'}}
    """
    gone = {name: _emptied(value, defaults.get(name)) for name, value in before.items() if name not in after}
    return gone | {name: _with_fewer_keys(before.get(name), value) for name, value in after.items()}


def _emptied(value: Any, default: Any) -> Any:
    if isinstance(value, dict):
        return {**dict.fromkeys(value, ""), **(default or {})}
    if default is not None:
        return default
    return [] if isinstance(value, list) else ""


def _with_fewer_keys(before: Any, after: Any) -> Any:
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return after
    return {key: "" for key in before if key not in after} | after
