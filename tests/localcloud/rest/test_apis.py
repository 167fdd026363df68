"""REST APIs built with plain boto3 and answered by us: as AWS answers, byte for byte where AWS is known."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from moto import mock_aws

from upgrade101.gateway.clock import Clock
from upgrade101.gateway.happenings import Answered, Happening, Invoked, Requested, Responded
from upgrade101.gateway.ports import HttpRequest, HttpResponse, Invocation, Outcome
from upgrade101.gateway.server import Gateway
from upgrade101.localcloud.rest import RestApis
from upgrade101.localcloud.rest.answers import GatewayResponse
from upgrade101.localcloud.rest.mapping import TemplateInput

Handler = Callable[[dict[str, Any]], Any]
OK = {"application/json": '{"statusCode": 200}'}


class Functions:
    """A port that runs handlers of this file; a function called ``silent`` never answers."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.invocations: list[Invocation] = []
        self.invoked = threading.Event()

    def __call__(self, invocation: Invocation, done: Callable[[Outcome], None]) -> None:
        self.invocations.append(invocation)
        self.invoked.set()
        name = invocation.function_arn.rpartition(":")[2]
        if name == "silent":
            return None
        if name not in self.handlers:
            return done(Outcome({"Message": "no such function"}, error="ResourceNotFoundException", not_invoked=True))
        try:
            done(Outcome(json.loads(json.dumps(self.handlers[name](invocation.event)))))
        except ZeroDivisionError:
            done(Outcome({"errorType": "ZeroDivisionError"}, error="ZeroDivisionError"))
        return None


class World:
    """moto, one REST API and our answers to it."""

    def __init__(self, apigateway: Any) -> None:
        self.apigateway = apigateway
        self.functions, self.clock = Functions(), Clock()
        self.told: list[Happening] = []
        self.rest = RestApis(self.functions, self.clock, self.told.append)
        self.api_id = self.apigateway.create_rest_api(name="shop")["id"]
        self.paths = {"/": self.apigateway.get_resources(restApiId=self.api_id)["items"][0]["id"]}

    def resource(self, path: str) -> str:
        """Return the id of the resource at a path, made on the way where it is missing."""
        if path not in self.paths:
            parent, _, part = path.rpartition("/")
            made = self.apigateway.create_resource(
                restApiId=self.api_id, parentId=self.resource(parent or "/"), pathPart=part
            )
            self.paths[path] = made["id"]
        return self.paths[path]

    def method(
        self, verb: str, path: str, *, answers: dict[str, dict[str, Any]] | None = None, **integration: Any
    ) -> None:
        """Add a method with its integration and integration responses."""
        method_settings = {
            key: integration.pop(key) for key in ("authorizationType", "apiKeyRequired") if key in integration
        }
        known = {"restApiId": self.api_id, "resourceId": self.resource(path), "httpMethod": verb}
        self.apigateway.put_method(**known, **{"authorizationType": "NONE", **method_settings})
        self.apigateway.put_integration(**known, **integration)
        for status, settings in (answers or {}).items():
            self.apigateway.put_method_response(**known, statusCode=status)
            self.apigateway.put_integration_response(**known, statusCode=status, **settings)

    def mock(self, verb: str, path: str, text: str = "", **settings: Any) -> None:
        """Add a MOCK method that answers 200 with a text."""
        settings = {"requestTemplates": OK, **settings}
        self.method(
            verb, path, type="MOCK", answers={"200": {"responseTemplates": {"application/json": text}}}, **settings
        )

    def function(self, verb: str, path: str, name: str, handler: Handler | None = None, **settings: Any) -> None:
        """Add an AWS_PROXY method with a handler behind it."""
        if handler:
            self.functions.handlers[name] = handler
        function = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
        self.method(verb, path, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri, **settings)

    def deploy(self, stage: str = "dev", **settings: Any) -> str:
        """Deploy to a stage and return the deployment's id."""
        deployment: str = self.apigateway.create_deployment(restApiId=self.api_id, stageName=stage, **settings)["id"]
        return deployment

    def ask(self, verb: str, path: str, body: bytes = b"", **headers: str) -> HttpResponse:
        """Send a request to the API's own host name and return the answer."""
        host = f"{self.api_id}.execute-api.us-east-1.amazonaws.com"
        named = [("Host", host), *((name.replace("_", "-"), value) for name, value in headers.items())]
        answer = self.rest(HttpRequest(verb, path, named, body))
        assert answer is not None
        return answer


