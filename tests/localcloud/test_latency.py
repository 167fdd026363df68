"""Calls of boto3 that take as long as somebody says: which wait, where, and that nobody waits for whoever waits."""

import json
import threading
import time
from types import SimpleNamespace

import boto3
import pytest
from latency_handlers import call_everything, who

from upgrade101 import cloud, connect, function, websocket_api
from upgrade101.localcloud import latency


@pytest.fixture
def slept(monkeypatch):
    """What was slept instead of sleeping, and which frames had arrived meanwhile."""
    naps = []
    monkeypatch.setattr(latency, "time", SimpleNamespace(monotonic=time.monotonic, sleep=naps.append))
    return naps


@pytest.fixture(params=["threads"])
def chat(request):
    """An API with one client: the API, its client and the connection's id."""
    cloud.start(functions=request.param, quiet=True)
    api = websocket_api("chat", {"who": who}, two_way=["who"])
    with connect(api.url) as ws:
        ws.send('{"action": "who"}')
        yield SimpleNamespace(api=api, ws=ws, id=ws.recv(timeout=10))
    cloud.stop()


def tables():
    return boto3.client("dynamodb").list_tables()["TableNames"]


def test_nothing_waits_unless_somebody_asks_for_it(chat, slept):
    chat.api.connections.post_to_connection(ConnectionId=chat.id, Data=b"at once")
    tables()
    assert sum(slept) == 0


def test_a_post_arrives_halfway_and_its_answer_takes_the_rest(chat, slept, monkeypatch):
    arrived = []

    def nap(seconds):
        slept.append(seconds)
        if len(slept) == 2:
            arrived.append(chat.ws.recv(timeout=5))

    monkeypatch.setattr(latency.time, "sleep", nap)
    with cloud.latency(connections_ms=60_000, quiet=True):
        chat.api.connections.post_to_connection(ConnectionId=chat.id, Data=b"hello")
    assert arrived == ["hello"]
    there, back = slept
    assert there == 30 and 30 < back <= 60  # nobody has slept in between


@pytest.mark.parametrize(
    "call",
    [
        lambda chat: chat.api.connections.get_connection(ConnectionId=chat.id),
        lambda chat: chat.api.connections.delete_connection(ConnectionId=chat.id),
        lambda chat: boto3.client("dynamodb").list_tables(),
    ],
    ids=["get", "delete", "table"],
)
def test_every_call_of_both_services_waits(chat, slept, call):
    with cloud.latency(connections_ms=10, dynamodb_ms=10, quiet=True):
        call(chat)
    assert slept


def test_other_services_do_not_wait(chat, slept):
    with cloud.latency(quiet=True):
        boto3.client("apigatewayv2").get_apis()
        boto3.client("sqs").list_queues()
    assert slept == []


def test_a_refused_call_has_taken_its_time_too(chat, slept):
    with cloud.latency(connections_ms=10, quiet=True), pytest.raises(chat.api.connections.exceptions.GoneException):
        chat.api.connections.post_to_connection(ConnectionId="AAAAAAAAAAAAAAA=", Data=b"x")
    assert len(slept) == 2


@pytest.mark.parametrize("what", ["connections", "dynamodb"])
def test_nobody_waits_for_whoever_waits(chat, monkeypatch, what):
    together = threading.Barrier(4, timeout=20)
    monkeypatch.setattr(latency.time, "sleep", lambda seconds: together.wait())
    calls = {
        "connections": lambda: chat.api.connections.get_connection(ConnectionId=chat.id),
        "dynamodb": tables,
    }
    with cloud.latency(connections_ms=10, dynamodb_ms=10, quiet=True):
        callers = [threading.Thread(target=calls[what]) for _ in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(20)
    assert not together.broken


@pytest.mark.parametrize("chat", ["threads", "processes"], indirect=True)
def test_what_functions_call_waits_too(chat):
    arn = function(call_everything)
    event = json.dumps(
        {"endpoint": chat.api.url.replace("wss", "https"), "connection_id": chat.id},
    )
    with cloud.latency(connections_ms=80, dynamodb_ms=40, quiet=True):
        answer = boto3.client("lambda").invoke(FunctionName=arn, Payload=event)
        took = json.load(answer["Payload"])
    assert took["connections"] >= 0.08 and took["dynamodb"] >= 0.04
    assert chat.ws.recv(timeout=5) == "from a function"


def test_every_figure_says_how_far_it_can_be_trusted():
    for figure in latency.FIGURES:
        assert figure.milliseconds > 0
        assert figure.confidence.startswith(("chosen", "documented"))
        assert figure.source.startswith("https://") and figure.checked.startswith("20")
