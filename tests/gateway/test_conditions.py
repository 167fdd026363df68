"""Conditions of policy statements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.conditions import OPERATORS, holds, like

FACTS = {
    "aws:sourceip": "198.51.100.7",
    "aws:username": "Ana",
    "aws:securetransport": "true",
    "aws:epochtime": "1755425730",
    "aws:currenttime": "2025-08-17T10:15:30+00:00",
    "aws:principalarn": "arn:aws:iam::123456789012:role/clients",
}


@pytest.mark.parametrize(
    "condition, met",
    [
        (None, True),
        ({}, True),
        ({"StringEquals": {"aws:username": "Ana"}}, True),
        ({"StringEquals": {"AWS:UserName": ["Bob", "Ana"]}}, True),
        ({"StringEquals": {"aws:username": "ana"}}, False),
        ({"StringEqualsIgnoreCase": {"aws:username": ["ana", "BOB"]}}, True),
        ({"StringEqualsIgnoreCase": {"aws:username": "ANA"}}, True),
        ({"StringNotEquals": {"aws:username": "Ana"}}, False),
        ({"StringNotEquals": {"aws:username": ["Bob", "Eve"]}}, True),
        ({"StringLike": {"aws:username": "A?*"}}, True),
        ({"StringNotLike": {"aws:username": "A*"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, True),
        ({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/clients"}}, True),
        ({"ArnNotLike": {"aws:PrincipalArn": "*:user/*"}}, True),
        ({"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, True),
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "198.51.100.7"]}}, True),
        ({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}, False),
        ({"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, False),
        ({"Bool": {"aws:SecureTransport": True}}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": "True"}}, True),
        ({"NumericLessThan": {"aws:EpochTime": 1755425731}}, True),
        ({"NumericEquals": {"aws:EpochTime": "1755425730"}}, True),
        ({"NumericNotEquals": {"aws:EpochTime": "1755425730"}}, False),
        ({"NumericGreaterThanEquals": {"aws:EpochTime": 1755425731}}, False),
        ({"NumericGreaterThanEquals": {"aws:EpochTime": 1755425730}}, True),
        ({"NumericLessThan": {"aws:EpochTime": 1755425730}}, False),
        ({"NumericGreaterThan": {"aws:EpochTime": 1755425730}}, False),
        ({"NumericGreaterThan": {"aws:EpochTime": 1755425729}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2025-08-17T00:00:00Z"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2025-08-17"}}, False),
        ({"DateLessThanEquals": {"aws:EpochTime": "2025-08-17T10:15:30Z"}}, True),
        ({"Null": {"aws:TokenIssueTime": "true"}}, True),
        ({"Null": {"aws:username": "true"}}, False),
        # what is not there: equal to nothing, unequal to everything
        ({"StringEquals": {"aws:absent": "x"}}, False),
        ({"StringNotEquals": {"aws:absent": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:absent": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:username": "x"}}, False),
        ({"ForAllValues:StringEquals": {"aws:absent": "x"}}, True),
        ({"ForAnyValue:StringEquals": {"aws:absent": "x"}}, False),
        ({"ForAnyValue:StringEquals": {"aws:username": ["Ana"]}}, True),
        # everything must hold
        ({"StringEquals": {"aws:username": "Ana", "aws:sourceip": "127.0.0.1"}}, False),
        ({"StringEquals": {"aws:username": "Ana"}, "Bool": {"aws:SecureTransport": "false"}}, False),
        # what cannot be told
        ({"Roughly": {"aws:username": "Ana"}}, None),
        ({"StringEquals": "Ana"}, None),
        ({"StringEquals": {"aws:username": {"a": 1}}}, None),
        ({"IpAddress": {"aws:SourceIp": "here"}}, None),
        ({"NumericEquals": {"aws:username": "7"}}, None),
        ({"DateLessThan": {"aws:CurrentTime": "tomorrow"}}, None),
        ("StringEquals", None),
    ],
)
def test_what_holds(condition, met):
    assert holds(condition, FACTS) is met


WORDS = st.text("Aan*?7.:/", max_size=5)


@given(
    st.dictionaries(
        st.sampled_from([*OPERATORS, "Null", "Roughly", "StringLikeIfExists"]),
        st.dictionaries(st.sampled_from([*FACTS, "aws:absent"]), WORDS | st.lists(WORDS, max_size=2), max_size=2),
        max_size=2,
    )
)
def test_any_condition_holds_or_not_or_cannot_be_told(condition):
    assert holds(condition, FACTS) in (True, False, None)


@given(st.text(), st.text())
def test_any_pattern_can_be_compared(pattern, text):
    assert like(pattern, text) in (True, False)
    assert like("*", text)
