"""The execution environments of every function: how many there are, which is idle, who waits for one."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

from . import moto_lambda
from .environments import Environment, Execution, Settings
from .modules import Code
from .moto_lambda import Throttled
from .sessions import new_session
from .specs import FunctionSpec
from .timeouts import Timeouts

_PATIENCE_SECONDS = 1.0  # with handlers that hang when everything ends


class Pool:
    """The environments of one version of a function, as long as its code and configuration stay as they are."""

    def __init__(
        self, spec: FunctionSpec, folder: Path, settings: Settings, timeouts: Timeouts, emptied: Callable[[Pool], None]
    ) -> None:
        self.spec = spec
        self.code = Code(spec, folder)
        self.settings = settings
        self._timeouts = timeouts
        self._emptied = emptied
        self.busy = 0  # invocations that run or wait
        self.pace = inf
        self.leading: Environment | None = None
        self._idle: list[Environment] = []
        self._all: set[Environment] = set()
        self._waiting: deque[Execution] = deque()
        self._lock = threading.Lock()
        self._session_lock = threading.Lock()
        self._session: Any = None
        self._outdated = False

    def submit(self, execution: Execution) -> None:
        """Run an invocation in an idle environment, else in a new one, else when its turn comes."""
        environment = self.assign(execution)
        if environment is not None:
            environment.take(execution)

    def assign(self, execution: Execution) -> Environment | None:
        """Return the environment that is to take an invocation; nothing where it has to wait for its turn."""
        with self._lock:
            self.busy += 1
            environment = self._take_idle() if self._idle else self._new()
            if environment is None:
                self._waiting.append(execution)
            return environment

    def _take_idle(self) -> Environment:
        """Take the one that leads the gateway's loop, which can run it on the spot, else the one that was used last."""
        leading = self.leading
        if leading is not None and leading is not self._idle[-1] and leading in self._idle:
            self._idle.remove(leading)
            return leading
        return self._idle.pop()

    def _new(self) -> Environment | None:
        if len(self._all) >= self.settings.max_environments:
            return None
        environment = self.settings.environment(self)
        self._all.add(environment)
        return environment

    def retire(self) -> None:
        """End what is idle now, and the rest when it has done its work."""
        with self._lock:
            self._outdated = True
            idle, self._idle = self._idle, []
            self._all.difference_update(idle)
        for environment in idle:
            environment.end()
        self._tidy()

    def abandon(self) -> tuple[list[Environment], list[Execution]]:
        """Give everything up; return the environments there were and the invocations without an answer."""
        with self._lock:
            self._outdated = True
            environments, waiting = list(self._all), list(self._waiting)
            running = [environment.execution for environment in environments if environment not in self._idle]
            self._waiting.clear()
        for environment in environments:
            environment.end()
        return environments, [*(execution for execution in running if execution), *waiting]

    # ── what its environments ask of it ──────────────────────────────────────────────────────────────────────────

    def session(self) -> Any:
        """Return the function's default boto3 session."""
        with self._session_lock:
            if self._session is None:
                self._session = new_session()
            return self._session

    def watch(self, environment: Environment, execution: Execution, seconds: float) -> None:
        """Have an execution expire."""
        self._timeouts.watch(environment, execution, seconds)

    def unwatch(self, environment: Environment) -> None:
        """Have it expire no more."""
        self._timeouts.unwatch(environment)

    def release(self, environment: Environment) -> Execution | None:
        """Take an environment back: it gets the next waiting invocation, or is idle from now on."""
        with self._lock:
            self.busy -= 1
            if self._waiting:
                environment.execution = self._waiting.popleft()
                return environment.execution
            if not self._outdated:
                self._idle.append(environment)
                return None
            self._all.discard(environment)
        environment.end()
        self._tidy()
        return None

    def lost(self, environment: Environment) -> None:
        """Put a new environment in the place of a lost one, where somebody waits."""
        with self._lock:
            self.busy -= 1
            self._all.discard(environment)
            successor = self._new() if self._waiting else None
            execution = self._waiting.popleft() if successor else None
        if successor and execution:
            successor.take(execution)
        self._tidy()

    def dismiss(self, environment: Environment) -> bool:
        """Tell whether an environment that has been idle for long may end: not where it has just been taken."""
        with self._lock:
            if environment not in self._idle:
                return False
            self._idle.remove(environment)
            self._all.discard(environment)
        self._tidy()
        return True

    def ended(self, environment: Environment) -> None:
        """End the threads that an environment leaves behind."""
        left_behind = environment.left_behind()
        if left_behind:
            self._timeouts.doom(left_behind)

    def _tidy(self) -> None:
        if not self._all:
            self._emptied(self)

    def remove_files(self) -> None:
        """Remove the unpacked code, unless somebody needs it again."""
        with self._lock:
            if not self._all:
                self.code.remove()


