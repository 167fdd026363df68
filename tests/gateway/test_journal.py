"""What becomes of every request: the entries of stages that log, and the counts of all."""

import json
from dataclasses import replace
from math import inf

import pytest
from gateway_kit import API, CHAT, START, Front, function, route, the_call, the_refusal

from upgrade101.gateway.calls import Send
from upgrade101.gateway.definition import Authorizer, Integration

OK = {"statusCode": 200}
LOGS = {"access_log_settings": {"destinationArn": "arn", "format": "$context.requestId"}}
DOOR = Authorizer("a1", "door", "arn:aws:lambda:us-east-1:123456789012:function:door")
ALLOW = {
    "principalId": "ana",
    "policyDocument": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
}


def watched(*routes, **settings):
    front = Front(*(routes or CHAT), **(LOGS | settings))
    entries = []
    front.core.journal.listener = entries.append
    front.entries = entries
    return front


@pytest.fixture
def front():
    return watched()


@pytest.fixture
def connection(front):
    connection = front.accepted()
    front.entries.clear()
    return connection


def the_entry(front):
    (entry,) = front.entries
    return entry


def fate(entry):
    return entry.event_type, entry.route_key, entry.status, entry.error, entry.response_type


def counts(front, route_key=""):
    for tally in front.core.journal.meter.tallies():
        if tally.key[4] == route_key:
            errors = (tally.integration_errors, tally.client_errors, tally.execution_errors)
            return tally.connects, tally.messages, *errors
    return None


# ── entries ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_conversation_is_one_entry_per_request(front):
    connection = front.accepted()
    front.answer(the_call(front.core.received(connection, "hello")), OK | {"body": "hi"})
    front.answer(the_call(front.core.received(connection, '{"action": "quiet"}')), OK)
    front.answer(the_call(front.core.ended(connection, 1001, "", "client")), OK)
    assert [fate(entry) for entry in front.entries] == [
        ("CONNECT", "$connect", 200, "", ""),
        ("MESSAGE", "$default", 200, "", ""),
        ("MESSAGE", "quiet", 200, "", ""),
        ("DISCONNECT", "$disconnect", 200, "", ""),
    ]
    assert {entry.connection for entry in front.entries} == {connection}
    assert len({entry.request_id for entry in front.entries}) == 4
    for entry in front.entries:
        assert entry.call.request_id == entry.request_id
        assert entry.call.event["requestContext"]["requestId"] == entry.request_id


def test_without_integrations_too():
    front = watched(route("$default", function()))
    connection = front.accepted()
    front.core.ended(connection, 1001, "", "client")
    assert [fate(entry)[0] for entry in front.entries] == ["CONNECT", "DISCONNECT"]
    assert front.entries[0].request_id == connection.request_id


def test_one_id_from_the_authorizer_to_the_refusal():
    front = watched(route("$connect", authorization_type="CUSTOM", authorizer=DOOR))
    authorize = the_call(front.knock())
    connect = the_call(front.answer(authorize, ALLOW))
    (refuse,) = front.answer(connect, {"statusCode": 418})
    assert authorize.request_id == connect.request_id == json.loads(refuse.body)["requestId"]
    assert the_entry(front).request_id == connect.request_id
    assert the_entry(front).connection.asked is authorize


@pytest.mark.parametrize(
    "answer, error, facts, expected",
    [
        ({"statusCode": 401}, "", {}, (401, "", "")),
        ({"statusCode": 503}, "", {}, (503, "", "")),
        (None, "", {}, (502, "Internal server error", "API_CONFIGURATION_ERROR")),
        ({"errorMessage": "x"}, "ValueError", {}, (502, "Internal server error", "INTEGRATION_FAILURE")),
        (None, "AccessDenied", {"not_invoked": True}, (500, "Internal server error", "API_CONFIGURATION_ERROR")),
    ],
)
def test_a_refusal_by_connect(front, answer, error, facts, expected):
    front.answer(the_call(front.knock()), answer, error, **facts)
    assert fate(the_entry(front)) == ("CONNECT", "$connect", *expected)


