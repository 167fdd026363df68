"""What stands in a lab where the solution stood: nbgrader's ``ClearSolutions``, with a stub of its own for each region.

    ### BEGIN SOLUTION
    return {"statusCode": 200, "body": "hello"}
    ### STUB
    # # TODO 03.1 – about 1 line
    # ...
    ### END SOLUTION

What follows ``### STUB`` loses one ``# `` a line and stays; without it, a ``...`` stays. In prose the marks are HTML
comments, ``<!-- BEGIN SOLUTION -->``, and the stub stands inside of one.
"""

from __future__ import annotations

import re

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions

_CODE = re.compile(
    r"^(?P<indent>[ \t]*)### BEGIN SOLUTION\n(?P<body>.*?)^[ \t]*### END SOLUTION$", re.MULTILINE | re.DOTALL
)
_PROSE = re.compile(r"^<!-- BEGIN SOLUTION -->\n(?P<body>.*?)^<!-- END SOLUTION -->$", re.MULTILINE | re.DOTALL)
_PROSE_STUB = re.compile(r"^<!-- STUB\n(?P<stub>.*?)\n-->$", re.MULTILINE | re.DOTALL)


class Stubs(ClearSolutions):  # type: ignore[misc]
    """Put each region's own stub in its place; a mark that is left over is an error."""

    def _replace_solution_region(self, cell: NotebookNode, language: str) -> bool:
        source = cell.source
        cell.source = _CODE.sub(_code_stub, source) if cell.cell_type == "code" else _PROSE.sub(_prose_stub, source)
        if re.search(r"(BEGIN|END) SOLUTION", cell.source):
            raise RuntimeError(f"the marks in cell {cell.id} do not match: ### BEGIN SOLUTION … ### END SOLUTION")
        return bool(cell.source != source)


def _code_stub(region: re.Match[str]) -> str:
    """Return the stub of a region in code, indented as the region is."""
    _, mark, stub = region["body"].partition(f"{region['indent']}### STUB\n")
    lines = stub.splitlines() if mark else [f"{region['indent']}# ..."]
    return "\n".join(_uncommented(line, region["indent"]) for line in lines)


def _uncommented(line: str, indent: str) -> str:
    words = line.removeprefix(indent).removeprefix("#").removeprefix(" ")
    return f"{indent}{words}".rstrip()


def _prose_stub(region: re.Match[str]) -> str:
    stub = _PROSE_STUB.search(region["body"])
    return stub["stub"] if stub else "…"
