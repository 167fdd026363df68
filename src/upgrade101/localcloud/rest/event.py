"""What API Gateway and a Lambda function say to each other for a REST API: the proxy event and the proxy response.

Shapes: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from ...gateway.documents import with_forwarding
from ...gateway.ports import Headers, HttpRequest, HttpResponse
from .definition import RestMethod, RestResource, RestStage

Document = dict[str, Any]

HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer")
) | {"transfer-encoding", "upgrade"}
_REMAPPED = frozenset(("connection", "content-length", "content-md5", "date", "host", "server", "user-agent")) | {
    "authorization",
    "www-authenticate",
}
BODY_BYTES = 10_485_760  # the payload quota of REST APIs, in either direction
_ANSWER_KEYS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class RestCall:
    """One request on its way through a REST API."""

    request: HttpRequest
    stage: RestStage
    resource: RestResource
    method: RestMethod
    path: str  # below the stage, percent-encoded as sent
    path_parameters: dict[str, str]
    request_id: str
    extended_request_id: str
    at: float  # seconds since the epoch

    @property
    def query(self) -> list[tuple[str, str]]:
        """Return names and values of the query string, decoded, in order."""
        return parse_qsl(self.request.target.partition("?")[2], keep_blank_values=True)

    @property
    def route_key(self) -> str:
        """Return method and resource, as ``GET /items/{id}``."""
        return f"{self.request.method} {self.resource.path}"

    @property
    def source_arn(self) -> str:
        """Return the execution ARN against which a function's permission is checked."""
        stage = self.stage
        place = f"{stage.api_id}/{stage.stage_name}/{self.request.method}{self.resource.path}"
        return f"arn:aws:execute-api:{stage.region}:{stage.account_id}:{place}"

    @property
    def media_type(self) -> str:
        """Return the media type of the request's body; JSON where none is given, as AWS does.

        The value is lower case and without parameters.
        """
        return self.request.header("content-type").partition(";")[0].strip().lower() or "application/json"

    def body(self) -> tuple[str | None, bool]:
        """Return the body as the function sees it, and whether it is base64."""
        if not self.request.body:
            return None, False
        if is_binary(self.stage.binary_media_types, self.media_type):
            return base64.b64encode(self.request.body).decode(), True
        return self.request.body.decode("utf-8", "replace"), False


