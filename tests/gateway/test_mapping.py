"""Data mapping: parameters, templates and content, each from the event that a Lambda proxy would get."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.definition import Integration
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.gateway.mapping import Parameter, choose, encoded, handled, parameters, request_text, source_values
from upgrade101.gateway.templates import warn_of_cognito

MESSAGE = {
    "requestContext": {
        "eventType": "MESSAGE",
        "connectionId": "abc=",
        "connectedAt": 7,
        "identity": {"sourceIp": "198.51.100.7"},
        "authorizer": {"tier": "gold"},
    },
    "stageVariables": {"colour": "blue"},
    "body": '{"room": "blue", "n": 7, "ok": true, "list": [1, "b"], "who": {"name": "Ana"}, "none": null}',
}
CONNECT = {
    "requestContext": {"eventType": "CONNECT", "connectionId": "abc="},
    "headers": {"X-Mine": "2"},
    "multiValueHeaders": {"X-Mine": ["1", "2"]},
    "queryStringParameters": {"room": "b"},
    "multiValueQueryStringParameters": {"room": ["a", "b"]},
}
DECLARED = ["route.request.header.X-Mine", "route.request.querystring.room"]


# ── parameters ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "source, value",
    [
        ("'fixed'", "fixed"),
        ("''", ""),
        ("context.connectionId", "abc="),
        ("context.connectedAt", "7"),
        ("context.identity.sourceIp", "198.51.100.7"),
        ("context.authorizer.tier", "gold"),
        ("stageVariables.colour", "blue"),
        ("route.request.body", MESSAGE["body"]),
        ("route.request.body.room", "blue"),
        ("route.request.body.n", "7"),
        ("route.request.body.ok", "true"),
        ("route.request.body.list", "[1, b]"),
        ("route.request.body.who.name", "Ana"),
        ("route.request.body.list[1]", "b"),
        ("request.body.room", "blue"),
        ("method.request.body.room", "blue"),
    ],
)
def test_where_a_value_comes_from(source, value):
    assert source_values(source, MESSAGE) == (value,)


NOTHING_THERE = (
    *("context.nothing", "context.identity.nothing.more", "stageVariables.nothing", "route.request.body.nothing"),
    *("route.request.body.none", "route.request.header.X-Mine", "route.request.querystring.room"),
)


def test_what_cognito_would_say_is_not_mapped_and_the_log_says_so(caplog):
    warn_of_cognito.cache_clear()
    assert source_values("context.identity.cognitoIdentityId", MESSAGE) == ()
    assert "NotEmulated: $context.identity.cognito…" in caplog.text


@pytest.mark.parametrize("source", NOTHING_THERE)
def test_what_is_not_there_is_not_mapped(source):
    assert parameters({"integration.request.header.x": source}, MESSAGE, DECLARED) == []


@pytest.mark.parametrize("source", ["nonsense", "route.request.cookie.x", "route.request.header", "'half"])
def test_what_no_mapping_expression_is_says_so_in_the_log(source, caplog):
    assert parameters({"integration.request.header.x": source}, CONNECT, DECLARED) == []
    assert "maps nothing" in caplog.text


@pytest.mark.parametrize("key", ["header.x", "integration.request.cookie.x", "integration.request.header."])
def test_a_key_that_is_none_says_so_in_the_log(key, caplog):
    assert parameters({key: "'x'"}, MESSAGE) == []
    assert "integration.request.header.NAME" in caplog.text


@pytest.mark.parametrize(
    "source, values",
    [
        ("route.request.header.x-mine", ("2",)),
        ("route.request.multivalueheader.X-Mine", ("1", "2")),
        ("route.request.querystring.room", ("b",)),
        ("route.request.multivaluequerystring.room", ("a", "b")),
        ("route.request.querystring.Room", ()),
    ],
)
def test_the_upgrade_request_has_headers_and_a_query(source, values):
    assert source_values(source, CONNECT, [*DECLARED, "route.request.querystring.Room"]) == values


@pytest.mark.parametrize("source", ["route.request.header.X-Mine", "route.request.querystring.room"])
def test_a_route_parameter_has_to_be_declared(source, caplog):
    assert source_values(source, CONNECT) == ()
    assert "update_route(RequestParameters=" in caplog.text


def test_a_goodbye_has_no_headers_to_map():
    event = CONNECT | {"requestContext": {"eventType": "DISCONNECT"}}
    assert source_values("route.request.header.X-Mine", event, DECLARED) == ()


def test_places_and_literals():
    mapping = {
        "integration.request.header.a": "'1'",
        "integration.request.querystring.b": "context.connectionId",
        "integration.request.path.c": "route.request.body.room",
    }
    assert parameters(mapping, MESSAGE) == [
        Parameter("header", "a", ("1",), literal=True),
        Parameter("querystring", "b", ("abc=",)),
        Parameter("path", "c", ("blue",)),
    ]


@given(st.text(), st.text())
def test_any_source_gives_texts(source, body):
    event = {**MESSAGE, "body": body}
    assert all(isinstance(value, str) for value in source_values(source, event))


# ── templates ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "expression, templates, chosen",
    [
        ("", {}, None),
        ("", {"anything": "only"}, "only"),
        ("", {"a": "A", "b": "B"}, None),
        ("", {"a": "A", "application/json": "json"}, "json"),
        ("", {"a": "A", "$default": "D"}, "D"),
        ("200", {"200": "static"}, "static"),
        ("200", {"other": "O"}, None),
        ("200", {"other": "O", "$default": "D"}, "D"),
        ("\\$default", {"$default": "D"}, "D"),
        ("\\$default", {"\\$default": "escaped key"}, "escaped key"),
        ("$request.body.room", {"blue": "B", "$default": "D"}, "B"),
        ("${request.body.room}-${request.body.n}", {"blue-7": "both"}, "both"),
        ("$request.body.nothing", {"$default": "D"}, "D"),
        ("$context.connectionId", {"abc=": "no", "$default": "D"}, "D"),
    ],
)
def test_a_template_is_chosen(expression, templates, chosen):
    assert choose(expression, templates, MESSAGE) == chosen


def test_a_variable_of_the_answer_may_choose_a_template():
    known = {"integration.response.statuscode": 404}.get
    assert choose("${integration.response.statuscode}", {"404": "no"}, MESSAGE, known) == "no"


def test_a_template_makes_the_request():
    integration = Integration("i", "HTTP", request_templates={"$default": '{"to": $input.json("$.room")}'})
    assert request_text(integration, MESSAGE) == '{"to": "blue"}'


def test_a_broken_template_is_a_configuration_error():
    with pytest.raises(ConfigurationError, match="cannot be rendered"):
        request_text(Integration("i", "HTTP", request_templates={"$default": "#if($x)"}), MESSAGE)


# ── content ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.binary())
def test_there_and_back(content):
    assert handled(handled(content, "CONVERT_TO_TEXT"), "CONVERT_TO_BINARY") == content
    assert handled(content, "") == content


@given(st.binary())
def test_what_is_no_base64_is_refused_and_nothing_else(content):
    try:
        done = handled(content, "CONVERT_TO_BINARY")
    except ConfigurationError as fault:
        assert fault.hint
    else:
        assert base64.b64encode(done) == content


@given(st.text())
def test_any_text_has_bytes(text):
    assert encoded(text).decode() == text.encode("utf-8", "replace").decode()


@given(
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4), st.text(max_size=12), st.text(max_size=20)
)
def test_a_chosen_template_is_one_of_them(templates, expression, body):
    assert choose(expression, templates, {**MESSAGE, "body": json.dumps(body)}) in [None, *templates.values()]
