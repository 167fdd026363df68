"""The clients of the benchmark, many in one process: reads a job as JSON a line, writes what came of it.

Where rates are measured they speak WebSocket as lean as can be, straight on an asyncio transport: the request is the
same for all, a frame is made once, a reply is not decoded. A library's client costs as much as the server that it
should measure. Where one message's time is measured, the client is `websockets`' own, as a program has it.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

from .processes import raise_the_number_of_files

TEXT = '{"action": "echo", "text": "hello"}'
PATIENCE_SECONDS = 60.0


class NotAccepted(Exception):
    """Hold what a server answered instead of a 101."""


class Line(asyncio.Protocol):
    """One connection. A message goes to who waits for one, or is counted."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.head, self.data, self.count, self.last = True, b"", 0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.data += data
        if self.head:
            head, end, rest = self.data.partition(b"\r\n\r\n")
            if not end:
                return
            self.head, self.data = False, rest
            self._tell(head)
        while (frame := first_frame(self.data)) is not None:
            payload, self.data = frame
            self._tell(payload)

    def _tell(self, what: bytes) -> None:
        if self.answer.done():
            self.count, self.last = self.count + 1, time.perf_counter()
        else:
            self.answer.set_result(what)

    def connection_lost(self, fault: Exception | None) -> None:
        if not self.answer.done():
            self.answer.set_exception(ConnectionError(f"the server hung up ({fault})"))

    async def ask(self, frame: bytes) -> bytes:
        """Send a frame and wait for the next message. Raises ConnectionError where the server has hung up."""
        if self.transport.is_closing():
            raise ConnectionError("the server hung up")
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(frame)
        return await self.answer


def first_frame(data: bytes) -> tuple[bytes, bytes] | None:
    """Return the payload of a server's first frame and what comes after it, or nothing while it is not all there.

    >>> first_frame(b"\\x81\\x02hi\\x81"), first_frame(b"\\x81\\x05hi")
    ((b'hi', b'\\x81'), None)
    """
    if len(data) < 2:
        return None
    length, start = data[1], 2
    if length >= 126:
        start = 4 if length == 126 else 10
        length = int.from_bytes(data[2:start], "big") if len(data) >= start else len(data)
    return (data[start : start + length], data[start + length :]) if len(data) >= start + length else None


def frame_of(text: str) -> bytes:
    """Return a client's text frame; its masking key is zero, so that it is made once and not for each message.

    >>> frame_of("hi")
    b'\\x81\\x82\\x00\\x00\\x00\\x00hi'
    """
    data = text.encode()
    length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + data


def request_to(url: str) -> bytes:
    """Return the request for an upgrade, of the size that a library's has."""
    where = urlsplit(url)
    target = f"{where.path or '/'}{'?' if where.query else ''}{where.query}"
    return (
        f"GET {target} HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nUser-Agent: bench\r\n\r\n"
    ).encode()


async def opened(url: str) -> Line:
    """Open a connection. Raises NotAccepted where the server says no."""
    where = urlsplit(url)
    line = Line(request_to(url))
    await asyncio.get_running_loop().create_connection(lambda: line, where.hostname or "", where.port or 80)
    head = await line.answer
    if not head.startswith(b"HTTP/1.1 101"):
        line.transport.abort()
        raise NotAccepted(head.split(b"\r\n")[0].decode("latin-1"))
    return line


Result = dict[str, Any]


