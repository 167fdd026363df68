"""One HTTP endpoint for every AWS API: for boto3, the AWS CLI or any other SDK with its endpoint URL set to our port.

moto's own WSGI applications run inside this process, behind the port ``gateway.ports.Http``: no second server, and the
same backends that ``mock_aws().start()`` uses, so that an HTTP client and the notebook see the same tables.

What moto lacks is answered with status 501 and the code ``NotImplemented``: botocore retries 500, 502, 503 and 504, but
not 501. Signatures are not checked. Web pages of other origins are refused: an endpoint that creates and runs functions
must not be at the mercy of whatever page a browser has open.
"""

from __future__ import annotations

import functools
import json
import logging
import platform
import threading
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from moto import __version__ as MOTO
from moto.backends import get_backend, list_of_moto_modules
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import HTTPException

from ..gateway.address import locate
from ..gateway.errors import NotEmulated
from ..gateway.ports import HttpRequest, HttpResponse
from . import cloudformation, wsgi
from .endpoint_errors import error, operation, scope

log = logging.getLogger("upgrade101.endpoint")

HEALTH_PATHS = ("/", "/_upgrade101/health")
_MOTO_PATHS = ("/moto-api/",)
_WELL_KNOWN = ("/.well-known/jwks.json", "/.well-known/openid-configuration")

Stages = Callable[[], Iterable[str]]


class Endpoint:
    """Answer AWS API calls: one of the parts behind the port ``gateway.ports.Http``.

    ``stages`` lists the URLs of the stages that exist, for ``GET /`` and ``GET /_upgrade101/health``. The application
    of a service is built when it is first called, from moto's URL tables as they then are.
    """

    def __init__(self, stages: Stages | None = None) -> None:
        self._stages = stages
        self._lock = threading.Lock()
        self._dispatcher: _Dispatcher | None = None

    def __call__(self, request: HttpRequest) -> HttpResponse | None:
        """Answer, or return None for a request that is no AWS API call; never raises."""
        if locate(request.header("host"), request.target) is not None:
            return None  # a stage's own address
        path = request.target.partition("?")[0]
        if path in HEALTH_PATHS and request.method in ("GET", "HEAD") and not _is_signed(request):
            return self._health()
        local = path.startswith(_MOTO_PATHS)
        if not (local or _is_api_call(request, path)):
            return None
        if not _is_trusted(request, local):
            return error(request, 403, "AccessDenied", "AWS APIs answer to programs on this machine, not to web pages.")
        try:
            response = self._moto(request)
        except Exception as fault:
            response = _failure(request, fault)
        if log.isEnabledFor(logging.INFO):
            log.info("%s  %s", operation(request), response.status)
        return response

    def _moto(self, request: HttpRequest) -> HttpResponse:
        if request.header("authorization").startswith("AWS4-") and not scope(request).service:
            return _unreadable(request)
        variables = wsgi.environ(request)
        if scope(request).service == "cloudformation":
            cloudformation.ready()
        with self._lock:
            self._dispatcher = self._dispatcher or _Dispatcher(_application)
        try:
            application = self._dispatcher.get_application(variables)
        except NotEmulated:
            raise
        except Exception as fault:
            log.info("%s %.200s: unreadable signature: %s", request.method, request.target, fault)
            return _unreadable(request)
        return wsgi.call(application, variables)

    def _health(self) -> HttpResponse:
        document = {
            "name": "Upgrade 101: a local cloud for WebSocket APIs of Amazon API Gateway",
            "endpoint": "every AWS API that moto knows; point endpoint_url or AWS_ENDPOINT_URL here",
            "versions": {"upgrade101": _version("upgrade101"), "moto": MOTO, "python": platform.python_version()},
            "stages": sorted(self._stages()) if self._stages else [],
        }
        return HttpResponse(200, json.dumps(document, indent=2).encode(), [("Content-Type", "application/json")])


class _Dispatcher(DomainDispatcherApplication):
    """moto's dispatcher, with an error instead of a line on stdout for a service that moto does not know."""

    def __init__(self, create_app: Callable[[Any], Any]) -> None:
        super().__init__(create_app)
        self._known = functools.lru_cache(maxsize=512)(self._find)

    def get_backend_for_host(self, host: str | None) -> Any:
        return None if host is None else self._known(host)

    def _find(self, host: str) -> Any:
        if host == "moto_api" or host in list_of_moto_modules():
            return host
        for backend, pattern in self.backend_url_patterns:
            if pattern.match(f"http://{host}"):
                return backend
        raise NotEmulated(f"{host.partition('.')[0]} is no service that moto {MOTO} knows")


