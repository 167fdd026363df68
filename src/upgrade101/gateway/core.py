"""The gateway's decisions, without I/O: what came in goes in, what to do comes out.

Every method may be called from any thread: one lock guards the state. The clock and the ids are injected; nothing here
knows a socket, a thread or an event loop.
"""

from __future__ import annotations

import logging
import threading

from . import authorizers, documents, integrations
from . import happenings as told
from .admission import Admission, Refusal
from .calls import Accept, Action, Actions, Call, Close, Cut, Purpose, Refuse, Resume, Run, Send
from .clock import Clock
from .connection import Connection, Event, State
from .deadlines import Deadlines
from .definition import CONNECT, DEFAULT, DISCONNECT, Integration, Route, Stage
from .documents import Document, Knock
from .ids import Ids
from .journal import Journal
from .limits import MESSAGE_BYTES, MESSAGES_IN_FLIGHT, Limits, is_too_long
from .ports import Definitions, Outcome
from .selection import route_key
from .stages import Stages

log = logging.getLogger("upgrade101.gateway")

_SHORT_OF_TIME = Outcome(error="timeout")


class Core:
    """All connections of one gateway, and the calls under way for them."""

    def __init__(
        self,
        definitions: Definitions,
        clock: Clock,
        limits: Limits,
        observers: told.Observers,
        ids: Ids | None = None,
        admission: Admission | None = None,
    ) -> None:
        self.stages = Stages(definitions)
        self.clock = clock
        self.limits = limits
        self.observers = observers
        self.ids = ids or Ids(clock.now)
        self.admission = admission or Admission(clock, limits=limits)
        self.lock = threading.RLock()
        self.journal = Journal(clock)
        self._meter = self.journal.meter
        self.connections: dict[str, Connection] = {}
        self.calls: dict[str, Call] = {}
        self._deadlines: Deadlines[tuple[str, str]] = Deadlines()
        self._late: float | None = None  # when what is being done now was due

    # ── the upgrade ──────────────────────────────────────────────────────────────────────────────────────────────

    def upgrade(self, knock: Knock, line: object) -> Actions:
        """Take an upgrade request; the answer to the client comes at once or when ``$connect`` has decided."""
        with self.lock:
            now = self.clock.now()
            address = self.stages.locate(knock.header("host") or "", knock.target)
            stage = self.stages.at(address) if address and not address.rest else None
            if address is None or stage is None:
                return self._refuse_stranger(knock)
            connection = self._new_connection(stage, knock, line, now)
            connection.domain_name = address.domain_name or stage.domain_name
            self._tell(told.Knocked, connection, path=knock.target, headers=tuple(knock.headers))
            route = stage.deployment.routes.get(CONNECT)
            return self._authorize(connection, knock, route) if route else self._connect(connection, knock)

    def _new_connection(self, stage: Stage, knock: Knock, line: object, now: float) -> Connection:
        connection = Connection(
            connection_id=self.ids.connection(),
            stage=stage,
            source_ip=knock.source_ip,
            user_agent=knock.header("user-agent"),
            connected_at=now,
            last_active_at=now,
            domain_name="",
            line=line,
            knock=knock,
            request_id=self.ids.request(),
            tally=self.journal.tally(stage, now),
        )
        self.connections[connection.connection_id] = connection
        return connection

    def _refuse_stranger(self, knock: Knock) -> Actions:
        """Refuse who asked for an API or stage that is not here (not documented by AWS; 403 chosen)."""
        self.observers.tell(told.Knocked(at=self.clock.now(), path=knock.target, headers=tuple(knock.headers)))
        self.observers.tell(told.Refused(at=self.clock.now(), status=403, message=documents.FORBIDDEN))
        body = documents.refusal(documents.FORBIDDEN, self.ids.connection(), self.ids.request())
        return [Refuse(None, 403, body)]

    def _authorize(self, connection: Connection, knock: Knock, route: Route) -> Actions:
        if route.authorization_type == "AWS_IAM":
            refusal = self.admission.signed(connection, knock)
            return self._turn_away(connection, refusal) if refusal else self._connect(connection, knock)
        if route.authorization_type != "CUSTOM":
            return self._connect(connection, knock)
        authorizer = route.authorizer
        if authorizer is None:  # it was deleted: a door without its keeper stays shut
            return self._refuse(connection, 500, "")
        request_id, now = connection.request_id, self.clock.now()
        arn = connection.stage.arn(CONNECT)
        event = documents.authorizer_event(connection, knock, arn, request_id, now)
        if not authorizers.has_identity(authorizer.identity_source, event):
            return self._refuse(connection, 401, authorizers.UNAUTHORIZED)
        role = authorizer.credentials_arn
        door = Integration(authorizer.authorizer_id, "AWS_PROXY", authorizer.authorizer_uri, credentials_arn=role)
        return self._run(request_id, Purpose.AUTHORIZE, connection, CONNECT, door, event)

    def _authorized(self, call: Call, outcome: Outcome) -> Actions:
        connection = call.connection
        if outcome is _SHORT_OF_TIME or connection.state is State.ABANDONED:
            return self._refuse(connection, 500, "", call)
        verdict = authorizers.verdict(outcome, self.admission.question(connection))
        if verdict.status != 200:
            return self._refuse(connection, verdict.status, verdict.message, call)
        connection.authorizer = verdict.context
        return self._connect(connection, connection.knock, verdict.usage_identifier_key)

    def _connect(self, connection: Connection, knock: Knock, usage_identifier_key: str = "") -> Actions:
        refusal = self.admission.connect(connection, knock, usage_identifier_key)
        if refusal:
            return self._turn_away(connection, refusal)
        route = connection.stage.deployment.routes.get(CONNECT)
        if route is None or route.integration is None:
            return self._accept(connection)
        event = documents.connect_event(connection, knock, connection.request_id, self.clock.now())
        return self._run(connection.request_id, Purpose.CONNECT, connection, CONNECT, route.integration, event)

    def _connected(self, call: Call, outcome: Outcome) -> Actions:
        connection = call.connection
        if outcome is _SHORT_OF_TIME:
            return self._refuse(connection, 504, call=call)
        answer = integrations.reply(call, outcome)
        if isinstance(answer, integrations.Failure):
            return self._refuse(connection, answer.status, answer.words, call)
        if not 200 <= answer.status < 300:
            return self._refuse(connection, answer.status, call=call)
        return self._accept(connection, documents.subprotocol(answer.headers), call)

    def _accept(self, connection: Connection, subprotocol: str = "", call: Call | None = None) -> Actions:
        self.journal.accepted(connection, call)
        left = connection.state is State.ABANDONED
        connection.step(Event.ACCEPT)
        connection.knock = None
        if left:  # $connect let in somebody who had already gone: $disconnect puts that right
            return self._ended(connection)
        self._tell(told.Opened, connection, subprotocol=subprotocol)
        connection.last_active_at = now = self.clock.now()
        self._touch(connection)
        self._deadlines.set(("age", connection.connection_id), self.limits.max_duration_seconds, now)
        return [Accept(connection, subprotocol)]

    def _turn_away(self, connection: Connection, refusal: Refusal) -> Actions:
        return self._refuse(connection, refusal.status, refusal.message, refusal=refusal)

    def _refuse(
        self,
        connection: Connection,
        status: int,
        message: str | None = None,
        call: Call | None = None,
        refusal: Refusal | None = None,
    ) -> Actions:
        connection.step(Event.REFUSE)
        del self.connections[connection.connection_id]
        message = documents.phrase(status) if message is None else message
        self.journal.refused(connection, status, message, call, refusal)
        self._tell(told.Refused, connection, status=status, message=message)
        body = documents.refusal(message, connection.connection_id, connection.request_id)
        return [Refuse(connection, status, body)]

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────

    def received(self, connection: Connection, text: str) -> Actions:
        """Take a whole message from the client and find its way."""
        with self.lock:
            if connection.state is not State.OPEN:
                return []
            now = self._touch(connection)
            connection.tally.messages += 1
            watched = self.observers.watching
            if watched:
                self._tell(told.Received, connection, text=text)
            deployment = self.stages.deployed(connection)
            selected = route_key(deployment.route_selection_expression, text)
            route = deployment.route(selected or DEFAULT)
            if watched:
                self._tell(told.Routed, connection, route_key=route.route_key if route else "", selected=selected or "")
            request_id, message_id = self.ids.pair(now)
            if route is None:
                return self._fail(connection, "", request_id, 403, documents.FORBIDDEN)
            if route.checked or connection.stage.throttled or self.admission.counting:
                refusal = self.admission.message(connection, route, text)
                if refusal:
                    words = (refusal.status, refusal.message)
                    return self._fail(connection, route.route_key, request_id, *words, refusal=refusal)
            if route.integration is None:
                return self._fail(connection, route.route_key, request_id, 500, documents.INTERNAL_SERVER_ERROR)
            event = documents.message_event(connection, route.route_key, text, (request_id, message_id), now)
            return self._run(
                request_id, Purpose.MESSAGE, connection, route.route_key, route.integration, event, route.two_way
            )

    def _replied(self, call: Call, outcome: Outcome) -> Actions:
        connection = call.connection
        whose = (connection, call.route_key, call.request_id)
        if outcome is _SHORT_OF_TIME:
            return self._fail(*whose, 504, documents.TIMED_OUT, call)
        answer = integrations.reply(call, outcome)
        if isinstance(answer, integrations.Failure):
            return self._fail(*whose, answer.status, answer.frame, call)
        if call.two_way and is_too_long(answer.body):
            log.warning("route %s: the reply has more than %s bytes and is not sent", call.route_key, MESSAGE_BYTES)
            return self._fail(*whose, 500, documents.INTERNAL_SERVER_ERROR, call)
        if connection.stage.logged:
            self.journal.replied(call)
        return self._send(connection, answer.body, "reply") if call.two_way else []

    def _fail(
        self,
        connection: Connection,
        key: str,
        request_id: str,
        status: int,
        message: str,
        call: Call | None = None,
        refusal: Refusal | None = None,
    ) -> Actions:
        self.journal.failed(connection, key, request_id, status, message, call, refusal)
        return self._send(connection, documents.error_frame(message, connection.connection_id, request_id), "error")

    def _send(self, connection: Connection, text: str, because: str) -> Actions:
        if connection.state is not State.OPEN:
            return []
        self._touch(connection)
        connection.tally.messages += 1
        if self.observers.watching:
            self._tell(told.Sent, connection, text=text, because=because)
        return [Send(connection, text)]

    def post(self, connection: Connection, text: str) -> Actions:
        """Send what somebody posted to ``@connections``."""
        with self.lock:
            return self._send(connection, text, "post")

    # ── calls ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(
        self,
        request_id: str,
        purpose: Purpose,
        connection: Connection,
        key: str,
        integration: Integration,
        event: Document,
        two_way: bool = False,
    ) -> Actions:
        now = self.clock.now()
        call = Call(request_id, purpose, connection, key, integration, event, now, two_way)
        is_plain = integration.integration_type == "AWS_PROXY" and not integration.content_handling_strategy
        outcome = None if is_plain else integrations.begin(call)
        if self.observers.watching:
            self._tell(
                told.Invoked,
                connection,
                request_id=request_id,
                route_key=key,
                integration_type=integration.integration_type,
                target=call.target,
                event=event if is_plain else call.handed,
            )
        self.calls[request_id] = call
        connection.in_flight += 1
        self._deadlines.set(("call", request_id), integration.timeout_millis / 1000, now)
        return [Run(call)] if outcome is None else self.answered(call, outcome)

    def answered(self, call: Call, outcome: Outcome) -> Actions:
        """Take an integration's answer; one that comes after the time-out is dropped."""
        with self.lock:
            if self.calls.get(call.request_id) is not call:
                return []
            del self.calls[call.request_id]
            self._deadlines.drop(("call", call.request_id))
            call.connection.in_flight -= 1
            seconds = self.journal.answered(call, outcome, self._late)
            if self.observers.watching:
                self._tell(
                    told.Answered,
                    call.connection,
                    request_id=call.request_id,
                    route_key=call.route_key,
                    target=call.target,
                    payload=outcome.payload,
                    error=outcome.error,
                    seconds=seconds,
                    not_invoked=outcome.not_invoked,
                )
            actions = self._continued(call, outcome)
            if call.connection.in_flight == MESSAGES_IN_FLIGHT - 1:
                actions.append(Resume(call.connection))
            return actions

    def _continued(self, call: Call, outcome: Outcome) -> Actions:
        """Go on where the call was needed; whatever ``$disconnect`` answers reaches nobody."""
        match call.purpose:
            case Purpose.AUTHORIZE:
                return self._authorized(call, outcome)
            case Purpose.CONNECT:
                return self._connected(call, outcome)
            case Purpose.MESSAGE:
                return self._replied(call, outcome)
            case Purpose.DISCONNECT:
                self.journal.disconnected(call.connection, call.request_id, call)
                return []

    # ── endings ──────────────────────────────────────────────────────────────────────────────────────────────────

    def close(self, connection: Connection, code: int, reason: str, by: str) -> Actions:
        """Close from this side: idle, too old, too big, or DELETE @connections."""
        with self.lock:
            if not connection.is_open:
                return []
            connection.step(Event.CLOSE)
            connection.close_code, connection.close_reason, connection.closed_by = code, reason, by
            connection.closed_at = self._now()
            self._forget_deadlines(connection)
            handshake = ("close", connection.connection_id)  # begins now, however late that is
            self._deadlines.set(handshake, self.limits.close_seconds, self.clock.now())
            return [Close(connection, code, reason)]

    def ended(self, connection: Connection, code: int, reason: str, by: str) -> Actions:
        """Learn that the client is gone: by its close frame, or because the network says so."""
        with self.lock:
            if not connection.may(Event.END):
                return []
            if connection.state is State.CLOSING:
                connection.close_answer = code if by == "client" else 0
            else:
                connection.close_code, connection.close_reason, connection.closed_by = code, reason, by
            if connection.step(Event.END) is State.ABANDONED:
                return []
            return self._ended(connection)

    def _ended(self, connection: Connection) -> Actions:
        self._forget_deadlines(connection)
        del self.connections[connection.connection_id]
        self._tell_closed(connection)
        route = self.stages.deployed(connection).routes.get(DISCONNECT)
        request_id = self.ids.request()
        if route is None or route.integration is None:
            self.journal.disconnected(connection, request_id)
            return []
        event = documents.disconnect_event(connection, request_id, self.clock.now())
        return self._run(request_id, Purpose.DISCONNECT, connection, DISCONNECT, route.integration, event)

    def _tell_closed(self, connection: Connection) -> None:
        code, reason, by = connection.close_code, connection.close_reason, connection.closed_by
        facts = {"code": code, "reason": reason, "by": by, "answered": connection.close_answer}
        self._tell(told.Closed, connection, connection.closed_at, **facts)

    def forget(self) -> None:
        """Forget everybody because the gateway ends: ``$disconnect`` does not run, and late answers are dropped."""
        with self.lock:
            for connection in self.connections.values():
                self.close(connection, 1001, "Going away", "gateway")
                if connection.may(Event.END) and connection.step(Event.END) is State.CLOSED:
                    self._tell_closed(connection)
            self.connections.clear()
            self.calls.clear()
            self._deadlines = Deadlines()

    # ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def due(self) -> Actions:
        """Do what the clock has made due: who was idle or here for too long, and what has not been answered in time."""
        actions: list[Action] = []
        with self.lock:
            try:
                for (kind, key), when in self._deadlines.pop(self.clock.now()):
                    self._late = when
                    if kind == "call":
                        actions += self.answered(self.calls[key], _SHORT_OF_TIME)
                    elif kind == "close":
                        actions.append(Cut(self.connections[key]))
                    elif connection := self.connections.get(key):
                        actions += self.close(connection, 1001, "Going away", "gateway")
            finally:
                self._late = None
        return actions

    @property
    def next_due(self) -> float:
        """Before this time, on the clock, ``due`` has nothing to do; infinite where nothing is waited for."""
        return self._deadlines.soonest

    def busy(self) -> bool:
        """Tell whether a call or a closing handshake is still under way."""
        with self.lock:
            return bool(self.calls) or any(c.state is State.CLOSING for c in self.connections.values())

    def _now(self) -> float:
        """Return the time; of what is done late, as the clock jumped, the time at which it was due."""
        return self.clock.now() if self._late is None else self._late

    def _touch(self, connection: Connection) -> float:
        """Take note that a connection is in use, and return the time; what comes after its end keeps nobody alive."""
        now = self.clock.now() if self._late is None else self._late  # as _now(), for each message
        if now >= self._meter.until:
            self._meter.roll(now)
        if now - connection.last_active_at <= self.limits.idle_seconds:
            connection.last_active_at = now
            self._deadlines.set(("idle", connection.connection_id), self.limits.idle_seconds, now)
        return now

    def _forget_deadlines(self, connection: Connection) -> None:
        for kind in ("idle", "age", "close"):
            self._deadlines.drop((kind, connection.connection_id))

    def _tell(self, kind: type[told.Happening], connection: Connection, at: float = 0.0, **facts: object) -> None:
        if self.observers.watching:
            stage = connection.stage
            self.observers.tell(
                kind(
                    at=at or self._now(),
                    api_id=stage.api_id,
                    stage=stage.stage_name,
                    connection_id=connection.connection_id,
                    **facts,
                )
            )