def proxy_event(call: RestCall) -> Document:
    """Return the event of a Lambda proxy integration, payload format 1.0."""
    body, is_base64 = call.body()
    headers, query = list(forwarded_headers(call)), call.query
    return {
        "resource": call.resource.path,
        "path": call.path,
        "httpMethod": call.request.method,
        "headers": dict(headers),
        "multiValueHeaders": _lists(headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _lists(query) or None,
        "pathParameters": dict(call.path_parameters) or None,
        "stageVariables": dict(call.stage.variables) or None,
        "requestContext": request_context(call),
        "body": body,
        "isBase64Encoded": is_base64,
    }


def request_context(call: RestCall) -> Document:
    """Return ``requestContext``, which mapping templates know as ``$context``."""
    stage = call.stage
    return {
        "resourceId": call.resource.resource_id,
        "resourcePath": call.resource.path,
        "httpMethod": call.request.method,
        "extendedRequestId": call.extended_request_id,
        "requestTime": datetime.fromtimestamp(call.at, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "path": f"/{stage.stage_name}{'' if call.path == '/' else call.path}",
        "accountId": stage.account_id,
        "protocol": "HTTP/1.1",
        "stage": stage.stage_name,
        "domainPrefix": stage.api_id,
        "requestTimeEpoch": int(call.at * 1000),
        "requestId": call.request_id,
        "identity": _identity(call),
        "domainName": stage.domain_name,
        "deploymentId": stage.deployment_id,
        "apiId": stage.api_id,
    }


def forwarded_headers(call: RestCall) -> Iterator[tuple[str, str]]:
    """Yield the client's headers without those of the connection, and those that API Gateway adds."""
    headers = [(_title(name), value) for name, value in call.request.headers if name.lower() not in HOP_BY_HOP]
    return with_forwarding(headers, call.request.client[0], call.at)


def read_answer(answer: Any, accept: str, binary_media_types: Iterable[str]) -> HttpResponse | None:
    """Turn a Lambda proxy response into an HTTP response, or return None where it is malformed.

    It is an object with ``statusCode``, and no other keys than ``headers``, ``multiValueHeaders``, ``body`` (text)
    and ``isBase64Encoded``. A base64 body is decoded only where the API has the client's media type among its
    binaryMediaTypes.

    >>> read_answer({"statusCode": 200, "body": "hi"}, "", ()).body
    b'hi'
    >>> read_answer({"statusCode": 200, "body": {"a": 1}}, "", ()) is None
    True
    """
    if not isinstance(answer, dict) or not answer.keys() <= _ANSWER_KEYS:
        return None
    status, body, headers = read_status(answer.get("statusCode")), answer.get("body"), _answer_headers(answer)
    if status is None or headers is None or not isinstance(body, str | None):
        return None
    content = (body or "").encode("utf-8", "replace")
    wanted = accept.partition(",")[0].partition(";")[0].strip().lower()
    if answer.get("isBase64Encoded") is True and is_binary(binary_media_types, wanted or "*/*"):
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error:
            return None
    return HttpResponse(status, content, headers)


def read_status(value: Any) -> int | None:
    """Return an HTTP status given as number or as text, or None.

    >>> read_status("404"), read_status(True), read_status(42)
    (404, None, None)
    """
    if isinstance(value, bool) or not re.fullmatch(r"[2-5][0-9][0-9]", str(value), re.ASCII):
        return None
    return int(value)


def remapped(name: str) -> str:
    """Return the name under which API Gateway passes a backend's header on.

    >>> remapped("Server"), remapped("X-Mine")
    ('x-amzn-Remapped-Server', 'X-Mine')
    """
    return f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name


def is_header(name: object, value: str) -> bool:
    """Tell whether this can be sent as a header at all."""
    return isinstance(name, str) and bool(_NAME.fullmatch(name) and _VALUE.fullmatch(value))


def is_binary(binary_media_types: Iterable[str], media_type: str) -> bool:
    """Tell whether the API treats a media type as binary.

    >>> is_binary(["image/*"], "image/png"), is_binary([], "image/png"), is_binary(["*/*"], "text/plain")
    (True, False, True)
    """
    kind = media_type.partition("/")[0]
    return any(each.lower() in ("*/*", f"{kind}/*", media_type) for each in binary_media_types)


def _answer_headers(answer: Document) -> Headers | None:
    single, multi = answer.get("headers") or {}, answer.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(multi, dict):
        return None
    if not all(isinstance(values, list) for values in multi.values()):
        return None
    pairs = [(name, _text(value)) for name, values in multi.items() for value in values]
    known = {(name.lower(), value) for name, value in pairs}
    pairs += [(name, _text(value)) for name, value in single.items() if (name.lower(), _text(value)) not in known]
    if not all(is_header(name, value) for name, value in pairs):
        return None
    return [(remapped(name), value) for name, value in pairs if name.lower() != "transfer-encoding"]


def _text(value: Any) -> str:
    """Return a header's value as API Gateway writes it.

    >>> _text(True), _text(" 7 "), _text(None)
    ('true', '7', '')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).strip(" \t")


def _identity(call: RestCall) -> Document:
    nothing = ("cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "principalOrgId", "accessKey")
    none_either = ("cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "user")
    known = {"sourceIp": call.request.client[0], "userAgent": call.request.header("user-agent") or None}
    if call.method.api_key_required:
        known["apiKey"] = call.request.header("x-api-key")
    return dict.fromkeys(nothing + none_either) | known


def _title(name: str) -> str:
    return "-".join(part[:1].upper() + part[1:] for part in name.split("-")) if name.islower() else name


def _lists(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return lists
