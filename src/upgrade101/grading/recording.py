"""What happened on a bench, as JSON and back: the solution's run, kept to be shown beside a student's."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..gateway import happenings as kinds
from ..gateway.happenings import Happening


def to_json(seen: Sequence[Happening]) -> list[dict[str, Any]]:
    """Return happenings as JSON; what JSON does not know becomes text.

    >>> to_json([kinds.Received(at=1.0, text="hello")])[0]["kind"]
    'Received'
    """
    return [{"kind": type(each).__name__, **_plain(_fields(each))} for each in seen]


def _fields(happening: Happening) -> dict[str, Any]:
    return {field.name: getattr(happening, field.name) for field in dataclasses.fields(happening)}


def _plain(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if depth > 30:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, depth + 1) for each in value]
    return str(value)


def from_json(said: Sequence[Mapping[str, Any]]) -> list[Happening]:
    """Return happenings from :func:`to_json`; kinds that this version does not know are left out."""
    found = []
    for each in said:
        kind = getattr(kinds, str(each.get("kind")), None)
        if isinstance(kind, type) and issubclass(kind, Happening):
            fields = {name: value for name, value in each.items() if name != "kind"}
            if "headers" in fields:
                fields["headers"] = tuple((str(name), str(value)) for name, value in fields["headers"])
            found.append(kind(**fields))
    return found


def reworded(said: Any, words: Mapping[str, str]) -> Any:
    """Return JSON with other words, whole words only.

    >>> reworded({"text": "rye, not ryegrass"}, {"rye": "bako"})
    {'text': 'bako, not ryegrass'}
    """
    if not words:
        return said
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)")
    return _reworded(said, lambda text: pattern.sub(lambda hit: words[hit[0]], text))


def _reworded(said: Any, change: Any) -> Any:
    if isinstance(said, str):
        return change(said)
    if isinstance(said, Mapping):
        return {key: _reworded(each, change) for key, each in said.items()}
    if isinstance(said, list | tuple):
        return [_reworded(each, change) for each in said]
    return said
