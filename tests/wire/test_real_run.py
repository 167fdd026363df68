"""The pictures of what a real local cloud tells, from the knock to the last goodbye."""

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from websockets.exceptions import InvalidStatus

from upgrade101 import cloud, connect, wire
from upgrade101.deploy import websocket_api
from upgrade101.rest import rest_api

HANDLERS = """
import json

import boto3


def on_connect(event, context):
    if event.get("queryStringParameters", {}).get("name") == "Eve":
        return {"statusCode": 403}
    boto3.client("dynamodb").put_item(
        TableName="connections", Item={"id": {"S": event["requestContext"]["connectionId"]}}
    )
    return {"statusCode": 200}


def tell_all(event, context):
    context = event["requestContext"]
    here = boto3.client(
        "apigatewaymanagementapi", endpoint_url=f"https://{context['domainName']}/{context['stage']}"
    )
    for row in boto3.client("dynamodb").scan(TableName="connections")["Items"]:
        try:
            here.post_to_connection(ConnectionId=row["id"]["S"], Data=json.loads(event["body"])["text"].encode())
        except here.exceptions.GoneException:
            pass
    return {"statusCode": 200}


def news(event, context):
    return {"statusCode": 200, "body": "no news"}
"""


@pytest.fixture
def handlers(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "handlers.py").write_text(HANDLERS, encoding="utf-8")
    return runpy.run_path(str(tmp_path / "handlers.py"))


@pytest.fixture(autouse=True)
def local_cloud() -> Iterator[None]:
    cloud.start("moto")
    wire.clear()
    yield
    cloud.stop()
    wire.clear()


@pytest.fixture
def chat(handlers: dict[str, Any]) -> Any:
    boto3.client("dynamodb").create_table(
        TableName="connections",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return websocket_api("chat", {"$connect": handlers["on_connect"], "message": handlers["tell_all"]})


def rows(text: str) -> list[tuple[str, ...]]:
    """Return from, to, what and status of each line, without the time; ids of connections become <id>."""
    cells = []
    for line in text.splitlines()[2:]:
        head, _, tail = line.partition("→")
        cells.append(
            (head.split("ms")[-1].split(" s ")[-1].strip(), *(part.strip() for part in tail.split("  ") if part))
        )
    return cells


def test_a_broadcast_is_told_as_it_happened(chat: Any) -> None:
    with connect(f"{chat.url}?name=Ana") as ana, connect(f"{chat.url}?name=Ben") as ben:
        with connect(f"{chat.url}?name=Cai"):
            knocks = wire.text(arrows=None)
        wire.show()
        ana.send('{"action": "message", "text": "hello"}')
        assert (ana.recv(timeout=5), ben.recv(timeout=5)) == ("hello", "hello")
        picture = wire.show(arrows=None)
    assert (
        knocks.count("$connect event")
        == knocks.count("PutItem connections")
        == knocks.count("Switching Protocols")
        == 3
    )
    assert [lane.name for lane in picture.story.lanes] == [
        "client A",
        "client B",
        "gateway",
        "chat-tell-all",
        "table",
        "@connections",
    ]
    told = rows(picture.text)
    assert told[0][:3] == ("client A", "gateway", '{"action": "message", "text": "hello"}')
    assert "route message" in picture.text
    assert ("chat-tell-all", "table", "Scan connections", "200") in told
    assert told[-1][:3] == ("chat-tell-all", "gateway", '{"statusCode": 200}')
    statuses = sorted(row[-1] for row in told if row[1:2] == ("@connections",))
    assert statuses == ["200", "200", "410"]


def test_each_post_stands_before_what_it_sends(chat: Any) -> None:
    with connect(f"{chat.url}?name=Ana") as ana:
        wire.clear()
        ana.send('{"action": "message", "text": "hello"}')
        ana.recv(timeout=5)
        told = [row[:2] for row in rows(wire.text())]
    assert told.index(("chat-tell-all", "@connections")) + 1 == told.index(("gateway", "client A"))


def test_a_refusal_is_told_with_its_status(chat: Any) -> None:
    with pytest.raises(InvalidStatus), connect(f"{chat.url}?name=Eve"):
        pass
    assert rows(wire.text())[-1] == ("gateway", "client A", "Forbidden", "403")


def test_the_goodbye_after_the_last_line_is_still_in_the_picture(chat: Any) -> None:
    with connect(f"{chat.url}?name=Ana"):
        wire.clear()
    assert rows(wire.text())[0] == ("client A", "gateway", "close", "1000")


def test_a_message_without_a_route_is_told_with_its_error(chat: Any) -> None:
    with connect(chat.url) as ana:
        wire.show()
        ana.send("hello")
        ana.recv(timeout=5)
        text = wire.text()
    assert "no route, no $default" in text
    assert rows(text)[-1][-1] == "error"


def test_polling_is_told_as_requests_and_answers(handlers: dict[str, Any]) -> None:
    api = rest_api("paper", {"GET /news": handlers["news"]})
    wire.clear()
    for _ in range(2):
        with urlopen(cloud.local_url(f"{api.url}/news"), timeout=5) as answer:
            assert answer.read() == b"no news"
    told = [row for row in rows(wire.text()) if "client" in row]
    assert [row[:2] for row in told] == [("client", "gateway"), ("gateway", "client")] * 2
    assert told[1][2:] == ("no news", "200")
