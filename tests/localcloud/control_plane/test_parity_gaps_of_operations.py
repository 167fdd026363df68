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
        {"IntegrationType": "MOCK", "RequestTemplates": {"$default": "x" * 307_201}},
        r"Invalid requestTemplates.\$default specified. Its length must be between 0 and 307200",
    ),
    "the format of an access log": (
        "create_stage",
        {"StageName": "dev", "AccessLogSettings": {"DestinationArn": LOG, "Format": "$context.requestId" * 171}},
        "Invalid accessLogSettings.format specified. Its length must be between 1 and 3072",
    ),
}


@pytest.mark.parametrize("what", TOO_LONG)
def test_what_is_too_long_is_named(gw, api_id, what):
    operation, given, message = TOO_LONG[what]
    with pytest.raises(gw.exceptions.BadRequestException, match=message):
        getattr(gw, operation)(ApiId=api_id, **given)


def test_what_the_page_of_quotas_allows(gw, api_id):
    template = {"$default": "é" * 153_600}
    integration = gw.create_integration(ApiId=api_id, IntegrationType="MOCK", RequestTemplates=template)
    to = {"ApiId": api_id, "IntegrationId": integration["IntegrationId"], "IntegrationResponseKey": "$default"}
    assert gw.create_integration_response(**to, ResponseTemplates=template)["ResponseTemplates"] == template
    log = {"DestinationArn": LOG, "Format": "$context.requestId ".ljust(3072, ".")}
    assert gw.create_stage(ApiId=api_id, StageName="dev", AccessLogSettings=log)["AccessLogSettings"] == log
