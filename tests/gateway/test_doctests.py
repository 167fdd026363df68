"""The examples in the docstrings of the gateway run, and say what really comes out."""

import doctest
import importlib
import pkgutil

import pytest

import upgrade101.gateway as package

MODULES = sorted(each.name for each in pkgutil.iter_modules(package.__path__, "upgrade101.gateway."))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.failed == 0


def test_there_are_examples_in_every_module_that_computes():
    finder = doctest.DocTestFinder(exclude_empty=True)
    with_examples = {
        name for name in MODULES if any(each.examples for each in finder.find(importlib.import_module(name)))
    }
    computing = ("address", "authorizers", "clock", "deadlines", "definition", "documents", "errors", "ids",
                 "integrations", "limits", "management", "selection", "templates")  # fmt: skip
    assert {f"upgrade101.gateway.{name}" for name in computing} <= with_examples
