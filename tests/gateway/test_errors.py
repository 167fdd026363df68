"""One tree of errors, each saying what to do next."""

import pickle

import pytest

from upgrade101.gateway import ConfigurationError, HandlerError, LimitExceeded, NotEmulated, Upgrade101Error

KINDS = [ConfigurationError, HandlerError, LimitExceeded, NotEmulated]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_ours_and_carries_a_hint(kind):
    fault = kind("no stage named 'dev'", hint="create it")
    assert isinstance(fault, Upgrade101Error)
    assert (fault.message, fault.hint) == ("no stage named 'dev'", "create it")
    assert str(fault) == "no stage named 'dev' → create it"


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_hint_there_is_no_arrow(kind):
    assert str(kind("broken")) == "broken"


@pytest.mark.parametrize("kind", KINDS)
def test_errors_cross_a_process(kind):
    assert str(pickle.loads(pickle.dumps(kind("broken", hint="mend it")))) == "broken → mend it"


def test_no_error_is_another():
    assert not any(issubclass(one, other) for one in KINDS for other in KINDS if one is not other)
