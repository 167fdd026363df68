"""Posts to many lines: all are told, and who is gone is named."""

from contextlib import ExitStack

import pytest
from botocore.exceptions import EndpointConnectionError

from upgrade101 import cloud, connect


@pytest.fixture
def event(deployed, modules, monkeypatch):
    """The part of an event that posts need."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    modules[1]._connections.cache_clear()
    return {"requestContext": {"apiId": deployed.api_id, "stage": "dev", "connectionId": "RYGzEcSNvHcCH8A="}}


@pytest.fixture
def opened(deployed):
    """A function that opens so many lines and returns their ids."""
    ids, lines = [], []
    undo = cloud.watch(lambda told: ids.append(told.connection_id) if type(told).__name__ == "Opened" else None)

    def open_lines(count):
        lines.extend(stack.enter_context(connect(deployed.url)) for _ in range(count))
        return lines, ids

    with ExitStack() as stack:
        yield open_lines
    undo()


def test_the_caller_is_the_connection(modules, event):
    assert modules[1].caller(event) == "RYGzEcSNvHcCH8A="


def test_all_are_told_and_who_is_gone_is_named(modules, event, opened):
    clients, ids = opened(12)
    ghosts = ["AAAAAcSNvHcCH8A=", "fzzzzcSNvHcCH8A="]
    gone = modules[1].tell(event, [ghosts[0], *ids, ghosts[1]], {"text": "Grüße"})
    assert gone == ghosts
    assert {client.recv(timeout=5) for client in clients} == {'{"text": "Grüße"}'}


def test_nobody_to_tell_is_no_mistake(modules, event):
    assert modules[1].tell(event, [], {"text": "hello"}) == []


def test_another_failure_is_printed_and_counts_as_there(modules, event, monkeypatch, capsys):
    class Down:
        exceptions = modules[1]._connections("a", "dev").exceptions

        def post_to_connection(self, **_):
            raise EndpointConnectionError(endpoint_url="https://a")

    monkeypatch.setattr(modules[1], "_connections", lambda api_id, stage: Down())
    assert modules[1].tell(event, ["RYGzEcSNvHcCH8A="], {"text": "hello"}) == []
    assert "RYGzEcSNvHcCH8A= was not told" in capsys.readouterr().out


def test_the_address_is_the_apis_own_host_also_with_a_custom_domain(modules, event):
    event["requestContext"]["domainName"] = "chat.example.com"
    modules[1].tell(event, [], {})
    client = modules[1]._connections(event["requestContext"]["apiId"], "dev")
    assert (
        client.meta.endpoint_url
        == f"https://{event['requestContext']['apiId']}.execute-api.us-east-1.amazonaws.com/dev"
    )
