"""What holds for every notebook of the course: lessons, solutions and labs."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator

from .faults import Fault, fault
from .reading import Cell, Notebook, links

SLEEP_SECONDS = 0.2
CODE_COLUMNS = 105  # what JupyterLab shows without scrolling in a window of 1280 pixels
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_ABSOLUTE = re.compile(r"(?<![\w.:/-])(?:/(?:home|Users|root|work|mnt|media|tmp)/|[A-Z]:\\)")
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_SIGNS = re.compile(r"[\U0001F000-\U0001FAFF\u2600-\u27BF\u2B00-\u2BFF\uFE0F\u200D]")  # emoji and the like
_EMPTY_WORDS = {"here", "link", "this", "this link", "click here", "page"}

Rule = Callable[[Notebook], Iterator[Fault]]


def file_is_plain(notebook: Notebook) -> Iterator[Fault]:
    """Hold line ends, format and metadata, so that a diff shows what an author changed and nothing else."""
    if b"\r" in notebook.text:
        yield fault(notebook, None, "lines end in CRLF", "save it with LF ends")
    if notebook.text and not notebook.text.endswith(b"}\n"):
        yield fault(notebook, None, "the file does not end in one newline", "end it with a newline")
    if notebook.version != (4, 5):
        yield fault(notebook, None, f"nbformat {notebook.version}", "use nbformat 4.5, which has cell ids")
    if notebook.metadata != {"kernelspec": _KERNEL, "language_info": {"name": "python"}}:
        yield fault(
            notebook, None, "metadata of one machine or editor", "keep kernelspec python3 and language_info.name only"
        )


def cells_are_stripped(notebook: Notebook) -> Iterator[Fault]:
    """Hold that nothing of a run is kept: outputs spoil predictions and go stale."""
    for cell in notebook.code:
        if cell.raw.get("outputs"):
            yield fault(notebook, cell, "has outputs", "nbstripout --keep-id")
        if cell.raw.get("execution_count") is not None:
            yield fault(notebook, cell, "has an execution count", "nbstripout --keep-id")
    for cell in notebook.cells:
        extra = sorted(set(cell.metadata) - {"tags", "nbgrader", "deletable", "editable"})
        if extra:
            yield fault(notebook, cell, f"has metadata {', '.join(extra)}", "take it out")


def ids_are_slugs(notebook: Notebook) -> Iterator[Fault]:
    """Hold that each cell has a telling id of its own."""
    seen = Counter(cell.id for cell in notebook.cells)
    for cell in notebook.cells:
        if not _ID.fullmatch(cell.id):
            yield fault(notebook, cell, f"the id {cell.id!r} is no slug", "use a-z, 0-9 and -, such as run-echo")
        elif re.fullmatch(r"[0-9a-f]{8}|[0-9a-f]{8}-[0-9a-f-]+|\d+", cell.id):
            yield fault(notebook, cell, "the id says nothing", "name the cell by what it does, such as run-echo")
        if seen.pop(cell.id, 1) > 1:
            yield fault(notebook, cell, "two cells have this id", "give each its own")


def headings_are_in_order(notebook: Notebook) -> Iterator[Fault]:
    """Hold one H1 and no skipped level: who listens to a page walks by its headings."""
    headings = [(cell, level, text) for cell in notebook.cells for level, text in cell.headings]
    tops = [cell for cell, level, _ in headings if level == 1]
    if len(tops) != 1:
        yield fault(notebook, tops[1] if tops else None, f"{len(tops)} headings of level 1", "have exactly one, on top")
    before = 0
    for cell, level, text in headings:
        if level > before + 1:
            yield fault(notebook, cell, f"{text!r} skips a level", f"use {'#' * (before + 1)} here")
        before = level


def pictures_and_links_have_words(notebook: Notebook) -> Iterator[Fault]:
    """Hold that a picture has alt text that says something, and a link says where it leads."""
    for cell in notebook.markdown:
        for is_picture, text, address in links(cell):
            if is_picture and not text.strip():
                yield fault(notebook, cell, f"the picture {address} has no alt text", "![what it shows](…)")
            elif is_picture and len(text.split()) < 3:
                yield fault(notebook, cell, f"the alt text {text!r} does not say what {address} shows", "say it")
            if not is_picture and text.strip().lower() in _EMPTY_WORDS:
                yield fault(notebook, cell, f"a link is called {text!r}", "say where it leads")
        for tag in re.findall(r"<img\b[^>]*>", cell.source):
            if not re.search(r"\balt=(\"[^\"]+\"|'[^']+')", tag):
                yield fault(notebook, cell, "an <img> has no alt text", 'add alt="what it shows"')
        for drawing in re.findall(r"<svg\b.*?(?:</svg>|\Z)", cell.source, re.DOTALL):
            if "<title" not in drawing and "aria-label" not in drawing:
                yield fault(notebook, cell, "an <svg> has no title", "add <title>what it shows</title>")


def signs_come_with_words(notebook: Notebook) -> Iterator[Fault]:
    """Hold that no line, item or cell of a table consists of a sign alone, which not everybody sees or is read."""
    for cell in notebook.markdown:
        for part in re.split(r"[|\n]", cell.source):
            if _SIGNS.search(part) and not any(letter.isalnum() for letter in part):
                yield fault(notebook, cell, f"{part.strip()!r} says it with a sign alone", "add the word")


def code_is_python(notebook: Notebook) -> Iterator[Fault]:
    """Hold that code cells can be read as Python, unless a cell says that it will fail."""
    for cell in notebook.code:
        try:
            _ = cell.tree
        except SyntaxError as error:
            if "raises-exception" not in cell.tags:
                yield fault(notebook, cell, f"is no Python: {error.msg}", "mend it, or tag it raises-exception")


def code_fits_the_window(notebook: Notebook) -> Iterator[Fault]:
    """Hold that nobody has to scroll sideways."""
    for cell in notebook.code:
        wide = max((len(line) for line in cell.source.splitlines()), default=0)
        if wide > CODE_COLUMNS:
            yield fault(notebook, cell, f"a line of {wide} columns", f"at most {CODE_COLUMNS}")


def code_is_kind_to_the_kernel(notebook: Notebook) -> Iterator[Fault]:
    """Hold what breaks or delays Run All: a second event loop, waiting on the clock, questions to the keyboard."""
    nested = everywhere = False
    for cell in notebook.cells:
        if any(level == 2 for level, _ in cell.headings):
            nested = everywhere  # a section runs alone, after the first code cell
        elsewhere = _out_of_the_kernels_way(cell)
        for call in cell.calls:
            nested = nested or call.name == "nest_asyncio2.apply"
            everywhere = everywhere or (nested and cell is notebook.code[0])
            if call.name == "asyncio.run" and not nested and not elsewhere:
                yield fault(notebook, cell, "asyncio.run in a kernel that has a loop", "await at the top level")
            if call.name == "input":
                yield fault(notebook, cell, "input() stops Run All", "take the answer from a variable")
            if _sleeps(call.name) and _seconds(call.arguments) > SLEEP_SECONDS:
                what = f"sleeps {call.arguments[0]} s"
                yield fault(notebook, cell, what, f"at most {SLEEP_SECONDS} s; move time with cloud.clock.advance")
        if cell.is_code and re.search(r"\bnest_asyncio\b(?!2)", cell.source):
            yield fault(notebook, cell, "nest_asyncio drops queued cells", "await at the top level, or nest_asyncio2")


def _out_of_the_kernels_way(cell: Cell) -> bool:
    """Tell whether each ``asyncio.run`` of a cell runs in a function of the cloud, or is meant to fail."""
    try:
        nodes = list(ast.walk(cell.tree))
    except SyntaxError:
        return False
    harmless = [node for node in nodes if _is_handler(node) or _is_meant_to_fail(node)]
    inside = {id(node) for each in harmless for node in ast.walk(each)}
    return all(id(node) in inside for node in nodes if isinstance(node, ast.Call) and _is_asyncio_run(node))


def _is_asyncio_run(node: ast.Call) -> bool:
    return ast.unparse(node.func) == "asyncio.run"


def _is_meant_to_fail(node: ast.AST) -> bool:
    """Tell whether a node is a ``try`` or ``with`` that expects RuntimeError."""
    if isinstance(node, ast.Try):
        return any(
            handler.type is not None and ast.unparse(handler.type) == "RuntimeError" for handler in node.handlers
        )
    if isinstance(node, ast.With):
        return any(ast.unparse(item.context_expr) == "fails(RuntimeError)" for item in node.items)
    return False


def _sleeps(name: str) -> bool:
    return name in ("sleep", "time.sleep", "asyncio.sleep")


def _seconds(arguments: tuple[object, ...]) -> float:
    first = arguments[0] if arguments else 0
    return first if isinstance(first, int | float) else 0.0


def paths_are_relative(notebook: Notebook) -> Iterator[Fault]:
    """Hold that nothing names a place of one machine."""
    for cell in notebook.cells:
        found = _ABSOLUTE.search(_without_strings_of_urls(cell))
        if found:
            yield fault(notebook, cell, f"an absolute path ({found[0]}…)", "use a path relative to the notebook")


def _without_strings_of_urls(cell: Cell) -> str:
    return re.sub(r"\w+://\S+", "", cell.source)


def handlers_bring_their_imports(notebook: Notebook) -> Iterator[Fault]:
    """Hold that a cell which defines a handler imports what the handler uses: the cell is the file."""
    known = {name for cell in notebook.code for name in _imported(cell)}
    for cell in notebook.code:
        missing = sorted(_used_by_handlers(cell) & known - _imported(cell))
        if missing and "raises-exception" not in cell.tags:
            names = ", ".join(missing)
            yield fault(notebook, cell, f"a handler uses {names}, which its cell does not import", f"import {names}")


def _imported(cell: Cell) -> set[str]:
    try:
        nodes = list(ast.walk(cell.tree))
    except SyntaxError:
        return set()
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    return {(alias.asname or alias.name).split(".")[0] for node in imports for alias in node.names}


def _used_by_handlers(cell: Cell) -> set[str]:
    try:
        nodes = list(ast.walk(cell.tree))
    except SyntaxError:
        return set()
    functions = [node for node in nodes if _is_handler(node)]
    return {name.id for function in functions for name in ast.walk(function) if isinstance(name, ast.Name)}


def _is_handler(node: ast.AST) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return False
    return [argument.arg for argument in node.args.args] == ["event", "context"]


RULES: tuple[Rule, ...] = (
    file_is_plain,
    cells_are_stripped,
    ids_are_slugs,
    headings_are_in_order,
    pictures_and_links_have_words,
    signs_come_with_words,
    code_is_python,
    code_fits_the_window,
    code_is_kind_to_the_kernel,
    paths_are_relative,
    handlers_bring_their_imports,
)
