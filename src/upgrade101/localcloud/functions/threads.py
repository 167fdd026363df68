"""Execution environments in threads: a thread each, with module globals, environment variables and a log of its own."""

from __future__ import annotations

import threading
import time
import weakref
from types import ModuleType
from typing import Any

from . import runtime, surroundings
from .environments import Ending, Environment, Execution, Owner, Result
from .function_log import LogWriter
from .modules import Modules
from .runtime import Context, Fault
from .specs import Handler


class ThreadEnvironment(Environment):
    """Runs the handler in its own thread: as quick as a call, but what hangs cannot be killed, and a crash is ours."""

    may_lead = True
    modules: Modules
    variables: dict[str, str]

    def __init__(self, owner: Owner) -> None:
        super().__init__(owner)
        self._threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._threads_lock = threading.Lock()
        self._handler: Handler | None = None
        self._session: Any = None

    # ── what the threads inside see ──────────────────────────────────────────────────────────────────────────────

    @property
    def system(self) -> ModuleType:
        """Return the ``sys`` of its code."""
        return self.modules.system

    def import_module(self, name: str) -> ModuleType | None:
        """Return its own module of that name, or nothing where it has none."""
        return self.modules.load(name)

    def session(self) -> Any:
        """Return its default boto3 session."""
        return self._session or self._owner.session()

    def set_session(self, session: Any) -> None:
        """Take another: what ``boto3.setup_default_session`` does inside."""
        self._session = session

    def joined(self, thread: threading.Thread) -> None:
        """Remember a thread that the handler started."""
        with self._threads_lock:
            self._threads.add(thread)

    def left_behind(self) -> list[threading.Thread]:
        """Return the threads of the handler that still live."""
        with self._threads_lock:
            return [thread for thread in self._threads if thread.is_alive()]

    def give_up(self) -> list[threading.Thread]:
        """Return every thread of it."""
        return [self.thread, *self.left_behind()]

    # ── one invocation ───────────────────────────────────────────────────────────────────────────────────────────

    def _enter(self) -> None:
        surroundings.enter(self)

    def _run(self, execution: Execution) -> Result | None:
        surroundings.route_output()
        return super()._run(execution)

    def _start(self, execution: Execution) -> Ending | None:
        """Start cold: unpack the code, import the handler's module; nothing where that went well."""
        self._owner.watch(self, execution, self._owner.settings.init_seconds)
        try:
            self._start_cold()
        except Fault as fault:
            ending = self._fault(fault)
        except Exception as error:
            ending = self._error(error, "")
        except BaseException as error:
            ending = self._exit(error, execution.request_id)
        else:
            return None
        self.broken = True
        return ending

    def _start_cold(self) -> None:
        code = self._owner.code
        code.unpack()
        own = runtime.variables_of(self.spec, self.log.stream_name, str(code.task_root))
        self.variables = {**self._owner.settings.variables, **own}
        self.modules = Modules(code, LogWriter(self.log.write), self._configure_logging, self._owner.settings.also)
        self._handler = runtime.find_handler(self.spec.handler, self._import_handler)

    def _import_handler(self, name: str) -> ModuleType:
        module = self.modules.load(name)
        if module is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return module

    def _configure_logging(self, module: ModuleType) -> None:
        runtime.lambda_logging(module, self.log.record, lambda: self.execution.request_id if self.execution else "")

    def _invoke(self, execution: Execution) -> Ending:
        assert self._handler is not None
        event = execution.make_event()
        deadline = time.monotonic() + self.spec.timeout
        who = (execution.request_id, execution.function_arn, deadline, execution.client_context)
        context = Context(self.spec, self.log.stream_name, *who)
        self._owner.watch(self, execution, self.spec.timeout)
        try:
            return Ending(runtime.marshal(self._handler(event, context)))
        except Fault as fault:
            return self._fault(fault, execution.request_id)
        except Exception as error:
            return self._error(error, execution.request_id)
        except BaseException as error:
            self.broken = True
            return self._exit(error, execution.request_id)

    def _error(self, error: Exception, request_id: str) -> Ending:
        trace = runtime.stack_trace(error.__traceback__, self._owner.code.file_shown_as)
        return self._failed(runtime.error_document(error, request_id, trace))

    def _fault(self, fault: Fault, request_id: str = "") -> Ending:
        return self._failed(runtime.fault_document(fault, request_id))

    def _exit(self, error: BaseException, request_id: str) -> Ending:
        return self._exited(runtime.exit_document(runtime.exit_status(error), request_id))
