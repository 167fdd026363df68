"""boto3's own calls, told as happenings, and the ledger of what they created."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import botocore.handlers

from .gateway.happenings import Called

Tell = Callable[[Called], None]
_MANAGEMENT = "ApiGatewayManagementApi"  # the gateway tells of these calls itself
_PARAMETERS, _ACCOUNT = "upgrade101_parameters", "upgrade101_account"


@dataclass(slots=True)
class Calls:
    """Watches every call of every boto3 client made after ``install``.

    ``caller`` names the Lambda function that is calling, or '' for the notebook; ``now`` is the gateway's clock;
    ``account_of`` finds the account of an access key, where that is known here.
    """

    tell: Tell
    caller: Callable[[], str] = lambda: ""
    now: Callable[[], float] = time.time
    account_of: Callable[[str], str] | None = None
    _entries: list[tuple[str, Callable[..., None]]] = field(default_factory=list)

    def install(self) -> None:
        """Register with botocore; harmless where it is registered already."""
        if not self._entries:
            self._entries = [
                ("provide-client-params", self._before),
                ("before-sign", self._signed),
                ("after-call", self._after),
            ]
            botocore.handlers.BUILTIN_HANDLERS.extend(self._entries)

    def uninstall(self) -> None:
        """Take the registration back; clients made meanwhile keep it."""
        for entry in self._entries:
            botocore.handlers.BUILTIN_HANDLERS.remove(entry)
        self._entries = []

    def _before(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context[_PARAMETERS] = params

    def _signed(self, request: Any, request_signer: Any, **_: Any) -> None:
        if request_signer._service_id == _MANAGEMENT:
            return
        if self.account_of is not None and request_signer._credentials is not None:
            request.context[_ACCOUNT] = self.account_of(request_signer._credentials.access_key)

    def _after(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if model.service_model.service_id == _MANAGEMENT:
            return
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
                account=context.get(_ACCOUNT, ""),
            )
        )
