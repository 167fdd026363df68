"""What the tests of the course build with."""

import itertools
import linecache
from textwrap import dedent
from typing import Any

_serial = itertools.count(1)


def cell(source: str) -> dict[str, Any]:
    """Run a source as a notebook cell is run, so that its functions can be packaged; return what it defines."""
    source = dedent(source).strip() + "\n"
    name = f"<cell {next(_serial)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    defined: dict[str, Any] = {}
    exec(compile(source, name, "exec"), defined)
    return defined
