"""Queues as event sources: pollers bring their messages to functions, while whoever sent them has long gone on.

moto runs the function inside ``send_message`` instead, once for each message, and gives what failed back at once. As on
AWS a batch is one invocation, five run at a time, and what failed stays hidden until the visibility timeout:
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html and services-sqs-scaling.html. Known to fit moto 5.1.18 to
5.2.5.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Queue, SQSBackend, sqs_backends

from . import moto_lambda, surroundings
from .environments import Result
from .moto_lambda import Throttled

log = logging.getLogger("upgrade101.functions")

AT_ONCE = 5
"""Batches of one mapping under way; AWS begins with five and adds up to 300 more a minute, which no notebook needs."""

_BREATH_SECONDS = 0.05

Start = Callable[[Any, str, Callable[[Result], None]], None]
"""moto's function, the event as JSON text, and whom to tell how it ended; returns at once, may raise Throttled."""

_Queue: Any = Queue
_Sqs: Any = SQSBackend
_Lambda: Any = LambdaBackend
_stock = (
    _Queue.add_message,
    _Queue.delete_message,
    _Sqs.receive_message,
    _Lambda.create_event_source_mapping,
    _Lambda.update_event_source_mapping,
)
SHAPES = {
    _stock[0]: ["self", "message"],
    _stock[1]: ["self", "receipt_handle"],
    _stock[2]: [
        "self",
        "queue_name",
        "count",
        "wait_seconds_timeout",
        "visibility_timeout",
        "message_attribute_names",
    ],
    _stock[3]: ["self", "spec"],
    _stock[4]: ["self", "uuid", "spec"],
}


class Pollers:
    """Everybody who waits at a queue for a function: one thread, started with the first message."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._due: dict[Any, tuple[float, Any]] = {}  # by mapping: when to look, and at which queue
        self._busy: Counter[Any] = Counter()
        self._changed = threading.Condition()
        self._looking = False
        self._thread: threading.Thread | None = None

    def idle(self) -> bool:
        """Tell whether no batch is under way, and no message waits that could be brought now."""
        with self._changed:
            waits = any(at <= time.time() for at, _ in self._due.values())
            return not (waits or self._looking or self._busy.total())

    def wake(self, queue: Any, at: float = 0.0) -> None:
        """Look at a queue for each of its functions, now or at a time."""
        with self._changed:
            for mapping in list(queue.lambda_event_source_mappings.values()):
                self._due[mapping] = (min(at, self._due.get(mapping, (at, queue))[0]), queue)
            if self._due and self._thread is None:
                self._thread = threading.Thread(target=self._live, name="sqs pollers", daemon=True)
                with surroundings.outside():
                    self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Go home; what is under way runs to its end."""
        with self._changed:
            thread, self._thread = self._thread, None
            self._due.clear()
            self._busy.clear()
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=1.0)

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────

    def _live(self) -> None:
        while (found := self._next()) is not None:
            mapping, queue = found
            try:
                self._look(mapping, queue)
            except Exception:
                log.exception("the messages of %s cannot be brought to %s", queue.name, mapping.function_name)
            finally:
                self._looking = False

    def _next(self) -> tuple[Any, Any] | None:
        """Wait for the next mapping whose time has come; nothing where this thread is no longer wanted."""
        with self._changed:
            while self._thread is threading.current_thread():
                mapping, (at, queue) = min(
                    self._due.items(), key=lambda due: due[1][0], default=(None, (float("inf"), None))
                )
                seconds = at - time.time()
                if seconds <= 0:
                    del self._due[mapping]
                    self._looking = True
                    return mapping, queue
                self._changed.wait(min(seconds, threading.TIMEOUT_MAX))
        return None

    def _look(self, mapping: Any, queue: Any) -> None:
        """Take batches for as long as there are messages and fewer than five are under way."""
        function = moto_lambda.find(mapping.function_arn)
        if function is None or not _is_current(mapping):
            return
        while self._busy[mapping] < _at_once(mapping):
            messages = _receive(queue, mapping, function)
            if not messages:
                self._look_again(mapping, queue)
                return
            self._bring(mapping, queue, function, messages)

    def _look_again(self, mapping: Any, queue: Any) -> None:
        """Come back when a message that is delayed or hidden now shows itself."""
        with queue._messages_lock:
            shows = [max(message.visible_at, message.delayed_until) / 1000 for message in queue._messages]
        if shows:
            with self._changed:
                self._due.setdefault(mapping, (max(min(shows), time.time()) + _BREATH_SECONDS, queue))

    def _bring(self, mapping: Any, queue: Any, function: Any, messages: Sequence[Any]) -> None:
        with self._changed:
            self._busy[mapping] += 1
        event = json.dumps({"Records": [_record(message, queue) for message in messages]})
        ended = partial(self._ended, mapping, queue, messages)
        try:
            self._start(function, event, ended)
        except Throttled:
            ended(Result("", "Throttled"))

    def _ended(self, mapping: Any, queue: Any, messages: Sequence[Any], result: Result) -> None:
        """Delete what was dealt with; the rest shows itself again at the end of the visibility timeout."""
        done = () if result.error else _dealt_with(mapping, messages, result.payload)
        for message in done:
            with contextlib.suppress(ReceiptHandleIsInvalid):  # somebody has deleted it, or purged the queue
                queue.delete_message(message.receipt_handle)
        with self._changed:
            self._busy[mapping] = max(0, self._busy[mapping] - 1)
            if self._thread is not None:
                self._due[mapping] = (0.0, queue)
                self._changed.notify_all()


