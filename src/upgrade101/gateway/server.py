"""The shell: one loop, one port. It moves bytes and performs what the core decides; it decides nothing.

HTTP is h11's work, frames are websockets' (both sans I/O). Whatever is not a WebSocket API's goes to the port ``http``.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .address import Address
from .admission import Admission
from .calls import Accept, Actions, Call, Close, Cut, Refuse, Resume, Run, Send
from .clock import Clock
from .core import Core
from .documents import Knock, copied
from .errors import ConfigurationError
from .happenings import Observer, Observers, failed
from .http_integrations import no_backends
from .limits import Limits
from .line import BUFFERED_BYTES, Line
from .loop import Loop, Seat, Timer
from .management import CALLER, manage
from .ports import (
    ApiKeys,
    BackendRequest,
    Definitions,
    Fetch,
    Http,
    HttpRequest,
    HttpResponse,
    Identities,
    Invocation,
    Invoke,
    Outcome,
)
from .signers import stranger
from .transport import Door, Transport
from .uris import filled, function_arn

log = logging.getLogger("upgrade101.gateway")

_HTTP_WORKERS = 64
_GOODBYE_SECONDS = 0.5


@dataclass(slots=True, eq=False)
class _Starting:
    """A thread's turn at starting calls; ``seat`` is where it sat in the loop, if it led."""

    seat: Seat | None

    def is_held_up(self, loop: Loop) -> bool:
        """Tell whether what it started last has cost it the lead."""
        return self.seat is not None and not loop.is_led_from(self.seat)


