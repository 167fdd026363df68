from typing import Any

import pytest

from upgrade101.gateway.happenings import (
    Answered,
    Called,
    Closed,
    Happening,
    Invoked,
    Knocked,
    Managed,
    Opened,
    Received,
    Refused,
    Requested,
    Responded,
    Routed,
    Sent,
)
from upgrade101.wire.steps import Arrow, Note, Step, named, steps_of

ID = "RYGzEcSNvHcCH8A="


def step_of(happening: Happening) -> Step:
    [step] = steps_of([happening], {ID: "A"})
    return step


def arrow_of(happening: Happening) -> Arrow:
    step = step_of(happening)
    assert isinstance(step, Arrow)
    return step


def seen(arrow: Arrow) -> tuple[str, str, str, str]:
    return arrow.source, arrow.target, arrow.text, arrow.status


CLIENT = f"client:{ID}"


@pytest.mark.parametrize(
    ("happening", "expected"),
    [
        (
            Knocked(at=0, path="/dev?name=Ana", connection_id=ID),
            (CLIENT, "gateway", "GET /dev?name=Ana  Upgrade: websocket", ""),
        ),
        (Opened(at=0, connection_id=ID), ("gateway", CLIENT, "Switching Protocols", "101")),
        (
            Opened(at=0, connection_id=ID, subprotocol="chat.v1"),
            ("gateway", CLIENT, "Switching Protocols · chat.v1", "101"),
        ),
        (Refused(at=0, status=403, message="Forbidden", connection_id=ID), ("gateway", CLIENT, "Forbidden", "403")),
        (Received(at=0, text="hello", connection_id=ID), (CLIENT, "gateway", "hello", "")),
        (Sent(at=0, text="hi", because="reply", connection_id=ID), ("gateway", CLIENT, "hi", "")),
        (Sent(at=0, text="no", because="error", connection_id=ID), ("gateway", CLIENT, "no", "error")),
        (
            Closed(at=0, code=1001, reason="Going away", by="gateway", connection_id=ID),
            ("gateway", CLIENT, "close “Going away”", "1001"),
        ),
        (
            Closed(at=0, code=1006, reason="", by="network", connection_id=ID),
            (CLIENT, "gateway", "silence: no close frame", "1006"),
        ),
        (
            Invoked(at=0, request_id="1", route_key="$connect", integration_type="AWS_PROXY", target="connect"),
            ("gateway", "function:connect", "$connect event", ""),
        ),
        (
            Invoked(
                at=0, request_id="1", route_key="echo", integration_type="HTTP_PROXY", target="https://a.test/echo"
            ),
            ("gateway", "backend:a.test", "echo request", ""),
        ),
        (
            Invoked(
                at=0,
                request_id="1",
                route_key="save",
                integration_type="AWS",
                target="arn:aws:apigateway:us-east-1:sqs:path/1/jobs",
            ),
            ("gateway", "service:sqs", "save request", ""),
        ),
        (
            Invoked(
                at=0,
                request_id="1",
                route_key="$connect",
                integration_type="AWS_PROXY",
                target="doorkeeper",
                event={"type": "REQUEST"},
            ),
            ("gateway", "function:doorkeeper", "authorizer request", ""),
        ),
        (
            Answered(at=0, request_id="1", route_key="echo", target="echo", payload={"statusCode": 200}),
            ("function:echo", "gateway", '{"statusCode": 200}', ""),
        ),
        (Answered(at=0, request_id="1", route_key="echo", target="echo"), ("function:echo", "gateway", "null", "")),
        (
            Answered(
                at=0,
                request_id="1",
                route_key="echo",
                target="echo",
                error="KeyError",
                payload={"errorMessage": "'body'"},
            ),
            ("function:echo", "gateway", "KeyError: 'body'", "error"),
        ),
        (
            Answered(at=0, request_id="1", route_key="echo", target="echo", error="KeyError"),
            ("function:echo", "gateway", "KeyError", "error"),
        ),
        (
            Answered(at=0, request_id="1", route_key="echo", target="http://a.test/x", payload={"statusCode": 204}),
            ("backend:a.test", "gateway", "(empty)", "204"),
        ),
        (
            Answered(
                at=0,
                request_id="1",
                route_key="echo",
                target="arn:aws:apigateway:us-east-1:sqs:path/1/jobs",
                payload={"statusCode": 400, "headers": {}, "body": "no such queue", "isBase64Encoded": False},
            ),
            ("service:sqs", "gateway", "no such queue", "400"),
        ),
        (
            Answered(
                at=0,
                request_id="1",
                route_key="echo",
                target="http://a.test/x",
                payload={"statusCode": 200, "body": "/wA=", "isBase64Encoded": True},
            ),
            ("backend:a.test", "gateway", "(no text)", "200"),
        ),
        (
            Answered(
                at=0,
                request_id="1",
                route_key="echo",
                target="http://a.test/x",
                payload={"errorMessage": "no answer"},
                error="Integration.Unreachable",
            ),
            ("backend:a.test", "gateway", "Integration.Unreachable: no answer", "error"),
        ),
        (
            Managed(at=0, method="POST", status=410, text="hi", caller="tell", connection_id=ID),
            ("function:tell", "@connections", f"POST {ID} (A)", "410"),
        ),
        (
            Managed(at=0, method="DELETE", status=204, connection_id="gone="),
            ("notebook", "@connections", "DELETE gone=", "204"),
        ),
        (
            Called(
                at=0,
                service="dynamodb",
                operation="PutItem",
                parameters={"TableName": "connections"},
                status=200,
                caller="connect",
            ),
            ("function:connect", "service:dynamodb", "PutItem connections", "200"),
        ),
        (
            Called(
                at=0,
                service="sqs",
                operation="SendMessage",
                parameters={"QueueUrl": "http://127.0.0.1/1/jobs"},
                status=400,
                error="AccessDenied",
                caller="f",
            ),
            ("function:f", "service:sqs", "SendMessage jobs AccessDenied", "400"),
        ),
        (
            Requested(at=0, request_id="1", method="GET", path="/prod/news"),
            ("client:", "gateway", "GET /prod/news", ""),
        ),
        (
            Responded(at=0, request_id="1", status=200, body='{"news": []}'),
            ("gateway", "client:", '{"news": []}', "200"),
        ),
    ],
)
def test_what_happened_becomes_an_arrow(happening: Happening, expected: tuple[str, str, str, str]) -> None:
    assert seen(arrow_of(happening)) == expected


