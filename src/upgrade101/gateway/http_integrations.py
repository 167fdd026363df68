"""HTTP and HTTP_PROXY integrations, and AWS ones other than Lambda: the request to make, and what its answer says.

Pure functions; the port ``Fetch`` makes the request. What a backend is sent beside the message is documented for REST
APIs only, and taken over: https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
"""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from collections.abc import Callable, Collection, Iterable
from urllib.parse import quote, quote_plus

from .definition import Integration, Stage
from .documents import Document
from .mapping import Parameter, encoded, handled, is_upgrade, parameters
from .ports import NOT_EMULATED, BackendRequest, Headers, HttpResponse, Outcome
from .uris import filled

log = logging.getLogger("upgrade101.gateway")

_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer")
) | {"transfer-encoding", "upgrade"}
_NOT_PASSED = _HOP_BY_HOP | {"host", "content-length"}
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def backend_request(
    integration: Integration, stage: Stage, event: Document, text: str, declared: Collection[str]
) -> BackendRequest:
    """Return the request that an integration makes with ``text`` as its body.

    ``declared`` are the route's own request parameters. Raises ConfigurationError where a stage variable is missing
    or the body is no base64 and should be.
    """
    mapped = parameters(integration.request_parameters, event, declared)
    content = handled(encoded(text), integration.content_handling_strategy)
    return BackendRequest(
        method=_method(integration, event),
        url=_url(integration, stage, event, mapped),
        headers=_headers(integration, stage, event, mapped, bool(content)),
        body=content,
        seconds=integration.timeout_millis / 1000,
        account_id=stage.account_id,
    )


def _method(integration: Integration, event: Document) -> str:
    """Return the integration's method; ``ANY`` is that of the upgrade request, and POST for a message."""
    if integration.integration_method in ("", "ANY"):
        return "GET" if is_upgrade(event) and integration.integration_method == "ANY" else "POST"
    return integration.integration_method


def _is_proxy(integration: Integration) -> bool:
    return integration.integration_type == "HTTP_PROXY"


# ── where to ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _url(integration: Integration, stage: Stage, event: Document, mapped: Iterable[Parameter]) -> str:
    """Return the URI with stage variables, path parameters and the query string; a proxy hands the client's on."""
    uri = filled(integration.integration_uri, stage.stage_variables)
    pairs: list[tuple[str, str]] = []
    for each in mapped:
        if each.place == "path":
            value = each.values[-1] if each.literal else quote(each.values[-1], safe="", errors="replace")
            uri = uri.replace(f"{{{each.name}}}", value).replace(f"{{{each.name}+}}", value)
        elif each.place == "querystring":
            pairs += [(each.name, value if each.literal else _quoted(value)) for value in each.values]
    taken = {name for name, _ in pairs}
    if _is_proxy(integration) and is_upgrade(event):
        passed = event.get("multiValueQueryStringParameters", {})
        pairs += [(name, _quoted(value)) for name, values in passed.items() if name not in taken for value in values]
    address, _, query = uri.partition("?")
    query = "&".join(filter(None, (query, *(f"{_quoted(name)}={value}" for name, value in pairs))))
    return f"{address}?{query}" if query else address


def _quoted(text: str) -> str:
    return quote_plus(text, errors="replace")


# ── headers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _headers(
    integration: Integration, stage: Stage, event: Document, mapped: Iterable[Parameter], has_body: bool
) -> Headers:
    """Return the headers: those mapped, a proxied client's, and those that API Gateway adds."""
    ours = [(each.name, value) for each in mapped if each.place == "header" for value in each.values]
    headers = [(name, value) for name, value in ours if _is_header(name, value)]
    taken = {name.lower() for name, _ in headers} | _NOT_PASSED
    if _is_proxy(integration) and is_upgrade(event):
        headers += [(name, value) for name, value in _clients(event) if name.lower() not in taken]
        taken |= {name.lower() for name, _ in headers}
    defaults = {
        "Accept": "application/json",
        "User-Agent": f"AmazonAPIGateway_{stage.api_id}",
        "X-Amzn-Trace-Id": _trace_id(event),
        "x-amzn-apigateway-api-id": stage.api_id,
        **({"Content-Type": "application/json"} if has_body else {}),
    }
    return headers + [(name, value) for name, value in defaults.items() if name.lower() not in taken]


def _clients(event: Document) -> Iterable[tuple[str, str]]:
    """Yield the client's own headers and those that the front end added to them."""
    return ((name, value) for name, values in event["multiValueHeaders"].items() for value in values)


def _trace_id(event: Document) -> str:
    """Return a trace id as X-Ray writes it, the same for the same request."""
    context = event["requestContext"]
    number = hashlib.sha256(context["requestId"].encode()).hexdigest()[:24]
    return f"Root=1-{context['requestTimeEpoch'] // 1000:08x}-{number}"


def _is_header(name: str, value: str) -> bool:
    """Tell whether this can be sent as a header; what comes from a message may hold anything."""
    fine = bool(_NAME.fullmatch(name)) and not _UNPRINTABLE.search(value) and name.lower() not in _NOT_PASSED
    if not fine:
        log.warning("the mapped header %r is left out: name or value cannot be sent", name)
    return fine


# ── the answer ───────────────────────────────────────────────────────────────────────────────────────────────────────


def answer_document(response: HttpResponse) -> Document:
    """Return a backend's answer in the shape of a Lambda proxy response; what is no UTF-8 becomes base64.

    >>> answer_document(HttpResponse(200, b"hi", [("Server", "x")]))
    {'statusCode': 200, 'headers': {'Server': 'x'}, 'body': 'hi', 'isBase64Encoded': False}
    """
    headers: dict[str, str] = {}
    multi: dict[str, list[str]] = {}
    for name, value in response.headers:
        multi.setdefault(name, []).append(value)
        headers[name] = value
    several = {name: values for name, values in multi.items() if len(values) > 1}
    return {
        "statusCode": response.status,
        "headers": headers,
        **({"multiValueHeaders": several} if several else {}),
        **_body(response.body),
    }


def _body(content: bytes) -> Document:
    try:
        return {"body": content.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}


def content_of(document: Document) -> bytes:
    """Return the bytes of :func:`answer_document`'s body.

    >>> content_of(answer_document(HttpResponse(200, bytes((255,)))))
    b'\\xff'
    """
    body = encoded(document.get("body") or "")
    return base64.b64decode(body) if document.get("isBase64Encoded") else body


def request_document(request: BackendRequest) -> Document:
    """Return a request as an observer sees it."""
    return {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        **_body(request.body),
    }


def no_backends(request: BackendRequest, done: Callable[[Outcome], None]) -> None:
    """Stand in for the port ``Fetch`` where a gateway has none."""
    why = f"NotEmulated: calling {request.url[:200]}; give Gateway(fetch=…) what calls backends"
    log.warning("%s", why)
    done(Outcome({"errorMessage": why}, error=NOT_EMULATED, not_invoked=True))
