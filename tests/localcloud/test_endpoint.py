"""One HTTP endpoint for every AWS API: unmodified boto3 clients on a real socket, and bad input handed in directly."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from upgrade101.gateway.ports import HttpRequest, HttpResponse, Invocation, Outcome
from upgrade101.gateway.server import Gateway
from upgrade101.localcloud.endpoint import Endpoint
from upgrade101.localcloud.endpoint_errors import error

KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
FORM = ("Content-Type", "application/x-www-form-urlencoded")
TABLE = {
    "TableName": "connections",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}

Clients = Callable[[str], Any]


class NoWebSockets:
    """Two ports without anything behind them."""

    def stage(self, api_id: str, stage_name: str) -> None:
        return None

    def domain(self, name: str) -> None:
        return None

    def __call__(self, invocation: Invocation, done: Callable[[Outcome], None]) -> None:
        done(Outcome(not_invoked=True))


@pytest.fixture(scope="module")
def cloud() -> Iterator[Gateway]:
    ports = NoWebSockets()
    with mock_aws(), Gateway(ports, ports, Endpoint(lambda: ["ws://b", "ws://a"])) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def over_http(cloud: Gateway) -> Iterator[Clients]:
    """Make clients that know nothing but the endpoint's URL."""
    session, made = boto3.Session(region_name="eu-west-1", **KEYS), {}

    def client(service: str) -> Any:
        made[service] = made.get(service) or session.client(service, endpoint_url=f"http://127.0.0.1:{cloud.port}")
        return made[service]

    yield client
    for each in made.values():
        each.close()


@pytest.fixture(scope="module")
def in_process(cloud: Gateway) -> Clients:
    session = boto3.Session(region_name="eu-west-1", **KEYS)
    return session.client


def signed(service: str, region: str = "eu-west-1") -> tuple[str, str]:
    return "Authorization", f"AWS4-HMAC-SHA256 Credential=key/20261101/{region}/{service}/aws4_request, Signature=0"


def ask(request: HttpRequest) -> HttpResponse:
    answer = Endpoint()(request)
    assert answer is not None
    return answer


# ── every service through one door ───────────────────────────────────────────────────────────────────────────────────


def test_http_and_this_process_see_the_same_tables(over_http: Clients, in_process: Clients) -> None:
    over_http("dynamodb").create_table(**TABLE)
    in_process("dynamodb").put_item(TableName="connections", Item={"id": {"S": "a"}})
    found = over_http("dynamodb").get_item(TableName="connections", Key={"id": {"S": "a"}})
    assert found["Item"] == {"id": {"S": "a"}}
    over_http("dynamodb").put_item(TableName="connections", Item={"id": {"S": "b"}})
    assert in_process("dynamodb").scan(TableName="connections")["Count"] == 2


def test_errors_arrive_as_botocores_own_classes(over_http: Clients) -> None:
    dynamodb, iam = over_http("dynamodb"), over_http("iam")
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.get_item(TableName="nowhere", Key={"id": {"S": "a"}})
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="nobody")


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "key"),
    [
        ("sts", "get_caller_identity", {}, "Account"),
        ("iam", "create_role", {"RoleName": "r", "AssumeRolePolicyDocument": "{}"}, "Role"),
        ("logs", "describe_log_groups", {}, "logGroups"),
        ("ssm", "put_parameter", {"Name": "p", "Value": "v", "Type": "String"}, "Version"),
        ("sns", "create_topic", {"Name": "t"}, "TopicArn"),
        ("lambda", "list_functions", {}, "Functions"),
        ("apigateway", "create_rest_api", {"name": "rest"}, "id"),
        ("apigatewayv2", "create_api", {"Name": "ws", "ProtocolType": "WEBSOCKET"}, "ApiId"),
        ("cloudwatch", "list_metrics", {}, "Metrics"),
        (
            "cloudformation",
            "create_stack",
            {"StackName": "s", "TemplateBody": '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'},
            "StackId",
        ),
    ],
)
def test_every_protocol_of_aws_passes(
    over_http: Clients, service: str, operation: str, parameters: dict[str, Any], key: str
) -> None:
    if service == "apigatewayv2":
        parameters = {**parameters, "RouteSelectionExpression": "$request.body.action"}
    assert key in getattr(over_http(service), operation)(**parameters)


