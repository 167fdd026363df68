"""What is measured: each case is one number for each server and round."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .contestants import BARE, CONTESTANTS, GATEWAY, HOOK, MINISTACK, OFFLINE, SERVED, THREAD
from .processes import Crew, Peak, Server, raise_the_number_of_files

Result = dict[str, Any]
Measure = Callable[[Server, Crew, int], Result]

CLOSING_AT_MOST = {OFFLINE: 100, MINISTACK: 300}  # it starts a process for each: a thousand would take 16 GB


@dataclass(frozen=True)
class Case:
    """One row of the table.

    ``count`` is how much of it a round does; ``reference`` is whom the ratio compares with, ``target`` the bound of
    the ratio, or, where there is no reference, of the number itself.
    """

    name: str
    title: str
    unit: str
    measure: Measure
    contestants: tuple[str, ...]
    count: int
    reference: str = ""
    target: float | None = None
    more_is_better: bool = False
    rounds: int = 7
    fresh: bool = False  # a server of its own for each round
    note_ids: bool = False
    variant: str = "plain"
    digits: int = 0

    def reaches(self, value: float) -> bool:
        """Tell whether a ratio, or a number, is within the target."""
        assert self.target is not None
        return value >= self.target if self.more_is_better else value <= self.target

    def share_of(self, contestant: str, quick: bool) -> int:
        """Return how much of the count a contestant is given."""
        return max(20, int(self.count * CONTESTANTS[contestant].pace / (4 if quick else 1)))


def _asked(server: Server, crew: Crew, count: int, **asked: Any) -> Result:
    """Have the clients do something, and note the CPU time of the server and its functions for each."""
    before = server.busy_seconds()
    result = crew.ask(url=server.url, count=count, **asked)
    return {**result, "cpu": 1e6 * (server.busy_seconds() - before) / count}


def _connect(at_once: int) -> Measure:
    def measure(server: Server, crew: Crew, count: int) -> Result:
        crew.ask("connect", url=server.url, count=at_once, at_once=at_once)  # warms as many environments
        result = _asked(server, crew, count, do="connect", at_once=at_once)
        _leave(server, crew)
        return result

    return measure


def _leave(server: Server, crew: Crew) -> None:
    gone = server.gone()
    dropped = crew.ask("drop")["value"]
    server.settle(gone + dropped if gone else 0)


def _echo(server: Server, crew: Crew, count: int) -> Result:
    return _asked(server, crew, count, do="echo")


def _lean_echo(server: Server, crew: Crew, count: int) -> Result:
    return _asked(server, crew, count, do="lean_echo")


def _messages(server: Server, crew: Crew, count: int) -> Result:
    result = _asked(server, crew, max(100, count), do="messages", clients=50)
    server.settle()
    return result


def _fan_out(threads: int) -> Measure:
    def measure(server: Server, crew: Crew, count: int) -> Result:
        if server.module == "bare":  # the floor posts to nobody
            ids = ["AAAAAAAAAAAAAAA="] * count
        else:
            before = len(server.noted("CAME_FILE"))
            crew.ask("connect", url=server.url, count=count, at_once=1)  # serverless-offline loses messages otherwise
            ids = server.noted("CAME_FILE")[before:]
        result = crew.ask("broadcast", url=server.url, ids=ids, threads=threads)
        _leave(server, crew)
        return {**result, "value": 1000 * result["value"] / count}

    return measure


def _held(server: Server, crew: Crew, count: int) -> Result:
    """Return KB of memory for each connection, of the process that holds them."""
    crew.ask("connect", url=server.url, count=50, at_once=20)
    server.settle()
    before = server.resident()
    count = min(count, raise_the_number_of_files() - 500)
    opened = crew.ask("connect", url=server.url, count=count, at_once=20)
    server.settle()
    result = {"value": (server.resident() - before) / count / 1024, "held": count, "opened/s": opened["value"]}
    result["echo p50 ms"] = crew.ask("echo", url=server.url, count=200)["value"]
    busy = server.busy_seconds()
    time.sleep(1)
    result["idle % of a core"] = 100 * (server.busy_seconds() - busy)
    _leave(server, crew)
    return result


def _closing(server: Server, crew: Crew, count: int) -> Result:
    """Return the seconds until ``$disconnect`` has run for everybody who left at once."""
    count = min(count, CLOSING_AT_MOST.get(server.name, count))
    crew.ask("connect", url=server.url, count=count, at_once=20)
    server.settle()
    gone, processes = server.gone(), len(server.tree())
    with Peak(server) as peak:
        begun = time.monotonic()
        crew.ask("drop")
        while server.gone() - gone < count and time.monotonic() - begun < 60:
            time.sleep(0.005)
        seconds = time.monotonic() - begun
    return {
        "value": 1000 * seconds / count,
        "closed": count,
        "$disconnect": server.gone() - gone,
        "new processes": peak.processes - processes,
        "threads": peak.threads,
        "MB": peak.resident / 2**20,
    }


def _neighbour(server: Server, crew: Crew, _: int) -> Result:
    return crew.ask("neighbour", url=server.url)


def _start_up(server: Server, crew: Crew, _: int) -> Result:
    crew.ask("echo", url=server.url, count=1)
    return {"value": time.monotonic() - server.started_at}


EVERYBODY = (BARE, THREAD, GATEWAY, MINISTACK, OFFLINE)
WITH_FUNCTIONS = (GATEWAY, MINISTACK, OFFLINE)
WRITERS = (THREAD, GATEWAY, MINISTACK, OFFLINE)

CASES = (
    Case("round-trip", "a message there and back, 1 client, p50", "ms", _echo, EVERYBODY, 600, BARE, 2.0, digits=3),
    Case("round-trip-lean", "the same, the client without a library", "ms", _lean_echo, EVERYBODY, 600, BARE, digits=3),
    Case("messages", "messages, 50 clients", "/s", _messages, EVERYBODY, 4000, THREAD, 0.75, True),
    Case("connect", "connections, 20 at a time", "/s", _connect(20), EVERYBODY, 600, BARE, 0.7, True),
    Case("connect-1", "connections, one at a time", "/s", _connect(1), EVERYBODY, 300, BARE, None, True),
    Case(
        "fan-out",
        "a function posts to 1,000, one after the other",
        "s",
        _fan_out(1),
        (HOOK, *WITH_FUNCTIONS),
        1000,
        HOOK,
        1.25,
        rounds=3,
        note_ids=True,
        digits=2,
    ),
    Case(
        "fan-out-32",
        "a function posts to 1,000 from 32 threads",
        "s",
        _fan_out(32),
        (HOOK, *WITH_FUNCTIONS),
        1000,
        HOOK,
        1.25,
        rounds=3,
        note_ids=True,
        digits=2,
    ),
    Case("held", "10,000 held, memory each", "KB", _held, EVERYBODY, 10_000, BARE, 1.0, rounds=1, fresh=True, digits=1),
    Case(
        "closing",
        "1,000 close at once, $disconnect each",
        "ms",
        _closing,
        WITH_FUNCTIONS,
        1000,
        rounds=3,
        fresh=True,
        digits=2,
    ),
    Case(
        "neighbour",
        "another's reply while a function sleeps 2 s",
        "ms",
        _neighbour,
        (THREAD, *WITH_FUNCTIONS),
        1,
        target=5.0,
        digits=1,
    ),
    Case(
        "start-up",
        "from the start to the first reply",
        "s",
        _start_up,
        (BARE, GATEWAY, SERVED, MINISTACK, OFFLINE),
        1,
        rounds=3,
        fresh=True,
        digits=2,
    ),
)

CASES_WITH_DYNAMODB = (
    Case(
        "round-trip-dynamodb",
        "a message there and back, 1 client, p50",
        "ms",
        _echo,
        WRITERS,
        300,
        THREAD,
        digits=2,
        rounds=3,
        variant="dynamodb",
    ),
    Case(
        "messages-dynamodb",
        "messages, 50 clients",
        "/s",
        _messages,
        WRITERS,
        2000,
        THREAD,
        None,
        True,
        rounds=3,
        variant="dynamodb",
    ),
    Case(
        "connect-dynamodb",
        "connections, 20 at a time",
        "/s",
        _connect(20),
        WRITERS,
        400,
        THREAD,
        None,
        True,
        rounds=3,
        variant="dynamodb",
    ),
)

ALL = {case.name: case for case in (*CASES, *CASES_WITH_DYNAMODB)}
