"""What an execution environment is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
Handler = Callable[[Any, Any], Any]
"""Called with the event and a :class:`~.runtime.Context`."""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One version of a function as it is configured now: what an execution environment is made of."""

    function_name: str
    function_arn: str  # without a qualifier
    version: str
    account_id: str
    region: str
    handler: str
    runtime: str
    code: bytes
    timeout: float = 3.0
    memory_size: int = 128
    variables: dict[str, str] = field(default_factory=dict)
    layers: tuple[bytes, ...] = ()
    credentials: tuple[str, str, str] = ("", "", "")  # access key, secret key, session token

    @property
    def log_group_name(self) -> str:
        """Return the name of the CloudWatch log group."""
        return f"/aws/lambda/{self.function_name}"
