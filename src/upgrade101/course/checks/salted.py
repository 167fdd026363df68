"""``hash`` in an answer: it is salted, so that it says the same only as long as one process lives.

Within one try nothing shows that. So an answer is called under another salt, as tomorrow's Python would have it; and as
one that runs in another process (where a class is graded) does not feel that, its source is looked at too.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..trial import is_theirs

_PYTHONS_OWN = builtins.hash


@contextmanager
def another_salt() -> Iterator[None]:
    """Let the learner's own code have other hashes in this block, and nobody else's.

    >>> def name():
    ...     return hash("summer")
    >>> before = name()
    >>> with another_salt():
    ...     name() == before, hash(7)
    (False, 7)
    """

    def salted(value: Any, /) -> int:
        number = _PYTHONS_OWN(value)
        plain = isinstance(value, int | float) or not is_theirs(sys._getframe(1).f_code.co_filename)
        return number if plain else number ^ 0x5EED

    builtins.hash = salted
    try:
        yield
    finally:
        builtins.hash = _PYTHONS_OWN


def calls_hash(function: Callable[..., Any]) -> bool:
    """Tell whether a function, or another one of its cell, uses Python's own ``hash``."""
    code = getattr(function, "__code__", None)
    try:
        cell = ast.parse("".join(linecache.getlines(code.co_filename))) if code else ast.Module([], [])
    except SyntaxError:
        return False
    functions = [
        node for node in ast.walk(cell) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    ]
    used = any(_is_used(node) for function in functions for node in ast.walk(function))
    return used and not any(map(_is_bound, ast.walk(cell)))


def _is_used(node: ast.AST) -> bool:
    name = isinstance(node, ast.Name) and node.id == "hash" and isinstance(node.ctx, ast.Load)
    return name or (isinstance(node, ast.Attribute) and node.attr == "__hash__")


def _is_bound(node: ast.AST) -> bool:
    """Tell whether a node gives the name ``hash`` to something of the learner's."""
    match node:
        case ast.Name(id="hash", ctx=ast.Store()) | ast.arg(arg="hash") | ast.alias(asname="hash"):
            return True
        case ast.alias(name="hash", asname=None) | ast.FunctionDef(name="hash"):
            return True
    return False
