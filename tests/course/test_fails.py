import pytest

from upgrade101 import fails


def test_an_announced_error_is_shown_and_the_cell_goes_on(capsys):
    with fails(KeyError):
        {}["body"]
    assert capsys.readouterr().out == "KeyError, as announced: 'body'\n"


def test_another_error_passes_through():
    with pytest.raises(ValueError), fails(KeyError):
        int("ten")


def test_a_block_that_does_not_fail_is_told_so():
    with pytest.raises(AssertionError, match="should have failed with KeyError"), fails(KeyError):
        pass
