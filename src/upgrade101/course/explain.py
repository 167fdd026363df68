"""What went wrong, in words that tell a learner what to do: where Python's or Lambda's own words do not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from .exercises import NotYet
from .trial import Tried

_LATE = ("still running after", "Task timed out", "Sandbox.Timedout", "TimeoutError", "did not end within")
_NO_NAME = re.compile(r"^\S+ raised NameError: name '(\w+)' is not defined")
_NO_END = re.compile(r"^(\S+) raised Sandbox\.Timedout: .*Task timed out after (\d+(?:\.\d+)?) seconds", re.DOTALL)
_FILE = re.compile(r"\((?:\S+\.py|<[^>]*>), line (\d+)\)")


def is_late(words: str) -> bool:
    """Tell whether an error says that something took too long."""
    return any(sign in words for sign in _LATE)


def in_plain_words(error: str) -> str:
    """Return a cell's error without what nobody can look up.

    >>> in_plain_words("SyntaxError: expected ':' (3489132.py, line 5)")
    "SyntaxError: expected ':' (line 5)"
    """
    if "out of pty devices" in error:
        return "commands of the system (`!…`) are not run in grading"
    return _FILE.sub(r"(line \1)", error)


def explained(tried: Tried, stands_elsewhere: Callable[[str], bool]) -> Tried:
    """Return a verdict that says where to look: in the cell that holds a missing name, or for a loop.

    ``stands_elsewhere`` tells of a name whether another cell of the notebook defines it.
    """
    finding = tried.finding
    if finding is None or tried.state != "not yet":
        return tried
    if (late := _NO_END.match(tried.error)) is not None:
        name, seconds = late[1], float(late[2])
        look = f"is there a loop in it, or a wait without an end? {finding.look}".rstrip()
        looked = NotYet(finding.tried, finding.expected, finding.got, look)
        return replace(tried, finding=looked, error=f"{name} did not end within {seconds:g} s")
    missing = _NO_NAME.match(tried.error)
    if missing is not None and stands_elsewhere(missing[1]):
        look = (
            f"`{missing[1]}` stands in another cell: a function's cell is the whole file that Lambda gets; move it in"
        )
        return replace(tried, finding=NotYet(finding.tried, finding.expected, finding.got, look))
    return tried


def in_cells(sources: Iterable[str]) -> Callable[[str], bool]:
    """Return what tells of a name whether one of these cells defines it; none of them is run."""
    cells = tuple(sources)
    return lambda name: any(defines(source, name) for source in cells)


def beside(answer: Any) -> Callable[[str], bool]:
    """Return what tells of a name whether the notebook of these functions knows it.

    >>> beside({"open": in_cells})("defines"), beside((in_cells, 7))("players")
    (True, False)
    """
    functions = answer.values() if isinstance(answer, Mapping) else answer if isinstance(answer, tuple) else (answer,)
    return lambda name: any(name in getattr(function, "__globals__", ()) for function in functions)


def defines(source: str, name: str) -> bool:
    """Tell whether a cell defines a name for all its lines. It is only read, line by line, never parsed.

    >>> defines("import json as j", "j"), defines("a, table = 1, 2", "table"), defines("def f():\\n    f = g", "g")
    (True, True, False)
    """
    return any(_in_line(line, name) for line in source.splitlines() if name in line and not line[:1].isspace())


def _in_line(line: str, name: str) -> bool:
    words = line.split()
    if words[0] in ("def", "class", "async"):
        return re.match(rf"(?:(?:async\s+)?def|class)\s+{name}\b", line) is not None
    if words[0] in ("import", "from"):
        return name in re.findall(r"\w+", line.partition("import")[2])
    targets, _, value = line.partition("=")
    plain = all(each.strip().isidentifier() for each in targets.partition(":")[0].split(","))
    return plain and name in re.findall(r"\w+", targets) and bool(value) and not value.startswith("=")
