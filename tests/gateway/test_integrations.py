"""What stands behind a route: MOCK, what the other kinds are handed, and what their answers say."""

import json
import logging

import pytest
from gateway_kit import API, STAGE, Front, route, the_call, the_refusal, uri
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.calls import Accept, Call, Run, Send
from upgrade101.gateway.definition import Integration, IntegrationResponse
from upgrade101.gateway.documents import reply
from upgrade101.gateway.happenings import Answered, Invoked
from upgrade101.gateway.http_integrations import answer_document
from upgrade101.gateway.integrations import mock
from upgrade101.gateway.ports import (
    NOT_EMULATED,
    TIMED_OUT,
    UNREACHABLE,
    BackendRequest,
    HttpResponse,
    Outcome,
    Payload,
)

CONTEXT = {"connectionId": "abc=", "eventType": "MESSAGE"}


def answered(request=None, responses=(), body="", selection="", variables=None):
    integration = Integration(
        "i1",
        "MOCK",
        request_templates=request or {},
        template_selection_expression=selection,
        responses=tuple(responses),
    )
    event = {"requestContext": CONTEXT, "body": body}
    return mock(integration, event | ({"stageVariables": variables} if variables else {}))


def response(key="$default", templates=None, selection=""):
    return IntegrationResponse(key, templates or {}, selection)


def test_ping_pong():
    made = answered({"200": '{"statusCode": 200}'}, [response(templates={"200": '{"pong": true}'}, selection="200")],
                    selection="200")  # fmt: skip
    assert reply(made).body == '{"pong": true}'


def test_the_only_template_needs_no_selection():
    made = answered({"application/json": '{"statusCode": 200}'}, [response(templates={"application/json": "pong"})])
    assert reply(made).body == "pong"


def test_templates_see_the_message_and_its_context():
    made = answered(
        {"$default": '{"statusCode": $input.path("$.code")}'},
        [
            response(
                templates={"$default": "$context.connectionId says $input.path('$.code') in $stageVariables.colour"}
            )
        ],
        body='{"code": 404}',
        variables={"colour": "blue"},
    )
    assert made.payload == {"statusCode": 404, "body": "abc= says 404 in blue"}


def test_a_template_is_chosen_by_the_message():
    templates = {"a": '{"statusCode": 201}', "b": '{"statusCode": 202}', "$default": '{"statusCode": 203}'}
    for kind, status in [("a", 201), ("b", 202), ("c", 203)]:
        made = answered(templates, body=f'{{"kind": "{kind}"}}', selection="$request.body.kind")
        assert made.payload == {"statusCode": status}


@pytest.mark.parametrize(
    "status, chosen", [(200, "fine"), (404, "four"), (418, "four"), (503, "other"), (299, "other")]
)
def test_an_integration_response_is_chosen_by_the_status(status, chosen):
    made = answered(
        {"$default": f'{{"statusCode": {status}}}'},
        [
            response("$default", {"$default": "other"}),
            response("/200/", {"$default": "fine"}),
            response(r"/4\d\d/", {"$default": "four"}),
        ],
    )
    assert made.payload == {"statusCode": status, "body": chosen}


def test_without_an_integration_response_there_is_no_body():
    assert answered({"$default": '{"statusCode": 200}'}).payload == {"statusCode": 200}


def test_without_a_response_template_the_body_is_empty():
    assert answered({"$default": '{"statusCode": 200}'}, [response()]).payload == {"statusCode": 200, "body": ""}


def test_without_a_request_template_the_message_stands_for_it():
    assert answered(body='{"statusCode": 204}').payload == {"statusCode": 204}
    assert answered(body="").payload == {"statusCode": 200}


@pytest.mark.parametrize(
    "body", ["hello", "[]", "{}", '{"statusCode": "many"}', '{"statusCode": 99}', '{"statusCode": true}']
)
def test_without_a_status_it_fails(body):
    made = answered(body=body)
    assert made.error == "ConfigurationError"
    assert reply(made) is None