class Gateway:
    """A running gateway on one loopback port.

    ``definitions``, ``invoke``, ``http``, ``fetch``, ``identities`` and ``api_keys`` are the ports of
    :mod:`upgrade101.gateway.ports`; without the last two nobody is known. Used as a context manager it is started and
    stopped; ``start`` raises ConfigurationError where the port is in use.
    """

    def __init__(
        self,
        definitions: Definitions,
        invoke: Invoke,
        http: Http | None = None,
        *,
        fetch: Fetch | None = None,
        identities: Identities | None = None,
        api_keys: ApiKeys | None = None,
        clock: Clock | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.limits = limits or Limits()
        self.observers = Observers()
        admission = Admission(self.clock, identities, api_keys, self.limits)
        self.core = Core(definitions, self.clock, self.limits, self.observers, admission=admission)
        self.host, self.port = "", 0
        self._invoke = invoke
        self._http = http
        self._fetch = fetch or no_backends
        self._identities = identities
        self._lines: set[Line] = set()
        self._runs: deque[Call] = deque()  # calls that wait until nobody holds the lock
        self._starting: _Starting | None = None  # by the thread that starts them
        self.loop = self._new_loop()
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._ending = False
        self._timer: Timer | None = None
        self._armed = float("inf")

    def _new_loop(self) -> Loop:
        return Loop(self.core.lock, self._start_runs)

    # ── starting and stopping ────────────────────────────────────────────────────────────────────────────────────

    def start(self, host: str = "127.0.0.1", port: int = 0) -> Gateway:
        """Listen at ``host:port`` (0: any free one) on a thread of its own; harmless where it already runs."""
        if self._thread is not None:
            return self
        self.loop = self._new_loop()
        self.loop.open()
        self._timer, self._armed, self._ending, self._starting = None, float("inf"), False, None
        try:
            door = Door(self.loop, host, port, self._enter)
        except Exception as refused:  # OSError, or OverflowError for a port, or UnicodeError for a host name
            self.loop.close()
            raise ConfigurationError(
                f"nothing can listen at {host}:{port}: {getattr(refused, 'strerror', None) or refused}",
                hint="choose another --port, or 0 for any free one",
            ) from refused
        self.host, self.port = door.address
        self._pool = ThreadPoolExecutor(_HTTP_WORKERS, thread_name_prefix="upgrade101-http")
        self._thread = threading.Thread(target=self._serve, args=[door], name="upgrade101-gateway", daemon=True)
        self._thread.start()
        self._stop_listening = self.clock.listen(self._advanced)
        return self

    def _enter(self, sock: socket.socket) -> None:
        Transport(self.loop, sock, Line(self), BUFFERED_BYTES)

    def _serve(self, door: Door) -> None:
        self.loop.run(lambda: self._ending)
        with self.loop:
            door.close()
            for line in tuple(self._lines):
                line.abandon()
        self._attend(lambda: not self._lines)
        with self.loop:
            for line in tuple(self._lines):  # whose peers do not read the goodbye
                line.transport.abort()
        self._attend(lambda: not self._lines)
        self.loop.close()

    def _attend(self, until: Callable[[], bool]) -> None:
        """Attend until something is true, but not for long."""
        late = threading.Event()
        with self.loop:
            self.loop.call_later(_GOODBYE_SECONDS, late.set)
        self.loop.attend(lambda: until() or late.is_set())

    def stop(self) -> None:
        """Close the port and every connection; clients see 1001. Harmless where it does not run."""
        thread = self._thread
        if thread is None:
            return
        self._stop_listening()
        self._ending = True
        self.loop.end()
        thread.join(5)
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._thread = None
        self.core.forget()

    def __enter__(self) -> Gateway:
        return self.start()

    def __exit__(self, *failure: object) -> None:
        self.stop()

    # ── for others ───────────────────────────────────────────────────────────────────────────────────────────────

    def watch(self, observer: Observer) -> Callable[[], None]:
        """Tell ``observer`` of every happening from now on; return the function that stops it."""
        return self.observers.watch(observer)

    def manage(
        self,
        method: str,
        address: Address,
        body: bytes = b"",
        caller: str = "",
        stranger: HttpResponse | None = None,
    ) -> HttpResponse:
        """Answer a call of ``@connections`` from any thread, without HTTP; ``stranger`` answers who may not call."""
        with self.loop:
            response, actions = manage(self.core, method, address, body, caller, stranger)
            self._do(actions)
        return response

    def settle(self, seconds: float = 2.0) -> bool:
        """Wait until what clients have sent is read, and no call and no closing handshake is under way.

        Tell whether that came true in time; a gateway that is not running has nothing left to do.
        """
        deadline = time.monotonic() + seconds
        while self._thread is not None and self._thread.is_alive():
            if not self.loop.catch_up(deadline - time.monotonic()):
                return False
            if not self.core.busy():
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    # ── what the core decided ────────────────────────────────────────────────────────────────────────────────────

    def perform(self, decide: Callable[..., Actions], *facts: Any) -> None:
        """Have the core decide, and do it, from any thread: what concerns a line at once, calls without the lock.

        As both happen under one lock, a line hears of decisions in their order: no post overtakes the 101.
        """
        with self.loop:
            self._do(decide(*facts))

    def _do(self, actions: Actions) -> None:
        for action in actions:
            if isinstance(action, Run):
                self._runs.append(action.call)
            elif action.connection is not None:
                try:
                    _on_line(action.connection.line, action)
                except Exception as fault:
                    failed(log, "the gateway", "one of its duties", fault)
        if self.core.next_due < self._armed:
            self._arm()

    def _start_runs(self) -> None:
        """Start the calls that wait, in their order: one thread does it for all.

        Unless it led the loop when it began and does so no more: then what it started holds it up, and another goes on.
        """
        if not self._runs:
            return
        with self.core.lock:
            if self._starting is not None and not self._starting.is_held_up(self.loop):
                return
            starting = self._starting = _Starting(self.loop.leader())
        try:
            while (call := self._next_run(starting)) is not None:
                self._run(call)
        except BaseException:  # a thread that is being ended
            self._starting = None if self._starting is starting else self._starting
            raise

    def _next_run(self, starting: _Starting) -> Call | None:
        with self.core.lock:
            if self._starting is not starting:
                return None
            if not self._runs:
                self._starting = None
                return None
            return self._runs.popleft()

    def _run(self, call: Call) -> None:
        def done(outcome: Outcome) -> None:
            self.perform(self.core.answered, call, outcome)

        request = call.request
        try:
            if isinstance(request, BackendRequest):
                return self._fetch(request, done)
            event = call.event if request is None else request.value
            if request is not None or self.observers.watching or call.connection.stage.logged:
                event = copied(event)  # else nobody looks at it again, and the handler may do with it what it likes
            variables = call.connection.stage.stage_variables
            arn = function_arn(call.integration.integration_uri, variables)
            role = filled(call.integration.credentials_arn, variables)
            self._invoke(Invocation(arn, event, call.source_arn, call.request_id, role), done)
        except ConfigurationError as fault:
            log.warning("route %s: %s", call.route_key, fault)
            done(Outcome(error="ConfigurationError", not_invoked=True))
        except Exception as fault:
            failed(log, "the invoke port" if request is None else "the fetch port", call.target, fault)
            done(Outcome(error="InternalFailure", not_invoked=True))

    # ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _arm(self) -> None:
        """Have the loop look at the deadlines when the next one comes (only ever sooner than planned)."""
        if self._timer is not None:
            self._timer.cancel()
        self._armed = self.core.next_due
        self._timer = self.loop.call_later(max(0.0, self._armed - self.clock.now()), self._due)

    def _due(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed, self._timer = float("inf"), None
        self.perform(self.core.due)

    def _advanced(self) -> None:
        """The clock jumped: do what has become due, and wait until it is done."""
        with self.loop:
            self._due()
        if threading.current_thread() is not self._thread:
            self.settle()

    # ── HTTP that is not an upgrade ──────────────────────────────────────────────────────────────────────────────

    def request(self, request: HttpRequest, done: Callable[[HttpResponse], None]) -> None:
        """Answer a plain HTTP request: ``@connections`` at once, everything else in a worker thread."""
        address = self.core.stages.locate(request.header("host"), request.target)
        stage = self.core.stages.at(address) if address is not None else None
        known = stage is not None
        if address is not None and address.connection_id is not None:
            refused = stranger(request, stage, self._identities, self.clock) if stage else None
            done(self.manage(request.method, address, request.body, request.header(CALLER), refused))
        elif address is not None and address.domain_name and (address.rest or not known):
            done(self.manage(request.method, address))
        elif known:
            done(_UPGRADE_REQUIRED)
        elif self._pool is not None:
            self._pool.submit(self._ask_http, request, address, done)

    def _ask_http(self, request: HttpRequest, address: Address | None, done: Callable[[HttpResponse], None]) -> None:
        response: HttpResponse | None = None
        try:
            response = self._http(request) if self._http else None
        except Exception as fault:
            failed(log, "the http port", f"{request.method} {request.target[:200]}", fault)
            response = _json(500, "Internal server error")
        if response is None:
            response = _json(404, "Not Found") if address is None else _json(403, "Forbidden")
        with self.loop:
            done(response)

    def knock(self, knock: Knock, line: Line) -> None:
        """Hand an upgrade request to the core."""
        with self.loop:
            actions = self.core.upgrade(knock, line)
            match actions:
                case [Refuse(None, status, body)]:
                    line.refuse(status, body)
                case [Run(Call(connection=connection)) | Accept(connection) | Refuse(connection)]:
                    line.connection = connection
            self._do(actions)

    def joined(self, line: Line) -> None:
        """Remember a line so that it can be closed with the gateway."""
        self._lines.add(line)
        if self._ending:
            line.abandon()

    def left(self, line: Line) -> None:
        """Forget a line that has ended."""
        self._lines.discard(line)


def _on_line(line: Line, action: Accept | Refuse | Send | Close | Cut | Resume) -> None:
    match action:
        case Send(_, text):
            line.send(text)
        case Accept(_, subprotocol):
            line.accept(subprotocol)
        case Refuse(_, status, body):
            line.refuse(status, body)
        case Close(_, code, reason):
            line.close(code, reason)
        case Cut():
            line.transport.abort()
        case Resume():
            line.proceed()


def _json(status: int, message: str, *headers: tuple[str, str]) -> HttpResponse:
    return HttpResponse(
        status, f'{{"message": "{message}"}}'.encode(), [("Content-Type", "application/json"), *headers]
    )


_UPGRADE_REQUIRED = _json(426, "Upgrade Required", ("Upgrade", "websocket"), ("Connection", "Upgrade"))
