"""Where an integration URI leads."""

import pytest

from upgrade101.gateway.errors import ConfigurationError
from upgrade101.gateway.uris import filled, function_arn

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:chat"
PATH = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"


@pytest.mark.parametrize(
    "uri, arn",
    [
        (f"{PATH}{FUNCTION}/invocations", FUNCTION),
        (f"{PATH}{FUNCTION}:live/invocations", f"{FUNCTION}:live"),
        (f"{PATH}{FUNCTION}:${{stageVariables.alias}}/invocations", f"{FUNCTION}:blue"),
        (f"{PATH}${{stageVariables.arn}}/invocations", FUNCTION),
        ("${stageVariables.whole}", FUNCTION),
        (f"{FUNCTION}:7", f"{FUNCTION}:7"),
    ],
)
def test_the_function_behind_a_uri(uri, arn):
    variables = {"alias": "blue", "arn": FUNCTION, "whole": f"{PATH}{FUNCTION}/invocations"}
    assert function_arn(uri, variables) == arn


def test_a_value_is_not_read_a_second_time():
    assert filled("https://${stageVariables.a}/", {"a": "${stageVariables.b}", "b": "x"}) == (
        "https://${stageVariables.b}/"
    )


def test_a_missing_variable_is_named():
    with pytest.raises(ConfigurationError, match=r"no variable 'b', which .*update_stage\(StageVariables={'b': …}\)"):
        filled("https://${stageVariables.a}${stageVariables.b}/", {"a": "1"})
