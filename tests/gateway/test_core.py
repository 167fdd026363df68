"""The gateway's decisions, without a socket: what came in, what to do, and what observers were told."""

import json
from dataclasses import replace
from math import inf

import pytest
from gateway_kit import API, CHAT, HOST, START, Front, Shelf, function, route, the_call, the_refusal

from upgrade101.gateway import Limits
from upgrade101.gateway.calls import Accept, Close, Cut, Purpose, Resume, Run, Send
from upgrade101.gateway.connection import State
from upgrade101.gateway.definition import Authorizer, Integration, Route
from upgrade101.gateway.happenings import Answered, Closed, Invoked, Knocked, Opened, Received, Refused, Routed, Sent
from upgrade101.gateway.limits import MESSAGE_BYTES, MESSAGES_IN_FLIGHT

OK = {"statusCode": 200}


@pytest.fixture
def front():
    return Front(*CHAT)


@pytest.fixture
def connection(front):
    return front.accepted()


def nothing_is_left(front):
    return not front.core.connections and not front.core.calls and len(front.core._deadlines) == 0


def error_frame(message, connection, call):
    return f'{{"message": "{message}", "connectionId":"{connection.connection_id}", "requestId":"{call.request_id}"}}'


# ── the upgrade ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_connect_decides_before_anything_is_answered(front):
    call = the_call(front.knock("/dev?name=Ana"))
    assert (call.purpose, call.route_key, call.connection.state) == (Purpose.CONNECT, "$connect", State.CONNECTING)
    assert call.event["queryStringParameters"] == {"name": "Ana"}
    assert call.event["requestContext"]["connectionId"] == call.connection.connection_id
    assert not front.said(Opened)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_success_status_accepts(front, status):
    call = the_call(front.knock())
    assert front.answer(call, {"statusCode": status}) == [Accept(call.connection, "")]
    assert call.connection.state is State.OPEN
    assert [type(each) for each in front.told] == [Knocked, Invoked, Answered, Opened]


@pytest.mark.parametrize(
    "status, message",
    [
        (300, "Multiple Choices"),
        (301, "Moved Permanently"),
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (501, "Not Implemented"),
    ],
)
def test_any_other_status_is_the_very_status_of_the_refusal(front, status, message):
    assert the_refusal(front.answer(the_call(front.knock()), {"statusCode": status, "body": "unseen"})) == (
        status,
        message,
    )
    assert [(each.status, each.message) for each in front.said(Refused)] == [(status, message)]
    assert nothing_is_left(front)


@pytest.mark.parametrize("answer", [None, "yes", {"ok": True}, {"statusCode": 200, "extra": 1}])
def test_a_malformed_answer_is_502(front, answer):
    assert the_refusal(front.answer(the_call(front.knock()), answer)) == (502, "Internal server error")


def test_a_handler_that_raises_is_502(front):
    assert the_refusal(front.answer(the_call(front.knock()), {"errorMessage": "x"}, "ZeroDivisionError"))[0] == 502


def test_a_function_that_may_not_be_invoked_is_500(front):
    refusal = the_refusal(front.answer(the_call(front.knock()), None, "AccessDenied", not_invoked=True))
    assert refusal == (500, "Internal server error")


def test_a_connect_that_takes_too_long_is_504_and_its_late_answer_is_dropped(front):
    call = the_call(front.knock())
    front.clock.advance(28.999)
    assert front.core.due() == []
    front.clock.advance(0.001)
    assert the_refusal(front.core.due()) == (504, "Endpoint request timed out")
    assert front.answer(call, OK) == []
    assert nothing_is_left(front)


def test_without_a_connect_route_everybody_is_accepted():
    front = Front(route("$default"))
    (accept,) = front.knock()
    assert isinstance(accept, Accept)
    assert [type(each) for each in front.told] == [Knocked, Opened]


def test_a_connect_route_needs_no_integration():
    assert isinstance(Front(Route("r", "$connect")).knock()[0], Accept)


def test_the_handler_chooses_the_subprotocol(front):
    answer = OK | {"headers": {"Sec-WebSocket-Protocol": "chat.v2"}}
    (accept,) = front.answer(the_call(front.knock()), answer)
    assert accept.subprotocol == "chat.v2"
    assert front.said(Opened)[0].subprotocol == "chat.v2"