def test_a_connect_that_takes_too_long(front):
    front.knock()
    front.clock.advance(29)
    front.core.due()
    assert fate(the_entry(front))[2:] == (504, "Endpoint request timed out", "INTEGRATION_TIMEOUT")
    assert the_entry(front).call.seconds == 29


@pytest.mark.parametrize(
    "answer, error, status, kind",
    [
        (None, "Unauthorized", 500, "AUTHORIZER_FAILURE"),
        ({"errorMessage": "Unauthorized"}, "Exception", 401, "UNAUTHORIZED"),
        ({"principalId": "a", "policyDocument": {"Statement": []}}, "", 403, "ACCESS_DENIED"),
    ],
)
def test_a_refusal_by_the_authorizer(answer, error, status, kind):
    front = watched(route("$connect", authorization_type="CUSTOM", authorizer=DOOR))
    front.answer(the_call(front.knock()), answer, error)
    assert (the_entry(front).status, the_entry(front).response_type) == (status, kind)


@pytest.mark.parametrize(
    "text, answer, error, facts, expected",
    [
        ('{"action": "quiet"}', None, "", {}, (500, "Internal server error", "API_CONFIGURATION_ERROR")),
        ("hello", {"errorMessage": "x"}, "ValueError", {}, (500, "Internal server error", "INTEGRATION_FAILURE")),
        ("hello", None, "X", {"not_invoked": True}, (500, "Internal server error", "API_CONFIGURATION_ERROR")),
    ],
)
def test_a_message_that_fails(front, connection, text, answer, error, facts, expected):
    front.answer(the_call(front.core.received(connection, text)), answer, error, **facts)
    assert the_entry(front).status // 100 == 5
    assert fate(the_entry(front))[3:] == expected[1:]


def test_a_message_without_a_route(front, connection):
    front.shelf.deploy(route("quiet"), **LOGS)
    (send,) = front.core.received(connection, "hello")
    assert fate(the_entry(front)) == ("MESSAGE", "", 403, "Forbidden", "MISSING_AUTHENTICATION_TOKEN")
    assert the_entry(front).request_id == json.loads(send.text)["requestId"]
    assert the_entry(front).call is None


def test_a_message_that_takes_too_long(front, connection):
    front.core.received(connection, "hello")
    front.clock.advance(29)
    assert [type(action) for action in front.core.due()] == [Send]
    assert fate(the_entry(front))[2:] == (504, "Endpoint request timed out", "INTEGRATION_TIMEOUT")


def test_a_disconnect_that_fails(front, connection):
    front.answer(the_call(front.core.ended(connection, 1001, "", "client")), None, "ValueError")
    assert fate(the_entry(front)) == ("DISCONNECT", "$disconnect", 500, "Internal server error", "INTEGRATION_FAILURE")


def test_a_listener_that_raises_changes_no_decision(front, caplog):
    front.core.journal.listener = lambda entry: 1 / 0
    assert front.accepted().is_open
    assert "the journal's listener failed" in caplog.text


def test_a_stage_that_logs_nothing_has_no_entries():
    front = watched(access_log_settings={})
    connection = front.accepted()
    front.answer(the_call(front.core.received(connection, "hello")), None)
    front.core.ended(connection, 1001, "", "client")
    front.knock()
    assert front.entries == []


@pytest.mark.parametrize(
    "settings, logged, detailed",
    [
        ({}, False, False),
        ({"default_route_settings": {"loggingLevel": "OFF", "detailedMetricsEnabled": False}}, False, False),
        ({"default_route_settings": {"loggingLevel": "ERROR"}}, True, False),
        ({"route_settings": {"quiet": {"loggingLevel": "INFO"}}}, True, False),
        ({"route_settings": {"quiet": {"detailedMetricsEnabled": True}}}, False, True),
        (LOGS, True, False),
    ],
)
def test_which_stages_log_and_which_measure_routes(settings, logged, detailed):
    stage = next(iter(Front(*CHAT, **settings).shelf.stages.values()))
    assert (stage.logged, stage.detailed) == (logged, detailed)


