"""HTTP and HTTP_PROXY integrations of a REST API: they call HTTP servers on this machine, and nobody else."""

from __future__ import annotations

import http.client
import logging
from collections.abc import Callable, Iterable
from urllib.parse import urlencode

from ...gateway.errors import ConfigurationError, LimitExceeded, NotEmulated
from ...gateway.ports import BackendRequest, Headers, HttpResponse
from ..backends import exchange
from .answers import bad_gateway, misconfigured, not_emulated, timed_out, unreachable
from .definition import RestIntegration
from .event import HOP_BY_HOP, RestCall, forwarded_headers, is_header, remapped
from .mapping import parameters, with_stage_variables

log = logging.getLogger("upgrade101.rest")

_NOT_PASSED = {*HOP_BY_HOP, "host", "content-length"}
_PASSED_WITHOUT_PROXY = {"accept", "content-type", "x-amzn-trace-id"}


def ask(call: RestCall, integration: RestIntegration, body: bytes, now: Callable[[], float]) -> HttpResponse:
    """Call the integration's URI and return what it answered.

    A proxy integration hands on method, headers, query and body; the other kind only what is mapped.
    Raises GatewayResponse: 504 where nobody answers in time, 501 where the host is not this machine.
    """
    seconds = integration.timeout_millis / 1000
    request = BackendRequest(
        _method(call, integration), _url(call, integration), _headers(call, integration, body), body, seconds
    )
    try:
        return exchange(request, now, now() + seconds)
    except TimeoutError as fault:
        raise timed_out() from fault
    except NotEmulated as fault:
        log.warning("%s: %s", call.route_key, fault)
        raise not_emulated(fault.message[:1].upper() + fault.message[1:], f"{_only_here(fault.hint)}.") from fault
    except ConfigurationError as fault:
        log.warning("%s: %s", call.route_key, fault)
        raise misconfigured() from fault
    except LimitExceeded as fault:
        log.warning("%s: %s", call.route_key, fault)
        raise bad_gateway() from fault
    except (OSError, http.client.HTTPException) as fault:
        log.warning("%s: no answer from %s: %s", call.route_key, integration.uri, fault)
        raise unreachable() from fault


def _only_here(hint: str) -> str:
    return hint[:1].upper() + hint[1:]


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


def _method(call: RestCall, integration: RestIntegration) -> str:
    return call.request.method if integration.http_method in ("", "ANY") else integration.http_method


def _url(call: RestCall, integration: RestIntegration) -> str:
    """Return the address with the query string, the mapped parameters and, for a proxy, the client's own."""
    path, _, query = address(call, integration).partition("?")
    passed: Iterable[tuple[str, str]] = call.query if _is_proxy(integration) else ()
    mapped = parameters(call, integration, "querystring")
    pairs = [(name, value) for name, value in passed if name not in mapped] + list(mapped.items())
    query = "&".join(part for part in (query, urlencode(pairs)) if part)
    return f"{path}?{query}" if query else path


def _headers(call: RestCall, integration: RestIntegration, body: bytes) -> Headers:
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
    return [*headers, *mapped.items(), ("x-amzn-apigateway-api-id", call.stage.api_id)]


def _is_proxy(integration: RestIntegration) -> bool:
    return integration.integration_type == "HTTP_PROXY"
