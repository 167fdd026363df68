"""docs/parity.md says what is as on AWS: every row has its word, its source or reason, and a test that exists."""

import ast
import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "parity.md"
PACKAGE = ROOT / "src" / "upgrade101"

WORDS = ("same", "chosen", "not emulated")
COLUMNS = ["behaviour", "here", "source", "test"]
REASON_WORDS = 3  # fewer say nothing

_LINK = re.compile(r"\[([^\]]+)\]\[([\w-]+)\]")
_REFERENCE = re.compile(r"\[([\w-]+)\]: (\S+)\Z")
_QUOTED = re.compile(r"`([^`]+)`")


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Row:
    """One behaviour, and where it stands."""

    line: int
    cells: tuple[str, ...]

    @property
    def behaviour(self) -> str:
        return self.cells[0]

    @property
    def here(self) -> str:
        return self.cells[1]

    @property
    def source(self) -> str:
        return self.cells[2]

    @property
    def tests(self) -> list[str]:
        return _QUOTED.findall(self.cells[3])

    def fault(self, what: str, do: str) -> str:
        return f"docs/parity.md:{self.line}: {self.behaviour!r}: {what} → {do}"


def cells_of(line: str) -> list[str]:
    """Return the cells of a line of a table; a bar in a cell is written ``\\|``."""
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def rows_of(text: str) -> list[Row]:
    """Return every row below every heading, heads of tables left out."""
    found = [(number, cells_of(line)) for number, line in enumerate(text.splitlines(), 1) if line.startswith("|")]
    return [Row(number, tuple(cells)) for number, cells in found if cells != COLUMNS and set("".join(cells)) != {"-"}]


def addresses_of(text: str) -> dict[str, str]:
    """Return the addresses at the foot of the page, by name."""
    return {match[1]: match[2] for line in text.splitlines() if (match := _REFERENCE.match(line))}


# ── the tests ────────────────────────────────────────────────────────────────────────────────────────────────────────


def known_tests(folder: Path) -> set[str]:
    """Return ``file::function`` of every test, methods as ``file::Class::function``."""
    names = set()
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names |= {f"{path.relative_to(folder).as_posix()}::{name}" for name in _tests_in(tree.body)}
    return names


