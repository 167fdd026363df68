"""What stands behind a route besides Lambda: MOCK, and what is not emulated."""

import pytest
from gateway_kit import route
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.definition import Integration, IntegrationResponse, Route
from upgrade101.gateway.documents import reply
from upgrade101.gateway.integrations import EMULATED, gap, mock

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


# ── what is not emulated ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["AWS", "HTTP", "HTTP_PROXY"])
def test_other_integrations_are_not_emulated_and_it_says_what_to_do(kind):
    why = gap(route("$default", Integration("i", kind, "http://127.0.0.1/")))
    assert why.startswith(f"NotEmulated: {kind}")
    assert ";" in why


@pytest.mark.parametrize("kind", sorted(EMULATED))
def test_what_is_emulated_has_no_gap(kind):
    assert gap(route("$default", Integration("i", kind))) == ""


def test_a_route_without_an_integration_has_no_gap():
    assert gap(Route("r", "$connect")) == ""
