"""Whatever goes wrong while a run creates or is cleaned up, the next clean-up leaves nothing of it, and only of it."""

import contextlib
import itertools

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError


class Killed(BaseException):
    """The process ends here: nothing after it is done, nothing is written."""


def refusal(code, message="no", status=400):
    """Return what boto3 raises where AWS answers with an error."""
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "AnyCall")


CREATES = [
    "iam.CreateRole",
    "dynamodb.CreateTable",
    "cloudwatch-logs.CreateLogGroup",
    "sqs.CreateQueue",
    "s3.CreateBucket",
    "s3.PutBucketTagging",
    "lambda.CreateFunction",
    "lambda.CreateEventSourceMapping",
    "apigatewayv2.CreateApi",
    "api-gateway.CreateRestApi",
]
DELETES = [
    "lambda.DeleteEventSourceMapping",
    "apigatewayv2.DeleteApi",
    "api-gateway.DeleteRestApi",
    "lambda.DeleteFunction",
    "cloudwatch-logs.DeleteLogGroup",
    "sqs.DeleteQueue",
    "dynamodb.DeleteTable",
    "s3.DeleteObjects",
    "s3.DeleteBucket",
    "iam.DeleteRolePolicy",
    "iam.DeleteRole",
]
BUSY = ["TooManyRequestsException", "ThrottlingException", "ConcurrentModificationException"]
LOST = {
    "no line": EndpointConnectionError(endpoint_url="https://aws"),
    "line cut": ConnectionClosedError(endpoint_url="https://aws"),
    "answer lost": ReadTimeoutError(endpoint_url="https://aws"),
}


@pytest.fixture
def before(account):
    """Return what was in the account before the run began, of which nothing may be missing afterwards."""
    found = account.inventory()
    account.begin()
    return found


def finish(account, before, runs):
    """Clean up undisturbed, and see that the account is as it was and the ledger is closed."""
    account.faults.end()
    code, said = account.cleanup()
    assert code == 0, said
    assert account.inventory() == before
    assert not list(runs.iterdir())


@pytest.mark.parametrize("answered", [False, True], ids=["before it leaves", "before its answer is here"])
@pytest.mark.parametrize("call", CREATES)
def test_killed_while_it_creates(account, before, runs, call, answered):
    account.faults.at(call, Killed(), after=answered)
    with pytest.raises(Killed):
        account.everything()
    account.die()
    finish(account, before, runs)


@pytest.mark.parametrize(
    "call", ["sqs.CreateQueue", "s3.CreateBucket", "lambda.CreateFunction", "apigatewayv2.CreateApi"]
)
def test_the_answer_to_a_create_call_is_lost(account, before, runs, call):
    account.faults.at(call, LOST["answer lost"], after=True)
    with contextlib.suppress(ReadTimeoutError):
        account.everything()
    account.die()
    finish(account, before, runs)


@pytest.mark.parametrize(("call", "done"), [(call, number % 2 == 1) for number, call in enumerate(DELETES)])
def test_interrupted_while_it_deletes(account, before, runs, call, done):
    account.everything()
    account.die()
    account.faults.at(call, KeyboardInterrupt(), after=done)
    with pytest.raises(KeyboardInterrupt):
        account.cleanup()
    finish(account, before, runs)


@pytest.mark.parametrize(("call", "code"), list(zip(DELETES, itertools.cycle(BUSY), strict=False)))
def test_a_busy_aws_is_asked_again(account, before, runs, call, code):
    account.everything()
    account.die()
    account.faults.at(call, refusal(code, status=429), times=4)
    code, said = account.cleanup()
    assert code == 0, said
    finish(account, before, runs)


@pytest.mark.parametrize("call", DELETES)
def test_without_a_permission_the_rest_goes_and_the_action_is_named(account, before, runs, call):
    account.everything()
    account.die()
    action = f"{call.partition('.')[0]}:{call.partition('.')[2]}"
    denied = f"User: arn:aws:iam::123456789012:user/ana is not authorized to perform: {action} on resource: it"
    account.faults.at(call, refusal("AccessDeniedException", denied, 403), times=100)
    code, said = account.cleanup()
    assert code == 1 and f"you may not: {action} is missing" in said
    left = {kind for kind, names in account.inventory().items() if names != before[kind]}
    assert left == {"function", "role"} if call == "lambda.DeleteFunction" else len(left) == 1
    finish(account, before, runs)


@pytest.mark.parametrize(
    ("call", "lost"),
    list(zip(["*", "lambda.DeleteFunction", "resource-groups-tagging-api.GetResources"], LOST, strict=True)),
)
def test_the_network_is_lost_in_the_middle(account, before, runs, call, lost):
    account.everything()
    account.die()
    account.faults.at(call, LOST[lost], times=100)
    code, said = account.cleanup()
    assert code == 1 and "AWS does not answer" in said
    finish(account, before, runs)


@pytest.mark.parametrize("call", ["lambda.DeleteFunction", "iam.DeleteRole"])
def test_a_line_that_breaks_once_is_dialled_again(account, before, runs, call):
    account.everything()
    account.die()
    account.faults.at(call, LOST["answer lost"], after=True)
    code, said = account.cleanup()
    assert code == 0, said
    finish(account, before, runs)


@pytest.mark.parametrize("call", ["sts.GetCallerIdentity", "apigatewayv2.DeleteApi", "dynamodb.DescribeTable"])
def test_keys_that_expire_are_said_so(account, before, runs, call):
    account.everything()
    account.die()
    account.faults.at(call, refusal("ExpiredTokenException", status=403), times=100)
    code, said = account.cleanup()
    assert code == 1 and "your AWS session has expired" in said
    finish(account, before, runs)


@pytest.mark.parametrize(
    "call", ["dynamodb.DescribeTable", "iam.ListRoleTags", "resource-groups-tagging-api.GetResources"]
)
def test_what_may_not_be_looked_at_is_not_called_gone(account, before, runs, call):
    account.everything()
    account.die()
    account.faults.at(call, refusal("AccessDenied", "no", 403), times=100)
    code, said = account.cleanup()
    assert code == 1 and "is missing" in said
    finish(account, before, runs)


def test_a_full_disk_in_the_middle_of_a_clean_up(account, before, runs, monkeypatch):
    from upgrade101.ledger.book import Book

    account.everything()
    account.die()
    with monkeypatch.context() as patch:

        def full(*_, **__):
            raise OSError(28, "No space left on device")

        patch.setattr(Book, "note_gone", full)
        code, said = account.cleanup()
        assert code == 0, said
    finish(account, before, runs)
