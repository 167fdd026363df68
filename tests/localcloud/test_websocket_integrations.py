"""Routes with every kind of integration, from boto3's calls to the frames at the client."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from backend_kit import Backend, backend
from integration_handlers import mirror, rooms
from websockets.exceptions import InvalidStatus

from upgrade101 import cloud, connect
from upgrade101.deploy import Api, function, invocation_uri
from upgrade101.gateway.happenings import Answered, Invoked

DEFAULT = {"IntegrationResponseKey": "$default"}
FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}


@pytest.fixture
def server() -> Iterator[Backend]:
    with backend() as running:
        yield running


Build = Callable[..., Api]


@pytest.fixture
def build(capsys: Any) -> Iterator[Build]:
    """Build and deploy an API: one integration per route key, integration responses beside it."""
    cloud.start(quiet=True)
    gateway = boto3.client("apigatewayv2")

    def build(
        routes: dict[str, dict[str, Any]],
        *,
        responses: tuple[dict[str, Any], ...] = (),
        two_way: bool = True,
        stage: dict[str, Any] | None = None,
        route: dict[str, Any] | None = None,
    ) -> Api:
        made = gateway.create_api(Name="a", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
        here = {"ApiId": made["ApiId"]}
        for key, settings in routes.items():
            integration = gateway.create_integration(**here, **settings)["IntegrationId"]
            for response in responses:
                gateway.create_integration_response(**here, IntegrationId=integration, **response)
            answering = {"RouteResponseSelectionExpression": "$default"} if two_way else {}
            target = f"integrations/{integration}"
            one = gateway.create_route(**here, RouteKey=key, Target=target, **answering, **(route or {}))
            if two_way:
                gateway.create_route_response(**here, RouteId=one["RouteId"], RouteResponseKey="$default")
        gateway.create_stage(**here, StageName="dev", AutoDeploy=True, **(stage or {}))
        return Api(made["ApiId"], made["ApiEndpoint"], "dev", boto3)

    yield build
    cloud.stop()


def ask(api: Api, text: str, within: float = 10) -> str:
    with connect(api.url) as ws:
        ws.send(text)
        return str(ws.recv(timeout=within))


def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.002)


def words(frame: str) -> str:
    return str(json.loads(frame)["message"])


def http(server: Backend, kind: str = "HTTP_PROXY", path: str = "/in", **settings: Any) -> dict[str, Any]:
    return {"IntegrationType": kind, "IntegrationMethod": "POST", "IntegrationUri": server.url + path, **settings}


def plain(handler: Any = rooms, **settings: Any) -> dict[str, Any]:
    """Return an AWS integration with a function: no proxy."""
    uri = invocation_uri(function(handler))
    return {"IntegrationType": "AWS", "IntegrationMethod": "POST", "IntegrationUri": uri, **settings}


# ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_backend_gets_the_message_and_its_answer_comes_back(build: Build, server: Backend) -> None:
    mapping = {
        "integration.request.header.connectionId": "context.connectionId",
        "integration.request.header.stage": "context.stage",
        "integration.request.querystring.room": "route.request.body.room",
        "integration.request.path.colour": "stageVariables.colour",
    }
    settings = http(server, path="/${stageVariables.version}/{colour}", RequestParameters=mapping)
    api = build({"$default": settings}, stage={"StageVariables": {"version": "v2", "colour": "blue"}})
    assert ask(api, '{"room": "a b"}') == '{"room": "a b"}'
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/v2/blue?room=a+b", b'{"room": "a b"}')
    assert len(seen.headers["connectionid"]) == 16 and seen.headers["stage"] == "dev"
    assert seen.headers["user-agent"] == f"AmazonAPIGateway_{api.api_id}"
    assert seen.headers["content-type"] == "application/json"


def test_a_one_way_route_sends_nothing_back(build: Build, server: Backend) -> None:
    with connect(build({"$default": http(server)}, two_way=False).url) as ws:
        ws.send("hello")
        until(lambda: server.seen)
        cloud.settle()
        with pytest.raises(TimeoutError):
            ws.recv(timeout=0.2)


def test_templates_and_integration_responses_of_http(build: Build, server: Backend) -> None:
    server.answer = lambda seen: (json.loads(seen.body)["code"], {"X-Kind": "b"}, b'{"why": "because"}')
    settings = http(server, "HTTP", RequestTemplates={"$default": '{"code": $input.json("$.n")}'})
    by_header = {"TemplateSelectionExpression": "${integration.response.header.x-kind}"}
    responses = (
        {"IntegrationResponseKey": "/4\\d\\d/", "ResponseTemplates": {"$default": "no: $input.path('$.why')"}},
        {**DEFAULT, **by_header, "ResponseTemplates": {"b": "kind b", "$default": "any kind"}},
    )
    api = build({"$default": settings}, responses=responses)
    assert [ask(api, json.dumps({"n": code})) for code in (200, 404)] == ["kind b", "no: because"]


def test_errors_of_backends_at_the_client(build: Build, server: Backend, caplog: Any) -> None:
    with backend() as gone:
        nobody = gone.url
    server.answer = server.slow
    api = build(
        {
            "slow": http(server, TimeoutInMillis=50),
            "gone": {**http(server), "IntegrationUri": nobody},
            "far": {**http(server), "IntegrationUri": "https://api.example.com/in"},
        }
    )
    frames = [words(ask(api, json.dumps({"action": key}))) for key in ("slow", "gone", "far")]
    assert frames == [
        "Endpoint request timed out",
        "Network error communicating with endpoint",
        "Internal server error",
    ]
    assert "NotEmulated: an HTTP integration to api.example.com" in caplog.text


def test_time_may_be_advanced_while_a_backend_is_slow(build: Build, server: Backend) -> None:
    server.answer = server.slow
    with connect(build({"$default": http(server)}).url) as ws:
        ws.send("hello")
        until(lambda: server.seen)
        cloud.clock.advance(seconds=30)
        assert words(str(ws.recv(timeout=10))) == "Endpoint request timed out"


def test_base64_text_there_and_back(build: Build, server: Backend) -> None:
    server.answer = lambda seen: (200, {}, seen.body[::-1])
    settings = http(server, "HTTP", ContentHandlingStrategy="CONVERT_TO_BINARY")
    api = build({"$default": settings}, responses=({**DEFAULT, "ContentHandlingStrategy": "CONVERT_TO_TEXT"},))
    picture = bytes(range(256))
    assert base64.b64decode(ask(api, base64.b64encode(picture).decode())) == picture[::-1]
    assert server.seen[0].body == picture


def test_a_proxy_function_is_told_what_is_base64(build: Build) -> None:
    uri = invocation_uri(function(mirror))
    settings = {"IntegrationType": "AWS_PROXY", "IntegrationUri": uri, "ContentHandlingStrategy": "CONVERT_TO_BINARY"}
    assert json.loads(ask(build({"$default": settings}), "aGk=")) == {"body": "aGk=", "isBase64Encoded": True}


# ── $connect and $disconnect ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [200, 401, 503])
def test_a_backends_status_opens_or_shuts_the_door(build: Build, server: Backend, status: int) -> None:
    server.answer = lambda seen: (status, {"Sec-WebSocket-Protocol": "chat.v1"}, b"ignored")
    mapping = {"integration.request.header.Sec-WebSocket-Version": "'0'"}
    api = build({"$connect": http(server, RequestParameters=mapping)}, two_way=False)
    if status == 200:
        with connect(f"{api.url}?token=abc", subprotocols=["chat.v1"]) as ws:
            assert ws.subprotocol == "chat.v1"
    else:
        with pytest.raises(InvalidStatus, match=str(status)):
            connect(f"{api.url}?token=abc", subprotocols=["chat.v1"])
    seen = server.seen[0]
    assert seen.path == "/in?token=abc" and seen.body == b""
    assert (seen.headers["sec-websocket-version"], seen.headers["sec-websocket-protocol"]) == ("0", "chat.v1")
    assert "upgrade" not in seen.headers


def test_a_declared_route_parameter_reaches_a_backend(build: Build, server: Backend) -> None:
    mapping = {"integration.request.header.authToken": "route.request.querystring.authToken"}
    declared = {"RequestParameters": {"route.request.querystring.authToken": {"Required": False}}}
    api = build({"$connect": http(server, RequestParameters=mapping)}, two_way=False, route=declared)
    with connect(f"{api.url}?authToken=abc"):
        assert server.seen[0].headers["authtoken"] == "abc"


def test_disconnect_reaches_a_backend(build: Build, server: Backend) -> None:
    mapping = {"integration.request.header.connectionId": "context.connectionId"}
    with connect(build({"$disconnect": http(server, RequestParameters=mapping)}, two_way=False).url):
        (connection_id,) = cloud.local().gateway.core.connections
    until(lambda: server.seen)
    assert [seen.headers["connectionid"] for seen in server.seen] == [connection_id]


# ── functions that are no proxies ────────────────────────────────────────────────────────────────────────────────────


def test_a_function_gets_what_its_template_makes(build: Build) -> None:
    template = '{"room": $input.json("$.room"), "by": "$context.connectionId"}'
    api = build({"$default": plain(RequestTemplates={"$default": template})}, responses=(DEFAULT,))
    heard = json.loads(ask(api, '{"room": "blue", "rest": 1}'))["heard"]
    assert heard["room"] == "blue" and len(heard["by"]) == 16 and len(heard) == 2


def test_a_functions_error_is_mapped_by_its_message(build: Build) -> None:
    responses = (
        {
            "IntegrationResponseKey": "/No such room: .*/",
            "ResponseTemplates": {"$default": '{"problem": "$input.path(\'$.errorMessage\')"}'},
        },
        {
            **DEFAULT,
            "TemplateSelectionExpression": "$integration.response.statuscode",
            "ResponseTemplates": {"200": "$input.json('$.heard.room')"},
        },
    )
    api = build({"$default": plain()}, responses=responses)
    assert ask(api, '{"room": "blue"}') == '"blue"'
    assert json.loads(ask(api, '{"room": "closed"}')) == {"problem": "No such room: closed"}


def test_a_function_at_the_door_that_is_no_proxy(build: Build) -> None:
    template = '{"room": "$input.params(\'room\')"}'
    settings = plain(RequestTemplates={"application/json": template})
    api = build({"$connect": settings}, responses=(DEFAULT,), two_way=False)
    with connect(f"{api.url}?room=blue"):
        pass


def test_a_function_nobody_waits_for(build: Build, server: Backend) -> None:
    mapping = {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}
    status = {**DEFAULT, "TemplateSelectionExpression": "${integration.response.statuscode}"}
    responses = ({**status, "ResponseTemplates": {"202": "it will run", "$default": "no"}},)
    assert ask(build({"$default": plain(RequestParameters=mapping)}, responses=responses), "{}") == "it will run"
    until(lambda: "/aws/lambda/rooms" in str(boto3.client("logs").describe_log_groups()["logGroups"]))


# ── other services ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_connection_is_written_into_a_table_without_a_function(build: Build) -> None:
    boto3.client("dynamodb").create_table(
        TableName="connections",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    template = json.dumps({"TableName": "connections", "Item": {"id": {"S": "$context.connectionId"}}})
    settings = {
        "IntegrationType": "AWS",
        "IntegrationMethod": "POST",
        "IntegrationUri": "arn:aws:apigateway:us-east-1:dynamodb:action/PutItem",
        "RequestTemplates": {"application/json": template},
    }
    with connect(build({"$connect": settings}, responses=(DEFAULT,), two_way=False).url):
        (connection_id,) = cloud.local().gateway.core.connections
        assert boto3.client("dynamodb").scan(TableName="connections")["Items"] == [{"id": {"S": connection_id}}]


def test_messages_into_a_queue_without_a_function(build: Build) -> None:
    """The integration of AWS's own samples, word for word but for the account."""
    queue = boto3.client("sqs").create_queue(QueueName="chat")["QueueUrl"]
    settings = {
        "IntegrationType": "AWS",
        "IntegrationMethod": "POST",
        "IntegrationUri": "arn:aws:apigateway:us-east-1:sqs:path/123456789012/chat",
        "PassthroughBehavior": "NEVER",
        "TemplateSelectionExpression": "\\$default",
        "RequestParameters": FORM,
        "RequestTemplates": {"$default": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"},
    }
    api = build({"$default": settings}, responses=({**DEFAULT, "ResponseTemplates": {"$default": "$input.body"}},))
    assert json.loads(ask(api, "test@message & more"))["SendMessageResponse"]["SendMessageResult"]["MessageId"]
    assert boto3.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "test@message & more"


def test_a_service_that_cannot_be_called_says_so_in_the_log(build: Build, caplog: Any) -> None:
    settings = {"IntegrationType": "AWS", "IntegrationUri": "arn:aws:apigateway:us-east-1:nosuch:action/X"}
    assert words(ask(build({"$default": settings}), "{}")) == "Internal server error"
    assert "NotEmulated: the action X of the service nosuch" in caplog.text and "AWS_PROXY" in caplog.text


# ── what an observer sees ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_wire_shows_backends_and_services(build: Build, server: Backend) -> None:
    told: list[Any] = []
    queue = {
        "IntegrationType": "AWS",
        "IntegrationUri": "arn:aws:apigateway:us-east-1:sqs:path/123456789012/nosuch",
        "RequestParameters": FORM,
        "RequestTemplates": {"$default": "Action=SendMessage&MessageBody=x"},
    }
    api = build({"$default": http(server), "queue": queue, "plain": plain()}, responses=(DEFAULT,))
    stop = cloud.local().gateway.watch(told.append)
    for text in ('{"n": 1}', '{"action": "queue"}', '{"action": "plain"}'):
        ask(api, text)
    stop()
    targets = [one.target for one in told if isinstance(one, Invoked)]
    assert targets == [f"{server.url}/in", "arn:aws:apigateway:us-east-1:sqs:path/123456789012/nosuch", "rooms"]
    assert [one.target for one in told if isinstance(one, Answered)] == targets