@pytest.fixture(scope="module")
def apigateway() -> Any:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.Session(region_name="us-east-1", **keys).client("apigateway")


@pytest.fixture
def world(apigateway: Any) -> Iterator[World]:
    with mock_aws():
        world = World(apigateway)
        yield world
        world.rest.close()


def header(answer: HttpResponse, name: str) -> str | None:
    return next((value for key, value in answer.headers if key.lower() == name.lower()), None)


# ── where a request goes ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_request_is_answered_at_both_addresses(world: World) -> None:
    world.mock("GET", "/hello", '{"said": "hi"}')
    world.deploy()
    for host in (f"{world.api_id}.execute-api.us-east-1.amazonaws.com:4566", f"{world.api_id}.execute-api.localhost"):
        answer = world.rest(HttpRequest("GET", "/dev/hello", [("Host", host)]))
        assert answer is not None and (answer.status, answer.body) == (200, b'{"said": "hi"}')
    path_form = f"/_aws/execute-api/{world.api_id}/dev/hello"
    answer = world.rest(HttpRequest("GET", path_form, [("Host", "127.0.0.1:4566")]))
    assert answer is not None and answer.body == b'{"said": "hi"}'


def test_what_is_no_rest_api_is_nobodys(world: World) -> None:
    websocket = boto3.client("apigatewayv2", region_name="us-east-1").create_api(
        Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )
    assert world.rest(HttpRequest("GET", "/", [("Host", "127.0.0.1:4566")])) is None
    assert world.rest(HttpRequest("GET", f"/_aws/execute-api/{websocket['ApiId']}/dev", [])) is None


def test_unknown_apis_and_stages_are_forbidden(world: World) -> None:
    world.mock("GET", "/")
    world.deploy()
    elsewhere = HttpRequest("GET", "/dev", [("Host", "zzzzzzzzzz.execute-api.us-east-1.amazonaws.com")])
    for answer in (world.rest(elsewhere), world.ask("GET", "/prod"), world.ask("GET", "/")):
        assert answer is not None
        assert (answer.status, answer.body) == (403, b'{"message":"Forbidden"}')
        assert header(answer, "x-amzn-ErrorType") == "ForbiddenException"


@pytest.mark.parametrize(("verb", "path"), [("GET", "/dev/nothing"), ("DELETE", "/dev/hello"), ("GET", "/dev")])
def test_an_unknown_resource_or_method_lacks_an_authentication_token(world: World, verb: str, path: str) -> None:
    world.mock("GET", "/hello")
    world.deploy()
    answer = world.ask(verb, path)
    assert (answer.status, answer.body) == (403, b'{"message":"Missing Authentication Token"}')
    assert header(answer, "x-amzn-ErrorType") == "MissingAuthenticationTokenException"


@pytest.mark.parametrize(
    ("verb", "path", "served_by"),
    [
        ("GET", "/dev/jobs/new", "literal"),
        ("GET", "/dev/jobs/7", "parameter"),
        ("GET", "/dev/jobs/7/", "parameter"),
        ("GET", "/dev/jobs/7/steps/2", "greedy"),
        ("POST", "/dev/jobs/7", "greedy"),
        ("POST", "/dev/jobs/new", "greedy"),
        ("GET", "/dev/jobs", "greedy"),
        ("GET", "/dev/", "root"),
    ],
)
def test_the_most_specific_pair_of_resource_and_method_wins(world: World, verb: str, path: str, served_by: str) -> None:
    world.mock("ANY", "/{proxy+}", "greedy")
    world.mock("GET", "/jobs/{id}", "parameter")
    world.mock("GET", "/jobs/new", "literal")
    world.mock("GET", "/", "root")
    world.deploy()
    assert world.ask(verb, path).body.decode() == served_by


