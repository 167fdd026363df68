"""Another account in the same cloud, emptied."""

from collections.abc import Iterator

import boto3
import pytest

from upgrade101 import cloud, function
from upgrade101.localcloud import accounts

ACCOUNT = "202202202202"


def greet(event: object, context: object) -> str:
    print("hello")
    return "hello"


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    """A session in that account."""
    cloud.start("moto", quiet=True)
    keys = accounts.keys_of(ACCOUNT, cloud.local().region)
    yield boto3.Session(keys.access_key_id, keys.secret_access_key, keys.session_token, cloud.local().region)
    cloud.stop()


def test_what_was_logged_before_it_was_emptied_does_not_come_back(session: boto3.Session) -> None:
    arn = function(greet, session=session)
    session.client("lambda").invoke(FunctionName=arn)
    accounts.clear(ACCOUNT)
    assert session.client("logs").describe_log_groups()["logGroups"] == []
