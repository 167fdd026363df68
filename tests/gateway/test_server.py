"""The running gateway: the way of a message, its ports, its threads, its time, and clients that ask too much of it."""

import json
import logging
import re
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor

import pytest
from gateway_kit import (
    API,
    CHAT,
    CLOSE,
    HOST,
    PATH,
    PING,
    PONG,
    TEXT,
    Functions,
    Shelf,
    echo,
    frame,
    function,
    handshake,
    route,
    stage,
    until,
)  # fmt: skip
from websockets.exceptions import ConnectionClosed, InvalidStatus

from upgrade101.gateway import ConfigurationError, Gateway, Limits
from upgrade101.gateway.address import Address
from upgrade101.gateway.definition import Authorizer
from upgrade101.gateway.happenings import Answered, Closed, Invoked, Opened, Sent
from upgrade101.gateway.limits import MESSAGE_BYTES, MESSAGES_IN_FLIGHT
from upgrade101.gateway.line import BUFFERED_BYTES
from upgrade101.gateway.ports import HttpResponse, Outcome

ERROR_FRAME = re.compile(
    r'\{"message": "([^"]+)", "connectionId":"([A-Za-z0-9_-]{15}=)", "requestId":"([A-Za-z0-9_-]{15}=)"\}'
)


def at(connection):
    return Address(API, "dev", ("@connections", connection.connection_id))


def post(running, connection, data):
    return running.gateway.manage("POST", at(connection), data).status


def waiting(event, answer=None):
    """Return a handler whose messages wait for an event."""

    def handler(document):
        if document["requestContext"]["eventType"] == "MESSAGE":
            event.wait(20)
        return answer or echo(document)

    return handler


# ── the way of a message ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_whole_conversation(start, calm):
    running = start()
    with running.connect("?name=Ana") as ws:
        ws.send('{"action": "hello"}')
        assert ws.recv(timeout=10) == '{"action": "hello"}'
        connection = running.the_connection()
        assert post(running, connection, b"psst") == 200
        assert ws.recv(timeout=10) == "psst"
    assert running.gateway.settle()
    assert [type(each).__name__ for each in running.told] == [
        "Knocked", "Invoked", "Answered", "Opened", "Received", "Routed", "Invoked", "Answered", "Sent",
        "Managed", "Sent", "Closed", "Invoked", "Answered",
    ]  # fmt: skip
    assert [each.source_arn.rpartition("/")[2] for each in running.functions.invocations] == [
        "$connect",
        "$default",
        "$disconnect",
    ]
    assert {each.function_arn for each in running.functions.invocations} == {
        "arn:aws:lambda:us-east-1:123456789012:function:probe"
    }
    assert calm() == []


def test_stage_variables_name_functions(start):
    name = "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.fn}"
    running = start(route("$default", function(name)), stage_variables={"fn": "blue"})
    with running.connect() as ws:
        ws.send("hello")
        until(lambda: running.functions.invocations)
    assert running.functions.invocations[0].function_arn.endswith(":function:blue")


@pytest.mark.parametrize("route_key", ["$connect", "$default"])
def test_a_missing_stage_variable_is_a_failure_that_the_log_names(start, calm, route_key):
    name = "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.fn}:live"
    running = start(route(route_key, function(name)), stage_variables={"other": "blue"})
    if route_key == "$connect":
        with pytest.raises(InvalidStatus, match="HTTP 500"), running.connect():
            pass
    else:
        with running.connect() as ws:
            ws.send("hello")
            assert ERROR_FRAME.fullmatch(ws.recv(timeout=10))[1] == "Internal server error"
    (line,) = calm()
    assert line.startswith(f"route {route_key}: the stage has no variable 'fn', which the integration URI arn:aws:")
    assert running.functions.invocations == []


