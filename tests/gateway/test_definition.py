"""Snapshots of an API: frozen, and with AWS's names."""

import dataclasses

import pytest
from gateway_kit import HOST, route, stage

from upgrade101.gateway.definition import Authorizer, Deployment, Integration, IntegrationResponse, Route, Stage


@pytest.mark.parametrize("kind", [Authorizer, Deployment, Integration, IntegrationResponse, Route, Stage])
def test_a_snapshot_never_changes(kind):
    assert kind.__dataclass_params__.frozen
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError, AttributeError)):
        object.__new__(kind).anything = 1


@pytest.mark.parametrize(
    "expression, keys, two_way",
    [
        ("$default", {"$default"}, True),
        ("$default", {"$default", "other"}, True),
        ("$default", set(), False),
        ("", {"$default"}, False),
        ("$default", {"other"}, False),
    ],
)
def test_an_answer_takes_both_the_expression_and_the_route_response(expression, keys, two_way):
    one = Route("r", "ask", route_response_selection_expression=expression, route_response_keys=frozenset(keys))
    assert one.two_way is two_way


def test_names_as_on_aws():
    one = stage(route("$connect"))
    assert one.domain_name == HOST
    assert one.arn("$connect") == "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/$connect"


def test_an_integration_has_29_seconds():
    assert Integration("i", "AWS_PROXY").timeout_millis == 29_000