def test_a_queues_url_leads_back_to_the_endpoint(over_http: Clients, cloud: Gateway) -> None:
    sqs = over_http("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="übung")
    assert url.startswith(f"http://127.0.0.1:{cloud.port}/")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "übung"


def test_s3_in_path_style_with_checksums_metadata_and_strange_keys(over_http: Clients) -> None:
    s3 = over_http("s3")
    s3.create_bucket(Bucket="pictures", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="pictures", Key="a//b c/é%2F", Body=b"small", Metadata={"colour": "blue"})
    s3.upload_fileobj(io.BytesIO(b"x" * 9_000_000), "pictures", "big")  # aws-chunked, in parts
    found = s3.get_object(Bucket="pictures", Key="a//b c/é%2F")
    assert (found["Body"].read(), found["Metadata"]) == (b"small", {"colour": "blue"})
    assert len(s3.get_object(Bucket="pictures", Key="big")["Body"].read()) == 9_000_000
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="pictures")["Contents"]] == ["a//b c/é%2F", "big"]


def test_public_and_presigned_objects_can_be_read_without_a_client(over_http: Clients, cloud: Gateway) -> None:
    s3 = over_http("s3")
    s3.create_bucket(Bucket="web-page", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="web-page", Key="index.html", Body=b"<p>hi", ContentType="text/html", ACL="public-read")
    with urlopen(f"http://127.0.0.1:{cloud.port}/web-page/index.html") as page:
        assert (page.headers["Content-Type"], page.read()) == ("text/html", b"<p>hi")
    with urlopen(s3.generate_presigned_url("get_object", {"Bucket": "web-page", "Key": "index.html"})) as page:
        assert page.read() == b"<p>hi"


def test_a_function_uploaded_over_http_is_known_here(over_http: Clients, in_process: Clients) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return event")
    role = over_http("iam").create_role(RoleName="runner", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    over_http("lambda").create_function(
        FunctionName="echo",
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
    )
    assert in_process("lambda").get_function(FunctionName="echo")["Configuration"]["Handler"] == "app.handler"


def test_many_threads_may_make_the_first_call_at_once(in_process: Clients) -> None:
    in_process("logs").create_log_group(logGroupName="first")
    target = ("X-Amz-Target", "Logs_20140328.DescribeLogGroups")
    request = HttpRequest("POST", "/", [("Host", "127.0.0.1"), signed("logs"), target], b"{}")
    endpoint = Endpoint()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(endpoint, [request] * 48))
    assert {answer.status for answer in answers if answer} == {200} and None not in answers
    assert all(json.loads(answer.body)["logGroups"] for answer in answers if answer)


# ── what moto lacks ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "named"),
    [
        ("apigatewayv2", "export_api", {"ApiId": "a", "OutputType": "JSON", "Specification": "OAS30"}, "ExportApi"),
        ("apigateway", "test_invoke_method", {"restApiId": "a", "resourceId": "b", "httpMethod": "GET"}, "TestInvoke"),
        ("iam", "list_service_specific_credentials", {}, "ListServiceSpecificCredentials"),
        ("dynamodb", "list_contributor_insights", {}, "ListContributorInsights"),
        ("braket", "search_devices", {"filters": []}, "braket"),
    ],
)
def test_a_missing_operation_is_named_and_not_retried(
    over_http: Clients, service: str, operation: str, parameters: dict[str, Any], named: str
) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(over_http(service), operation)(**parameters)
    response = raised.value.response
    assert response["Error"]["Code"] == "NotImplemented" and named in response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert response["ResponseMetadata"]["RetryAttempts"] == 0


def test_an_unknown_region_is_named(cloud: Gateway) -> None:
    target = ("X-Amz-Target", "DynamoDB_20120810.ListTables")
    answer = ask(HttpRequest("POST", "/", [signed("dynamodb", "mars-1"), target], b"{}"))
    assert answer.status == 400 and "mars-1" in json.loads(answer.body)["message"]


