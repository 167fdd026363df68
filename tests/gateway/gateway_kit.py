"""What the gateway's tests build with: a stage to deploy, a core without sockets, a running gateway, and clients."""

from __future__ import annotations

import itertools
import json
import os
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

from websockets.sync.client import ClientConnection, connect

from upgrade101.gateway import Clock, Gateway, Limits
from upgrade101.gateway.calls import Accept, Actions, Call, Refuse, Run
from upgrade101.gateway.connection import Connection
from upgrade101.gateway.core import Core
from upgrade101.gateway.definition import DEFAULT, Deployment, Integration, Route, Stage
from upgrade101.gateway.documents import Knock
from upgrade101.gateway.happenings import Happening, Observers
from upgrade101.gateway.ids import Ids
from upgrade101.gateway.line import BUFFERED_BYTES, Line
from upgrade101.gateway.loop import Loop
from upgrade101.gateway.ports import Invocation, Outcome
from upgrade101.gateway.transport import Transport

API, STAGE, REGION, ACCOUNT = "a1b2c3d4e5", "dev", "us-east-1", "123456789012"
HOST = f"{API}.execute-api.{REGION}.amazonaws.com"
START = 1_755_425_730.0  # 17 August 2025, 10:15:30 UTC
PATH = f"/_aws/execute-api/{API}/{STAGE}"
EXAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455, 1.3
EXAMPLE_ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


# ── definitions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def uri(name: str) -> str:
    """Return the integration URI of a function."""
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"


def function(name: str = "probe", **settings: Any) -> Integration:
    """Return a Lambda proxy integration."""
    return Integration(f"i-{name}", "AWS_PROXY", uri(name), "POST", **settings)


def route(route_key: str, integration: Integration | None = None, *, two_way: bool = False, **settings: Any) -> Route:
    """Return a route to ``integration``, the probe function if none is given."""
    if two_way:
        settings |= {"route_response_selection_expression": DEFAULT, "route_response_keys": frozenset({DEFAULT})}
    return Route(f"r-{route_key}", route_key, integration or function(), **settings)


def stage(*routes: Route, selection: str = "$request.body.action", name: str = STAGE, **settings: Any) -> Stage:
    """Return a stage with these routes deployed."""
    deployment = Deployment("d1", selection, {each.route_key: each for each in routes})
    return Stage(API, name, REGION, ACCOUNT, deployment, **settings)


class Shelf:
    """The port ``definitions``: the stages that there are just now."""

    def __init__(self, *stages: Stage) -> None:
        self.stages = {(each.api_id, each.stage_name): each for each in stages}
        self.domains: dict[str, dict[str, tuple[str, str]]] = {}

    def domain(self, name: str) -> dict[str, tuple[str, str]] | None:
        return self.domains.get(name)

    def stage(self, api_id: str, stage_name: str) -> Stage | None:
        return self.stages.get((api_id, stage_name))

    def deploy(self, *routes: Route, **settings: Any) -> None:
        made = stage(*routes, **settings)
        self.stages[made.api_id, made.stage_name] = made

    def remove(self) -> None:
        self.stages.clear()


CHAT = (
    route("$connect"),
    route("$disconnect"),
    route("$default", two_way=True),
    route("quiet"),
)


# ── the core alone ───────────────────────────────────────────────────────────────────────────────────────────────────


class StoppedClock(Clock):
    """A clock that moves only when it is told to."""

    def now(self) -> float:
        return START + self._ahead


def counted_bytes() -> Callable[[int], bytes]:
    """Return a source of bytes that counts, so that ids differ and tests repeat."""
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(8, "big")[-size:]


