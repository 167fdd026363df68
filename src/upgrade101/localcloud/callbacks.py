"""``@connections`` for boto3: a botocore hook that hands the call to the gateway before anything is sent.

moto leaves the service alone (its documented ``core.passthrough.services``), so a handler's own client, built exactly
as on AWS, reaches the live sockets, in this process and without HTTP. Such a call is not signed either: who runs in
this process is trusted, and signing would take as long as all the rest that is done for a call.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import botocore
import botocore.handlers
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse

from ..gateway import address
from ..gateway.address import Address
from ..gateway.ports import HttpResponse

SERVICE = "apigatewaymanagementapi"
_HERE = "upgrade101_here"

Manage = Callable[[str, Address, bytes, str], HttpResponse]
"""Method, address, body and caller in; the answer out: what ``Gateway.manage`` does."""
Locate = Callable[[str, str], Address | None]
"""Host and path in; the stage's address out, or nothing."""
Travel = Callable[[str], AbstractContextManager[None]]
"""A service in; what a call of it is answered within."""


class Callbacks:
    """The hook, installed for every botocore session made from now on."""

    def __init__(
        self,
        manage: Manage,
        caller: Callable[[], str] = lambda: "",
        locate: Locate = address.locate,
        travel: Travel = lambda service: nullcontext(),
    ) -> None:
        self._manage = manage
        self._caller = caller
        self._locate = locate
        self._travel = travel

    def install(self) -> None:
        """Put the hook first, before moto's own; sessions that exist already are not reached."""
        if self._entries[0] not in botocore.handlers.BUILTIN_HANDLERS:
            botocore.handlers.BUILTIN_HANDLERS[:0] = self._entries

    def uninstall(self) -> None:
        """Take the hook out again; clients made meanwhile keep it."""
        for entry in self._entries:
            if entry in botocore.handlers.BUILTIN_HANDLERS:
                botocore.handlers.BUILTIN_HANDLERS.remove(entry)

    @property
    def _entries(self) -> list[tuple[str, Callable[..., Any]]]:
        return [
            (f"request-created.{SERVICE}", self._created),
            (f"choose-signer.{SERVICE}", self._signer),
            (f"before-send.{SERVICE}", self.answer),
        ]

    def _created(self, request: AWSRequest, **_: Any) -> None:
        if self._find(request.url) is not None:
            request.context[_HERE] = True

    def _signer(self, context: dict[str, Any], **_: Any) -> Any:
        return botocore.UNSIGNED if _HERE in context else None

    def _find(self, url: str) -> Address | None:
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        return self._locate(host, f"/{path}") if scheme in ("https", "http") else None  # wss is no address of a call

    def answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        """Answer a request for an API's host; leave every other (a loopback endpoint, say) to be sent."""
        found = self._find(request.url)
        if found is None:
            return None
        with self._travel(SERVICE):
            response = self._manage(str(request.method), found, _body(request.body), self._caller())
        headers = dict(response.headers)
        return AWSResponse(request.url, response.status, headers, _Raw(response.body))


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if hasattr(body, "read"):
        return bytes(body.read())
    return body.encode() if isinstance(body, str) else bytes(body)


class _Raw:
    """As much of a urllib3 response as botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._body
