"""The shell: one asyncio thread, one port. It moves bytes and performs what the core decides; it decides nothing.

HTTP is h11's work, frames are websockets' (both sans I/O). Whatever is not a WebSocket API's goes to the port ``http``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .address import Address
from .admission import Admission
from .calls import Accept, Actions, Call, Close, Refuse, Resume, Run, Send
from .clock import Clock
from .core import Core
from .documents import Knock
from .errors import ConfigurationError
from .happenings import Observer, Observers, failed
from .http_integrations import no_backends
from .limits import Limits
from .line import Line
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
from .uris import filled, function_arn

log = logging.getLogger("upgrade101.gateway")

_HTTP_WORKERS = 64
_GOODBYE_SECONDS = 0.5


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
        admission = Admission(self.clock, identities, api_keys)
        self.core = Core(definitions, self.clock, self.limits, self.observers, admission=admission)
        self.host, self.port = "", 0
        self._invoke = invoke
        self._http = http
        self._fetch = fetch or no_backends
        self._lines: set[Line] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._loop_thread = 0
        self._waiting: deque[Callable[[], None]] = deque()
        self._woken = self._ending = False
        self._timer: asyncio.TimerHandle | None = None
        self._armed = float("inf")

    # ── starting and stopping ────────────────────────────────────────────────────────────────────────────────────

    def start(self, host: str = "127.0.0.1", port: int = 0) -> Gateway:
        """Listen at ``host:port`` (0: any free one) on a thread of its own; harmless where it already runs."""
        if self._thread is not None:
            return self
        started: threading.Event = threading.Event()
        fault: list[Exception] = []
        self._waiting.clear()
        self._woken, self._timer, self._armed, self._ending = False, None, float("inf"), False
        self._pool = ThreadPoolExecutor(_HTTP_WORKERS, thread_name_prefix="upgrade101-http")
        self._thread = threading.Thread(
            target=lambda: _live(self._serve(host, port, started, fault)), name="upgrade101-gateway", daemon=True
        )
        self._thread.start()
        started.wait()
        if fault:
            self._thread.join()
            self._thread = self._loop = None
            raise ConfigurationError(
                f"nothing can listen at {host}:{port}: {getattr(fault[0], 'strerror', None) or fault[0]}",
                hint="choose another --port, or 0 for any free one",
            ) from fault[0]
        self._stop_listening = self.clock.listen(self._advanced)
        return self

    async def _serve(self, host: str, port: int, started: threading.Event, fault: list[Exception]) -> None:
        self._loop, self._loop_thread = asyncio.get_running_loop(), threading.get_ident()
        self._end = asyncio.Event()
        try:
            if port not in range(65_536):
                raise OverflowError("a port is a number from 0 to 65535")
            server = await self._loop.create_server(lambda: Line(self), host, port, backlog=1024)
        except Exception as refused:  # OSError, or OverflowError for a port, or UnicodeError for a host name
            fault.append(refused)
            return started.set()
        self.host, self.port = server.sockets[0].getsockname()[:2]
        started.set()
        try:
            await self._end.wait()
        finally:
            self._ending = True
            await _until(lambda: len(asyncio.all_tasks()) == 1)  # asyncio's Server loses whom it closes upon
            server.close()
            await self._hang_up_all()
        return None

    async def _hang_up_all(self) -> None:
        """Say goodbye on every line, and cut those whose peer does not read it."""
        for line in tuple(self._lines):
            line.abandon()
        await _until(lambda: not self._lines)
        for line in tuple(self._lines):
            line.transport.abort()
        await asyncio.sleep(0)

    def stop(self) -> None:
        """Close the port and every connection; clients see 1001. Harmless where it does not run."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._stop_listening()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._end.set)
        thread.join(5)
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._thread = self._loop = None
        self.core.forget()

    def __enter__(self) -> Gateway:
        return self.start()

    def __exit__(self, *failure: object) -> None:
        self.stop()

    # ── for others ───────────────────────────────────────────────────────────────────────────────────────────────

    def watch(self, observer: Observer) -> Callable[[], None]:
        """Tell ``observer`` of every happening from now on; return the function that stops it."""
        return self.observers.watch(observer)

    def manage(self, method: str, address: Address, body: bytes = b"", caller: str = "") -> HttpResponse:
        """Answer a call of ``@connections`` from any thread, without HTTP."""
        with self.core.lock:
            response, actions = manage(self.core, method, address, body, caller)
            self._queue(actions)
        return response

    def settle(self, seconds: float = 2.0) -> bool:
        """Wait until no call and no closing handshake is under way; tell whether that came true in time."""
        deadline = time.monotonic() + seconds
        while self.core.busy() or self._waiting:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    # ── what the core decided ────────────────────────────────────────────────────────────────────────────────────

    def perform(self, decide: Callable[..., Actions], *facts: Any) -> None:
        """Have the core decide, and do it, from any thread: what concerns a line on the loop's thread, calls at once.

        A line's work is queued before the core's lock is given back, so that it keeps the order of the decisions: no
        post overtakes the 101.
        """
        with self.core.lock:
            actions = decide(*facts)
            self._queue(actions)
        self._call(actions)

    def _queue(self, actions: Actions) -> None:
        for action in actions:
            if not isinstance(action, Run) and action.connection is not None:
                self.soon(_on_line(action.connection.line, action))
        if self.core.next_due < self._armed:
            self.soon(self._arm)

    def _call(self, actions: Actions) -> None:
        for action in actions:
            if isinstance(action, Run):
                self._run(action.call)

    def soon(self, do: Callable[[], None]) -> None:
        """Have the loop's thread do something, in order; one wake-up serves many."""
        loop = self._loop
        if loop is None:
            return
        self._waiting.append(do)
        if not self._woken:
            self._woken = True
            here = threading.get_ident() == self._loop_thread
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                (loop.call_soon if here else loop.call_soon_threadsafe)(self._drain)

    def _drain(self) -> None:
        """Do what is waiting now; what is added meanwhile has its own wake-up, and lets the sockets have their turn."""
        self._woken = False
        for _ in range(len(self._waiting)):
            try:
                self._waiting[0]()
            except Exception as fault:
                failed(log, "the gateway", "one of its duties", fault)
            self._waiting.popleft()  # only now: settle() waits until it is done

    def _run(self, call: Call) -> None:
        def done(outcome: Outcome) -> None:
            self.perform(self.core.answered, call, outcome)

        request = call.request
        try:
            if isinstance(request, BackendRequest):
                return self._fetch(request, done)
            event = call.event if request is None else request.value
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
        due = self.core.next_due
        if self._loop is None or due >= self._armed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed = due
        self._timer = self._loop.call_later(max(0.0, due - self.clock.now()), self._due)

    def _due(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed, self._timer = float("inf"), None
        self.perform(self.core.due)
        self._arm()

    def _advanced(self) -> None:
        """The clock jumped: do what has become due, and wait until it is done."""
        self.perform(self.core.due)
        self.soon(self._due)
        if threading.current_thread() is not self._thread:
            self.settle()

    # ── HTTP that is not an upgrade ──────────────────────────────────────────────────────────────────────────────

    def request(self, request: HttpRequest, done: Callable[[HttpResponse], None]) -> None:
        """Answer a plain HTTP request: ``@connections`` at once, everything else in a worker thread."""
        address = self.core.stages.locate(request.header("host"), request.target)
        known = address is not None and self.core.stages.at(address) is not None
        if address is not None and address.connection_id is not None:
            signed = request.header("authorization") or "X-Amz-Signature=" in request.target
            caller = request.header(CALLER)
            done(self.manage(request.method, address, request.body, caller) if signed else _UNSIGNED)
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
        self.soon(lambda: done(response))

    def knock(self, knock: Knock, line: Line) -> None:
        """Hand an upgrade request to the core."""
        with self.core.lock:
            actions = self.core.upgrade(knock, line)
            match actions:
                case [Refuse(None, status, body)]:
                    line.refuse(status, body)
                case [Run(Call(connection=connection)) | Accept(connection) | Refuse(connection)]:
                    line.connection = connection
            self._queue(actions)
        self._call(actions)

    def joined(self, line: Line) -> None:
        """Remember a line so that it can be closed with the gateway."""
        self._lines.add(line)
        if self._ending:
            line.abandon()

    def left(self, line: Line) -> None:
        """Forget a line that has ended."""
        self._lines.discard(line)


async def _until(true: Callable[[], bool]) -> None:
    """Wait until something is true, but not for long."""
    deadline = time.monotonic() + _GOODBYE_SECONDS
    while not true() and time.monotonic() < deadline:
        await asyncio.sleep(0.001)


def _live(life: Coroutine[Any, Any, None]) -> None:
    """Run the gateway's loop: uvloop's where there is one, because it wakes and writes in half the time."""
    with asyncio.Runner(loop_factory=_new_event_loop()) as runner:
        runner.run(life)


def _new_event_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        from uvloop import new_event_loop
    except ImportError:  # Windows
        return None
    return new_event_loop


def _on_line(line: Line, action: Accept | Refuse | Send | Close | Resume) -> Callable[[], None]:
    match action:
        case Accept(_, subprotocol):
            return lambda: line.accept(subprotocol)
        case Refuse(_, status, body):
            return lambda: line.refuse(status, body)
        case Send(_, text):
            return lambda: line.send(text)
        case Close(_, code, reason):
            return lambda: line.close(code, reason)
        case Resume():
            return line.proceed


def _json(status: int, message: str, *headers: tuple[str, str]) -> HttpResponse:
    return HttpResponse(
        status, f'{{"message": "{message}"}}'.encode(), [("Content-Type", "application/json"), *headers]
    )


_UNSIGNED = _json(403, "Missing Authentication Token", ("x-amzn-ErrorType", "MissingAuthenticationTokenException"))
_UPGRADE_REQUIRED = _json(426, "Upgrade Required", ("Upgrade", "websocket"), ("Connection", "Upgrade"))
