"""The seam with moto's ``add_permission``: the policy of the alias that the name carries, and no statement id twice.

moto adds a permission for ``chat:live`` to the function itself, and takes every statement id. Known to fit moto 5.1.18
to 5.2.5.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.policy import Policy
from moto.core.exceptions import JsonRESTError

_Backend: Any = LambdaBackend
_Policy: Any = Policy
_stock = (_Backend.add_permission, _Policy.add_statement)
SHAPES = {
    _stock[0]: ["self", "function_name", "qualifier", "raw"],
    _stock[1]: ["self", "raw", "qualifier"],
}


class StatementExists(JsonRESTError):
    """A policy has a statement with that id already."""

    code = 409

    def __init__(self, sid: str) -> None:
        what = f"The statement id ({sid}) provided already exists."
        remedy = "Please provide a new statement id, or remove the existing statement."
        super().__init__("ResourceConflictException", f"{what} {remedy}")


class LatestHasNoPolicy(JsonRESTError):
    """``$LATEST`` was named as a qualifier."""

    def __init__(self) -> None:
        super().__init__("InvalidParameterValueException", "We currently do not support adding policies for $LATEST.")


def install() -> None:
    """Have permissions added as on AWS; harmless where they are."""
    _Backend.add_permission, _Policy.add_statement = _add_permission, _add_statement


def uninstall() -> None:
    """Give moto its own ways back."""
    _Backend.add_permission, _Policy.add_statement = _stock


def misfits() -> list[str]:
    """Return what is made otherwise in this moto, a sentence each."""
    found = {method: list(inspect.signature(method).parameters) for method in SHAPES}
    return [
        f"{method.__qualname__} takes {found[method]}, not {expected}"
        for method, expected in SHAPES.items()
        if found[method] != expected
    ]


def _add_permission(backend: Any, function_name: str, qualifier: str | None, raw: str) -> Any:
    if qualifier == "$LATEST":
        raise LatestHasNoPolicy
    return _stock[0](backend, function_name, qualifier or _qualifier(function_name), raw)


def _add_statement(policy: Any, raw: str, qualifier: str | None = None) -> Any:
    """Add a statement; CloudFormation's says itself which function it is for."""
    if isinstance(policy.parent, LambdaFunction):
        given = json.loads(raw)
        qualifier = qualifier or _qualifier(given.get("FunctionName", ""))
        sid, resource = given.get("StatementId"), policy.parent.function_arn + (f":{qualifier}" if qualifier else "")
        if any(kept.get("Sid") == sid and kept.get("Resource") == resource for kept in policy.statements):
            raise StatementExists(sid)
    return _stock[1](policy, raw, qualifier)


def _qualifier(name_or_arn: str) -> str | None:
    """Return the version or alias in a function's name or ARN.

    >>> _qualifier("chat:live"), _qualifier("arn:aws:lambda:us-east-1:1:function:chat"), _qualifier("chat:$LATEST")
    ('live', None, None)
    """
    qualifier = name_or_arn.rpartition(":function:")[2].partition(":")[2]
    return qualifier if qualifier not in ("", "$LATEST") else None
