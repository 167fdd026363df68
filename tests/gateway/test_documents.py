"""The documents that travel, key by key and byte by byte."""

import base64
import json
import locale
import re

import pytest
from gateway_kit import API, HOST, STAGE, START, route, stage
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway import documents
from upgrade101.gateway.connection import Connection
from upgrade101.gateway.documents import Knock, Reply, reply, subprotocol
from upgrade101.gateway.ports import Outcome

ID, REQUEST, MESSAGE = "KmZ1XdPwDoECGjA=", "KmZ1XF3zjoEFq4w=", "KmZ2QeX0joECGjA="
NOW = START + 6.404
HEADERS = [
    ("Host", "127.0.0.1:4566"),
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Key", "q4xkcO32u266gldTuKaSOw=="),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
    ("User-Agent", "probe/1"),
    ("X-Probe", "1"),
    ("X-Probe", "2"),
]
ADDED = ["X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"]


def connection(variables=None, **facts):
    made = Connection(
        connection_id=ID,
        stage=stage(route("$default"), stage_variables=variables or {}),
        source_ip="198.51.100.7",
        user_agent="probe/1",
        connected_at=START,
        last_active_at=START,
        domain_name=HOST,
    )
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def knock(target="/dev", headers=HEADERS):
    return Knock(target, list(headers), "198.51.100.7")


def connect_event(one=None, **options):
    return documents.connect_event(one or connection(), knock(**options), REQUEST, NOW)


def message_event(one=None, text='{"action":"sendmessage","data":"hi"}'):
    return documents.message_event(one or connection(), "sendmessage", text, (REQUEST, MESSAGE), NOW)


def disconnect_event(one=None):
    return documents.disconnect_event(one or connection(close_code=1001, close_reason="Going away"), REQUEST, NOW)


def authorizer_event(one=None, **options):
    return documents.authorizer_event(one or connection(), knock(**options), "arn:the:method", REQUEST, NOW)


EVENTS = {
    "CONNECT": connect_event,
    "MESSAGE": message_event,
    "DISCONNECT": disconnect_event,
    "REQUEST": authorizer_event,
}

