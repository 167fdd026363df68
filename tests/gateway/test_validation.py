"""Models: what is valid, what is not, and what is wrong with a model."""

import json

import pytest
from gateway_kit import route
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.definition import Deployment
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.gateway.validation import compiled, fault_in, prepare

CHAT = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "properties": {"action": {"type": "string"}, "text": {"type": "string", "maxLength": 5}},
    "required": ["action", "text"],
}


def deployed(selection="$request.body.action", models=None, **schemas):
    """Return a route and its deployment; ``models`` are the route's keys and model names."""
    guarded = route("say", model_selection_expression=selection, request_models=models or {"$default": "Chat"})
    texts = {name: json.dumps(schema) for name, schema in ({"Chat": CHAT} | schemas).items()}
    return guarded, Deployment("d1", "$request.body.action", {"say": guarded}, texts)


def reason(text, *where):
    fault = fault_in(text, *where)
    return fault.reason if fault else ""


@pytest.mark.parametrize(
    "text, why",
    [
        ('{"action": "say", "text": "hello"}', ""),
        ('{"action": "say", "text": "hello", "more": 1}', ""),
        ('{"action": "say", "text": "hello!"}', "$.text: 'hello!' is too long"),
        ('{"action": "say", "text": 7}', "$.text: 7 is not of type 'string'"),
        ('{"action": "say"}', "$: 'text' is a required property"),
        ("[]", "$: [] is not of type 'object'"),
        ("7", "$: 7 is not of type 'object'"),
        ("hello", "the message is not JSON"),
        ("", "the message is not JSON"),
        ("{action: 'say'}", "$: 'text' is a required property"),  # read as leniently as for route selection
    ],
)
def test_a_message_is_held_to_the_default_model(text, why):
    assert reason(text, *deployed()) == why


def test_the_expression_chooses_the_model():
    where = deployed(models={"say": "Chat", "ping": "Ping"}, Ping={"maxProperties": 1})
    assert reason('{"action": "ping"}', *where) == ""
    assert reason('{"action": "ping", "a": 1}', *where).endswith("has too many properties")
    assert reason('{"action": "say"}', *where) == "$: 'text' is a required property"


def test_what_no_model_fits_is_invalid():
    where = deployed(models={"say": "Chat"})
    for text in ('{"action": "other"}', "{}", "hello"):
        assert reason(text, *where) == "no model is selected, and there is no $default"
    guarded = route("say", model_selection_expression="$request.body.action")
    assert reason("{}", guarded, Deployment("d1", "x", {"say": guarded}))


def test_an_expression_may_name_the_model_itself():
    assert reason('{"action": "say"}', *deployed("chat", {"chat": "Chat"})) == "$: 'text' is a required property"


def test_without_an_expression_nothing_is_validated():
    assert reason("hello", *deployed("")) == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/Text",
        "https://apigateway.amazonaws.com/apis/a1b2c3d4e5/models/Text",
        "/restapis/a1b2c3d4e5/models/Text",
    ],
)
def test_models_lead_to_models_of_the_same_api(url):
    where = deployed(Chat={"properties": {"text": {"$ref": url}}}, Text={"type": "string"})
    assert reason('{"text": "a"}', *where) == ""
    assert reason('{"text": 1}', *where) == "$.text: 1 is not of type 'string'"


def test_models_lead_to_their_own_definitions_and_to_themselves():
    tree = {
        "definitions": {"n": {"type": "number"}},
        "properties": {"left": {"$ref": "#"}, "n": {"$ref": "#/definitions/n"}},
    }
    where = deployed(Chat=tree)
    assert reason('{"left": {"left": {"n": 1}}}', *where) == ""
    assert reason('{"left": {"left": {"n": "1"}}}', *where) == "$.left.left.n: '1' is not of type 'number'"


