"""moto's DynamoDB, from many threads at once."""

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from moto.dynamodb.responses import DynamoHandler

from upgrade101.gateway.errors import ConfigurationError
from upgrade101.localcloud import locks


@pytest.fixture
def locked() -> Iterator[None]:
    locks.install()
    yield
    locks.uninstall()


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads that interrupt each other as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def table(locked, moto_cloud):
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="counts",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    return client


def test_a_thousand_additions_from_32_threads_are_a_thousand(table, hasty):
    def add(_):
        table.update_item(
            TableName="counts",
            Key={"id": {"S": "visits"}},
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(add, range(1000)))
    assert table.get_item(TableName="counts", Key={"id": {"S": "visits"}})["Item"]["n"] == {"N": "1000"}


def test_rows_may_come_and_go_while_somebody_scans(table, hasty):
    def visit(number):
        key = {"id": {"S": str(number)}}
        table.put_item(TableName="counts", Item=key)
        found = table.scan(TableName="counts")["Count"]
        table.delete_item(TableName="counts", Key=key)
        return found

    with ThreadPoolExecutor(16) as pool:
        assert min(pool.map(visit, range(120))) >= 1
    assert table.scan(TableName="counts")["Count"] == 0


def test_a_thread_that_waits_for_another_writer_gives_the_lock_up(table):
    written = threading.Event()

    def write():
        table.put_item(TableName="counts", Item={"id": {"S": "other"}})
        written.set()

    with locks._lock:
        locks._held.depth = 1  # as inside a request whose stream runs a function
        other = threading.Thread(target=write)
        other.start()
        assert not written.wait(0.2)
        with locks.released():
            assert written.wait(10)
        assert locks.depth() == 1
        locks._held.depth = 0
    other.join(10)
    assert locks.depth() == 0


def test_installing_twice_is_installing_once_and_uninstalling_gives_moto_its_place_back():
    locks.install()
    locks.install()
    assert locks._TABLE["{0}/"] == locks.OneAtATime.dispatch
    locks.uninstall()
    locks.uninstall()
    assert locks._TABLE["{0}/"] == DynamoHandler.dispatch


def test_a_moto_that_has_moved_is_refused_with_the_versions_that_fit(monkeypatch):
    monkeypatch.setattr(locks, "_TABLE", {"{0}/elsewhere": DynamoHandler.dispatch})
    with pytest.raises(ConfigurationError, match=r"other URLs.*5\.1\.18 to 5\.2\.5"):
        locks.install()
