"""What the head of an HTTP message says: requests as they come in, answers as they go out. Pure functions round h11."""

from __future__ import annotations

import json
import re
from http import HTTPStatus

import h11

from .limits import HEADER_BYTES, HTTP_BODY_BYTES, TARGET_CHARACTERS, URL_CHARACTERS
from .ports import Headers, HttpResponse

TOO_LONG = (413, f"a body has at most {HTTP_BODY_BYTES} bytes")
_ABSOLUTE = re.compile(r"(?:http|ws)s?://(?P<host>[^/?#@]+)(?P<path>(?:[/?#].*)?)\Z", re.I | re.S)
_OURS = {"content-length", "transfer-encoding"}


def texts(head: h11.Request) -> Headers:
    """Return headers as text in the client's own capitalisation."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()]


def target_and_headers(head: h11.Request) -> tuple[str, Headers]:
    """Return where a request goes as path and query, and its headers.

    A target in absolute form, ``http://host/path``, as a client sends it to a proxy, says the host; what the Host
    header says does not count then (RFC 9112, 3.2.2).
    """
    target, headers = head.target.decode("latin-1"), texts(head)
    match = None if target.startswith("/") else _ABSOLUTE.match(target)
    if match is None:
        return target, headers
    rest = [(name, value) for name, value in headers if name.lower() != "host"]
    return "/" + match["path"].removeprefix("/"), [("Host", match["host"]), *rest]


Fields = dict[bytes, bytes]
"""The first value of each header, by its name in lower case."""


def fields_of(head: h11.Request) -> Fields:
    """Return the headers of a request by name."""
    fields: Fields = {}
    for name, value in head.headers.raw_items():
        fields.setdefault(name.lower(), value)
    return fields


def asks_for_upgrade(head: h11.Request, fields: Fields) -> bool:
    """Tell whether this is a WebSocket handshake; HTTP/1.0 knows no upgrade (RFC 9110, 7.8)."""
    if b"upgrade" not in fields or head.http_version < b"1.1":
        return False
    asked = [value.strip().lower() for name, value in head.headers.raw_items() if name.lower() == b"upgrade"]
    return b"websocket" in asked


def has_body(fields: Fields) -> bool:
    """Tell whether a body follows the head."""
    return int(fields.get(b"content-length") or 0) > 0 or bool(fields.get(b"transfer-encoding"))


def too_big(head: h11.Request, fields: Fields, *, upgrade: bool) -> tuple[int, str] | None:
    """Return status and reason for refusing a head or a declared body of that size; None where all is well."""
    longest = URL_CHARACTERS if upgrade else TARGET_CHARACTERS
    if len(head.target) > longest:
        return 414, f"this URL may have at most {longest} characters"
    if sum([len(name) + len(value) for name, value in head.headers.raw_items()]) > HEADER_BYTES:
        return 431, f"the headers of a request have at most {HEADER_BYTES} bytes"
    if int(fields.get(b"content-length") or 0) > HTTP_BODY_BYTES:
        return TOO_LONG
    return None


def answer_head(response: HttpResponse, *, to_head: bool = False) -> tuple[h11.Response, bytes]:
    """Return the head of an answer, and the body that may follow it.

    An answer ``to_head`` declares the length that a GET would have had, and has no body. Raises h11.LocalProtocolError
    where status or headers are no HTTP.
    """
    body = b"" if response.status in (204, 304) else response.body
    headers = [(name, value) for name, value in response.headers if name.lower() not in _OURS]
    if response.status != 204:
        headers.append(("Content-Length", (to_head and _declared(response)) or str(len(body))))
    fields = [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers]
    head = h11.Response(status_code=response.status, headers=fields, reason=phrase(response.status).encode())
    return head, b"" if to_head else body


def _declared(response: HttpResponse) -> str:
    return next((value for name, value in response.headers if name.lower() == "content-length"), "")


def phrase(status: int) -> str:
    """Return the reason phrase of a status, or ''.

    >>> phrase(404), phrase(299)
    ('Not Found', '')
    """
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""


def message(text: str) -> bytes:
    """Return the JSON body with which the gateway says something.

    >>> message("Not Found")
    b'{"message": "Not Found"}'
    """
    return json.dumps({"message": text}).encode()
