"""Policy documents: what they say about one action on one resource.

The same evaluation decides what a Lambda authorizer returned and what IAM has attached to a signing caller
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .conditions import Facts, holds, like

log = logging.getLogger("upgrade101.gateway")

ALLOW, DENY = "Allow", "Deny"
IDENTITY_BASED, RESOURCE_BASED = "identity-based policy", "resource-based policy"

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Question:
    """May somebody do this here, under these facts?"""

    resource: str
    action: str = "execute-api:Invoke"
    facts: Facts = field(default_factory=dict)


def reason(decided: str, kind: str = IDENTITY_BASED) -> str:
    """Say, as AWS does, which kind of policy refused.

    >>> reason(DENY)
    'with an explicit deny in an identity-based policy'
    >>> reason("", "session policy")
    'because no session policy allows the execute-api:Invoke action'
    """
    if decided == DENY:
        return f"with an explicit deny in {'an' if kind == IDENTITY_BASED else 'a'} {kind}"
    return f"because no {kind} allows the execute-api:Invoke action"


class Malformed(ValueError):
    """A document that is no policy."""


def decide(documents: Iterable[Any], question: Question) -> str:
    """Return ``Deny`` where any document denies explicitly, else ``Allow`` where any allows, else ''.

    Raises Malformed for a document that is no policy.

    >>> allow = {"Effect": "Allow", "Action": "execute-api:*", "Resource": "*"}
    >>> decide([{"Statement": allow}], Question("arn:aws:execute-api:us-east-1:123456789012:a1/dev/$connect"))
    'Allow'
    """
    effects = {effect(document, question) for document in documents}
    return DENY if DENY in effects else ALLOW if ALLOW in effects else ""


def effect(document: Any, question: Question) -> str:
    """Evaluate one document: an explicit deny wins, and '' says that nothing matches; raises Malformed."""
    statements = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        raise Malformed("a policy has a Statement")
    effects = {_effect(statement, question) for statement in statements}
    return DENY if DENY in effects else ALLOW if ALLOW in effects else ""


def _effect(statement: Any, question: Question) -> str:
    if not isinstance(statement, dict) or statement.get("Effect") not in (ALLOW, DENY):
        raise Malformed("a statement has the Effect Allow or Deny")
    name = str(statement["Effect"])
    fits_action = _fits(statement, "Action", lambda pattern: like(pattern.lower(), question.action.lower()))
    fits_resource = _fits(statement, "Resource", lambda pattern: _covers(pattern, question))
    if not (fits_action and fits_resource):
        return ""
    met = holds(statement.get("Condition"), question.facts)
    if met is None:  # safe: what cannot be told allows nothing, and denies
        log.warning("NotEmulated: the condition %s; it allows nothing here, and denies", statement["Condition"])
        met = name == DENY
    return name if met else ""


def _fits(statement: dict[str, Any], element: str, matches: Any) -> bool:
    """Tell whether ``Action`` or ``Resource`` matches, or nothing in ``NotAction`` or ``NotResource`` does."""
    wanted, unwanted = statement.get(element), statement.get(f"Not{element}")
    if (wanted is None) is (unwanted is None):
        raise Malformed(f"a statement has {element} or Not{element}")
    patterns = wanted if wanted is not None else unwanted
    patterns = patterns if isinstance(patterns, list) else [patterns]
    if not all(isinstance(pattern, str) for pattern in patterns):
        raise Malformed(f"{element} is a text or a list of texts")
    return any(map(matches, patterns)) is (wanted is not None)


def _covers(pattern: str, question: Question) -> bool:
    """Compare a resource pattern, policy variables filled in; one without a value matches nothing."""
    names = _VARIABLE.findall(pattern)
    if any(name.lower() not in question.facts for name in names):
        return False
    filled = _VARIABLE.sub(lambda variable: question.facts[variable[1].lower()], pattern) if names else pattern
    return like(filled, question.resource)
