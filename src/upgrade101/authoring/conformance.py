"""Hold rows of ``docs/parity.md`` to what a cloud does: ``python3 start.py conform aws``.

Each probe is one row, by its own words, with what the local gateway does there. Where AWS answers otherwise the row is
wrong, or has become so; for rows whose word is ``chosen`` it is the first time that anybody knows.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from .. import cloud, deploy
from . import conformance_handlers as handlers

SAME, DIFFERENT = "same", "different"
_SECONDS = 10.0
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Probe:
    """A row by its first cell, what the local gateway does there, and how to look."""

    row: str
    here: Any
    look: Callable[[Stage], Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What a cloud did at one row; ``there`` is the failure where nothing could be seen."""

    row: str
    here: Any
    there: Any

    @property
    def verdict(self) -> str:
        """Return ``same`` or ``different``."""
        return SAME if self.here == self.there else DIFFERENT


@dataclass(frozen=True, slots=True)
class Stage:
    """Where probes look: an API with a function behind ``$default``, and one without it."""

    api: deploy.Api
    bare: deploy.Api

    def open(self, query: str = "", **options: Any) -> ClientConnection:
        """Connect to the first."""
        return cloud.connect(f"{self.api.url}{query}", **options)

    def refused(self, query: str) -> Any:
        """Return the answer to an upgrade that is refused; None where it is not."""
        try:
            with self.open(query):
                return None
        except InvalidStatus as refusal:
            return refusal.response

    @contextmanager
    def known(self) -> Iterator[tuple[ClientConnection, str]]:
        """Connect, and yield the connection with its id."""
        with self.open() as ws:
            yield ws, ask(ws, "who am I?")["requestContext"]["connectionId"]


PROBES: list[Probe] = []
Look = Callable[[Stage], Any]


def probe(row: str, here: Any) -> Callable[[Look], Look]:
    """Make a function the probe of a row."""

    def keep(look: Look) -> Look:
        PROBES.append(Probe(row, here, look))
        return look

    return keep


def run(seen: Callable[[Result], None] = lambda _: None) -> list[Result]:
    """Try every probe on the cloud that is running, and delete what that takes; ``seen`` hears of each."""
    results = []
    try:
        stage = _build()
        _wait_for(stage)
        for each in PROBES:
            results.append(Result(each.row, each.here, _looked(each, stage)))
            seen(results[-1])
    finally:
        cloud.clean()
    return results


def _build() -> Stage:
    routes = {"$connect": handlers.on_connect, "$default": handlers.on_message, "quiet": handlers.on_message}
    two_way = {"empty": handlers.no_body, "fail": handlers.fail}
    api = deploy.websocket_api("conformance", {**routes, **two_way}, two_way=("$default", *two_way))
    return Stage(api, deploy.websocket_api("conformance-bare", {"said": "here"}, two_way=("said",)))


def _wait_for(stage: Stage) -> None:
    """Wait until both APIs let somebody in: a stage that was just made refuses for some seconds on AWS."""
    until = time.monotonic() + _PATIENCE
    for url in (stage.api.url, stage.bare.url):
        while True:
            try:
                with cloud.connect(url):
                    break
            except (OSError, InvalidStatus):
                if time.monotonic() > until:
                    raise
                time.sleep(2)


def _looked(each: Probe, stage: Stage) -> Any:
    try:
        return each.look(stage)
    except Exception as fault:
        return f"{type(fault).__name__}: {fault}"


def ask(ws: ClientConnection, message: str | bytes) -> Any:
    """Send a message and return the JSON that comes back."""
    ws.send(message)
    return json.loads(ws.recv(timeout=_SECONDS))


def close_code(ws: ClientConnection) -> int | None:
    """Wait until the connection is closed, and return the code."""
    try:
        while True:
            ws.recv(timeout=_SECONDS)
    except ConnectionClosed:
        return ws.close_code


def status_of(call: Callable[..., Any], **asked: Any) -> int:
    """Return the HTTP status of a call of boto3's, refused or not."""
    try:
        return int(call(**asked)["ResponseMetadata"]["HTTPStatusCode"])
    except ClientError as refusal:
        return int(refusal.response["ResponseMetadata"]["HTTPStatusCode"])