@pytest.mark.parametrize(
    "broken",
    [
        {"request": {"$default": "#if($x)"}},
        {"request": {"$default": '{"statusCode": 200}'}, "responses": [response(templates={"$default": "#if($x)"})]},
        {"request": {"$default": '{"statusCode": 200}'}, "responses": [response("/(/")]},
    ],
)
def test_a_broken_definition_is_a_failure_not_a_crash(broken):
    made = answered(**broken)
    assert made.error == "ConfigurationError"
    assert made.payload["errorMessage"]


@given(st.text(), st.text(max_size=20), st.text(max_size=20))
def test_any_definition_gives_an_outcome(body, template, key):
    made = answered({"$default": template}, [response(f"/{key}/"), response("$default", {"x": template})], body=body)
    assert made.error or made.payload["statusCode"]


def test_a_mock_refuses_what_passthrough_never_lets_through():
    integration = Integration("i", "MOCK", passthrough_behavior="NEVER")
    made = mock(integration, {"requestContext": CONTEXT, "body": "hello"})
    assert made.error == "Integration.UnsupportedMediaType"


# ── what the other kinds are handed ──────────────────────────────────────────────────────────────────────────────────

URL = "http://127.0.0.1:8080/in"


def http(kind="HTTP_PROXY", url=URL, **settings):
    return Integration("i", kind, url, "POST", **settings)


def function(**settings):
    """A Lambda function behind an AWS integration: no proxy."""
    return Integration("i", "AWS", uri("probe"), "POST", **settings)


def talk(integration, *, two_way=True, text='{"n": 7}', **settings):
    """Send a message to the only route, and return the front and what the core wants done."""
    front = Front(route("$default", integration, two_way=two_way, **settings))
    return front, front.core.received(front.accepted(), text)


def sent(actions):
    """Return the text of the only frame."""
    (send,) = actions
    assert isinstance(send, Send)
    return send.text


def frame(actions):
    return json.loads(sent(actions))["message"]


def http_answer(front, call, status=200, body=b"fine", *headers):
    document = answer_document(HttpResponse(status, body, list(headers)))
    return front.core.answered(call, Outcome(document))


def test_a_proxied_message_goes_out_as_it_came():
    _, actions = talk(http(request_parameters={"integration.request.header.who": "context.connectionId"}))
    request = the_call(actions).request
    assert isinstance(request, BackendRequest)
    assert (request.method, request.url, request.body, request.seconds) == ("POST", URL, b'{"n": 7}', 29.0)
    assert len(dict(request.headers)["who"]) == 16


@pytest.mark.parametrize("status", [200, 301, 404, 500])
def test_a_proxied_answer_comes_back_whatever_its_status(status):
    front, actions = talk(http())
    assert sent(http_answer(front, the_call(actions), status, b"\xc3\xa9")) == "é"


def test_an_answer_that_is_no_text_comes_back_with_replacement_characters():
    front, actions = talk(http())
    assert sent(http_answer(front, the_call(actions), 200, b"a\xffb")) == "a\ufffdb"


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
def test_a_one_way_route_keeps_a_backends_answer_to_itself(kind):
    front, actions = talk(http(kind), two_way=False)
    assert http_answer(front, the_call(actions), 500, b"broken") == []


@pytest.mark.parametrize(
    "error, words",
    [
        (TIMED_OUT, "Endpoint request timed out"),
        (UNREACHABLE, "Network error communicating with endpoint"),
        (NOT_EMULATED, "Internal server error"),
        ("InternalFailure", "Internal server error"),
    ],
)
@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
@pytest.mark.parametrize("two_way", [True, False])
def test_a_backend_that_does_not_answer_is_an_error_frame(kind, error, words, two_way):
    front, actions = talk(http(kind), two_way=two_way)
    outcome = Outcome({"errorMessage": "why"}, error=error)
    assert frame(front.core.answered(the_call(actions), outcome)) == words


def test_a_backend_has_the_integrations_own_time():
    front, actions = talk(http(timeout_millis=50))
    assert the_call(actions).request.seconds == 0.05
    front.clock.advance(seconds=0.06)
    assert frame(front.core.due()) == "Endpoint request timed out"
    assert http_answer(front, the_call(actions)) == []


