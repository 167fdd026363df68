import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from upgrade101.gateway.errors import ConfigurationError
from upgrade101.ledger.patience import Patience, is_busy, missing_action


def refused(code, message="", status=400):
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "DeleteApi")


def failing(*faults):
    waiting = list(faults)

    def call():
        if waiting:
            raise waiting.pop(0)
        return "done"

    return call


def test_it_waits_longer_each_time_and_never_twice_the_same():
    pauses = []
    assert Patience(pauses.append)(failing(*[refused("TooManyRequestsException")] * 6)) == "done"
    assert len(set(pauses)) == 6
    assert all(step / 2 <= pause <= step for step, pause in zip([1, 2, 4, 8, 16, 20], pauses, strict=True))


def test_it_outlasts_a_quota_of_one_call_in_thirty_seconds_and_then_gives_up():
    pauses = []
    with pytest.raises(ClientError, match="TooManyRequests"):
        Patience(pauses.append)(failing(*[refused("TooManyRequestsException")] * 1000))
    assert 150 <= sum(pauses) < 180


def test_a_broken_line_is_tried_a_few_times():
    lost = ReadTimeoutError(endpoint_url="https://aws")
    pauses = []
    assert Patience(pauses.append)(failing(*[lost] * 3)) == "done"
    with pytest.raises(ConfigurationError, match="AWS does not answer"):
        Patience(pauses.append)(failing(*[lost] * 4))


@pytest.mark.parametrize("code", ["NotFoundException", "AccessDenied", "ValidationException"])
def test_what_will_not_pass_is_not_asked_again(code):
    pauses = []
    with pytest.raises(ClientError):
        Patience(pauses.append)(failing(refused(code)))
    assert pauses == []


@pytest.mark.parametrize(
    ("fault", "busy"),
    [
        (refused("DeleteConflict", status=409), True),
        (refused("Whatever", status=503), True),
        (refused("Whatever", status=429), True),
        (refused("Whatever", status=404), False),
        (ValueError(), False),
    ],
)
def test_what_passes_by_itself(fault, busy):
    assert is_busy(fault) == busy


def test_the_missing_action_is_the_one_that_aws_names():
    told = "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: sqs:DeleteQueue on resource: it"
    assert missing_action(refused("AccessDenied", told), ("a", "b")) == "sqs:DeleteQueue"
    assert missing_action(refused("AccessDeniedException"), ("a", "b")) == "a or b"
    assert missing_action(refused("NotFoundException"), ("a",)) == ""