class Pools:
    """The pool of every function that was invoked lately."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._timeouts = Timeouts()
        self._kept: dict[
            int, tuple[Any, tuple[Any, ...], Pool]
        ] = {}  # by id of moto's function, which stays alive here
        self._retired: set[Pool] = set()  # of before an update, with work to finish
        self._lock = threading.RLock()
        self._limited = threading.Lock()
        self._serial = itertools.count(1)
        self._folder = Path(tempfile.mkdtemp(prefix="upgrade101-")).resolve()
        self._remove_files = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def of(self, function: Any) -> Pool:
        """Return the pool for one of moto's functions as it is now; environments of before an update end."""
        key, revision = id(function), moto_lambda.revision(function)
        with self._lock:
            _, known, pool = self._kept.get(key, (None, None, None))
            if pool is not None and known == revision:
                return pool
            folder = self._folder / f"{function.function_name}-{next(self._serial)}"
            spec = moto_lambda.spec_of(function)
            current = Pool(spec, folder, self._settings, self._timeouts, self._emptied)
            self._kept[key] = (function, revision, current)
            if pool is not None:
                self._retired.add(pool)
        if pool is not None:
            pool.retire()
        return current

    def submit_within(self, limit: int, function: Any, execution: Execution) -> None:
        """Run an invocation unless ``limit`` of the function run already, whatever their version; raises Throttled."""
        pool = self.of(function)
        with self._limited:
            if sum(each.busy for each in self._pools_of(pool.spec)) >= limit:
                raise Throttled(pool.spec.function_name, limit)
            environment = pool.assign(execution)
        if environment is not None:
            environment.take(execution)

    def _pools_of(self, spec: FunctionSpec) -> list[Pool]:
        with self._lock:
            pools = [*self._retired, *(pool for _, _, pool in self._kept.values())]
        whose = (spec.account_id, spec.region, spec.function_name)
        return [pool for pool in pools if (pool.spec.account_id, pool.spec.region, pool.spec.function_name) == whose]

    def _emptied(self, pool: Pool) -> None:
        with self._lock:
            self._retired.discard(pool)
            for key in [key for key, (_, _, kept) in self._kept.items() if kept is pool]:
                del self._kept[key]
        pool.remove_files()

    def retire(self, account_id: str) -> None:
        """End the environments of an account's functions: what is idle now, and the rest when it has done its work."""
        with self._lock:
            pools = [pool for _, _, pool in self._kept.values() if pool.spec.account_id == account_id]
        for pool in pools:
            pool.retire()

    def close(self) -> list[Execution]:
        """End every environment; return the invocations that will get no answer. Handlers that hang are left behind."""
        with self._lock:
            given_up = [pool.abandon() for _, _, pool in self._kept.values()]
            self._kept.clear()
        environments = [environment for some, _ in given_up for environment in some]
        unanswered = [execution for _, some in given_up for execution in some if execution.claim()]
        busy = [environment for environment in environments if environment.execution in unanswered]
        self._timeouts.doom(thread for environment in environments for thread in environment.left_behind())
        self._timeouts.doom(thread for environment in busy for thread in environment.give_up())
        patience = time.monotonic() + _PATIENCE_SECONDS
        for environment in environments:
            if environment.thread.ident is not None and environment.thread is not threading.current_thread():
                environment.thread.join(max(0.0, patience - time.monotonic()))
        self._timeouts.close()
        self._remove_files()
        return unanswered
