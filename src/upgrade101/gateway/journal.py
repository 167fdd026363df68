"""What becomes of every request, for access logs, execution logs and metrics.

The core notes each request once, when its fate is decided: an upgrade, a message, a disconnection. Counting is cheap
and done for all; an :class:`Entry` is made only for a stage that logs, and only where somebody listens.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import documents
from .admission import Refusal
from .calls import Call, Purpose
from .clock import Clock
from .connection import Connection
from .definition import CONNECT, DISCONNECT, Stage
from .happenings import failed
from .meter import Meter, Tally
from .ports import Outcome

log = logging.getLogger("upgrade101.gateway")

_TIMED_OUT = "timeout"
_RESPONSE_TYPES = {  # https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
    401: "UNAUTHORIZED",
    403: "ACCESS_DENIED",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "THROTTLED",
    504: "INTEGRATION_TIMEOUT",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its fate; ``call`` is the integration's, with its outcome, where there was one."""

    stage: Stage
    connection: Connection
    event_type: str  # CONNECT | MESSAGE | DISCONNECT
    route_key: str  # '' where no route fits
    request_id: str
    at: float  # on the gateway's clock
    status: int
    error: str = ""
    response_type: str = ""
    detail: str = ""  # of a failed validation
    call: Call | None = None


class Journal:
    """The entries and the counts of one gateway; it belongs to the core, whose lock guards it."""

    def __init__(self, clock: Clock) -> None:
        self.meter = Meter(clock)
        self.listener: Callable[[Entry], None] | None = None
        self._clock = clock

    def tally(self, stage: Stage, now: float) -> Tally:
        """Return where the requests of a stage are counted."""
        if now >= self.meter.until:
            self.meter.roll(now)
        return self.meter.of(stage)

    # ── calls ────────────────────────────────────────────────────────────────────────────────────────────────────

    def answered(self, call: Call, outcome: Outcome, at: float | None = None) -> float:
        """Note what an integration answered, now or ``at`` some time before; return how long it took in seconds."""
        call.outcome = outcome
        call.seconds = seconds = (self._clock.now() if at is None else at) - call.started_at
        connection = call.connection
        if call.purpose is Purpose.AUTHORIZE:
            connection.asked = call
            connection.tally.execution_errors += outcome.error != ""
            return seconds
        _count(connection.tally, call, outcome, seconds)
        stage = connection.stage
        if stage.detailed and stage.is_detailed(call.route_key):
            _count(self._tally_of_route(call), call, outcome, seconds)
        return seconds

    def _tally_of_route(self, call: Call) -> Tally:
        tally = self.meter.of(call.connection.stage, call.route_key)
        tally.messages += call.purpose is Purpose.MESSAGE
        return tally

    # ── fates ────────────────────────────────────────────────────────────────────────────────────────────────────

    def accepted(self, connection: Connection, call: Call | None) -> None:
        """Note that a client was let in."""
        if connection.stage.logged:
            at = connection.connected_at
            self._write(
                Entry(connection.stage, connection, "CONNECT", CONNECT, connection.request_id, at, 200, call=call)
            )

    def refused(
        self, connection: Connection, status: int, message: str, call: Call | None, refusal: Refusal | None
    ) -> None:
        """Note that a client was refused, by the integration itself where that has answered so."""
        own = call is not None and _own_status(call) == status
        if not own:
            self._count_failure(connection, CONNECT, status, call)
        if connection.stage.logged:
            kind = "" if own else _response_type(status, call, refusal)
            entry = Entry(
                connection.stage,
                connection,
                "CONNECT",
                CONNECT,
                connection.request_id,
                connection.connected_at,
                status,
                "" if own else message or documents.phrase(status),
                kind,
                refusal.detail if refusal else "",
                call,
            )
            self._write(entry)

    def replied(self, call: Call) -> None:
        """Note that a message went its way; only for stages that log."""
        stage, at = call.connection.stage, call.started_at
        self._write(Entry(stage, call.connection, "MESSAGE", call.route_key, call.request_id, at, 200, call=call))

    def failed(
        self,
        connection: Connection,
        route_key: str,
        request_id: str,
        status: int,
        message: str,
        call: Call | None = None,
        refusal: Refusal | None = None,
    ) -> None:
        """Note that a message ended in an error frame."""
        self._count_failure(connection, route_key, status, call)
        if connection.stage.logged:
            at = call.started_at if call else self._clock.now()
            kind, detail = _response_type(status, call, refusal), refusal.detail if refusal else ""
            stage = connection.stage
            self._write(
                Entry(stage, connection, "MESSAGE", route_key, request_id, at, status, message, kind, detail, call)
            )

    def disconnected(self, connection: Connection, request_id: str, call: Call | None = None) -> None:
        """Note a disconnection; whatever ``$disconnect`` answers reaches nobody."""
        if connection.stage.logged:
            at = call.started_at if call else self._clock.now()
            status, kind = _fate(call)
            error = documents.phrase(status) if kind else ""
            stage = connection.stage
            self._write(
                Entry(stage, connection, "DISCONNECT", DISCONNECT, request_id, at, status, error, kind, call=call)
            )

    def _write(self, entry: Entry) -> None:
        if self.listener is not None:
            try:
                self.listener(entry)
            except Exception as fault:
                failed(log, "the journal's listener", entry.request_id, fault)

    def _count_failure(self, connection: Connection, route_key: str, status: int, call: Call | None) -> None:
        """Count what the gateway itself refused, or could not make sense of; ``answered`` has counted the rest."""
        stage = connection.stage
        detailed = stage.detailed and route_key != "" and stage.is_detailed(route_key)
        for tally in (connection.tally, self.meter.of(stage, route_key)) if detailed else (connection.tally,):
            if 400 <= status < 500 and (call is None or call.purpose is Purpose.AUTHORIZE):
                tally.client_errors += 1
            elif call is None or (call.outcome is not None and not call.outcome.error):
                tally.execution_errors += 1


