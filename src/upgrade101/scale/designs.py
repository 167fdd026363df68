"""Four ways to tell everybody: what each does, as a process.

``loop``     the function behind the route reads the table and posts, one connection after another
``queue``    it puts the ids into SQS, a hundred to a message; functions take them from there
``shards``   it publishes to SNS; a function for each part of the table reads that part and posts
``managed``  it publishes to a service that knows who listens (AppSync Events), which sends by itself
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .engine import Process
from .fanout import FanOut, Posting

KILLED = "the function's time"  # it is ended, and what it has not done is lost
CALLER = "the caller's patience"  # after 29 s it reads “Endpoint request timed out”
DOOR = "the door"  # so many cannot be connected at once
_MANAGED_STEPS = 20


def loop(fan_out: FanOut) -> None:
    """Let one function do everything."""
    fan_out.simulation.start(_route(fan_out, _read_and_post(fan_out, fan_out.connections)))


def shards(fan_out: FanOut) -> None:
    """Let a function for each part of the table do its share; the function behind the route only publishes."""
    numbers = fan_out.numbers
    fan_out.simulation.start(_route(fan_out, _wait(numbers.notice_seconds)))
    parts = min(numbers.shards, numbers.functions_at_once) // fan_out.lump
    whole, more = divmod(fan_out.connections, parts)
    for part in range(parts):
        share = whole + (part < more)
        if share:
            fan_out.simulation.start(_function(fan_out, _read_and_post(fan_out, share)), numbers.notice_seconds)


def managed(fan_out: FanOut) -> None:
    """Let the service send; the function behind the route only publishes."""
    fan_out.simulation.start(_route(fan_out, _wait(fan_out.numbers.notice_seconds)))
    fan_out.simulation.start(_service(fan_out), fan_out.numbers.notice_seconds)


def queue(fan_out: FanOut) -> None:
    """Let functions that take from a queue do it, more and more of them while messages wait."""
    Queue(fan_out).start()


DESIGNS: Mapping[str, Callable[[FanOut], None]] = MappingProxyType(
    {"loop": loop, "queue": queue, "shards": shards, "managed": managed}
)
"""The four designs by name."""


def _wait(seconds: float) -> Posting:
    yield seconds
    return 0


def _route(fan_out: FanOut, work: Posting) -> Process:
    """Run the function behind the route, for which the caller waits."""
    fan_out.simulation.start(_caller(fan_out), fan_out.numbers.integration_seconds)
    fan_out.caller_waits = True
    yield from _function(fan_out, work)
    fan_out.caller_waits = False


def _caller(fan_out: FanOut) -> Process:
    if fan_out.caller_waits:
        fan_out.broke(CALLER)
    yield 0.0


def _function(fan_out: FanOut, work: Posting) -> Process:
    started = fan_out.now
    left = yield from work
    fan_out.ran(started)
    if left:
        fan_out.broke(KILLED)


def _read_and_post(fan_out: FanOut, count: int) -> Posting:
    """Read the table page by page and post to each page's connections before the next."""
    numbers, deadline = fan_out.numbers, fan_out.now + fan_out.numbers.function_seconds
    while count and fan_out.now < deadline:
        yield min(numbers.page_seconds, deadline - fan_out.now)
        page = min(count, numbers.page_ids * fan_out.lump)
        left = yield from fan_out.post(page, deadline)
        count -= page - left
    return count


def _service(fan_out: FanOut) -> Process:
    left = fan_out.connections
    for step in range(_MANAGED_STEPS, 0, -1):
        share = -(-left // step)
        yield share / fan_out.numbers.managed_messages_per_second
        fan_out.deliveries.append((fan_out.now, share))
        left -= share


class Queue:
    """SQS and the functions that take from it. What a function cannot finish, the queue hands out again."""

    def __init__(self, fan_out: FanOut) -> None:
        self.fan_out, self.numbers = fan_out, fan_out.numbers
        self.waiting = 0  # connections named by messages in the queue
        self.filled = False
        self.running = 0

    def start(self) -> None:
        """Let the function behind the route fill the queue, and others empty it."""
        self.fan_out.simulation.start(_route(self.fan_out, self._fill()))
        self.fan_out.simulation.start(self._hire())

    def _fill(self) -> Posting:
        numbers, left = self.numbers, self.fan_out.connections
        deadline = self.fan_out.now + numbers.function_seconds
        while left and self.fan_out.now < deadline:
            page = min(left, numbers.page_ids)
            messages = -(-page // numbers.ids_per_queue_message)
            calls = -(-messages // numbers.queue_messages_per_call)
            yield numbers.page_seconds + calls * numbers.queue_call_seconds
            self.waiting += page
            left -= page
        self.filled = True
        return left

    def _hire(self) -> Process:
        """Add a worker now and then, while messages wait and more may run."""
        numbers, lump = self.numbers, self.fan_out.lump
        most = max(1, min(numbers.workers, numbers.functions_at_once) // lump)
        first = max(1, numbers.workers_at_first // lump)
        while self.waiting or not self.filled:
            if not self.waiting:
                yield numbers.queue_call_seconds
                continue
            if self.running >= min(first, most):
                yield 60 / numbers.workers_more_per_minute * lump
            if self.running < most and self.waiting:
                self.running += 1
                self.fan_out.simulation.start(self._work())

    def _work(self) -> Process:
        fan_out, message = self.fan_out, self.numbers.ids_per_queue_message * self.fan_out.lump
        while self.waiting:
            taken = min(self.waiting, message)
            self.waiting -= taken
            started = fan_out.now
            left = yield from fan_out.post(taken, started + self.numbers.function_seconds)
            self.waiting += left
            fan_out.ran(started)
        self.running -= 1
