"""Rows of docs/parity.md that no other test proves."""

import json

import pytest
from gateway_kit import API, PING, PONG, STAGE, TEXT, Front, frame, function, route, stage, the_call, the_refusal

from upgrade101.gateway.address import Address
from upgrade101.gateway.calls import Accept, Purpose, Send
from upgrade101.gateway.definition import Authorizer, Integration
from upgrade101.gateway.management import manage

OK = {"statusCode": 200}
ALLOW = {
    "principalId": "ana",
    "policyDocument": {"Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]},
}


def door(name):
    """Return a $connect route that this authorizer guards."""
    keeper = Authorizer(f"au-{name}", name, function(name).integration_uri)
    return route("$connect", authorization_type="CUSTOM", authorizer=keeper)


# ── the URL ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_region_in_the_host_name_is_not_compared():
    front = Front(route("$connect"))
    elsewhere = f"{API}.execute-api.eu-central-1.amazonaws.com"
    assert the_call(front.knock(host=elsewhere)).connection.domain_name == stage().domain_name


# ── $connect ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_body_of_a_two_way_connect_route_reaches_nobody():
    front = Front(route("$connect", two_way=True))
    call = the_call(front.knock())
    assert front.answer(call, OK | {"body": "welcome"}) == [Accept(call.connection, "")]


def test_an_authorizer_is_asked_once():
    front = Front(door("first"), route("$default"), route("$disconnect"))
    connect = the_call(front.answer(the_call(front.knock()), ALLOW))
    front.answer(connect, OK)
    message = the_call(front.core.received(connect.connection, "hello"))
    goodbye = the_call(front.core.ended(connect.connection, 1001, "", "client"))
    assert [call.purpose for call in (message, goodbye)] == [Purpose.MESSAGE, Purpose.DISCONNECT]


def test_an_authorizer_is_asked_for_every_connection():
    front = Front(door("first"), route("$default"))
    for _ in range(2):
        assert the_call(front.knock("/dev?token=the-same")).purpose is Purpose.AUTHORIZE


def test_another_authorizer_changes_nothing_for_who_is_in():
    front = Front(door("first"), route("$default"))
    connect = the_call(front.answer(the_call(front.knock()), ALLOW))
    front.answer(connect, OK)
    front.shelf.deploy(door("second"), route("$default"))
    message = the_call(front.core.received(connect.connection, "hello"))
    assert (message.purpose, message.event["requestContext"]["authorizer"]) == (Purpose.MESSAGE, {"principalId": "ana"})
    assert the_call(front.knock()).target == "second"


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_connected_at_is_the_same_in_every_event_of_a_connection():
    front = Front(route("$connect"), route("$default"), route("$disconnect"))
    connect = the_call(front.knock())
    front.answer(connect, OK)
    front.clock.advance(5)
    message = the_call(front.core.received(connect.connection, "hello"))
    front.clock.advance(5)
    goodbye = the_call(front.core.ended(connect.connection, 1001, "", "client"))
    contexts = [call.event["requestContext"] for call in (connect, message, goodbye)]
    assert len({context["connectedAt"] for context in contexts}) == 1
    assert [context["requestTimeEpoch"] - context["connectedAt"] for context in contexts] == [0, 5000, 10_000]


# ── routes and integrations ──────────────────────────────────────────────────────────────────────────────────────────


def test_routes_may_share_an_integration():
    shared = function("shared")
    front = Front(route("join", shared), route("leave", shared))
    connection = front.accepted()
    for key in ("join", "leave"):
        call = the_call(front.core.received(connection, json.dumps({"action": key})))
        assert (call.route_key, call.target) == (key, "shared")


@pytest.mark.parametrize("status", [301, 401, 500, 501])
def test_a_status_on_a_one_way_route_tells_the_client_nothing(status):
    front = Front(route("$default"))
    connection = front.accepted()
    assert front.answer(the_call(front.core.received(connection, "hello")), {"statusCode": status}) == []
    assert connection.is_open


def test_an_error_frame_names_the_request_of_the_event():
    front = Front(route("$default"))
    call = the_call(front.core.received(front.accepted(), "hello"))
    (send,) = front.answer(call, None)
    assert json.loads(send.text)["requestId"] == call.event["requestContext"]["requestId"]


def test_a_function_that_was_timed_out_may_still_post():
    front = Front(route("$default"))
    connection = front.accepted()
    the_call(front.core.received(connection, "hello"))
    front.clock.advance(29)
    (timed_out,) = front.core.due()
    assert json.loads(timed_out.text)["message"] == "Endpoint request timed out"
    here = Address(API, STAGE, ("@connections", connection.connection_id))
    response, actions = manage(front.core, "POST", here, b"late, but here")
    assert (response.status, actions) == (200, [Send(connection, "late, but here")])


def test_posting_to_oneself_inside_the_authorizer_is_gone():
    front = Front(door("first"))
    call = the_call(front.knock())
    here = Address(API, STAGE, ("@connections", call.connection.connection_id))
    assert manage(front.core, "POST", here, b"welcome")[0].status == 410
    assert the_refusal(front.answer(call, None))[0] == 500


def test_a_gateway_without_a_fetch_port_says_what_to_give_it(start, calm):
    running = start(route("$default", Integration("i", "HTTP_PROXY", "http://127.0.0.1:9/in", "POST"), two_way=True))
    with running.connect() as ws:
        ws.send("hello")
        assert json.loads(ws.recv(timeout=10))["message"] == "Internal server error"
    assert "NotEmulated: calling http://127.0.0.1:9/in; give Gateway(fetch=…)" in calm()[0]


# ── ping and pong ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("opcode", [PING, PONG])
def test_control_frames_reach_no_function_and_are_no_activity(start, opcode):
    running = start()
    with running.upgraded() as client:
        running.gateway.clock.advance(minutes=9)
        client.send(frame(opcode, b"still here") + frame(PING, b"seen"))
        while client.frame() != (PONG, b"seen"):
            pass
        running.gateway.clock.advance(minutes=2)
        assert client.closed() == (1001, "Going away")
    assert running.functions.events("MESSAGE") == []


def test_the_gateway_sends_no_ping(start):
    running = start()
    with running.upgraded() as client:
        running.gateway.clock.advance(minutes=9)
        client.send(frame(TEXT, b"hello"))
        assert client.frame() == (TEXT, b"hello")