def test_an_alias_may_stand_in_a_stage_variable(start):
    name = "arn:aws:lambda:us-east-1:123456789012:function:blue:${stageVariables.alias}"
    running = start(route("$default", function(name)), stage_variables={"alias": "live"})
    with running.connect() as ws:
        ws.send("hello")
        until(lambda: running.functions.invocations)
    assert running.functions.invocations[0].function_arn.endswith(":function:blue:live")


def test_a_target_in_absolute_form_finds_the_stage(start):
    running = start()
    with running.raw() as client:
        client.send(handshake(f"http://{HOST}/dev", Host="proxy.example"))
        assert client.head().startswith(b"HTTP/1.1 101 ")
    with running.raw() as client:
        client.send(b"GET http://%b/dev HTTP/1.1\r\nHost: proxy.example\r\n\r\n" % HOST.encode())
        assert client.status() == 426


def test_definitions_that_raise_answer_403_and_a_line_in_the_log(start, calm):
    running = start()
    running.shelf.stage = lambda api_id, stage_name: 1 / 0
    for request in (handshake(), b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % PATH.encode()):
        with running.raw() as client:
            client.send(request)
            assert client.status() == 403
    assert calm() == ["the definitions port failed at a1b2c3d4e5/dev: ZeroDivisionError('division by zero')"] * 2


def test_plain_requests_at_a_custom_domain(start):
    running = start()
    running.shelf.domains["ws.example.com"] = {"chat": ("a1b2c3d4e5", "dev")}
    for path, status in (("/chat", 426), ("/", 403), ("/talk", 403), ("/chat/dev", 404)):
        with running.raw() as client:
            client.send(f"GET {path} HTTP/1.1\r\nHost: ws.example.com\r\n\r\n".encode())
            assert client.status() == status, path
    with running.raw() as client:
        client.send(handshake("/chat", Host="ws.example.com"))
        assert client.head().startswith(b"HTTP/1.1 101 ")
    until(lambda: running.functions.events("CONNECT"))
    assert running.functions.events("CONNECT")[0]["requestContext"]["domainName"] == "ws.example.com"


def test_the_host_name_finds_the_stage_as_on_aws(start):
    running = start()
    with running.raw() as client:
        client.send(handshake("/dev", Host=HOST))
        assert client.head().startswith(b"HTTP/1.1 101 ")


def test_an_authorizer_decides(start):
    door = Authorizer("au1", "door", function("door").integration_uri)
    running = start(route("$connect", authorization_type="CUSTOM", authorizer=door), *CHAT[1:])

    def handler(event):
        effect = event["queryStringParameters"].get("token", "Deny")
        statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
        return {"principalId": "ana", "policyDocument": {"Statement": [statement]}}

    running.functions.handlers["door"] = handler
    with pytest.raises(InvalidStatus) as refused, running.connect():
        pass
    assert refused.value.response.status_code == 403
    with running.connect("?token=Allow"):
        assert running.the_connection().authorizer == {"principalId": "ana"}


def test_messages_of_one_connection_run_side_by_side(start):
    running, go = start(), threading.Event()
    running.functions.handlers["slow"] = waiting(go)
    running.shelf.deploy(*CHAT, route("slow", function("slow"), two_way=True))
    with running.connect() as ws:
        ws.send('{"action": "slow"}')
        ws.send("quick")
        assert ws.recv(timeout=10) == "quick"
        go.set()
        assert ws.recv(timeout=10) == '{"action": "slow"}'


def test_an_open_connection_follows_a_redeployment(start):
    running = start()
    with running.connect() as ws:
        running.shelf.deploy(route("echo", two_way=True))
        ws.send("hello")
        assert ERROR_FRAME.fullmatch(ws.recv(timeout=10))[1] == "Forbidden"
        ws.send('{"action": "echo"}')
        assert ws.recv(timeout=10) == '{"action": "echo"}'


