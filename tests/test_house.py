"""The rules of the house that a machine can check: lint, types, floors, sizes, and what no committed file contains."""

import ast
import re
import socket
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "upgrade101"
MODULES = sorted(PACKAGE.rglob("*.py"))


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run Python with `command` at the top of the repository."""
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        "ruff check --quiet .",
        "ruff format --check --quiet .",
        "mypy --no-error-summary",
        "mypy --no-error-summary --strict --platform linux start.py",
        "mypy --no-error-summary --strict --platform win32 start.py",
    ],
)
def test_the_linters_have_nothing_to_say(command: str) -> None:
    done = run("-m", *command.split())
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def test_every_room_keeps_to_its_floor() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    done = run("-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-logo")
    assert f"{len(contracts)} kept, 0 broken" in done.stdout, done.stdout + done.stderr


# Sizes: what a reader can hold in mind.

MODULE_LINES_MEDIAN, MODULE_LINES_MOST = 180, 450
FUNCTION_LINES_MEDIAN, FUNCTION_LINES_NINE_IN_TEN = 10, 30


def functions() -> Iterator[tuple[str, int]]:
    """Yield the place and the number of lines of every function, its docstring counted."""
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{module.relative_to(ROOT).as_posix()}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_a_module_is_short() -> None:
    code = [module for module in MODULES if not re.fullmatch(r"wrong\d\d\.py", module.name)]  # those are tables
    lengths = {module.name: len(module.read_text(encoding="utf-8").splitlines()) for module in code}
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES_MOST} == {}
    assert statistics.median(lengths.values()) <= MODULE_LINES_MEDIAN


def test_a_function_is_short() -> None:
    found = sorted(functions(), key=lambda each: -each[1])
    lengths = [lines for _, lines in found]
    nine_in_ten = statistics.quantiles(lengths, n=10)[-1]
    assert statistics.median(lengths) <= FUNCTION_LINES_MEDIAN
    assert nine_in_ten <= FUNCTION_LINES_NINE_IN_TEN, found[:10]


# What is committed.


def committed() -> list[Path]:
    """Return every file that git holds; without git (an unpacked archive), every file that is not made by a tool."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
        files = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        made = {".git", ".venv", ".upgrade101", "__pycache__"}
        files = [path for path in ROOT.rglob("*") if not made & set(path.parts) and not path.match(".*_cache/*")]
    return [path for path in files if path.is_file()]


def texts() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of every committed text file."""
    for path in committed():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path.relative_to(ROOT).as_posix(), content


def test_text_is_utf_8_with_lf_ends() -> None:
    assert [name for name, content in texts() if b"\r" in content] == []
    for _, content in texts():
        content.decode("utf-8")


# Written in pieces, so that this file does not contain what it looks for.
HOMES = "|".join(
    [
        "/wo" + "rk/",
        "/fa" + "rm/",
        "/ro" + "ot/",
        "/ho" + r"me/(?!jovyan/|ana/)\w",
        "/Us" + "ers/",
        r"[A-Z]:\\Us" + "ers",
    ]
)
REGISTRIES = "|".join(
    ["py" + r"pi\.org", "python" + r"hosted\.org", "registry" + r"\.npmjs", "conda" + r"\.anaconda\.org"]
)


@pytest.mark.parametrize("traces", [rf"(?<![\w.$}}-])(?:{HOMES})", REGISTRIES], ids=["a home folder", "a registry"])
def test_nothing_tells_on_which_machine_it_was_written(traces: str) -> None:
    found = [(name, match[0]) for name, content in texts() if (match := re.search(traces, content.decode("utf-8")))]
    assert found == []


def test_no_lock_with_download_addresses_is_committed() -> None:
    assert {path.name for path in committed()} & {"uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock"} == set()


# What tests/conftest.py promises.


@pytest.mark.parametrize("host", ["192.0.2.1", "example.com", "2001:db8::1"])
def test_no_test_leaves_this_machine(host: str) -> None:
    with pytest.raises(RuntimeError, match=re.escape(f"a test asked for {host}")):
        socket.create_connection((host, 80), timeout=1)


def test_no_test_sees_an_account() -> None:
    session = boto3.Session()
    credentials = session.get_credentials()
    assert credentials is None or credentials.method == "env"  # the invented ones of a test before this one
    assert session.available_profiles == []
