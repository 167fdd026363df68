"""Waiting until AWS knows a new role, and saying so where it takes long."""

import time

import pytest
from botocore.exceptions import ClientError

from upgrade101.account import waiting

NEW = "The role defined for the function cannot be assumed by Lambda."
POOR = "The provided execution role does not have permissions to call ReceiveMessage on SQS"


def refused(message, code="InvalidParameterValueException"):
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateFunction")


class Lambda:
    """Refuses as often as it is told to."""

    def __init__(self, fault, times):
        self.fault, self.times, self.calls = fault, times, 0

    def create(self):
        self.calls += 1
        if self.calls <= self.times:
            raise self.fault
        return "arn"


@pytest.fixture
def pauses(monkeypatch):
    """Take time without losing any; return the pauses that were made."""
    made = []
    monkeypatch.setattr(waiting.time, "sleep", made.append)
    monkeypatch.setattr(waiting.time, "monotonic", lambda: sum(made))
    return made


@pytest.mark.parametrize("message", [NEW, POOR])
def test_a_call_is_made_again_until_a_new_role_is_known(pauses, message):
    functions = Lambda(refused(message), times=4)
    assert waiting.until_known(functions.create) == "arn"
    assert functions.calls == 5 and len(pauses) == 4
    assert max(pauses) <= 4


def test_what_is_known_at_once_waits_for_nothing(pauses):
    assert waiting.until_known(Lambda(None, 0).create) == "arn"
    assert pauses == []


@pytest.mark.parametrize("fault", [refused("Unsupported runtime"), refused(NEW, "ThrottlingException")])
def test_other_refusals_are_raised_at_once(pauses, fault):
    functions = Lambda(fault, times=9)
    with pytest.raises(ClientError) as raised:
        waiting.until_known(functions.create)
    assert raised.value is fault and functions.calls == 1


def test_it_gives_up_in_the_end_with_what_aws_says(pauses):
    with pytest.raises(ClientError, match="cannot be assumed"):
        waiting.until_known(Lambda(refused(NEW), times=10_000).create)
    assert waiting.LONGEST - 5 < sum(pauses) <= waiting.LONGEST


def test_what_takes_long_is_said_and_so_is_its_end(capsys):
    with waiting.told("table guests", after=0.01):
        end = time.monotonic() + 10
        while "waiting" not in (said := capsys.readouterr().out) and time.monotonic() < end:
            time.sleep(0.01)
    assert said == "waiting for table guests …\n"
    assert capsys.readouterr().out.startswith("… table guests: ready after ")


def test_what_is_quick_and_what_fails_says_nothing_more(capsys):
    with waiting.told("table guests", after=60):
        pass
    with pytest.raises(KeyError), waiting.told("table guests", after=60):
        raise KeyError
    assert capsys.readouterr().out == ""
