"""A crowd: many clients of one WebSocket API, for whoever measures what a thousand sockets ask of a server.

    with crowd(api.url, 1000) as fans:
        with fans.hearing() as heard:
            broadcast("goal")
        print(heard)

The clients live in one thread of their own, so the cell that works meanwhile keeps nobody waiting.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from itertools import cycle
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from . import cloud
from .gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from .plot import Plot

AT_ONCE = 50
"""Handshakes under way at the same time: AWS opens 500 connections a second for an account, unless you ask for more."""
PATIENCE = 30.0
"""Seconds that a handshake may take elsewhere: as long as API Gateway itself waits for ``$connect``."""
_FILES = 500  # that a notebook has open besides sockets
_OPTIONS: dict[str, Any] = {"compression": None, "ping_interval": None}

_Answer = TypeVar("_Answer")


def crowd(url: str | Callable[[int], str], count: int, **options: Any) -> Crowd:
    """Open ``count`` connections and return them; use it in a ``with`` block, or ``close`` it.

    ``url`` is the address for all, or a function that makes each client's own from its number, 0 and up. ``options``
    are those of websockets' asyncio client. Raises what websockets raises where one is refused (all others are closed
    then), and ConfigurationError where this machine does not let a process open so many sockets.
    """
    if not cloud.is_running():
        raise ConfigurationError("no cloud is running", hint="cloud.start()")
    _allow_files(count)
    return Crowd([url if isinstance(url, str) else url(number) for number in range(count)], options)


class _Client:
    """One client: its connection, and what it has heard and nobody has read, each with the time."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.unread: deque[str] = deque()
        self.heard: Callable[[_Client, str], None] = _keep

    async def listen(self) -> None:
        """Take in messages until the line ends."""
        with suppress(ConnectionClosed):
            while True:
                message = await self.connection.recv()
                self.heard(self, message if isinstance(message, str) else message.decode())


def _keep(client: _Client, text: str) -> None:
    client.unread.append(text)


class Crowd:
    """Clients that are connected; :func:`crowd` makes one."""

    def __init__(self, urls: Sequence[str], options: dict[str, Any]) -> None:
        self._loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._loop.run_forever, name="crowd", daemon=True)
        thread.start()
        self._clients: list[_Client] = []
        self._end = weakref.finalize(self, _end, self._loop, thread, self._clients)
        try:
            self._clients += self._do(_open(urls, {**_OPTIONS, **options}))
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        """Return how many clients there are."""
        return len(self._clients)

    def send(self, text: str | Callable[[int], str]) -> None:
        """Let every client send a text: the same, or what a function makes of its number."""
        texts = [text if isinstance(text, str) else text(number) for number in range(len(self))]
        self._do(_send(list(self._clients), texts))

    def recv(self, timeout: float = 10.0) -> list[str]:
        """Return the next message of every client, in the clients' order, and wait for it.

        Raises TimeoutError where somebody hears nothing in ``timeout`` seconds; what was heard stays unread.
        """
        deadline = time.monotonic() + timeout
        while silent := sum(not client.unread for client in self._clients):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{silent:,} of {len(self):,} clients heard nothing in {timeout:g} s")
            time.sleep(0.002)
        return [client.unread.popleft() for client in self._clients]

    def ids(self) -> list[str]:
        """Return every client's connection id, in the clients' order.

        A client is not told its id. But each may send a text that no route wants, and the error frame that comes back
        names it. So the API must have no ``$default`` route, else this raises ConfigurationError.
        """
        self.send("who am I?")
        try:
            return [str(json.loads(frame)["connectionId"]) for frame in self.recv()]
        except (ValueError, TypeError, KeyError, TimeoutError):
            raise ConfigurationError(
                "no error frame came back that names a connection", hint="an API without a $default route, or a table"
            ) from None

    def hearing(self, of: int | None = None, *, timeout: float = 10.0) -> Heard:
        """Measure a ``with`` block: how long it takes, and after how long each client hears its next message.

        At the end of the block wait until everybody has heard something, or as many as ``of``, for ``timeout`` seconds
        at most. What was unread before is forgotten.
        """
        return Heard(self, len(self) if of is None else of, timeout)

    def leave(self, *numbers: int) -> None:
        """Let the clients of these numbers hang up, as a browser does; the others stay, and move up."""
        self._do(_hang_up(self._without(numbers)))

    def drop(self, *numbers: int) -> None:
        """Cut the lines of these clients without a goodbye, as a dead battery does; the others stay, and move up."""
        self._do(_drop(self._without(numbers)))

    def _without(self, numbers: Sequence[int]) -> list[_Client]:
        gone = [self._clients[number] for number in numbers]
        self._clients[:] = [client for client in self._clients if client not in gone]
        return gone

    def close(self) -> None:
        """Let everybody hang up; harmless where that has been done."""
        self._end()

    def __enter__(self) -> Crowd:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self) -> None:
        if not self._end.alive:
            raise ConfigurationError("this crowd has gone home", hint="open another: crowd(url, count)")

    def _do(self, work: Coroutine[Any, Any, _Answer]) -> _Answer:
        try:
            self._check()
        except ConfigurationError:
            work.close()
            raise
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _tell(self, heard: Callable[[_Client, str], None]) -> None:
        """Hand what clients hear from now on to ``heard``."""
        for client in self._clients:
            client.unread.clear()
            client.heard = heard


