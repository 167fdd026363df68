"""The switch: what a notebook's first and last cells do."""

import asyncio
import threading

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core.models import botocore_stubber
from websockets.exceptions import ConnectionClosed, InvalidStatus

from upgrade101 import cloud, connect, websocket_api
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.gateway.happenings import Opened

MOCK = {
    "IntegrationType": "MOCK",
    "TemplateSelectionExpression": "200",
    "RequestTemplates": {"200": '{"statusCode": 200}'},
}


@pytest.fixture
def started(capsys):
    cloud.start()
    yield
    cloud.stop()


@pytest.fixture
def quiet_api(started):
    return websocket_api("quiet", {"$default": MOCK})


def test_start_says_which_cloud_this_is_and_again_is_harmless(capsys):
    try:
        cloud.start()
        first = cloud.local()
        table = boto3.client("dynamodb").create_table(
            TableName="kept",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        cloud.start()
        assert cloud.local() is first
        assert (
            boto3.client("dynamodb").describe_table(TableName="kept")["Table"]["TableArn"]
            == (table["TableDescription"]["TableArn"])
        )
        assert capsys.readouterr().out.count("cloud: moto on this machine") == 2
    finally:
        cloud.stop()


def test_stop_twice_is_harmless_and_forgets_what_was_created(capsys):
    cloud.start()
    boto3.client("apigatewayv2").create_api(
        Name="x", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.a"
    )
    cloud.stop()
    cloud.stop()
    cloud.start()
    try:
        assert boto3.client("apigatewayv2").get_apis()["Items"] == []
    finally:
        cloud.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("upgrade101-gateway", "lambda "))]


def test_it_starts_under_a_running_event_loop(capsys):
    async def cells():
        cloud.start()
        cloud.start()
        api = websocket_api("async", {"$default": MOCK})
        with connect(api.url) as ws:
            ws.send("hello")

    try:
        asyncio.run(cells())
    finally:
        cloud.stop()


def test_another_cloud_than_the_one_that_runs_is_refused(started):
    with pytest.raises(ConfigurationError, match=r"already runs on moto → cloud\.stop"):
        cloud.start("aws")


def test_the_environment_variable_decides_where_nobody_says(monkeypatch):
    monkeypatch.setenv("CLOUD", "the moon")
    with pytest.raises(ConfigurationError, match="no cloud called 'the moon'"):
        cloud.start()
    with pytest.raises(ConfigurationError, match=r"cloud\.start has not gone through: there is no cloud"):
        cloud.local()


def test_aws_without_credentials_says_what_to_do():
    with pytest.raises(ConfigurationError, match="no AWS credentials"):
        cloud.start("aws")
    assert not cloud.is_aws()


def test_before_start_everything_says_what_to_do_first():
    for use in (cloud.local, cloud.chaos, lambda: connect("wss://a.execute-api.us-east-1.amazonaws.com/dev")):
        with pytest.raises(ConfigurationError, match=r"no cloud is running → cloud\.start\(\)"):
            use()


def test_connect_leaves_url_and_host_as_on_aws(quiet_api):
    with connect(f"{quiet_api.url}?name=Ana") as ws:
        assert ws.request.headers["Host"] == quiet_api.url.removeprefix("wss://").removesuffix("/dev")
        assert ws.request.path == "/dev?name=Ana"
        assert ws.response.status_code == 101


def loud(event, context):
    return {"statusCode": 200, "body": "not read"}


def test_who_has_not_read_what_came_leaves_in_peace(started):
    api = websocket_api("loud", {"$default": loud}, two_way=("$default",))
    with connect(api.url) as ws:
        for _ in range(40):
            ws.send("hello")
        cloud.settle()
    assert ws.close_code == 1000, "where a queue is full, websockets waits ten seconds and gives up"


def test_connect_shows_a_refusal(quiet_api):
    with pytest.raises(InvalidStatus) as refused, connect(quiet_api.url.replace("/dev", "/nowhere")):
        pass
    assert refused.value.response.status_code == 403


def test_on_moto_nothing_but_this_machine_is_reached(started):
    for use in (connect, cloud.dial):
        with pytest.raises(ConfigurationError, match=r"example\.com is not this machine"):
            use("wss://example.com/dev")


def test_a_client_of_before_start_is_refused(monkeypatch, capsys):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "before")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "before")
    early = boto3.Session().client("dynamodb", region_name="us-east-1")
    early.meta.events.unregister("before-send", botocore_stubber)  # as for a client of before moto was imported
    cloud.start()
    try:
        with pytest.raises(ConfigurationError, match=r"make the client after cloud\.start"):
            early.list_tables()
    finally:
        cloud.stop()


def test_the_clock_advances_an_idle_connection_to_its_end(quiet_api):
    with connect(quiet_api.url) as ws:
        cloud.clock.advance(minutes=11)
        with pytest.raises(ConnectionClosed) as end:
            ws.recv(timeout=5)
    assert (end.value.rcvd.code, end.value.rcvd.reason) == (1001, "Going away")


def test_a_gone_connection_is_botocores_own_exception(quiet_api):
    with connect(quiet_api.url):
        (connection_id,) = cloud.local().gateway.core.connections
        connections = quiet_api.connections
        assert connections.get_connection(ConnectionId=connection_id)["Identity"]["SourceIp"] == "127.0.0.1"
    cloud.settle()
    with pytest.raises(connections.exceptions.GoneException):
        connections.post_to_connection(ConnectionId=connection_id, Data=b"too late")


def test_other_programs_find_a_stage_at_its_local_url(quiet_api):
    assert cloud.local_url(quiet_api.url) == (
        f"ws://127.0.0.1:{cloud.local().gateway.port}/_aws/execute-api/{quiet_api.api_id}/dev"
    )


def test_an_address_on_this_machine_stays_as_it_is(quiet_api):
    here = cloud.local_url(quiet_api.url)
    elsewhere = "http://localhost:1/_aws/execute-api/a1/dev/words"
    assert cloud.local_url(here) == here
    assert cloud.local_url(elsewhere) == elsewhere
    assert cloud.local_url(f"{cloud.local().url}/health") == f"{cloud.local().url}/health"


def test_observers_hear_of_every_start(capsys):
    heard = []
    unwatch = cloud.watch(heard.append)
    for _ in range(2):
        cloud.start()
        with connect(websocket_api("watched", {"$default": MOCK}).url):
            pass
        cloud.settle()
        cloud.stop()
    unwatch()
    assert len([happening for happening in heard if isinstance(happening, Opened)]) == 2


def test_clean_takes_away_what_was_created_and_says_so(quiet_api, capsys):
    boto3.client("dynamodb").create_table(
        TableName="rooms",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    cloud.clean()
    said = capsys.readouterr().out
    assert "taken away: 1 × table, 1 × API" in said
    with pytest.raises(ClientError, match="NotFound"):
        boto3.client("apigatewayv2").get_api(ApiId=quiet_api.api_id)
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []
    cloud.clean()