def test_delete_says_goodbye(start, calm):
    running = start()
    with running.connect() as ws:
        assert running.gateway.manage("DELETE", at(running.the_connection())).status == 204
        with pytest.raises(ConnectionClosed) as end:
            ws.recv(timeout=10)
        assert (end.value.rcvd.code, end.value.rcvd.reason) == (1000, "Connection Closed Normally")
    assert running.gateway.settle()
    context = running.functions.events("DISCONNECT")[0]["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1000, "Connection Closed Normally")


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_idle_connection_ends_before_advance_returns(start):
    running = start()
    with running.connect() as ws:
        running.gateway.clock.advance(minutes=11)
        assert [(each.code, each.reason, each.by) for each in running.said(Closed)] == [(1001, "Going away", "gateway")]
        assert len(running.functions.events("DISCONNECT")) == 1
        with pytest.raises(ConnectionClosed):
            ws.recv(timeout=10)


def test_a_slow_function_is_timed_out_in_real_time_although_a_later_deadline_was_set_before(start):
    running, go = start(route("$default", function(timeout_millis=50), two_way=True)), threading.Event()
    running.functions.handlers["probe"] = waiting(go)
    with running.connect() as ws:
        ws.send("hello")
        assert ERROR_FRAME.fullmatch(ws.recv(timeout=10))[1] == "Endpoint request timed out"
        go.set()
        ws.send("again")
        assert ws.recv(timeout=10)


def test_idle_and_age_pass_in_real_time_too(start):
    running = start(limits=Limits(idle_seconds=0.2))
    with running.connect() as ws, pytest.raises(ConnectionClosed) as end:
        ws.recv(timeout=10)
    assert (end.value.rcvd.code, end.value.rcvd.reason) == (1001, "Going away")
    running = start(limits=Limits(max_duration_seconds=0.3))
    with running.connect() as ws, pytest.raises(ConnectionClosed) as end:
        while True:
            ws.send("still there?")
            ws.recv(timeout=10)
    assert (end.value.rcvd.code, end.value.rcvd.reason) == (1001, "Going away")


def test_many_jumps_leave_one_timer(start):
    running = start()
    with running.connect():
        timers = []
        for _ in range(40):
            running.gateway.clock.advance(1)
            timers.append(running.gateway._timer)
        alive = {id(timer) for timer in timers if timer is not None and timer.do is not None}
        assert len(alive) <= 2


def test_a_function_on_the_gateways_own_thread_may_advance_the_clock(start):
    def invoke(invocation, done):
        running.gateway.clock.advance(10)
        done(Outcome(echo(invocation.event)))

    running = start(invoke=invoke)
    with running.connect() as ws:
        ws.send("hello")
        assert ws.recv(timeout=10) == "hello"
    assert running.said(Answered)[0].seconds >= 10


def test_a_handler_on_another_thread_may_advance_the_clock(start):
    running = start()

    def handler(event):
        if event["requestContext"]["eventType"] == "MESSAGE":
            running.gateway.clock.advance(30)
        return echo(event)

    running.functions.handlers["probe"] = handler
    with running.connect() as ws:
        ws.send("hello")
        assert ERROR_FRAME.fullmatch(ws.recv(timeout=10))[1] == "Endpoint request timed out"


def test_many_threads_may_advance_the_clock(start):
    running = start()
    with running.connect() as ws, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: running.gateway.clock.advance(70), range(24)))
        with pytest.raises(ConnectionClosed):
            ws.recv(timeout=10)
    assert len(running.said(Closed)) == 1


# ── threads ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_post_overtakes_the_101(start):
    running = start(*CHAT[1:])
    pool = ThreadPoolExecutor(4)

    def welcome(happening):
        if isinstance(happening, Opened):
            one = running.gateway.core.connections[happening.connection_id]
            pool.submit(post, running, one, b"welcome")

    running.gateway.watch(welcome)
    with pool:
        for _ in range(150):
            with running.upgraded() as client:
                assert client.frame() == (TEXT, b"welcome")


