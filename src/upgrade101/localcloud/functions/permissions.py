"""May API Gateway invoke that function? Its resource policy decides, which ``add_permission`` writes.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html and, for how a policy is read,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html. A version and an alias have
policies of their own: what is allowed for the function is not allowed for its alias.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from ...gateway.policy import ALLOW, DENY, Malformed, Question, effect

SERVICE = "apigateway.amazonaws.com"
ACTION = "lambda:InvokeFunction"
_MOST_KNOWN = 4096

Statement = dict[str, Any]


class Policy(Protocol):
    """The resource policy of a function as moto keeps it: its revision stays when a statement is removed."""

    revision: str
    statements: list[dict[str, Any]]


class Permissions:
    """What was found out before, as long as the policies stay what they are."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Policy, str, int, str]] = {}

    def complaint(self, policy: Policy, function_arn: str, source_arn: str) -> str:
        """Return what is wrong where API Gateway may not invoke a function for ``source_arn``, or ''."""
        known = self._known.get((function_arn, source_arn))
        if (
            known is not None
            and known[0] is policy
            and known[1] == policy.revision
            and known[2] == len(policy.statements)
        ):
            return known[3]
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        statements = list(policy.statements)
        allowed = may_invoke(statements, function_arn, source_arn)
        complaint = "" if allowed else explain(statements, function_arn, source_arn)
        self._known[function_arn, source_arn] = (policy, policy.revision, len(statements), complaint)
        return complaint


def may_invoke(statements: Iterable[Statement], function_arn: str, source_arn: str) -> bool:
    """Tell whether API Gateway may invoke a function for a route, an authorizer or a method: an explicit deny wins.

    >>> to_all = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": ACTION, "Resource": "arn:f"}
    >>> may_invoke([to_all], "arn:f", "arn:aws:execute-api:us-east-1:1:api/dev/$connect")
    True
    >>> may_invoke([], "arn:f", "arn:aws:execute-api:us-east-1:1:api/dev/$connect")
    False
    """
    resource = function_arn.removesuffix(":$LATEST")  # it has no policy of its own
    effects = {_effect(statement, resource, source_arn) for statement in statements}
    return ALLOW in effects and DENY not in effects


def _effect(statement: Statement, resource: str, source_arn: str) -> str:
    """Return what a statement says about API Gateway's call: ``Allow``, ``Deny``, or '' where it is about others."""
    if not _names_api_gateway(statement.get("Principal")):
        return ""
    facts = {"aws:sourcearn": source_arn, "aws:sourceaccount": "".join(source_arn.split(":")[4:5])}
    try:
        return effect({"Statement": [statement]}, Question(resource, ACTION, facts))
    except Malformed:
        return ""


def _names_api_gateway(principal: Any) -> bool:
    if isinstance(principal, Mapping):
        return SERVICE in _listed(principal.get("Service")) or "*" in _listed(principal.get("AWS"))
    return bool(principal == "*")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# ── what to do about it ──────────────────────────────────────────────────────────────────────────────────────────────


def explain(statements: Sequence[Statement], function_arn: str, source_arn: str) -> str:
    """Return what is wrong, and the very call that puts it right."""
    resource = function_arn.removesuffix(":$LATEST")
    denials = [statement.get("Sid") for statement in statements if _effect(statement, resource, source_arn) == DENY]
    what = f"API Gateway may not invoke {resource} for {source_arn}: its policy"
    if denials:
        return f"{what} denies that → remove_permission(StatementId={denials[0]!r})"
    why = "allows that for others only" if statements else "is empty"
    return f"{what} {why} → {grant(resource, source_arn)}"


def grant(function_arn: str, source_arn: str) -> str:
    """Return the boto3 call that allows it, in every stage of the API.

    >>> call = grant("arn:aws:lambda:eu-west-1:1:function:chat", "arn:aws:execute-api:eu-west-1:1:a1b2c3/dev/$connect")
    >>> call.partition(".add_permission")[0], call.rpartition(", ")[2]
    ('boto3.client("lambda", "eu-west-1")', 'SourceArn="arn:aws:execute-api:eu-west-1:1:a1b2c3/*/$connect")')
    """
    _, _, _, region, _, _, name, *qualifier = function_arn.split(":")
    given = {"FunctionName": name, **({"Qualifier": qualifier[0]} if qualifier else {})}
    source = _in_every_stage(source_arn)
    given["StatementId"] = "-".join(re.findall(r"[A-Za-z0-9_]+", source.rpartition(":")[2]))[:100]
    given |= {"Action": ACTION, "Principal": SERVICE, "SourceArn": source}
    words = ", ".join(f'{key}="{value}"' for key, value in given.items())
    return f'boto3.client("lambda", "{region}").add_permission({words})'


def _in_every_stage(source_arn: str) -> str:
    """Return a pattern for a route or a method in every stage, whatever its path's parameters are."""
    api, stage, *place = source_arn.split("/", 2)
    if stage != "authorizers":
        stage = "*"
    return "/".join([api, stage, *(re.sub(r"\{[^}]*\}", "*", part) for part in place)])