def test_a_subprotocol_cannot_smuggle_a_header(front):
    answer = OK | {"headers": {"Sec-WebSocket-Protocol": "chat\r\nSet-Cookie: a=b"}}
    assert front.answer(the_call(front.knock()), answer)[0].subprotocol == ""


OTHER_API = "zzz.execute-api.us-east-1.amazonaws.com"
OTHER_STAGE = f"/_aws/execute-api/{API}/prod"


@pytest.mark.parametrize("host, target", [(OTHER_API, "/dev"), ("127.0.0.1", "/dev"), ("127.0.0.1", OTHER_STAGE)])
def test_an_unknown_api_is_403_and_nobody_is_called(front, host, target):
    assert the_refusal(front.knock(target, host=host)) == (403, "Forbidden")
    assert nothing_is_left(front)


@pytest.mark.parametrize("target", ["/nowhere", "/", "/dev/deeper", "/Dev", "/dev/@connections/x"])
def test_an_unknown_stage_is_403_and_nobody_is_called(front, target):
    assert the_refusal(front.knock(target)) == (403, "Forbidden")
    assert [type(each) for each in front.told] == [Knocked, Refused]
    assert nothing_is_left(front)


def test_the_path_form_reaches_the_same_stage(front):
    assert the_call(front.knock(f"/_aws/execute-api/{API}/dev", host="127.0.0.1:4566")).connection.domain_name == HOST


def test_what_is_not_emulated_is_501_and_says_what_to_do():
    front = Front(route("$connect", Integration("i", "HTTP_PROXY", "http://127.0.0.1/", connection_type="VPC_LINK")))
    status, message = the_refusal(front.knock())
    assert status == 501
    assert message.startswith("NotEmulated: private integrations")


@pytest.mark.parametrize("status, accepted", [(200, True), (403, False)])
def test_connect_may_be_a_mock(status, accepted):
    mock = Integration("i", "MOCK", request_templates={"200": f'{{"statusCode": {status}}}'})
    (action,) = Front(route("$connect", mock)).knock()
    assert isinstance(action, Accept) is accepted


# ── the client leaves while $connect runs ────────────────────────────────────────────────────────────────────────────


def abandoned(front):
    call = the_call(front.knock())
    assert front.core.ended(call.connection, 1006, "", "network") == []
    assert call.connection.state is State.ABANDONED
    return call


def test_who_left_but_was_accepted_gets_one_disconnect(front):
    call = abandoned(front)
    goodbye = the_call(front.answer(call, OK))
    assert (goodbye.purpose, goodbye.route_key) == (Purpose.DISCONNECT, "$disconnect")
    assert goodbye.event["requestContext"]["disconnectStatusCode"] == 1006
    assert front.core.ended(call.connection, 1006, "", "network") == []
    assert front.answer(goodbye, OK) == []
    assert [type(each) for each in front.said(Opened, Closed)] == [Closed]
    assert nothing_is_left(front)


@pytest.mark.parametrize("answer", [{"statusCode": 401}, None])
def test_who_left_and_was_refused_gets_none(front, answer):
    call = abandoned(front)
    assert the_refusal(front.answer(call, answer))[0] in (401, 502)
    assert not front.said(Closed)
    assert nothing_is_left(front)


def test_who_left_before_connect_timed_out_gets_none(front):
    abandoned(front)
    front.clock.advance(29)
    assert the_refusal(front.core.due())[0] == 504
    assert nothing_is_left(front)


# ── an authorizer ────────────────────────────────────────────────────────────────────────────────────────────────────