# ── deployments and stages ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_deployment_is_a_snapshot(world: World) -> None:
    world.mock("GET", "/old", "old")
    first = world.deploy()
    world.mock("GET", "/new", "new")
    world.apigateway.delete_resource(restApiId=world.api_id, resourceId=world.paths["/old"])
    assert (world.ask("GET", "/dev/old").body, world.ask("GET", "/dev/new").status) == (b"old", 403)
    world.deploy()
    assert (world.ask("GET", "/dev/old").status, world.ask("GET", "/dev/new").body) == (403, b"new")
    change = {"op": "replace", "path": "/deploymentId", "value": first}
    world.apigateway.update_stage(restApiId=world.api_id, stageName="dev", patchOperations=[change])
    assert world.ask("GET", "/dev/old").body == b"old"


def test_a_deployment_made_before_us_is_read_live(world: World) -> None:
    world.rest.close()
    world.mock("GET", "/first", "first")
    world.deploy()
    world.mock("GET", "/second", "second")
    assert world.ask("GET", "/dev/second").body == b"second"


def test_stages_have_variables_of_their_own(world: World) -> None:
    world.function("GET", "/", "${stageVariables.which}")
    for name in ("blue", "green"):
        world.functions.handlers[name] = lambda event: {"statusCode": 200, "body": event["stageVariables"]["which"]}
        world.deploy(name, variables={"which": name})
    assert (world.ask("GET", "/blue").body, world.ask("GET", "/green").body) == (b"blue", b"green")


# ── MOCK ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_mock_chooses_its_response_by_the_status_that_its_template_names(world: World) -> None:
    template = {"application/json": '{"statusCode": $input.json("$.want")}'}
    answers = {
        "200": {"responseTemplates": {"application/json": "fine"}},
        "500": {"selectionPattern": r"5\d{2}", "responseTemplates": {"application/json": "broken"}},
    }
    world.method("POST", "/", type="MOCK", requestTemplates=template, answers=answers)
    world.deploy()
    broken, fine = world.ask("POST", "/dev", b'{"want": 503}'), world.ask("POST", "/dev", b'{"want": 200}')
    assert (broken.status, broken.body, fine.status, fine.body) == (500, b"broken", 200, b"fine")


def test_a_mock_sees_the_parameters_of_the_request(world: World) -> None:
    template = "{ #if($input.params('scope') == 'internal') \"statusCode\": 200 #else \"statusCode\": 403 #end }"
    answers = {
        "200": {"responseTemplates": {"application/json": "$input.params('id') $input.params().querystring.scope"}},
        "403": {"selectionPattern": "403", "responseTemplates": {"application/json": "$input.params('X-NAME')"}},
    }
    world.method("GET", "/{id}", type="MOCK", requestTemplates={"application/json": template}, answers=answers)
    world.deploy()
    assert world.ask("GET", "/dev/7?scope=internal").body == b"7 internal"
    outside = world.ask("GET", "/dev/7", X_Name="Ana")
    assert (outside.status, outside.body) == (403, b"Ana")


