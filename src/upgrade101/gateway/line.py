"""One TCP connection: HTTP until the upgrade, frames after it. Lives on the gateway's event loop."""

from __future__ import annotations

import asyncio
import json
import logging
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11
from websockets.datastructures import Headers as WebSocketHeaders
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as WebSocketRequest
from websockets.protocol import SEND_EOF, Protocol, Side, State
from websockets.server import ServerProtocol

from .connection import Connection
from .documents import Knock
from .limits import (
    FRAME_BYTES,
    HEADER_BYTES,
    HTTP_BODY_BYTES,
    MESSAGE_BYTES,
    MESSAGES_IN_FLIGHT,
    URL_CHARACTERS,
)
from .ports import Headers, HttpRequest, HttpResponse

if TYPE_CHECKING:
    from .server import Gateway

log = logging.getLogger("upgrade101.gateway")

_HEAD_BYTES = URL_CHARACTERS + HEADER_BYTES
_BUFFERED_BYTES = 4 * MESSAGE_BYTES  # unsent bytes above which a client counts as one that does not read
_KEEP_ALIVE_SECONDS = 60.0
_NO_CODE = 1005
_NO_CODE_REASON = "Client-side close frame status not set"
_REASONS = {1009: "Message too big", 1003: "Binary is not supported", 1007: "Invalid UTF-8"}


class _Frames(Protocol):
    """websockets' frame protocol for an open server-side connection, with AWS's close reasons."""

    def __init__(self) -> None:
        super().__init__(Side.SERVER, state=State.OPEN, max_size=(MESSAGE_BYTES, FRAME_BYTES), logger=log)
        self.failed = 0

    def fail(self, code: int, reason: str = "") -> None:
        self.failed = int(code)
        super().fail(code, _REASONS.get(int(code), reason))


class Mode(Enum):
    """What the bytes on a line are, just now."""

    HTTP = "requests and responses"
    WAITING = "an upgrade request is being decided"
    FRAMES = "WebSocket frames"
    OVER = "whatever still comes is dropped"


