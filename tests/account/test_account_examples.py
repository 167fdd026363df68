"""The examples in the docstrings of this room."""

import doctest
import importlib
import pkgutil

import pytest

from upgrade101 import account


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(account.__path__)])
def test_examples_run(name):
    assert doctest.testmod(importlib.import_module(f"{account.__name__}.{name}")).failed == 0