def test_an_observer_sees_the_request_and_the_address_without_its_query():
    front, actions = talk(http(url=f"{URL}?key=secret"))
    http_answer(front, the_call(actions), 200, b"hi", ("Server", "x"))
    (invoked,), (answered,) = front.said(Invoked), front.said(Answered)
    assert (invoked.integration_type, invoked.target, answered.target) == ("HTTP_PROXY", URL, URL)
    assert (invoked.event["method"], invoked.event["body"]) == ("POST", '{"n": 7}')
    assert answered.payload == {"statusCode": 200, "headers": {"Server": "x"}, "body": "hi", "isBase64Encoded": False}


def test_what_an_http_integration_gets_is_mapped():
    template = '{"text": $input.json("$.n"), "from": "$context.connectionId", "colour": "$stageVariables.colour"}'
    front = Front(
        route("$default", http("HTTP", request_templates={"$default": template}), two_way=True),
        stage_variables={"colour": "blue"},
    )
    connection = front.accepted()
    request = the_call(front.core.received(connection, '{"n": 7}')).request
    assert json.loads(request.body) == {"text": 7, "from": connection.connection_id, "colour": "blue"}


@pytest.mark.parametrize(
    "behavior, templates, passes",
    [
        ("WHEN_NO_MATCH", {}, True),
        ("WHEN_NO_MATCH", {"other": "x"}, True),
        ("WHEN_NO_TEMPLATES", {}, True),
        ("WHEN_NO_TEMPLATES", {"other": "x"}, False),
        ("NEVER", {}, False),
        ("NEVER", {"other": "x"}, False),
    ],
)
@pytest.mark.parametrize("kind", ["HTTP", "AWS"])
def test_passthrough_behavior(kind, behavior, templates, passes):
    settings = {"passthrough_behavior": behavior, "request_templates": templates}
    settings["template_selection_expression"] = "none"
    integration = http("HTTP", **settings) if kind == "HTTP" else function(**settings)
    front, actions = talk(integration)
    if not passes:
        assert frame(actions) == "Unsupported Media Type"
        assert front.said(Answered)[0].error == "Integration.UnsupportedMediaType"
        assert front.said(Answered)[0].not_invoked
    elif kind == "HTTP":
        assert the_call(actions).request.body == b'{"n": 7}'
    else:
        assert the_call(actions).request == Payload({"n": 7})


def test_a_function_that_is_no_proxy_gets_what_its_template_makes():
    front, actions = talk(function(request_templates={"application/json": '{"only": $input.json("$.n")}'}))
    assert the_call(actions).request == Payload({"only": 7})
    assert front.said(Invoked)[0].event == {"only": 7}
    assert front.said(Invoked)[0].target == "probe"


def test_a_function_is_not_called_with_what_is_no_json(caplog):
    _, actions = talk(function(), text="hello")
    assert frame(actions) == "Internal server error"
    assert "request template" in caplog.text


def test_a_function_nobody_waits_for_is_a_service_like_others():
    mapping = {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}
    _, actions = talk(function(request_parameters=mapping))
    assert the_call(actions).request.url == uri("probe")


def test_a_private_integration_is_not_emulated_and_says_what_to_do(caplog):
    _, actions = talk(http(connection_type="VPC_LINK"))
    assert frame(actions) == "Internal server error"
    assert "NotEmulated: private integrations" in caplog.text and "ConnectionType INTERNET" in caplog.text


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY", "AWS"])
def test_a_missing_stage_variable_is_named(caplog, kind):
    _, actions = talk(http(kind, url="http://127.0.0.1:${stageVariables.port}/"))
    assert frame(actions) == "Internal server error"
    assert "no variable 'port'" in caplog.text and "update_stage" in caplog.text


# ── binary ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
def test_base64_text_reaches_a_backend_as_bytes(kind):
    _, actions = talk(http(kind, content_handling_strategy="CONVERT_TO_BINARY"), text="/wAB")
    assert the_call(actions).request.body == b"\xff\x00\x01"


def test_a_proxy_function_is_told_that_a_message_is_base64():
    proxy = Integration("i", "AWS_PROXY", uri("probe"), "POST", content_handling_strategy="CONVERT_TO_BINARY")
    _, actions = talk(proxy, text="/wAB")
    event = the_call(actions).event
    assert (event["body"], event["isBase64Encoded"]) == ("/wAB", True)


