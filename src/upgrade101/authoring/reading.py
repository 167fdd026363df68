"""A notebook as its authors see it: cells with their words, lines and calls."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

_FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Call:
    """A call in a cell: ``predict.reveal("03.a", …)`` has the name ``predict.reveal``."""

    name: str
    arguments: tuple[Any, ...]  # the constants among its positional arguments; None for whatever else stands there


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell."""

    id: str
    kind: str  # markdown | code | raw
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_code(self) -> bool:
        """Tell whether it is code."""
        return self.kind == "code"

    @property
    def tags(self) -> list[str]:
        """Return its tags."""
        return list(self.metadata.get("tags", []))

    @property
    def words(self) -> int:
        """Return how many words of prose a reader reads: no code blocks, no addresses, no HTML."""
        return count_words(self.source) if self.kind == "markdown" else 0

    @property
    def lines(self) -> int:
        """Return how many lines of code are not empty."""
        return sum(bool(line.strip()) for line in self.source.splitlines())

    @property
    def headings(self) -> list[tuple[int, str]]:
        """Return level and text of each heading."""
        if self.kind != "markdown":
            return []
        found = re.findall(r"^(#{1,6})[ \t]+(.+?)[ \t]*$", _FENCED.sub("", self.source), re.MULTILINE)
        return [(len(marks), text) for marks, text in found]

    def begins(self, *leads: str) -> bool:
        """Tell whether the prose begins with one of these words, be they bold or a heading."""
        start = self.source.lstrip("#* \n").lower()
        return self.kind == "markdown" and start.startswith(tuple(lead.lower() for lead in leads))

    @property
    def tree(self) -> ast.Module:
        """Return the code as Python reads it; raises SyntaxError. Magics and a top-level await are welcome."""
        return _parsed(self.source)

    @property
    def calls(self) -> list[Call]:
        """Return the calls in a code cell; none where it is not Python."""
        try:
            nodes = ast.walk(self.tree) if self.is_code else iter(())
        except SyntaxError:
            return []
        return [_call(node) for node in nodes if isinstance(node, ast.Call)]


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook file."""

    path: Path
    cells: list[Cell]
    text: bytes = b""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    version: tuple[int, int] = (4, 5)

    @property
    def number(self) -> str:
        """Return the two digits of its lesson."""
        return self.path.stem[:2]

    @property
    def markdown(self) -> list[Cell]:
        """Return the cells of prose."""
        return [cell for cell in self.cells if cell.kind == "markdown"]

    @property
    def code(self) -> list[Cell]:
        """Return the cells of code."""
        return [cell for cell in self.cells if cell.is_code]

    @property
    def words(self) -> int:
        """Return how many words of prose it has."""
        return sum(cell.words for cell in self.cells)

    def calls(self, name: str) -> Iterator[tuple[int, Cell, Call]]:
        """Yield place, cell and call wherever something of that name is called."""
        for place, cell in enumerate(self.cells):
            for call in cell.calls:
                if call.name == name:
                    yield place, cell, call


def read(path: Path) -> Notebook:
    """Read a notebook file. Raises ValueError where it is none, or not yet; OSError where it is not there."""
    text = path.read_bytes()
    try:
        found = json.loads(text)
        cells = [_cell(raw) for raw in found["cells"]]
        return Notebook(path, cells, text, dict(found["metadata"]), (found["nbformat"], found["nbformat_minor"]))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def _cell(raw: Mapping[str, Any]) -> Cell:
    source, id, kind = raw["source"], raw.get("id", ""), raw["cell_type"]
    if not (isinstance(id, str) and isinstance(kind, str)):
        raise TypeError(f"a cell with the id {id!r} and the type {kind!r}")
    return Cell(id, kind, source if isinstance(source, str) else "".join(source), dict(raw["metadata"]), raw)


@lru_cache(maxsize=512)
def _parsed(source: str) -> ast.Module:
    plain = TransformerManager().transform_cell(source)  # type: ignore[no-untyped-call]
    tree = compile(plain, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
    assert isinstance(tree, ast.Module)
    return tree


def _call(node: ast.Call) -> Call:
    values = tuple(argument.value if isinstance(argument, ast.Constant) else None for argument in node.args)
    return Call(_dotted(node.func), values)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def count_words(prose: str) -> int:
    """Return how many words a reader reads.

    >>> count_words("One **bold** word · and [a link](https://example.com/x), `code` too.")
    8
    """
    plain = _TAG.sub(" ", _LINK.sub(r"\2", _FENCED.sub("", prose)))
    return sum(any(sign.isalnum() for sign in token) for token in re.split(r"[\s|]+", plain))


def links(cell: Cell) -> list[tuple[bool, str, str]]:
    """Return each Markdown link of a cell: whether it is an image, its text, its address."""
    return [(bool(mark), text, address) for mark, text, address in _LINK.findall(_FENCED.sub("", cell.source))]