def _is_current(mapping: Any) -> bool:
    """Tell whether a mapping is switched on and has not been deleted; moto leaves deleted ones at their queue."""
    known: Any = lambda_backends[mapping.account_id][mapping.region]._event_source_mappings
    return bool(mapping.enabled) and known.get(mapping.uuid) is mapping


def _at_once(mapping: Any) -> int:
    return min(AT_ONCE, int((mapping.scaling_config or {}).get("MaximumConcurrency") or AT_ONCE))


def _receive(queue: Any, mapping: Any, function: Any) -> list[Any]:
    """Take a batch; it stays hidden for as long as the function may take, and longer where the queue says so."""
    hidden = max(int(queue.visibility_timeout), int(function.timeout or 3))
    backend: Any = sqs_backends[queue.account_id][queue.region]
    if backend.queues.get(queue.name) is not queue:
        return []
    return list(backend.receive_message(queue.name, mapping.batch_size, 0, hidden, ["All"]))


def _record(message: Any, queue: Any) -> dict[str, Any]:
    """Return a message as a function gets it."""
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    if queue.fifo_queue:
        attributes |= {
            "SequenceNumber": str(message.sequence_number),
            "MessageGroupId": message.group_id,
            "MessageDeduplicationId": message.deduplication_id,
        }
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {name: _value(given) for name, given in message.message_attributes.items()},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.queue_arn,
        "awsRegion": queue.region,
    }


def _value(given: dict[str, Any]) -> dict[str, Any]:
    """Return a message attribute as a function gets it: names begin small, and unused lists are there."""
    found = {name[0].lower() + name[1:]: value for name, value in given.items() if value is not None}
    found = {name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()}
    return {**found, "stringListValues": [], "binaryListValues": []}


def _dealt_with(mapping: Any, messages: Sequence[Any], payload: str) -> Sequence[Any]:
    """Return the messages of a batch that the function has not reported as failed, where it may report at all."""
    if "ReportBatchItemFailures" not in (mapping.function_response_types or ()):
        return messages
    try:
        failed = {item["itemIdentifier"] for item in (json.loads(payload) or {}).get("batchItemFailures") or ()}
    except (AttributeError, KeyError, TypeError, ValueError):
        return ()
    known = {message.id for message in messages}
    return [message for message in messages if message.id not in failed] if failed <= known else ()


# ── the seam ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _WithoutFunctions:
    """A queue as it looks to moto's ``add_message`` when nobody waits at it."""

    lambda_event_source_mappings: dict[str, Any] = {}  # noqa: RUF012 (read only)

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


def check() -> None:
    """Raise ConfigurationError where moto's queues are not made as expected."""
    moto_lambda.check_shapes(SHAPES)


def install(pollers: Pollers) -> None:
    """Have ``pollers`` bring what arrives in any queue; later ones take over from earlier ones.

    moto's queues are not made for threads: without the locks a message sent while another is deleted can be lost.
    """

    def add_message(queue: Any, message: Any) -> None:
        with queue._messages_lock:
            _stock[0](_WithoutFunctions(queue), message)
        pollers.wake(queue)

    def delete_message(queue: Any, receipt_handle: str) -> None:
        with queue._messages_lock:
            _stock[1](queue, receipt_handle)

    def receive_message(backend: Any, queue_name: str, *args: Any, **kwargs: Any) -> Any:
        with backend.get_queue(queue_name)._messages_lock:  # waiting for messages gives it up
            return _stock[2](backend, queue_name, *args, **kwargs)

    def create_event_source_mapping(backend: Any, spec: Any) -> Any:
        return _woken(pollers, backend, _stock[3](backend, spec))

    def update_event_source_mapping(backend: Any, uuid: str, spec: Any) -> Any:
        return _woken(pollers, backend, _stock[4](backend, uuid, spec))

    vars(add_message)["pollers"] = pollers
    _Queue.add_message, _Queue.delete_message, _Sqs.receive_message = add_message, delete_message, receive_message
    _Lambda.create_event_source_mapping = create_event_source_mapping
    _Lambda.update_event_source_mapping = update_event_source_mapping


def _woken(pollers: Pollers, backend: Any, mapping: Any) -> Any:
    """Return a mapping; what its queue holds already is brought."""
    queues: Any = sqs_backends[backend.account_id][backend.region_name].queues
    for queue in list(queues.values()):
        if mapping is not None and queue.queue_arn == mapping.event_source_arn:
            pollers.wake(queue)
    return mapping


def uninstall(pollers: Pollers) -> None:
    """Give moto its own ways back, unless others have taken over."""
    if getattr(_Queue.add_message, "pollers", None) is pollers:
        _Queue.add_message, _Queue.delete_message, _Sqs.receive_message = _stock[:3]
        _Lambda.create_event_source_mapping, _Lambda.update_event_source_mapping = _stock[3:]