# ── $connect ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_connect_event():
    event = connect_event(target="/dev?room=red&room=blue&name=Ana")
    trace = event["headers"]["X-Amzn-Trace-Id"]
    assert re.fullmatch(r"Root=1-68a1abc2-[0-9a-f]{24}", trace)
    singles = {
        "Host": HOST,
        "Sec-WebSocket-Key": "q4xkcO32u266gldTuKaSOw==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
        "User-Agent": "probe/1",
        "X-Probe": "2",
        "X-Amzn-Trace-Id": trace,
        "X-Forwarded-For": "198.51.100.7",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    assert event == {
        "headers": singles,
        "multiValueHeaders": {name: [value] for name, value in singles.items()} | {"X-Probe": ["1", "2"]},
        "queryStringParameters": {"room": "blue", "name": "Ana"},
        "multiValueQueryStringParameters": {"room": ["red", "blue"], "name": ["Ana"]},
        "requestContext": {
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "extendedRequestId": REQUEST,
            "requestTime": "17/Aug/2025:10:15:36 +0000",
            "messageDirection": "IN",
            "stage": STAGE,
            "connectedAt": 1_755_425_730_000,
            "requestTimeEpoch": 1_755_425_736_404,
            "identity": {"userAgent": "probe/1", "sourceIp": "198.51.100.7"},
            "requestId": REQUEST,
            "domainName": HOST,
            "connectionId": ID,
            "apiId": API,
        },
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("target", ["/dev", "/dev/", "/dev?"])
def test_without_a_query_there_are_no_query_keys(target):
    assert set(connect_event(target=target)) == {"headers", "multiValueHeaders", "requestContext", "isBase64Encoded"}


def test_the_query_is_decoded_and_keeps_empty_values():
    event = connect_event(target="/dev?a=%C3%A9+x&b=&c=%ff")
    assert event["queryStringParameters"] == {"a": "é x", "b": "", "c": "\ufffd"}


@pytest.mark.parametrize("name", ["Connection", "upgrade", "Content-Length", "TE", "Keep-Alive", "Transfer-Encoding"])
def test_headers_of_one_hop_do_not_reach_the_function(name):
    event = connect_event(headers=[("Host", "x"), (name, "1")])
    assert set(event["headers"]) == {"Host", *ADDED}


def test_capital_letters_stay_as_the_client_wrote_them():
    event = connect_event(headers=[("Host", "x"), ("X-PROBE", "1"), ("sEC-tHING", "2"), ("x-small", "3")])
    assert {"X-PROBE", "sEC-tHING", "x-small"} <= set(event["headers"])


def forwarded(*headers):
    """Return what the event has of the headers that the front end adds."""
    event = connect_event(headers=[("Host", "x"), *headers])
    assert {name: [value] for name, value in event["headers"].items()} == event["multiValueHeaders"]
    return {name: event["headers"][name] for name in ADDED}


def test_the_clients_address_is_appended_to_a_forwarded_for_of_its_own():
    assert forwarded(("x-forwarded-for", "203.0.113.7"))["X-Forwarded-For"] == "203.0.113.7, 198.51.100.7"
    twice = [("X-Forwarded-For", "203.0.113.7, 203.0.113.8"), ("x-forwarded-FOR", "203.0.113.9")]
    assert forwarded(*twice)["X-Forwarded-For"] == "203.0.113.7, 203.0.113.8, 203.0.113.9, 198.51.100.7"


def test_a_client_does_not_say_by_which_port_and_protocol_it_came():
    lies = forwarded(("X-Forwarded-Port", "80"), ("x-forwarded-proto", "http"))
    assert (lies["X-Forwarded-Port"], lies["X-Forwarded-Proto"]) == ("443", "https")


def test_a_trace_that_the_client_began_goes_on():
    trace = "Root=1-68a1abc2-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1"
    assert forwarded(("x-amzn-trace-id", trace))["X-Amzn-Trace-Id"] == trace
    assert forwarded(("X-Amzn-Trace-Id", "junk"))["X-Amzn-Trace-Id"].startswith("Root=1-68a1abc2-")


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_message_event():
    assert message_event() == {
        "requestContext": {
            "routeKey": "sendmessage",
            "messageId": MESSAGE,
            "eventType": "MESSAGE",
            "extendedRequestId": REQUEST,
            "requestTime": "17/Aug/2025:10:15:36 +0000",
            "messageDirection": "IN",
            "stage": STAGE,
            "connectedAt": 1_755_425_730_000,
            "requestTimeEpoch": 1_755_425_736_404,
            "identity": {"userAgent": "probe/1", "sourceIp": "198.51.100.7"},
            "requestId": REQUEST,
            "domainName": HOST,
            "connectionId": ID,
            "apiId": API,
        },
        "body": '{"action":"sendmessage","data":"hi"}',
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("text", ["", " hi\n", "{}", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")])
def test_the_body_is_the_very_text(text):
    assert message_event(text=text)["body"] == text


def test_the_order_of_keys():
    one = connection(authorizer={"principalId": "alice"})
    assert list(message_event(one)) == ["requestContext", "body", "isBase64Encoded"]
    assert list(message_event(one)["requestContext"])[:4] == ["routeKey", "authorizer", "messageId", "eventType"]
    assert list(disconnect_event(one)["requestContext"]) == [
        "routeKey", "disconnectStatusCode", "authorizer", "eventType", "extendedRequestId", "requestTime",
        "messageDirection", "disconnectReason", "stage", "connectedAt", "requestTimeEpoch", "identity", "requestId",
        "domainName", "connectionId", "apiId",
    ]  # fmt: skip


# ── $disconnect ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_disconnect_event():
    headers = {"Host": HOST, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    event = disconnect_event()
    context = event.pop("requestContext")
    assert event == {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "isBase64Encoded": False,
    }
    assert (context["routeKey"], context["eventType"]) == ("$disconnect", "DISCONNECT")
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1001, "Going away")
    assert "messageId" not in context


# ── an authorizer ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_authorizer_event():
    event = authorizer_event(target="/dev?token=abc")
    assert list(event) == [
        "type", "methodArn", "headers", "multiValueHeaders", "queryStringParameters",
        "multiValueQueryStringParameters", "stageVariables", "requestContext",
    ]  # fmt: skip
    assert (event["type"], event["methodArn"]) == ("REQUEST", "arn:the:method")
    assert event["queryStringParameters"] == {"token": "abc"}
    assert event["multiValueQueryStringParameters"] == {"token": ["abc"]}
    assert event["requestContext"]["connectionId"] == ID
    assert event["requestContext"]["routeKey"] == "$connect"


def test_an_authorizer_sees_the_upgrade_headers():
    headers = authorizer_event()["headers"]
    assert (headers["Connection"], headers["Upgrade"], headers["content-length"]) == ("Upgrade", "websocket", "0")


def test_an_authorizer_gets_empty_maps_instead_of_none():
    event = authorizer_event()
    assert event["queryStringParameters"] == event["multiValueQueryStringParameters"] == event["stageVariables"] == {}


# ── what they have in common ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_is_json(kind):
    event = EVENTS[kind]()
    assert json.loads(json.dumps(event)) == event


@pytest.mark.parametrize("kind", EVENTS)
def test_request_id_and_extended_request_id_are_equal(kind):
    context = EVENTS[kind]()["requestContext"]
    assert context["requestId"] == context["extendedRequestId"] == REQUEST


@pytest.mark.parametrize("kind", EVENTS)
def test_a_client_without_a_user_agent_has_no_such_key(kind):
    assert EVENTS[kind](connection(user_agent=None))["requestContext"]["identity"] == {"sourceIp": "198.51.100.7"}


@pytest.mark.parametrize("kind", EVENTS)
def test_stage_variables_travel(kind):
    assert EVENTS[kind](connection({"table": "t1"}))["stageVariables"] == {"table": "t1"}


@pytest.mark.parametrize("kind", ["CONNECT", "MESSAGE", "DISCONNECT"])
def test_without_stage_variables_there_is_no_such_key(kind):
    assert "stageVariables" not in EVENTS[kind]()


@pytest.mark.parametrize("kind", ["CONNECT", "MESSAGE", "DISCONNECT"])
def test_what_the_authorizer_said_travels(kind):
    one = connection(authorizer={"principalId": "alice", "tier": "gold"})
    assert EVENTS[kind](one)["requestContext"]["authorizer"] == {"principalId": "alice", "tier": "gold"}


@pytest.mark.parametrize("kind", EVENTS)
def test_without_an_authorizer_there_is_no_such_key(kind):
    assert "authorizer" not in EVENTS[kind]()["requestContext"]


@pytest.mark.parametrize("kind", EVENTS)
def test_what_rest_apis_have_is_absent(kind):
    event = EVENTS[kind]()
    assert not event.keys() & {"resource", "path", "httpMethod", "pathParameters", "version"}
    assert not event["requestContext"].keys() & {"accountId", "resourceId", "httpMethod", "path"}


def test_a_function_that_changes_its_event_changes_no_other():
    one = connection({"a": "1"}, authorizer={"principalId": "alice"})
    message_event(one)["requestContext"]["authorizer"].clear()
    message_event(one)["stageVariables"].clear()
    assert message_event(one)["requestContext"]["authorizer"] == {"principalId": "alice"}
    assert message_event(one)["stageVariables"] == {"a": "1"}


def test_months_are_english_in_every_locale(monkeypatch):
    kept = locale.setlocale(locale.LC_TIME)
    for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "ja_JP.UTF-8", "C"):
        try:
            locale.setlocale(locale.LC_TIME, name)
        except locale.Error:
            continue
        made = documents.disconnect_event(connection(), REQUEST, 1_740_000_000)["requestContext"]["requestTime"]
        assert made == "19/Feb/2025:21:20:00 +0000"
    locale.setlocale(locale.LC_TIME, kept)


# ── frames and refusals ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("message", ["Forbidden", "Internal server error", "Endpoint request timed out"])
def test_the_bytes_of_an_error_frame(message):
    expected = f'{{"message": "{message}", "connectionId":"{ID}", "requestId":"{REQUEST}"}}'
    assert documents.error_frame(message, ID, REQUEST) == expected
    assert json.loads(expected) == {"message": message, "connectionId": ID, "requestId": REQUEST}


@given(st.text())
def test_any_message_makes_an_error_frame_that_is_json(message):
    assert json.loads(documents.error_frame(message, ID, REQUEST))["message"] == message


def test_the_body_of_a_refusal():
    body = documents.refusal('Say "please"', ID, REQUEST)
    assert json.loads(body) == {"message": 'Say "please"', "connectionId": ID, "requestId": REQUEST}


@pytest.mark.parametrize(
    "status, phrase",
    [
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (500, "Internal server error"),
        (502, "Internal server error"),
        (504, "Endpoint request timed out"),
        (301, "Moved Permanently"),
        (599, ""),
    ],
)
def test_what_a_refusal_says(status, phrase):
    assert documents.phrase(status) == phrase


# ── what a function answers ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "answer, expected",
    [
        ({"statusCode": 200}, Reply(200, "", {})),
        ({"statusCode": 200, "body": None}, Reply(200, "", {})),
        ({"statusCode": 200, "body": "hi"}, Reply(200, "hi", {})),
        ({"statusCode": "200", "body": "hi"}, Reply(200, "hi", {})),
        ({"statusCode": 500, "body": "oh"}, Reply(500, "oh", {})),
        ({"statusCode": 200, "headers": None, "body": ""}, Reply(200, "", {})),
        ({"statusCode": 200, "headers": {"X-A": "1", "n": 2}}, Reply(200, "", {"x-a": "1", "n": "2"})),
        ({"statusCode": 200, "multiValueHeaders": {"X-A": ["1", "2"]}}, Reply(200, "", {"x-a": "2"})),
        ({"statusCode": 200, "multiValueHeaders": {"X-A": [], "X-B": "1", "X-C": None}}, Reply(200, "", {})),
        (
            {"statusCode": 200, "headers": {}, "multiValueHeaders": {}, "body": "all keys", "isBase64Encoded": False},
            Reply(200, "all keys", {}),
        ),
        ({"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, Reply(200, "hi", {})),
        ({"statusCode": 200, "body": "aGk=", "isBase64Encoded": False}, Reply(200, "aGk=", {})),
        (
            {"statusCode": 200, "body": base64.b64encode(b"\xff").decode(), "isBase64Encoded": True},
            Reply(200, "\ufffd", {}),
        ),
    ],
)
def test_a_well_formed_answer(answer, expected):
    assert reply(Outcome(answer)) == expected


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "hi",
        7,
        [],
        {},
        {"body": "hi"},
        {"statusCode": None},
        {"statusCode": True},
        {"statusCode": 20},
        {"statusCode": 101},
        {"statusCode": 600},
        {"statusCode": 200.0},
        {"statusCode": "ok"},
        {"statusCode": "²⁰⁰"},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": 7},
        {"statusCode": 200, "headers": "x"},
        {"statusCode": 200, "multiValueHeaders": ["x"]},
        {"statusCode": 200, "isBase64Encoded": True, "body": "!"},
        {"statusCode": 200, "isBase64Encoded": True, "body": "é"},
        {"statusCode": 200, "ConnectionId": "x", "Data": "y"},
    ],
)
def test_a_malformed_answer(answer):
    assert reply(Outcome(answer)) is None


def test_an_error_is_no_answer_whatever_its_payload():
    assert reply(Outcome({"statusCode": 200}, error="ZeroDivisionError")) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ANSWER = st.dictionaries(
    st.sampled_from(["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded", "other"]), JSON
)


@given(JSON | ANSWER)
def test_any_json_is_an_answer_or_not(answer):
    made = reply(Outcome(answer))
    assert made is None or (200 <= made.status <= 599 and isinstance(made.body, str))
    assert made is None or isinstance(subprotocol(made.headers), str)


@pytest.mark.parametrize(
    "header, chosen",
    [
        ("chat.v2", "chat.v2"),
        (" chat.v2 ", "chat.v2"),
        ("", ""),
        ("chat.v1, chat.v2", ""),
        ("chat\r\nX-Evil: 1", ""),
        ("chat\n", "chat"),
        ("größe", ""),
        ("a b", ""),
        ('"quoted"', ""),
    ],
)
def test_only_one_token_is_a_subprotocol(header, chosen):
    assert subprotocol({"sec-websocket-protocol": header}) == chosen


# ── the knock ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_several_headers_the_last_counts():
    assert knock().header("x-PROBE") == "2"
    assert knock().header("absent") is None


@given(st.text())
def test_any_target_has_a_query(target):
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in knock(target).query)
