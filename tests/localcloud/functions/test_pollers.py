"""Functions behind queues: who sends goes on at once, batches come five at a time, what failed comes back later."""

import json
import threading

import pytest
from house_kit import until

from upgrade101.gateway.errors import ConfigurationError
from upgrade101.localcloud.functions import pollers

REMEMBER = """
import meeting
def handler(event, context):
    meeting.came.append(event)
    meeting.go.wait()
"""
FAIL = REMEMBER + "    raise ValueError('no')\n"


class Line:
    """A queue with a function behind it."""

    def __init__(self, cloud, client, source=REMEMBER, attributes=None, name="jobs", mapped=True, **mapping):
        self.sqs, self.cloud = client("sqs"), cloud
        self.url = self.sqs.create_queue(QueueName=name, Attributes=attributes or {})["QueueUrl"]
        self.function_arn = cloud.create(source)
        self.mapping = {"EventSourceArn": self.attribute("QueueArn"), "FunctionName": "chat", **mapping}
        self.mapped = cloud.aws.create_event_source_mapping(**self.mapping)["UUID"] if mapped else ""

    def attribute(self, name):
        return self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])["Attributes"][name]

    def send(self, *bodies, **more):
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **more)

    def received(self):
        found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        return [message["Body"] for message in found.get("Messages", [])]

    @property
    def hidden(self):
        return int(self.attribute("ApproximateNumberOfMessagesNotVisible"))

    def __len__(self):
        return int(self.attribute("ApproximateNumberOfMessages")) + self.hidden


def bodies(events):
    return [record["body"] for event in events for record in event["Records"]]


def test_who_sends_goes_on_before_the_function_has_answered(cloud, client, meeting):
    line = Line(cloud, client)
    line.send("one")
    until(lambda: meeting.came)
    assert (len(line), line.hidden, line.received()) == (1, 1, [])
    meeting.go.set()
    assert cloud.functions.settle()
    assert len(line) == 0


def test_a_message_comes_with_what_is_known_of_it(cloud, client, meeting):
    meeting.go.set()
    line = Line(cloud, client)
    room = {"room": {"DataType": "String", "StringValue": "red"}, "key": {"DataType": "Binary", "BinaryValue": b"k"}}
    line.send("hello", MessageAttributes=room)
    assert cloud.functions.settle()
    record = meeting.came[0]["Records"][0]
    assert {name: record[name] for name in ("body", "md5OfBody", "eventSource", "awsRegion", "eventSourceARN")} == {
        "body": "hello",
        "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "eventSource": "aws:sqs",
        "awsRegion": "us-east-1",
        "eventSourceARN": line.mapping["EventSourceArn"],
    }
    assert record["messageId"] and record["receiptHandle"]
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert int(record["attributes"]["ApproximateFirstReceiveTimestamp"]) >= int(record["attributes"]["SentTimestamp"])
    assert record["messageAttributes"]["room"] == {
        "stringValue": "red",
        "dataType": "String",
        "stringListValues": [],
        "binaryListValues": [],
    }
    assert record["messageAttributes"]["key"]["dataType"] == "Binary"


def test_a_batch_is_one_invocation_of_at_most_as_many_messages_as_it_may_have(cloud, client, meeting):
    meeting.go.set()
    line = Line(cloud, client, mapped=False, BatchSize=4)
    line.send(*"abcdefghij")
    cloud.aws.create_event_source_mapping(**line.mapping)  # what was sent before it is brought too
    assert cloud.functions.settle()
    assert sorted(len(event["Records"]) for event in meeting.came) == [2, 4, 4]
    assert sorted(bodies(meeting.came)) == list("abcdefghij")


@pytest.mark.parametrize(("scaling", "at_once"), [({}, pollers.AT_ONCE), ({"MaximumConcurrency": 2}, 2)])
def test_so_many_batches_are_under_way_at_once_and_no_more(cloud, client, meeting, scaling, at_once):
    line = Line(cloud, client, BatchSize=1, **({"ScalingConfig": scaling} if scaling else {}))
    line.send(*map(str, range(8)))
    until(lambda: len(meeting.came) == at_once)
    assert (line.hidden, len(line)) == (at_once, 8)
    meeting.go.set()
    assert cloud.functions.settle()
    assert (len(meeting.came), len(line)) == (8, 0)


def test_what_failed_stays_hidden_until_the_visibility_timeout(cloud, client, meeting):
    meeting.go.set()
    line = Line(cloud, client, FAIL)
    line.send("one")
    assert cloud.functions.settle()
    assert (len(meeting.came), line.hidden, line.received()) == (1, 1, [])
    handle = meeting.came[0]["Records"][0]["receiptHandle"]
    line.sqs.change_message_visibility(QueueUrl=line.url, ReceiptHandle=handle, VisibilityTimeout=0)
    assert line.received() == ["one"]


def test_what_failed_comes_again_after_the_visibility_timeout_and_then_goes_to_the_dead_letters(cloud, client, meeting):
    meeting.go.set()
    dead = client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    line = Line(cloud, client, FAIL, {"VisibilityTimeout": "1", "RedrivePolicy": redrive}, mapped=False)
    cloud.aws.update_function_configuration(FunctionName="chat", Timeout=1)
    cloud.aws.create_event_source_mapping(**line.mapping)
    line.send("one")
    found = []
    until(lambda: found.extend(client("sqs").receive_message(QueueUrl=dead).get("Messages", [])) or found)
    assert ([message["Body"] for message in found], len(line)) == (["one"], 0)
    counts = [event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in meeting.came]
    assert counts == ["1", "2"]


