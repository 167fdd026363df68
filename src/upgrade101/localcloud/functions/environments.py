"""Execution environments: what those in threads and those in child processes have in common.

One invocation at a time runs in an environment; eight at once need eight environments, with eight sets of globals
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from ...gateway.loop import Loop, Seat
from . import runtime, surroundings
from .function_log import FunctionLog, LogListener, Record
from .modules import Code
from .specs import Document, FunctionSpec, Start

log = logging.getLogger(__name__)

INIT_SECONDS = (
    10.0  # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
)

_MOMENT = 0.001  # seconds that an invocation may take in a thread that leads the gateway's loop


@dataclass(slots=True)
class Result:
    """What an invocation came to: JSON text, the error's type or '', and its log."""

    payload: str
    error: str = ""
    log: Record = ()


class Execution:
    """One invocation on its way through an environment; settled once, by whoever comes first.

    ``make_event`` makes the event for the handler, which may change what it gets.
    """

    def __init__(
        self,
        make_event: Callable[[], Any],
        finished: Callable[[Result], None],
        *,
        function_arn: str,
        request_id: str = "",
        caller_request_id: str = "",
        client_context: Document | None = None,
    ) -> None:
        self.make_event = make_event
        self.finished = finished
        self.function_arn = function_arn
        self.request_id = request_id or _new_request_id()
        self.caller_request_id = caller_request_id or self.request_id
        self.client_context = client_context
        self.among: set[Execution] | None = None  # those that have no answer yet
        self._claim = threading.Lock()

    def claim(self) -> bool:
        """Tell whether the caller is the first to have an answer, and so the one who gives it."""
        return self._claim.acquire(blocking=False)

    def finish(self, result: Result) -> None:
        """Give the answer; only for who has claimed it."""
        try:
            with surroundings.outside():
                self.finished(result)
        except Exception:
            log.exception("nobody could take the answer of invocation %s", self.request_id)
        finally:
            if self.among is not None:
                self.among.discard(self)


_chance = random.Random()  # our own: a handler may seed the common one


def _new_request_id() -> str:
    """Return a UUID of version 4, without the detour over UUID, which takes five times as long."""
    text = f"{_chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What all environments of a local cloud have in common."""

    environment: Callable[[Owner], Environment]  # makes one
    max_environments: int = 50  # of one function
    idle_seconds: float = 300.0
    init_seconds: float = INIT_SECONDS
    variables: dict[str, str] = field(default_factory=dict)
    also: frozenset[str] = frozenset()  # packages that functions may import beyond AWS's own
    listeners: list[LogListener] = field(default_factory=list)
    endpoint: Callable[[], str] = str  # where child processes reach the cloud, 'http://127.0.0.1:4566' say
    latency: Callable[[], Mapping[str, float]] = dict  # seconds that child processes wait in a call, by service
    loop: Callable[[], Loop | None] = lambda: None  # the gateway's, which the thread of an idle environment may lead
    start: Callable[[Path], Start | None] = lambda folder: None  # how child processes with code there are started


class Owner(Protocol):
    """Whom an environment belongs to."""

    spec: FunctionSpec
    code: Code
    settings: Settings
    pace: float  # seconds that an invocation takes: quick to fall, slow to rise
    leading: Environment | None  # the one whose thread leads the gateway's loop

    def session(self) -> Any:
        """Return the default boto3 session of the function."""

    def watch(self, environment: Environment, execution: Execution, seconds: float) -> None:
        """Call ``environment.expire(execution)`` in so many seconds; a later call replaces this one."""

    def unwatch(self, environment: Environment) -> None:
        """Call it no more."""

    def release(self, environment: Environment) -> Execution | None:
        """Take an environment back: it gets the next waiting invocation, or is idle from now on."""

    def lost(self, environment: Environment) -> None:
        """Take note that an environment is of no more use."""

    def dismiss(self, environment: Environment) -> bool:
        """Tell whether an environment that has been idle for long may end."""

    def ended(self, environment: Environment) -> None:
        """See to what the environment leaves behind."""


@dataclass(slots=True)
class Ending:
    """How a handler, or its import, ended."""

    payload: str
    error: str = ""
    record: str = ""  # what goes into the log
    status: str = ""  # what the REPORT line says


