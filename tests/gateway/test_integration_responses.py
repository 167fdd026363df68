"""Integration responses: which one is chosen, and what becomes of an answer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.definition import IntegrationResponse
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.gateway.integration_responses import Answer, of_backend, of_function, reply, select
from upgrade101.gateway.ports import Outcome
from upgrade101.gateway.selection import MISSING

EVENT = {"requestContext": {"connectionId": "abc=", "eventType": "MESSAGE"}, "body": '{"kind": "b"}'}
ANSWER = Answer(404, {"x-kind": ("a", "b"), "server": ("s",)}, b'{"why": "because", "list": [1]}', "404")


def keys(*names):
    return [IntegrationResponse(name) for name in names]


@pytest.mark.parametrize(
    "names, subject, chosen",
    [
        (("$default",), "200", "$default"),
        (("/200/",), "200", "/200/"),
        (("/200/",), "201", None),
        (("/20/", "$default"), "200", "$default"),
        (("/2\\d\\d/", "/200/"), "200", "/2\\d\\d/"),
        (("$default", "/200/"), "200", "/200/"),
        (("200", "$default"), "200", "$default"),
        (("/.*/", "$default"), None, "$default"),
        (("/.*/",), None, None),
        (("/a.b/", "$default"), "a\nb", "$default"),
        ((), "200", None),
    ],
)
def test_the_choice(names, subject, chosen):
    found = select(keys(*names), subject)
    assert (found.integration_response_key if found else None) == chosen


def test_a_key_that_is_no_regular_expression_says_so():
    with pytest.raises(ConfigurationError, match="no regular expression"):
        select(keys("/(/"), "200")


@pytest.mark.parametrize(
    "name, value",
    [
        ("integration.response.statuscode", 404),
        ("integration.response.header.X-Kind", "b"),
        ("integration.response.multivalueheader.x-kind", ["a", "b"]),
        ("integration.response.header.none", MISSING),
        ("integration.response.body.why", MISSING),
        ("integration.response.cookie.x-kind", MISSING),
        ("context.connectionId", MISSING),
    ],
)
def test_variables_of_a_template_selection_expression(name, value):
    assert ANSWER.variable(name) == value


@pytest.mark.parametrize(
    "expression, text",
    [
        ("$integration.response.statuscode", "not found"),
        ("${integration.response.header.X-Kind}", "kind b"),
        ("${integration.response.multivalueheader.x-kind}", "both"),
        ("$request.body.kind", "kind b"),
        ("$integration.response.body.errorMessage", "any"),
        ("static", "any"),
    ],
)
def test_the_template(expression, text):
    templates = {"404": "not found", "b": "kind b", "[a, b]": "both", "$default": "any"}
    response = IntegrationResponse("$default", templates, expression)
    assert reply(response, ANSWER, EVENT).body == text


def test_a_template_sees_the_answer_and_the_context():
    response = IntegrationResponse("$default", {"$default": "$input.path('$.why') $context.connectionId"})
    assert reply(response, ANSWER, EVENT).body == "because abc="


def test_without_a_template_the_answer_passes():
    assert reply(IntegrationResponse("$default"), ANSWER, EVENT).body.encode() == ANSWER.content
    none_fits = IntegrationResponse("$default", {"a": "x"}, "b")
    assert reply(none_fits, ANSWER, EVENT).body.encode() == ANSWER.content


@pytest.mark.parametrize(
    "source, value",
    [
        ("'fixed'", "fixed"),
        ("integration.response.header.Server", "s"),
        ("integration.response.body.why", "because"),
        ("integration.response.body.list", "[1]"),
        ("integration.response.body", ANSWER.content.decode()),
        ("context.connectionId", "abc="),
        ("integration.response.header.none", None),
        ("integration.response.body.none", None),
        ("nonsense", None),
    ],
)
@pytest.mark.parametrize("prefix", ["method", "route"])
def test_response_parameters(prefix, source, value):
    response = IntegrationResponse("$default", response_parameters={f"{prefix}.response.header.X-Out": source})
    assert reply(response, ANSWER, EVENT).headers == ({} if value is None else {"x-out": value})


def test_a_key_of_a_response_parameter_that_is_none_is_left_out():
    response = IntegrationResponse("$default", response_parameters={"header.X": "'x'"})
    assert reply(response, ANSWER, EVENT).headers == {}


@pytest.mark.parametrize(
    "payload, subject",
    [({"errorMessage": "broken"}, "broken"), ({"errorMessage": 7}, "7"), ({}, None), ("text", None), (None, None)],
)
def test_a_functions_answer_is_known_by_its_error_message(payload, subject):
    answer = of_function(Outcome(payload))
    assert (answer.subject, answer.status, json.loads(answer.content)) == (subject, 200, payload)
    assert answer.variable("integration.response.header.Content-Type") == "application/json"


def test_a_backends_answer_is_known_by_its_status():
    document = {"statusCode": 418, "headers": {"A": "2"}, "multiValueHeaders": {"A": ["1", "2"]}, "body": "hi"}
    answer = of_backend(document)
    assert (answer.subject, answer.content, answer.headers) == ("418", b"hi", {"a": ("1", "2")})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(json_values)
def test_a_functions_answer_passes_as_it_is(payload):
    body = reply(IntegrationResponse("$default"), of_function(Outcome(payload)), EVENT).body
    assert json.loads(body) == payload


@given(st.binary())
def test_bytes_come_back_from_base64(content):
    response = IntegrationResponse("$default", content_handling_strategy="CONVERT_TO_TEXT")
    body = reply(response, Answer(200, {}, content, "200"), EVENT).body
    back = IntegrationResponse("$default", content_handling_strategy="CONVERT_TO_BINARY")
    decoded = reply(back, Answer(200, {}, body.encode(), "200"), EVENT).body
    assert decoded == content.decode("utf-8", "replace")