@pytest.mark.parametrize(
    ("route_key", "selected", "words"),
    [
        ("echo", "echo", "route echo"),
        ("$default", "", "route $default"),
        ("$default", "shout", "no route 'shout': $default"),
        ("", "shout", "no route 'shout', no $default"),
        ("", "", "no route, no $default"),
    ],
)
def test_the_way_a_message_takes_becomes_a_note(route_key: str, selected: str, words: str) -> None:
    note = step_of(Routed(at=0, route_key=route_key, selected=selected))
    assert isinstance(note, Note)
    assert (note.lane, note.text) == ("gateway", words)
    assert note.tone == ("plain" if route_key else "bad")


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_an_authorizers_policy_shows_its_effect(effect: str) -> None:
    policy = {"principalId": "ana", "policyDocument": {"Statement": [{"Effect": effect}]}}
    assert arrow_of(Answered(at=0, request_id="1", route_key="$connect", target="f", payload=policy)).status == effect


def test_what_a_function_calls_is_drawn_and_what_the_notebook_calls_is_not() -> None:
    calls = [
        Called(at=0, service="dynamodb", operation="CreateTable"),
        Called(at=0, service="apigatewaymanagementapi", operation="PostToConnection", caller="f"),
    ]
    assert steps_of(calls, {}) == []


def test_a_mock_integration_is_a_note_and_its_answer_nothing() -> None:
    run = [
        Invoked(at=0, request_id="1", route_key="ping", integration_type="MOCK", target="MOCK"),
        Answered(at=0, request_id="1", route_key="ping", target="MOCK", payload={}),
    ]
    [note] = steps_of(run, {})
    assert note.text == "mock integration"