def test_posts_of_many_threads_all_arrive_and_each_thread_keeps_its_order(start):
    running = start()
    with running.connect() as ws, ThreadPoolExecutor(8) as pool:
        connection = running.the_connection()
        told = running.told

        def talk(name):
            for n in range(200):
                assert post(running, connection, f"{name} {n}".encode()) == 200

        talking = [pool.submit(talk, name) for name in "abcdefgh"]
        heard = [ws.recv(timeout=10) for _ in range(1600)]
        for one in talking:
            one.result()
    for name in "abcdefgh":
        assert [each for each in heard if each.startswith(name)] == [f"{name} {n}" for n in range(200)]
    assert heard == [each.text for each in told if isinstance(each, Sent)]


def test_after_settle_everything_has_been_written(start):
    running = start()
    with running.upgraded() as client:
        connection = running.the_connection()
        client.socket.setblocking(False)
        for n in range(300):
            post(running, connection, b"%03d" % n)
            assert running.gateway.settle()
            assert client.socket.recv(100) == b"\x81\x03%03d" % n


def test_after_settle_every_reply_has_been_written(start):
    running = start()
    with running.upgraded() as client:
        for n in range(200):
            client.send(frame(TEXT, b"%03d" % n))
            assert running.gateway.settle()
            assert client.socket.recv(100, socket.MSG_DONTWAIT) == b"\x81\x03%03d" % n


def test_before_settle_every_message_that_was_sent_is_read(start):
    running = start()
    with running.connect(max_queue=None) as ws:
        for n in range(1, 30):
            ws.send("x" * 30_000)
            ws.send("y")
            assert running.gateway.settle()
            assert len(running.said(Answered)) == 2 * n + 1  # one for $connect


def test_settle_says_when_it_is_not_so(start):
    running, go = start(), threading.Event()
    running.functions.handlers["probe"] = waiting(go)
    with running.connect() as ws:
        ws.send("hello")
        until(lambda: len(running.said(Invoked)) == 2)
        assert not running.gateway.settle(0.05)
        go.set()
        assert running.gateway.settle(10)
        assert ws.recv(timeout=10) == "hello"


def test_settle_waits_for_the_goodbye(start):
    running = start()
    for n in range(30):
        with running.connect():
            pass
        assert running.gateway.settle()
        assert len(running.functions.events("DISCONNECT")) == n + 1


# ── ports that misbehave ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_invoke_port_that_raises(start, calm):
    def invoke(invocation, done):
        if invocation.event["requestContext"]["eventType"] == "MESSAGE":
            raise RuntimeError("no such function")
        done(Outcome({"statusCode": 200}))

    running = start(invoke=invoke)
    with running.connect() as ws:
        for _ in range(2):
            ws.send("hello")
            assert ERROR_FRAME.fullmatch(ws.recv(timeout=10))[1] == "Internal server error"
    assert calm() == ["the invoke port failed at probe: RuntimeError('no such function')"] * 2


def test_an_invoke_port_that_raises_at_the_door(start, calm):
    with start(invoke=lambda invocation, done: 1 / 0).raw() as client:
        client.send(handshake())
        assert client.status() == 500
    assert len(calm()) == 1


def test_an_invoke_port_that_never_answers(start, calm):
    running = start(invoke=lambda invocation, done: None)
    with running.raw() as client:
        client.send(handshake())
        until(lambda: running.said(Invoked))
        running.gateway.clock.advance(29)
        assert client.status() == 504
    assert calm() == []


def test_an_invoke_port_that_answers_twice(start, calm):
    def invoke(invocation, done):
        done(Outcome(echo(invocation.event)))
        done(Outcome(echo(invocation.event)))
        threading.Thread(target=done, args=(Outcome(None),)).start()

    running = start(invoke=invoke)
    with running.connect() as ws:
        for n in range(20):
            ws.send(str(n))
        assert [ws.recv(timeout=10) for _ in range(20)] == [str(n) for n in range(20)]
        assert running.the_connection().in_flight == 0
    assert calm() == []


