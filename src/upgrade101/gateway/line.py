"""One TCP connection: HTTP until the upgrade, frames after it. Lives under the loop's lock."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11
from websockets.frames import Frame, Opcode
from websockets.protocol import SEND_EOF, State

from .connection import Connection
from .documents import Knock
from .framing import NETWORK, Frames, text_frame, whole_text
from .handshake import NotInOrder, accept_key, plain, switching
from .heads import (
    TOO_LONG,
    Fields,
    answer_head,
    asks_for_upgrade,
    fields_of,
    message,
    phrase,
    target_and_headers,
    too_big,
)
from .limits import HEADER_BYTES, HTTP_BODY_BYTES, MESSAGE_BYTES, MESSAGES_IN_FLIGHT, TARGET_CHARACTERS
from .loop import Timer
from .ports import Headers, HttpRequest, HttpResponse
from .transport import Transport

if TYPE_CHECKING:
    from .server import Gateway

log = logging.getLogger("upgrade101.gateway")

_HEAD_BYTES = TARGET_CHARACTERS + HEADER_BYTES
BUFFERED_BYTES = 4 * MESSAGE_BYTES  # unsent bytes above which a client counts as one that does not read
_KEEP_ALIVE_SECONDS = 60.0
_NO_CODE = 1005
_NO_CODE_REASON = "Client-side close frame status not set"


class Mode(Enum):
    """What the bytes on a line are, just now."""

    HTTP = "requests and responses"
    WAITING = "an upgrade request is being decided"
    FRAMES = "WebSocket frames"
    OVER = "whatever still comes is dropped"


class Line:
    """What one peer says and hears."""

    transport: Transport

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.mode = Mode.HTTP
        self._http: h11.Connection | None = None
        self.request = b""  # an upgrade request that h11 has not seen
        self.head: h11.Request | None = None
        self.upgraded = False
        self._frames: Frames | None = None  # made when something comes up that is no whole text message
        self.connection: Connection | None = None
        self.early = b""  # what an impatient client sends before its 101
        self.body = bytearray()
        self.arrived: deque[Frame] = deque()  # frames that wait until a function has answered
        self.text: list[bytes] = []
        self.asking = False  # a plain request is being answered
        self.congested = False  # the peer does not read what it is sent
        self.ended = False
        self.timer: Timer | None = None

    # ── the transport's side ─────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: Transport) -> None:
        self.transport, self.peer = transport, transport.peer
        self.gateway.joined(self)
        self._expect_within(self.gateway.limits.handshake_seconds, self._too_slow)

    def data_received(self, data: bytes) -> None:
        match self.mode:
            case Mode.FRAMES:
                self._frames_arrive(data)
            case Mode.HTTP:
                request = plain(data) if self._http is None else None
                if request is not None:
                    self.request = data
                    self._upgrade(*request)
                else:
                    self.http.receive_data(data)
                    self._read_http()
            case Mode.WAITING if len(self.early) + len(data) <= MESSAGE_BYTES:
                self.early += data
            case Mode.WAITING:
                log.warning("dropped %s:%s: more than %s bytes before its 101", *self.peer, MESSAGE_BYTES)
                self.transport.abort()

    def eof_received(self) -> None:
        if self.upgraded:
            self.frames.receive_eof()
            self._pump()
        elif self.mode is Mode.HTTP and not self.asking:
            self.http.receive_data(b"")  # h11's word for the end: half a request is an error
            self._read_http()

    def connection_lost(self, fault: Exception | None) -> None:
        self.mode = Mode.OVER  # what still waits to be read, an upgrade perhaps, is nobody's now
        self._cancel_timer()
        self.gateway.left(self)
        self._end(NETWORK, "", "network")

    def pause_writing(self) -> None:
        self._set_congested(True)
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self._set_congested(False)
        self.proceed()

    def _set_congested(self, congested: bool) -> None:
        self.congested = congested
        if self.connection is not None:
            self.connection.congested = congested

    def proceed(self) -> None:
        """Go on with what has arrived, and read more unless something speaks against it."""
        if self.mode is Mode.HTTP:
            self._read_http()
        elif self.mode is Mode.FRAMES:
            self._take_frames()
        if self._held():
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _held(self) -> bool:
        """Tell whether the peer must wait: it does not read, or enough of what it sent is still under way."""
        if self.congested:
            return True
        if self.mode is Mode.HTTP:
            return self.asking
        busy = self.connection is not None and self.connection.in_flight >= MESSAGES_IN_FLIGHT
        return self.mode is Mode.FRAMES and busy and self.connection is not None and self.connection.is_open

    # ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def http(self) -> h11.Connection:
        """Return the HTTP connection; an ordinary upgrade needs none."""
        if self._http is None:
            self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES)
            if self.request:  # refused: h11 must have read it, to answer it
                self._http.receive_data(self.request)
                self._http.next_event()
        return self._http

    def _read_http(self) -> None:
        """Take in what has arrived; pipelined requests wait their turn."""
        try:
            while self.mode is Mode.HTTP and not self._held() and self._http_event():
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
                fields = fields_of(head)
                upgrade = asks_for_upgrade(head, fields)
                refusal = too_big(head, fields, upgrade=upgrade)
                if refusal is not None:
                    self._refuse_http(*refusal)
                elif upgrade:
                    self._upgrade(head.method, fields, *target_and_headers(head))
            case h11.Data(data=data):
                self.body += data
                if len(self.body) > HTTP_BODY_BYTES:
                    self._refuse_http(*TOO_LONG)
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
        self.asking = True
        target, headers = target_and_headers(self.head)
        request = HttpRequest(self.head.method.decode(), target, headers, bytes(self.body), self.peer)
        self.body = bytearray()
        self.transport.pause_reading()
        self.gateway.request(request, self._answer)

    def _answer(self, response: HttpResponse) -> None:
        self.asking = False
        if self.mode is not Mode.HTTP or self.transport.is_closing():
            return
        try:
            self._write_response(response)
        except h11.LocalProtocolError as fault:
            log.error("the http port gave %s:%s an answer that is no HTTP: %s", *self.peer, fault)
            self._last_word(500, message("Internal server error"))
            return
        if self.http.our_state is h11.DONE and self.http.their_state is h11.DONE:
            self.http.start_next_cycle()
            self.head = None
            self._expect_within(_KEEP_ALIVE_SECONDS, self._too_slow)
            self.gateway.loop.soon(self.proceed)  # not here: a thousand pipelined requests are no stack
        else:
            self._hang_up()

    def _too_slow(self) -> None:
        if self.http.their_state is h11.IDLE and not self.http.trailing_data[0]:
            self.transport.abort()  # a connection that was opened ahead of time, or is kept alive for nothing
        else:
            self._refuse_http(408, "its request took too long")

    def _hang_up(self) -> None:
        """Say no more, and drop what still comes: bytes left unread would void the answer on its way."""
        self.mode = Mode.OVER
        if not self.transport.is_closing():
            self.transport.write_eof()
            self.transport.resume_reading()
            self._expect_within(self.gateway.limits.close_seconds)

    def _write_response(self, response: HttpResponse) -> None:
        head, body = answer_head(response, to_head=self.head is not None and self.head.method == b"HEAD")
        parts = (self.http.send(head), self.http.send(h11.Data(data=body)), self.http.send(h11.EndOfMessage()))
        self._write(b"".join(part for part in parts if part))

    def _refuse_http(self, status: int, why: str, *headers: tuple[str, str]) -> None:
        """Answer what breaks HTTP or the handshake, say so in the log, and hang up."""
        log.warning("refused %s:%s with %s: %s", *self.peer, status, why[:200])
        self._last_word(status, message(phrase(status)), *headers)

    def _last_word(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        if not self.transport.is_closing() and self.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            connection, upgrade = "close", []
            if status == HTTPStatus.UPGRADE_REQUIRED:  # RFC 9110, 15.5.22
                connection, upgrade = "close, Upgrade", [("Upgrade", "websocket")]
            ours = [("Content-Type", "application/json"), ("Connection", connection), *upgrade]
            self._write_response(HttpResponse(status, body, [*ours, *headers]))
        self._hang_up()

    # ── the upgrade ──────────────────────────────────────────────────────────────────────────────────────────────

    def _upgrade(self, method: bytes, fields: Fields, target: str, headers: Headers) -> None:
        """Check the handshake, then leave the decision to the core; the client waits for its 101 meanwhile."""
        try:
            self.key = accept_key(method, fields, target, headers)
        except NotInOrder as fault:
            return self._refuse_http(fault.status, fault.why, *fault.headers)
        self._cancel_timer()
        self.mode, self.early = Mode.WAITING, b"" if self.request else self.http.trailing_data[0]
        return self.gateway.knock(Knock(target, headers, self.peer[0]), self)

    def accept(self, subprotocol: str) -> None:
        """Send the 101 and speak frames from here on."""
        if self.mode is not Mode.WAITING or self.transport.is_closing():
            return
        self.transport.write(switching(self.key, subprotocol))
        self.mode, self.upgraded = Mode.FRAMES, True
        del self._http, self.request, self.key
        early, self.early = self.early, b""
        if early:
            self._frames_arrive(early)

    def refuse(self, status: int, body: bytes) -> None:
        """Answer the upgrade request with a status, and hang up."""
        if self.mode is Mode.WAITING:
            self._last_word(status, body)

    # ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def frames(self) -> Frames:
        """Return the frame protocol; most messages need none."""
        if self._frames is None:
            self._frames = Frames()
        return self._frames

    def _frames_arrive(self, data: bytes) -> None:
        simple = self._frames is None or self._frames.is_between_messages()
        text = whole_text(data) if simple and not self.arrived and not self._held() else None
        if text is not None:
            self.text.append(text)
            self._message()
            if self._frames is not None:
                self._pump()
            if self._held():
                self.transport.pause_reading()
            return
        self.frames.receive_data(data)
        self.arrived.extend(event for event in self.frames.events_received() if isinstance(event, Frame))
        self.proceed()

    def _take_frames(self) -> None:
        while self.arrived and not self._held():
            self._frame(self.arrived.popleft())
        self._pump()

    def _frame(self, frame: Frame) -> None:
        match frame.opcode:
            case Opcode.BINARY:
                self._fail(1003)
            case Opcode.TEXT | Opcode.CONT:
                self.text.append(bytes(frame.data))
                if frame.fin:
                    self._message()

    def _fail(self, code: int) -> None:
        """Give up on a client that broke a rule; nothing that came after counts."""
        self.arrived.clear()
        self.text = []
        self.frames.fail(code)

    def _message(self) -> None:
        assert self.connection is not None
        data, self.text = b"".join(self.text), []
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return self._fail(1007)
        return self.gateway.perform(self.gateway.core.received, self.connection, text)

    def send(self, text: str) -> None:
        """Send one text message."""
        if self.upgraded and (self._frames is None or self._frames.state is State.OPEN):
            self.transport.write(text_frame(text))

    def close(self, code: int, reason: str) -> None:
        """Send a close frame and give the client a while to answer."""
        if not self.upgraded or self.transport.is_closing():
            return
        if self.frames.state is State.OPEN:
            self.frames.send_close(code, reason)
        self.proceed()
        self._expect_within(self.gateway.limits.close_seconds)

    def abandon(self) -> None:
        """Leave at once because the gateway ends."""
        self.ended = True
        if self.upgraded and self.frames.state is State.OPEN:
            self.frames.send_close(1001, "Going away")
            self._pump()
        self.transport.close()

    def _pump(self) -> None:
        """Learn whether the conversation is over, and write what the frame protocol wants to say: in this order.

        Who has seen the close frame of the gateway may rely on it that the core knows (``settle`` does).
        """
        if self._frames is None:
            return
        if self.frames.failed:
            self._close_from_here(self.frames.failed)
        received = self.frames.close_rcvd
        if received is not None:
            code, reason = int(received.code), received.reason
            self._end(code, _NO_CODE_REASON if code == _NO_CODE else reason, "client")
        for data in self.frames.data_to_send():
            if data != SEND_EOF:
                self._write(data)
            else:
                self.transport.write_eof()
        if self.frames.close_expected() and self.timer is None:
            self._expect_within(self.gateway.limits.close_seconds)

    def _close_from_here(self, code: int) -> None:
        """Tell the core that a frame broke a rule; the close frame is already on its way."""
        reason = self.frames.close_sent.reason if self.frames.close_sent is not None else ""
        if self.connection is not None and self.gateway.core.close(self.connection, code, reason, "gateway"):
            log.warning("closed %s with %s: %s", self.connection.connection_id, code, reason)

    def _end(self, code: int, reason: str, by: str) -> None:
        """Tell the core once that the client is gone; what it said before still counts."""
        if self.ended or self.connection is None:
            return
        self.ended = True
        while self.arrived:
            self._frame(self.arrived.popleft())
        self.gateway.perform(self.gateway.core.ended, self.connection, code, reason, by)

    # ── odds and ends ────────────────────────────────────────────────────────────────────────────────────────────

    def _write(self, data: bytes | None) -> None:
        if data:
            self.transport.write(data)

    def _expect_within(self, seconds: float, otherwise: Callable[[], None] | None = None) -> None:
        """Cut the line, or do something else, unless that is cancelled within ``seconds``."""
        self._cancel_timer()
        self.timer = self.gateway.loop.call_later(seconds, otherwise or self.transport.abort)

    def _cancel_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