class Clients:
    """The jobs; every public method is one."""

    def __init__(self) -> None:
        self.held: list[Line] = []

    async def connect(self, url: str, count: int, at_once: int) -> Result:
        """Open connections, so many at a time, and keep them."""
        left, times = iter(range(count)), []

        async def some() -> None:
            for _ in left:
                begun = time.perf_counter()
                self.held.append(await opened(url))
                times.append(time.perf_counter() - begun)

        seconds, busy = await timed(lambda: asyncio.gather(*(some() for _ in range(at_once))))
        return {"value": count / seconds, "client": busy, "p99 ms": 1000 * quantile(times, 99)}

    async def echo(self, url: str, count: int) -> Result:
        """Send one message after the other on one connection; the answer is the median in milliseconds."""
        async with connect(url, compression=None, ping_interval=None, proxy=None) as ws:

            async def ask() -> object:
                await ws.send(TEXT)
                return await ws.recv()

            return await median_of(count, ask)

    async def lean_echo(self, url: str, count: int) -> Result:
        """Do the same without a library."""
        line, frame = await opened(url), frame_of(TEXT)
        result = await median_of(count, lambda: line.ask(frame))
        line.transport.abort()
        return result

    async def messages(self, url: str, clients: int, count: int) -> Result:
        """Have many connections each send one message after the other; the answer is messages a second."""
        lines, frame = [await opened(url) for _ in range(clients)], frame_of(TEXT)

        async def some(line: Line, many: int) -> None:
            for _ in range(many):
                await line.ask(frame)

        await asyncio.gather(*(some(line, 3) for line in lines))
        seconds, busy = await timed(lambda: asyncio.gather(*(some(line, count // clients) for line in lines)))
        for line in lines:
            line.transport.abort()
        return {"value": count // clients * clients / seconds, "client": busy}

    async def broadcast(self, url: str, ids: list[str], threads: int) -> Result:
        """Have a function post to all; the answer is the seconds until the last has it and the function has ended."""
        line, receivers = await opened(url), list(self.held)
        await line.ask(frame_of('{"action": "broadcast", "ids": [], "threads": 1}'))
        before = sum(receiver.count for receiver in receivers)
        begun = time.perf_counter()
        answer = json.loads(
            await line.ask(frame_of(json.dumps({"action": "broadcast", "ids": ids, "threads": threads})))
        )
        ended = time.perf_counter()
        while sum(receiver.count for receiver in receivers) - before < len(receivers):
            await asyncio.sleep(0.005)
        line.transport.abort()
        last = max([ended, *(receiver.last for receiver in receivers)])
        return {"value": last - begun, "in the function s": answer["seconds"]}

    async def neighbour(self, url: str) -> Result:
        """Have a function sleep for two seconds, and call the same function from another connection."""
        slow, quick = await opened(url), await opened(url)
        await asyncio.gather(*(line.ask(frame_of(SLEEP % 0.05)) for line in (slow, quick)))  # two warm environments
        sleeping = asyncio.create_task(slow.ask(frame_of(SLEEP % 2)))
        await asyncio.sleep(0.2)
        begun = time.perf_counter()
        await quick.ask(frame_of(SLEEP % 0))
        taken = time.perf_counter() - begun
        await sleeping
        for line in (slow, quick):
            line.transport.abort()
        return {"value": 1000 * taken}

    async def drop(self) -> Result:
        """Cut everything that is held, all at once and without a word."""
        held, self.held = self.held, []
        for line in held:
            line.transport.abort()
        return {"value": len(held)}


SLEEP = '{"action": "sleep", "seconds": %s}'


def quantile(values: list[float], hundredth: int) -> float:
    """Return a quantile of at least two values, in hundredths."""
    return statistics.quantiles(values, n=100)[hundredth - 1] if len(values) > 1 else values[0]


async def median_of(count: int, ask: Callable[[], Awaitable[object]]) -> Result:
    """Ask so often, after some more to warm up; return the median and the 99th percentile in milliseconds."""
    for _ in range(count // 10):
        await ask()
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        await ask()
        times.append(time.perf_counter() - begun)
    return {"value": 1000 * statistics.median(times), "p99 ms": 1000 * quantile(times, 99)}


async def timed(work: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
    """Do it; return the seconds, and which share of them this process was busy."""
    begun, busy = time.perf_counter(), time.process_time()
    await work()
    seconds = time.perf_counter() - begun
    return seconds, (time.process_time() - busy) / seconds


async def work() -> None:
    """Do one job after the other until there are no more."""
    clients, loop = Clients(), asyncio.get_running_loop()
    while job := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(job)
        try:
            result = await asyncio.wait_for(getattr(clients, asked.pop("do"))(**asked), PATIENCE_SECONDS)
        except Exception as fault:
            result = {"fault": f"{type(fault).__name__}: {fault}".rstrip(": ")}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    raise_the_number_of_files()
    asyncio.run(work())
