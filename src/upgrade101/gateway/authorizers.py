"""Deciding at the door: identity sources, and what a Lambda REQUEST authorizer's answer means.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .documents import Document
from .limits import AUTHORIZER_RESULT_BYTES
from .policy import ALLOW, Malformed, Question, effect, reason
from .ports import Outcome

UNAUTHORIZED = "Unauthorized"
NOT_AUTHORIZED = "User is not authorized to access this resource"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the door says: status 200 lets the client in, with ``context`` for all later events."""

    status: int
    message: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    usage_identifier_key: str = ""


def has_identity(sources: Iterable[str], event: Document) -> bool:
    """Tell whether every identity source has a value in the authorizer's event.

    >>> has_identity(["context.identity.sourceIp"], {"requestContext": {"identity": {"sourceIp": "198.51.100.7"}}})
    True
    """
    return all(_source(source, event) for source in sources)


def _source(source: str, event: Document) -> bool:
    kind, _, name = source.rpartition(".")
    match kind:
        case "route.request.header":
            headers = event["multiValueHeaders"].items()
            return any(any(values) for header, values in headers if header.lower() == name.lower())
        case "route.request.querystring":
            return any(event["multiValueQueryStringParameters"].get(name, ()))
        case "stageVariables":
            return bool(event["stageVariables"].get(name))
        case _:
            return source.startswith("context.") and _in_context(event["requestContext"], source.split(".")[1:])


def _in_context(context: Any, path: list[str]) -> bool:
    for name in path:
        context = context.get(name) if isinstance(context, dict) else None
    return context not in (None, "")


def verdict(outcome: Outcome, question: Question) -> Verdict:
    """Turn an authorizer's answer into a verdict.

    >>> verdict(Outcome({"principalId": "ana", "policyDocument": {"Statement": []}}), Question("arn")).status
    403
    """
    if outcome.error:
        failed_as = outcome.payload.get("errorMessage") if isinstance(outcome.payload, dict) else ""
        return Verdict(401, UNAUTHORIZED) if failed_as == UNAUTHORIZED else Verdict(500)
    answer = outcome.payload
    if not isinstance(answer, dict) or not isinstance(answer.get("principalId"), str) or _size(answer) is None:
        return Verdict(500)
    context, key = _context(answer), answer.get("usageIdentifierKey") or ""
    if context is None or not isinstance(key, str):
        return Verdict(500)
    try:
        decided = effect(answer.get("policyDocument"), question)
    except Malformed:
        return Verdict(500)
    if decided == ALLOW:
        return Verdict(200, "", {"principalId": answer["principalId"], **context}, key)
    return Verdict(403, f"{NOT_AUTHORIZED} {reason(decided)}")


def _size(answer: dict[str, Any]) -> int | None:
    """Return how long the answer is as JSON, in bytes; None where it is longer than it may be, or no JSON."""
    try:
        size = len(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
    except (TypeError, ValueError):
        return None
    return size if size <= AUTHORIZER_RESULT_BYTES else None


def _context(answer: dict[str, Any]) -> dict[str, Any] | None:
    """Return the authorizer's context as text values; None where it is not a flat map."""
    context = answer.get("context") or {}
    if not isinstance(context, dict) or any(isinstance(value, (dict, list)) for value in context.values()):
        return None
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in context.items()}