@pytest.mark.parametrize(
    "ref",
    ["https://example.com/schema.json", "https://apigateway.amazonaws.com/restapis/a1/models/Absent", "other.json"],
)
def test_nothing_else_is_led_to_and_nothing_is_fetched(ref):
    guarded, deployment = deployed(Chat={"properties": {"text": {"anyOf": [{"$ref": ref}]}}})
    fault = fault_in('{"text": 1}', guarded, deployment)
    assert fault.configuration
    assert fault.reason.startswith(f"model Chat refers to {ref}, which is no model of this API → https://apigateway.")
    assert prepare(deployment) == [fault.reason]


def test_every_model_on_the_way_is_followed():
    url = "https://apigateway.amazonaws.com/restapis/a1/models/"
    circle = {"Text": {"$ref": f"{url}Word"}, "Word": {"anyOf": [{"$ref": f"{url}Text"}, {"$ref": f"{url}Absent"}]}}
    _, deployment = deployed(Chat={"$ref": f"{url}Text"}, **circle)
    (fault,) = prepare(deployment)
    assert fault.startswith(f"model Word refers to {url}Absent, which is no model of this API")
    _, deployment = deployed(Chat={"$ref": f"{url}Text"}, **circle, Absent={})
    assert prepare(deployment) == []


def test_a_reference_into_nothing_is_the_models_fault():
    fault = fault_in('{"text": 1}', *deployed(Chat={"properties": {"text": {"$ref": "#/nowhere"}}}))
    assert fault.configuration
    assert fault.reason.startswith("the model cannot be used: ") and fault.reason.endswith("mend its schema and deploy")


def test_a_model_nested_too_deeply_is_named():
    schema = '{"properties": {"a": ' * 5_000 + "{}" + "}}" * 5_000
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        compiled("Deep", {"Deep": schema})


@pytest.mark.parametrize(
    "schema, what",
    [
        ({"type": "text"}, "$.type: 'text' is not valid"),
        ({"required": []}, "$.required: [] should be non-empty"),
        ({"properties": {"a": {"minimum": "1"}}}, "$.properties.a.minimum: '1' is not of type 'number'"),
    ],
)
def test_a_model_that_is_no_schema_is_named(schema, what):
    guarded, deployment = deployed(Chat=schema)
    fault = fault_in("{}", guarded, deployment)
    assert fault.configuration and fault.reason.startswith(f"model Chat is no JSON schema of draft 4: {what}")
    assert prepare(deployment) == [fault.reason]


def test_a_pattern_that_is_no_regular_expression_is_the_models_fault():
    fault = fault_in('{"a": "b"}', *deployed(Chat={"properties": {"a": {"pattern": "("}}}))
    assert fault.configuration


def test_a_model_that_is_not_there_is_named():
    with pytest.raises(ConfigurationError, match="there is no model Absent → create_model"):
        compiled("Absent", {})


def test_schemas_are_compiled_once_and_may_be_before_the_first_message():
    guarded, deployment = deployed()
    assert prepare(deployment) == []
    (validator,) = deployment.validators.values()
    fault_in("{}", guarded, deployment)
    assert list(deployment.validators.values()) == [validator]


@pytest.mark.parametrize(
    "depth, refused", [(10, ("",)), (20_000, ("the message is not JSON", "the message is nested too deeply"))]
)
def test_a_message_nested_too_deeply_is_invalid(depth, refused):
    where = deployed(Chat={"properties": {"a": {"$ref": "#"}}})
    assert reason('{"a":' * depth + "1" + "}" * depth, *where) in refused


def test_a_message_nested_more_deeply_than_can_be_checked_is_invalid():
    text = '{"a":' * 900 + "1" + "}" * 900
    assert reason(text, *deployed(Chat={"properties": {"a": {"$ref": "#"}}})) == "the message is nested too deeply"


@given(st.text(max_size=30))
def test_any_text_is_valid_or_not(text):
    fault = fault_in(text, *deployed())
    assert fault is None or not fault.configuration
