"""boto3's own calls, told as happenings, and the ledger of what they created."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import botocore.handlers

from .gateway.happenings import Called

Tell = Callable[[Called], None]
_PARAMETERS = "upgrade101_parameters"


@dataclass(slots=True)
class Calls:
    """Watches every call of every boto3 client made after ``install``.

    ``caller`` names the Lambda function that is calling, or '' for the notebook; ``now`` is the gateway's clock.
    """

    tell: Tell
    caller: Callable[[], str] = lambda: ""
    now: Callable[[], float] = time.time
    _entries: list[tuple[str, Callable[..., None]]] = field(default_factory=list)

    def install(self) -> None:
        """Register with botocore; harmless where it is registered already."""
        if not self._entries:
            self._entries = [("provide-client-params", self._before), ("after-call", self._after)]
            botocore.handlers.BUILTIN_HANDLERS.extend(self._entries)

    def uninstall(self) -> None:
        """Take the registration back; clients made meanwhile keep it."""
        for entry in self._entries:
            botocore.handlers.BUILTIN_HANDLERS.remove(entry)
        self._entries = []

    def _before(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context[_PARAMETERS] = params

    def _after(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if model.service_model.service_name == "apigatewaymanagementapi":
            return  # the gateway tells these itself
        self.tell(
            Called(
                at=self.now(),
                service=model.service_model.service_name,
                operation=model.name,
                parameters=context.get(_PARAMETERS),
                answer=parsed,
                region=context.get("client_region") or "",
                status=parsed.get("ResponseMetadata", {}).get("HTTPStatusCode", 0),
                error=parsed.get("Error", {}).get("Code", ""),
                caller=self.caller(),
            )
        )
