"""Deciding at the door: identity sources, and what a Lambda REQUEST authorizer's answer means.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from typing import Any

from .definition import Stage
from .documents import Knock
from .limits import AUTHORIZER_RESULT_BYTES
from .ports import Outcome

UNAUTHORIZED = "Unauthorized"
EXPLICIT_DENY = "User is not authorized to access this resource with an explicit deny in an identity-based policy"
NO_ALLOW = (
    "User is not authorized to access this resource because no identity-based policy allows"
    " the execute-api:Invoke action"
)
MISSING_TOKEN = "Missing Authentication Token"
UNVERIFIED = "NotEmulated: signatures of AWS_IAM; use a Lambda authorizer, or AuthorizationType NONE while testing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the door says: status 200 lets the client in, with ``context`` for all later events."""

    status: int
    message: str = ""
    context: dict[str, Any] = field(default_factory=dict)


def unsigned_or_gap(knock: Knock) -> tuple[int, str]:
    """Return how IAM refuses this client: unsigned as on AWS; signed because signatures are not verified here."""
    signed = knock.header("authorization") or any(name == "X-Amz-Signature" for name, _ in knock.query)
    return (501, UNVERIFIED) if signed else (403, MISSING_TOKEN)


def has_identity(sources: Iterable[str], knock: Knock, stage: Stage) -> bool:
    """Tell whether every identity source has a value in the upgrade request."""
    return all(_source(source, knock, stage) for source in sources)


def _source(source: str, knock: Knock, stage: Stage) -> str:
    kind, _, name = source.rpartition(".")
    match kind:
        case "route.request.header":
            return knock.header(name) or ""
        case "route.request.querystring":
            return next((value for key, value in knock.query if key == name), "")
        case "stageVariables":
            return stage.stage_variables.get(name, "")
        case _:
            return source if source.startswith("context.") else ""


def verdict(outcome: Outcome, method_arn: str) -> Verdict:
    """Turn an authorizer's answer into a verdict.

    >>> verdict(Outcome({"principalId": "ana", "policyDocument": {"Statement": []}}), "arn").status
    403
    """
    if outcome.error:
        failed_as = outcome.payload.get("errorMessage") if isinstance(outcome.payload, dict) else ""
        return Verdict(401, UNAUTHORIZED) if failed_as == UNAUTHORIZED else Verdict(500)
    answer = outcome.payload
    if not isinstance(answer, dict) or not isinstance(answer.get("principalId"), str):
        return Verdict(500)
    if len(json.dumps(answer)) > AUTHORIZER_RESULT_BYTES:
        return Verdict(500)
    context = _context(answer)
    effect = _effect(answer.get("policyDocument"), method_arn)
    if context is None or effect is None:
        return Verdict(500)
    if effect == "Allow":
        return Verdict(200, context={"principalId": answer["principalId"], **context})
    return Verdict(403, EXPLICIT_DENY if effect == "Deny" else NO_ALLOW)


def _context(answer: dict[str, Any]) -> dict[str, Any] | None:
    """Return the authorizer's context as text values; None where it is not a flat map."""
    context = answer.get("context") or {}
    if not isinstance(context, dict) or any(isinstance(value, (dict, list)) for value in context.values()):
        return None
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in context.items()}


def _effect(policy: Any, method_arn: str) -> str | None:
    """Evaluate a policy document: an explicit deny wins; '' where nothing matches, None where it is no policy."""
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not all(isinstance(statement, dict) for statement in statements):
        return None
    effects = {statement.get("Effect") for statement in statements if _applies(statement, method_arn)}
    return "Deny" if "Deny" in effects else "Allow" if "Allow" in effects else ""


def _applies(statement: dict[str, Any], method_arn: str) -> bool:
    actions, resources = _texts(statement.get("Action")), _texts(statement.get("Resource"))
    return any(_like(action.lower(), "execute-api:invoke") for action in actions) and any(
        _like(resource, method_arn) for resource in resources
    )


def _texts(value: Any) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


def _like(pattern: str, text: str) -> bool:
    return bool(_compiled(pattern).match(text))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.replace("[", "[[]")))
