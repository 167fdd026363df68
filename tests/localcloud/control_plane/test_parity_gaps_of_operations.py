"""Rows of docs/parity.md about operations that no other test proves: how long a text may be."""

import json

import pytest

LOG = "arn:aws:logs:us-east-1:123456789012:log-group:access"

TOO_LONG = {
    "a model": (
        "create_model",
        {"Name": "M", "ContentType": "application/json", "Schema": json.dumps({"description": "x" * 32_768})},
        "Invalid schema specified. Its length must be between 0 and 32768",
    ),
    "a mapping template": (
        "create_integration",
        {"IntegrationType": "MOCK", "RequestTemplates": {"$default": "x" * 32_769}},
        "Its length must be between 0 and 32768",
    ),
    "the format of an access log": (
        "create_stage",
        {"StageName": "dev", "AccessLogSettings": {"DestinationArn": LOG, "Format": "$context.requestId" * 57}},
        "Invalid accessLogSettings.format specified. Its length must be between 1 and 1024",
    ),
}


@pytest.mark.parametrize("what", TOO_LONG)
def test_what_is_longer_than_the_service_model_allows(gw, api_id, what):
    operation, given, message = TOO_LONG[what]
    with pytest.raises(gw.exceptions.BadRequestException, match=message):
        getattr(gw, operation)(ApiId=api_id, **given)
