"""The clients of the soak: ``python -m benchmarks.strain.guests URL SEED AT-ONCE``.

Each guest leads a short life by dice: asks politely, raves, falls silent, breaks the protocol, or vanishes. What a
guest who has stayed was owed and did not get is a fault. They go on until their input ends, then say what they saw.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import socket
import struct
import sys
import threading
from collections import Counter
from urllib.parse import urlsplit

from websockets.frames import Frame, Opcode

from ..clients import request_to

PATIENCE_SECONDS = 30.0
ASK = {"echo": 50, "big": 5, "parts": 8, "ping": 8, "nobody": 5, "fail": 5, "junk": 6, "hang": 1, "leave": 1}
ASK |= {"post": 5, "pause": 8, "drop": 1, "wait": 10}
ENDS = {"close": 40, "reset": 15, "half": 10, "utf8": 6, "huge": 5, "binary": 5, "eof": 8, "slow": 4, "unasked": 4}
BEGINNINGS = {"": 80, "refuse": 5, "raise": 4, "slow": 4, "early": 3, "garbage": 3, "silent": 1}
CLOSED_WITH = {"utf8": 1007, "huge": 1009, "binary": 1003, "unasked": 1002}

gone: list[str] = []  # ids of connections that have ended, to post to


def choice(dice: random.Random, weighted: dict[str, int]) -> str:
    """Throw the dice."""
    return dice.choices(list(weighted), list(weighted.values()))[0]


class Guest:
    """One client, from its first byte to its last."""

    def __init__(self, url: str, dice: random.Random, seen: Counter[str], faults: list[str]) -> None:
        self.url, self.dice, self.seen, self.faults = url, dice, seen, faults
        self.questions: dict[int, str] = {}  # that are to be answered with their number
        self.errors_due = self.pongs_due = self.number = 0
        self.connection_id = ""
        self.close_code: int | None = None
        self.ended = asyncio.Event()
        self.news = asyncio.Event()
        self.dropping = False

    async def live(self) -> None:
        """Lead one life."""
        where = urlsplit(self.url)
        self.reader, self.writer = await asyncio.open_connection(where.hostname, where.port, limit=2**18)
        try:
            beginning = choice(self.dice, BEGINNINGS)
            self.seen[f"begin {beginning or 'politely'}"] += 1
            if await self.begin(beginning):
                await self.stay()
        finally:
            self.writer.close()
            with contextlib.suppress(OSError):
                await self.writer.wait_closed()

    async def begin(self, beginning: str) -> bool:
        """Knock, in one way or another; tell whether the door opened."""
        if beginning in ("garbage", "silent"):
            if beginning == "garbage":
                self.writer.write(self.dice.randbytes(self.dice.randint(1, 400)))
            await asyncio.sleep(self.dice.random() / 5)
            return False
        url = f"{self.url}?mood={beginning}" if beginning else self.url
        self.writer.write(request_to(url))
        if beginning == "early":
            await asyncio.sleep(self.dice.random() / 100)
            self.reset()
            return False
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE_SECONDS)
        status = int(head.split()[1])
        wanted = {"refuse": 403, "raise": 502}.get(beginning, 101)
        if status != wanted:
            self.faults.append(f"knocked {beginning or 'politely'} and was answered {status}, not {wanted}")
        return status == 101

    async def stay(self) -> None:
        """Ask this and that, then leave in one way or another."""
        self.seen["accepted"] += 1
        listening = asyncio.create_task(self.listen())
        try:
            with contextlib.suppress(ConnectionError):
                for _ in range(self.dice.randint(1, 25)):
                    if not self.ended.is_set():
                        await self.ask(choice(self.dice, ASK))
                await self.leave(choice(self.dice, ENDS), listening)
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await listening
            if self.connection_id:
                gone.append(self.connection_id)
                del gone[:-50]

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def ask(self, what: str) -> None:
        """Ask one thing; the answer is waited for some other time."""
        self.seen[what] += 1
        match what:
            case "pause":
                await asyncio.sleep(self.dice.random() / 4)
            case "wait":
                await self.all_answered()
            case "ping":
                self.pongs_due += 1
                self.frame(Opcode.PING, self.dice.randbytes(self.dice.randint(0, 125)))
            case "echo" | "big" | "parts":
                length = {"echo": self.dice.randint(0, 300), "big": self.dice.randint(20_000, 120_000)}.get(what, 500)
                self.question("echo", what, pad="x" * length)
            case "post":
                known = [*gone, self.connection_id, "AAAAAAAAAAAAAAE=", "?"]
                self.question("post", what, to=[each for each in self.dice.choices(known, k=5) if each])
            case "drop":
                self.dropping = True
                self.question("drop", what)
            case "junk":
                self.junk()
            case _:
                self.errors_due += 1
                self.say(what, what, n=0)
        await self.writer.drain()

    def junk(self) -> None:
        """Have the function return what is no answer: an error frame comes back, whatever it was."""
        self.errors_due += 1
        self.say("junk", "junk", n=self.dice.randrange(8))

    def question(self, action: str, how: str, **also: object) -> None:
        """Ask what is answered with the number of the question."""
        self.number += 1
        self.questions[self.number] = action
        self.say(action, how, n=self.number, **also)

    def say(self, action: str, how: str, **also: object) -> None:
        """Send a message, whole or in parts."""
        data = json.dumps({"action": action, **also}).encode()
        size = 32_000 if how == "big" else max(1, len(data) // 5) if how == "parts" else len(data)
        parts = [data[start : start + size] for start in range(0, len(data), size)]
        for number, part in enumerate(parts):
            self.frame(Opcode.CONT if number else Opcode.TEXT, part, fin=number == len(parts) - 1)
            if how == "parts" and self.dice.random() < 0.3 and number < len(parts) - 1:
                self.pongs_due += 1
                self.frame(Opcode.PING, b"between")

    def frame(self, opcode: Opcode, data: bytes, fin: bool = True) -> None:
        """Send a frame."""
        self.writer.write(Frame(opcode, data, fin).serialize(mask=True))

    # ── listening ────────────────────────────────────────────────────────────────────────────────────────────────

    async def listen(self) -> None:
        """Take in what comes, until the end."""
        try:
            while True:
                opcode, data = await self.next_frame()
                self.hear(opcode, data)
                self.news.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.ended.set()
            self.news.set()

    async def next_frame(self) -> tuple[int, bytes]:
        """Read a frame of the server's, whose messages are never in parts."""
        first, length = await self.reader.readexactly(2)
        if length >= 126:
            length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
        return first & 15, await self.reader.readexactly(length)

    def hear(self, opcode: int, data: bytes) -> None:
        """Strike off what is answered."""
        if opcode == Opcode.PONG:
            self.pongs_due -= 1
        elif opcode == Opcode.CLOSE:
            self.close_code = int.from_bytes(data[:2], "big")
            with contextlib.suppress(ConnectionError):
                self.frame(Opcode.CLOSE, data[:2])
        elif opcode == Opcode.TEXT and data[:1] == b"{":
            self.understand(json.loads(data))

    def understand(self, said: dict[str, object]) -> None:
        """Find the question to an answer."""
        number = said.get("n")
        if isinstance(number, int):
            self.seen["answers"] += 1
            self.connection_id = str(said.get("id") or self.connection_id)
            if number not in self.questions:
                self.faults.append(f"an answer to question {number}, which was not asked, or twice")
            self.questions.pop(number, None)
        elif "message" in said:
            self.seen[f"error {said['message']}"] += 1
            self.errors_due -= 1
            if self.errors_due < 0:
                self.faults.append(f"an error frame too many: {said}; open: {sorted(self.questions.values())}")

    async def all_answered(self) -> None:
        """Wait until nothing is owed, or the connection has ended."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (self.questions or self.errors_due or self.pongs_due) and not self.ended.is_set():
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            owed = f"answers to {sorted(self.questions.values())}, {self.errors_due} errors, {self.pongs_due} pongs"
            self.faults.append(f"waited {PATIENCE_SECONDS:.0f} s for {owed}")
        if self.ended.is_set() and not self.dropping:
            self.faults.append(f"the gateway hung up on a polite client ({self.close_code})")

    # ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def leave(self, end: str, listening: asyncio.Task[None]) -> None:
        """Leave in one way or another."""
        self.seen[f"leave {end}"] += 1
        match end:
            case "close":
                await self.all_answered()
                self.frame(Opcode.CLOSE, struct.pack("!H", self.dice.choice([1000, 1001, 3000, 4321])) + b"bye")
                await self.closed_with(None)
            case "reset":
                self.reset()
            case "half":
                whole = Frame(Opcode.TEXT, b'{"action": "echo"}').serialize(mask=True)
                self.writer.write(whole[: self.dice.randint(1, len(whole) - 1)])
                await self.writer.drain()
                self.reset()
            case "utf8":
                self.frame(Opcode.TEXT, b'{"action": "\xff\xfe"}')
                await self.closed_with(CLOSED_WITH[end])
            case "huge":
                self.frame(Opcode.TEXT, b"x" * self.dice.choice([33_000, 140_000]))
                await self.closed_with(CLOSED_WITH[end])
            case "binary":
                self.frame(Opcode.BINARY, b"\x00\x01")
                await self.closed_with(CLOSED_WITH[end])
            case "unasked":
                self.frame(Opcode.CONT, b"of what?")
                await self.closed_with(CLOSED_WITH[end])
            case "eof":
                self.writer.write_eof()
                await self.closed_with(None)
            case "slow":
                await self.be_slow(listening)

    async def closed_with(self, code: int | None) -> None:
        """Wait until the gateway hangs up, with a code where one is due."""
        try:
            await asyncio.wait_for(self.ended.wait(), PATIENCE_SECONDS)
        except TimeoutError:
            self.faults.append(f"the gateway did not hang up (close {code})")
        if code is not None and self.close_code != code and not self.dropping:
            self.faults.append(f"closed with {self.close_code}, not {code}")

    async def be_slow(self, listening: asyncio.Task[None]) -> None:
        """Have a flood posted, do not read for a while, then read on or vanish."""
        await self.all_answered()
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        was_over = self.reader.at_eof()
        self.ended.clear()
        self.question("flood", "echo")
        await asyncio.sleep(self.dice.uniform(0.2, 2.0))
        if self.dice.random() < 0.5 or was_over:
            self.reset()
            return
        reading = asyncio.create_task(self.listen())
        await self.all_answered()
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
        self.reset()

    def reset(self) -> None:
        """Cut the connection without a word, so that the other side sees a reset."""
        line = self.writer.get_extra_info("socket")
        if line is not None:
            with contextlib.suppress(OSError):
                line.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
                )
        self.writer.transport.abort()


async def crowd(url: str, seed: int, at_once: int) -> None:
    """Let guests live one after the other, so many at once, until the input ends."""
    seen: Counter[str] = Counter()
    faults: list[str] = []
    over = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=listen, daemon=True).start()

    async def seat(number: int) -> None:
        dice = random.Random(f"{seed}/{number}")
        while not over.is_set():
            try:
                await Guest(url, dice, seen, faults).live()
            except ConnectionError:
                seen["the line broke"] += 1
            except Exception as fault:
                faults.append(f"{type(fault).__name__}: {fault}")

    await asyncio.gather(*(seat(number) for number in range(at_once)))
    print(json.dumps({"seen": seen, "faults": faults}), flush=True)


if __name__ == "__main__":
    asyncio.run(crowd(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