@pytest.mark.parametrize("posted_first", [True, False])
def test_a_post_stands_before_the_message_it_sends(posted_first: bool) -> None:
    post = Managed(at=0, method="POST", status=200, text="hi", caller="f", connection_id=ID)
    sent = Sent(at=0, text="hi", because="post", connection_id=ID)
    steps = steps_of([post, sent] if posted_first else [sent, post], {})
    assert [type(step.happening) for step in steps] == [Managed, Sent]


def test_two_equal_posts_each_keep_their_message() -> None:
    post = Managed(at=0, method="POST", status=200, text="hi", caller="f", connection_id=ID)
    sent = Sent(at=0, text="hi", because="post", connection_id=ID)
    steps = steps_of([sent, post, sent, post], {})
    assert [type(step.happening) for step in steps] == [Managed, Sent, Managed, Sent]


def test_a_delete_stands_before_the_close_it_causes() -> None:
    closed = Closed(at=0, code=1000, reason="", by="management", connection_id=ID)
    steps = steps_of([closed, Managed(at=0, method="DELETE", status=204, connection_id=ID)], {})
    assert [type(step.happening) for step in steps] == [Managed, Closed]


def test_a_dead_line_is_an_arrow_that_never_arrives() -> None:
    assert arrow_of(Closed(at=0, code=1006, reason="", by="network", connection_id=ID)).lost
    assert not arrow_of(Closed(at=0, code=1000, reason="", by="management", connection_id=ID)).lost


@pytest.mark.parametrize(
    ("code", "reason", "said", "statuses"),
    [
        (1000, "", "close", ("1000", "1000")),
        (1000, "bye", "close “bye”", ("1000", "1000")),
        (1005, "Client-side close frame status not set", "close without a code", ("1005", "")),
    ],
)
def test_a_clients_close_frame_is_answered(code: int, reason: str, said: str, statuses: tuple[str, str]) -> None:
    goodbye = Closed(at=0, code=code, reason=reason, by="client", connection_id=ID)
    there, back = steps_of([goodbye], {ID: "A"})
    assert isinstance(there, Arrow)
    assert isinstance(back, Arrow)
    assert [seen(there), seen(back)] == [
        (CLIENT, "gateway", said, statuses[0]),
        ("gateway", CLIENT, said, statuses[1]),
    ]
    assert (there.answer, back.answer) == (False, True)
    assert there.happening is back.happening is goodbye


def call(target: str, error: str = "", route_key: str = "say", **facts: Any) -> list[Happening]:
    """Return a call and its answer, of whom nobody called where there is an error."""
    kind = "HTTP" if target.startswith("http") else "AWS_PROXY"
    known = {"request_id": "1", "route_key": route_key, "target": target}
    answered = Answered(at=1, error=error, not_invoked=bool(error), **known, **facts)
    return [Invoked(at=0, integration_type=kind, **known), answered]


@pytest.mark.parametrize(
    ("target", "error", "said"),
    [
        ("http://a.test/x", "Integration.UnsupportedMediaType", "a.test is not called: UnsupportedMediaType"),
        ("chat", "AccessDeniedException", "chat is not called: AccessDeniedException"),
        ("MOCK", "ConfigurationError", "MOCK is not called: ConfigurationError"),
    ],
)
def test_who_was_never_called_gets_no_arrow(target: str, error: str, said: str) -> None:
    [note] = steps_of(call(target, error, payload={"errorMessage": "for want of a template"}), {})
    assert isinstance(note, Note)
    assert (note.lane, note.text, note.tone) == ("gateway", said, "bad")
    assert note.full.endswith(": for want of a template")


