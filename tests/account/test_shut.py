"""After a start that failed: nobody is called, until another one has gone through."""

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws

from upgrade101 import cloud, connect, connection_table
from upgrade101.account import shut
from upgrade101.gateway.errors import ConfigurationError

SHUT = r"cloud\.start has not gone through: .*run that cell again; or stay free, with CLOUD=moto"
TABLE = {
    "TableName": "stray",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def no(monkeypatch):
    """Answer that one does not want to, until told otherwise."""
    answers = ["n"]
    monkeypatch.setattr("builtins.input", lambda prompt: answers[-1])
    return answers


def refused():
    with pytest.raises(ConfigurationError, match="did not say yes"):
        cloud.start("aws")


def test_no_client_creates_anything_after_a_no_whenever_it_was_made(aws, no):
    early, table = boto3.client("dynamodb"), boto3.resource("dynamodb").Table("stray")
    refused()
    calls = (
        lambda: early.create_table(**TABLE),
        lambda: boto3.client("dynamodb").create_table(**TABLE),
        lambda: table.put_item(Item={"id": "1"}),
        lambda: early.get_waiter("table_exists").wait(TableName="stray"),
        lambda: list(early.get_paginator("list_tables").paginate()),
        connection_table,
    )
    for call in calls:
        with pytest.raises(ConfigurationError, match=SHUT):
            call()
    with pytest.raises(ConfigurationError, match=SHUT):
        connect("wss://a.execute-api.us-east-1.amazonaws.com/dev")
    assert set(aws.asked) == {"sts.GetCallerIdentity"}


@pytest.mark.parametrize("stops", [False, True])
def test_a_yes_opens_and_the_ledger_knows_what_comes_then(aws, no, runs, stops):
    early = boto3.client("dynamodb")
    refused()
    if stops:
        cloud.stop()
    with pytest.raises(ConfigurationError, match=SHUT):
        early.create_table(**TABLE)
    no.append("y")
    cloud.start("aws")
    early.create_table(**TABLE)
    assert '"stray"' in runs()[0].read_text()


def test_moto_opens_too(aws, no, capsys):
    refused()
    cloud.start("moto")
    try:
        assert boto3.client("dynamodb").list_tables()["TableNames"] == []
    finally:
        cloud.stop()
    assert shut.refusal() is None


@pytest.mark.parametrize("where", ["http://127.0.0.1:1", "asw", "aws"])
def test_whatever_did_not_start_leaves_nobody_to_call(monkeypatch, where):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("CLOUD", where)
    with pytest.raises(ConfigurationError):
        cloud.start()
    with pytest.raises(ConfigurationError, match=SHUT):
        boto3.client("sqs").list_queues()


def test_ctrl_c_at_the_question_is_no_yes(aws, monkeypatch):
    def interrupted(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cloud.start("aws")
    with pytest.raises(ConfigurationError, match="not gone through: it was interrupted"):
        boto3.client("sqs").list_queues()


def test_ctrl_c_after_the_yes_leaves_no_ledger_and_nobody_who_writes_one(aws, no, runs, monkeypatch):
    def interrupted(account, where):
        raise KeyboardInterrupt

    no.append("y")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("upgrade101.ledger.run.left_behind", interrupted)
        cloud.start("aws", region="eu-west-1")
    assert not runs() and boto3.Session().region_name == "us-east-1"
    with pytest.raises(ConfigurationError, match=SHUT):
        boto3.client("sqs").list_queues()
    cloud.start("aws")
    assert len(runs()) == 1


def test_a_check_has_its_local_cloud_all_the_same_and_shuts_again(aws, no):
    refused()
    with cloud.locally():
        boto3.client("dynamodb").create_table(**TABLE)
    with pytest.raises(ConfigurationError, match=SHUT):
        boto3.client("dynamodb").list_tables()


def test_a_start_that_finds_another_cloud_running_shuts_nothing(capsys):
    cloud.start("moto")
    try:
        with pytest.raises(ConfigurationError, match="already runs on moto"):
            cloud.start("aws")
        boto3.client("sqs").list_queues()
    finally:
        cloud.stop()


@pytest.fixture
def in_cells(monkeypatch):
    """Be a notebook."""
    monkeypatch.setattr(cloud, "running_cell", lambda: 7)


@pytest.mark.parametrize("where", ["moto", "aws"])
def test_after_its_stop_a_notebook_calls_nobody_until_it_starts_again(aws, yes, in_cells, capsys, where):
    cloud.start(where)
    early = boto3.client("dynamodb")
    cloud.stop()
    cloud.stop()
    for client in (early, boto3.client("dynamodb")):
        with pytest.raises(shut.NotStarted, match=r"has stopped its cloud, .* cloud\.start\(\) again; .* restart"):
            client.create_table(**TABLE)
    cloud.start(where)
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []


def test_a_stop_where_nothing_runs_shuts_nothing(in_cells):
    cloud.stop()
    assert shut.refusal() is None


def test_a_check_after_the_stop_has_its_local_cloud_all_the_same(in_cells, capsys):
    cloud.start("moto")
    cloud.stop()
    with cloud.locally():
        boto3.client("dynamodb").create_table(**TABLE)
    with pytest.raises(shut.NotStarted, match="has stopped its cloud"):
        boto3.client("dynamodb", region_name="us-east-1").list_tables()


def test_a_script_and_a_test_call_whom_they_like_after_the_stop(capsys):
    cloud.start("moto")
    cloud.stop()
    with mock_aws():
        assert boto3.client("dynamodb", region_name="us-east-1").list_tables()["TableNames"] == []


def test_opening_puts_back_what_there_was():
    before = BaseClient._make_api_call
    for why in ("one", "two"):
        shut.close(why)
    shut.open_()
    shut.open_()
    assert BaseClient._make_api_call is before


def test_a_notebook_shows_the_sentence_and_no_traceback(monkeypatch):
    monkeypatch.setenv("CLOUD", "asw")
    for call in (cloud.start, cloud.local, lambda: boto3.client("sqs", region_name="us-east-1").list_queues()):
        with pytest.raises(shut.NotStarted, match="there is no cloud called 'asw'") as caught:
            call()
        assert caught.value._render_traceback_() == [str(caught.value)]  # what IPython asks for
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
