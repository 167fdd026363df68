"""A notebook on another endpoint: here this project's own ``serve``, in a process of its own."""

import ast
import os
import re
import socket

import boto3
import pytest
from botocore.httpsession import URLLib3Session
from websockets.exceptions import InvalidStatus

from upgrade101 import cloud, connect, package, websocket_api, wire
from upgrade101.crowd import crowd
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.remote import answers
from upgrade101.remote.endpoint import Endpoint, with_redirect


@pytest.fixture(scope="module")
def served(serving):
    """Serve a cloud whose functions run in processes, and return its address."""
    return serving("--functions", "processes")


@pytest.fixture
def elsewhere(served, capsys):
    cloud.start(served)
    yield served
    cloud.clean()
    cloud.stop()


def cell(tmp_path, source):
    """Return the function that a cell defines, as a notebook would."""
    path = tmp_path / "cell.py"
    path.write_text(source)
    names = {}
    exec(compile(source, str(path), "exec"), names)
    return names["handler"]


@pytest.fixture
def greet(tmp_path):
    return cell(
        tmp_path,
        """
import boto3

def handler(event, context):
    asked = event["requestContext"]
    if asked["routeKey"] != "$connect":
        address = f"https://{asked['domainName']}/{asked['stage']}"
        line = boto3.client("apigatewaymanagementapi", endpoint_url=address)
        line.post_to_connection(ConnectionId=asked["connectionId"], Data=f"you said {event['body']}")
    return {"statusCode": 200}
""",
    )


def test_it_says_where_it_runs(served, capsys):
    cloud.start(served)
    cloud.stop()
    assert served in capsys.readouterr().out


def test_a_function_there_posts_to_a_client_here(elsewhere, greet):
    api = websocket_api("greeter", {"$default": greet})
    with connect(api.url) as ws:
        ws.send("hello")
        assert ws.recv(timeout=20) == "you said hello"


def test_the_notebook_posts_through_an_apis_own_address(elsewhere):
    api = websocket_api("own", {"$connect": None})
    line = api.connections
    with pytest.raises(line.exceptions.GoneException):
        line.post_to_connection(ConnectionId="AAAAAAAAAAAAAAA=", Data="nobody")


def test_the_wire_log_shows_what_the_clients_see(elsewhere, greet):
    api = websocket_api("seen", {"$default": greet})
    wire.clear()
    with connect(f"{api.url}?name=Ana") as ws:
        ws.send(["hel", "lo"])  # one message, in two frames
        ws.recv(timeout=20)
    told = wire.text()
    for words in ("GET /dev?name=Ana", "101", "→ gateway   hello", "you said hello", "close"):
        assert words in told


def test_a_refusal_and_an_end_without_goodbye_are_seen(elsewhere, tmp_path):
    refuse = cell(tmp_path, "def handler(event, context):\n    return {'statusCode': 401}\n")
    api = websocket_api("closed", {"$connect": refuse})
    wire.clear()
    with pytest.raises(InvalidStatus), connect(api.url):
        pass
    assert re.search(r"gateway +→ client A .* 401", wire.text())
    api = websocket_api("cut", {"$connect": None})
    wire.clear()
    with connect(api.url) as ws:
        ws.socket.shutdown(socket.SHUT_RDWR)
        ws.wait_closed(5)
    assert "1006" in wire.text()


def test_what_the_notebook_created_is_taken_away(served, greet, capsys):
    cloud.start(served)
    websocket_api("gone", {"$default": greet})
    cloud.clean()
    left = boto3.client("apigatewayv2").get_apis()["Items"]
    cloud.stop()
    assert not [api for api in left if api["Name"] == "gone"]


def test_no_key_of_an_account_goes_there_and_all_is_as_before_afterwards(served, capsys, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_PROFILE", "work")
    before, send = dict(os.environ), URLLib3Session.send
    cloud.start(served)
    assert boto3.Session().get_credentials().access_key == "test"
    cloud.stop()
    assert dict(os.environ) == before
    assert URLLib3Session.send is send


def test_a_client_of_before_does_not_reach_aws(served, capsys):
    early = boto3.client("sts", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
    cloud.start(served)
    try:
        with pytest.raises(ConfigurationError, match="not the endpoint"):
            early.get_caller_identity()
    finally:
        cloud.stop()


@pytest.mark.parametrize("url", ["http://", "http://127.0.0.1/path", "https:///x"])
def test_what_is_no_endpoint_is_refused(url):
    with pytest.raises(ConfigurationError, match="no address of an endpoint"):
        Endpoint(url)


def test_nobody_there_is_one_clear_sentence_and_leaves_nothing_running():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ConfigurationError, match="nobody answers") as refused:
        cloud.start(f"http://127.0.0.1:{port}")
    assert "serve" in refused.value.hint
    assert not cloud.is_running()


def test_a_package_keeps_its_lines_and_gets_the_redirect_at_the_end():
    files = with_redirect({"app.py": b"from __future__ import annotations\nx = 1\n", "data/a.txt": b"1"})
    assert files["app.py"].startswith(b"from __future__ import annotations\nx = 1\n")
    ast.parse(files["app.py"])
    assert files["data/a.txt"] == b"1"
    assert b"import os" in files["upgrade101_redirect.py"]


def test_on_moto_a_package_is_the_cell_alone(greet, capsys):
    cloud.start(quiet=True)
    try:
        assert b"upgrade101_redirect" not in package(greet)
    finally:
        cloud.stop()


def test_a_crowd_finds_the_endpoint(elsewhere, greet):
    api = websocket_api("many", {"$default": greet})
    with crowd(api.url, 3) as clients:
        clients.send(lambda number: f"I am {number}")
        assert sorted(clients.recv(timeout=20)) == [f"you said I am {number}" for number in range(3)]


def test_the_address_of_an_api_is_spelt_as_on_aws_however_the_cloud_spells_it(elsewhere, monkeypatch):
    original = answers._make_request
    monkeypatch.setattr(answers, "_make_request", lambda *asked: _with_http(*original(*asked)))  # as MiniStack says it
    made = boto3.client("apigatewayv2").create_api(
        Name="spelt", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )
    assert made["ApiEndpoint"].startswith("wss://")
    listed = boto3.client("apigatewayv2").get_apis()["Items"]
    assert [api["ApiEndpoint"] for api in listed if api["Name"] == "spelt"] == [made["ApiEndpoint"]]


def _with_http(raw, answer):
    for api in (answer, *answer.get("Items", ())):
        if "ApiEndpoint" in api:
            api["ApiEndpoint"] = api["ApiEndpoint"].replace("wss://", "http://")
    return raw, answer


def test_a_function_that_starts_slowly_is_waited_for_longer_than_here(elsewhere, tmp_path):
    slow = cell(
        tmp_path,
        """
import time

def handler(event, context):
    time.sleep(1.2)
    return {"statusCode": 200, "body": "awake"}
""",
    )
    api = websocket_api("slow", {"wake": slow}, two_way=("wake",))
    with connect(api.url) as ws:
        for seconds in (20, 1):  # once it is warm
            ws.send('{"action": "wake"}')
            assert ws.recv(timeout=seconds) == "awake"