def test_a_proxy_function_with_convert_to_text_is_handed_text():
    proxy = Integration("i", "AWS_PROXY", uri("probe"), "POST", content_handling_strategy="CONVERT_TO_TEXT")
    _, actions = talk(proxy, text="hi")
    event = the_call(actions).event
    assert (event["body"], event["isBase64Encoded"]) == ("hi", False)


@pytest.mark.parametrize("kind", ["AWS_PROXY", "HTTP_PROXY", "HTTP", "AWS"])
def test_what_is_no_base64_is_not_converted(caplog, kind):
    target = URL if kind.startswith("HTTP") else uri("probe")
    _, actions = talk(Integration("i", kind, target, "POST", content_handling_strategy="CONVERT_TO_BINARY"), text="!")
    assert frame(actions) == "Internal server error"
    assert "no base64" in caplog.text


# ── what the answers say ─────────────────────────────────────────────────────────────────────────────────────────────

FINE = IntegrationResponse("$default")
BY_STATUS = (
    IntegrationResponse("/4\\d\\d/", {"$default": "sorry: $input.body"}),
    IntegrationResponse(
        "$default", {"200": "as it should be", "$default": "other"}, "$integration.response.statuscode"
    ),
)


@pytest.mark.parametrize(
    "status, text", [(200, "as it should be"), (404, "sorry: fine"), (500, "other"), (204, "other")]
)
def test_an_integration_response_is_chosen_by_the_backends_status(status, text):
    front, actions = talk(http("HTTP", responses=BY_STATUS))
    assert sent(http_answer(front, the_call(actions), status)) == text


def test_without_a_response_template_the_answer_passes():
    front, actions = talk(http("HTTP", responses=(FINE,)))
    assert sent(http_answer(front, the_call(actions), 500, b"as it is")) == "as it is"


@pytest.mark.parametrize("two_way", [True, False])
def test_only_a_two_way_route_needs_an_integration_response(caplog, two_way):
    front, actions = talk(http("HTTP"), two_way=two_way)
    done = http_answer(front, the_call(actions))
    if two_way:
        assert frame(done) == "Internal server error"
        assert "create_integration_response(IntegrationResponseKey='$default')" in caplog.text
    else:
        assert done == [] and "create_integration_response" not in caplog.text


def test_a_function_that_is_no_proxy_answers_with_json_as_it_is():
    front, actions = talk(function(responses=(FINE,)))
    assert sent(front.answer(the_call(actions), {"café": [1]})) == '{"café": [1]}'


ERRORS = (
    IntegrationResponse("/No such room: .*/", {"$default": '{"problem": "$input.path(\'$.errorMessage\')"}'}),
    IntegrationResponse("$default", {"$default": "default"}),
)


@pytest.mark.parametrize(
    "message, text",
    [
        ("No such room: blue", '{"problem": "No such room: blue"}'),
        ("really No such room: blue", "default"),
        ("broken", "default"),
    ],
)
def test_a_functions_error_is_matched_as_a_whole_by_its_message(message, text):
    front, actions = talk(function(responses=ERRORS))
    payload = {"errorMessage": message, "errorType": "LookupError"}
    assert sent(front.answer(the_call(actions), payload, "LookupError")) == text


def test_a_function_that_may_not_be_invoked_is_an_error_frame_all_the_same():
    front, actions = talk(function(responses=ERRORS))
    done = front.answer(the_call(actions), None, "AccessDeniedException", not_invoked=True)
    assert frame(done) == "Internal server error"


@pytest.mark.parametrize(
    "strategy, content, text",
    [("CONVERT_TO_TEXT", b"\xff\x00", "/wA="), ("CONVERT_TO_BINARY", b"aGk=", "hi"), ("", b"aGk=", "aGk=")],
)
def test_an_integration_response_converts_content(strategy, content, text):
    front, actions = talk(
        http("HTTP", responses=(IntegrationResponse("$default", content_handling_strategy=strategy),))
    )
    assert sent(http_answer(front, the_call(actions), 200, content)) == text


@pytest.mark.parametrize(
    "broken", [{"response_templates": {"$default": "#if($x)"}}, {"integration_response_key": "/(/"}]
)
def test_a_broken_integration_response_is_an_error_frame(caplog, broken):
    made = IntegrationResponse(**({"integration_response_key": "$default"} | broken))
    front, actions = talk(http("HTTP", responses=(made,)))
    assert frame(http_answer(front, the_call(actions))) == "Internal server error"
    assert caplog.records


