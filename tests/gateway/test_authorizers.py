"""Deciding at the door: what identity sources ask for, and what an authorizer's answer means."""

import json

import pytest
from gateway_kit import route, stage
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.authorizers import Verdict, has_identity, verdict
from upgrade101.gateway.connection import Connection
from upgrade101.gateway.documents import Knock, authorizer_event
from upgrade101.gateway.limits import AUTHORIZER_RESULT_BYTES
from upgrade101.gateway.policy import Question
from upgrade101.gateway.ports import Outcome

ARN = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/$connect"


NOT_ALLOWED = (
    "User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke"
    " action"
)
DENIED = "User is not authorized to access this resource with an explicit deny in an identity-based policy"


def policy(*statements, **more):
    return {"principalId": "ana", "policyDocument": {"Version": "2012-10-17", "Statement": list(statements)}, **more}


def statement(effect="Allow", action="execute-api:Invoke", resource=ARN, **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def decide(answer, error=""):
    return verdict(Outcome(answer, error), Question(ARN, facts={"aws:sourceip": "198.51.100.7"}))


# ── identity sources ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "sources, known",
    [
        ((), True),
        (("route.request.querystring.token",), True),
        (("route.request.header.Authorization",), True),
        (("route.request.header.authorization", "route.request.querystring.token"), True),
        (("stageVariables.colour",), True),
        (("context.identity.sourceIp",), True),
        (("context.connectionId", "stageVariables.colour", "route.request.querystring.token"), True),
        (("route.request.querystring.absent",), False),
        (("route.request.querystring.empty",), False),
        (("route.request.querystring.Token",), False),
        (("route.request.header.absent",), False),
        (("route.request.header.X-Empty",), False),
        (("route.request.header.X-Twice",), True),
        (("stageVariables.absent",), False),
        (("context.identity.userAgent",), False),
        (("context.identity.sourceIp.more",), False),
        (("context.absent",), False),
        (("context",), False),
        (("route.request.querystring.token", "route.request.header.absent"), False),
        (("nonsense",), False),
        (("route.request.body.token",), False),
    ],
)
def test_every_identity_source_must_have_a_value(sources, known):
    knock = Knock(
        "/dev?token=abc&empty=",
        [("Authorization", "x"), ("X-Empty", ""), ("X-Twice", "a"), ("X-Twice", "")],
        "198.51.100.7",
    )
    where = stage(route("$connect"), stage_variables={"colour": "blue"})
    connection = Connection("KmZ1XdPwDoECGjA=", where, "198.51.100.7", None, 0.0, 0.0, "api.example", knock=knock)
    assert has_identity(sources, authorizer_event(connection, knock, ARN, "request", 0.0)) is known


# ── policies: what they can say is tested in test_policy ─────────────────────────────────────────────────────────────


def test_allowed():
    assert decide(policy(statement())) == Verdict(200, "", {"principalId": "ana"})
    assert decide(policy(statement(Condition={"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}))).status == 200


@pytest.mark.parametrize(
    "useless", [[], [statement(resource=f"{ARN}x")], [statement(Condition={"Bool": {"aws:SecureTransport": "false"}})]]
)
def test_what_allows_nothing_is_403(useless):
    assert decide(policy(*useless)) == Verdict(403, NOT_ALLOWED)


def test_an_explicit_deny_wins():
    assert decide(policy(statement(), statement("Deny", resource="*"))) == Verdict(403, DENIED)


# ── failures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_failing_as_unauthorized_is_401():
    assert decide({"errorMessage": "Unauthorized"}, "Exception") == Verdict(401, "Unauthorized")


@pytest.mark.parametrize(
    "payload", [{"errorMessage": "unauthorized"}, {"errorMessage": "division"}, {}, None, "Unauthorized"]
)
def test_failing_otherwise_is_500_and_says_nothing(payload):
    assert decide(payload, "ZeroDivisionError") == Verdict(500)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        True,
        {"isAuthorized": True},
        {"policyDocument": policy(statement())["policyDocument"]},
        {"principalId": 7, "policyDocument": policy(statement())["policyDocument"]},
        {"principalId": "ana"},
        {"principalId": "ana", "policyDocument": "allow"},
        {"principalId": "ana", "policyDocument": {"Statement": ["allow"]}},
        policy(statement("Maybe")),
        policy({"Effect": "Allow"}),
        policy({"Effect": "Allow", "Action": 7, "Resource": ARN}),
        policy(statement(), context=[1]),
        policy(statement(), context={"nested": {"a": 1}}),
        policy(statement(), context={"list": [1]}),
        policy(statement(), usageIdentifierKey=7),
        policy(statement(), context={"number": object()}),
    ],
)
def test_junk_is_500(answer):
    assert decide(answer) == Verdict(500)


@pytest.mark.parametrize("letter", ["x", "é"])
def test_8_kb_are_the_most(letter):
    empty = len(json.dumps(policy(statement(), context={"big": ""}), separators=(",", ":")))
    fits = letter * ((AUTHORIZER_RESULT_BYTES - empty) // len(letter.encode()))
    assert decide(policy(statement(), context={"big": fits})).status == 200
    assert decide(policy(statement(), context={"big": fits + letter})) == Verdict(500)


# ── the context ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_context_travels_as_text():
    made = decide(policy(statement(), context={"tier": "gold", "age": 7, "ok": True, "rate": 0.5, "none": None}))
    assert made.context == {
        "principalId": "ana", "tier": "gold", "age": "7", "ok": "true", "rate": "0.5", "none": "null",
    }  # fmt: skip


@pytest.mark.parametrize("context", [None, {}])
def test_there_may_be_no_context(context):
    assert decide(policy(statement(), context=context)).context == {"principalId": "ana"}


def test_who_is_refused_has_no_context():
    assert decide(policy(statement("Deny"), context={"tier": "gold"})).context == {}


def test_an_api_key_may_come_with_the_answer():
    made = decide(policy(statement(), usageIdentifierKey="abc"))
    assert (made.usage_identifier_key, made.context) == ("abc", {"principalId": "ana"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    ["principalId", "policyDocument", "context", "Statement", "Effect", "Action", "Resource", "Condition"]
)
POLICY = st.recursive(JSON, lambda inner: st.dictionaries(FIELDS, inner, max_size=5), max_leaves=10)


@given(POLICY)
def test_any_json_is_a_verdict(answer):
    assert decide(answer).status in (200, 403, 500)


@given(st.text(), st.text())
def test_any_pattern_can_be_compared(pattern, text):
    assert verdict(Outcome(policy(statement(resource=pattern))), Question(text)).status in (200, 403)
