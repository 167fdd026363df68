"""Functions that run in the thread which attends to the gateway's sockets: it is quicker, and nobody else notices."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

import pytest
from house_kit import House, until, zip_of

ECHO = """
import json, os, sqlite3, sys, threading, time

store = sqlite3.connect(":memory:")  # SQLite refuses to be used from another thread than this one
store.execute("CREATE TABLE seen (text TEXT)")

def handler(event, context):
    asked = json.loads(event["body"])
    store.execute("INSERT INTO seen VALUES (?)", [event["body"]])
    seen = store.execute("SELECT count(*) FROM seen").fetchone()[0]
    said = {"thread": threading.get_ident(), "seen": seen}
    if asked.get("wait"):
        import meeting
        meeting.came.append(asked["wait"])
        meeting.go.wait(30)
    if asked.get("sleep"):
        time.sleep(asked["sleep"])
    if asked.get("raise"):
        raise ValueError(asked["raise"])
    if asked.get("exit"):
        sys.exit(3)
    if asked.get("name"):
        os.environ["NAME"] = asked["name"]
        print(asked["name"])
    if asked.get("post"):
        import boto3
        context = event["requestContext"]
        boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{context['domainName']}/{context['stage']}"
            ).post_to_connection(ConnectionId=context["connectionId"], Data=asked["post"])
    return {"statusCode": 200, "body": json.dumps(said)}
"""


class Talk:
    """A client of a function that answers each message."""

    def __init__(self, house: House, **settings: Any) -> None:
        self.house = house
        self.api_id = house.api({"$default": house.create(ECHO, **settings)}, two_way=("$default",))
        self.ws = house.connect(self.api_id)

    def ask(self, **asked: Any) -> Any:
        self.ws.send(json.dumps(asked))
        return self.hear()

    def hear(self) -> Any:
        return json.loads(self.ws.recv(timeout=30))

    def warm(self) -> int:
        """Ask until the function's own thread leads; return its identifier."""
        until(lambda: self.house.cloud.gateway.loop.leads(self.ask()["thread"]))
        return int(self.ask()["thread"])


@pytest.fixture
def talk(house):
    talk = Talk(house)
    with talk.ws:
        yield talk


def test_a_function_that_is_asked_again_and_again_runs_where_its_messages_arrive(talk):
    thread = talk.warm()
    answers = [talk.ask() for _ in range(20)]
    assert {answer["thread"] for answer in answers} == {thread}  # and SQLite never complained
    assert talk.house.cloud.gateway.loop.leads(thread)
    assert len(talk.house.streams()) == 1


def test_nobody_waits_for_a_function_that_hangs(talk, meeting):
    thread = talk.warm()
    with talk.house.connect(talk.api_id) as other:
        talk.ws.send('{"wait": "here"}')
        until(lambda: meeting.came)
        other.send("{}")
        answer = json.loads(other.recv(timeout=30))
        assert answer["thread"] != thread  # a second environment, for the first is busy
        assert answer["seen"] == 1
        meeting.go.set()
        assert talk.hear()["thread"] == thread
        assert talk.ask()["seen"] > 1


def test_messages_that_came_together_are_not_held_up_by_the_first(talk, meeting):
    talk.warm()
    frames = [json.dumps({"wait": "here"}), *["{}"] * 5]
    with talk.ws.protocol_mutex:
        for text in frames:
            talk.ws.protocol.send_text(text.encode())
        talk.ws.send_data()  # in one piece
    others = [talk.hear() for _ in range(5)]
    assert meeting.came == ["here"]
    meeting.go.set()
    assert talk.hear()["thread"] not in {answer["thread"] for answer in others}


def test_one_that_takes_long_does_not_lead(talk):
    thread = talk.warm()
    for _ in range(3):
        talk.ask(sleep=0.02)
    until(lambda: not talk.house.cloud.gateway.loop.leads(thread))
    assert talk.ask(sleep=0.02)["thread"] == thread


def test_what_it_raises_reaches_its_own_client_only(talk):
    thread = talk.warm()
    assert talk.ask(**{"raise": "dropped"})["message"] == "Internal server error"
    assert talk.ask()["thread"] == thread
    assert any("ValueError: dropped" in line for line in talk.house.log())