# ── at the door ──────────────────────────────────────────────────────────────────────────────────────────────────────


def knock(integration, target=f"/{STAGE}?token=abc&room=a&room=b", **settings):
    front = Front(route("$connect", integration, **settings))
    return front, front.knock(target, ("Sec-WebSocket-Version", "13"), ("X-Mine", "1"), ("User-Agent", "probe"))


def test_a_proxied_connect_carries_the_clients_headers_and_query():
    mapping = {
        "integration.request.header.Sec-WebSocket-Version": "'0'",
        "integration.request.querystring.token": "'mine'",
    }
    _, actions = knock(http(url=f"{URL}?fixed=1", request_parameters=mapping))
    request = the_call(actions).request
    assert request.url == f"{URL}?fixed=1&token=mine&room=a&room=b"
    headers = {name.lower(): value for name, value in request.headers}
    assert (headers["sec-websocket-version"], headers["x-mine"], headers["user-agent"]) == ("0", "1", "probe")
    assert "host" not in headers and request.body == b""


def test_a_connect_that_is_no_proxy_carries_only_what_is_mapped():
    mapping = {"integration.request.header.token": "route.request.querystring.token"}
    declared = {"route.request.querystring.token": {"Required": False}}
    _, actions = knock(http("HTTP", request_parameters=mapping), request_parameters=declared)
    request = the_call(actions).request
    headers = {name.lower(): value for name, value in request.headers}
    assert headers["token"] == "abc" and "x-mine" not in headers
    assert request.url == URL and headers["user-agent"] == f"AmazonAPIGateway_{API}"


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_backend_lets_in(status):
    front, actions = knock(http())
    (accept,) = http_answer(front, the_call(actions), status, b"", ("sec-websocket-protocol", "chat.v1"))
    assert isinstance(accept, Accept) and accept.subprotocol == "chat.v1"


@pytest.mark.parametrize("status", [301, 400, 401, 500])
def test_a_backend_refuses_with_its_own_status(status):
    front, actions = knock(http())
    assert the_refusal(http_answer(front, the_call(actions), status))[0] == status


@pytest.mark.parametrize(
    "error, status, words",
    [
        (TIMED_OUT, 504, "Endpoint request timed out"),
        (UNREACHABLE, 504, "Network error communicating with endpoint"),
        (NOT_EMULATED, 501, "why"),
    ],
)
def test_a_backend_that_does_not_answer_lets_nobody_in(error, status, words):
    front, actions = knock(http())
    outcome = Outcome({"errorMessage": "why"}, error=error)
    assert the_refusal(front.core.answered(the_call(actions), outcome)) == (status, words)


@pytest.mark.parametrize("status", [200, 401, 500])
def test_behind_an_integration_response_every_status_lets_in(status):
    front, actions = knock(http("HTTP", responses=(FINE,)))
    (accept,) = http_answer(front, the_call(actions), status)
    assert isinstance(accept, Accept)


def test_a_connect_that_is_no_proxy_needs_an_integration_response(caplog):
    front, actions = knock(http("HTTP"))
    assert the_refusal(http_answer(front, the_call(actions)))[0] == 500
    assert "create_integration_response" in caplog.text


def test_an_integration_response_may_choose_the_subprotocol():
    chosen = {"method.response.header.Sec-WebSocket-Protocol": "integration.response.body.protocol"}
    front, actions = knock(function(responses=(IntegrationResponse("$default", response_parameters=chosen),)))
    (accept,) = front.answer(the_call(actions), {"protocol": "chat.v1"})
    assert accept.subprotocol == "chat.v1"


def test_a_mock_may_choose_the_subprotocol_too():
    chosen = {"method.response.header.Sec-WebSocket-Protocol": "'chat.v1'"}
    _, (accept,) = knock(
        Integration("i", "MOCK", responses=(IntegrationResponse("$default", response_parameters=chosen),))
    )
    assert accept.subprotocol == "chat.v1"


