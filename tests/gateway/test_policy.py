"""What policy documents say about one action on one resource."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.policy import Malformed, Question, decide, effect

PREFIX = "arn:aws:execute-api:us-east-1:123456789012"
ARN = f"{PREFIX}:a1b2c3d4e5/dev/$connect"
FACTS = {"aws:sourceip": "198.51.100.7", "aws:username": "ana"}


def statement(effect="Allow", action="execute-api:Invoke", resource=ARN, **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def without(element, **instead):
    return {name: value for name, value in statement().items() if name != element} | instead


def ask(*statements, resource=ARN):
    return effect({"Version": "2012-10-17", "Statement": list(statements)}, Question(resource, facts=FACTS))


@pytest.mark.parametrize(
    "allowed",
    [
        statement(),
        statement(resource="*"),
        statement(resource=[f"{PREFIX}:other/dev/$connect", ARN]),
        statement(resource=f"{PREFIX}:a1b2c3d4e5/*"),
        statement(resource=f"{PREFIX}:a1b2c3d4e5/d?v/$connect"),
        statement(resource="arn:aws:execute-api:*:*:*/*/$connect"),
        statement(action="execute-api:*"),
        statement(action="*"),
        statement(action="execute-api:Inv*"),
        statement(action=["s3:GetObject", "execute-api:Invoke"]),
        statement(action="EXECUTE-API:invoke"),
        without("Action", NotAction="execute-api:ManageConnections"),
        without("Resource", NotResource=f"{PREFIX}:other/*"),
        statement(Sid="1", Principal="*"),
        statement(Condition={}),
    ],
)
def test_allowed(allowed):
    assert ask(allowed) == "Allow"
    assert effect({"Statement": allowed}, Question(ARN, facts=FACTS)) == "Allow"


@pytest.mark.parametrize(
    "useless",
    [
        statement(resource=f"{PREFIX}:a1b2c3d4e5/prod/$connect"),
        statement(resource=f"{PREFIX}:a1b2c3d4e5/dev"),
        statement(resource=f"{PREFIX}:a1b2c3d4e5/*/GET/*"),
        statement(resource=ARN.upper()),
        statement(resource="arn:aws:execute-api:*:*:a1b2c3d4e5/dev/[$]connect"),
        statement(resource=[]),
        statement(action="s3:*"),
        statement(action="execute-api:ManageConnections"),
        without("Action", NotAction="execute-api:*"),
        without("Resource", NotResource="*"),
        statement(Condition={"StringEquals": {"aws:username": "bob"}}),
    ],
)
def test_what_says_nothing_about_it(useless):
    assert ask(useless) == ""


def test_no_statement_says_nothing():
    assert ask() == ""


def test_an_explicit_deny_wins():
    for statements in [(statement(), statement("Deny")), (statement("Deny", resource="*"), statement())]:
        assert ask(*statements) == "Deny"


def test_a_deny_of_something_else_denies_nothing():
    assert ask(statement(), statement("Deny", resource=f"{PREFIX}:other/*")) == "Allow"


def test_a_policy_may_speak_of_whoever_asks():
    mine = f"{PREFIX}:a1b2c3d4e5/${{aws:UserName}}/$connect"
    assert ask(statement(resource=mine), resource=f"{PREFIX}:a1b2c3d4e5/ana/$connect") == "Allow"
    assert ask(statement(resource=mine), resource=f"{PREFIX}:a1b2c3d4e5/bob/$connect") == ""
    assert ask(statement(resource=f"{PREFIX}:${{aws:nothing}}/*")) == ""


def test_several_documents_are_one_decision():
    allow, deny = {"Statement": statement()}, {"Statement": statement("Deny")}
    question = Question(ARN)
    assert [decide(documents, question) for documents in ([], [allow], [allow, deny])] == ["", "Allow", "Deny"]


def test_a_condition_that_cannot_be_told_is_the_safe_way_round(caplog):
    odd = {"Roughly": {"aws:username": "ana"}}
    assert ask(statement(Condition=odd)) == ""
    assert ask(statement(), statement("Deny", Condition=odd)) == "Deny"
    assert "NotEmulated: the condition {'Roughly'" in caplog.text


@pytest.mark.parametrize(
    "junk",
    [
        None,
        "Allow",
        [],
        {},
        {"Statement": "Allow"},
        {"Statement": ["Allow"]},
        {"Statement": [statement("Maybe")]},
        {"Statement": [without("Effect")]},
        {"Statement": [without("Action")]},
        {"Statement": [without("Resource")]},
        {"Statement": [statement(NotAction="s3:*")]},
        {"Statement": [statement(action=7)]},
        {"Statement": [statement(resource=[None])]},
    ],
)
def test_what_is_no_policy(junk):
    with pytest.raises(Malformed):
        effect(junk, Question(ARN))


@given(st.text(), st.text())
def test_any_pattern_can_be_compared(pattern, text):
    assert ask(statement(resource=pattern), resource=text) in ("Allow", "")


@given(st.text("abc/$:", max_size=20))
def test_a_resource_covers_itself(text):
    assert ask(statement(resource=text), resource=text) == "Allow"
