"""One socket of the gateway: what arrives goes to its line, what the line writes goes out as soon as it can.

Everything here happens under the loop's lock, in whichever thread: who writes, sends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Callable
from selectors import EVENT_READ, EVENT_WRITE
from typing import Protocol

from .happenings import failed
from .loop import Loop

log = logging.getLogger("upgrade101.gateway")

_AT_ONCE = 256 * 1024  # bytes read from a socket at a time
_BACKLOG = 1024
_ACCEPTED_AT_ONCE = 128
_RELIEF_SECONDS = 1.0  # before the next try where there are no more file descriptors


class Listener(Protocol):
    """Who hears what arrives."""

    def connection_made(self, transport: Transport) -> None:
        """Begin."""

    def data_received(self, data: bytes) -> None:
        """Take what has arrived."""

    def eof_received(self) -> None:
        """Learn that nothing more will arrive; the transport is closed after that."""

    def connection_lost(self, fault: Exception | None) -> None:
        """End: nothing arrives and nothing is sent any more. Called once."""

    def pause_writing(self) -> None:
        """Learn that the peer does not read what it is sent."""

    def resume_writing(self) -> None:
        """Learn that it has read most of it."""


class Transport:
    """A connected socket."""

    __slots__ = ("_closing", "_eof", "_events", "_full", "_high", "_listener", "_loop", "_socket", "_unsent", "peer")

    def __init__(self, loop: Loop, sock: socket.socket, listener: Listener, high: int) -> None:
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop, self._socket, self._listener = loop, sock, listener
        self._events = 0
        self._unsent: bytearray | None = None
        self._high = high  # unsent bytes above which the listener is told to pause
        self._full = False
        self._closing = False
        self._eof = False  # no more is written
        try:
            self.peer: tuple[str, int] = sock.getpeername()[:2]
        except OSError:  # it has left already
            self.peer = ("127.0.0.1", 0)
        self._watch(EVENT_READ)
        listener.connection_made(self)

    def _watch(self, events: int) -> None:
        if events != self._events:
            before, self._events = self._events, events
            self._loop.watch(self._socket, before, events, self._ready)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _ready(self, events: int) -> None:
        try:
            if events & EVENT_WRITE:
                self._flush()
            if events & self._events & EVENT_READ:
                self._read()
        except Exception as fault:
            failed(log, "the gateway", "a connection", fault)
            self.abort()

    def _read(self) -> None:
        try:
            data = self._socket.recv(_AT_ONCE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as fault:
            self._cut(fault)
            return
        if data:
            self._listener.data_received(data)
        else:
            self._listener.eof_received()
            self.close()

    def pause_reading(self) -> None:
        """Leave what arrives with the peer."""
        if not self._closing:
            self._watch(self._events & ~EVENT_READ)

    def resume_reading(self) -> None:
        """Read on."""
        if not self._closing:
            self._watch(self._events | EVENT_READ)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def write(self, data: bytes) -> None:
        """Send bytes, now as far as the socket takes them."""
        if self._closing or self._eof:
            return
        if self._unsent is None:
            try:
                sent = self._socket.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as fault:
                self._cut(fault)
                return
            if sent == len(data):
                return
            self._unsent = bytearray(data[sent:])
            self._watch(self._events | EVENT_WRITE)
        else:
            self._unsent += data
        if len(self._unsent) > self._high and not self._full:
            self._full = True
            self._listener.pause_writing()

    @property
    def unsent(self) -> int:
        """Return how many bytes wait for the socket."""
        return len(self._unsent or b"")

    def _flush(self) -> None:
        if self._unsent is None:
            return
        try:
            sent = self._socket.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as fault:
            self._cut(fault)
            return
        del self._unsent[:sent]
        if not self._unsent:
            self._unsent = None
            self._watch(self._events & ~EVENT_WRITE)
            if self._eof:
                self._shut()
            if self._closing:
                self._cut(None)
                return
        if self._full and self.unsent <= self._high // 4:
            self._full = False
            self._listener.resume_writing()

    def write_eof(self) -> None:
        """Tell the peer, after what was written, that no more will come; it may go on sending."""
        if not self._closing and not self._eof:
            self._eof = True
            if self._unsent is None:
                self._shut()

    def _shut(self) -> None:
        with contextlib.suppress(OSError):  # the peer has just reset the connection
            self._socket.shutdown(socket.SHUT_WR)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

    def is_closing(self) -> bool:
        """Tell whether it is closed, or will be as soon as everything is sent."""
        return self._closing

    def close(self) -> None:
        """Send what is still to be sent, and close."""
        if self._closing:
            return
        if self._unsent is None:
            self._cut(None)
        else:
            self._closing = True
            self._watch(EVENT_WRITE)

    def abort(self) -> None:
        """Close at once."""
        self._cut(None)

    def _cut(self, fault: Exception | None) -> None:
        if self._socket.fileno() < 0:
            return
        self._closing = True
        self._unsent = None
        self._watch(0)
        self._socket.close()
        self._loop.soon(lambda: self._listener.connection_lost(fault))


class Door:
    """The listening sockets of a port."""

    def __init__(self, loop: Loop, host: str, port: int, enter: Callable[[socket.socket], None]) -> None:
        if port not in range(65_536):
            raise OverflowError("a port is a number from 0 to 65535")
        self._loop, self._enter = loop, enter
        self._sockets: list[socket.socket] = []
        try:
            for family, _, _, _, address in _addresses(host, port):
                sock = _listening(family, (address[0], self.address[1] if self._sockets else port, *address[2:]))
                self._sockets.append(sock)
        except OSError:
            self.close()
            raise
        for sock in self._sockets:
            self._open(sock)

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port."""
        host, port = self._sockets[0].getsockname()[:2]
        return host, port

    def _open(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0:
            self._loop.watch(sock, 0, EVENT_READ, lambda _: self._accept(sock))

    def _accept(self, sock: socket.socket) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                peer, _ = sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as fault:  # no more file descriptors, say
                log.error("nobody can connect just now: %s", fault)
                self._loop.watch(sock, EVENT_READ, 0, lambda _: None)
                self._loop.call_later(_RELIEF_SECONDS, lambda: self._open(sock))
                return
            self._enter(peer)

    def close(self) -> None:
        """Let nobody in any more."""
        for sock in self._sockets:
            with contextlib.suppress(KeyError, ValueError):  # it was not being watched just then
                self._loop.watch(sock, EVENT_READ, 0, lambda _: None)
            sock.close()


def _addresses(host: str, port: int) -> list[tuple[int, int, int, str, tuple[str | int, ...]]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys(found))  # type: ignore[arg-type]  # of AF_INET and AF_INET6 only


def _listening(family: int, address: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if _CLOSED_PORTS_LINGER:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


_CLOSED_PORTS_LINGER = os.name == "posix"  # on Windows the option would share a port that is in use