def test_a_function_that_may_run_longer_than_messages_hide_does_not_get_them_twice(cloud, client, meeting):
    line = Line(cloud, client, attributes={"VisibilityTimeout": "0"})
    line.send("one")
    until(lambda: meeting.came)
    assert line.hidden == 1
    meeting.go.set()
    assert cloud.functions.settle()
    assert (len(meeting.came), len(line)) == (1, 0)


REPORT = """
import meeting
def handler(event, context):
    ids = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": id} for id in ids]}
"""


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("", 1),
        ("    return {'batchItemFailures': []}\n", 0),
        ("    return None\n", 0),
        ("    return {'batchItemFailures': [{}]}\n", 2),
        ("    return {'batchItemFailures': [{'itemIdentifier': 'nobody'}]}\n", 2),
    ],
    ids=["one failed", "none failed", "nothing said", "no identifier", "a stranger"],
)
def test_a_function_may_report_which_messages_of_a_batch_failed(cloud, client, meeting, answer, left):
    source = REPORT if not answer else f"def handler(event, context):\n{answer}"
    line = Line(cloud, client, source, mapped=False, FunctionResponseTypes=["ReportBatchItemFailures"])
    line.send("good", "bad")
    cloud.aws.create_event_source_mapping(**line.mapping)
    assert cloud.functions.settle()
    assert len(line) == left


def test_a_mapping_that_is_off_or_gone_brings_nothing(cloud, client, meeting):
    meeting.go.set()
    line = Line(cloud, client, Enabled=False)
    line.send("one")
    assert cloud.functions.settle() and meeting.came == []
    cloud.aws.update_event_source_mapping(UUID=line.mapped, Enabled=True)
    assert cloud.functions.settle() and bodies(meeting.came) == ["one"]
    cloud.aws.delete_event_source_mapping(UUID=line.mapped)
    line.send("two")
    assert cloud.functions.settle() and bodies(meeting.came) == ["one"]
    assert line.received() == ["two"]


def test_a_function_that_is_gone_leaves_the_messages_where_they_are(cloud, client, meeting):
    line = Line(cloud, client)
    cloud.aws.delete_function(FunctionName="chat")
    line.send("one")
    assert cloud.functions.settle()
    assert line.received() == ["one"]


def test_a_throttled_batch_is_hidden_like_a_failed_one(cloud, client, meeting):
    line = Line(cloud, client, BatchSize=1)
    cloud.aws.put_function_concurrency(FunctionName="chat", ReservedConcurrentExecutions=1)
    line.send("one", "two")
    until(lambda: line.hidden == 2)
    meeting.go.set()
    assert cloud.functions.settle()
    assert (len(meeting.came), len(line)) == (1, 1)


def test_a_delayed_message_comes_when_its_time_has_come(cloud, client, meeting):
    meeting.go.set()
    line = Line(cloud, client)
    line.send("one", DelaySeconds=1)
    assert cloud.functions.settle() and meeting.came == []
    until(lambda: meeting.came)
    assert cloud.functions.settle()


def test_messages_of_a_group_come_in_order_one_batch_after_the_other(cloud, client, meeting):
    meeting.go.set()
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    line = Line(cloud, client, attributes=attributes, name="jobs.fifo", BatchSize=1)
    line.send(*map(str, range(6)), MessageGroupId="room")
    assert cloud.functions.settle()
    assert bodies(meeting.came) == list("012345")
    assert meeting.came[0]["Records"][0]["attributes"]["MessageGroupId"] == "room"


def test_no_message_is_lost_where_many_send_and_others_are_deleted(cloud, client, meeting):
    meeting.go.set()
    line = Line(cloud, client, BatchSize=3)
    senders = [threading.Thread(target=line.send, args=[f"{who}-{n}" for n in range(40)]) for who in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert cloud.functions.settle()
    assert sorted(bodies(meeting.came)) == sorted(f"{who}-{n}" for who in range(4) for n in range(40))
    assert len(line) == 0


def test_whoever_waits_for_messages_keeps_nobody_from_sending(cloud, client):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="plain")["QueueUrl"]
    found = []
    waits = threading.Thread(target=lambda: found.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)))
    waits.start()
    sqs.send_message(QueueUrl=url, MessageBody="one")
    waits.join(10)
    assert [message["Body"] for message in found[0]["Messages"]] == ["one"]


def test_a_stopped_cloud_brings_nothing_more(cloud, client, meeting):
    line = Line(cloud, client, BatchSize=1)
    line.send("one")
    until(lambda: meeting.came)
    cloud.functions.close()
    meeting.go.set()
    line.send("two")
    assert bodies(meeting.came) == ["one"]


def test_moto_has_its_own_ways_back_in_the_end(make_functions):
    first, second = make_functions(), make_functions()
    first.uninstall()
    assert pollers._Queue.add_message is not pollers._stock[0]
    second.uninstall()
    ours = (
        pollers._Queue.add_message,
        pollers._Queue.delete_message,
        pollers._Sqs.receive_message,
        pollers._Lambda.create_event_source_mapping,
        pollers._Lambda.update_event_source_mapping,
    )
    assert ours == pollers._stock


def test_another_moto_is_refused(monkeypatch, make_functions):
    monkeypatch.setitem(pollers.SHAPES, pollers._stock[0], ["self", "message", "more"])
    with pytest.raises(ConfigurationError, match="add_message"):
        make_functions()
