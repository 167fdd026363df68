"""What the gateway did with a request, step by step."""

import json
from dataclasses import replace

import pytest

from upgrade101.gateway.calls import Call, Purpose
from upgrade101.gateway.connection import Connection
from upgrade101.gateway.definition import Deployment, Integration, Route, Stage
from upgrade101.gateway.journal import Entry
from upgrade101.gateway.ports import Outcome
from upgrade101.localcloud.monitoring.execution_log import lines

INFO = {"loggingLevel": "INFO"}
ERROR = {"loggingLevel": "ERROR"}
URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f/invocations"

KEYLESS = (
    "API Key authorized because route 'ask' does not require API Key. "
    "Request will not contribute to throttle or quota limits"
)
HEADERS = '{"X-Amz-Source-Arn": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/ask"}'


def entry(settings, outcome=None, event_type="MESSAGE", key="ask", status=200, **facts):
    routes = {"ask": Route("r1", "ask"), "$connect": Route("r2", "$connect")}
    stage = Stage("a1b2c3d4e5", "dev", "us-east-1", "123456789012", Deployment("d1", "x", routes), **settings)
    connection = Connection("KmZ1XdPwDoECGjA=", stage, "198.51.100.7", None, 0.0, 0.0, "host")
    call = None
    if outcome is not None:
        call = Call(
            "id=", Purpose.MESSAGE, connection, key, Integration("i1", "AWS_PROXY", URI), {"body": "hello"}, 0.0
        )
        call.outcome, call.seconds = outcome, 0.0123
    return Entry(stage, connection, event_type, key, "id=", 0.0, status, call=call, **facts)


def default(settings):
    return {"default_route_settings": settings}


OK = Outcome({"statusCode": 200})
BROKEN = {"status": 500, "error": "Internal server error"}


def test_off_writes_nothing():
    assert lines(entry({}, OK)) == lines(entry(default({"loggingLevel": "OFF"}), OK)) == []


def test_info_tells_the_whole_story():
    assert lines(entry(default(INFO), OK)) == [
        "(id=) Extended Request Id: id=",
        "(id=) Verifying Usage Plan for request: id=. API Key:  API Stage: a1b2c3d4e5/dev",
        f"(id=) {KEYLESS}",
        "(id=) Usage Plan check succeeded for API Key and API Stage a1b2c3d4e5/dev",
        "(id=) Starting execution for request: ",
        "(id=) WebSocket Request Route: [ask]",
        "(id=) Client [UserAgent: None, SourceIp: 198.51.100.7] sent a message to WebSocket API [a1b2c3d4e5].",
        f"(id=) Endpoint request URI: {URI}",
        f"(id=) Endpoint request headers: {HEADERS}",
        "(id=) Sending request to f",
        "(id=) Received response. Status: 200, Integration latency: 12 ms",
        "(id=) Successfully completed execution",
        "(id=) Method completed with status: 200",
    ]


def test_data_are_traced_where_the_stage_says_so():
    traced = lines(entry(default(INFO | {"dataTraceEnabled": True}), OK))
    assert '(id=) Endpoint request body after transformations: {"body": "hello"}' in traced
    assert '(id=) Endpoint response body before transformations: {"statusCode": 200}' in traced


@pytest.mark.parametrize(
    "facts, said",
    [
        (
            {"outcome": Outcome(error="timeout"), "status": 504, "response_type": "INTEGRATION_TIMEOUT"},
            "Execution failed due to a timeout error",
        ),
        (
            {
                "outcome": Outcome({"errorMessage": "boom"}, "ValueError"),
                "status": 502,
                "response_type": "INTEGRATION_FAILURE",
            },
            "Lambda execution failed with status 200 due to customer function error: boom",
        ),
        (
            {"outcome": Outcome(None), "status": 502, "response_type": "API_CONFIGURATION_ERROR"},
            "Execution failed due to configuration error: Malformed Lambda proxy response",
        ),
        (
            {
                "outcome": Outcome(error="AccessDeniedException", not_invoked=True),
                "status": 500,
                "response_type": "API_CONFIGURATION_ERROR",
            },
            "Execution failed due to configuration error: Invalid permissions on Lambda function",
        ),
        (
            {"status": 500, "response_type": "API_CONFIGURATION_ERROR"},
            "Execution failed due to configuration error: No integration is configured for this route",
        ),
        ({"status": 403, "response_type": "ACCESS_DENIED"}, "ACCESS_DENIED: why"),
        ({"status": 400, "response_type": "BAD_REQUEST_BODY", "detail": "$.n"}, "BAD_REQUEST_BODY: why $.n"),
    ],
)
def test_error_writes_what_went_wrong_and_nothing_else(facts, said):
    failed = entry(default(ERROR), **({"error": "why"} | facts))
    assert lines(failed) == [f"(id=) {said}", f"(id=) Method completed with status: {failed.status}"]
    assert lines(entry(default(ERROR), OK)) == []


def test_a_route_may_have_a_level_of_its_own():
    settings = default(INFO) | {"route_settings": {"ask": {"loggingLevel": "OFF"}}}
    assert lines(entry(settings, OK)) == []
    assert lines(entry(settings, OK, "CONNECT", "$connect"))[5:7] == [
        "(id=) WebSocket Request Route: [$connect]",
        "(id=) Client [UserAgent: None, SourceIp: 198.51.100.7] is connecting to WebSocket API [a1b2c3d4e5].",
    ]


def test_long_events_are_cut():
    long = replace(entry(default(INFO | {"dataTraceEnabled": True}), Outcome({"body": "x" * 5000})))
    assert max(map(len, lines(long))) == 1024
    assert json.dumps({"body": "x" * 5000})[:200] in "".join(lines(long))