def fetched(url: str) -> int:
    """Return the status of a plain GET, unsigned."""
    try:
        with urllib.request.urlopen(cloud.local_url(url.replace("wss:", "https:", 1)), timeout=_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


# ── the door ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@probe("Any other status of the function is the very status that the client sees", 402)
def _(stage: Stage) -> Any:
    return stage.refused("?status=402").status_code


@probe("A function that raises refuses with 502", 502)
def _(stage: Stage) -> Any:
    return stage.refused("?raise=now").status_code


@probe("A malformed answer, or none, refuses with 502", 502)
def _(stage: Stage) -> Any:
    return stage.refused("?nothing=1").status_code


@probe(
    'The body of a refused upgrade is `{"message", "connectionId", "requestId"}`',
    ["connectionId", "message", "requestId"],
)
def _(stage: Stage) -> Any:
    return sorted(json.loads(stage.refused("?status=403").body))


@probe("`message` in the body is the status's own phrase where the function chose the status", "Payment Required")
def _(stage: Stage) -> Any:
    return json.loads(stage.refused("?status=402").body)["message"]


@probe("Any 2xx of the function accepts", "open")
def _(stage: Stage) -> Any:
    with stage.open("?status=204"):
        return "open"


@probe("Without a `$connect` route everybody is accepted", "open")
def _(stage: Stage) -> Any:
    with cloud.connect(stage.bare.url):
        return "open"


@probe("The subprotocol that the function returns is copied into the 101", "chat")
def _(stage: Stage) -> Any:
    with stage.open("?protocol=chat", subprotocols=["chat", "news"]) as ws:
        return ws.subprotocol


@probe("A function that returns no subprotocol negotiates none, whatever the client offers", None)
def _(stage: Stage) -> Any:
    with stage.open(subprotocols=["chat"]) as ws:
        return ws.subprotocol


@probe("No compression is negotiated, whatever the client offers", None)
def _(stage: Stage) -> Any:
    with stage.open(compression="deflate") as ws:
        return ws.response.headers.get("Sec-WebSocket-Extensions") if ws.response else "no response"


@probe("The 101 has the headers that RFC 6455 asks for, a date, and no `x-amzn-` header", [])
def _(stage: Stage) -> Any:
    with stage.open() as ws:
        return (
            sorted(name.lower() for name in ws.response.headers if name.lower().startswith("x-")) if ws.response else 0
        )


@probe("A plain GET of a stage, or below it, is answered 426", 426)
def _(stage: Stage) -> Any:
    return fetched(stage.api.url)


# ── routes and replies ───────────────────────────────────────────────────────────────────────────────────────────────


def _routed(message: str) -> Look:
    def look(stage: Stage) -> Any:
        with stage.open() as ws:
            event = ask(ws, message)
            return event["requestContext"]["routeKey"], event.get("body")

    return look


for _row, _message in (
    ("A message without the key that selects goes to `$default`", '{"other": 1}'),
    ("Text that is no JSON goes to `$default`", "hello"),
    ("`null` selects `$default`", '{"action": null}'),
    ("A JSON list, text or number at the top goes to `$default`", "[1]"),
    ("The exact, case-sensitive route key is chosen, else `$default`", '{"action": "QUIET"}'),
    ("No message selects `$connect` or `$disconnect`; it goes to `$default`", '{"action": "$connect"}'),
):
    probe(_row, ("$default", _message))(_routed(_message))


@probe("No route and no `$default`: an error frame `Forbidden`, and the connection stays", ("Forbidden", "here"))
def _(stage: Stage) -> Any:
    with cloud.connect(stage.bare.url) as ws:
        refused = ask(ws, '{"action": "nowhere"}')["message"]
        ws.send('{"action": "said"}')
        return refused, ws.recv(timeout=_SECONDS)


@probe("Edits do nothing until they are deployed", "Forbidden")
def _(stage: Stage) -> Any:
    boto3.client("apigatewayv2").create_route(ApiId=stage.bare.api_id, RouteKey="later")
    with cloud.connect(stage.bare.url) as ws:
        return ask(ws, '{"action": "later"}')["message"]


@probe("A route is one-way: what the function returns reaches nobody", "second")
def _(stage: Stage) -> Any:
    with stage.open() as ws:
        ws.send('{"action": "quiet"}')
        return ask(ws, "second")["body"]


@probe("A reply without a body is an empty message", "")
def _(stage: Stage) -> Any:
    with stage.open() as ws:
        ws.send('{"action": "empty"}')
        return ws.recv(timeout=_SECONDS)


@probe("A function that raises: `Internal server error`", "Internal server error")
def _(stage: Stage) -> Any:
    with stage.open() as ws:
        return ask(ws, '{"action": "fail"}')["message"]


@probe(
    "An error frame is text with the keys `message`, `connectionId`, `requestId` and AWS's own spacing",
    '{"message": "Internal server error", "connectionId":"…", "requestId":"…"}',
)
def _(stage: Stage) -> Any:
    with stage.open() as ws:
        ws.send('{"action": "fail"}')
        return re.sub(r'(Id": ?)"[^"]*"', r'\1"…"', str(ws.recv(timeout=_SECONDS)))


@probe("The connection stays open after an error frame", "still here")
def _(stage: Stage) -> Any:
    with stage.open() as ws:
        ask(ws, '{"action": "fail"}')
        return ask(ws, "still here")["body"]


@probe(
    "`requestContext` has its keys in the order of the captures",
    "routeKey messageId eventType extendedRequestId requestTime messageDirection stage connectedAt requestTimeEpoch"
    " identity requestId domainName connectionId apiId",
)
def _(stage: Stage) -> Any:
    with stage.open() as ws:
        return " ".join(ask(ws, "what is in it?")["requestContext"])


@probe("`resource`, `path`, `httpMethod`, `version`, `accountId` and `resourceId` are absent", [])
def _(stage: Stage) -> Any:
    with stage.open() as ws:
        event = ask(ws, "what is in it?")
    absent = {"resource", "path", "httpMethod", "version", "accountId", "resourceId"}
    return sorted(absent & {*event, *event["requestContext"]})


@probe("Ids are 16 characters, 15 of URL-safe base64 and `=`", True)
def _(stage: Stage) -> Any:
    with stage.known() as (_ws, connection_id):
        return bool(re.fullmatch(r"[\w-]{15}=", connection_id)) or connection_id


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@probe("A binary message closes the connection with 1003", 1003)
def _(stage: Stage) -> Any:
    with stage.open() as ws:
        ws.send(b"bytes")
        return close_code(ws)


@probe("A frame of more than 32 KB closes the connection with 1009", 1009)
def _(stage: Stage) -> Any:
    with stage.open() as ws:
        ws.send("x" * (32 * 1024 + 1))
        return close_code(ws)


# ── @connections ─────────────────────────────────────────────────────────────────────────────────────────────────────


@probe("POST delivers the bytes as one text message: 200, empty body", (200, "news"))
def _(stage: Stage) -> Any:
    with stage.known() as (ws, connection_id):
        status = status_of(stage.api.connections.post_to_connection, ConnectionId=connection_id, Data=b"news")
        return status, ws.recv(timeout=_SECONDS)


@probe("POST of more than 128 KB is 413 `PayloadTooLargeException`", 413)
def _(stage: Stage) -> Any:
    with stage.known() as (_ws, connection_id):
        data = b"x" * (128 * 1024 + 1)
        return status_of(stage.api.connections.post_to_connection, ConnectionId=connection_id, Data=data)


@probe("GET returns `connectedAt`, `identity` and `lastActiveAt`: 200", ["ConnectedAt", "Identity", "LastActiveAt"])
def _(stage: Stage) -> Any:
    with stage.known() as (_ws, connection_id):
        return sorted(stage.api.connections.get_connection(ConnectionId=connection_id).keys() - {"ResponseMetadata"})


@probe("DELETE closes the connection: 204, close code 1000", (204, 1000))
def _(stage: Stage) -> Any:
    with stage.known() as (ws, connection_id):
        return status_of(stage.api.connections.delete_connection, ConnectionId=connection_id), close_code(ws)


@probe("A closed connection is 410 `GoneException`", 410)
def _(stage: Stage) -> Any:
    with stage.known() as (ws, connection_id):
        stage.api.connections.delete_connection(ConnectionId=connection_id)
        close_code(ws)
    return status_of(stage.api.connections.post_to_connection, ConnectionId=connection_id, Data=b"late")


@probe("A malformed id is 400 `BadRequestException`", 400)
def _(stage: Stage) -> Any:
    return status_of(stage.api.connections.post_to_connection, ConnectionId="nobody", Data=b"?")


@probe("An unsigned call is 403 `Missing Authentication Token`", 403)
def _(stage: Stage) -> Any:
    with stage.known() as (_ws, connection_id):
        return fetched(f"{stage.api.url}/@connections/{connection_id.replace('=', '%3D')}")