def test_who_was_called_under_the_same_request_keeps_its_arrows() -> None:
    keeper, door = call("keeper", route_key="$connect"), call("chat", "AccessDeniedException", route_key="$connect")
    assert [type(step) for step in steps_of([*keeper, *door], {})] == [Arrow, Arrow, Note]
    twice = [*call("chat", route_key="$connect"), *call("chat", "AccessDeniedException", route_key="$connect")]
    assert [type(step) for step in steps_of(twice, {})] == [Arrow, Arrow, Note]


def test_an_answer_whose_call_has_been_forgotten_is_a_note_too() -> None:
    [note] = steps_of(call("chat", "TooManyRequestsException")[1:], {})
    assert note.lanes == ("gateway",)


def test_a_missing_close_code_is_explained_and_no_sign_of_trouble() -> None:
    there, _ = steps_of([Closed(at=0, code=1005, reason="", by="client", connection_id=ID)], {ID: "A"})
    assert "no status received" in there.full
    assert there.tone == "plain"


@pytest.mark.parametrize("by", ["gateway", "management"])
@pytest.mark.parametrize(
    ("answered", "said"),
    [(1001, (CLIENT, "gateway", "close", "1001")), (1005, (CLIENT, "gateway", "close without a code", ""))],
)
def test_a_close_frame_of_the_gateway_is_answered_where_the_client_did(
    by: str, answered: int, said: tuple[str, str, str, str]
) -> None:
    goodbye = Closed(at=0, code=1001, reason="Going away", by=by, connection_id=ID, answered=answered)
    there, back = steps_of([goodbye], {ID: "A"})
    assert isinstance(there, Arrow)
    assert isinstance(back, Arrow)
    assert [seen(there), seen(back)] == [("gateway", CLIENT, "close “Going away”", "1001"), said]
    assert back.answer


def test_a_goodbye_stands_where_it_was_said_and_not_where_it_was_answered() -> None:
    late = [Received(at=at, text=str(at), connection_id="FYnvDeD_NjMCKlg=") for at in (599, 660)]
    goodbyes = [
        Closed(at=at, code=1001, reason="", by="gateway", connection_id=ID, answered=1001) for at in (600, 600.5)
    ]
    steps = steps_of([*late, *goodbyes], {ID: "A"})
    assert [step.at for step in steps] == [599, 600, 600, 600.5, 600.5, 660]
    assert [step.lanes[0] for step in steps[1:5]] == ["gateway", CLIENT] * 2


@pytest.mark.parametrize("by", ["gateway", "management", "network"])
def test_a_close_frame_that_nobody_answered_stands_alone(by: str) -> None:
    assert len(steps_of([Closed(at=0, code=1001, reason="Going away", by=by, connection_id=ID)], {ID: "A"})) == 1


def test_secrets_are_not_shown_in_full() -> None:
    path = "/dev?X-Amz-Signature=0123456789abcdef&room=7"
    knock = arrow_of(Knocked(at=0, path=path, headers=(("Authorization", "Bearer 0123456789abcdef"), ("Host", "h"))))
    assert "0123456789abcdef" not in knock.full + knock.text
    assert "room=7" in knock.text
    assert "Host: h" in knock.full


def test_who_never_got_a_connection_id_is_named_apart() -> None:
    knocks = [Knocked(at=0, path="/a"), Refused(at=0, status=403), Knocked(at=0, path="/b"), Refused(at=0, status=403)]
    assert [told.connection_id for told in named(knocks)] == ["stranger 1", "stranger 1", "stranger 2", "stranger 2"]


def test_the_whole_event_is_kept_for_the_tooltip() -> None:
    invoked = Invoked(
        at=0, request_id="1", route_key="echo", integration_type="AWS_PROXY", target="echo", event={"body": "hi"}
    )
    assert arrow_of(invoked).full == '{\n  "body": "hi"\n}'


@pytest.mark.parametrize("error", ["timeout", "Integration.TimedOut", "504 Endpoint request timed out"])
def test_when_the_gateway_stops_waiting_nobody_has_answered(error: str) -> None:
    late = Answered(at=1, request_id="1", route_key="book", target="slow", error=error, seconds=0.0504)
    note = step_of(late)
    assert isinstance(note, Note)
    assert (note.lane, note.text, note.tone) == ("gateway", "stopped waiting: timed out", "bad")
    assert "no answer from slow in 50 ms" in note.full