def test_who_leaves_python_leaves_the_lead(talk):
    thread = talk.warm()
    assert talk.ask(exit=True)["message"] == "Internal server error"
    answer = talk.ask()
    assert answer["thread"] != thread or answer["seen"] == 1
    assert len(talk.house.streams()) == 2
    talk.warm()


def test_one_that_times_out_is_given_up_and_the_loop_goes_on(house, meeting):
    talk = Talk(house, Timeout=1)
    with talk.ws, house.connect(talk.api_id) as other:
        thread = talk.warm()
        talk.ws.send('{"wait": "for ever"}')
        until(lambda: meeting.came)
        other.send("{}")
        assert json.loads(other.recv(timeout=30))["thread"] != thread
        assert talk.hear()["message"] == "Internal server error"
        assert talk.ask()["seen"] >= 1
        assert any("Task timed out after 1.00 seconds" in line for line in house.log())


def test_it_speaks_first_from_there(talk):
    talk.warm()
    talk.ws.send('{"post": "hello"}')
    assert talk.ws.recv(timeout=30) == "hello"
    assert talk.hear()["seen"] > 1


def test_what_it_sets_and_prints_is_its_own(talk, capsys):
    thread = talk.warm()
    talk.ask(name="Ana")
    assert talk.ask()["thread"] == thread
    assert "NAME" not in os.environ
    assert any("Ana" in line for line in talk.house.log())
    assert "Ana" not in capsys.readouterr().out
    seen: list[Any] = []
    stop = talk.house.cloud.gateway.watch(lambda happening: seen.append((os.environ.get("NAME"), sys.stdout)))
    talk.ask()
    stop()
    assert {name for name, _ in seen} == {None}  # observers are not inside it, although its thread calls them


def test_it_is_invoked_from_outside_while_it_leads(talk):
    thread = talk.warm()
    answer = talk.house.cloud.functions.invoke("chat", {"body": "{}"})
    assert json.loads(answer.result["body"])["thread"] == thread
    assert talk.ask()["thread"] == thread


def test_reserved_concurrency_holds_nobody_up(talk, meeting):
    talk.house.aws("lambda").put_function_concurrency(FunctionName="chat", ReservedConcurrentExecutions=1)
    talk.warm()
    with talk.house.connect(talk.api_id) as other:
        talk.ws.send('{"wait": "here"}')
        until(lambda: meeting.came)
        other.send("{}")
        assert json.loads(other.recv(timeout=30))["message"] == "Internal server error"  # throttled, and at once
        meeting.go.set()
        assert talk.hear()["seen"] > 1


def test_new_code_takes_over_from_who_leads(talk):
    thread = talk.warm()
    source = ECHO.replace('"seen": seen', '"seen": -1')
    talk.house.aws("lambda").update_function_code(FunctionName="chat", ZipFile=zip_of(source))
    assert talk.ask()["seen"] == -1
    until(lambda: thread not in {one.ident for one in threading.enumerate()})
    talk.warm()


def test_two_functions_take_turns_without_the_lead_going_to_and_fro(house):
    first, second = house.create(ECHO, name="one"), house.create(ECHO, name="two")
    api_id = house.api({"one": first, "two": second}, two_way=("one", "two"))
    with house.connect(api_id) as ws:
        for _ in range(30):
            assert house.ask(ws, "one")["seen"]
            assert house.ask(ws, "two")["seen"]
        loop = house.cloud.gateway.loop
        assert loop.leads(house.cloud.gateway._thread.ident)


def test_a_crowd_that_comes_at_once(talk):
    talk.warm()
    clients = [talk.house.connect(talk.api_id) for _ in range(20)]
    for _ in range(10):
        for client in clients:
            client.send("{}")
        for client in clients:
            assert json.loads(client.recv(timeout=30))["seen"]
    for client in clients:
        client.close()


def test_it_ends_with_the_cloud(house):
    talk = Talk(house)
    talk.warm()
    house.close()
    until(lambda: not [one for one in threading.enumerate() if one.name.startswith(("lambda ", "upgrade101-gateway"))])
    with pytest.raises(Exception, match=r"1001|going away|no close frame"):
        talk.ws.recv(timeout=5)
