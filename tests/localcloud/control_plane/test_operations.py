"""What botocore's description makes us accept."""

import pytest

from upgrade101.localcloud.control_plane.operations import match, named, operations
from upgrade101.localcloud.control_plane.refusals import BadRequest


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/v2/apis", "CreateApi"),
        ("GET", "/v2/apis/a/routes/r/routeresponses", "GetRouteResponses"),
        ("DELETE", "/v2/apis/a/stages/dev/routesettings/%24connect", "DeleteRouteSettings"),
        ("PATCH", "/v2/apis/a/stages/dev", "UpdateStage"),
        ("PUT", "/v2/apis/a", "ReimportApi"),
    ],
)
def test_a_request_is_known_by_method_and_path(method, path, name):
    assert match(method, path).name == name


@pytest.mark.parametrize(("method", "path"), [("POST", "/v2/apis/a"), ("GET", "/v2/nothing"), ("GET", "/restapis/a")])
def test_a_foreign_request_is_not(method, path):
    assert match(method, path) is None


def test_each_operation_has_the_status_of_the_model():
    assert {named(name).status for name in operations() if name.startswith("Create")} == {201}
    assert {named(name).status for name in operations() if name.startswith("Delete")} == {204}


def test_a_body_keeps_the_fields_that_the_operation_knows():
    text = '{"routeKey": "echo", "apiId": "a", "colour": "blue", "target": null, "apiKeyRequired": true}'
    assert named("CreateRoute").body(text) == {"routeKey": "echo", "apiKeyRequired": True}
    assert named("CreateDeployment").body("") == {}


@pytest.mark.parametrize(
    ("operation", "text", "message"),
    [
        ("CreateRoute", "{", "JSON is expected"),
        ("CreateRoute", "[]", "a JSON object is expected"),
        ("CreateRoute", '{"routeKey": 7}', "Invalid routeKey specified. A string is expected."),
        ("CreateRoute", '{"apiKeyRequired": "yes"}', "Invalid apiKeyRequired specified. A boolean is expected."),
        (
            "CreateIntegration",
            '{"timeoutInMillis": true}',
            "Invalid timeoutInMillis specified. An integer is expected.",
        ),
        ("CreateIntegration", '{"requestTemplates": {"a": 1}}', "Invalid requestTemplates.a specified."),
        ("CreateAuthorizer", '{"identitySource": "x"}', "Invalid identitySource specified. A list is expected."),
        ("CreateStage", '{"defaultRouteSettings": {"loggingLevel": "X"}}', "Must be one of [ERROR, INFO, OFF]"),
        ("CreateModel", '{"schema": "' + "x" * 32_769 + '"}', "between 0 and 32768"),
        ("CreateRoute", '{"target": ""}', "between 1 and 128"),
    ],
)
def test_a_wrong_field_is_named(operation, text, message):
    with pytest.raises(BadRequest) as refused:
        named(operation).body(text)
    assert message in refused.value.message


def test_an_empty_string_passes_in_an_update_for_it_clears_the_field():
    assert named("UpdateRoute").body('{"target": ""}') == {"target": ""}
