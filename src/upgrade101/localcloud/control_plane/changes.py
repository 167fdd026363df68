"""A change to an API, as the rules see it: what would be true afterwards.

The rules stand in ``rules_*.py``, one function each, and ``rules.py`` says which apply to what. Where their wording
comes from (read November 2026):

- [P] github.com/badmintoncryer/cdk-preflight, rules ``pf-apigwv2-*``: what the service answered when its authors tried
- [R] the report whose address stands beside the rule
- [F] facts measured on AWS in 2026 and published in MiniStack's tests
- [O] ours: AWS refuses this too, or documents the limit, but its words are not published
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .operations import Document
from .refusals import BadRequest
from .resources import Resource, WebSocketApi


@dataclass(frozen=True, slots=True)
class Change:
    """What would be true after a request, and what the request itself said."""

    api: WebSocketApi
    after: Document
    given: Document
    changed: Resource | None = None  # nothing while it is being created
    siblings: Mapping[str, Resource] = field(default_factory=dict)

    def has_twin(self, name: str) -> bool:
        """Tell whether another thing of this kind has the same value there."""
        others = (sibling for sibling in self.siblings.values() if sibling is not self.changed)
        return any(other.document.get(name) == self.after.get(name) for other in others)


Rule = Callable[[Change], None]
"""Raises a Refusal, or lets the change pass."""

Removal = Callable[[WebSocketApi, Resource], None]
"""Raises a Refusal where something still needs the thing that is to go."""


def needs(*fields: str) -> Rule:
    """Return the rule that these fields are there and not empty. [O]"""

    def rule(change: Change) -> None:
        for name in fields:
            if not change.after.get(name):
                raise BadRequest(f"{member(name)} is required")

    return rule


def none_of_http_apis(*fields: str) -> Rule:
    """Return the rule that these fields are not given: M-apigwv2 says of each that HTTP APIs alone have it. [O]"""

    def rule(change: Change) -> None:
        for name in fields:
            if change.given.get(name):
                raise BadRequest(f"{member(name)} is not supported for WEBSOCKET protocol Apis.")

    return rule


def is_an_arn(name: str) -> Rule:
    """Return the rule that a field is an ARN, or holds a stage variable. [P] from REST APIs"""

    def rule(change: Change) -> None:
        value = change.after.get(name)
        if value and not re.fullmatch(r"arn:[\w-]+:[\w-]+:\S*", value) and "${stageVariables." not in value:
            raise BadRequest(f"Invalid ARN specified in the request: {member(name)} {value}")

    return rule


def member(name: str) -> str:
    """Return a field of the wire as boto3 spells it.

    >>> member("timeoutInMillis")
    'TimeoutInMillis'
    """
    return name[:1].upper() + name[1:]