def test_what_breaks_inside_moto_is_an_internal_failure_without_a_traceback(
    cloud: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    target = ("X-Amz-Target", "DynamoDB_20120810.PutItem")
    with caplog.at_level(logging.ERROR):
        answer = ask(HttpRequest("POST", "/", [signed("dynamodb"), target], b"[]"))
    document = json.loads(answer.body)
    assert (answer.status, document["__type"]) == (500, "InternalFailure")
    assert "dynamodb PutItem" in document["message"] and "Traceback" not in document["message"] + caplog.text


@pytest.mark.parametrize(
    ("headers", "start"),
    [
        ([signed("dynamodb")], b'{"__type": "Gone"'),
        ([signed("sts"), FORM], b"<ErrorResponse><Error><Code>Gone</Code>"),
        ([signed("ec2"), FORM], b"<Response><Errors><Error><Code>Gone</Code>"),
        ([signed("s3")], b"<Error><Code>Gone</Code><Message>a &lt; b"),
        ([signed("logs"), ("smithy-protocol", "rpc-v2-cbor")], b"\xa2\x79\x00\x06__type\x79\x00\x04Gone"),
    ],
)
def test_an_error_speaks_the_protocol_of_its_request(headers: list[tuple[str, str]], start: bytes) -> None:
    answer = error(HttpRequest("POST", "/", headers), 410, "Gone", "a < b")
    assert answer.body.startswith(start) and ("x-amzn-ErrorType", "Gone") in answer.headers


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (HttpRequest("POST", "/", [("Authorization", "AWS4-HMAC-SHA256")]), 400),
        (HttpRequest("POST", "/", [("Authorization", "AWS4-HMAC-SHA256 garbage\xff/////,=")]), 400),
        (HttpRequest("GET", "/bucket/key", [("Authorization", "AWS4-HMAC-SHA256 Credential=a/b")]), 400),
        (HttpRequest("POST", "/", [signed("dynamodb")], b"{}"), 400),
        (HttpRequest("POST", "/", [signed("dynamodb"), ("X-Amz-Target", "nonsense")], b"{}"), 400),
        (HttpRequest("POST", "/", [("X-Amz-Target", "nonsense")], b"\xff"), 400),
        (HttpRequest("POST", "/", [signed("lambda")], b"{}"), 404),
        (HttpRequest("POST", "/", [signed("no-such-service")], b"{}"), 501),
        (HttpRequest("POST", "/", [signed("dynamodb"), ("X-Amz-Target", "DynamoDB_20120810.PutItem")], b"\xff"), 400),
        (HttpRequest("POST", "/", [signed("dynamodb"), ("X-Amz-Target", "DynamoDB_20120810.PutItem")], b"{"), 400),
        (HttpRequest("POST", "/", [signed("logs"), ("X-Amz-Target", "Logs_20140328.PutLogEvents")], b"[" * 9999), 400),
        (HttpRequest("GET", "/%ff%fe/%00?" + "q" * 100_000, [signed("s3")]), 404),
        (HttpRequest("GET", "http://elsewhere:80/bucket-none/key", [signed("s3")]), 404),
        (HttpRequest("BREW", "/", [signed("sqs")]), 404),
        (HttpRequest("GET", "/moto-api/nothing", []), 404),
    ],
)
def test_garbage_is_refused_with_a_status_and_never_with_a_page(
    cloud: Gateway, request_: HttpRequest, status: int
) -> None:
    answer = ask(request_)
    assert answer.status == status
    assert b"<!doctype" not in answer.body.lower() and b"Traceback" not in answer.body


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("GET", "/nothing", []),
        HttpRequest("POST", "/", [], b"{}"),
        HttpRequest("OPTIONS", "*", []),
        HttpRequest("GET", "", [("Host", "")]),
        HttpRequest("GET", "/dev", [("Host", "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"), signed("execute-api")]),
    ],
)
def test_what_is_no_api_call_is_nobodys(cloud: Gateway, request_: HttpRequest) -> None:
    assert Endpoint()(request_) is None


@pytest.mark.parametrize(
    "foreign",
    [("Origin", "https://evil.example"), ("Origin", "null"), ("Origin", "http://["), ("Sec-Fetch-Site", "cross-site")],
)
def test_web_pages_of_others_may_not_call_aws_apis(cloud: Gateway, foreign: tuple[str, str]) -> None:
    target = ("X-Amz-Target", "DynamoDB_20120810.ListTables")
    assert ask(HttpRequest("POST", "/", [signed("dynamodb"), target, foreign], b"{}")).status == 403
    ours = ("Origin", "http://localhost:8888")
    assert ask(HttpRequest("POST", "/", [signed("dynamodb"), target, ours], b"{}")).status == 200


def test_motos_own_api_answers_to_this_machine_only(cloud: Gateway) -> None:
    request = HttpRequest("POST", "/moto-api/seed?a=42", [])
    assert ask(request).status == 200
    assert ask(HttpRequest("POST", "/moto-api/seed?a=42", [], client=("192.0.2.7", 1))).status == 403


# ── what is this? ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/", "/_upgrade101/health"])
def test_the_endpoint_says_what_it_is(cloud: Gateway, path: str) -> None:
    with urlopen(f"http://127.0.0.1:{cloud.port}{path}") as answer:
        document = json.load(answer)
    assert document["stages"] == ["ws://a", "ws://b"]
    assert document["versions"].keys() == {"upgrade101", "moto", "python"}


def test_a_reset_empties_everything(over_http: Clients, cloud: Gateway) -> None:
    over_http("sns").create_topic(Name="gone")
    with urlopen(f"http://127.0.0.1:{cloud.port}/moto-api/reset", data=b"") as answer:
        assert json.load(answer) == {"status": "ok"}
    assert over_http("sns").list_topics()["Topics"] == []
