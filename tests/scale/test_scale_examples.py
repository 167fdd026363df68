"""The examples in the docstrings of the sums run, and say what really comes out."""

import doctest
import importlib
import pkgutil

import pytest

import upgrade101.scale as package

MODULES = sorted(each.name for each in pkgutil.iter_modules(package.__path__, "upgrade101.scale."))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
