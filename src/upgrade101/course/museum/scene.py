"""The stage on which a piece of the museum is played: an API, a table of who is there, and guests who come and go."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from ...deploy import Api, Handler, connection_table
from ...gateway.definition import CONNECT, DISCONNECT
from ...gateway.happenings import Invoked, Opened
from ..asking import SILENCE, described, heard
from ..bench import Bench, Line
from ..exercises import NotYet, trying

TABLE = "people"

Routes = Mapping[str, Handler]


@dataclass(slots=True)
class Guest:
    """Somebody with an open line."""

    name: str
    connection_id: str
    line: Line = field(repr=False)
    frames: list[str] = field(default_factory=list)

    def says(self, **message: Any) -> None:
        """Send a message, and wait until nothing is under way any more."""
        trying(f"{self.name} sends {json.dumps(message)}")
        self.frames += self.line.ask(json.dumps(message))


@dataclass(slots=True)
class Scene:
    """What a scenario can do and ask. Whoever enters an API without ``$connect`` is written into the table here."""

    bench: Bench
    routes: Routes
    table: Any
    api: Api
    _open: ExitStack = field(repr=False)

    def enter(self, name: str, query: str | None = None, look: str = "") -> Guest:
        """Let somebody connect. Raises NotYet where the door stays shut."""
        query = f"?name={name}" if query is None else query
        trying(f"{name} connects{' with ' + query if query else ''}")
        try:
            line = self._open.enter_context(self.bench.line(self.api.url + query))
        except NotYet as refusal:
            refusal.look = look or refusal.look
            raise
        opened = [told for told in self.bench.happenings() if isinstance(told, Opened)]
        guest = Guest(name, opened[-1].connection_id, line)
        if CONNECT not in self.routes:
            self.table.put_item(Item={"connection_id": guest.connection_id, "name": name})
        return guest

    def in_order(self, *guests: Guest) -> list[Guest]:
        """Return guests in the order in which a scan finds their rows."""
        order = [row["connection_id"] for row in self._rows()]
        return sorted(guests, key=lambda guest: order.index(guest.connection_id))

    def leave(self, guest: Guest) -> None:
        """Let a guest close the line, as a browser does."""
        trying(f"{guest.name} leaves")
        guest.line.socket.close()
        self.bench.happenings()

    def cut(self, guest: Guest) -> None:
        """Cut a guest's socket: no close frame travels."""
        trying(f"{guest.name}'s socket is cut")
        guest.line.socket.socket.shutdown(socket.SHUT_RDWR)
        self.bench.happenings()

    def lose_goodbyes(self) -> None:
        """Throttle the function of ``$disconnect`` to nothing: from here on no goodbye reaches it."""
        name = self.function_name(DISCONNECT)
        self._lambda.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)

    def lose_the_table(self) -> None:
        """Delete the table: from here on no write succeeds."""
        self.table.delete()

    def run(self, route_key: str, event: Any = None) -> Any:
        """Run a route's or a scheduled function directly, as a schedule does; return its answer, or raise NotYet."""
        trying(f"{self.function_name(route_key)} runs")
        payload = json.dumps(event or {}).encode()
        answer = self._lambda.invoke(FunctionName=self.function_name(route_key), Payload=payload)
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise NotYet(expected="an answer", got=f"{said['errorType']}: {said['errorMessage']}")
        return said

    def event_of(self, route_key: str) -> Any:
        """Return a copy of the last event that this route's function was called with."""
        events = [told.event for told in self.bench.happenings() if isinstance(told, Invoked)]
        last = next(event for event in reversed(events) if event["requestContext"]["routeKey"] == route_key)
        return json.loads(json.dumps(last))

    def let_rows_expire(self, hours: float) -> None:
        """Do what DynamoDB does with rows whose ``expires``, in epoch seconds, is past, as if ``hours`` had gone by."""
        trying(f"{hours:g} hours go by")
        now = time.time() + hours * 3600
        for row in self._rows():
            if row.get("expires", now) < now:
                self.table.delete_item(Key={"connection_id": row["connection_id"]})

    def names(self) -> list[str]:
        """Return who stands in the table, in order of their names."""
        return sorted(row.get("name", "?") for row in self._rows())

    def expect(self, what: str, got: Any, wanted: Any, look: str = "") -> None:
        """Raise NotYet unless both are equal."""
        if got != wanted:
            raise NotYet(expected=f"{what}: {_said(wanted)}", got=_said(got), look=look)

    def expect_heard(self, guest: Guest, wanted: str, look: str = "") -> None:
        """Raise NotYet unless a guest has heard exactly this since last asked."""
        frames, guest.frames = [*guest.frames, *guest.line.heard()], []
        if heard(frames) != wanted:
            expected = f"{guest.name} hears {wanted if wanted == SILENCE else f'“{wanted}”'}"
            raise NotYet(expected=expected, got=described(self.bench, frames), look=look)

    def expect_refused(self, name: str, look: str = "") -> None:
        """Raise NotYet unless the door stays shut for whoever connects now."""
        try:
            self.enter(name)
        except NotYet:
            return
        raise NotYet(expected="no connection", got="101 Switching Protocols", look=look)

    def function_name(self, route_key: str) -> str:
        """Return the name of the function behind a route, or of a scheduled one."""
        return f"lab-{self.routes[route_key].__name__}".replace("_", "-")

    @property
    def _lambda(self) -> Any:
        return self.bench.session.client("lambda")

    def _rows(self) -> list[dict[str, Any]]:
        return list(self.table.scan(ConsistentRead=True)["Items"])


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) or "nobody" if isinstance(value, list) else str(value)


@contextmanager
def stage(
    bench: Bench,
    routes: Routes,
    *,
    two_way: tuple[str, ...] = (),
    scheduled: tuple[str, ...] = (),
    table_name: str = TABLE,
    environment: Mapping[str, str] | None = None,
    stage_name: str = "dev",
) -> Iterator[Scene]:
    """Build table and API for these routes; those named in ``scheduled`` are functions without a route.

    ``environment`` is that of the functions behind routes.
    """
    table = connection_table(table_name, session=bench.session)
    routed = {key: each for key, each in routes.items() if key not in scheduled}
    api = bench.api(routed, two_way=two_way, environment=environment, stage_name=stage_name)
    with ExitStack() as open_lines:
        scene = Scene(bench, routes, table, api, open_lines)
        for key in scheduled:
            bench.function(routes[key], name=scene.function_name(key))
        yield scene
