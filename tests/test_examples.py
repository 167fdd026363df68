"""The examples in the docstrings run, and say what really comes out."""

import doctest
import importlib
from pathlib import Path

import pytest

import upgrade101

HERE = Path(upgrade101.__file__).parent
COMPUTING = ("address", "authorizers", "clock", "deadlines", "definition", "documents", "errors", "ids",
             "integrations", "limits", "management", "selection", "templates")  # fmt: skip


def name_of(path: Path) -> str:
    """Return a module's name after ``upgrade101``."""
    return ".".join(part for part in path.relative_to(HERE).with_suffix("").parts if part != "__init__")


WITH_EXAMPLES = sorted(name_of(path) for path in HERE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of(name: str) -> None:
    module = importlib.import_module(f"upgrade101.{name}")
    found = doctest.testmod(module)
    assert found.failed == 0
    assert found.attempted


def test_there_are_examples_in_every_module_of_the_gateway_that_computes() -> None:
    assert {f"gateway.{name}" for name in COMPUTING} <= set(WITH_EXAMPLES)