def test_a_mock_sets_headers_from_literals_and_from_the_request(world: World) -> None:
    mapped = {
        "method.response.header.Access-Control-Allow-Origin": "'*'",
        "method.response.header.X-Echo": "method.request.header.x-name",
    }
    answers = {"204": {"responseParameters": mapped}}
    world.method("OPTIONS", "/", type="MOCK", requestTemplates=OK, answers=answers)
    world.deploy()
    answer = world.ask("OPTIONS", "/dev", X_Name="Ana")
    assert (answer.status, answer.body) == (204, b"")
    assert (header(answer, "access-control-allow-origin"), header(answer, "x-echo")) == ("*", "Ana")


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"requestTemplates": {"application/json": "no json"}}, 500),
        ({"requestTemplates": {"application/json": '{"statusCode": "often"}'}}, 500),
        ({"requestTemplates": {"application/json": "[]"}}, 500),
        ({"requestTemplates": {"text/plain": "x"}, "passthroughBehavior": "NEVER"}, 415),
        ({"requestTemplates": {"text/plain": "x"}, "passthroughBehavior": "WHEN_NO_TEMPLATES"}, 415),
        ({"requestTemplates": {"text/plain": "x"}, "passthroughBehavior": "WHEN_NO_MATCH"}, 200),
        ({"requestTemplates": {"application/json": "#if($x"}}, 500),
    ],
)
def test_a_mock_that_is_set_up_wrong(world: World, settings: dict[str, Any], status: int) -> None:
    world.mock("GET", "/", **settings)
    world.deploy()
    assert world.ask("GET", "/dev").status == status


def test_a_method_without_an_integration_response_is_misconfigured(world: World) -> None:
    world.method("GET", "/", type="MOCK", requestTemplates=OK)
    world.deploy()
    assert (world.ask("GET", "/dev").body, world.ask("GET", "/dev").status) == (
        b'{"message": "Internal server error"}',
        500,
    )


def test_templates_are_rendered_by_whoever_was_injected(world: World) -> None:
    def shout(template: str, given: TemplateInput) -> str:
        return template.replace("NAME", given.querystring.get("name", "?").upper())

    world.rest.close()
    world.rest = RestApis(world.functions, world.clock, world.told.append, render=shout)
    world.mock("GET", "/", "hello NAME")
    world.deploy()
    assert world.ask("GET", "/dev?name=ana").body == b"hello ANA"


# ── AWS_PROXY ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_function_gets_the_proxy_event_of_format_1(world: World) -> None:
    world.function("ANY", "/items/{id}", "show", lambda event: {"statusCode": 200})
    world.deploy(variables={"colour": "blue"})
    world.ask("PUT", "/dev/items/a%2Fb?n=1&n=2&q=%C3%A9", b"payload", X_Mine="1", User_Agent="test", Connection="close")
    invocation = world.functions.invocations[0]
    event = invocation.event
    assert event | {"requestContext": None, "headers": None, "multiValueHeaders": None} == {
        "resource": "/items/{id}",
        "path": "/items/a%2Fb",
        "httpMethod": "PUT",
        "headers": None,
        "multiValueHeaders": None,
        "queryStringParameters": {"n": "2", "q": "é"},
        "multiValueQueryStringParameters": {"n": ["1", "2"], "q": ["é"]},
        "pathParameters": {"id": "a%2Fb"},
        "stageVariables": {"colour": "blue"},
        "requestContext": None,
        "body": "payload",
        "isBase64Encoded": False,
    }
    assert event["headers"]["X-Mine"] == "1" and event["multiValueHeaders"]["X-Mine"] == ["1"]
    assert event["headers"]["X-Forwarded-Proto"] == "https" and "Connection" not in event["headers"]
    context = event["requestContext"]
    assert (context["apiId"], context["stage"], context["path"]) == (world.api_id, "dev", "/dev/items/a%2Fb")
    assert context["domainName"] == f"{world.api_id}.execute-api.us-east-1.amazonaws.com"
    assert (context["identity"]["sourceIp"], context["identity"]["userAgent"]) == ("127.0.0.1", "test")
    assert invocation.request_id == context["requestId"]
    assert invocation.source_arn == f"arn:aws:execute-api:us-east-1:123456789012:{world.api_id}/dev/PUT/items/{{id}}"
    assert invocation.function_arn == "arn:aws:lambda:us-east-1:123456789012:function:show"