def test_an_invoke_port_that_answers_and_then_raises(start, calm):
    def invoke(invocation, done):
        done(Outcome(echo(invocation.event)))
        raise RuntimeError("too late")

    with start(invoke=invoke).connect() as ws:
        ws.send("hello")
        assert ws.recv(timeout=10) == "hello"
    assert set(calm()) == {"the invoke port failed at probe: RuntimeError('too late')"}


@pytest.mark.parametrize(
    "http, status, message",
    [
        (lambda request: 1 / 0, 500, "Internal server error"),
        (lambda request: HttpResponse(200, b"", [("X", "a\r\nb")]), 500, "Internal server error"),
        (lambda request: HttpResponse(7), 500, "Internal server error"),
        (lambda request: None, 404, "Not Found"),
    ],
)
def test_an_http_port_that_misbehaves(start, calm, bystander, http, status, message):
    running = start(http=http)
    bystander(running)
    with running.raw() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        got, _, body = client.response()
        assert (got, json.loads(body)) == (status, {"message": message})
    assert len(calm()) == (status == 500)
    bystander(running)


def test_slow_http_answers_keep_nobody_waiting(start, bystander):
    go = threading.Event()
    running = start(http=lambda request: go.wait(20) and HttpResponse(200, b"late"))
    clients = [running.raw() for _ in range(20)]
    for client in clients:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    bystander(running)
    go.set()
    for client in clients:
        assert client.response()[2] == b"late"
        client.socket.close()


def test_what_a_handler_does_to_its_event_no_observer_sees(start):
    def invoke(invocation, done):
        invocation.event["requestContext"].clear()
        done(Outcome({"statusCode": 200, "body": "done"}))

    running = start(invoke=invoke)
    events = []
    running.gateway.watch(lambda happening: events.append(happening) if isinstance(happening, Invoked) else None)
    with running.connect() as ws:
        ws.send("hello")
        assert ws.recv(timeout=10) == "done"
    assert {event.event["requestContext"]["eventType"] for event in events} >= {"CONNECT", "MESSAGE"}


def test_an_observer_that_raises_disturbs_nobody(start, calm):
    running = start()
    running.gateway.watch(lambda happening: 1 / 0)
    with running.connect() as ws:
        ws.send("hello")
        assert ws.recv(timeout=10) == "hello"
    running.gateway.settle()
    assert len(calm()) == len(running.told)


def test_a_traceback_is_there_for_who_asks_for_detail(start, caplog):
    caplog.set_level(logging.DEBUG, "upgrade101.gateway")
    with start(invoke=lambda invocation, done: 1 / 0).raw() as client:
        client.send(handshake())
        assert client.status() == 500
    (line,) = [one for one in caplog.records if one.exc_info]
    assert line.exc_info[0] is ZeroDivisionError
    line.exc_info = None  # or the fixture would find it


# ── clients that ask too much ────────────────────────────────────────────────────────────────────────────────────────


def test_a_client_that_does_not_read(start, calm, bystander):
    running = start()
    bystander(running)
    (other,) = running.gateway.core.connections
    with running.raw() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.send(handshake())
        client.head()
        connection = next(one for one in running.gateway.core.connections.values() if one.connection_id != other)
        accepted = 0
        refused = []
        while len(refused) < 20:  # the kernel takes more after a moment
            response = running.gateway.manage("POST", at(connection), b"%06d" % accepted + b"x" * 60_000)
            if response.status == 200:
                accepted += 1
            else:
                refused.append((response.status, dict(response.headers)["x-amzn-ErrorType"]))
                time.sleep(0.01)
        assert set(refused) == {(429, "LimitExceededException")}
        assert accepted * 60_000 < BUFFERED_BYTES + 20_000_000
        running.gateway.settle()
        assert connection.line.transport.unsent < BUFFERED_BYTES + 1_000_000
        bystander(running)
        assert running.gateway.manage("GET", at(connection)).status == 200
        for n in range(accepted):
            assert client.frame()[1][:6] == b"%06d" % n
        until(lambda: post(running, connection, b"better now") == 200)
        assert client.frame() == (TEXT, b"better now")
    assert calm() == []