def _application(service: Any) -> Any:
    """Build moto's application for one service; unknown URLs become JSON instead of pages."""
    application = create_backend_app(service)
    application.url_map.merge_slashes = False  # S3 keys may contain //
    application.register_error_handler(HTTPException, _no_page)
    return application


def _no_page(fault: Exception) -> Any:
    """Let moto's own errors pass, and turn werkzeug's into an exception of ours."""
    if type(fault).__module__.startswith("werkzeug."):
        raise _NoRule(getattr(fault, "code", None) or 500) from fault
    return fault


class _NoRule(Exception):
    """No URL rule of moto's fits the request, or it could not be read."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _unreadable(request: HttpRequest) -> HttpResponse:
    return error(request, 400, "IncompleteSignature", "The Authorization or X-Amz-Target header is malformed.")


def _failure(request: HttpRequest, fault: Exception) -> HttpResponse:
    """Return the error document for what went wrong inside moto."""
    what, region = operation(request), scope(request).region
    missing = isinstance(fault, NotImplementedError) or (isinstance(fault, _NoRule) and fault.status in (404, 405))
    if missing and not scope(request).service:
        return error(request, 404, "ResourceNotFoundException", f"Nothing answers at {request.target[:200]}")
    if missing and what.endswith(f" {request.target.partition('?')[0][:100]}"):  # no call that botocore knows
        return error(request, 404, "ResourceNotFoundException", f"There is no call {what}")
    if missing:
        message = f"{what} works on AWS, but moto {MOTO} has not implemented it; use another call, or CLOUD=aws."
        return error(request, 501, "NotImplemented", message)
    if isinstance(fault, NotEmulated):
        return error(request, 501, "NotImplemented", str(fault))
    if isinstance(fault, KeyError) and region and fault.args == (region,):
        return error(request, 400, "InvalidRegion", f"moto {MOTO} knows no region {region} for this service.")
    if isinstance(fault, _NoRule):
        return error(request, fault.status, "BadRequest", f"{what}: the request cannot be read.")
    if isinstance(fault, UnicodeDecodeError | json.JSONDecodeError) or _is_broken_json(request):
        return error(request, 400, "SerializationException", f"{what}: the body cannot be read.")
    message = f"moto {MOTO} failed at {what}: {type(fault).__name__}: {fault}"
    log.error("%s", message)
    log.debug("%s", what, exc_info=fault)
    return error(request, 500, "InternalFailure", message[:1000])


def _is_broken_json(request: HttpRequest) -> bool:
    if not request.header("x-amz-target"):
        return False
    try:
        json.loads(request.body)
    except (ValueError, RecursionError):
        return True
    return False


def _is_signed(request: HttpRequest) -> bool:
    presigned = ("X-Amz-Signature=" in request.target) or ("AWSAccessKeyId=" in request.target)
    return presigned or request.header("authorization").startswith(("AWS4-", "AWS "))


def _is_api_call(request: HttpRequest, path: str) -> bool:
    """Tell whether a request is meant for an AWS API; an unsigned one has to name its API in another way."""
    if _is_signed(request) or request.header("x-amz-target") or path.endswith(_WELL_KNOWN):
        return True
    if request.header("content-type").startswith("application/x-www-form-urlencoded") and b"Action=" in request.body:
        return True
    return request.method in ("GET", "HEAD") and _is_bucket(path.removeprefix("/").partition("/")[0])


def _is_bucket(name: str) -> bool:
    """Tell whether S3 has such a bucket: its objects may be public."""
    return any(
        name in backend.buckets for account in list(get_backend("s3").values()) for backend in list(account.values())
    )


def _is_trusted(request: HttpRequest, local: bool) -> bool:
    """Tell whether the caller may use AWS APIs: a program, or a page of this machine; moto's own only from here."""
    origin = request.header("origin")
    foreign = (origin and not _is_local_page(origin)) or request.header("sec-fetch-site") == "cross-site"
    return not foreign and (not local or _is_loopback(request.client[0]))


def _is_local_page(origin: str) -> bool:
    try:
        return _is_loopback(urlsplit(origin).hostname or "")
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
