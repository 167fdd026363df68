"""``@connections`` for boto3: a botocore hook that hands the call to the gateway before anything is sent.

moto leaves the service alone (its documented ``core.passthrough.services``), so a handler's own client, built exactly
as on AWS, reaches the live sockets, in this process and without HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from urllib.parse import urlsplit

import botocore.handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from ..gateway import address
from ..gateway.address import Address
from ..gateway.ports import HttpResponse

SERVICE = "apigatewaymanagementapi"
_EVENT = f"before-send.{SERVICE}"

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
        if self._entry not in botocore.handlers.BUILTIN_HANDLERS:
            botocore.handlers.BUILTIN_HANDLERS.insert(0, self._entry)

    def uninstall(self) -> None:
        """Take the hook out again; clients made meanwhile keep it."""
        if self._entry in botocore.handlers.BUILTIN_HANDLERS:
            botocore.handlers.BUILTIN_HANDLERS.remove(self._entry)

    @property
    def _entry(self) -> tuple[str, Callable[..., AWSResponse | None]]:
        return (_EVENT, self.answer)

    def answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        """Answer a request for an API's host; leave every other (a loopback endpoint, say) to be sent."""
        url = urlsplit(request.url)
        found = self._locate(url.netloc, url.path)
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