class Front:
    """A core with a stopped clock, and what it told its observers."""

    def __init__(self, *routes: Route, limits: Limits | None = None, **settings: Any) -> None:
        self.shelf = Shelf(stage(*routes, **settings))
        self.clock = StoppedClock()
        self.observers = Observers()
        self.told: list[Happening] = []
        self.observers.watch(self.told.append)
        self.core = Core(
            self.shelf, self.clock, limits or Limits(), self.observers, Ids(self.clock.now, counted_bytes())
        )

    def knock(self, target: str = f"/{STAGE}", *headers: tuple[str, str], host: str = HOST) -> Actions:
        return self.core.upgrade(Knock(target, [("Host", host), *headers], "198.51.100.7"), line="line")

    def accepted(self, answer: Any = None) -> Connection:
        """Open a connection, ``$connect`` answering 200 where there is one."""
        actions = self.knock()
        if isinstance(actions[0], Run):
            actions = self.answer(actions[0].call, answer or {"statusCode": 200})
        (accept,) = actions
        assert isinstance(accept, Accept)
        return accept.connection

    def answer(self, call: Call, payload: Any = None, error: str = "", **facts: Any) -> Actions:
        return self.core.answered(call, Outcome(payload, error, **facts))

    def said(self, *kinds: type[Happening]) -> list[Any]:
        return [happening for happening in self.told if isinstance(happening, kinds)]


def the_call(actions: Actions) -> Call:
    """Return the call of the only action."""
    (run,) = actions
    assert isinstance(run, Run)
    return run.call


def the_refusal(actions: Actions) -> tuple[int, str]:
    """Return status and message of the only action."""
    (refuse,) = actions
    assert isinstance(refuse, Refuse)
    body = json.loads(refuse.body)
    assert list(body) == ["message", "connectionId", "requestId"]
    return refuse.status, body["message"]


# ── a running gateway ────────────────────────────────────────────────────────────────────────────────────────────────


class Functions:
    """The port ``invoke``: Python functions on a few threads; what a handler raises becomes a function's error."""

    def __init__(self) -> None:
        self.invocations: list[Invocation] = []
        self.handlers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="function")

    def __call__(self, invocation: Invocation, done: Callable[[Outcome], None]) -> None:
        self.invocations.append(invocation)
        name = invocation.function_arn.rpartition(":")[2]
        self._threads.submit(self._run, self.handlers.get(name, echo), invocation, done)

    def _run(self, handler: Any, invocation: Invocation, done: Callable[[Outcome], None]) -> None:
        try:
            outcome = Outcome(handler(invocation.event))
        except Exception as fault:
            outcome = Outcome({"errorMessage": str(fault), "errorType": type(fault).__name__}, type(fault).__name__)
        done(outcome)

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [one.event for one in self.invocations if one.event["requestContext"]["eventType"] == kind]

    def stop(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)


def echo(event: dict[str, Any]) -> Any:
    return {"statusCode": 200, "body": event.get("body", "")}


@dataclass
class Running:
    """A gateway that runs, with everything a test wants to look at."""

    gateway: Gateway
    shelf: Shelf
    functions: Functions
    told: list[Happening] = field(default_factory=list)

    def connect(self, query: str = "", **options: Any) -> ClientConnection:
        address = f"ws://127.0.0.1:{self.gateway.port}{PATH}{query}"
        return connect(address, **({"compression": None, "proxy": None, "max_size": None} | options))

    def raw(self) -> Raw:
        return Raw(self.gateway.port)

    def upgraded(self) -> Raw:
        """Return a raw client that is already connected."""
        client = self.raw()
        client.send(handshake())
        assert client.head().startswith(b"HTTP/1.1 101 ")
        return client

    def said(self, *kinds: type[Happening]) -> list[Any]:
        return [happening for happening in self.told if isinstance(happening, kinds)]

    def the_connection(self) -> Connection:
        """Return the only connection that is open."""
        (connection,) = self.gateway.core.connections.values()
        return connection

    def until(self, true: Callable[[], Any], seconds: float = 10.0) -> Any:
        return until(true, seconds)


def until(true: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.002)
    return value


def handshake(
    target: str = PATH, *extra: str, method: str = "GET", version: str = "HTTP/1.1", without: str = "", **replaced: str
) -> bytes:
    """Return the bytes of an upgrade request; ``without`` leaves a header out, keywords replace a header's value."""
    headers = {
        "Host": "127.0.0.1",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": EXAMPLE_KEY,
        "Sec-WebSocket-Version": "13",
    } | {name.replace("_", "-"): value for name, value in replaced.items()}
    headers.pop(without, None)
    lines = [f"{method} {target} {version}", *(f"{name}: {value}" for name, value in headers.items()), *extra]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def frame(
    opcode: int, data: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bool = True, size: int = -1
) -> bytes:
    """Return one client frame; ``size`` is the declared length where that shall be a lie."""
    size = len(data) if size < 0 else size
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    flag = 0x80 if mask else 0
    if size < 126:
        head = struct.pack("!BB", first, flag | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, flag | 126, size)
    else:
        head = struct.pack("!BBQ", first, flag | 127, size)
    if not mask:
        return head + data
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(data))


TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


class Raw:
    """A client that says whatever bytes it likes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.read = b""

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *failure: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def _more(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return False
        self.read += data
        return bool(data)

    def _take(self, size: int) -> bytes:
        while len(self.read) < size:
            assert self._more(), f"the gateway hung up; it had said {self.read[:200]!r}"
        taken, self.read = self.read[:size], self.read[size:]
        return taken

    def head(self) -> bytes:
        """Return the next response head."""
        while b"\r\n\r\n" not in self.read:
            assert self._more(), f"the gateway hung up; it had said {self.read[:200]!r}"
        head, _, self.read = self.read.partition(b"\r\n\r\n")
        return head

    def response(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers (names in lower case) and body of the next response."""
        first, *lines = self.head().decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        return int(first.split()[1]), headers, self._take(int(headers.get("content-length", 0)))

    def status(self) -> int:
        return self.response()[0]

    def frame(self) -> tuple[int, bytes]:
        """Return opcode and payload of the next frame."""
        first, size = self._take(2)
        if size == 126:
            (size,) = struct.unpack("!H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._take(8))
        return first & 0x0F, self._take(size)

    def closed(self) -> tuple[int, str]:
        """Return code and reason of the close frame that comes, whatever comes before."""
        while True:
            opcode, data = self.frame()
            if opcode == CLOSE:
                return struct.unpack("!H", data[:2])[0], data[2:].decode()

    def rest(self) -> bytes:
        """Return everything until the gateway hangs up."""
        while self._more():
            pass
        return self.read

    def hung_up(self) -> bool:
        return not self._more()

    def vanish(self) -> None:
        """Reset the connection: what a crash or a pulled cable looks like in the end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class FakeSocket:
    """A socket without a peer: a test says what arrives, and when it takes no more."""

    def __init__(self) -> None:
        self.unread: deque[bytes | OSError] = deque()  # b"" is the end
        self.written = bytearray()
        self.full = self.closed = False

    def setblocking(self, blocking: bool) -> None:
        assert not blocking

    def setsockopt(self, *_: int) -> None:
        """Take it."""

    def getpeername(self) -> tuple[str, int]:
        return ("127.0.0.1", 9)

    def fileno(self) -> int:
        return -1 if self.closed else 9

    def recv(self, size: int) -> bytes:
        assert not self.closed
        if not self.unread:
            raise BlockingIOError
        data = self.unread.popleft()
        if isinstance(data, OSError):
            raise data
        return data

    def send(self, data: bytes | bytearray) -> int:
        assert not self.closed, "written to a closed socket"
        if self.full:
            raise BlockingIOError
        taken = data[: max(1, len(data) // 2)] if len(data) > 40 else data  # a large piece in parts
        self.written += taken
        return len(taken)

    def shutdown(self, how: int) -> None:
        assert not self.closed

    def close(self) -> None:
        self.closed = True


class HandLoop(Loop):
    """A loop that a test turns by hand, for fake sockets."""

    def __init__(self, lock: Any, after: Callable[[], None]) -> None:
        super().__init__(lock, after)
        self.watched: dict[Any, tuple[int, Callable[[int], None]]] = {}

    def watch(self, sock: Any, before: int, events: int, ready: Callable[[int], None]) -> None:
        assert before == self.watched.pop(sock, (0, None))[0]
        if events:
            self.watched[sock] = events, ready

    def turn(self) -> None:
        for sock, (events, ready) in list(self.watched.items()):
            now = (EVENT_READ if sock.unread else 0) | (0 if sock.full else EVENT_WRITE)
            if events & now:
                with self:
                    ready(events & now)
        self._do_what_waits()


def by_hand(gateway: Gateway) -> tuple[HandLoop, FakeSocket, Line]:
    """Let one fake socket into a gateway that has not been started; return it with its loop and its line."""
    loop = gateway.loop = HandLoop(gateway.core.lock, gateway._start_runs)
    sock, line = FakeSocket(), Line(gateway)
    with loop:
        Transport(loop, sock, line, BUFFERED_BYTES)
    return loop, sock, line
