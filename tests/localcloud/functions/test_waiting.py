"""Events and a table's changes that find no room within a function's reserved concurrency."""

import json
import threading

import pytest
from house_kit import until

WAIT = """
import meeting
def handler(event, context):
    meeting.came.append(event.get("n", event))
    meeting.go.wait(20)
"""


@pytest.fixture
def chat(house):
    """A function that waits; its client, and a way to send it an event."""
    house.create(WAIT, Timeout=30)
    return house.aws("lambda")


def reserve(chat, count):
    chat.put_function_concurrency(FunctionName="chat", ReservedConcurrentExecutions=count)


def send(chat, *numbers):
    for number in numbers:
        chat.invoke(FunctionName="chat", InvocationType="Event", Payload=json.dumps({"n": number}))


def test_events_wait_for_room_and_keep_their_order(house, chat, meeting):
    reserve(chat, 1)
    send(chat, 1, 2, 3)
    until(lambda: meeting.came)
    assert not house.cloud.functions.settle(0.2)
    assert meeting.came == [1]
    meeting.go.set()
    assert house.cloud.functions.settle()
    assert meeting.came == [1, 2, 3]


def test_no_more_events_run_at_once_than_are_reserved(house, chat, meeting):
    reserve(chat, 2)
    send(chat, *range(6))
    until(lambda: len(meeting.came) == 2)
    with pytest.raises(chat.exceptions.TooManyRequestsException):
        chat.invoke(FunctionName="chat")
    meeting.go.set()
    assert house.cloud.functions.settle()
    assert sorted(meeting.came) == list(range(6))


def test_what_waits_goes_on_as_soon_as_more_are_reserved(house, chat, meeting):
    reserve(chat, 1)
    send(chat, 1, 2)
    until(lambda: meeting.came == [1])
    chat.delete_function_concurrency(FunctionName="chat")
    until(lambda: meeting.came == [1, 2])
    meeting.go.set()
    assert house.cloud.functions.settle()


def test_where_nothing_is_reserved_events_are_dropped_and_the_log_says_so(house, chat, meeting, caplog):
    reserve(chat, 0)
    send(chat, 1)
    assert house.cloud.functions.settle()
    chat.delete_function_concurrency(FunctionName="chat")
    meeting.go.set()
    send(chat, 2)
    assert house.cloud.functions.settle()
    assert meeting.came == [2]
    assert "no more than 0 invocations of it may run at once" in caplog.text
    assert "its event is dropped" in caplog.text


def test_the_events_of_a_function_that_is_deleted_are_forgotten(house, chat, meeting):
    reserve(chat, 1)
    send(chat, 1, 2)
    until(lambda: meeting.came == [1])
    chat.delete_function(FunctionName="chat")
    meeting.go.set()
    assert house.cloud.functions.settle()
    assert meeting.came == [1]


def test_a_tables_changes_wait_even_where_nothing_is_reserved(house, chat, meeting):
    meeting.go.set()
    tables = house.aws("dynamodb")
    tables.create_table(
        TableName="rooms",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    stream = tables.describe_table(TableName="rooms")["Table"]["LatestStreamArn"]
    mapping = chat.create_event_source_mapping(EventSourceArn=stream, FunctionName="chat", StartingPosition="LATEST")
    reserve(chat, 0)
    for room in ("blue", "red"):
        tables.put_item(TableName="rooms", Item={"id": {"S": room}})
    assert not house.cloud.functions.settle(0.2)
    assert meeting.came == []
    chat.delete_function_concurrency(FunctionName="chat")
    assert house.cloud.functions.settle()
    rooms = [record["dynamodb"]["Keys"]["id"]["S"] for event in meeting.came for record in event["Records"]]
    assert rooms == ["blue", "red"]
    chat.delete_event_source_mapping(UUID=mapping["UUID"])
    tables.delete_table(TableName="rooms")


def test_the_thread_that_tries_again_ends_when_nobody_waits(house, chat, meeting):
    reserve(chat, 1)
    send(chat, 1, 2)
    meeting.go.set()
    assert house.cloud.functions.settle()
    until(lambda: "lambda events" not in {thread.name for thread in threading.enumerate()})


def test_who_waits_is_forgotten_when_the_cloud_stops(house, chat, meeting):
    reserve(chat, 1)
    send(chat, 1, 2)
    until(lambda: meeting.came == [1])
    house.cloud.functions.close()
    until(lambda: "lambda events" not in {thread.name for thread in threading.enumerate()})
    meeting.go.set()
    assert meeting.came == [1]