# ── counts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_messages_are_counted_in_both_directions(front, connection):
    assert counts(front) == (1, 0, 0, 0, 0)
    front.answer(the_call(front.core.received(connection, "hello")), OK | {"body": "hi"})
    front.core.post(connection, "posted")
    front.answer(the_call(front.core.received(connection, '{"action": "quiet"}')), OK)
    assert counts(front) == (1, 4, 0, 0, 0)


@pytest.mark.parametrize(
    "answer, error, facts, expected",
    [
        ({"statusCode": 404}, "", {}, (1, 0, 0)),
        ({"statusCode": 500}, "", {}, (1, 0, 0)),
        ({"errorMessage": "x"}, "ValueError", {}, (1, 0, 0)),
        (None, "", {}, (0, 0, 1)),
        (None, "TooManyRequestsException", {"not_invoked": True}, (0, 0, 1)),
        (None, "timeout", {}, (0, 0, 1)),
        (OK, "", {}, (0, 0, 0)),
    ],
)
@pytest.mark.parametrize("at", ["$connect", "$default"])
def test_errors_are_counted_by_who_made_them(answer, error, facts, expected, at):
    front = watched(route(at, two_way=True), access_log_settings={})
    actions = front.knock() if at == "$connect" else front.core.received(front.accepted(), "hello")
    front.answer(the_call(actions), answer, error, **facts)
    assert counts(front)[2:] == expected


def test_who_is_refused_before_the_integration_is_the_clients_error():
    front = watched(route("$connect", authorization_type="CUSTOM", authorizer=DOOR), access_log_settings={})
    front.answer(the_call(front.knock()), {"principalId": "a", "policyDocument": {"Statement": []}})
    assert counts(front) == (0, 0, 0, 1, 0)
    front = watched(route("quiet"), access_log_settings={})
    front.core.received(front.accepted(), "hello")
    assert counts(front) == (0, 2, 0, 1, 0)


def test_latency_is_that_of_integrations_without_mocks_and_authorizers():
    mock = Integration("i-mock", "MOCK", request_templates={"$default": '{"statusCode": 200}'})
    front = watched(route("$connect", authorization_type="CUSTOM", authorizer=DOOR), route("ping", mock), route("ask"))
    authorize = the_call(front.knock())
    front.clock.advance(5)
    connect = the_call(front.answer(authorize, ALLOW))
    front.clock.advance(0.25)
    (accept,) = front.answer(connect, OK)
    front.core.received(accept.connection, '{"action": "ping"}')
    (tally,) = front.core.journal.meter.tallies()
    assert (tally.calls, tally.latency_sum) == (1, pytest.approx(250))


def test_routes_are_counted_where_the_stage_says_so():
    front = watched(*CHAT, route_settings={"quiet": {"detailedMetricsEnabled": True}})
    connection = front.accepted()
    front.answer(the_call(front.core.received(connection, "hello")), OK)
    front.answer(the_call(front.core.received(connection, '{"action": "quiet"}')), {"statusCode": 500})
    assert counts(front, "quiet") == (0, 1, 1, 0, 0)
    assert counts(front, "$default") is None
    assert counts(front)[2] == 1


def test_a_minute_after_the_other():
    front = watched()
    connection = front.accepted()
    for _ in range(3):
        front.core.received(connection, "hello")
        front.clock.advance(10)
    front.core.post(connection, "hello")
    minutes = front.core.journal.meter.tallies()
    assert [tally.messages for tally in minutes] == [3, 1]
    assert minutes[1].latency_min == inf


def test_a_late_answer_of_the_authorizer_is_no_answer_of_connect():
    front = watched(route("$connect", authorization_type="CUSTOM", authorizer=DOOR))
    authorize = the_call(front.knock())
    connect = the_call(front.answer(authorize, ALLOW))
    assert front.answer(authorize, None) == []
    assert the_refusal(front.answer(connect, {"statusCode": 403}))[0] == 403
    assert replace(front.shelf.stages[API, "dev"]).logged
    assert the_entry(front).at == START
