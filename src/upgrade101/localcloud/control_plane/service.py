"""Seam 1 with moto: the control plane of WEBSOCKET APIs, as AWS has it.

moto looks its handlers up in dictionaries of URL patterns; a subclass of moto's own response class takes the places of
``apigatewayv2`` there, and of the URLs that moto lacks. It answers in process and through moto's WSGI application
alike. What concerns HTTP APIs goes on to moto.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import moto
import moto.apigateway.urls
import moto.apigatewayv2.urls
from moto.apigatewayv2.models import apigatewayv2_backends
from moto.apigatewayv2.responses import ApiGatewayV2Response
from moto.core.common_types import TYPE_RESPONSE
from moto.core.utils import camelcase_to_underscores

from ...gateway.errors import ConfigurationError
from .actions import NotOurs, answer
from .alike import Call
from .operations import Operation, match, operations
from .refusals import NotEmulatedHere, Refusal
from .resources import LOCK

KNOWN_TO_FIT = "5.1.18 to 5.2.5"

_LACKING = "moto lacks it; create the parts one by one, or run this on AWS"

Handler = Callable[..., Any]
UrlTable = dict[str, Handler]

_TABLES: tuple[UrlTable, ...] = (moto.apigatewayv2.urls.url_paths, moto.apigateway.urls.url_paths)  # v1 holds a copy
_before: list[dict[str, Handler | None]] = []


class ControlPlane(ApiGatewayV2Response):
    """moto's handler of apigatewayv2, with what it lacks for WEBSOCKET APIs."""

    def _get_action(self) -> str:
        operation = match(self.method, self.path)
        return operation.name if operation else super()._get_action()

    def call_action(self) -> TYPE_RESPONSE:
        """Answer one request; one at a time, for moto's objects are not made for threads."""
        try:
            with LOCK:
                return super().call_action()
        except NotImplementedError:
            return _refused(NotEmulatedHere(self._get_action() or self.path, _LACKING))

    def serve(self, operation: Operation) -> TYPE_RESPONSE:
        """Answer for a WEBSOCKET API, or let moto answer."""
        params = operation.params(self.path) or {}
        pairs = tuple(parse_qsl(self.parsed_url.query))
        try:
            document = answer(Call(self.apigatewayv2_backend, operation, params, self.body, dict(pairs), pairs))
        except NotOurs:
            return self._moto_answers(operation.name)
        body = "" if document is None else json.dumps(document)
        return operation.status, {"status": str(operation.status)}, body

    def _moto_answers(self, operation: str) -> TYPE_RESPONSE:
        method: Callable[[], TYPE_RESPONSE] | None = getattr(super(), camelcase_to_underscores(operation), None)
        if method is None:
            raise NotImplementedError(operation)
        return method()


def _refused(refusal: Refusal) -> TYPE_RESPONSE:
    headers = {**dict(refusal.get_headers()), "status": str(refusal.code)}
    return refusal.code, headers, refusal.description


def _method(operation: Operation) -> Callable[[ControlPlane], TYPE_RESPONSE]:
    def method(self: ControlPlane) -> TYPE_RESPONSE:
        return self.serve(operation)

    return method


for _operation in operations().values():  # moto finds an operation by the name of a method
    setattr(ControlPlane, camelcase_to_underscores(_operation.name), _method(_operation))


def install() -> None:
    """Take moto's places; harmless where that has happened.

    Call it before the first request. Raises ConfigurationError where moto is a version whose seam has moved.
    """
    if not _before:
        check_seam()
        _before.extend(_take(table) for table in _TABLES)


def uninstall() -> None:
    """Give moto its places back; harmless where it has them."""
    for table, before in zip(_TABLES, _before, strict=False):
        for url, handler in before.items():
            if handler is None:
                table.pop(url, None)
            else:
                table[url] = handler
    _before.clear()


def _take(table: UrlTable) -> dict[str, Handler | None]:
    ours = [url for url, handler in table.items() if _is_motos(handler)]
    ours += [operation.url_path() for operation in operations().values()]
    before = {url: table.get(url) for url in ours}
    table.update(dict.fromkeys(ours, ControlPlane.dispatch))
    return before


def _is_motos(handler: Handler) -> bool:
    return getattr(handler, "__self__", None) is ApiGatewayV2Response and handler.__name__ == "dispatch"


def check_seam() -> None:
    """Compare moto with what this module needs of it; raises ConfigurationError, naming the versions that fit."""
    backend = apigatewayv2_backends["123456789012"]["us-east-1"]
    needed = {
        "url_paths": all(_is_motos(table.get("{0}/v2/apis$", _is_motos)) for table in _TABLES),
        "ApiGatewayV2Response": all(hasattr(ApiGatewayV2Response, name) for name in ("_get_action", "call_action")),
        "ApiGatewayV2Backend": all(hasattr(backend, name) for name in ("apis", "tagger", "get_tags", "tag_resource")),
        "botocore's apigatewayv2": {"CreateDeployment", "UpdateStage"} <= operations().keys(),
    }
    moved = [name for name, holds in needed.items() if not holds]
    if moved:
        raise ConfigurationError(
            f"moto {moto.__version__} does not fit the local control plane: {', '.join(moved)} has moved",
            hint=f"moto {KNOWN_TO_FIT} is known to fit: pip install 'moto>=5.1.18,<5.3'",
        )
