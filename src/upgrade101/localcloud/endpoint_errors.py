"""Errors of the endpoint in the form that each AWS protocol gives them, so that botocore raises its own ClientError."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader

from ..gateway.ports import HttpRequest, HttpResponse

_REST_XML = frozenset(("s3", "cloudfront", "route53"))
_SCOPE = re.compile(r"Credential=[^/,\s]+/\d{8}/(?P<region>[\w-]+)/(?P<service>[\w.-]+)/aws4_request")
_PRESIGNED_SCOPE = re.compile(
    r"[?&]X-Amz-Credential=[^/&]+?(?:%2F|/)\d{8}(?:%2F|/)(?P<region>[\w-]+)(?:%2F|/)(?P<service>[\w.-]+)"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which service in which region a request was signed for; '' where it does not say."""

    service: str = ""
    region: str = ""


def scope(request: HttpRequest) -> Scope:
    """Read the credential scope out of a request's signature.

    >>> signature = "AWS4-HMAC-SHA256 Credential=key/20261101/eu-west-1/sqs/aws4_request, SignedHeaders=host"
    >>> scope(HttpRequest("GET", "/", [("Authorization", signature)]))
    Scope(service='sqs', region='eu-west-1')
    """
    found = _SCOPE.search(request.header("authorization")) or _PRESIGNED_SCOPE.search(request.target)
    return Scope(found["service"].lower(), found["region"]) if found else Scope()


def error(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    """Return an error document in the protocol in which the request was made; never HTML."""
    media_type = request.header("content-type").partition(";")[0].strip().lower()
    service = scope(request).service
    if request.header("smithy-protocol") == "rpc-v2-cbor":
        content_type, body = "application/cbor", _cbor({"__type": code, "message": message})
    elif service in _REST_XML:
        content_type, body = "application/xml", f"<Error>{_xml(code, message)}</Error>".encode()
    elif service == "ec2":
        content_type = "text/xml"
        body = f"<Response><Errors><Error>{_xml(code, message)}</Error></Errors></Response>".encode()
    elif media_type == "application/x-www-form-urlencoded":
        content_type = "text/xml"
        body = f"<ErrorResponse><Error>{_xml(code, message)}</Error></ErrorResponse>".encode()
    else:
        content_type, body = "application/json", json.dumps({"__type": code, "message": message}).encode()
    headers = [("Content-Type", content_type), ("x-amzn-ErrorType", code)]
    if content_type == "application/cbor":
        headers.append(("smithy-protocol", "rpc-v2-cbor"))
    return HttpResponse(status, body, headers)


def operation(request: HttpRequest) -> str:
    """Return service and operation as boto3 names them, as far as the request tells: ``dynamodb PutItem``.

    >>> operation(HttpRequest("POST", "/", [("X-Amz-Target", "DynamoDB_20120810.PutItem")]))
    'PutItem'
    """
    service = scope(request).service
    path = request.target.partition("?")[0]
    name = request.header("x-amz-target").rpartition(".")[2] or dict(_form(request)).get("Action", "")
    if not name and "/operation/" in path:
        name = path.rpartition("/operation/")[2]
    if not name and service:
        service, name = _rest_operation(service, request.method, path)
    return f"{service} {name or f'{request.method} {path[:100]}'}".strip()


def _form(request: HttpRequest) -> list[tuple[str, str]]:
    if not request.header("content-type").startswith("application/x-www-form-urlencoded"):
        return []
    return parse_qsl(request.body[:10_000].decode("utf-8", "replace"))


def _rest_operation(service: str, method: str, path: str) -> tuple[str, str]:
    """Look the operation of a REST protocol up in botocore's own model of the service."""
    name = "apigatewayv2" if service == "apigateway" and path.startswith("/v2/") else service
    for known, verb, pattern in _rest_operations(name):
        if verb == method and pattern.fullmatch(path):
            return name, known
    return name, ""


@functools.lru_cache(maxsize=8)
def _rest_operations(service: str) -> list[tuple[str, str, re.Pattern[str]]]:
    try:
        model: dict[str, Any] = Loader(include_default_search_paths=True).load_service_model(service, "service-2")
    except DataNotFoundError:
        return []
    operations = ((name, each.get("http", {})) for name, each in model["operations"].items())
    return [(name, http.get("method", ""), _pattern(http.get("requestUri", "/"))) for name, http in operations]


def _pattern(request_uri: str) -> re.Pattern[str]:
    """Return the pattern of a path template; query strings do not count.

    >>> bool(_pattern("/v2/apis/{ApiId}/models?x").fullmatch("/v2/apis/a1/models"))
    True
    """
    parts = re.split(r"\{([^}]+)\}", request_uri.partition("?")[0])
    pieces = [
        re.escape(part) if index % 2 == 0 else (".+" if part.endswith("+") else "[^/]+")
        for index, part in enumerate(parts)
    ]
    return re.compile("".join(pieces) + "/?")


def _xml(code: str, message: str) -> str:
    return f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"


def _cbor(strings: dict[str, str]) -> bytes:
    """Encode a map of short texts (RFC 8949: major types 5 and 3, lengths in two bytes)."""
    items = [text.encode()[:65_535] for pair in strings.items() for text in pair]
    return bytes((0xA0 + len(strings),)) + b"".join(b"\x79" + len(item).to_bytes(2, "big") + item for item in items)
