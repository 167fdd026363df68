"""Deciding at the door."""

import pytest
from gateway_kit import route, stage
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway import authorizers
from upgrade101.gateway.authorizers import has_identity, verdict
from upgrade101.gateway.documents import Knock
from upgrade101.gateway.ports import Outcome

ARN = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/$connect"
PREFIX = "arn:aws:execute-api:us-east-1:123456789012"


def policy(*statements, **more):
    return {"principalId": "ana", "policyDocument": {"Version": "2012-10-17", "Statement": list(statements)}, **more}


def statement(effect="Allow", action="execute-api:Invoke", resource=ARN):
    return {"Effect": effect, "Action": action, "Resource": resource}


def decide(answer, error=""):
    return verdict(Outcome(answer, error), ARN)


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
        (("route.request.querystring.absent",), False),
        (("route.request.querystring.empty",), False),
        (("route.request.querystring.Token",), False),
        (("route.request.header.absent",), False),
        (("route.request.header.X-Empty",), False),
        (("stageVariables.absent",), False),
        (("route.request.querystring.token", "route.request.header.absent"), False),
        (("nonsense",), False),
    ],
)
def test_every_identity_source_must_have_a_value(sources, known):
    knock = Knock("/dev?token=abc&empty=", [("Authorization", "x"), ("X-Empty", "")], "198.51.100.7")
    where = stage(route("$connect"), stage_variables={"colour": "blue"})
    assert has_identity(sources, knock, where) is known


# ── policies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "allowed",
    [
        statement(),
        statement(resource="*"),
        statement(resource=[f"{PREFIX}:other/dev/$connect", ARN]),
        statement(resource=f"{PREFIX}:a1b2c3d4e5/*"),
        statement(resource=f"{PREFIX}:a1b2c3d4e5/d?v/$connect"),
        statement(action="execute-api:*"),
        statement(action="*"),
        statement(action=["s3:GetObject", "execute-api:Invoke"]),
        statement(action="EXECUTE-API:invoke"),
    ],
)
def test_allowed(allowed):
    assert decide(policy(allowed)).status == 200
    assert decide({"principalId": "ana", "policyDocument": {"Statement": allowed}}).status == 200


@pytest.mark.parametrize(
    "useless",
    [
        statement(resource=f"{PREFIX}:a1b2c3d4e5/prod/$connect"),
        statement(resource=f"{PREFIX}:a1b2c3d4e5/dev"),
        statement(resource=ARN.upper()),
        statement(resource="arn:aws:execute-api:*:*:a1b2c3d4e5/dev/[$]connect"),
        statement(action="s3:*"),
        statement(effect="Maybe"),
        {"Effect": "Allow"},
        {"Effect": "Allow", "Action": 7, "Resource": None},
    ],
)
def test_what_allows_nothing_is_403(useless):
    assert decide(policy(useless)) == authorizers.Verdict(403, authorizers.NO_ALLOW)


def test_no_statement_is_403():
    assert decide(policy()) == authorizers.Verdict(403, authorizers.NO_ALLOW)


def test_the_very_words_of_aws():
    assert authorizers.NO_ALLOW == (
        "User is not authorized to access this resource because no identity-based policy allows the"
        " execute-api:Invoke action"
    )
    assert authorizers.EXPLICIT_DENY == (
        "User is not authorized to access this resource with an explicit deny in an identity-based policy"
    )
    assert (authorizers.UNAUTHORIZED, authorizers.MISSING_TOKEN) == ("Unauthorized", "Missing Authentication Token")


def test_an_explicit_deny_wins():
    for statements in [(statement(), statement("Deny")), (statement("Deny", resource="*"), statement())]:
        assert decide(policy(*statements)) == authorizers.Verdict(403, authorizers.EXPLICIT_DENY)


def test_a_deny_of_something_else_denies_nothing():
    assert decide(policy(statement(), statement("Deny", resource=f"{PREFIX}:other/*"))).status == 200


# ── failures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_failing_as_unauthorized_is_401():
    assert decide({"errorMessage": "Unauthorized"}, "Exception") == authorizers.Verdict(401, "Unauthorized")


@pytest.mark.parametrize(
    "payload", [{"errorMessage": "unauthorized"}, {"errorMessage": "division"}, {}, None, "Unauthorized"]
)
def test_failing_otherwise_is_500_and_says_nothing(payload):
    assert decide(payload, "ZeroDivisionError") == authorizers.Verdict(500)


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
        policy(statement(), context=[1]),
        policy(statement(), context={"nested": {"a": 1}}),
        policy(statement(), context={"list": [1]}),
        policy(statement(), context={"big": "x" * 8192}),
    ],
)
def test_junk_is_500(answer):
    assert decide(answer) == authorizers.Verdict(500)


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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(["principalId", "policyDocument", "context", "Statement", "Effect", "Action", "Resource"])
POLICY = st.recursive(JSON, lambda inner: st.dictionaries(FIELDS, inner, max_size=5), max_leaves=10)


@given(POLICY)
def test_any_json_is_a_verdict(answer):
    assert decide(answer).status in (200, 403, 500)


@given(st.text(), st.text())
def test_any_pattern_can_be_compared(pattern, text):
    assert verdict(Outcome(policy(statement(resource=pattern))), text).status in (200, 403)
