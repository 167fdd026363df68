"""A client that survives: it knows what it has read, says again what nobody confirmed, and comes back.

``web/chat.js`` is the same client for a browser.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from contextlib import ExitStack
from itertools import count
from types import TracebackType
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection

from ...cloud import connect
from ...gateway.errors import Upgrade101Error

Message = dict[str, Any]


class NotConfirmed(Upgrade101Error):
    """What a member said was not confirmed in time."""


class Diary:
    """What somebody has read of a room: each message once, in order.

    >>> diary = Diary()
    >>> diary.begin(0)
    >>> [diary.take({"number": number}) for number in (1, 2, 2, 4, 3)]
    ['new', 'new', 'old', 'gap', 'new']
    >>> diary.last
    3
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.last: int | None = None  # None before the first answer of the room

    def begin(self, since: int) -> None:
        """Begin after a number; only the first time counts."""
        if self.last is None:
            self.last = since

    def take(self, message: Message) -> str:
        """Write a message down where it is the next: 'new'. Otherwise it is 'old', or there is a 'gap' before it."""
        number = message["number"]
        if self.last is None or number > self.last + 1:
            return "gap"
        if number <= self.last:
            return "old"
        self.messages.append(message)
        self.last = number
        return "new"


class Hearsay(Diary):
    """What somebody writes down who looks at no numbers: whatever comes, as it comes."""

    def begin(self, since: int) -> None:
        """Stay a newcomer, who knows of nothing that was missed."""

    def take(self, message: Message) -> str:
        """Write a message down."""
        self.messages.append(message)
        return "new"


class Member:
    """Somebody in a room: ``with Member(url, "blue", "Ana") as ana: ana.say("hello")``.

    Nothing happens in the background: ``say`` goes on until the room has confirmed what is said, ``read`` takes what
    has come, ``catch_up`` asks for what is missing. ``patience`` is how many seconds an answer may take.

    Three habits can be taken away, to see what each is for: without ``resend`` nothing is said again; without ``ids``
    what is said again counts as new; without ``numbers`` whatever comes is written down as it comes.
    """

    def __init__(
        self,
        url: str,
        room: str,
        name: str,
        *,
        patience: float = 2.0,
        resend: bool = True,
        ids: bool = True,
        numbers: bool = True,
    ) -> None:
        self.url, self.room, self.name = url, room, name
        self.people: list[str] = []
        self.waiting: dict[str, str] = {}  # said and not confirmed, by id
        self.lines = 0  # how many were opened
        self._diary = Diary() if numbers else Hearsay()
        self._resend, self._ids = resend, ids
        self._patience = patience
        self._edition = -1
        self._behind = False
        self._failures = 0
        self._line: ClientConnection | None = None
        self._ends = ExitStack()

    def __enter__(self) -> Member:
        self.catch_up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    @property
    def messages(self) -> list[Message]:
        """Return what was read: number, id, name, text and time of each message."""
        return self._diary.messages

    @property
    def texts(self) -> list[str]:
        """Return the texts that were read."""
        return [message["text"] for message in self.messages]

    def say(self, text: str, seconds: float = 30.0) -> None:
        """Say something until it is confirmed, over as many lines as that takes. Raises NotConfirmed after a while."""
        deadline = time.monotonic() + seconds
        message_id = _new_id()
        self.waiting[message_id] = text
        try:
            self._say(message_id, text)
        except ConnectionClosed:
            self.catch_up()
        while self.waiting:
            if time.monotonic() > deadline:
                raise NotConfirmed(f"nobody confirmed what {self.name} said: {text!r}", hint="does the chat run?")
            self._hear()

    def _hear(self) -> None:
        """Wait for what comes next; where nothing comes, or something is missing, catch up."""
        try:
            assert self._line is not None
            self._take(json.loads(self._line.recv(timeout=self._patience)))
        except (ConnectionClosed, TimeoutError):
            self._behind = True
        if self._behind:
            self.catch_up()

    def read(self, seconds: float = 0.0) -> None:
        """Take what has come, and wait for more until nothing came for so many seconds; close gaps, come back."""
        try:
            while self._line is not None:
                self._take(json.loads(self._line.recv(timeout=seconds)))
        except TimeoutError:
            pass
        except ConnectionClosed:
            self._behind = True
        if self._behind or self._line is None:
            self.catch_up()

    def catch_up(self, seconds: float = 30.0) -> None:
        """Say "here I am, and this is what I have" until nothing is missing, on a new line where that is needed.

        Raises NotConfirmed after a while.
        """
        deadline = time.monotonic() + seconds
        for attempt in count():
            try:
                self._ask()
                if not self._behind:
                    return
            except (ConnectionClosed, InvalidHandshake, TimeoutError, OSError) as fault:
                self._hang_up()
                if time.monotonic() > deadline:
                    raise NotConfirmed(
                        f"{self.name} does not get through: {fault}", hint="does the chat run?"
                    ) from None
                time.sleep(backoff(attempt))

    # ── one line ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _ask(self) -> None:
        self._behind = False
        if self._line is None:
            self._line = self._ends.enter_context(connect(self.url))
            self.lines += 1
        while self._join(self._line):
            pass
        for message_id, text in list(self.waiting.items()):
            del self.waiting[message_id]
            if self._resend:
                message_id = message_id if self._ids else _new_id()
                self.waiting[message_id] = text
                self._say(message_id, text)

    def _join(self, line: ClientConnection) -> bool:
        """Ask for what is missing; tell whether there is more."""
        asked = {"action": "join", "room": self.room, "name": self.name, "since": self._diary.last}
        line.send(json.dumps(asked))
        while True:
            answer = json.loads(line.recv(timeout=self._patience))
            self._take(answer)
            if answer.get("type") == "joined":
                return bool(answer["more"])

    def _say(self, message_id: str, text: str) -> None:
        assert self._line is not None
        self._line.send(json.dumps({"action": "say", "id": message_id, "text": text}))

    def _hang_up(self) -> None:
        self._line = None
        self._ends.close()

    # ── what comes ───────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, message: Message) -> None:
        match message.get("type"):
            case "said":
                self._write_down(message)
            case "joined":
                self._diary.begin(message["since"])
                if not isinstance(self._diary, Hearsay):
                    for each in message["messages"]:
                        self._write_down(each, confirmed=self._ids)
                self._see(message)
            case "people":
                self._see(message)
            case "error":
                self.waiting.pop(message["id"], None)
                raise NotConfirmed(f"the chat refuses what {self.name} asks: {message['error']}", hint="ask otherwise")
            case _:  # a stranger here, or the gateway's error frame: ask what holds, and not at once
                self._behind = True
                time.sleep(backoff(self._failures))
                self._failures += 1

    def _write_down(self, message: Message, *, confirmed: bool = True) -> None:
        if self._diary.take(message) == "gap":
            self._behind = True
        elif confirmed and self.waiting.pop(message["id"], None) is not None:
            self._failures = 0

    def _see(self, message: Message) -> None:
        """Take a list of people, unless a newer one is known."""
        if message["edition"] > self._edition:
            self.people, self._edition = message["people"], message["edition"]


def backoff(attempt: int, *, first: float = 0.02, most: float = 5.0) -> float:
    """Return how many seconds to wait before the next attempt: anything up to twice as much each time.

    >>> 0 <= backoff(3) <= 0.16, 0 <= backoff(5_000) <= 5
    (True, True)
    """
    return random.uniform(0, min(most, first * 2 ** min(attempt, 60)))  # a float ends at 2**1024


def _new_id() -> str:
    return uuid.uuid4().hex[:12]