@pytest.mark.parametrize(
    "data", [frame(PING, b"x" * 125), frame(TEXT, b'{"action": "nosuch"}')], ids=["pings", "errors"]
)
def test_who_talks_without_reading_is_not_read_either(start, bystander, data):
    running = start(route("echo", two_way=True), route("$disconnect"))
    with running.raw() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.send(handshake())
        client.head()
        connection = running.the_connection()
        its_end = connection.line.transport._socket
        its_end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)  # or it takes megabytes to fill
        client.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            for _ in range(10_000):
                client.send(data * 1000)
        assert connection.line.transport.unsent < 2_000_000
        assert len(connection.line.arrived) * len(data) < 2_000_000
        assert running.gateway.manage("DELETE", at(connection)).status == 204


def test_a_client_that_floods_is_held_back_and_every_message_counts(start, bystander):
    held, seen, most, holding = deque(), [], [0], [True]

    def invoke(invocation, done):
        if invocation.event["requestContext"]["routeKey"] != "quiet":
            return done(Outcome(echo(invocation.event)))
        seen.append(json.loads(invocation.event["body"])["n"])
        held.append(done)
        most[0] = max(most[0], len(held))
        return None if holding[0] else held.popleft()(Outcome({"statusCode": 200, "body": "unheard"}))

    running = start(invoke=invoke)
    with running.upgraded() as client:
        data = b"".join(frame(TEXT, b'{"action": "quiet", "n": %d}' % n) for n in range(5000))
        talking = threading.Thread(target=client.send, args=(data,))
        talking.start()
        until(lambda: len(held) == MESSAGES_IN_FLIGHT)
        for _ in range(3):
            bystander(running)
        assert len(seen) == most[0] == MESSAGES_IN_FLIGHT
        for _ in range(500):  # one after the other, from outside
            until(lambda: held).popleft()(Outcome({"statusCode": 200, "body": "unheard"}))
        assert most[0] == MESSAGES_IN_FLIGHT
        holding[0] = False
        while held:
            held.popleft()(Outcome({"statusCode": 200}))
        talking.join(20)
        client.send(frame(PING, b"done"))
        assert client.frame() == (PONG, b"done")
    until(lambda: len(seen) == 5000)  # the last may be just about to be called
    assert seen == list(range(5000))
    assert running.gateway.settle(20)
    bystander(running)


def test_a_flood_of_questions_gets_every_answer(start):
    running = start()
    with running.upgraded() as client:
        data = b"".join(frame(TEXT, b"%05d" % n) for n in range(2000))
        talking = threading.Thread(target=client.send, args=(data,))
        talking.start()
        heard = {client.frame()[1] for _ in range(2000)}
        talking.join(20)
    assert heard == {b"%05d" % n for n in range(2000)}


def test_a_flood_ends_with_its_client(start, calm):
    running, go = start(), threading.Event()
    running.functions.handlers["probe"] = waiting(go)
    client = running.upgraded()
    client.send(frame(TEXT, b"hello") * 1000)
    until(lambda: running.the_connection().in_flight >= MESSAGES_IN_FLIGHT)
    client.vanish()
    go.set()
    until(lambda: not running.gateway.core.connections)
    assert running.gateway.settle(20)
    assert len(running.functions.events("DISCONNECT")) == 1
    assert calm() == []


def test_two_hundred_connections_close_at_once(start, calm):
    running = start()
    clients = [running.raw() for _ in range(200)]
    for client in clients:
        client.send(handshake())
    for client in clients:
        assert client.head().startswith(b"HTTP/1.1 101 ")
    for n, client in enumerate(clients):
        if n % 2:
            client.vanish()
        else:
            client.send(frame(CLOSE, b"\x03\xe8"))
            client.socket.close()
    until(lambda: not running.gateway.core.connections)
    assert running.gateway.settle(20)
    told = Counter(each.connection_id for each in running.said(Closed))
    said = Counter(each["requestContext"]["connectionId"] for each in running.functions.events("DISCONNECT"))
    assert told == said
    assert (len(told), max(told.values())) == (200, 1)
    assert len(running.gateway.core._deadlines) == 0
    until(lambda: not running.gateway._lines)
    assert calm() == []


