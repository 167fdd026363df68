"""Reserved concurrency: what boto3 and what a WebSocket's clients meet when no more invocations may run."""

import json
import threading

import pytest
from house_kit import until
from websockets.exceptions import InvalidStatus

WAIT = """
import meeting
def handler(event, context):
    if isinstance(event, dict) and "wait" in event.get("body", ""):
        meeting.came.append(context.aws_request_id)
        meeting.go.wait(20)
    return {"statusCode": 200, "body": "done"}
"""


@pytest.fixture
def chat(house, meeting):
    """An API whose function can be made to wait."""
    arn = house.create(WAIT, Timeout=30)
    return house.api({"$connect": arn, "say": arn}, two_way=("say",))


def reserve(house, count):
    house.aws("lambda").put_function_concurrency(FunctionName="chat", ReservedConcurrentExecutions=count)


def test_none_at_all_refuses_every_client_until_it_is_lifted(house, chat, caplog):
    reserve(house, 0)
    with pytest.raises(InvalidStatus) as refused:
        house.connect(chat)
    assert refused.value.response.status_code == 500
    assert "no more than 0 invocations of it may run at once" in caplog.messages[-1]
    assert house.streams() == []
    house.aws("lambda").delete_function_concurrency(FunctionName="chat")
    with house.connect(chat) as ws:
        assert house.text(ws, "say") == "done"
        reserve(house, 0)
        assert house.ask(ws, "say")["message"] == "Internal server error"


def test_as_many_as_are_reserved_run_and_the_next_is_not_invoked(house, chat, meeting):
    with house.connect(chat) as ana, house.connect(chat) as ben, house.connect(chat) as cleo:
        reserve(house, 2)
        for ws in (ana, ben):
            ws.send(json.dumps({"action": "say", "wait": True}))
        until(lambda: len(meeting.came) == 2)
        assert house.ask(cleo, "say")["message"] == "Internal server error"
        meeting.go.set()
        assert [ws.recv(timeout=20) for ws in (ana, ben)] == ["done", "done"]
        assert house.text(cleo, "say") == "done"


def test_what_runs_on_old_code_counts(house, chat, meeting):
    with house.connect(chat) as ana:
        reserve(house, 1)
        ana.send(json.dumps({"action": "say", "wait": True}))
        until(lambda: meeting.came)
        house.aws("lambda").update_function_configuration(FunctionName="chat", Description="new", Timeout=29)
        with pytest.raises(house.aws("lambda").exceptions.TooManyRequestsException) as throttled:
            house.aws("lambda").invoke(FunctionName="chat")
        assert throttled.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        meeting.go.set()
        assert ana.recv(timeout=20) == "done"
    assert house.aws("lambda").invoke(FunctionName="chat")["StatusCode"] == 200


def test_versions_share_what_is_reserved(house, chat, meeting):
    functions = house.aws("lambda")
    functions.publish_version(FunctionName="chat")
    reserve(house, 1)
    with house.connect(chat) as ana:
        ana.send(json.dumps({"action": "say", "wait": True}))
        until(lambda: meeting.came)
        with pytest.raises(functions.exceptions.TooManyRequestsException):
            functions.invoke(FunctionName="chat:1")
        meeting.go.set()
        ana.recv(timeout=20)
    assert functions.invoke(FunctionName="chat:1")["StatusCode"] == 200


def test_never_more_than_reserved_however_many_come_at_once(house, chat, meeting):
    reserve(house, 3)
    outcomes = []
    invoke, event = house.cloud.functions, json.dumps({"body": "wait"})
    arn = house.aws("lambda").get_function(FunctionName="chat")["Configuration"]["FunctionArn"]

    def one():
        try:
            outcomes.append(invoke.invoke(arn, json.loads(event)).error)
        except Exception as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    until(lambda: outcomes.count("Throttled") == 9)
    meeting.go.set()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["", "", "", *["Throttled"] * 9]
