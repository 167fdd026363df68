"""The ``Condition`` of a policy statement: operators of IAM against the facts of one request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from fnmatch import translate
from functools import lru_cache
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import Any

Facts = Mapping[str, str]
"""Condition keys in lower case, ``aws:sourceip`` say, and what they are for this request."""

Compare = Callable[[str, str], bool]
"""Compare what is (first) with what a policy says (second); raises ValueError where a policy says nonsense."""


def holds(condition: Any, facts: Facts) -> bool | None:
    """Tell whether a condition is met; None where it cannot be told, because of an operator unknown here, say.

    >>> holds({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "127.0.0.1"]}}, {"aws:sourceip": "127.0.0.1"})
    True
    """
    if condition is None:
        return True
    if not isinstance(condition, dict):
        return None
    answers = [_block(operator, keys, facts) for operator, keys in condition.items()]
    return None if None in answers else all(answers)


def _block(operator: str, keys: Any, facts: Facts) -> bool | None:
    name = operator.removeprefix("ForAnyValue:").removeprefix("ForAllValues:").removesuffix("IfExists")
    lenient = operator.endswith("IfExists") or operator.startswith("ForAllValues:")
    if not isinstance(keys, dict) or (name not in OPERATORS and name != "Null"):
        return None
    try:
        return all(_one(name, lenient, facts.get(key.lower()), wanted) for key, wanted in keys.items())
    except ValueError:
        return None


def _one(name: str, lenient: bool, value: str | None, wanted: Any) -> bool:
    allowed = [_text(item) for item in (wanted if isinstance(wanted, list) else [wanted])]
    if name == "Null":
        return str(value is None).lower() in allowed
    compare, negated = OPERATORS[name]
    if value is None:
        return lenient or negated
    return any(compare(value, item) for item in allowed) is not negated


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError(f"{value!r} is no value for a condition")


def like(pattern: str, text: str) -> bool:
    """Compare with ``*`` (any characters, slashes too) and ``?`` (one of them).

    >>> like("arn:*/dev/$con?ect", "arn:aws:execute-api:a1/dev/$connect")
    True
    """
    return bool(_compiled(pattern).match(text))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.replace("[", "[[]")))


def _like_arn(value: str, wanted: str) -> bool:
    """Compare part by part: in an ARN no wildcard reaches beyond its colon."""
    parts, patterns = value.split(":", 5), wanted.split(":", 5)
    return len(parts) == len(patterns) and all(map(like, patterns, parts))


def _in_network(value: str, wanted: str) -> bool:
    return ip_address(value) in ip_network(wanted, strict=False)


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "LessThan": lambda value, wanted: value < wanted,
    "LessThanEquals": lambda value, wanted: value <= wanted,
    "GreaterThan": lambda value, wanted: value > wanted,
    "GreaterThanEquals": lambda value, wanted: value >= wanted,
}


def _ordered(prefix: str, read: Callable[[str], float]) -> dict[str, tuple[Compare, bool]]:
    def compare(order: Callable[[float, float], bool]) -> Compare:
        return lambda value, wanted: order(read(value), read(wanted))

    named = {f"{prefix}{name}": (compare(order), False) for name, order in _ORDERS.items()}
    return named | {f"{prefix}NotEquals": (compare(_ORDERS["Equals"]), True)}


def _both(positive: str, negative: str, compare: Compare) -> dict[str, tuple[Compare, bool]]:
    return {positive: (compare, False), negative: (compare, True)}


OPERATORS: Mapping[str, tuple[Compare, bool]] = MappingProxyType(
    {
        **_both("StringEquals", "StringNotEquals", lambda value, wanted: value == wanted),
        **_both(
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            lambda value, wanted: value.lower() == wanted.lower(),
        ),
        **_both("StringLike", "StringNotLike", lambda value, wanted: like(wanted, value)),
        **_both("ArnLike", "ArnNotLike", _like_arn),
        **_both("ArnEquals", "ArnNotEquals", _like_arn),
        **_both("IpAddress", "NotIpAddress", _in_network),
        "Bool": (lambda value, wanted: value.lower() == wanted.lower(), False),
        **_ordered("Numeric", float),
        **_ordered("Date", _moment),
    }
)
"""How an operator compares, and whether it asks for the contrary."""
