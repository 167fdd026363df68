"""The opening handshake: whether an upgrade request is in order, and what the 101 says (RFC 6455, 4.2)."""

from __future__ import annotations

import logging
import re
import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from websockets.datastructures import Headers as WebSocketHeaders
from websockets.exceptions import InvalidHeader
from websockets.http11 import Request as WebSocketRequest
from websockets.server import ServerProtocol

from .heads import Fields, has_body
from .ports import Headers

log = logging.getLogger("upgrade101.gateway")

VERSION = b"13"  # of the WebSocket protocol, the only one there is (RFC 6455, 4.1)
_NAMES = ("connection", "upgrade", "sec-websocket-")
_LONGEST_PLAIN = 4096
_FIRST = re.compile(rb"GET (/[!-~]*) HTTP/1\.1")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([!-~][\t -~]*|)")
_NOT_PLAIN = {b"content-length", b"transfer-encoding", b"expect"}
_judge = ServerProtocol(logger=log)  # asked for its opinion only: it never meets a client


class NotInOrder(Exception):
    """The request is refused: with a status, for a reason, and with headers that say what would be in order."""

    def __init__(self, status: int, why: str, *headers: tuple[str, str]) -> None:
        super().__init__(why)
        self.status, self.why, self.headers = status, why, headers


def plain(data: bytes) -> tuple[bytes, Fields, str, Headers] | None:
    """Return method, headers by name, target and headers where data are a whole, ordinary upgrade request; else None.

    Most are, and h11, which reads whatever HTTP allows, takes ten times as long. What is out of the ordinary in any way
    (other bytes than ASCII, a header twice, a body, something behind the head) is left to it.
    """
    if len(data) > _LONGEST_PLAIN or not data.startswith(b"GET /") or not data.endswith(b"\r\n\r\n"):
        return None
    first, *lines = data[:-4].split(b"\r\n")
    target = _FIRST.fullmatch(first)
    fields: Fields = {}
    headers: Headers = []
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            return None
        name, value = match.groups()
        value = value.rstrip(b" \t")
        fields[name.lower()] = value
        headers.append((name.decode(), value.decode()))
    once = len(fields) == len(headers) and b"host" in fields and fields.keys().isdisjoint(_NOT_PLAIN)
    if target is None or not once or fields.get(b"upgrade", b"").lower() != b"websocket":
        return None
    return b"GET", fields, target[1].decode(), headers


def accept_key(method: bytes, fields: Fields, target: str, headers: Headers) -> str:
    """Return the ``Sec-WebSocket-Accept`` that answers an upgrade request; raises NotInOrder."""
    if method != b"GET":
        raise NotInOrder(405, "an upgrade request is a GET", ("Allow", "GET"))
    if fields.get(b"sec-websocket-version", b"") not in (b"", VERSION):  # RFC 6455, 4.4
        why = f"version {VERSION.decode()} of the protocol is the only one spoken here"
        raise NotInOrder(426, why, ("Sec-WebSocket-Version", VERSION.decode()))
    if has_body(fields):
        raise NotInOrder(400, "an upgrade request has no body")
    try:
        asked = WebSocketHeaders([field for field in headers if field[0].lower().startswith(_NAMES)])
    except InvalidHeader as fault:
        raise NotInOrder(400, str(fault)) from fault
    request = WebSocketRequest(target, asked)
    try:
        return _judge.process_request(request)[0]
    except Exception:
        response = ServerProtocol(logger=log).accept(request)  # says the same again, and with which status
        raise NotInOrder(response.status_code, response.body.decode().strip()) from None


def switching(key: str, subprotocol: str) -> bytes:
    """Return the 101.

    >>> b"Sec-WebSocket-Protocol: chat" in switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "chat")
    True
    """
    chosen = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
    return (
        f"HTTP/1.1 101 {HTTPStatus.SWITCHING_PROTOCOLS.phrase}\r\n"
        f"Date: {_date(int(time.time()))}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {key}\r\n{chosen}\r\n"
    ).encode("ascii")


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