def test_passthrough_never_refuses_the_upgrade():
    _, actions = knock(http("HTTP", passthrough_behavior="NEVER"))
    assert the_refusal(actions) == (415, "Unsupported Media Type")


def test_a_private_integration_refuses_the_upgrade_and_says_what_to_do():
    _, actions = knock(http(connection_type="VPC_LINK"))
    status, words = the_refusal(actions)
    assert status == 501 and words.startswith("NotEmulated: private integrations") and "127.0.0.1" in words


def test_a_template_of_connect_sees_headers_and_query():
    template = '{"room": "$input.params(\'room\')", "mine": "$input.params().header.get(\'X-Mine\')"}'
    _, actions = knock(function(request_templates={"$default": template}))
    assert the_call(actions).request == Payload({"room": "b", "mine": "1"})


def test_a_function_at_the_door_gets_an_empty_object_where_nothing_is_mapped():
    _, actions = knock(function())
    assert the_call(actions).request == Payload({})


def test_disconnect_reaches_a_backend_and_its_answer_nobody():
    front = Front(
        route("$disconnect", http(request_parameters={"integration.request.header.id": "context.connectionId"}))
    )
    connection = front.accepted()
    call = the_call(front.core.ended(connection, 1001, "", "client"))
    assert dict(call.request.headers)["id"] == connection.connection_id
    assert call.request.body == b"" and "x-api-key" not in dict(call.request.headers)
    assert http_answer(front, call, 500) == []


# ── whatever a client and an author say ──────────────────────────────────────────────────────────────────────────────

names = st.sampled_from(["header.a", "querystring.b", "path.c", "header.", "nonsense"])
contexts = ("'x'", "context.connectionId", "context.identity", "stageVariables.v", "nonsense", "'", "''")
bodily = ("route.request.body", "route.request.body.a", "route.request.body[?(@.a)]", "request.body.a.b")
sources = st.sampled_from((*contexts, *bodily, "route.request.header.h")) | st.text(max_size=20)
templates = st.dictionaries(
    st.sampled_from(["$default", "application/json", "200"]),
    st.sampled_from(["$input.body", "$input.json('$.a')", "#if($x)", "{}", "$util.parseJson($input.body)"])
    | st.text(max_size=9),
)
strategies = st.sampled_from(["", "CONVERT_TO_TEXT", "CONVERT_TO_BINARY"])
expressions = st.sampled_from(["", "$request.body.a", "200", "${integration.response.statuscode}"]) | st.text(
    max_size=9
)
keys = st.sampled_from(["$default", "/2../", "/(/", "/.*/"])


@st.composite
def integrations(draw):
    kind = draw(st.sampled_from(["HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY", "MOCK"]))
    target = draw(st.sampled_from([URL, f"{URL}/{{c}}", uri("probe"), "arn:aws:apigateway:us-east-1:sqs:action/X"]))
    responses = draw(
        st.lists(st.builds(IntegrationResponse, keys, templates, expressions, st.just({}), strategies), max_size=3)
    )
    return Integration(
        "i",
        kind,
        target,
        "POST",
        content_handling_strategy=draw(strategies),
        passthrough_behavior=draw(st.sampled_from(["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"])),
        request_parameters={f"integration.request.{key}": draw(sources) for key in draw(st.lists(names, max_size=3))},
        request_templates=draw(templates),
        template_selection_expression=draw(expressions),
        responses=tuple(responses),
    )


documents = st.recursive(
    st.none() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=6,
)
bodies = st.text() | st.builds(json.dumps, documents)


@given(integrations(), bodies, st.integers(200, 599), st.binary(max_size=50), st.booleans())
def test_every_message_gets_at_most_one_frame_and_nothing_is_raised(integration, text, status, content, two_way):
    logging.disable(logging.CRITICAL)
    front, actions = talk(integration, two_way=two_way, text=text)
    if actions and isinstance(actions[0], Run):
        call: Call = actions[0].call
        if isinstance(call.request, BackendRequest):
            actions = http_answer(front, call, status, content)
        else:
            actions = front.answer(call, {"statusCode": status, "body": content.decode("latin-1")})
    assert len(actions) <= 1 and all(isinstance(each, Send) for each in actions)
    assert front.core.calls == {}
    logging.disable(logging.NOTSET)
