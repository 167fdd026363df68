"""One line per request, in the format of the stage."""

import json

import pytest

from upgrade101.gateway.calls import Call, Purpose
from upgrade101.gateway.connection import Connection
from upgrade101.gateway.definition import Deployment, Integration, Route, Stage
from upgrade101.gateway.journal import Entry
from upgrade101.gateway.ports import Outcome
from upgrade101.gateway.templates import warn_of_cognito
from upgrade101.localcloud.monitoring.access_log import line

AT = 1_755_425_730.121


def stage(route=None):
    routes = {route.route_key: route} if route else {}
    return Stage("a1b2c3d4e5", "dev", "eu-west-1", "123456789012", Deployment("d1", "$request.body.action", routes))


def connection(**facts):
    return Connection(
        connection_id="KmZ1XdPwDoECGjA=",
        stage=stage(),
        source_ip="198.51.100.7",
        user_agent=facts.pop("user_agent", "wscat"),
        connected_at=AT,
        last_active_at=AT,
        domain_name="a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
        **facts,
    )


def call(outcome, purpose=Purpose.MESSAGE, seconds=0.0123, kind="AWS_PROXY"):
    context = {"requestContext": {"messageId": "KmZ2QeX0joECGjA="}}
    made = Call("KmZ2QEa9DoEFd0w=", purpose, connection(), "ask", Integration("i1", kind), context, AT)
    made.outcome, made.seconds = outcome, seconds
    return made


def entry(kind="MESSAGE", key="ask", status=200, who=None, at_stage=None, **facts):
    return Entry(at_stage or stage(), who or connection(), kind, key, "KmZ2QEa9DoEFd0w=", AT, status, **facts)


OK = Outcome({"statusCode": 200, "body": "hi"})


@pytest.mark.parametrize(
    "name, value",
    [
        ("apiId", "a1b2c3d4e5"),
        ("connectedAt", "1755425730121"),
        ("connectionId", "KmZ1XdPwDoECGjA="),
        ("domainName", "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"),
        ("eventType", "MESSAGE"),
        ("extendedRequestId", "KmZ2QEa9DoEFd0w="),
        ("messageId", "KmZ2QeX0joECGjA="),
        ("requestId", "KmZ2QEa9DoEFd0w="),
        ("requestTime", "17/Aug/2025:10:15:30 +0000"),
        ("requestTimeEpoch", "1755425730121"),
        ("routeKey", "ask"),
        ("stage", "dev"),
        ("status", "200"),
        ("identity.sourceIp", "198.51.100.7"),
        ("identity.userAgent", "wscat"),
        ("integrationLatency", "12"),
        ("integration.latency", "12"),
        ("integration.status", "200"),
        ("integration.integrationStatus", "200"),
        ("error.message", "-"),
        ("error.messageString", "-"),
        ("error.responseType", "-"),
        ("authorizer.principalId", "-"),
        ("waf.status", "-"),
        ("nonsense", "-"),
        ("identity", "-"),
    ],
)
def test_a_variable(name, value):
    assert line(f"<$context.{name}>", entry(call=call(OK))) == f"<{value}>"
    assert line(f"<${{context.{name}}}>", entry(call=call(OK))) == f"<{value}>"


def test_what_cognito_would_say_is_nothing_and_the_log_says_so(caplog):
    warn_of_cognito.cache_clear()
    assert [line("<$context.identity.cognitoIdentityPoolId>", entry()) for _ in range(2)] == ["<->", "<->"]
    assert [text.partition("…")[0] for text in caplog.messages] == ["NotEmulated: $context.identity.cognito"]


def test_json_and_common_log_formats_as_the_console_offers_them():
    as_json = '{"requestId":"$context.requestId", "ip":"$context.identity.sourceIp", "status":"$context.status"}'
    assert json.loads(line(as_json, entry())) == {
        "requestId": "KmZ2QEa9DoEFd0w=", "ip": "198.51.100.7", "status": "200",
    }  # fmt: skip
    clf = (
        "$context.identity.sourceIp $context.identity.caller $context.identity.user "
        "[$context.requestTime] $context.eventType $context.routeKey $context.status $context.connectionId"
    )
    assert line(clf, entry()) == ("198.51.100.7 - - [17/Aug/2025:10:15:30 +0000] MESSAGE ask 200 KmZ1XdPwDoECGjA=")


def test_text_round_variables_stays():
    assert line("no variable $ $contextual 100%", entry()) == "no variable $ $contextual 100%"
    assert line("$context.routeKey, $context.stage.", entry()) == "ask, dev."


def test_what_the_authorizer_and_the_signature_said():
    who = connection(authorizer={"principalId": "ana", "tier": "gold"}, recognized={"accountId": "1"})
    made = line("$context.authorizer.principalId $context.authorizer.tier $context.identity.accountId", entry(who=who))
    assert made == "ana gold 1"


def test_a_refusal():
    made = line(
        "$context.routeKey $context.status $context.error.message $context.error.messageString "
        "$context.error.responseType $context.messageId $context.integrationLatency",
        entry(key="", status=403, error="Forbidden", response_type="MISSING_AUTHENTICATION_TOKEN"),
    )
    assert made == '- 403 Forbidden "Forbidden" MISSING_AUTHENTICATION_TOKEN - -'


def test_why_a_body_was_invalid():
    invalid = entry(status=400, error="Invalid request body", detail="$.n: 'x' is not of type 'number'")
    assert line("$context.error.validationErrorString", invalid) == "$.n: 'x' is not of type 'number'"


def test_a_function_that_fails():
    failed = call(Outcome({"errorMessage": "boom", "errorType": "ValueError"}, "ValueError"))
    made = line("$context.integration.error $context.integration.status $context.integration.integrationStatus",
                entry(status=500, call=failed))  # fmt: skip
    assert made == "boom - 200"
    never = call(Outcome(error="AccessDeniedException", not_invoked=True))
    made = line("$context.integration.error $context.integration.integrationStatus", entry(status=500, call=never))
    assert made == "AccessDeniedException -"


def test_a_mock_has_no_latency():
    made = line("$context.integrationLatency $context.integration.status", entry(call=call(OK, kind="MOCK")))
    assert made == "- 200"


def test_the_authorizers_call_is_no_integration():
    asked = call(Outcome({"principalId": "ana"}), Purpose.AUTHORIZE, seconds=0.05)
    who = connection(asked=asked)
    door = stage(Route("r1", "$connect", authorization_type="CUSTOM"))
    made = line(
        "$context.authorizer.latency $context.authorizer.status $context.authorizer.error $context.integrationLatency",
        entry("CONNECT", "$connect", 403, who, door, call=asked, error="x", response_type="ACCESS_DENIED"),
    )
    assert made == "50 200 - -"


@pytest.mark.parametrize(
    "status, kind, expected",
    [
        (200, "", "200 - 200 -"),
        (403, "MISSING_AUTHENTICATION_TOKEN", "403 no - -"),
        (403, "ACCESS_DENIED", "200 - 403 no"),
    ],
)
def test_the_two_questions_of_iam(status, kind, expected):
    door = stage(Route("r1", "$connect", authorization_type="AWS_IAM"))
    made = line(
        "$context.authenticate.status $context.authenticate.error $context.authorize.status $context.authorize.error",
        entry("CONNECT", "$connect", status, at_stage=door, error="no" if kind else "", response_type=kind),
    )
    assert made == expected
