"""The documents that travel: Lambda events, replies and error frames, byte for byte.

Shapes: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-requests.html
and captures of real events (2022 and later).
"""

from __future__ import annotations

import base64
import binascii
import json
import marshal as marshalling
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from .connection import Connection
from .definition import CONNECT, DISCONNECT
from .ports import Headers, Outcome

Document = dict[str, Any]

_DROPPED_FROM_CONNECT = {"connection", "upgrade", "content-length", "transfer-encoding", "keep-alive", "te", "trailer"}
_PROTOCOL = ("x-forwarded-port", "x-forwarded-proto")
_REPLY_KEYS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
_HEADER_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

FORBIDDEN = "Forbidden"
INTERNAL_SERVER_ERROR = "Internal server error"
TIMED_OUT = "Endpoint request timed out"


@dataclass(frozen=True, slots=True)
class Knock:
    """An upgrade request as the core sees it."""

    target: str
    headers: Headers
    source_ip: str

    def header(self, name: str) -> str | None:
        """Return the last header of that name in any capitalisation, or None."""
        return next((value for key, value in reversed(self.headers) if key.lower() == name.lower()), None)

    @property
    def query(self) -> list[tuple[str, str]]:
        """Return the query string as names and values, in order."""
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)


def connect_event(connection: Connection, knock: Knock, request_id: str, now: float) -> Document:
    """Return the event of ``$connect``: headers and query exist here and nowhere else."""
    headers = [
        (name, value) for name, value in _forwarded(connection, knock) if name.lower() not in _DROPPED_FROM_CONNECT
    ]
    context = _context(connection, CONNECT, "CONNECT", request_id, now)
    return {**_multi("headers", "multiValueHeaders", headers), **query_maps(knock), **_event(connection, context)}


def message_event(connection: Connection, route_key: str, text: str, ids: tuple[str, str], now: float) -> Document:
    """Return the event of a message; ``ids`` are its request id and its message id."""
    request_id, message_id = ids
    stage, authorizer = connection.stage, connection.authorizer
    identity: Document = {**connection.recognized}
    if connection.user_agent is not None:
        identity["userAgent"] = connection.user_agent
    identity["sourceIp"] = connection.source_ip
    context: Document = {"routeKey": route_key}
    if authorizer is not None:
        context["authorizer"] = dict(authorizer)
    context["messageId"] = message_id  # written out: this is made for every message
    context["eventType"] = "MESSAGE"
    context["extendedRequestId"] = request_id
    context["requestTime"] = common_log_time(int(now))
    context["messageDirection"] = "IN"
    context["stage"] = stage.stage_name
    context["connectedAt"] = int(connection.connected_at * 1000)
    context["requestTimeEpoch"] = int(now * 1000)
    context["identity"] = identity
    context["requestId"] = request_id
    context["domainName"] = connection.domain_name
    context["connectionId"] = connection.connection_id
    context["apiId"] = stage.api_id
    event: Document = {"requestContext": context, "body": text}
    if stage.stage_variables:
        event["stageVariables"] = dict(stage.stage_variables)
    event["isBase64Encoded"] = False
    return event


def copied(document: Any) -> Any:
    """Return a copy of a JSON document that shares nothing with it.

    >>> event = {"body": "hi", "requestContext": {"identity": {}}}
    >>> copied(event) == event, copied(event)["requestContext"] is event["requestContext"]
    (True, False)
    """
    try:
        return marshalling.loads(marshalling.dumps(document, _SHARES_NOTHING))
    except ValueError:  # something that is no JSON, of a kind of its own
        return _copied(document)


def _copied(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: _copied(value) if isinstance(value, dict | list) else value for key, value in document.items()}
    return [_copied(value) for value in document] if isinstance(document, list) else document


_SHARES_NOTHING = 2  # the last version of the format that writes everything out, however often it comes


