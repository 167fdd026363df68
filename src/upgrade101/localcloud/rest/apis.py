"""REST APIs answered on the gateway's port, so that lesson 01 can ask, wait and ask again on a real socket.

A REST API is built with plain boto3 (``apigateway``) and lives in moto; this module answers its requests at
``{api-id}.execute-api.{region}.amazonaws.com/{stage}/…`` and at ``/_aws/execute-api/{api-id}/{stage}/…``. Deployments
are snapshots as on AWS; a deployment made before :class:`RestApis` existed is read live.

Emulated: MOCK, AWS_PROXY, and HTTP and HTTP_PROXY to this machine; API keys of a usage plan; IAM authorization as far
as that a request must be signed (the signature is not checked). Not emulated, and answered with 501: AWS integrations
and authorizers. Not emulated, and told in the log: request validators. Not emulated: gateway responses of one's own,
throttling, caching, resource policies. moto's callback for calls made with ``requests`` in this process is left alone.
"""

from __future__ import annotations

import base64
import logging
import secrets
import uuid
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from ...gateway.address import Address, locate
from ...gateway.clock import Clock
from ...gateway.happenings import Answered, Happening, Invoked, Requested, Responded
from ...gateway.ports import HttpRequest, HttpResponse, Invoke
from .answers import GatewayResponse, forbidden, misconfigured, missing_authentication_token, not_emulated, too_large
from .definition import RestIntegration, RestStage, install, is_v2, read_stage, uninstall
from .event import BODY_BYTES, RestCall, proxy_event
from .integrations import Integrations, target, vtl
from .mapping import Render
from .match import match

log = logging.getLogger("upgrade101.rest")

_PATH_FORM = "/_aws/execute-api/"


class RestApis:
    """Answer requests for REST APIs: one of the parts behind the port ``gateway.ports.Http``.

    ``invoke`` runs functions, ``tell`` hears Requested, Invoked, Answered and Responded, ``render`` fills mapping
    templates. Raises ConfigurationError where moto is a version whose REST APIs have changed.
    """

    def __init__(
        self, invoke: Invoke, clock: Clock, tell: Callable[[Happening], None], *, render: Render = vtl
    ) -> None:
        self._clock = clock
        self._tell = tell
        self._integrations = Integrations(invoke, clock, render)
        install()

    def __call__(self, request: HttpRequest) -> HttpResponse | None:
        """Answer as API Gateway does; None where host and path mean no REST API.

        Whatever a client sends is answered, never raised.
        """
        address = locate(request.header("host"), request.target)
        if address is None or is_v2(address.api_id):
            return None
        at, request_id, extended_id = self._clock.now(), str(uuid.uuid4()), _extended_id()
        path, text = _path_below_api(request.target), request.body.decode("utf-8", "replace")
        known = {"api_id": address.api_id, "stage": address.stage_name, "request_id": request_id}
        self._tell(Requested(at=at, method=request.method, path=path, body=text, **known))
        try:
            response = self._answer(request, address, (request_id, extended_id), at)
        except GatewayResponse as refused:
            response = refused.response()
        except Exception:
            log.exception("%s %.200s failed", request.method, request.target)
            response = misconfigured().response()
        response = _stamped(response, request_id, extended_id, at)
        now, text = self._clock.now(), response.body.decode("utf-8", "replace")
        self._tell(Responded(at=now, status=response.status, body=text, seconds=now - at, **known))
        return response

    def close(self) -> None:
        """Give moto its own ``create_deployment`` back: deployments made from here on are read live."""
        uninstall()

    def _answer(self, request: HttpRequest, address: Address, ids: tuple[str, str], at: float) -> HttpResponse:
        stage = read_stage(address.api_id, address.stage_name)
        if stage is None or stage.disable_execute_api_endpoint:
            raise forbidden()
        if len(request.body) > BODY_BYTES:
            raise too_large(BODY_BYTES)
        call = _find(request, stage, ids, at)
        _admit(call)
        if call.method.integration is None:
            raise misconfigured()
        return self._integrate(call, call.method.integration)

    def _integrate(self, call: RestCall, integration: RestIntegration) -> HttpResponse:
        event = proxy_event(call) if integration.integration_type == "AWS_PROXY" else None
        known: dict[str, Any] = {
            "api_id": call.stage.api_id,
            "stage": call.stage.stage_name,
            "request_id": call.request_id,
            "route_key": call.route_key,
            "target": target(call, integration),
        }
        started = self._clock.now()
        self._tell(Invoked(at=started, integration_type=integration.integration_type, event=event, **known))
        payload, error, not_invoked = None, "InternalFailure", False
        try:
            response, payload = self._integrations.run(call, integration, event)
            error = ""
        except GatewayResponse as refused:
            payload, error = refused.payload, refused.error or f"{refused.status} {refused.message}"
            not_invoked = refused.not_invoked
            raise
        finally:
            now = self._clock.now()
            outcome: dict[str, Any] = {"payload": payload, "error": error, "not_invoked": not_invoked}
            self._tell(Answered(at=now, seconds=now - started, **known, **outcome))
        return response


def _find(request: HttpRequest, stage: RestStage, ids: tuple[str, str], at: float) -> RestCall:
    """Return the request with the resource and method that it means; raise the 403 of API Gateway without one."""
    path = "/" + _path_below_api(request.target).partition("?")[0].removeprefix("/").partition("/")[2]
    found = match(((each.path, each.methods) for each in stage.resources), request.method, path)
    if found is None:
        raise missing_authentication_token()
    template, method, path_parameters = found
    resource = next(each for each in stage.resources if each.path == template)
    return RestCall(request, stage, resource, resource.methods[method], path, path_parameters, *ids, at)


def _admit(call: RestCall) -> None:
    """Raise what API Gateway answers where the request lacks the signature or the API key that its method wants."""
    method, request = call.method, call.request
    if method.authorization_type == "AWS_IAM":
        signed = request.header("authorization").startswith("AWS4-HMAC-SHA256 ")
        if not signed and "X-Amz-Signature=" not in request.target:
            raise missing_authentication_token()
    elif method.authorization_type != "NONE":
        log.warning("%s: authorization %s is not emulated", call.route_key, method.authorization_type)
        what = f"Authorization {method.authorization_type} of REST APIs"
        raise not_emulated(what, "Lesson 09 shows authorizers with a WebSocket API.")
    if method.api_key_required and request.header("x-api-key") not in call.stage.api_keys:
        raise forbidden()
    if method.request_validator_id:
        log.warning("%s: request validators are not emulated; the request passes unchecked", call.route_key)


def _path_below_api(target: str) -> str:
    """Return path and query as they are on AWS, from the stage on.

    >>> _path_below_api("/_aws/execute-api/a1b2c3d4e5/dev/items?n=1")
    '/dev/items?n=1'
    """
    if target.startswith(_PATH_FORM):
        return "/" + target.removeprefix(_PATH_FORM).partition("/")[2]
    return target


def _extended_id() -> str:
    return base64.b64encode(secrets.token_bytes(11)).decode()


def _stamped(response: HttpResponse, request_id: str, extended_id: str, at: float) -> HttpResponse:
    """Add the headers that API Gateway puts on every response."""
    given = {name.lower() for name, _ in response.headers}
    ours = [("Date", formatdate(at, usegmt=True)), ("x-amzn-RequestId", request_id), ("x-amz-apigw-id", extended_id)]
    if "content-type" not in given:
        ours.append(("Content-Type", "application/json"))
    return replace(response, headers=[*ours, *response.headers])
