"""What integrations call besides Lambda: HTTP servers on this machine, and the AWS services of the local cloud.

While moto plays AWS nothing may reach the internet, so a host that is not a loopback address is refused, redirects are
passed on instead of followed, and proxy settings of the environment are not looked at.
"""

from __future__ import annotations

import contextlib
import http.client
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

from ..gateway.errors import ConfigurationError, LimitExceeded, NotEmulated
from ..gateway.happenings import failed
from ..gateway.http_integrations import answer_document
from ..gateway.ports import NOT_EMULATED, TIMED_OUT, UNREACHABLE, BackendRequest, HttpResponse, Outcome
from .guard import is_loopback
from .services import Services

log = logging.getLogger("upgrade101.integrations")

ANSWER_BYTES = 10_485_760  # the payload quota of REST APIs; the limit for WebSocket APIs is not documented
_CHUNK = 65_536
_WORKERS = 64

Now = Callable[[], float]
Opened = Callable[[http.client.HTTPConnection], contextlib.AbstractContextManager[None]]


class Backends:
    """The gateway's port ``Fetch``: a bounded number of threads, started as they are needed, makes the requests."""

    def __init__(self, services: Services, now: Now) -> None:
        self._services = services
        self._now = now
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._open: set[http.client.HTTPConnection] = set()

    def __call__(self, request: BackendRequest, done: Callable[[Outcome], None]) -> None:
        """Make a request and tell its outcome; one that waited too long for a thread is not made any more."""
        with self._lock:
            self._pool = self._pool or ThreadPoolExecutor(_WORKERS, thread_name_prefix="upgrade101-fetch")
            self._pool.submit(self._run, request, self._now() + request.seconds, done)

    def close(self) -> None:
        """Hang up on every backend and end the threads."""
        with self._lock:
            pool, self._pool = self._pool, None
            for connection in self._open:
                if connection.sock is not None:
                    with contextlib.suppress(OSError):
                        connection.sock.shutdown(socket.SHUT_RDWR)
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, request: BackendRequest, deadline: float, done: Callable[[Outcome], None]) -> None:
        try:
            outcome = self._outcome(request, deadline)
        except Exception as fault:
            failed(log, "the integration", request.url[:200], fault)
            outcome = Outcome({"errorMessage": repr(fault)}, error="InternalFailure", not_invoked=True)
        done(outcome)

    def _outcome(self, request: BackendRequest, deadline: float) -> Outcome:
        """Make the request; what goes wrong is written into the log, because the client learns little of it."""
        try:
            if self._now() >= deadline:
                raise TimeoutError("no thread was free in time")
            if request.url.startswith("arn:"):
                return Outcome(answer_document(self._services(request)))
            return Outcome(answer_document(exchange(request, self._now, deadline, self._opened)))
        except TimeoutError as fault:
            return _failure(TIMED_OUT, f"{request.url}: {fault}")
        except NotEmulated as fault:
            return _failure(NOT_EMULATED, f"NotEmulated: {fault}")
        except (ConfigurationError, LimitExceeded) as fault:
            return _failure(type(fault).__name__, str(fault))
        except (OSError, http.client.HTTPException) as fault:
            return _failure(UNREACHABLE, f"no answer from {request.url}: {fault or type(fault).__name__}")

    @contextmanager
    def _opened(self, connection: http.client.HTTPConnection) -> Iterator[None]:
        with self._lock:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)


def _failure(error: str, message: str) -> Outcome:
    log.warning("%s", message)
    return Outcome({"errorMessage": message}, error=error)


def exchange(request: BackendRequest, now: Now, deadline: float, opened: Opened | None = None) -> HttpResponse:
    """Send one request to a server on this machine and return its answer.

    ``now`` and ``deadline`` are in seconds of the injected clock; ``opened`` learns of the connection. Raises
    NotEmulated where the host is not this machine, ConfigurationError where the URL is none, TimeoutError,
    LimitExceeded where the answer is too long, and OSError or HTTPException where there is none.
    """
    try:
        url = urlsplit(request.url)
        connection = _connection(url, max(0.001, min(request.seconds, deadline - now())))
        with opened(connection) if opened else contextlib.nullcontext(), contextlib.closing(connection):
            _send(connection, request, url)
            return _read(connection.getresponse(), now, deadline)
    except (http.client.InvalidURL, ValueError) as fault:
        raise ConfigurationError(
            f"{request.url[:200]} cannot be called: {fault}",
            hint="an IntegrationUri looks like http://127.0.0.1:8080/path",
        ) from fault


def loopback_host(url: SplitResult) -> str:
    """Return the host to dial where it is this machine; raises NotEmulated for every other.

    >>> loopback_host(urlsplit("http://localhost:8080/x")), loopback_host(urlsplit("http://[::1]/"))
    ('localhost', '::1')
    """
    host = (url.hostname or "").lower()
    if not is_loopback(host):
        raise NotEmulated(
            f"an HTTP integration to {_netloc(url) or 'no host at all'}",
            hint="the local cloud calls only this machine (http://127.0.0.1:PORT/...); on AWS it would call any host",
        )
    return "localhost" if host.endswith("localhost") else host


def _connection(url: SplitResult, seconds: float) -> http.client.HTTPConnection:
    if url.scheme not in ("http", "https"):
        raise ValueError("an integration URI begins with http:// or https://")
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(loopback_host(url), url.port, timeout=seconds)


def _send(connection: http.client.HTTPConnection, request: BackendRequest, url: SplitResult) -> None:
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", _netloc(url))
    for name, value in request.headers:
        connection.putheader(name, _bytes(value))
    if request.body or request.method not in ("GET", "HEAD"):
        connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body)


def _netloc(url: SplitResult) -> str:
    return url.netloc.rpartition("@")[2]


def _bytes(value: str) -> bytes:
    """Return a header's value as it travels; what Latin-1 lacks goes as UTF-8."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def _read(response: http.client.HTTPResponse, now: Now, deadline: float) -> HttpResponse:
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if now() > deadline:
            raise TimeoutError("the answer took too long")
        if len(body) > ANSWER_BYTES:
            raise LimitExceeded(f"an integration's answer has more than {ANSWER_BYTES} bytes")
    return HttpResponse(response.status, bytes(body), response.getheaders())