class Line(asyncio.Protocol):
    """What one peer says and hears."""

    transport: asyncio.Transport

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.mode = Mode.HTTP
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES)
        self.head: h11.Request | None = None
        self.frames: _Frames | None = None
        self.connection: Connection | None = None
        self.early = b""  # what an impatient client sends before its 101
        self.body = bytearray()
        self.text: list[bytes] = []
        self.ended = False
        self.timer: asyncio.TimerHandle | None = None

    # ── asyncio's side ───────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=_BUFFERED_BYTES)
        self.peer: tuple[str, int] = (transport.get_extra_info("peername") or ("127.0.0.1", 0))[:2]
        self.gateway.joined(self)
        self._expect_within(self.gateway.limits.handshake_seconds)

    def data_received(self, data: bytes) -> None:
        match self.mode:
            case Mode.FRAMES:
                self._frames_arrive(data)
            case Mode.HTTP:
                self.http.receive_data(data)
                self._read_http()
            case Mode.WAITING if len(self.early) + len(data) <= MESSAGE_BYTES:
                self.early += data
            case Mode.WAITING:
                self.transport.abort()

    def eof_received(self) -> bool:
        if self.frames is not None:
            self.frames.receive_eof()
            self._pump()
        elif self.mode is Mode.HTTP and self.http.their_state is h11.SEND_BODY:
            self._refuse_http(400, "the request ended before its body did")
        return False

    def connection_lost(self, fault: Exception | None) -> None:
        self._cancel_timer()
        self.gateway.left(self)
        self._end(1006, "", "network")

    def pause_writing(self) -> None:
        if self.connection is not None:
            self.connection.congested = True

    def resume_writing(self) -> None:
        if self.connection is not None:
            self.connection.congested = False

    # ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read_http(self) -> None:
        """Take in what has arrived; pipelined requests wait their turn."""
        try:
            while self.mode is Mode.HTTP and self._http_event():
                pass
        except h11.RemoteProtocolError as fault:
            self._refuse_http(fault.error_status_hint, str(fault))

    def _http_event(self) -> bool:
        """Handle one event of h11's; tell whether there may be another."""
        if self.http.they_are_waiting_for_100_continue:
            self._write(self.http.send(h11.InformationalResponse(status_code=100, headers=[])))
        match self.http.next_event():
            case h11.Request() as head:
                self.head, self.body = head, bytearray()
                if len(head.target) > URL_CHARACTERS:
                    self._refuse_http(414, f"a URL has at most {URL_CHARACTERS} characters")
                elif _asks_for_upgrade(head):
                    self._upgrade(head)
            case h11.Data(data=data):
                self.body += data
                if len(self.body) > HTTP_BODY_BYTES:
                    self._refuse_http(413, f"a body has at most {HTTP_BODY_BYTES} bytes")
            case h11.EndOfMessage():
                self._ask()
                return False
            case _:
                return False
        return True

    def _ask(self) -> None:
        """Hand on a complete request, and read no further until it is answered."""
        assert self.head is not None
        self._cancel_timer()
        request = HttpRequest(
            self.head.method.decode(),
            self.head.target.decode("latin-1"),
            _texts(self.head),
            bytes(self.body),
            self.peer,
        )
        self.body = bytearray()
        self.transport.pause_reading()
        self.gateway.request(request, self._answer)

    def _answer(self, response: HttpResponse) -> None:
        if self.mode is not Mode.HTTP or self.transport.is_closing():
            return
        self._write_response(response)
        if self.http.our_state is h11.DONE and self.http.their_state is h11.DONE:
            self.http.start_next_cycle()
            self.transport.resume_reading()
            self._expect_within(_KEEP_ALIVE_SECONDS)
            self._read_http()
        else:
            self._hang_up()

    def _hang_up(self) -> None:
        self.mode = Mode.OVER
        self.transport.close()

    def _write_response(self, response: HttpResponse) -> None:
        body = b"" if response.status in (204, 304) else response.body
        headers = [(name, value) for name, value in response.headers if name.lower() not in _OURS]
        if response.status != 204:
            headers.append(("Content-Length", str(len(body))))
        head = h11.Response(
            status_code=response.status,
            headers=[
                (name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers
            ],
            reason=_reason(response.status),
        )
        if self.head is not None and self.head.method == b"HEAD":
            body = b""
        parts = (self.http.send(head), self.http.send(h11.Data(data=body)), self.http.send(h11.EndOfMessage()))
        self._write(b"".join(part for part in parts if part))

    def _refuse_http(self, status: int, why: str) -> None:
        """Answer what breaks HTTP or the handshake, say so in the log, and hang up."""
        log.warning("refused %s:%s with %s: %s", *self.peer, status, why[:200])
        self._last_word(status, json.dumps({"message": _reason(status).decode()}).encode())

    def _last_word(self, status: int, body: bytes) -> None:
        if not self.transport.is_closing() and self.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            upgrade = [("Upgrade", "websocket")] if status == HTTPStatus.UPGRADE_REQUIRED else []
            headers = [("Content-Type", "application/json"), ("Connection", "close"), *upgrade]
            self._write_response(HttpResponse(status, body, headers))
        self._hang_up()

    # ── the upgrade ──────────────────────────────────────────────────────────────────────────────────────────────

    def _upgrade(self, head: h11.Request) -> None:
        """Check the handshake, then leave the decision to the core; the client waits for its 101 meanwhile."""
        headers, target = _texts(head), head.target.decode("latin-1")
        if head.method != b"GET":
            return self._refuse_http(405, "an upgrade request is a GET")
        response = ServerProtocol(logger=log).accept(WebSocketRequest(target, WebSocketHeaders(headers)))
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            return self._refuse_http(response.status_code, response.body.decode().strip())
        self._cancel_timer()
        self.mode, self.early, self.accepted = Mode.WAITING, self.http.trailing_data[0], response
        return self.gateway.knock(Knock(target, headers, self.peer[0]), self)

    def accept(self, connection: Connection, subprotocol: str) -> None:
        """Send the 101 and speak frames from here on."""
        if self.mode is not Mode.WAITING or self.transport.is_closing():
            return
        if subprotocol:
            self.accepted.headers["Sec-WebSocket-Protocol"] = subprotocol
        self._write(self.accepted.serialize())
        self.mode, self.connection, self.frames = Mode.FRAMES, connection, _Frames()
        del self.accepted, self.http
        early, self.early = self.early, b""
        if early:
            self._frames_arrive(early)

    def refuse(self, status: int, body: bytes) -> None:
        """Answer the upgrade request with a status, and hang up."""
        if self.mode is Mode.WAITING:
            self._last_word(status, body)

    # ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _frames_arrive(self, data: bytes) -> None:
        assert self.frames is not None
        self.frames.receive_data(data)
        for event in self.frames.events_received():
            assert isinstance(event, Frame)
            self._frame(event)
        self._pump()

    def _frame(self, frame: Frame) -> None:
        assert self.frames is not None
        match frame.opcode:
            case Opcode.BINARY:
                self.frames.fail(1003)
            case Opcode.TEXT | Opcode.CONT if not self.frames.failed:
                self.text.append(bytes(frame.data))
                if frame.fin:
                    self._message()

    def _message(self) -> None:
        assert self.frames is not None and self.connection is not None
        data, self.text = b"".join(self.text), []
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return self.frames.fail(1007)
        self.gateway.perform(self.gateway.core.received(self.connection, text))
        if self.connection.in_flight >= MESSAGES_IN_FLIGHT:
            self.transport.pause_reading()
        return None

    def send(self, text: str) -> None:
        """Send one text message."""
        if self.frames is not None and self.frames.state is State.OPEN:
            self.frames.send_text(text.encode())
            self._pump()
        if self.connection is not None and self.connection.in_flight < MESSAGES_IN_FLIGHT:
            self.transport.resume_reading()

    def close(self, code: int, reason: str) -> None:
        """Send a close frame and give the client a while to answer."""
        if self.frames is not None and self.frames.state is State.OPEN:
            self.frames.send_close(code, reason)
            self._pump()
            self.transport.resume_reading()
        self._expect_within(self.gateway.limits.close_seconds)

    def abandon(self) -> None:
        """Leave at once because the gateway ends."""
        self.ended = True
        if self.frames is not None and self.frames.state is State.OPEN:
            self.frames.send_close(1001, "Going away")
            self._pump()
        self.transport.close()

    def _pump(self) -> None:
        """Write what the frame protocol wants to say, and learn from it whether the conversation is over."""
        assert self.frames is not None
        for data in self.frames.data_to_send():
            if data != SEND_EOF:
                self._write(data)
            elif self.transport.can_write_eof() and not self.transport.is_closing():
                self.transport.write_eof()
        if self.frames.failed:
            self._close_from_here(self.frames.failed)
        received = self.frames.close_rcvd
        if received is not None:
            code, reason = int(received.code), received.reason
            self._end(code, _NO_CODE_REASON if code == _NO_CODE else reason, "client")
        if self.frames.close_expected() and self.timer is None:
            self._expect_within(self.gateway.limits.close_seconds)

    def _close_from_here(self, code: int) -> None:
        """Tell the core that a frame broke a rule; the close frame is already on its way."""
        if self.connection is not None:
            self.gateway.core.close(self.connection, code, _REASONS.get(code, ""), "gateway")

    def _end(self, code: int, reason: str, by: str) -> None:
        if not self.ended and self.connection is not None:
            self.ended = True
            self.gateway.perform(self.gateway.core.ended(self.connection, code, reason, by))

    # ── odds and ends ────────────────────────────────────────────────────────────────────────────────────────────

    def _write(self, data: bytes | None) -> None:
        if data and not self.transport.is_closing():
            self.transport.write(data)

    def _expect_within(self, seconds: float) -> None:
        self._cancel_timer()
        self.timer = asyncio.get_running_loop().call_later(seconds, self.transport.abort)

    def _cancel_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


_OURS = {"content-length", "transfer-encoding"}


def _texts(head: h11.Request) -> Headers:
    """Return headers as text in the client's own capitalisation."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()]


def _asks_for_upgrade(head: h11.Request) -> bool:
    return any(name == b"upgrade" and value.strip().lower() == b"websocket" for name, value in head.headers)


def _reason(status: int) -> bytes:
    return HTTPStatus(status).phrase.encode() if status in HTTPStatus._value2member_map_ else b""