ALLOW = {
    "principalId": "ana",
    "policyDocument": {"Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]},
    "context": {"tier": "gold"},
}
DENY = ALLOW | {"policyDocument": {"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}}


def guarded(*sources):
    door = Authorizer("au1", "door", function("door").integration_uri, identity_source=sources)
    return Front(route("$connect", authorization_type="CUSTOM", authorizer=door), *CHAT[1:])


def test_the_authorizer_is_asked_first():
    front = guarded()
    call = the_call(front.knock("/dev?token=abc"))
    assert (call.purpose, call.target, call.event["type"]) == (Purpose.AUTHORIZE, "door", "REQUEST")
    assert call.event["methodArn"] == f"arn:aws:execute-api:us-east-1:123456789012:{API}/dev/$connect"
    connect = the_call(front.answer(call, ALLOW))
    assert (connect.purpose, connect.target) == (Purpose.CONNECT, "probe")
    assert connect.event["queryStringParameters"] == {"token": "abc"}


def test_what_it_allowed_travels_with_every_later_event():
    front = guarded()
    connect = the_call(front.answer(the_call(front.knock()), ALLOW))
    front.answer(connect, OK)
    message = the_call(front.core.received(connect.connection, "hello"))
    goodbye = the_call(front.core.ended(connect.connection, 1001, "", "client"))
    for call in (connect, message, goodbye):
        assert call.event["requestContext"]["authorizer"] == {"principalId": "ana", "tier": "gold"}


def test_a_missing_identity_source_is_401_and_nobody_is_called():
    front = guarded("route.request.querystring.token")
    assert the_refusal(front.knock()) == (401, "Unauthorized")
    assert not front.said(Invoked)
    assert isinstance(front.knock("/dev?token=abc")[0], Run)


@pytest.mark.parametrize(
    "answer, error, status",
    [
        (DENY, "", 403),
        ({"errorMessage": "Unauthorized"}, "Exception", 401),
        ({"errorMessage": "oh"}, "ZeroDivisionError", 500),
        (None, "", 500),
        (True, "", 500),
    ],
)
def test_what_an_authorizer_refuses(answer, error, status):
    front = guarded()
    assert the_refusal(front.answer(the_call(front.knock()), answer, error))[0] == status
    assert nothing_is_left(front)


def test_an_authorizer_that_takes_too_long_is_500_with_an_empty_message():
    front = guarded()
    front.knock()
    front.clock.advance(29)
    assert the_refusal(front.core.due()) == (500, "")


def test_who_left_while_the_authorizer_ran_is_forgotten():
    front = guarded()
    assert the_refusal(front.answer(abandoned(front), ALLOW))[0] == 500
    assert len(front.said(Invoked)) == 1
    assert nothing_is_left(front)


def test_who_left_while_connect_ran_after_an_authorizer_is_told_goodbye():
    front = guarded()
    connect = the_call(front.answer(the_call(front.knock()), ALLOW))
    front.core.ended(connect.connection, 1006, "", "network")
    assert the_call(front.answer(connect, OK)).purpose is Purpose.DISCONNECT


def test_a_door_without_its_keeper_stays_shut():
    front = Front(route("$connect", authorization_type="CUSTOM"))
    assert the_refusal(front.knock())[0] == 500


def test_iam_refuses_who_does_not_sign():
    front = Front(route("$connect", authorization_type="AWS_IAM"))
    assert the_refusal(front.knock()) == (403, "Missing Authentication Token")


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text, key, selected",
    [
        ("hello", "$default", ""),
        ("", "$default", ""),
        ('{"action": "quiet"}', "quiet", "quiet"),
        ('{"action": "nosuch"}', "$default", "nosuch"),
        ('{"action": "$disconnect"}', "$default", ""),
    ],
)
def test_a_message_finds_its_route(front, connection, text, key, selected):
    call = the_call(front.core.received(connection, text))
    assert (call.purpose, call.route_key, call.event["body"]) == (Purpose.MESSAGE, key, text)
    (received,), (routed,) = front.said(Received), front.said(Routed)
    assert (received.text, routed.route_key, routed.selected) == (text, key, selected)


def test_a_two_way_route_sends_the_body(front, connection):
    call = the_call(front.core.received(connection, "hello"))
    assert front.answer(call, OK | {"body": "hi"}) == [Send(connection, "hi")]
    assert [(each.text, each.because) for each in front.said(Sent)] == [("hi", "reply")]


@pytest.mark.parametrize("status", [200, 301, 500])
def test_the_status_of_a_reply_is_not_looked_at(front, connection, status):
    call = the_call(front.core.received(connection, "hello"))
    assert front.answer(call, {"statusCode": status, "body": "hi"}) == [Send(connection, "hi")]


def test_a_reply_without_a_body_is_an_empty_message(front, connection):
    assert front.answer(the_call(front.core.received(connection, "hello")), OK) == [Send(connection, "")]


def test_a_one_way_route_sends_nothing(front, connection):
    call = the_call(front.core.received(connection, '{"action": "quiet"}'))
    assert front.answer(call, OK | {"body": "unheard"}) == []


@pytest.mark.parametrize("text", ["hello", '{"action": "quiet"}'])
@pytest.mark.parametrize(
    "answer, error, facts",
    [
        (None, "", {}),
        ({"ConnectionId": "x", "statusCode": 200}, "", {}),
        ({"errorMessage": "x"}, "ZeroDivisionError", {}),
        (None, "AccessDenied", {"not_invoked": True}),
    ],
)
def test_a_failure_is_an_error_frame_even_where_nobody_waits_for_an_answer(
    front, connection, text, answer, error, facts
):
    call = the_call(front.core.received(connection, text))
    (send,) = front.answer(call, answer, error, **facts)
    assert send.text == error_frame("Internal server error", connection, call)
    assert front.said(Sent)[0].because == "error"
    assert front.said(Answered)[-1].not_invoked is bool(facts)
    assert connection.is_open


@pytest.mark.parametrize("text", ["hello", '{"action": "quiet"}'])
def test_a_function_that_takes_too_long(front, connection, text):
    call = the_call(front.core.received(connection, text))
    front.clock.advance(29)
    (send,) = front.core.due()
    assert send.text == error_frame("Endpoint request timed out", connection, call)
    assert front.answer(call, OK | {"body": "late"}) == []
    assert connection.in_flight == 0
    assert [each.error for each in front.said(Answered)] == ["", "timeout"]


def test_an_integration_has_its_own_timeout():
    front = Front(route("$default", function(timeout_millis=50)))
    connection = front.accepted()
    front.core.received(connection, "hello")
    assert front.core.next_due == pytest.approx(START + 0.05)


def test_no_route_and_no_default_is_forbidden_and_the_connection_stays():
    front = Front(route("echo"))
    connection = front.accepted()
    (send,) = front.core.received(connection, '{"action": "nosuch"}')
    assert json.loads(send.text)["message"] == "Forbidden"
    assert front.said(Routed)[0].route_key == ""
    assert isinstance(front.core.received(connection, '{"action": "echo"}')[0], Run)


@pytest.mark.parametrize(
    "broken", [Route("r", "$default"), route("$default", Integration("i", "AWS", "${stageVariables.no}"))]
)
def test_a_route_without_a_usable_integration_is_an_internal_server_error(broken):
    front = Front(broken)
    (send,) = front.core.received(front.accepted(), "hello")
    assert json.loads(send.text)["message"] == "Internal server error"


def test_a_mock_answers_without_a_function():
    mock = Integration("i", "MOCK", request_templates={"200": '{"statusCode": 200}'})
    front = Front(route("$default", mock, two_way=True))
    connection = front.accepted()
    assert front.core.received(connection, "ping") == [Send(connection, "")]
    assert connection.in_flight == 0
    assert len(front.core._deadlines) == 2  # idle and age


def test_answers_need_not_come_in_order(front, connection):
    first, second = (the_call(front.core.received(connection, text)) for text in ("one", "two"))
    assert connection.in_flight == 2
    assert front.answer(second, OK | {"body": "2"}) == [Send(connection, "2")]
    assert front.answer(first, OK | {"body": "1"}) == [Send(connection, "1")]


def test_an_answer_counts_once(front, connection):
    call = the_call(front.core.received(connection, "hello"))
    assert len(front.answer(call, OK)) == 1
    assert front.answer(call, OK) == []
    assert connection.in_flight == 0


def test_ids_of_one_message_are_one_pair(front, connection):
    contexts = [the_call(front.core.received(connection, "x")).event["requestContext"] for _ in range(2)]
    assert len({context[name] for context in contexts for name in ("requestId", "messageId")}) == 4


def test_one_who_had_enough_under_way_is_read_again_after_an_answer(front, connection):
    calls = [the_call(front.core.received(connection, '{"action": "quiet"}')) for _ in range(MESSAGES_IN_FLIGHT)]
    assert front.answer(calls[0], OK) == [Resume(connection)]
    assert front.answer(calls[1], OK) == []
    front.clock.advance(29)
    assert len(front.core.due()) == MESSAGES_IN_FLIGHT - 2


# ── endings ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "code, reason, by",
    [(1005, "Client-side close frame status not set", "client"), (1001, "", "client"), (1006, "", "network")],
)
def test_the_client_leaves(front, connection, code, reason, by):
    goodbye = the_call(front.core.ended(connection, code, reason, by))
    context = goodbye.event["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, reason)
    assert [(each.code, each.reason, each.by) for each in front.said(Closed)] == [(code, reason, by)]
    assert front.core.ended(connection, 1006, "", "network") == []
    assert front.answer(goodbye, None, "ZeroDivisionError") == []  # reaches nobody
    assert nothing_is_left(front)


def test_what_was_under_way_when_the_client_left_goes_nowhere(front, connection):
    call = the_call(front.core.received(connection, "hello"))
    goodbye = the_call(front.core.ended(connection, 1001, "", "client"))
    assert front.answer(call, OK | {"body": "too late"}) == []
    assert front.core.received(connection, "ghost") == []
    assert front.core.post(connection, "ghost") == []
    front.answer(goodbye, OK)
    assert nothing_is_left(front)


@pytest.mark.parametrize("disconnect", [(), (Route("r", "$disconnect"),)])
def test_without_a_disconnect_integration_nobody_is_called(disconnect):
    front = Front(route("$default"), *disconnect)
    assert front.core.ended(front.accepted(), 1001, "", "client") == []
    assert nothing_is_left(front)


def test_a_disconnect_that_takes_too_long_reaches_nobody(front, connection):
    front.core.ended(connection, 1001, "", "client")
    front.clock.advance(29)
    assert front.core.due() == []
    assert nothing_is_left(front)


def test_delete_closes_normally(front, connection):
    assert front.core.close(connection, 1000, "Connection Closed Normally", "management") == [
        Close(connection, 1000, "Connection Closed Normally")
    ]
    assert front.core.busy()
    assert front.core.close(connection, 1001, "Going away", "gateway") == []
    goodbye = the_call(front.core.ended(connection, 1000, "whatever the client echoes", "client"))
    context = goodbye.event["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1000, "Connection Closed Normally")
    assert [(each.code, each.by) for each in front.said(Closed)] == [(1000, "management")]


def test_who_is_being_closed_has_one_deadline_and_then_none(front, connection):
    front.core.close(connection, 1000, "", "management")
    assert front.core.next_due == START + 10
    front.answer(the_call(front.core.ended(connection, 1000, "", "client")), OK)
    assert front.core.next_due == inf


def test_while_it_is_being_closed_nothing_is_sent_or_received(front, connection):
    call = the_call(front.core.received(connection, "hello"))
    front.core.close(connection, 1000, "", "management")
    assert front.core.received(connection, "x") == []
    assert front.core.post(connection, "x") == []
    assert front.answer(call, OK | {"body": "x"}) == []


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ten_idle_minutes_close_1001(front, connection):
    front.clock.advance(minutes=9, seconds=59.9)
    assert front.core.due() == []
    front.clock.advance(0.2)
    assert front.core.due() == [Close(connection, 1001, "Going away")]
    the_call(front.core.ended(connection, 1001, "Going away", "client"))
    assert [(each.code, each.reason, each.by) for each in front.said(Closed)] == [(1001, "Going away", "gateway")]


@pytest.mark.parametrize("code, by, answered", [(1001, "client", 1001), (1005, "client", 1005), (1006, "network", 0)])
def test_observers_hear_whether_the_client_answered_the_close_frame(front, connection, code, by, answered):
    front.core.close(connection, 1000, "Connection Closed Normally", "management")
    front.core.ended(connection, code, "", by)
    assert [(each.code, each.by, each.answered) for each in front.said(Closed)] == [(1000, "management", answered)]


def test_who_does_not_answer_a_close_frame_is_cut_off_by_the_clock(front, connection):
    front.core.close(connection, 1000, "Connection Closed Normally", "management")
    front.clock.advance(9.9)
    assert front.core.due() == []
    assert front.core.busy()
    front.clock.advance(0.1)
    assert front.core.due() == [Cut(connection)]
    the_call(front.core.ended(connection, 1006, "", "network"))
    assert [(each.code, each.by, each.answered) for each in front.said(Closed)] == [(1000, "management", 0)]


def test_a_close_frame_that_a_jump_brought_about_may_be_answered_after_it(front, connection):
    front.clock.advance(hours=3)
    assert front.core.due() == [Close(connection, 1001, "Going away")]
    assert front.core.due() == []
    the_call(front.core.ended(connection, 1001, "Going away", "client"))
    front.clock.advance(hours=3)
    assert not any(isinstance(action, Cut) for action in front.core.due())


@pytest.mark.parametrize("activity", ["received", "post", "reply", "error"])
def test_a_message_in_either_direction_is_activity(activity):
    front = Front(route("$default", function(timeout_millis=10_000_000), two_way=True))
    connection = front.accepted()
    call = the_call(front.core.received(connection, "hello"))
    front.clock.advance(599)
    if activity == "received":
        front.core.received(connection, "hello")
    elif activity == "post":
        front.core.post(connection, "hello")
    else:
        front.answer(call, OK if activity == "reply" else None)
    front.clock.advance(599)
    assert front.core.due() == []
    front.clock.advance(1)
    assert front.core.due() == [Close(connection, 1001, "Going away")]


def test_two_hours_are_the_most_whatever_is_said(front, connection):
    for _ in range(24):
        assert front.core.due() == []
        front.core.post(connection, "still there?")
        front.clock.advance(minutes=5)
    assert front.core.due() == [Close(connection, 1001, "Going away")]


def test_times_may_be_shortened():
    front = Front(*CHAT, limits=Limits(idle_seconds=1, max_duration_seconds=2))
    connection = front.accepted()
    front.clock.advance(1)
    assert front.core.due() == [Close(connection, 1001, "Going away")]


def test_a_time_out_that_is_handled_late_keeps_nobody_alive(front, connection):
    the_call(front.core.received(connection, "hello"))
    front.clock.advance(minutes=11)
    timed_out, close = front.core.due()
    assert json.loads(timed_out.text)["message"] == "Endpoint request timed out"
    assert close == Close(connection, 1001, "Going away"), "it was sent after 29 seconds, ten minutes before"


def test_what_the_clock_jumped_over_is_told_at_the_time_when_it_was_due(front, connection):
    opened = front.clock.now()
    the_call(front.core.received(connection, "hello"))
    front.clock.advance(minutes=11)
    front.core.due()
    (timed_out,) = (each for each in front.said(Answered) if each.error)
    assert (timed_out.at - opened, timed_out.seconds) == (29, 29)
    assert [each.at - opened for each in front.said(Sent)] == [29]
    the_call(front.core.ended(connection, 1001, "Going away", "client"))
    assert [each.at - opened for each in front.said(Closed)] == [629], "ten minutes after the error frame"
    assert front.said(Invoked)[-1].at - opened == 660, "the client answered after the jump"


def test_a_time_out_after_a_jump_is_still_activity_at_its_own_time(front, connection):
    front.clock.advance(minutes=9)
    the_call(front.core.received(connection, "hello"))
    front.clock.advance(minutes=10)
    assert [type(action) for action in front.core.due()] == [Send]
    front.clock.advance(28)
    assert front.core.due() == []
    front.clock.advance(1)
    assert front.core.due() == [Close(connection, 1001, "Going away")]


def test_what_arrives_after_the_idle_minutes_keeps_nobody_alive(front, connection):
    front.clock.advance(minutes=11)
    front.core.received(connection, "too late")
    assert front.core.due()[-1] == Close(connection, 1001, "Going away")


def test_a_connect_that_takes_longer_than_the_idle_time_counts_from_its_end():
    front = Front(*CHAT, limits=Limits(idle_seconds=1, max_duration_seconds=60))
    call = the_call(front.knock())
    front.clock.advance(3)
    (accept,) = front.answer(call, OK)
    assert front.core.due() == []
    front.clock.advance(1)
    assert front.core.due() == [Close(accept.connection, 1001, "Going away")]


def test_a_connection_that_is_being_decided_is_not_idle(front):
    front.knock()
    assert front.core.next_due == START + 29


def test_what_is_due_comes_in_order():
    front = Front(
        route("$default", function(timeout_millis=500), two_way=True), route("slow", function(timeout_millis=1000))
    )
    connection = front.accepted()
    slow = the_call(front.core.received(connection, '{"action": "slow"}'))
    fast = the_call(front.core.received(connection, "hello"))
    front.clock.advance(hours=3)
    sent = [json.loads(action.text)["requestId"] for action in front.core.due() if isinstance(action, Send)]
    assert sent == [fast.request_id, slow.request_id]


def test_nothing_is_due_where_nobody_is(front):
    assert front.core.next_due == inf
    assert front.core.due() == []
    assert not front.core.busy()


# ── long replies ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["x" * MESSAGE_BYTES, "é" * (MESSAGE_BYTES // 2)])
def test_a_reply_may_be_as_long_as_a_message(front, connection, text):
    assert front.answer(the_call(front.core.received(connection, "hello")), OK | {"body": text}) == [
        Send(connection, text)
    ]


@pytest.mark.parametrize("text", ["x" * (MESSAGE_BYTES + 1), "é" * (MESSAGE_BYTES // 2) + "x"])
def test_a_longer_reply_is_an_error(front, connection, text, caplog):
    call = the_call(front.core.received(connection, "hello"))
    (send,) = front.answer(call, OK | {"body": text})
    assert send.text == error_frame("Internal server error", connection, call)
    assert "route $default: the reply has more than 131072 bytes" in caplog.text


def test_a_long_answer_to_a_one_way_route_is_nobodys_trouble(front, connection):
    call = the_call(front.core.received(connection, '{"action": "quiet"}'))
    assert front.answer(call, OK | {"body": "x" * (MESSAGE_BYTES + 1)}) == []


# ── deployments ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_open_connections_follow_a_redeployment(front, connection):
    front.shelf.deploy(route("new", function("new")), route("$disconnect", function("goodbye")))
    assert the_call(front.core.received(connection, '{"action": "new"}')).target == "new"
    assert json.loads(front.core.received(connection, "hello")[0].text)["message"] == "Forbidden"
    assert the_call(front.core.ended(connection, 1001, "", "client")).target == "goodbye"


def test_a_call_under_way_ends_as_it_began(front, connection):
    call = the_call(front.core.received(connection, "hello"))
    front.shelf.deploy(route("$default"))  # one-way from now on
    assert front.answer(call, OK | {"body": "hi"}) == [Send(connection, "hi")]


def test_who_is_connecting_keeps_the_deployment_he_knocked_at(front):
    call = the_call(front.knock())
    front.shelf.deploy(route("$default"))
    assert front.answer(call, OK) == [Accept(call.connection, "")]


def test_without_its_stage_a_connection_stays_and_nothing_is_deployed_behind_it(front, connection):
    front.shelf.remove()
    assert the_refusal(front.knock())[0] == 403
    (send,) = front.core.received(connection, "hello")
    assert json.loads(send.text)["message"] == "Forbidden"
    assert connection.is_open
    assert front.core.ended(connection, 1001, "", "client") == [], "there is no $disconnect any more"


def test_a_stage_that_comes_back_answers_its_connections_again(front, connection):
    front.shelf.remove()
    front.core.received(connection, "hello")
    front.shelf.deploy(route("$default", function("again")))
    assert the_call(front.core.received(connection, "hello")).target == "again"


def test_a_call_under_way_when_its_stage_goes_is_answered(front, connection):
    call = the_call(front.core.received(connection, "hello"))
    front.shelf.remove()
    assert front.answer(call, OK | {"body": "hi"}) == [Send(connection, "hi")]


def test_who_is_connecting_when_the_stage_goes_is_let_in(front):
    call = the_call(front.knock())
    front.shelf.remove()
    assert front.answer(call, OK) == [Accept(call.connection, "")]


def test_a_removed_disconnect_route_is_not_called(front, connection):
    front.shelf.deploy(route("$default"))
    assert front.core.ended(connection, 1001, "", "client") == []


class Broken(Shelf):
    """A port that raises, as one does whose data are being changed by others."""

    def stage(self, api_id, stage_name):
        raise RuntimeError("dictionary changed size during iteration")


def test_definitions_that_raise_let_nobody_in_and_say_so(front, caplog):
    front.core.stages.definitions = Broken()
    assert the_refusal(front.knock())[0] == 403
    assert "the definitions port failed at a1b2c3d4e5/dev: RuntimeError('dictionary changed" in caplog.text


def test_definitions_that_raise_leave_open_connections_as_they_were(front, connection, caplog):
    front.core.stages.definitions = Broken()
    assert the_call(front.core.received(connection, "hello")).target == "probe"
    assert the_call(front.core.ended(connection, 1001, "", "client")).target == "probe"
    assert caplog.text.count("the definitions port failed") == 2


def test_without_its_default_endpoint_nobody_comes_in(front, caplog):
    caplog.set_level("INFO")
    stage = front.shelf.stages[API, "dev"]
    closed = replace(stage.deployment, disable_execute_api_endpoint=True)
    front.shelf.stages[API, "dev"] = replace(stage, deployment=closed)
    assert the_refusal(front.knock()) == (403, "Forbidden")
    assert "DisableExecuteApiEndpoint" in caplog.text


def test_a_custom_domain_reaches_a_stage_without_its_default_endpoint(front):
    stage = front.shelf.stages[API, "dev"]
    closed = replace(stage.deployment, disable_execute_api_endpoint=True)
    front.shelf.stages[API, "dev"] = replace(stage, deployment=closed)
    front.shelf.domains["ws.example.com"] = {"chat": (API, "dev")}
    call = the_call(front.knock("/chat?name=Ana", host="ws.example.com"))
    assert call.event["requestContext"]["domainName"] == call.event["headers"]["Host"] == "ws.example.com"
    assert (call.event["requestContext"]["stage"], call.event["queryStringParameters"]) == ("dev", {"name": "Ana"})
    assert the_refusal(front.knock("/dev", host="ws.example.com"))[0] == 403
    assert the_refusal(front.knock("/chat/more", host="ws.example.com"))[0] == 403


def test_domains_that_raise_let_nobody_in_and_say_so(front, caplog):
    front.shelf.domain = lambda name: 1 / 0
    assert the_refusal(front.knock(host="ws.example.com"))[0] == 403
    assert "the definitions port failed at ws.example.com: ZeroDivisionError" in caplog.text


def test_who_is_in_when_the_default_endpoint_closes_stays(front, connection):
    stage = front.shelf.stages[API, "dev"]
    closed = replace(stage.deployment, disable_execute_api_endpoint=True)
    front.shelf.stages[API, "dev"] = replace(stage, deployment=closed)
    assert the_call(front.core.received(connection, "hello")).target == "probe"


# ── the gateway ends ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_forgetting_everybody(front):
    pending, open_, closing = the_call(front.knock()), front.accepted(), front.accepted()
    call = the_call(front.core.received(open_, "hello"))
    front.core.close(closing, 1000, "Connection Closed Normally", "management")
    front.core.forget()
    assert nothing_is_left(front)
    assert {(each.connection_id, each.code) for each in front.said(Closed)} == {
        (open_.connection_id, 1001),
        (closing.connection_id, 1000),
    }
    assert front.answer(call, OK) == front.answer(pending, OK) == []
    assert front.core.ended(open_, 1006, "", "network") == []
    assert front.core.received(open_, "ghost") == []


# ── observers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_observers_see_one_conversation_in_order(front):
    connection = front.accepted()
    front.answer(the_call(front.core.received(connection, "hello")), OK | {"body": "hi"})
    front.answer(the_call(front.core.ended(connection, 1001, "", "client")), OK)
    assert [type(each).__name__ for each in front.told] == [
        "Knocked", "Invoked", "Answered", "Opened",
        "Received", "Routed", "Invoked", "Answered", "Sent",
        "Closed", "Invoked", "Answered",
    ]  # fmt: skip
    assert {each.connection_id for each in front.told} == {connection.connection_id}
    assert {(each.api_id, each.stage, each.at) for each in front.told} == {(API, "dev", START)}
    invoked = front.said(Invoked)[1]
    assert (invoked.target, invoked.integration_type, invoked.event["body"]) == ("probe", "AWS_PROXY", "hello")


def test_how_long_a_call_took(front, connection):
    call = the_call(front.core.received(connection, "hello"))
    front.clock.advance(1.5)
    front.answer(call, OK)
    assert front.said(Answered)[-1].seconds == pytest.approx(1.5)


def test_an_observer_that_raises_changes_no_decision(front, caplog):
    front.observers.watch(lambda happening: 1 / 0)
    connection = front.accepted()
    assert front.answer(the_call(front.core.received(connection, "hello")), OK | {"body": "hi"}) == [
        Send(connection, "hi")
    ]