def test_two_hundred_connections_are_idle_at_once(start):
    running = start(*CHAT[1:])
    clients = [running.upgraded() for _ in range(200)]
    advance = threading.Thread(target=running.gateway.clock.advance, kwargs={"minutes": 11})
    advance.start()
    for client in clients:
        assert client.closed() == (1001, "Going away")
        client.send(frame(CLOSE, b"\x03\xe9"))
        client.socket.close()
    advance.join(20)
    until(lambda: len(running.functions.events("DISCONNECT")) == 200)


def test_a_message_of_128_kb_comes_back(start):
    with start().connect() as ws:
        message = "x" * MESSAGE_BYTES
        ws.send(message[at : at + 32_768] for at in range(0, MESSAGE_BYTES, 32_768))
        assert ws.recv(timeout=10) == message


# ── starting and stopping ────────────────────────────────────────────────────────────────────────────────────────────


def gateway(**options):
    return Gateway(Shelf(stage(*CHAT)), lambda invocation, done: done(Outcome(echo(invocation.event))), **options)


def threads():
    return [each for each in threading.enumerate() if each.name.startswith("upgrade101-gateway")]


def talk(one):
    """Have one conversation with a gateway."""
    with socket.create_connection(("127.0.0.1", one.port), timeout=10) as client:
        client.sendall(handshake() + frame(TEXT, b"hello"))
        read = b""
        while not read.endswith(b"\x81\x05hello"):
            more = client.recv(1000)
            assert more
            read += more


def test_a_port_in_use_says_so_and_what_to_do(calm):
    with gateway() as first:
        with pytest.raises(ConfigurationError, match=f"nothing can listen at 127.0.0.1:{first.port}") as refused:
            gateway().start(port=first.port)
        assert "--port" in refused.value.hint
        talk(first)


@pytest.mark.parametrize("where", [{"port": 70_000}, {"port": -1}, {"host": "256.256.256.256"}, {"host": "x" * 300}])
def test_where_nobody_can_listen_it_says_so(calm, where):
    with pytest.raises(ConfigurationError, match="nothing can listen at"):
        gateway().start(**where)
    assert threads() == []


def test_after_a_failed_start_it_may_start_elsewhere(calm):
    one = gateway()
    with pytest.raises(ConfigurationError):
        one.start(port=70_000)
    with one:
        talk(one)