def test_what_is_not_there_is_null_in_the_event(world: World) -> None:
    world.function("GET", "/", "show", lambda event: {"statusCode": 200})
    world.deploy()
    world.ask("GET", "/dev")
    event = world.functions.invocations[0].event
    empty = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body")
    assert [event[name] for name in empty] == [None] * 5
    assert event["path"] == "/" and event["requestContext"]["path"] == "/dev"


def test_the_functions_answer_becomes_the_response(world: World) -> None:
    answer = {
        "statusCode": "201",
        "headers": {"X-One": 1, "Server": "mine", "Content-Type": "text/plain", "X-Same": "a"},
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "X-Same": ["a", "b"]},
        "body": "grüß dich",
    }
    world.function("GET", "/", "show", lambda event: answer)
    world.deploy()
    response = world.ask("GET", "/dev")
    assert (response.status, response.body.decode()) == (201, "grüß dich")
    assert [value for name, value in response.headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert [value for name, value in response.headers if name == "X-Same"] == ["a", "b"]
    assert (header(response, "x-amzn-Remapped-Server"), header(response, "X-One")) == ("mine", "1")
    assert [value for name, value in response.headers if name.lower() == "content-type"] == ["text/plain"]


def test_every_response_carries_the_headers_of_api_gateway(world: World) -> None:
    world.mock("GET", "/")
    world.deploy()
    for path in ("/dev", "/dev/nothing"):
        names = {name.lower() for name, _ in world.ask("GET", path).headers}
        assert {"date", "x-amzn-requestid", "x-amz-apigw-id", "content-type"} <= names


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        [],
        {},
        {"body": "no status"},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "extra": 1},
        {"statusCode": 99},
        {"statusCode": True},
        {"statusCode": 101},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"bad name": "x"}},
        {"statusCode": 200, "headers": {"X-Split": "a\r\nSet-Cookie: b"}},
        {"statusCode": 200, "headers": {"X-Wide": "日本"}},
        {"statusCode": 200, "multiValueHeaders": {"X-A": "text"}},
    ],
)
def test_a_malformed_answer_is_a_bad_gateway(world: World, answer: Any) -> None:
    world.function("GET", "/", "show", lambda event: answer)
    world.deploy()
    response = world.ask("GET", "/dev")
    assert (response.status, response.body) == (502, b'{"message": "Internal server error"}')


def test_a_function_that_raises_is_a_bad_gateway_and_one_that_cannot_be_called_an_error(world: World) -> None:
    world.function("GET", "/raises", "raises", lambda event: 1 / 0)
    world.function("GET", "/missing", "missing")
    nowhere = "arn:aws:apigateway:us-east-1:lambda:path/nowhere"
    world.method("GET", "/nonsense", type="AWS_PROXY", integrationHttpMethod="POST", uri=nowhere)
    world.deploy()
    for path, status in (("/raises", 502), ("/missing", 500), ("/nonsense", 500)):
        answer = world.ask("GET", f"/dev{path}")
        assert (answer.status, answer.body) == (status, b'{"message": "Internal server error"}')


def test_a_function_that_takes_too_long_times_out_by_the_clock(world: World) -> None:
    world.function("GET", "/", "silent")
    world.deploy()
    answers: list[HttpResponse] = []
    asking = threading.Thread(target=lambda: answers.append(world.ask("GET", "/dev")))
    asking.start()
    assert world.functions.invoked.wait(10)
    world.clock.advance(28)
    assert asking.is_alive()
    world.clock.advance(2)
    asking.join(10)
    assert (answers[0].status, answers[0].body) == (504, b'{"message": "Endpoint request timed out"}')