def _tests_in(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            yield from (f"{node.name}::{name}" for name in _tests_in(node.body))


# ── what the code says that it does not do ───────────────────────────────────────────────────────────────────────────

REFUSALS = {"not_emulated", "NotEmulated", "NotEmulatedHere"}  # what is called or raised with a sentence, and a hint
REASONS = {"gap", "obstacle"}  # functions that return one, or ''
PREFIX = "NotEmulated: "


def gaps_below(folder: Path) -> dict[str, str]:
    """Return every sentence with which the code refuses what AWS does, and where it stands; what varies is ``…``."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.py")):
        for line, sentence in gaps_in(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(sentence, f"{path.relative_to(folder).as_posix()}:{line}")
    return found


def gaps_in(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and sentence of every refusal in a module."""
    constants = {
        target.id: _text(node.value, {})
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for line, text in _refusals(module, constants):
        sentence = re.sub("…+", "…", text)
        if re.search(r"[^\W\d_]{3}", sentence.removeprefix(PREFIX)):
            yield line, sentence


def _refusals(node: ast.AST, constants: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Call) and _name(node.func) in REFUSALS:
        hints = [_text(each.value, constants) for each in node.keywords if each.arg == "hint"]
        yield node.lineno, " → ".join([" ".join(_text(each, constants) for each in node.args), *hints])
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in REASONS:
        for each in ast.walk(node):
            if isinstance(each, ast.Return) and each.value:
                yield each.lineno, _text(each.value, constants)
        return
    if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and (text := _text(node, constants)) != "…":
        if text.startswith(PREFIX):
            yield node.lineno, text
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
        return
    for block in _blocks(node):
        yield from _logged(block, constants)
    for child in ast.iter_child_nodes(node):
        yield from _refusals(child, constants)


def _blocks(node: ast.AST) -> list[list[ast.stmt]]:
    named = (getattr(node, name, None) for name in ("body", "orelse", "finalbody"))
    return [block for block in named if isinstance(block, list)]


def _logged(block: list[ast.stmt], constants: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield what a block only writes into the log; beside a refusal a log line says the same again."""
    plain = [statement for statement in block if not _blocks(statement) and not isinstance(statement, ast.Match)]
    calls = [node for statement in plain for node in ast.walk(statement) if isinstance(node, ast.Call)]
    if any(_name(call.func) in REFUSALS for call in calls):
        return
    for call in calls:
        if isinstance(call.func, ast.Attribute) and _name(call.func.value) == "log" and call.args:
            text = _text(call.args[0], constants)
            if "not emulated" in text:
                yield call.lineno, text


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _text(node: ast.expr, constants: Mapping[str, str]) -> str:
    """Return a literal's text; everything else, and every ``%s``, is ``…``."""
    match node:
        case ast.Constant(value=str() as text):
            return re.sub(r"%[.\d]*[sdr]", "…", text)
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, constants) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left, constants) + _text(right, constants)
        case ast.Name(id=name):
            return constants.get(name, "…")
        case _:
            return "…"


# ── what is wrong ────────────────────────────────────────────────────────────────────────────────────────────────────


def faults_of(text: str, tests: Iterable[str], gaps: Mapping[str, str]) -> Iterator[str]:
    """Yield everything that is wrong with a table, each with what to do about it."""
    rows, addresses, tests = rows_of(text), addresses_of(text), set(tests)
    whole = [row for row in rows if len(row.cells) == len(COLUMNS)]
    for row in rows:
        if row not in whole:
            yield row.fault(f"it has {len(row.cells)} cells", rf"write {' | '.join(COLUMNS)}; a bar in a cell is \|")
    for row in whole:
        yield from faults_of_the_test(row, tests)
        yield from faults_of_the_source(row, addresses, gaps)
    yield from twins_among(whole)
    yield from gaps_without_a_row(whole, gaps)


def faults_of_the_test(row: Row, tests: set[str]) -> Iterator[str]:
    if not row.tests:
        yield row.fault("it names no test", "write `file::function` as the last cell, the path from tests/ on")
    for named in row.tests:
        known = re.sub(r"\[.*\]\Z", "", named)
        if known not in tests:
            near = difflib.get_close_matches(known, tests, 1, cutoff=0.8)
            do = f"was it renamed to {near[0]}?" if near else "name the test that proves it, or write one"
            yield row.fault(f"there is no test {named}", do)


def faults_of_the_source(row: Row, addresses: Mapping[str, str], gaps: Mapping[str, str]) -> Iterator[str]:
    for _, name in _LINK.findall(row.source):
        if name not in addresses:
            yield row.fault(f"[{name}] has no address", f"add '[{name}]: https://…' below Sources")
    plain = _LINK.sub(lambda link: addresses.get(link[2], ""), row.source)
    match row.here:
        case "same":
            if "https://" not in plain:
                yield row.fault("it is 'same' without a source", "link the page or the capture, or call it 'chosen'")
        case "chosen":
            if len(re.findall(r"\w+", plain)) < REASON_WORDS:
                yield row.fault("it does not say why this was chosen", "say in a few words why")
        case "not emulated":
            yield from faults_of_a_gap(row, gaps)
        case other:
            yield row.fault(f"{other!r} is no word of the table", f"write one of {', '.join(WORDS)}")


def faults_of_a_gap(row: Row, gaps: Mapping[str, str]) -> Iterator[str]:
    quoted = _QUOTED.findall(row.source)
    if not any(sentence in gaps for sentence in quoted) and not re.search(r"\S → \S", row.source):
        do = "quote the sentence with which the code refuses, or write 'what happens → what to do'"
        yield row.fault("it does not say what happens instead", do)
    for sentence in quoted:
        if sentence.startswith(PREFIX) and sentence not in gaps:
            yield row.fault(f"the code no longer says {sentence!r}", "say what it does now; is this row 'same' by now?")


def twins_among(rows: Iterable[Row]) -> Iterator[str]:
    plain = [(re.sub(r"[\W_]+", " ", row.behaviour).strip().casefold(), row) for row in rows]
    counted = Counter(text for text, _ in plain)
    yield from (row.fault("it stands there twice", "keep one") for text, row in plain if counted[text] > 1)


def gaps_without_a_row(rows: Iterable[Row], gaps: Mapping[str, str]) -> Iterator[str]:
    quoted = {sentence for row in rows for sentence in _QUOTED.findall(row.source)}
    for sentence, place in gaps.items():
        if sentence not in quoted:
            do = "add a row that is 'not emulated' and quotes this sentence between backquotes"
            yield f"src/upgrade101/{place} says {sentence!r}, and no row of docs/parity.md does → {do}"


def test_every_row_holds() -> None:
    faults = list(faults_of(TABLE.read_text(encoding="utf-8"), known_tests(ROOT / "tests"), gaps_below(PACKAGE)))
    assert not faults, "\n".join(["docs/parity.md:", *faults])


def test_every_heading_has_rows() -> None:
    parts = re.split(r"(?m)^## ", TABLE.read_text(encoding="utf-8"))[1:]
    empty = [part.splitlines()[0] for part in parts if not part.startswith("Sources") and not rows_of(part)]
    assert empty == []


def test_every_address_is_used() -> None:
    text = TABLE.read_text(encoding="utf-8")
    used = {name for _, name in _LINK.findall(text)}
    assert sorted(addresses_of(text).keys() - used) == []


def test_no_source_is_a_code_of_somebodys_notes() -> None:
    """A reader has to be able to look it up."""
    assert re.findall(r"\b[FIDBRM]-[a-z0-9][\w-]*", TABLE.read_text(encoding="utf-8")) == []


# ── the test of the test ─────────────────────────────────────────────────────────────────────────────────────────────

TESTS = {"gateway/test_core.py::test_ping", "test_x.py::TestY::test_z"}
GAP = "NotEmulated: … integrations; use AWS_PROXY"
GAPS = {GAP: "gateway/integrations.py:27"}
HEAD = "## Time\n\n| behaviour | here | source | test |\n|---|---|---|---|\n"
FOOT = "\n## Sources\n\n[quotas]: https://docs.aws.amazon.com/quotas.html\n"
PING = "`gateway/test_core.py::test_ping`"
GAP_ROW = f"| AWS integrations | not emulated | `{GAP}` | {PING} |"
SAME = f"| a ping is answered | same | [AWS][quotas] | {PING} |"


def faults_in(*rows: str, head: str = HEAD, foot: str = FOOT) -> list[str]:
    return list(faults_of(head + "\n".join(rows) + "\n" + foot, TESTS, GAPS))


def test_a_good_table_passes() -> None:
    chosen = r"| a \| b | chosen | RFC 6455 asks for it | `gateway/test_core.py::test_ping[a-b]` |"
    method = "| c | not emulated | nothing happens → do it on AWS | `test_x.py::TestY::test_z` |"
    bare = f"| d | same | https://example.com/a capture of 2024 | {PING}, {PING} |"
    assert faults_in(GAP_ROW, SAME, chosen, method, bare) == []


WRONG = {
    "a word that is none": (f"| a | samo | [AWS][quotas] | {PING} |", "'samo' is no word of the table → write one of"),
    "no word": (f"| a |  | [AWS][quotas] | {PING} |", "'' is no word of the table"),
    "no test": ("| a | same | [AWS][quotas] |  |", "it names no test → write `file::function`"),
    "a test that is not there": (
        "| a | same | [AWS][quotas] | `gateway/test_core.py::test_pings` |",
        "there is no test gateway/test_core.py::test_pings → was it renamed to gateway/test_core.py::test_ping?",
    ),
    "a file that is not there": ("| a | same | [AWS][quotas] | `z.py::zzz` |", "there is no test z.py::zzz → name the"),
    "same without a source": (f"| a | same | everybody knows | {PING} |", "it is 'same' without a source → link"),
    "a source by http": (f"| a | same | http://example.com | {PING} |", "it is 'same' without a source"),
    "a link that leads nowhere": (
        f"| a | same | [AWS][quotes], https://example.com | {PING} |",
        "[quotes] has no address → add '[quotes]: https://…' below Sources",
    ),
    "chosen without a reason": (f"| a | chosen | because | {PING} |", "it does not say why this was chosen → say"),
    "chosen without a word": (f"| a | chosen |  | {PING} |", "it does not say why this was chosen"),
    "not emulated without words": (f"| a | not emulated |  | {PING} |", "does not say what happens instead → quote"),
    "not emulated, and what to do is missing": (
        f"| a | not emulated | nothing happens | {PING} |",
        "it does not say what happens instead",
    ),
    "not emulated any more": (
        f"| a | not emulated | `NotEmulated: tea; drink coffee` → coffee | {PING} |",
        "the code no longer says 'NotEmulated: tea; drink coffee' → say what it does now",
    ),
    "a cell too many": (f"| a | same | [AWS][quotas] | b | {PING} |", "it has 5 cells → write behaviour | here |"),
    "a cell too few": ("| a | same | [AWS][quotas] |", "it has 3 cells"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_row_is_refused(what: str) -> None:
    row, fault = WRONG[what]
    (said,) = faults_in(GAP_ROW, row)
    assert said.startswith("docs/parity.md:6: 'a': ")
    assert fault in said


def test_a_behaviour_stands_there_once() -> None:
    again = SAME.replace("a ping is answered", "A `ping` is answered.")
    assert [fault.partition(": ")[0] for fault in faults_in(GAP_ROW, SAME, again)] == [
        "docs/parity.md:6",
        "docs/parity.md:7",
    ]


def test_a_refusal_of_the_code_needs_a_row() -> None:
    (said,) = faults_in(SAME)
    assert said.startswith(f"src/upgrade101/gateway/integrations.py:27 says '{GAP}', and no row")


REFUSING = '''
"""NotEmulated: stands in a docstring."""
OTHER_WAY = "use a function"
UNVERIFIED = "NotEmulated: signatures; " + OTHER_WAY

def gap(route):
    if route.kind:
        return f"{route.kind} is beyond us; use {route.other!r}"
    return ""

async def obstacle(function):
    return "x" if function else None

def admit(method, log):
    if method.validator:
        log.warning("%s: validators are not emulated", method.key)
    match method.kind:
        case "AWS":
            log.warning("%s: AWS is not emulated", method.key)
            raise not_emulated(f"Kind {method.kind}", "Use another.")
        case _:
            raise errors.NotEmulated(f"{method.kind}{method.key} is unknown", hint=OTHER_WAY)
    log.warning(f"NotEmulated: {method.kind} here")
    answer(f"NotEmulated: {method.fault}")
    raise NotEmulatedHere(name)
'''


def test_refusals_are_found_in_every_form() -> None:
    assert sorted(text for _, text in gaps_in(ast.parse(REFUSING.replace('"""', "'")))) == [
        "Kind … Use another.",
        "NotEmulated: signatures; use a function",
        "NotEmulated: … here",
        "… is beyond us; use …",
        "… is unknown → use a function",
        "…: validators are not emulated",
    ]


def test_the_code_refuses_something() -> None:
    """Should it one day refuse nothing, delete this test."""
    assert gaps_below(PACKAGE)