def disconnect_event(connection: Connection, request_id: str, now: float) -> Document:
    """Return the event of ``$disconnect``: the headers are synthetic on AWS too."""
    context = _context(
        connection,
        DISCONNECT,
        "DISCONNECT",
        request_id,
        now,
        disconnectStatusCode=connection.close_code,
        disconnectReason=connection.close_reason,
    )
    headers = [("Host", connection.domain_name), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")]
    return {**_multi("headers", "multiValueHeaders", headers), **_event(connection, context)}


def authorizer_event(connection: Connection, knock: Knock, method_arn: str, request_id: str, now: float) -> Document:
    """Return the event of a REQUEST authorizer: the upgrade headers included."""
    context = _context(connection, CONNECT, "CONNECT", request_id, now)
    headers = [*_forwarded(connection, knock), ("content-length", "0")]
    return {
        "type": "REQUEST",
        "methodArn": method_arn,
        **_multi("headers", "multiValueHeaders", headers),
        **(query_maps(knock) or {"queryStringParameters": {}, "multiValueQueryStringParameters": {}}),
        "stageVariables": dict(connection.stage.stage_variables),
        "requestContext": context,
    }


def query_maps(knock: Knock) -> Document:
    """Return the query string as AWS's two maps; nothing where there is no query."""
    return _multi("queryStringParameters", "multiValueQueryStringParameters", knock.query) if knock.query else {}


def error_frame(message: str, connection_id: str, request_id: str) -> str:
    """Return the text frame that tells a client of an error, with AWS's own spacing.

    >>> error_frame("Forbidden", "XDmENcnwIE0CFEQ=", "XDmGEE2RoE0FRdQ=")
    '{"message": "Forbidden", "connectionId":"XDmENcnwIE0CFEQ=", "requestId":"XDmGEE2RoE0FRdQ="}'
    """
    return f'{{"message": {json.dumps(message)}, "connectionId":"{connection_id}", "requestId":"{request_id}"}}'


def refusal(message: str, connection_id: str, request_id: str) -> bytes:
    """Return the HTTP body of a refused upgrade."""
    return json.dumps({"message": message, "connectionId": connection_id, "requestId": request_id}).encode()


def phrase(status: int) -> str:
    """Return what a refusal with this status says.

    >>> phrase(401), phrase(502), phrase(299)
    ('Unauthorized', 'Internal server error', '')
    """
    if status in (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY):
        return INTERNAL_SERVER_ERROR
    if status == HTTPStatus.GATEWAY_TIMEOUT:
        return TIMED_OUT
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""


@dataclass(slots=True)
class Reply:
    """A Lambda proxy response that is well formed."""

    status: int
    body: str
    headers: dict[str, str]


def reply(outcome: Outcome) -> Reply | None:
    """Read what a Lambda proxy integration answered; None where it failed or is malformed.

    A well-formed answer is an object with ``statusCode`` and no other keys than ``headers``, ``multiValueHeaders``,
    ``body`` (text) and ``isBase64Encoded``.

    >>> reply(Outcome({"statusCode": 200, "body": "hi"}))
    Reply(status=200, body='hi', headers={})
    >>> reply(Outcome(None)) is None
    True
    """
    answer = outcome.payload
    if outcome.error or not isinstance(answer, dict) or not answer.keys() <= _REPLY_KEYS:
        return None
    status, body = _status(answer.get("statusCode")), answer.get("body")
    if status is None or not (body is None or isinstance(body, str)):
        return None
    text = _decoded(body or "") if answer.get("isBase64Encoded") is True else body or ""
    headers = _reply_headers(answer)
    return None if text is None or headers is None else Reply(status, text, headers)


def _status(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 3:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:
        return None
    return value


def _decoded(body: str) -> str | None:
    try:
        return base64.b64decode(body, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None


def _reply_headers(answer: Document) -> dict[str, str] | None:
    single, multi = answer.get("headers") or {}, answer.get("multiValueHeaders") or {}
    if not single and not multi:
        return {}
    if not isinstance(single, dict) or not isinstance(multi, dict):
        return None
    headers = {name.lower(): str(values[-1]) for name, values in multi.items() if isinstance(values, list) and values}
    return headers | {name.lower(): str(value) for name, value in single.items() if value is not None}


def subprotocol(headers: dict[str, str]) -> str:
    """Return the subprotocol that ``$connect`` chose, or ''; only one token is accepted."""
    chosen = headers.get("sec-websocket-protocol", "").strip()
    return chosen if chosen and _HEADER_TOKEN.issuperset(chosen) else ""


def _event(connection: Connection, context: Document) -> Document:
    variables = dict(connection.stage.stage_variables)
    return {
        **({"stageVariables": variables} if variables else {}),
        "requestContext": context,
        "isBase64Encoded": False,
    }


def _context(
    connection: Connection, route_key: str, event_type: str, request_id: str, now: float, **extra: Any
) -> Document:
    """Return requestContext with the key order that captures show."""
    first = {key: extra.pop(key) for key in ("disconnectStatusCode",) if key in extra}
    identity = {"userAgent": connection.user_agent} if connection.user_agent is not None else {}
    return {
        "routeKey": route_key,
        **first,
        **({"authorizer": dict(connection.authorizer)} if connection.authorizer is not None else {}),
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": common_log_time(int(now)),
        "messageDirection": "IN",
        **extra,
        "stage": connection.stage.stage_name,
        "connectedAt": int(connection.connected_at * 1000),
        "requestTimeEpoch": int(now * 1000),
        "identity": {**connection.recognized, **identity, "sourceIp": connection.source_ip},
        "requestId": request_id,
        "domainName": connection.domain_name,
        "connectionId": connection.connection_id,
        "apiId": connection.stage.api_id,
    }


@lru_cache(maxsize=8)
def common_log_time(second: int) -> str:
    """Return the time as in access logs; %b would follow the locale of the process."""
    at = datetime.fromtimestamp(second, UTC)
    return f"{at:%d}/{_MONTHS[at.month - 1]}/{at:%Y:%H:%M:%S} +0000"


def _forwarded(connection: Connection, knock: Knock) -> Iterator[tuple[str, str]]:
    """Yield the client's headers with Host as on AWS, and those that the front end adds."""
    headers = [(name, connection.domain_name if name.lower() == "host" else value) for name, value in knock.headers]
    return with_forwarding(headers, connection.source_ip, connection.connected_at)


_chance = random.Random()  # nothing here is a secret


def with_forwarding(headers: Headers, source_ip: str, at: float) -> Iterator[tuple[str, str]]:
    """Yield a client's headers, and those that the front end adds.

    Not documented: chosen is what proxies do. The client's address is appended to an X-Forwarded-For of its own, a
    trace that has begun goes on, and a port or protocol of its own does not count.

    >>> dict(with_forwarding([("x-forwarded-for", "203.0.113.7")], "198.51.100.7", 0))["X-Forwarded-For"]
    '203.0.113.7, 198.51.100.7'
    """
    given: dict[str, list[str]] = {name: [] for name in ("x-amzn-trace-id", "x-forwarded-for", *_PROTOCOL)}
    for name, value in headers:
        if name.lower() in given:
            given[name.lower()].append(value)
        else:
            yield name, value
    begun = [value for value in given["x-amzn-trace-id"] if "Root=" in value]
    yield "X-Amzn-Trace-Id", begun[-1] if begun else f"Root=1-{int(at):08x}-{_chance.getrandbits(96):024x}"
    yield "X-Forwarded-For", ", ".join([*given["x-forwarded-for"], source_ip])
    yield "X-Forwarded-Port", "443"
    yield "X-Forwarded-Proto", "https"


def _multi(single: str, multi: str, pairs: Iterable[tuple[str, str]]) -> Document:
    """Return the same pairs as a map of last values and a map of all values."""
    all_values: dict[str, list[str]] = {}
    for name, value in pairs:
        all_values.setdefault(name, []).append(value)
    return {single: {name: values[-1] for name, values in all_values.items()}, multi: all_values}
