import boto3

from upgrade101 import cloud
from upgrade101.deploy import create_function
from upgrade101.gateway.happenings import Called
from upgrade101.ledger import Entry, Ledger


def created(service, operation, asked, answer=None, **facts):
    return Called(
        at=0.0, service=service, operation=operation, parameters=asked, answer=answer or {}, status=200, **facts
    )


def test_what_is_created_is_noted_once_and_in_order():
    ledger = Ledger()
    for _ in range(2):
        ledger.note(created("apigatewayv2", "CreateApi", {"Name": "x"}, {"ApiId": "a1"}, region="us-east-1"))
    ledger.note(created("dynamodb", "CreateTable", {"TableName": "rooms"}, region="us-east-1"))
    assert ledger.entries() == [
        Entry("apigatewayv2", "API", "a1", "us-east-1"),
        Entry("dynamodb", "table", "rooms", "us-east-1"),
    ]


def test_a_function_leaves_a_log_group_behind():
    ledger = Ledger()
    ledger.note(created("lambda", "CreateFunction", {"FunctionName": "echo"}))
    assert [(entry.kind, entry.name) for entry in ledger.entries()] == [
        ("function", "echo"),
        ("log group", "/aws/lambda/echo"),
    ]


def test_a_queue_and_what_brings_its_messages_are_taken_away_too(capsys):
    cloud.start(quiet=True)
    try:
        sqs, functions = boto3.client("sqs"), boto3.client("lambda")
        url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
        sqs.create_queue(QueueName="jobs")
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        create_function("worker", b"PK\x05\x06" + bytes(18), "app.handler")
        functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="worker")
        cloud.clean()
        said = capsys.readouterr().out
        assert "1 × event source" in said and "1 × queue" in said
        assert "QueueUrls" not in sqs.list_queues()
        assert functions.list_event_source_mappings()["EventSourceMappings"] == []
    finally:
        cloud.stop()


def test_what_failed_what_a_function_did_and_what_creates_nothing_is_not_noted():
    ledger = Ledger()
    ledger.note(created("dynamodb", "CreateTable", {"TableName": "t"}, error="ResourceInUseException"))
    ledger.note(created("dynamodb", "CreateTable", {"TableName": "t"}, caller="a-function"))
    ledger.note(created("dynamodb", "PutItem", {"TableName": "t"}))
    assert ledger.entries() == []


def test_what_another_program_created_through_the_endpoint_is_not_noted():
    ledger = Ledger()
    ledger.note(created("apigatewayv2", "CreateApi", {"name": "x"}, {"apiId": "a1"}))
    ledger.note(created("iam", "CreateRole", {}))
    assert ledger.entries() == []


def test_forget_deletes_nothing():
    ledger = Ledger()
    ledger.note(created("dynamodb", "CreateTable", {"TableName": "t"}))
    ledger.forget()
    assert ledger.entries() == [] and ledger.clean() == []
