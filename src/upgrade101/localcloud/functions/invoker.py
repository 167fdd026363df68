"""Lambda on this machine: the functions that moto keeps, run in execution environments of their own.

The gateway invokes through :class:`Functions` (its port ``Invoke``); boto3's ``lambda.invoke`` and moto's event sources
run the same code. An environment is a thread of this process, where a function that takes too long is answered for on
time and given up, or a child process, where it is killed.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from json.scanner import make_scanner
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from ...gateway.errors import ConfigurationError
from ...gateway.loop import Loop
from ...gateway.ports import Invocation, Outcome
from . import event_sources, function_log, log_shelf, moto_lambda, pollers, runtime, surroundings
from .environments import INIT_SECONDS, Environment, Execution, Owner, Result, Settings
from .function_log import LogListener
from .moto_lambda import Answer, Throttled
from .permissions import Permissions
from .pollers import Pollers
from .pools import Pools
from .processes import MOST_AT_ONCE, ProcessEnvironment
from .specs import Document, Start
from .threads import ThreadEnvironment
from .waiting import Waiting

log = logging.getLogger("upgrade101.functions")

outside = surroundings.outside

THREADS, PROCESSES = "threads", "processes"
_KINDS: dict[str, tuple[Callable[[Owner], Environment], int]] = {
    THREADS: (ThreadEnvironment, 50),
    PROCESSES: (ProcessEnvironment, MOST_AT_ONCE),
}
_VARIABLES = {
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # moto does not know the hosts of single accounts
    "AWS_CONFIG_FILE": os.devnull,  # a function knows nothing of the learner's own profiles
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def current() -> tuple[str, str] | None:
    """Return name and request id of the function that runs in this thread, or nothing.

    The request id is the one under which it was asked for: for a WebSocket API ``requestContext.requestId``.

    >>> current() is None
    True
    """
    environment = surroundings.inside()
    if not isinstance(environment, Environment):
        return None
    execution = environment.execution
    return environment.spec.function_name, execution.caller_request_id if execution else ""


class Functions:
    """Every Lambda function that moto knows, ready to run; the gateway's port ``Invoke``.

    ``on_log`` holds the listeners to what functions print and log. At most ``max_environments`` invocations of a
    function run at once (50 in threads, 16 in processes), more wait for their turn. ``variables`` are seen by every
    function; ``also`` names packages that functions may import although AWS's own environments lack them. ``run_in`` is
    ``"threads"`` or ``"processes"``; processes reach the cloud at what ``endpoint`` returns, and are started by the
    command that ``wrap`` returns for the folder of their code, where it returns one: a sandbox.
    """

    def __init__(
        self,
        *,
        max_environments: int | None = None,
        idle_seconds: float = 300.0,
        init_seconds: float = INIT_SECONDS,
        variables: Mapping[str, str] = _VARIABLES,
        also: Iterable[str] = (),
        run_in: str = THREADS,
    ) -> None:
        if run_in not in _KINDS:
            raise ConfigurationError(f"functions cannot run in {run_in!r}", hint=" or ".join(map(repr, _KINDS)))
        kind, most = _KINDS[run_in]
        self.run_in = run_in
        self.endpoint: Callable[[], str] = str
        self.latency: Callable[[], Mapping[str, float]] = dict
        self.loop: Callable[[], Loop | None] = lambda: None
        self.start: Callable[[Path], Start | None] = lambda folder: None
        self.on_log: list[LogListener] = []
        self._settings = Settings(
            kind,
            max_environments or most,
            idle_seconds,
            init_seconds,
            variables=dict(variables),
            also=frozenset(also),
            listeners=self.on_log,
            endpoint=lambda: self.endpoint(),
            latency=lambda: self.latency(),
            loop=lambda: self.loop(),
            start=lambda folder: self.start(folder),
        )
        self._permissions = Permissions()
        self._pools: Pools | None = None
        self._batches = event_sources.Queues()
        self._pollers = Pollers(self._start_batch)
        self._waiting = Waiting(self._submit)
        self._open: set[Execution] = set()

    # ── the port ─────────────────────────────────────────────────────────────────────────────────────────────────

    def __call__(self, invocation: Invocation, done: Callable[[Outcome], None]) -> None:
        """Start an invocation and return at once; ``done`` must not block, and is called once, from any thread."""
        function = moto_lambda.find(invocation.function_arn)
        if function is None:
            done(Outcome(error="ResourceNotFoundException", not_invoked=True))
            return
        complaint = self._complaint(function, invocation)
        if complaint:
            log.warning("%s", complaint)
            done(Outcome(_failure("AccessDeniedException", complaint), "AccessDeniedException", not_invoked=True))
            return

        def finished(result: Result) -> None:
            done(Outcome(_read(result.payload), result.error))

        arn, request_id = invocation.function_arn, invocation.request_id
        execution = Execution(lambda: invocation.event, finished, function_arn=arn, caller_request_id=request_id)
        try:
            self._submit(function, execution)
        except Throttled as throttled:
            log.warning("%s", throttled.explanation)
            done(Outcome(error="TooManyRequestsException", not_invoked=True))

    def _complaint(self, function: Any, invocation: Invocation) -> str:
        """Return why API Gateway may not invoke a function, or ''; who calls for no route may always."""
        if invocation.credentials_arn:
            if moto_lambda.role_exists(invocation.credentials_arn):
                return ""
            return f"there is no role {invocation.credentials_arn}, with which API Gateway is to invoke → create_role"
        if not invocation.source_arn:
            return ""
        arn = invocation.function_arn
        arn = arn if arn.startswith("arn:") else function.function_arn
        return self._permissions.complaint(function.policy, arn, invocation.source_arn)

    def invoke(self, function_name: str, event: Any) -> Answer:
        """Invoke a function by its name or ARN and wait for the answer.

        Raises ConfigurationError where there is no such function, Throttled where it runs too often already.
        """
        function = moto_lambda.find(function_name)
        if function is None:
            raise ConfigurationError(f"there is no function {function_name!r}", hint="create_function makes one")
        arn = function_name if function_name.startswith("arn:") else function.function_arn
        return self._run(function, json.dumps(event), arn, None)

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until no invocation runs or waits; tell whether it came to that in time."""
        deadline = time.monotonic() + seconds
        while self._open or not self._pollers.idle() or not self._waiting.idle() or self._open:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    # ── what moto asks for ───────────────────────────────────────────────────────────────────────────────────────

    def run(self, function: Any, event: str, *, client_context: Document | None = None) -> Answer:
        """Run one of moto's functions and wait for the answer. Raises Throttled."""
        return self._run(function, event, function.function_arn, client_context)

    def _run(self, function: Any, event: str, function_arn: str, client_context: Document | None) -> Answer:
        results: SimpleQueue[Result] = SimpleQueue()
        execution = Execution(
            partial(json.loads, event), results.put, function_arn=function_arn, client_context=client_context
        )
        self._submit(function, execution)
        result = results.get()
        tail = runtime.tail(function_log.text(result.log))
        return Answer(result.payload, result.error, tail, execution.request_id, str(function.version))

    def begin(self, function: Any, event: str, *, client_context: Document | None = None) -> str:
        """Start one of moto's functions, as ``InvocationType="Event"`` does; return the request id.

        It waits where no more may run at once; what fails is not tried again.
        """
        arn = function.function_arn
        execution = Execution(partial(json.loads, event), _ignore, function_arn=arn, client_context=client_context)
        self._waiting.submit(function, execution)
        return execution.request_id

    def from_event_source(self, function: Any, event: str) -> None:
        """Start what an event source brings; a queue's messages come by way of ``pollers``."""
        if event_sources.is_ordered(event):
            self._run_in_order(function, event)
        else:
            self.begin(function, event)

    def _start_batch(self, function: Any, event: str, ended: Callable[[Result], None]) -> None:
        """Start one of moto's functions with a batch of messages. Raises Throttled."""
        arn = function.function_arn
        self._submit(function, Execution(partial(json.loads, event), ended, function_arn=arn))

    def _run_in_order(self, function: Any, event: str) -> None:
        arn = function.function_arn
        execution = Execution(partial(json.loads, event), lambda result: self._batches.done(arn), function_arn=arn)
        self._batches.add(arn, lambda: self._waiting.submit(function, execution, patient=True))

    # ── running ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _submit(self, function: Any, execution: Execution) -> None:
        obstacle = moto_lambda.obstacle(function)
        limit = moto_lambda.reserved_concurrency(function)
        with surroundings.outside():
            if obstacle or self._pools is None:
                self._refuse(function, execution, obstacle)
                return
            execution.among = self._open
            self._open.add(execution)
            try:
                if limit is None:
                    self._pools.of(function).submit(execution)
                else:
                    self._pools.submit_within(limit, function, execution)
            except Throttled:
                self._open.discard(execution)
                raise

    def _refuse(self, function: Any, execution: Execution, obstacle: str) -> None:
        """Answer for a function that cannot run here."""
        document = _failure("NotEmulated", obstacle) if obstacle else _STOPPED
        for listener in tuple(self.on_log):
            listener(function.function_name, execution.caller_request_id, runtime.error_lines(document))
        execution.finish(Result(json.dumps(document), document["errorType"]))

    # ── beginning and end ────────────────────────────────────────────────────────────────────────────────────────

    def install(self) -> None:
        """Have everything that moto invokes run here; harmless where it does already.

        Raises ConfigurationError where moto is not made as expected.
        """
        pollers.check()
        moto_lambda.install(self)
        if self.run_in == THREADS:
            surroundings.install(self)
        pollers.install(self._pollers)
        log_shelf.install()
        self._pools = self._pools or Pools(self._settings)

    def uninstall(self) -> None:
        """Give moto and the process their own ways back; harmless where that has been done. Ends everything first."""
        self.close()
        moto_lambda.uninstall(self)
        pollers.uninstall(self._pollers)
        surroundings.uninstall(self)
        log_shelf.uninstall()

    def retire(self, account_id: str) -> None:
        """End the environments of an account's functions, as soon as nothing runs in them."""
        if self._pools is not None:
            self._pools.retire(account_id)

    def close(self) -> None:
        """End every environment; what runs or waits is answered ``ServiceException``, and what hangs is left behind."""
        pools, self._pools = self._pools, None
        self._pollers.close()
        self._waiting.close()
        self._batches.clear()
        for execution in pools.close() if pools is not None else ():
            execution.finish(Result(json.dumps(_STOPPED), _STOPPED["errorType"]))

    def __enter__(self) -> Functions:
        self.install()
        return self

    def __exit__(self, *_: object) -> None:
        self.uninstall()


def _failure(error_type: str, message: str) -> Document:
    return {"errorType": error_type, "errorMessage": message}


_STOPPED = _failure("ServiceException", "the local cloud has been stopped → start it again")


def _ignore(result: Result) -> None:
    """Nobody waits for the answer of an event."""


_scan = make_scanner(json.JSONDecoder())  # type: ignore[arg-type]  # whatever the stubs say


def _read(payload: str) -> Any:
    try:
        value, end = _scan(payload, 0)  # all that loads() does where there is no space around
        return value if end == len(payload) else json.loads(payload)
    except StopIteration:
        return payload
    except ValueError:
        return payload  # a handler returned bytes that are not JSON