def test_start_and_stop_twice(calm):
    one = gateway()
    assert one.start() is one
    port = one.port
    assert one.start() is one
    assert (one.port, len(threads())) == (port, 1)
    talk(one)
    one.stop()
    one.stop()
    assert threads() == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_its_workers_end_with_it(calm):
    with gateway(http=lambda request: None) as one, socket.create_connection(("127.0.0.1", one.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 404 ")
    until(lambda: not [each for each in threading.enumerate() if each.name.startswith("upgrade101-http")])


def test_stop_without_start(calm):
    gateway().stop()


def test_it_may_be_started_again_and_forgets_nothing_it_needs(calm):
    functions = Functions()
    one = Gateway(Shelf(stage(route("$default", function(timeout_millis=50)))), functions)
    go = threading.Event()
    functions.handlers["probe"] = waiting(go)
    for _ in range(3):
        with one, socket.create_connection(("127.0.0.1", one.port), timeout=10) as client:
            client.sendall(handshake() + frame(TEXT, b"hello"))
            read = b""
            while b"Endpoint request timed out" not in read:
                more = client.recv(1000)
                assert more
                read += more
        assert one.core.connections == {}
    go.set()
    functions.stop()


def test_it_starts_where_it_is_told(calm):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    one = gateway().start(port=port)
    assert (one.host, one.port) == ("127.0.0.1", port)
    one.stop()


def test_clients_see_1001_when_it_stops(start, calm):
    running = start()
    clients = [running.upgraded() for _ in range(5)]
    running.gateway.stop()
    for client in clients:
        assert client.closed() == (1001, "Going away")
        assert client.hung_up()
        client.socket.close()
    assert [(each.code, each.by) for each in running.said(Closed)] == [(1001, "gateway")] * 5
    assert running.functions.events("DISCONNECT") == []
    assert running.gateway.core.connections == {}


def test_it_stops_with_everything_under_way(start, calm):
    go = threading.Event()
    running = start(http=lambda request: go.wait(20) and HttpResponse(200))
    running.functions.handlers["probe"] = waiting(go)
    talking, asking, knocking, half, mute = (running.raw() for _ in range(5))
    mute.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    for client in (talking, mute):
        client.send(handshake())
        client.head()
    talking.send(frame(TEXT, b"hello"))
    asking.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    half.send(b"GET / HT")
    for connection in list(running.gateway.core.connections.values()):
        while post(running, connection, b"x" * 100_000) == 200:
            pass
    running.shelf.deploy(route("$connect", function("slow")))
    running.functions.handlers["slow"] = lambda event: go.wait(20) and echo(event)
    knocking.send(handshake())
    until(lambda: len(running.gateway.core.connections) == 3)
    running.gateway.stop()
    assert threads() == []
    go.set()
    for client in (talking, asking, knocking, half, mute):
        client.rest()
        client.socket.close()


def test_what_is_said_after_it_stopped_goes_nowhere(start, calm):
    running = start()
    with running.connect():
        connection = running.the_connection()
        running.gateway.stop()
    assert running.gateway.manage("POST", at(connection), b"x").status == 410
    running.gateway.clock.advance(minutes=11)
    assert running.gateway.settle()


def test_connections_may_come_while_it_stops(calm):
    for _ in range(10):
        one = gateway().start()
        gone = threading.Event()

        def storm(port=one.port, gone=gone):
            while not gone.is_set():
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                        client.sendall(handshake(PATH))
                        client.recv(100)
                except OSError:
                    pass

        storming = [threading.Thread(target=storm) for _ in range(4)]
        for each in storming:
            each.start()
        talk(one)
        one.stop()
        gone.set()
        for each in storming:
            each.join(20)
        assert threads() == []


def test_it_runs_beside_nest_asyncio(tmp_path):
    """A lesson that shows ``asyncio.run`` inside Jupyter patches asyncio for the whole process."""
    script = tmp_path / "lesson.py"
    script.write_text(
        textwrap.dedent(
            """
            import asyncio, sys
            import nest_asyncio2
            from websockets.sync.client import connect

            sys.path.insert(0, sys.argv[1])
            from gateway_kit import CHAT, PATH, Functions, Shelf, stage
            from upgrade101.gateway import Gateway

            def lesson():
                with connect(f"ws://127.0.0.1:{one.port}{PATH}") as ws:
                    ws.send("hello")
                    return ws.recv(timeout=10)

            async def main():
                nest_asyncio2.apply()
                with Gateway(Shelf(stage(*CHAT)), functions) as other:
                    global one
                    one = other
                    assert lesson() == "hello"
                return await asyncio.to_thread(lambda: "done")

            functions = Functions()
            with Gateway(Shelf(stage(*CHAT)), functions) as one:
                assert lesson() == "hello"
                before = one
                assert asyncio.run(main()) == "done"
                one = before
                assert lesson() == "hello"
            functions.stop()
            print("fine")
            """
        )
    )
    here = str(__file__).rpartition("test_server")[0]
    done = subprocess.run([sys.executable, str(script), here], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("fine\n", "")
