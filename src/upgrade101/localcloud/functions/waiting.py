"""Events that found no room within a function's reserved concurrency: they wait until there is some, in their order.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from . import moto_lambda, surroundings
from .environments import Execution
from .moto_lambda import Throttled

log = logging.getLogger("upgrade101.functions")

_STEP_SECONDS = 0.02


class Waiting:
    """Who waits for room, by function; ``submit`` starts an execution or raises Throttled.

    One thread tries again and again, and ends as soon as nobody waits.
    """

    def __init__(self, submit: Callable[[Any, Execution], None]) -> None:
        self._submit = submit
        self._queues: dict[str, deque[tuple[Any, Execution]]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def submit(self, function: Any, execution: Execution, *, patient: bool = False) -> None:
        """Start an execution as soon as there is room.

        Where none is reserved at all it is dropped, as on AWS, unless it is ``patient``.
        """
        if function.function_arn in self._queues:  # nobody overtakes
            self._add(function, execution)
            return
        try:
            self._submit(function, execution)
        except Throttled as throttled:
            if patient or moto_lambda.reserved_concurrency(function) != 0:
                self._add(function, execution)
            else:
                log.warning("%s; its event is dropped", throttled.explanation)

    def idle(self) -> bool:
        """Tell whether nobody waits."""
        return not self._queues

    def close(self) -> None:
        """Forget who waits."""
        self._closed.set()
        with self._lock:
            self._queues.clear()
            self._thread = None
        self._closed = threading.Event()

    def _add(self, function: Any, execution: Execution) -> None:
        with self._lock:
            self._queues.setdefault(function.function_arn, deque()).append((function, execution))
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._live, args=[self._closed], name="lambda events", daemon=True)
            with surroundings.outside():
                self._thread.start()

    def _live(self, closed: threading.Event) -> None:
        while not closed.wait(_STEP_SECONDS):
            with self._lock:
                queues = list(self._queues.items())
            for arn, queue in queues:
                self._start_some(arn, queue)
            with self._lock:
                if not self._queues and not closed.is_set():
                    self._thread = None
                    return

    def _start_some(self, arn: str, queue: deque[tuple[Any, Execution]]) -> None:
        """Start those that have room now, and forget the events of a function that is gone."""
        while queue and moto_lambda.find(arn) is not None:
            try:
                self._submit(*queue[0])
            except Throttled:
                return
            queue.popleft()
        with self._lock:
            if not queue or moto_lambda.find(arn) is None:
                self._queues.pop(arn, None)
