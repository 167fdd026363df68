"""boto3's own calls, told as happenings, and the ledger of what they created."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import botocore.handlers

from .gateway.happenings import Called, Happening, Managed

Tell = Callable[[Happening], None]
_MANAGEMENT = "ApiGatewayManagementApi"  # the gateway tells of these calls itself
_PARAMETERS, _ACCOUNT, _ASKED = "upgrade101_parameters", "upgrade101_account", "upgrade101_asked"


@dataclass(slots=True)
class Calls:
    """Watches every call of every boto3 client made after ``install``.

    ``caller`` names the Lambda function that is calling, or '' for the notebook; ``now`` is the gateway's clock;
    ``account_of`` finds the account of an access key, where that is known here. ``is_outside``: no gateway of this
    process tells of the calls of ``@connections``, so they are told here.
    """

    tell: Tell
    caller: Callable[[], str] = lambda: ""
    now: Callable[[], float] = time.time
    account_of: Callable[[str], str] | None = None
    is_outside: bool = False
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
            request.context[_ASKED] = (time.time(), request.method, request.url, request.data)
            return
        if self.account_of is not None and request_signer._credentials is not None:
            request.context[_ACCOUNT] = self.account_of(request_signer._credentials.access_key)

    def _after(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if model.service_model.service_id == _MANAGEMENT:
            if self.is_outside and _ASKED in context:
                self.tell(_managed(context[_ASKED], parsed))
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


def _managed(asked: tuple[float, str, str, Any], answer: dict[str, Any]) -> Managed:
    """Return a call of ``@connections``; which client's line a connection id belongs to is not known here."""
    at, method, url, data = asked
    stages, _, connection_id = urlsplit(url).path.partition("/@connections/")
    return Managed(
        at=at,
        stage=stages.rpartition("/")[2],
        path=f"/@connections/{unquote(connection_id)}",
        method=method,
        status=answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0),
        text=data.decode(errors="replace") if isinstance(data, bytes) else str(data or ""),
    )