class Heard:
    """Who heard something since the block began, and when; ``seconds`` has a figure for each, in order."""

    def __init__(self, crowd: Crowd, of: int, timeout: float) -> None:
        self._crowd: Crowd | None = crowd
        self._timeout = timeout
        self._missing: set[_Client] = set()
        self._enough = threading.Event()
        self._begun = 0.0
        self.of = of
        self.took = 0.0
        self.seconds: list[float] = []

    @property
    def last(self) -> float:
        """Return after how many seconds the last client heard it; not a number where nobody did."""
        return self.seconds[-1] if self.seconds else float("nan")

    def __len__(self) -> int:
        """Return how many clients heard something."""
        return len(self.seconds)

    def __repr__(self) -> str:
        if not self.seconds:
            return f"none of {self.of:,} heard it; the block took {self.took:.2f} s"
        said = f"{len(self):,} of {self.of:,} heard it, the last after {self.last:.2f} s"
        return f"{said}; the block took {self.took:.2f} s"

    def __enter__(self) -> Heard:
        crowd = self._crowd
        assert crowd is not None, "a block is measured once"
        crowd._check()
        self._missing = set(crowd._clients)
        self._begun = time.perf_counter()
        crowd._tell(self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.took = time.perf_counter() - self._begun
        if kind is None and len(self) < self.of:
            self._enough.wait(self._timeout)
        crowd, self._crowd = self._crowd, None  # whoever keeps the figures does not keep the sockets
        assert crowd is not None
        crowd._tell(_keep)

    def _note(self, client: _Client, text: str) -> None:
        """Take the time of a client's first message; called in the crowd's thread alone."""
        if client in self._missing:
            self._missing.discard(client)
            self.seconds.append(time.perf_counter() - self._begun)
            if len(self) >= self.of:
                self._enough.set()


def race(runs: Mapping[str, Heard]) -> Plot:
    """Plot runs by their names: how many clients had heard it after so many seconds, and when each block was done."""
    from . import plot  # here: it is slow to import, and most crowds are not plotted

    figure, axes = plot.axes("seconds", "clients that have heard it", height=2.8)
    colors = cycle((plot.GREY, plot.BLUE, plot.ORANGE, plot.VIOLET, plot.GREEN))
    dashes = cycle(("-", "-", "--", "-.", ":"))  # who sees no colours tells them apart too
    for (name, heard), color, dash in zip(runs.items(), colors, dashes):  # noqa: B905 (cycles have no end)
        axes.plot([0, *heard.seconds], range(len(heard) + 1), color=color, linestyle=dash, label=name)
        axes.plot([heard.took], [0], marker="v", color=color, clip_on=False)
    axes.set(xlim=(0, None), ylim=(0, None))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    said = [f"{name}: {heard}" for name, heard in runs.items()]
    return plot.show(figure, f"{'. '.join(said)}. Triangles mark when each block was done.")


# ── in the crowd's thread ────────────────────────────────────────────────────────────────────────────────────────────


async def _open(urls: Sequence[str], options: dict[str, Any]) -> list[_Client]:
    """Open all connections, so many at a time; where one fails, close what is open and raise."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(url: str) -> _Client:
        async with turns:
            return _Client(await _connect(url, options))

    opened = await asyncio.gather(*(one(url) for url in urls), return_exceptions=True)
    clients = [client for client in opened if isinstance(client, _Client)]
    for fault in opened:
        if isinstance(fault, BaseException):
            await _hang_up(clients)
            raise fault
    for client in clients:
        _listening.add(task := asyncio.ensure_future(client.listen()))
        task.add_done_callback(_listening.discard)
    return clients


_listening: set[asyncio.Future[None]] = set()  # a loop alone does not keep its tasks alive


async def _connect(url: str, options: dict[str, Any]) -> ClientConnection:
    if not cloud.is_local():
        return await connect(cloud.local_url(url), **{"open_timeout": PATIENCE, **options})
    parts = urlsplit(url)
    return await connect(urlunsplit(parts._replace(scheme="ws")), sock=cloud.dial(url), **options)


async def _send(clients: Sequence[_Client], texts: Sequence[str]) -> None:
    await asyncio.gather(*(client.connection.send(text) for client, text in zip(clients, texts, strict=True)))


async def _drop(clients: Sequence[_Client]) -> None:
    for client in clients:
        client.connection.transport.abort()


async def _hang_up(clients: Sequence[_Client]) -> None:
    await asyncio.gather(*(client.connection.close() for client in clients), return_exceptions=True)


def _end(loop: asyncio.AbstractEventLoop, thread: threading.Thread, clients: Sequence[_Client]) -> None:
    """Close the connections and end the thread."""
    asyncio.run_coroutine_threadsafe(_hang_up(clients), loop).result(timeout=30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(timeout=10)
    loop.close()


# ── what the machine allows ──────────────────────────────────────────────────────────────────────────────────────────


def _allow_files(count: int) -> None:
    """Raise this process's limit of open files, which is 256 or 1,024 on many machines; Windows knows none."""
    if sys.platform == "win32":
        return
    import resource

    ends = 2 if cloud.is_local() else 1  # the gateway's own are in this process too
    wanted, least = 2 * ends * count + _FILES, ends * count + _FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < least:
        raise ConfigurationError(
            f"this machine lets a process open {hard:,} files, and {count:,} clients need {least:,}",
            hint=f"fewer clients, or 'ulimit -n {wanted}' before JupyterLab starts",
        )
