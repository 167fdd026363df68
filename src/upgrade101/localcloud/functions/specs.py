"""What an execution environment is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Document = dict[str, Any]
Handler = Callable[[Any, Any], Any]
"""Called with the event and a :class:`~.runtime.Context`."""


class Started(Protocol):
    """A process that was started for a function, as much of it as of :class:`subprocess.Popen` is needed."""

    pid: int

    def poll(self) -> int | None:
        """Return its exit status, None where it has not ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return its exit status."""

    def kill(self) -> None:
        """Kill it."""


Start = Callable[[int, int, int, Mapping[str, str]], Started]
"""Starts one: with where events come from, where answers go, the lifeline, and the environment variables."""


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
