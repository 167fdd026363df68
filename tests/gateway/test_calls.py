"""What a call shows to readers and to a function's resource policy."""

import pytest
from gateway_kit import Front, function, route, the_call

from upgrade101.gateway.definition import Authorizer, Integration


def call_of(*routes):
    return the_call(Front(*routes).knock())


@pytest.mark.parametrize(
    "integration, target",
    [
        (function("probe"), "probe"),
        (
            Integration("i", "AWS_PROXY", function("probe").integration_uri.replace(":probe/", ":probe:live/")),
            "probe:live",
        ),
        (Integration("i", "AWS_PROXY", "http://127.0.0.1/in"), "http://127.0.0.1/in"),
        (Integration("i", "AWS_PROXY"), "AWS_PROXY"),
    ],
)
def test_the_target_is_what_a_reader_wants_to_see(integration, target):
    assert call_of(route("$connect", integration)).target == target


def test_a_route_is_the_source_of_its_calls():
    arn = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/$connect"
    assert call_of(route("$connect")).source_arn == arn


def test_an_authorizer_is_the_source_of_its_own():
    door = Authorizer("au1", "door", function("door").integration_uri)
    made = call_of(route("$connect", authorization_type="CUSTOM", authorizer=door))
    assert made.source_arn == "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/authorizers/au1"
    assert made.target == "door"
