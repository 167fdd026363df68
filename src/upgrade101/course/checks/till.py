"""The till of lab 06: the HTTP request that a learner writes, sent byte by byte."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from ... import cloud, wire
from ..exercises import NotYet, trying
from ..museum.scene import Guest


def named(headers: Collection[str]) -> str:
    """Return headers by their names."""
    return f"with the headers {', '.join(headers)}" if headers else "without headers of yours"


def expect_scope(request_to_close: Callable[[str, str, str], tuple[str, str, Any]], guest: Guest) -> None:
    """Raise NotYet unless a request for an API in another region is signed for that region. Nobody sends it."""
    url, region = "wss://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/dev", "eu-central-1"
    trying(f"request_to_close({url!r}, ana's id, {region!r})")
    headers = parts(request_to_close(url, guest.connection_id, region))[2]
    signature = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    found = re.search(r"Credential=[^/]+/\d+/([^,]+)/aws4_request", signature)
    scope = found[1] if found else signature
    if scope != f"{region}/execute-api":
        look = "the region: the function is told which, as its third argument"
        raise NotYet(expected=f"a signature for {region}/execute-api", got=f"one for {scope}", look=look)


def parts(answer: Any) -> tuple[str, str, dict[str, str]]:
    """Return method, URL and headers. Raises NotYet where the answer has not these three."""
    if isinstance(answer, tuple) and len(answer) == 3 and hasattr(answer[2], "items"):
        method, url, headers = answer
        if isinstance(method, str) and isinstance(url, str):
            return method, url, {str(name): str(value) for name, value in headers.items()}
    raise NotYet(expected="three things: a method, a URL and a dictionary of headers", got=_short(answer))


def expect_address(url: str, guest: Guest) -> None:
    """Raise NotYet unless a URL is one that HTTP and the gateway can read."""
    if not url.startswith("https://"):
        raise NotYet(expected="a URL that begins with https://", got=url, look="a call is HTTP: `wss` is for clients")
    if "=" in urlsplit(url).path:
        look = "`quote` writes for a path what stands for something else in it: = becomes %3D"
        raise NotYet(expected="an id as a path wants it, with %3D", got=urlsplit(url).path, look=look)
    if guest.connection_id.rstrip("=") not in url:
        raise NotYet(expected=f"a URL with ana's id in it: {guest.connection_id}", got=url, look="the end of the path")


def send(method: str, url: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """Make an HTTP request as it is given; return status and message of the answer."""
    path, host = urlsplit(url).path, urlsplit(url).netloc
    own = {"Host": host, "Content-Length": "0"}
    lines = [f"{name}: {value}" for name, value in {**own, **headers}.items()]
    with cloud.dial(url) as line:
        line.sendall("\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode())
        head, _, body = wire.read_http(line).decode().partition("\r\n\r\n")
    try:
        message = str(json.loads(body)["message"]).partition("\n")[0]
    except (ValueError, KeyError, TypeError):
        message = body
    return int(head.split()[1]), message


def look_by(status: int, message: str) -> str:
    """Return where to look for an answer that is not 204.

    >>> look_by(403, "Missing Authentication Token")
    'the signature: it travels in headers, so hand them over'
    """
    looks = {
        "Missing Authentication": "the signature: it travels in headers, so hand them over",
        "correct service": "the service that signs this door is called `execute-api`",
        "valid region": "the region: that of the API",
        "does not match": "what is signed is what must be sent: the same method, the same URL, and the same body: none",
    }
    found = next((look for words, look in looks.items() if words in message), "")
    others = {200: "the method: DELETE closes, POST posts and GET asks", 410: "who has closed the line already?"}
    return found or others.get(status, "the path: stage, @connections, id")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
