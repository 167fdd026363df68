"""HTTP and HTTP_PROXY integrations of a REST API: they call HTTP servers on this machine, and nobody else.

While moto plays AWS nothing may reach the internet, so a host that is not a loopback address is refused, redirects are
passed on instead of followed, and proxy settings of the environment are not looked at.
"""

from __future__ import annotations

import http.client
import ipaddress
import logging
from collections.abc import Callable, Iterable
from urllib.parse import SplitResult, urlencode, urlsplit

from ...gateway.ports import Headers, HttpResponse
from .answers import bad_gateway, misconfigured, not_emulated, timed_out, unreachable
from .definition import RestIntegration
from .event import BODY_BYTES, HOP_BY_HOP, RestCall, forwarded_headers, is_header, remapped
from .mapping import parameters, with_stage_variables

log = logging.getLogger("upgrade101.rest")

_CHUNK = 65_536
_NOT_PASSED = {*HOP_BY_HOP, "host", "content-length"}
_PASSED_WITHOUT_PROXY = {"accept", "content-type", "x-amzn-trace-id"}


def ask(call: RestCall, integration: RestIntegration, body: bytes, now: Callable[[], float]) -> HttpResponse:
    """Call the integration's URI and return what it answered.

    A proxy integration hands on method, headers, query and body; the other kind only what is mapped.
    Raises GatewayResponse: 504 where nobody answers in time, 501 where the host is not this machine.
    """
    seconds = integration.timeout_millis / 1000
    try:
        url = urlsplit(address(call, integration))
        connection = _connection(url, seconds)
        try:
            connection.putrequest(*_request_line(call, integration, url), skip_host=True, skip_accept_encoding=True)
            for name, value in _headers(call, integration, url.netloc, body):
                connection.putheader(name, value)
            connection.endheaders(body)
            return _read(connection.getresponse(), now, now() + seconds)
        finally:
            connection.close()
    except TimeoutError as fault:
        raise timed_out() from fault
    except (http.client.InvalidURL, ValueError) as fault:
        log.warning("%s: %s cannot be called: %s", call.route_key, integration.uri, fault)
        raise misconfigured() from fault
    except (OSError, http.client.HTTPException) as fault:
        log.warning("%s: no answer from %s: %s", call.route_key, integration.uri, fault)
        raise unreachable() from fault


def pass_on(answer: HttpResponse) -> HttpResponse:
    """Return a proxied backend's answer under the names that API Gateway gives its headers."""
    headers = ((name, value.strip()) for name, value in answer.headers if name.lower() not in _NOT_PASSED)
    passed = [(remapped(name), value) for name, value in headers if is_header(name, value)]
    return HttpResponse(answer.status, answer.body, passed)


def address(call: RestCall, integration: RestIntegration) -> str:
    """Return the integration's URI with mapped path parameters and stage variables filled in."""
    url = with_stage_variables(integration.uri, call.stage.variables)
    for name, value in parameters(call, integration, "path").items():
        url = url.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
    return url


def loopback_host(url: SplitResult) -> str:
    """Return the host to dial where it is this machine.

    Raises GatewayResponse 501, which says why, for every other host.

    >>> loopback_host(urlsplit("http://localhost:8080/x")), loopback_host(urlsplit("http://[::1]/"))
    ('localhost', '::1')
    """
    host = (url.hostname or "").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return "localhost"
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    log.warning("refused an HTTP integration to %r: only addresses of this machine are called", url.netloc)
    raise not_emulated(
        f"An HTTP integration to {url.netloc or 'no host at all'}",
        "It calls only this machine (http://127.0.0.1:PORT/...); on AWS it would call any host.",
    )


def _connection(url: SplitResult, seconds: float) -> http.client.HTTPConnection:
    if url.scheme not in ("http", "https"):
        raise ValueError("an integration URI begins with http:// or https://")
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(loopback_host(url), url.port, timeout=seconds)


def _request_line(call: RestCall, integration: RestIntegration, url: SplitResult) -> tuple[str, str]:
    method = call.request.method if integration.http_method in ("", "ANY") else integration.http_method
    passed: Iterable[tuple[str, str]] = call.query if _is_proxy(integration) else ()
    mapped = parameters(call, integration, "querystring")
    pairs = [(name, value) for name, value in passed if name not in mapped] + list(mapped.items())
    query = "&".join(part for part in (url.query, urlencode(pairs)) if part)
    return method, (url.path or "/") + (f"?{query}" if query else "")


def _headers(call: RestCall, integration: RestIntegration, host: str, body: bytes) -> Headers:
    mapped = parameters(call, integration, "header")
    taken = {name.lower() for name in mapped} | _NOT_PASSED
    headers = [
        (name, value)
        for name, value in forwarded_headers(call)
        if name.lower() not in taken and (_is_proxy(integration) or name.lower() in _PASSED_WITHOUT_PROXY)
    ]
    taken |= {name.lower() for name, _ in headers}
    defaults = {"User-Agent": f"AmazonAPIGateway_{call.stage.api_id}"}
    if body and not _is_proxy(integration):
        defaults["Content-Type"] = call.media_type
    headers += [(name, value) for name, value in defaults.items() if name.lower() not in taken]
    length = [("Content-Length", str(len(body)))] if body or call.request.method not in ("GET", "HEAD") else []
    return [("Host", host), *headers, *mapped.items(), ("x-amzn-apigateway-api-id", call.stage.api_id), *length]


def _is_proxy(integration: RestIntegration) -> bool:
    return integration.integration_type == "HTTP_PROXY"


def _read(response: http.client.HTTPResponse, now: Callable[[], float], deadline: float) -> HttpResponse:
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if now() > deadline:
            raise timed_out()
        if len(body) > BODY_BYTES:
            raise bad_gateway()
    return HttpResponse(response.status, bytes(body), response.getheaders())