class Environment:
    """An execution environment: created cold, used warm, ended when it idles, breaks or is out of date."""

    max_memory_used: int | None = None  # MB, where it is known
    may_lead = False

    def __init__(self, owner: Owner) -> None:
        self.spec = owner.spec
        self.log = FunctionLog(owner.spec, owner.settings.listeners, owner.code.shown_as)
        self.execution: Execution | None = None  # the one that runs, or ran last
        self.broken = False  # of no more use after this invocation
        self._owner = owner
        self._cold = True
        self._inbox: SimpleQueue[Execution | None] = SimpleQueue()
        self._seat = Seat()
        self._led: Loop | None = None  # the loop that its thread leads, or is about to
        self._serving = self._over = False
        name = f"lambda {self.spec.function_name} {self.log.stream_name[-6:]}"
        self.thread = threading.Thread(target=self._live, name=name, daemon=True)

    # ── what its kind does ───────────────────────────────────────────────────────────────────────────────────────

    def _enter(self) -> None:
        """Make the environment's own thread ready."""

    def _leave(self) -> None:
        """Let go of everything; the last thing that the environment's own thread does."""

    def _start(self, execution: Execution) -> Ending | None:
        """Start cold: get the code, import the handler's module; nothing where that went well."""
        raise NotImplementedError

    def _invoke(self, execution: Execution) -> Ending:
        """Run the handler."""
        raise NotImplementedError

    def _halt(self) -> None:
        """Stop what runs, by force, as far as that can be done at once; from any thread, any number of times."""

    def left_behind(self) -> list[threading.Thread]:
        """Return what the handler started in this process and did not end."""
        return []

    def give_up(self) -> list[threading.Thread]:
        """Stop everything; return the threads in which something still runs."""
        self._halt()
        return []

    # ── its life ─────────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, execution: Execution) -> None:
        """Run this invocation next: on the spot where this is its own thread, and leads the gateway's loop."""
        self.execution = execution
        loop = self._owner.settings.loop()
        if loop is not None and loop.leads():
            loop.like(self._owner)
            if self._led is loop and not self._serving and self.thread.ident == threading.get_ident():
                self._serve_leading(loop, execution)
                return
        if self.thread.ident is None:
            with surroundings.outside():
                self.thread.start()
        self._put(execution)

    def end(self) -> None:
        """End as soon as nothing runs."""
        self._put(None)

    def _put(self, execution: Execution | None) -> None:
        self._inbox.put(execution)
        led = self._led
        if led is not None:
            led.wake()

    def expire(self, execution: Execution) -> bool:
        """Give a timed-out invocation its answer; tell whether it was still without one. Its environment is lost."""
        if not execution.claim():
            return False
        self._halt()
        seconds = self.spec.timeout
        document = runtime.timeout_document(seconds, execution.request_id)
        record = runtime.timeout_line(seconds, execution.request_id)
        ending = Ending(json.dumps(document), document["errorType"], record, "timeout")
        result = self._close_log(execution, ending, seconds, None)
        self._retire()
        execution.finish(result)
        return True

    def _live(self) -> None:
        self._enter()
        try:
            while not self._over and (execution := self._wait()) is not None:
                self._serve(execution)
        finally:
            self._halt()
            self._leave()
            self._owner.ended(self)

    def _serve(self, execution: Execution) -> None:
        """Run an invocation, and those that wait for the environment."""
        following: Execution | None = execution
        while following is not None:
            following = self._serve_one(following)

    def _serve_one(self, execution: Execution) -> Execution | None:
        result = self._run(execution)
        if result is None:  # timed out meanwhile: nobody waits for it, and the environment is lost already
            self._over = True
            return None
        if self.broken:
            self._over = True
            self._retire()
            execution.finish(result)
            return None
        following = self._owner.release(self)  # before the answer: who has it may invoke again at once
        execution.finish(result)
        return following

    def _serve_leading(self, loop: Loop, execution: Execution) -> None:
        """Run an invocation in the midst of the loop's work; if it is known to take long, not as who leads."""
        if self._owner.pace > _MOMENT:
            loop.resign(self._seat)
        job = loop.away(self._seat)
        self._serving = True
        self._enter()
        try:
            self._serve(execution)
        finally:
            surroundings.leave()
            self._serving = False
            loop.back(job)

    def _lead(self, loop: Loop) -> None:
        """Lead the gateway's loop, and run what comes in the midst of it, until the lead is lost."""
        self._led = loop
        self._owner.leading = self
        try:
            with surroundings.outside():
                if loop.lead(self._seat):
                    self._attend(loop)
                    loop.resign(self._seat)
        finally:
            self._led = None
            if self._owner.leading is self:
                self._owner.leading = None

    def _attend(self, loop: Loop) -> None:
        while not self._over:
            loop.attend(lambda: self._over or not self._inbox.empty(), self._seat)
            if self._over or not loop.leads() or self._inbox.empty():
                return
            execution = self._inbox.get_nowait()  # from another thread: boto3's invoke, say
            if execution is None:
                self._over = True
            else:
                self._serve_leading(loop, execution)

    def _wait(self) -> Execution | None:
        while True:
            loop = self._owner.settings.loop()
            if loop is not None and self._owner.pace <= _MOMENT and loop.likes(self._owner) and self.may_lead:
                self._lead(loop)
                if self._over:
                    return None
            try:
                return self._inbox.get(timeout=self._owner.settings.idle_seconds)
            except Empty:
                if self._owner.dismiss(self):
                    return None

    def _retire(self) -> None:
        self.log.close()
        self._owner.lost(self)

    # ── one invocation ───────────────────────────────────────────────────────────────────────────────────────────

    def _run(self, execution: Execution) -> Result | None:
        self.execution = execution
        self.log.begin(execution.caller_request_id)
        ending, init_seconds = None, None
        began = time.monotonic()
        if self._cold:
            ending = self._start(execution)
            self._cold = False
            init_seconds = time.monotonic() - began
            began = time.monotonic()
        ending = ending or self._invoke(execution)
        seconds = time.monotonic() - began
        if not execution.claim():
            return None
        self._owner.unwatch(self)
        pace = self._owner.pace
        self._owner.pace = seconds if seconds < pace else pace + (seconds - pace) / 8
        return self._close_log(execution, ending, seconds, init_seconds)

    def _close_log(self, execution: Execution, ending: Ending, seconds: float, init_seconds: float | None) -> Result:
        if ending.record:
            self.log.record(ending.record)
        report = (seconds, self.spec.memory_size, init_seconds, ending.status, self.max_memory_used)
        return Result(ending.payload, ending.error, self.log.end(execution.request_id, *report))

    def _failed(self, document: Document) -> Ending:
        payload = self._owner.code.shown_as(json.dumps(document))
        return Ending(payload, document["errorType"], runtime.error_lines(document))

    def _exited(self, document: Document) -> Ending:
        status = f"error\tError Type: {document['errorType']}"
        return Ending(json.dumps(document), document["errorType"], runtime.exit_lines(document), status)
