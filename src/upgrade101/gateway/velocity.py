"""What a mapping template holds in its hands: values with Java's methods, which write themselves as Java does.

API Gateway renders templates with Velocity, where a map is ``{a=1, b=x}``, a list ``[1, x]`` and a flag ``true``.
https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-mapping-template-reference.html
"""

from __future__ import annotations

import re
from typing import Any

_GROUP = re.compile(r"\$(\d)")


class Text(str):
    """A text with the methods of ``java.lang.String`` that templates use."""

    __slots__ = ()

    def replaceAll(self, pattern: str, replacement: str) -> Text:
        r"""Replace what a regular expression finds.

        Velocity leaves the backslashes in a text literal alone, while airspeed has made one of two: they are doubled
        again, so that ``replaceAll("\\'", "'")``, which AWS recommends, takes the backslash away.
        """
        regex = re.compile(pattern.replace("\\", "\\\\"))
        return Text(regex.sub(lambda hit: _GROUP.sub(lambda group: hit[int(group[1])] or "", replacement), str(self)))

    def replace(self, old: str, new: str) -> Text:  # type: ignore[override]
        return Text(str(self).replace(old, new))

    def substring(self, start: int, end: int | None = None) -> Text:
        return Text(self[start:end])

    def toUpperCase(self) -> Text:
        return Text(self.upper())

    def toLowerCase(self) -> Text:
        return Text(self.lower())

    def trim(self) -> Text:
        return Text(self.strip())

    def equals(self, other: Any) -> bool:
        return str(self) == str(other)

    def equalsIgnoreCase(self, other: Any) -> bool:
        return self.casefold() == str(other).casefold()

    def indexOf(self, part: str) -> int:
        return self.find(part)

    def startsWith(self, prefix: str) -> bool:
        return self.startswith(prefix)

    def endsWith(self, suffix: str) -> bool:
        return self.endswith(suffix)

    def contains(self, part: str) -> bool:
        return part in self

    def matches(self, pattern: str) -> bool:
        return re.fullmatch(pattern, self) is not None

    def isEmpty(self) -> bool:
        return not self

    def length(self) -> int:
        return len(self)

    def toString(self) -> Text:
        return self


class Items(list[Any]):
    """A list with the methods of ``java.util.List`` that templates use."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"[{', '.join(map(_written, self))}]"

    def size(self) -> int:
        return len(self)

    def get(self, index: int) -> Any:
        return self[index]

    def isEmpty(self) -> bool:
        return not self

    def contains(self, item: Any) -> bool:
        return item in self

    def add(self, item: Any) -> bool:
        self.append(item)
        return True

    def count(self, *items: Any) -> int:
        """Return how many there are, as AWS's own example ``$input.path('$.pets').count()`` does."""
        return super().count(*items) if items else len(self)


class Fields(dict[str, Any]):
    """A map with the methods of ``java.util.Map`` that templates use."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{{{', '.join(f'{name}={_written(item)}' for name, item in self.items())}}}"

    def keySet(self) -> Items:
        return Items(Text(key) for key in self)

    def entrySet(self) -> Items:
        return Items(Fields(key=Text(key), value=value) for key, value in self.items())

    def containsKey(self, key: str) -> bool:
        return key in self

    def size(self) -> int:
        return len(self)

    def isEmpty(self) -> bool:
        return not self

    def put(self, key: str, value: Any) -> Any:
        before = self.get(key)
        self[key] = value
        return before

    def toString(self) -> str:
        return str(self)


class Flag(int):
    """True or false, as Java writes them."""

    __slots__ = ()

    def __str__(self) -> str:
        return "true" if self else "false"


def _written(value: Any) -> str:
    return "null" if value is None else str(value)


def seen(value: Any) -> Any:
    """Return a JSON value as a template sees it; what is no JSON stays as it is.

    >>> str(seen({"who": "Ana", "list": [1, None], "in": True}))
    '{who=Ana, list=[1, null], in=true}'
    """
    if isinstance(value, dict):
        return Fields({str(name): seen(item) for name, item in value.items()})
    if isinstance(value, list):
        return Items(seen(item) for item in value)
    if isinstance(value, bool):
        return Flag(value)
    return Text(value) if isinstance(value, str) else value
