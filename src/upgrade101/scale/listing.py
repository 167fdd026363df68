"""Tables whose cells may hold links: rich in a notebook, plain in a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
_DATE = re.compile(r"(?<=\| )(\d{4})-(\d\d)-(\d\d)(?= \|)")


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows under a head, in Markdown.

    >>> print(Listing(("name", "age"), [("Ana", "[7](https://example.com)")]).text)
    name  age
    Ana   7 (https://example.com)
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def text(self) -> str:
        """Return aligned columns."""
        plain = [[_plain(words) for words in row] for row in (self.head, *self.rows)]
        wide = [max(map(len, column)) for column in zip(*plain, strict=True)]
        return "\n".join(
            "  ".join(f"{words:<{room}}" for words, room in zip(row, wide, strict=True)).rstrip() for row in plain
        )

    @property
    def markdown(self) -> str:
        """Return a table for a page."""
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return _DATE.sub("\\1\N{NON-BREAKING HYPHEN}\\2\N{NON-BREAKING HYPHEN}\\3", table)

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/markdown": self.markdown}


def _plain(words: str) -> str:
    return _LINK.sub(r"\1 (\2)", words).replace("`", "").replace("**", "")