@pytest.mark.parametrize("error", ["Sandbox.Timedout", "timeout"])
def test_a_function_that_ends_with_an_error_has_answered(error: str) -> None:
    payload = {"errorType": error, "errorMessage": "Task timed out after 3.00 seconds"}
    ended = Answered(at=1, request_id="1", route_key="book", target="slow", error=error, payload=payload)
    assert seen(arrow_of(ended))[:2] == ("function:slow", "gateway")


def knock(*headers: tuple[str, str]) -> str:
    return step_of(Knocked(at=0, path="/dev", headers=(("Host", "h"), *headers), connection_id=ID)).text


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (("cookie", "seat=4"), "Cookie: seat=4"),
        (("Origin", "https://a.test"), "Origin: a.test"),
        (("Sec-WebSocket-Protocol", "chat.v1"), "subprotocol: chat.v1"),
    ],
)
def test_an_upgrade_request_says_what_tells_clients_apart(header: tuple[str, str], said: str) -> None:
    assert knock(header) == f"GET /dev  Upgrade: websocket  {said}"


def test_an_upgrade_request_with_much_to_say_does_not_say_that_it_is_one() -> None:
    bearer = ("Authorization", "Bearer 0123456789abcdef")
    assert knock(bearer) == "GET /dev  Authorization: Bearer 01…abcdef"
    browser = (("Cookie", "session=walnut"), ("Origin", "https://evil.example"))
    assert knock(*browser) == "GET /dev  Origin: evil.example  Cookie: session=walnut"


def test_and_says_nothing_that_all_clients_say() -> None:
    assert knock(("User-Agent", "Python"), ("Sec-WebSocket-Version", "13")) == "GET /dev  Upgrade: websocket"


def test_a_call_of_a_wrong_path_shows_the_path() -> None:
    lost = Managed(at=0, method="POST", status=404, path=f"/dev/@connections/{ID}", caller="f")
    assert arrow_of(lost).text == f"POST /dev/@connections/{ID}"
    assert arrow_of(lost).full == f"POST /dev/@connections/{ID}"
    wrong = Managed(at=0, method="PUT", status=405, connection_id=ID)
    assert arrow_of(wrong).text == f"PUT {ID} (A)"


@pytest.mark.parametrize(
    ("method", "status", "said"),
    [("POST", 200, f"{ID} → A"), ("POST", 410, f"{ID} (A)"), ("GET", 200, f"{ID} (A)"), ("DELETE", 204, f"{ID} (A)")],
)
def test_a_post_says_whom_it_reaches(method: str, status: int, said: str) -> None:
    assert arrow_of(Managed(at=0, method=method, status=status, connection_id=ID)).text == f"{method} {said}"


def errand(kind: str = "Event", **more: Any) -> Called:
    parameters = {"FunctionName": "messenger", "InvocationType": kind}
    facts = {"status": 202, "caller": "connect", **more}
    return Called(at=2, service="lambda", operation="Invoke", parameters=parameters, **facts)


def test_an_errand_leads_from_one_function_to_the_other() -> None:
    assert seen(arrow_of(errand())) == ("function:connect", "function:messenger", "Invoke (Event)", "202")


@pytest.mark.parametrize(
    "other", [errand("RequestResponse"), errand(error="ResourceNotFoundException"), errand(caller="messenger")]
)
def test_an_invocation_with_an_answer_or_an_error_is_a_call_of_lambda(other: Called) -> None:
    assert arrow_of(other).target == "service:lambda"


def test_an_errand_stands_before_what_is_done_on_it() -> None:
    done = Managed(at=1.9, method="GET", status=200, caller="messenger", connection_id=ID)
    before = Called(at=1, service="dynamodb", operation="PutItem", caller="connect")
    assert [step.happening for step in steps_of([before, done, errand()], {})] == [before, errand(), done]
