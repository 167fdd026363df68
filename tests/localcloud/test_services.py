"""AWS integrations with other services than Lambda: integration URIs against moto, without signing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from upgrade101.gateway.errors import ConfigurationError, NotEmulated
from upgrade101.gateway.ports import BackendRequest, HttpRequest, HttpResponse
from upgrade101.localcloud.local import LocalCloud
from upgrade101.localcloud.services import Services

ACCOUNT = "123456789012"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
KEYS = {"region_name": "us-east-1", "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    made = LocalCloud().start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def client(cloud: LocalCloud) -> Any:
    session = boto3.Session(**KEYS)
    return session.client


@pytest.fixture
def call(cloud: LocalCloud) -> Any:
    services = Services(cloud._http)

    def call(what: str, body: Any = "", *headers: tuple[str, str], method: str = "POST", account: str = ACCOUNT) -> Any:
        text = body if isinstance(body, str) else json.dumps(body)
        uri = f"arn:aws:apigateway:us-east-1:{what}"
        return services(BackendRequest(method, uri, list(headers), text.encode(), 5.0, account))

    return call


def read(answer: HttpResponse) -> Any:
    return json.loads(answer.body)


def test_an_action_of_dynamodb(call: Any, client: Any) -> None:
    client("dynamodb").create_table(
        TableName="connections",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"id": {"S": "abc="}}
    assert call("dynamodb:action/PutItem", {"TableName": "connections", "Item": item}).status == 200
    found = call("dynamodb:action/GetItem", {"TableName": "connections", "Key": item})
    assert read(found) == {"Item": item}
    missing = call("dynamodb:action/GetItem", {"TableName": "nosuch", "Key": item})
    assert missing.status == 400 and "ResourceNotFoundException" in read(missing)["__type"]


def test_a_message_to_a_queue_by_its_path(call: Any, client: Any) -> None:
    """The template and the headers are those of AWS's own samples; the answer is JSON as API Gateway gets it."""
    queue = client("sqs").create_queue(QueueName="by-path")["QueueUrl"]
    body = "Action=SendMessage&MessageBody=hi%20there&MessageAttribute.1.Name=id&MessageAttribute.1.Value.StringValue=a"
    answer = call(f"sqs:path/{ACCOUNT}/by-path", f"{body}&MessageAttribute.1.Value.DataType=String", FORM)
    assert answer.status == 200 and set(read(answer)["SendMessageResponse"]) == {
        "SendMessageResult",
        "ResponseMetadata",
    }
    (message,) = client("sqs").receive_message(QueueUrl=queue, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == "hi there" and message["MessageAttributes"]["id"]["StringValue"] == "a"


@pytest.mark.parametrize("kind", ["form", "json"])
def test_a_message_to_a_queue_by_action(call: Any, client: Any, kind: str) -> None:
    queue = client("sqs").create_queue(QueueName=f"by-action-{kind}")["QueueUrl"]
    if kind == "form":
        answer = call("sqs:action/SendMessage", f"QueueUrl={queue}&MessageBody=hi", FORM)
    else:
        answer = call("sqs:action/SendMessage", {"QueueUrl": queue, "MessageBody": "hi"})
    assert answer.status == 200
    assert client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hi"


def test_an_error_of_a_query_service_is_json_too(call: Any) -> None:
    answer = call(f"sqs:path/{ACCOUNT}/nosuch", "Action=SendMessage&MessageBody=hi", FORM)
    assert answer.status == 400
    assert read(answer)["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"


@pytest.mark.parametrize("in_uri", [True, False])
def test_a_notification(call: Any, client: Any, in_uri: bool) -> None:
    topic = client("sns").create_topic(Name="news")["TopicArn"]
    if in_uri:
        answer = call(f"sns:action/Publish&TopicArn={topic}&Message=hi")
    else:
        answer = call("sns:action/Publish", f"Action=Publish&TopicArn={topic}&Message=hi", FORM)
    assert read(answer)["PublishResponse"]["PublishResult"]["MessageId"]


def test_a_record_in_a_stream(call: Any, client: Any) -> None:
    client("kinesis").create_stream(StreamName="stream", ShardCount=1)
    record = {"StreamName": "stream", "Data": "aGk=", "PartitionKey": "p"}
    assert read(call("kinesis:action/PutRecord", record))["SequenceNumber"]


def test_a_service_whose_model_has_another_name(call: Any) -> None:
    assert read(call("states:action/ListStateMachines", {})) == {"stateMachines": []}


def test_an_object_by_its_path(call: Any, client: Any) -> None:
    client("s3").create_bucket(Bucket="bucket")
    assert call("s3:path/bucket/a/key", "data", method="PUT").status == 200
    assert call("s3:path/bucket/a/key", method="GET").body == b"data"


def test_each_account_has_its_own(call: Any, client: Any) -> None:
    client("sqs").create_queue(QueueName="mine")
    assert call("sqs:action/GetQueueUrl", {"QueueName": "mine"}).status == 200
    other = "111122223333"
    assert call("sqs:action/GetQueueUrl", {"QueueName": "mine"}, account=other).status == 400
    assert call("sqs:action/CreateQueue", {"QueueName": "mine"}, account=other).status == 200


@pytest.mark.parametrize("what", ["nosuch:action/X", "s3:action/GetObject"])
def test_an_action_that_cannot_be_called_says_what_to_do(call: Any, what: str) -> None:
    with pytest.raises(NotEmulated, match="in an AWS integration → use a Lambda function"):
        call(what)


@pytest.mark.parametrize("answer", [None, HttpResponse(501, b"no such operation")])
def test_what_the_local_cloud_has_not_says_what_to_do(answer: HttpResponse | None) -> None:
    asked: list[HttpRequest] = []

    def http(request: HttpRequest) -> HttpResponse | None:
        asked.append(request)
        return answer

    with pytest.raises(NotEmulated, match="an AWS integration with arn:aws:apigateway:eu-west-1:sqs:path/1/q"):
        Services(http)(BackendRequest("POST", "arn:aws:apigateway:eu-west-1:sqs:path/1/q?a=b", [], b"x", 5.0))
    (request,) = asked
    assert (request.target, request.header("host")) == ("/1/q?a=b", "sqs.eu-west-1.amazonaws.com")
    assert "/eu-west-1/sqs/aws4_request" in request.header("authorization")


@pytest.mark.parametrize("uri", ["arn:", "arn:aws:apigateway:us-east-1:sqs:q", "arn:aws:sqs:us-east-1:1:q"])
def test_a_uri_that_names_no_service(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="names no service"):
        Services(lambda request: None)(BackendRequest("POST", uri, [], b"", 5.0))


def answered(body: bytes, kind: str = "text/xml") -> HttpResponse:
    services = Services(lambda request: HttpResponse(200, body, [("Content-Type", kind)]))
    return services(BackendRequest("POST", "arn:aws:apigateway:us-east-1:sqs:path/1/q", [], b"", 5.0))


@pytest.mark.parametrize(
    "xml, document",
    [
        (b"<AResponse xmlns='urn:x'><B>1</B><B>2</B><B>3</B></AResponse>", {"AResponse": {"B": ["1", "2", "3"]}}),
        (b"<AResponse><L><member>x</member></L><E/></AResponse>", {"AResponse": {"L": ["x"], "E": ""}}),
        (b"<ErrorResponse><Error><Code>C</Code></Error></ErrorResponse>", {"Error": {"Code": "C"}}),
    ],
)
def test_xml_becomes_json(xml: bytes, document: Any) -> None:
    assert read(answered(xml)) == document


@pytest.mark.parametrize("body", [b"<Error><Code>NoSuchKey</Code></Error>", b"<broken", b'{"a": 1}', b"\xff\x00"])
def test_what_is_no_query_answer_stays_as_it_is(body: bytes) -> None:
    assert answered(body, "application/octet-stream").body == body
