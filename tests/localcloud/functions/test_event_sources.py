"""Functions behind moto's topics and streams; those behind queues have tests of their own."""

import json

import pytest

from upgrade101.localcloud.functions.event_sources import Queues, source_of

REMEMBER = """
import meeting
def handler(event, context):
    meeting.go.wait()
    meeting.came.append(event)
"""


def test_publish_returns_before_the_function_has_run(cloud, client, meeting):
    sns, arn = client("sns"), cloud.create(REMEMBER)
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="hello")
    assert meeting.came == []
    meeting.go.set()
    assert cloud.functions.settle()
    assert meeting.came[0]["Records"][0]["Sns"]["Message"] == "hello"


@pytest.fixture
def rooms(client):
    """A table with a stream; returns the stream's ARN."""
    return client("dynamodb").create_table(
        TableName="rooms",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]["LatestStreamArn"]


def test_a_tables_changes_come_in_order_and_once(cloud, client, meeting, rooms):
    arn = cloud.create(REMEMBER)
    cloud.aws.create_event_source_mapping(EventSourceArn=rooms, FunctionName=arn, StartingPosition="LATEST")
    for n in range(8):
        client("dynamodb").put_item(TableName="rooms", Item={"id": {"N": str(n)}})
    assert meeting.came == []
    meeting.go.set()
    assert cloud.functions.settle()
    keys = [record["dynamodb"]["Keys"]["id"]["N"] for event in meeting.came for record in event["Records"]]
    assert keys == [str(n) for n in range(8)]


def test_a_function_may_write_to_the_table_whose_stream_it_reads(cloud, client, rooms):
    source = (
        "import boto3\n"
        "table = boto3.resource('dynamodb').Table('rooms')\n"
        "def handler(event, context):\n"
        "    for record in event['Records']:\n"
        "        n = int(record['dynamodb']['Keys']['id']['N'])\n"
        "        n < 3 and table.put_item(Item={'id': n + 1})\n"
    )
    arn = cloud.create(source)
    cloud.aws.create_event_source_mapping(EventSourceArn=rooms, FunctionName=arn, StartingPosition="LATEST")
    client("dynamodb").put_item(TableName="rooms", Item={"id": {"N": "0"}})
    assert cloud.functions.settle()
    assert client("dynamodb").scan(TableName="rooms", Select="COUNT")["Count"] == 4


def test_a_failing_batch_holds_up_nobody(cloud, client, meeting, rooms):
    meeting.go.set()
    arn = cloud.create(REMEMBER + "    assert len(meeting.came) > 1\n")
    cloud.aws.create_event_source_mapping(EventSourceArn=rooms, FunctionName=arn, StartingPosition="LATEST")
    for n in range(3):
        client("dynamodb").put_item(TableName="rooms", Item={"id": {"N": str(n)}})
    assert cloud.functions.settle()
    assert len(meeting.came) == 3


@pytest.mark.parametrize("event", ["{}", "[]", "1", '{"Records": []}', '{"Records": [1]}', '{"Records": [{}]}'])
def test_an_event_that_does_not_say_where_it_is_from(event):
    assert source_of(event) == ""


def test_queues_forget_a_function_that_has_nothing_left():
    queues, started = Queues(), []
    queues.add("a", lambda: started.append(1))
    queues.add("a", lambda: started.append(2))
    queues.add("b", lambda: started.append(3))
    assert started == [1, 3]
    queues.done("a")
    queues.done("a")
    queues.done("b")
    assert started == [1, 3, 2]
    queues.add("a", lambda: started.append(4))
    queues.clear()
    queues.done("a")
    assert json.dumps(queues._waiting) == "{}"