def _count(tally: Tally, call: Call, outcome: Outcome, seconds: float) -> None:
    if call.purpose is Purpose.CONNECT:
        tally.connects += 1
    if call.integration.integration_type != "MOCK":
        tally.took(seconds)
    if outcome.error:
        if outcome.not_invoked or outcome.error == _TIMED_OUT:
            tally.execution_errors += 1
        else:
            tally.integration_errors += 1
    elif _status_in(outcome.payload) >= 400:
        tally.integration_errors += 1


def _status_in(payload: Any) -> int:
    """Return the status that an integration gave; 0 where it gave none."""
    status = payload.get("statusCode") if isinstance(payload, dict) else None
    return status if isinstance(status, int) else 0


def _own_status(call: Call) -> int:
    return _status_in(call.outcome.payload) if call.outcome is not None and not call.outcome.error else 0


def _fate(call: Call | None) -> tuple[int, str]:
    """Return status and response type of a ``$disconnect``."""
    outcome = call.outcome if call is not None else None
    if outcome is None:
        return 200, ""
    status = 200 if not outcome.error else 504 if outcome.error == _TIMED_OUT else 500
    return status, _response_type(status, call, None) if status != 200 else ""


def _response_type(status: int, call: Call | None, refusal: Refusal | None) -> str:
    """Return ``$context.error.responseType``; seen on AWS is API_CONFIGURATION_ERROR for a missing permission."""
    if refusal is not None:
        return refusal.response_type
    if call is not None and call.purpose is Purpose.AUTHORIZE and status >= 500:
        return "AUTHORIZER_FAILURE"
    if call is None and status == 403:
        return "MISSING_AUTHENTICATION_TOKEN"  # no route; not documented for WebSocket APIs
    if status in _RESPONSE_TYPES:
        return _RESPONSE_TYPES[status]
    outcome = call.outcome if call is not None else None
    broke = outcome is not None and outcome.error != "" and not outcome.not_invoked
    return "INTEGRATION_FAILURE" if broke else "API_CONFIGURATION_ERROR"