def test_binary_bodies_travel_as_base64_where_the_api_says_so(world: World) -> None:
    def echo(event: dict[str, Any]) -> dict[str, Any]:
        return {"statusCode": 200, "body": event["body"], "isBase64Encoded": event["isBase64Encoded"]}

    world.function("POST", "/", "echo", echo)
    change = {"op": "add", "path": "/binaryMediaTypes/image~1png", "value": "image/png"}
    world.apigateway.update_rest_api(restApiId=world.api_id, patchOperations=[change])
    world.deploy()
    picture = bytes(range(256))
    assert world.ask("POST", "/dev", picture, Content_Type="image/png", Accept="image/png").body == picture
    encoded = world.ask("POST", "/dev", picture, Content_Type="image/png", Accept="text/html").body
    assert base64.b64decode(encoded) == picture
    assert world.ask("POST", "/dev", b"text", Content_Type="text/plain").body == b"text"


# ── HTTP and HTTP_PROXY ──────────────────────────────────────────────────────────────────────────────────────────────


class Backend(BaseHTTPRequestHandler):
    """An HTTP server that tells what it was asked; 418 for /teapot, a redirect to the internet for /away."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        status = {"/teapot": 418, "/away": 302}.get(path, 200)
        length = int(self.headers.get("Content-Length") or 0)
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode(),
        }
        body = json.dumps(seen).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Backend", "yes")
        if status == 302:
            self.send_header("Location", "http://example.com/")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET

    def log_message(self, *parts: Any) -> None:
        """Stay silent."""


@pytest.fixture
def backend() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Backend) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_http_proxy_hands_on_method_headers_query_and_body(world: World, backend: str) -> None:
    mapping = {"integration.request.path.proxy": "method.request.path.proxy"}
    world.method(
        "ANY",
        "/{proxy+}",
        type="HTTP_PROXY",
        integrationHttpMethod="ANY",
        uri=f"{backend}/base/{{proxy}}?fixed=1",
        requestParameters=mapping,
    )
    world.deploy()
    answer = world.ask("PUT", "/dev/a/b?n=1&n=2", b"body", X_Mine="1", Connection="close")
    seen = json.loads(answer.body)
    assert (seen["method"], seen["path"], seen["body"]) == ("PUT", "/base/a/b?fixed=1&n=1&n=2", "body")
    assert seen["headers"]["x-mine"] == "1" and seen["headers"]["host"] == backend.removeprefix("http://")
    assert (header(answer, "X-Backend"), header(answer, "Server")) == ("yes", None)
    assert header(answer, "x-amzn-Remapped-Server") is not None


def test_http_hands_on_only_what_is_mapped_and_maps_the_answer_back(world: World, backend: str) -> None:
    mapping = {
        "integration.request.querystring.page": "method.request.querystring.p",
        "integration.request.header.X-Static": "'fixed'",
    }
    answers = {
        "200": {"responseParameters": {"method.response.header.X-Copy": "integration.response.header.X-Backend"}},
        "404": {
            "selectionPattern": "4\\d\\d",
            "responseTemplates": {"application/json": "none: $input.json('$.path')"},
        },
    }
    common = {"type": "HTTP", "integrationHttpMethod": "POST", "requestParameters": mapping, "answers": answers}
    world.method("POST", "/fine", uri=f"{backend}/fine", **common)
    world.method("POST", "/teapot", uri=f"{backend}/teapot", **common)
    world.deploy()
    answer = world.ask("POST", "/dev/fine?p=3&q=4", b"{}", X_Mine="1")
    seen = json.loads(answer.body)
    assert (answer.status, seen["path"], seen["body"]) == (200, "/fine?page=3", "{}")
    assert seen["headers"]["x-static"] == "fixed" and "x-mine" not in seen["headers"]
    assert header(answer, "X-Copy") == "yes"
    teapot = world.ask("POST", "/dev/teapot?p=3", b"{}")
    assert (teapot.status, teapot.body) == (404, b'none: "/teapot?page=3"')


@pytest.mark.parametrize(
    "uri",
    ["https://example.com/", "http://169.254.169.254/latest/", "http://127.0.0.1.example.com/", "http://2130706433/"],
)
@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
def test_no_integration_reaches_another_machine(world: World, uri: str, kind: str) -> None:
    world.method("GET", "/", type=kind, integrationHttpMethod="GET", uri=uri, answers={"200": {}})
    world.deploy()
    answer = world.ask("GET", "/dev")
    assert answer.status == 501
    assert "calls only this machine" in json.loads(answer.body)["message"]
    assert [each.not_invoked for each in world.told if isinstance(each, Answered)] == [True]


def test_a_redirect_is_passed_on_and_not_followed(world: World, backend: str) -> None:
    world.method("GET", "/", type="HTTP_PROXY", integrationHttpMethod="GET", uri=f"{backend}/away")
    world.deploy()
    answer = world.ask("GET", "/dev")
    assert (answer.status, header(answer, "Location")) == (302, "http://example.com/")


def test_a_backend_that_is_not_there_is_a_network_error(world: World) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Backend) as gone:
        uri = f"http://127.0.0.1:{gone.server_address[1]}/"
    world.method("GET", "/", type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri)
    world.method("GET", "/bad", type="HTTP_PROXY", integrationHttpMethod="GET", uri="http://127.0.0.1:port/")
    world.deploy()
    answer = world.ask("GET", "/dev")
    assert (answer.status, answer.body) == (504, b'{"message": "Network error communicating with endpoint"}')
    assert world.ask("GET", "/dev/bad").status == 500


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_iam_wants_a_signature(world: World) -> None:
    world.mock("GET", "/", "in", authorizationType="AWS_IAM")
    world.deploy()
    assert world.ask("GET", "/dev").body == b'{"message":"Missing Authentication Token"}'
    assert world.ask("GET", "/dev", Authorization="AWS4-HMAC-SHA256 Credential=x").body == b"in"


def test_an_api_key_has_to_belong_to_a_usage_plan_of_the_stage(world: World) -> None:
    world.mock("GET", "/", "in", apiKeyRequired=True)
    world.deploy()
    key = world.apigateway.create_api_key(name="k", value="k" * 20, enabled=True)
    stages = [{"apiId": world.api_id, "stage": "dev"}]
    plan = world.apigateway.create_usage_plan(name="p", apiStages=stages)
    assert world.ask("GET", "/dev", X_Api_Key="k" * 20).status == 403
    world.apigateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    assert world.ask("GET", "/dev", X_Api_Key="k" * 20).body == b"in"
    assert world.ask("GET", "/dev").body == b'{"message":"Forbidden"}'


def test_what_is_not_emulated_says_so(world: World) -> None:
    role = "arn:aws:iam::123456789012:role/api"
    uri = "arn:aws:apigateway:us-east-1:dynamodb:action/PutItem"
    world.method("POST", "/table", type="AWS", integrationHttpMethod="POST", uri=uri, credentials=role)
    authorizer = world.apigateway.create_authorizer(restApiId=world.api_id, name="a", type="TOKEN", authorizerUri=uri)
    assert authorizer["id"]
    world.mock("GET", "/secret", authorizationType="CUSTOM")
    world.deploy()
    for verb, path, what in (("POST", "/dev/table", "type AWS"), ("GET", "/dev/secret", "Authorization CUSTOM")):
        answer = world.ask(verb, path)
        assert answer.status == 501 and what in json.loads(answer.body)["message"]


def test_a_disabled_default_endpoint_is_forbidden(world: World) -> None:
    world.mock("GET", "/")
    world.deploy()
    change = {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}
    world.apigateway.update_rest_api(restApiId=world.api_id, patchOperations=[change])
    assert world.ask("GET", "/dev").status == 403


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_body_beyond_the_quota_is_refused(world: World) -> None:
    world.mock("POST", "/")
    world.deploy()
    answer = world.ask("POST", "/dev", bytes(10_485_761))
    assert (answer.status, answer.body) == (413, b'{"message":"HTTP content length exceeded 10485760 bytes."}')


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/dev/" + "x" * 5000, b"", 200),
        ("/dev/a?" + "&".join(f"k{n}=v" for n in range(5000)), b"", 200),
        ("/dev/a?%ff=%zz&&==", b"", 200),
        ("/dev/%ff/%00", b"\xff\xfe", 200),
        ("/dev//a//", b"", 200),
        ("/%ff/a", b"", 403),
        ("*", b"", 403),
        ("", b"", 403),
    ],
)
def test_strange_requests_get_an_answer_and_no_traceback(world: World, path: str, body: bytes, status: int) -> None:
    world.function("ANY", "/{proxy+}", "any", lambda event: {"statusCode": 200})
    world.deploy()
    assert world.ask("POST", path, body).status == status


def test_a_fault_of_our_own_is_an_internal_server_error(world: World) -> None:
    def broken(invocation: Invocation, done: Callable[[Outcome], None]) -> None:
        raise RuntimeError("the port itself is broken")

    world.rest.close()
    world.rest = RestApis(broken, world.clock, world.told.append)
    world.function("GET", "/", "f")
    world.deploy()
    assert (world.ask("GET", "/dev").status, world.ask("GET", "/dev").body) == (
        500,
        b'{"message": "Internal server error"}',
    )


# ── what an observer hears ───────────────────────────────────────────────────────────────────────────────────────────


def test_an_observer_hears_the_whole_story_in_order(world: World) -> None:
    world.function("POST", "/items/{id}", "show", lambda event: {"statusCode": 200, "body": "seen"})
    world.deploy()
    world.ask("POST", "/dev/items/7?x=1", b"in")
    requested, invoked, answered, responded = world.told
    assert isinstance(requested, Requested) and isinstance(responded, Responded)
    assert isinstance(invoked, Invoked) and isinstance(answered, Answered)
    assert (requested.method, requested.path, requested.body) == ("POST", "/dev/items/7?x=1", "in")
    assert (invoked.route_key, invoked.target, invoked.integration_type) == ("POST /items/{id}", "show", "AWS_PROXY")
    assert answered.payload == {"statusCode": 200, "body": "seen"} and answered.error == ""
    assert (responded.status, responded.body) == (200, "seen")
    assert {each.request_id for each in (requested, invoked, answered, responded)} == {requested.request_id}
    assert {(each.api_id, each.stage) for each in world.told} == {(world.api_id, "dev")}


def test_an_observer_hears_what_went_wrong_in_the_function(world: World) -> None:
    world.function("GET", "/", "raises", lambda event: 1 / 0)
    world.deploy()
    world.ask("GET", "/dev")
    answered = world.told[2]
    assert isinstance(answered, Answered)
    assert (answered.error, answered.payload) == ("ZeroDivisionError", {"errorType": "ZeroDivisionError"})


# ── on a socket ──────────────────────────────────────────────────────────────────────────────────────────────────────


class NoStages:
    """A port without WebSocket APIs."""

    def stage(self, api_id: str, stage_name: str) -> None:
        return None

    def domain(self, name: str) -> None:
        return None


def test_a_rest_api_answers_on_the_gateways_socket(world: World) -> None:
    world.function("POST", "/items", "make", lambda event: {"statusCode": 201, "body": event["body"]})
    world.deploy()
    with Gateway(NoStages(), world.functions, world.rest, clock=world.clock) as gateway:
        connection = HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        connection.request("POST", f"/_aws/execute-api/{world.api_id}/dev/items", "übung".encode())
        response = connection.getresponse()
        assert (response.status, response.read().decode()) == (201, "übung")
        connection.request("GET", "/dev", headers={"Host": f"{world.api_id}.execute-api.us-east-1.amazonaws.com"})
        assert connection.getresponse().read() == b'{"message":"Missing Authentication Token"}'
        connection.close()


def test_gateway_responses_have_awss_own_spacing() -> None:
    assert GatewayResponse(403, "Forbidden", "x").response().body == b'{"message":"Forbidden"}'
    assert GatewayResponse(504, "Late", "x").response().body == b'{"message": "Late"}'
