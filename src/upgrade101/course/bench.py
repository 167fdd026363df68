"""A fresh cloud for one try: another account in the same moto, so that nothing a learner has built is touched.

    with fresh() as bench:
        api = bench.api({"$default": on_message}, two_way=("$default",))
        with bench.line(api.url) as line:
            line.ask("hello")  # ['HELLO']

What happens in it is seen by the bench alone: no picture, no print and no entry of the ledger reaches the notebook.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import boto3
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.http11 import Response
from websockets.sync.client import ClientConnection

from .. import cloud
from ..deploy import Api, Handler, function, websocket_api
from ..gateway.happenings import Answered, Called, Happening, Invoked
from ..localcloud import accounts
from ..localcloud.functions import surroundings
from ..localcloud.local import LocalCloud
from .exercises import NotYet

ACCOUNT = "101101101101"
PATIENCE = 5.0  # seconds: longer than a function of the course may run


_OPEN = "101 Switching Protocols, an open line"
_STAGE = "the URL, and whether it has a stage of that name with a deployment"


class _Session(boto3.Session):  # type: ignore[misc]
    """A session that makes each client once: making one takes longer than most calls."""

    def __init__(self, keys: accounts.Keys, region: str) -> None:
        super().__init__(keys.access_key_id, keys.secret_access_key, keys.session_token, region)
        self.keys = keys
        self._clients: dict[str, Any] = {}

    def client(self, service_name: str, *more: Any, **options: Any) -> Any:
        """Return a client, the one there is where nothing special is asked for."""
        if more or options:
            return super().client(service_name, *more, **options)
        if service_name not in self._clients:
            self._clients[service_name] = super().client(service_name)
        return self._clients[service_name]


class Line:
    """A client's open connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def ask(self, *messages: str) -> list[str]:
        """Send messages and return every frame that has come by the time that nothing is under way any more."""
        with suppress(ConnectionClosed):
            for message in messages:
                self.socket.send(message)
        return self.heard()

    def heard(self) -> list[str]:
        """Return the frames that have come since last asked, without waiting longer than the gateway is at work."""
        with suppress(ConnectionClosed, TimeoutError):
            self._ping()  # the gateway has read all that was sent
            _settle()
            self._ping()  # and all that it sent is here
        frames = []
        with suppress(ConnectionClosed, TimeoutError):
            while True:
                frame = self.socket.recv(timeout=0)
                frames.append(frame if isinstance(frame, str) else frame.decode("utf-8", "replace"))
        return frames

    def _ping(self) -> None:
        self.socket.ping().wait(PATIENCE)


class Bench:
    """A fresh cloud. ``session`` makes clients in it, and so does plain boto3 as long as the bench is in use."""

    def __init__(self, session: boto3.Session) -> None:
        self.session = session
        self.prints: list[str] = []
        self.meant_to_fail: set[str] = set()
        """What fails on purpose: functions of the check's own, by name, and requests. A verdict passes over them."""
        self._happenings: list[Happening] = []
        self._told = threading.Condition()
        self._owners: dict[str, str] = {}
        self._requests: set[str] = set()
        self._functions: set[str] = set()
        self._meanwhile: list[tuple[Callable[[Called], bool], Callable[[], object]]] = []

    def api(self, routes: Mapping[str, Handler | Mapping[str, Any] | None], **options: Any) -> Api:
        """Build and deploy an API: :func:`upgrade101.websocket_api`, on this bench."""
        return websocket_api("lab", routes, session=self.session, **options)

    def function(self, handler: Handler, **options: Any) -> str:
        """Deploy a function and return its ARN: :func:`upgrade101.function`, on this bench."""
        return function(handler, session=self.session, **options)

    @contextmanager
    def line(self, url: str, **options: Any) -> Iterator[Line]:
        """Connect as a client, with the options of ``cloud.connect``. Raises NotYet where the gateway refuses."""
        try:
            socket = cloud.connect(url, close_timeout=PATIENCE, **options)
        except InvalidStatus as refusal:
            raise NotYet(expected=_OPEN, got=_refused(refusal.response), look=_STAGE) from None
        except InvalidHandshake as refusal:
            raise NotYet(expected=_OPEN, got=str(refusal)) from None
        with socket as opened:
            try:
                yield Line(opened)
            finally:
                opened.close()  # 1000 in the picture, whatever the check found

    def ask(self, url: str, *messages: str) -> list[str]:
        """Connect, send messages, return every frame that comes, and leave."""
        with self.line(url) as line:
            return line.ask(*messages)

    def happenings(self) -> Sequence[Happening]:
        """Return what happened here, once nothing is under way any more."""
        _settle()
        return tuple(self._happenings)

    def so_far(self) -> Sequence[Happening]:
        """Return what has happened here up to now, whatever is still under way."""
        return tuple(self._happenings)

    def wait_for(self, happens: Callable[[Happening], bool], seconds: float = PATIENCE) -> bool:
        """Wait until something has happened here, whatever else is under way; tell whether it did in time."""
        with self._told:
            return self._told.wait_for(lambda: any(map(happens, self._happenings)), seconds)

    def restart(self) -> None:
        """End every execution environment: what functions keep in globals is gone, as after new code."""
        _settle()
        cloud.local().functions.retire(ACCOUNT)

    @contextmanager
    def meanwhile(self, calls: Callable[[Called], bool], do: Callable[[], object]) -> Iterator[None]:
        """Do something between a call that a function makes and the next line of that function, until the block ends.

        So an unlucky order is certain and not a matter of luck: ``calls`` tells which calls of boto3, and whoever made
        one waits until ``do`` has returned, which must not raise.
        """
        self._meanwhile.append((calls, do))
        try:
            yield
        finally:
            self._meanwhile.remove((calls, do))

    @contextmanager
    def on_purpose(self) -> Iterator[None]:
        """Pass over what is printed and what fails in this block, if it ends well: the check has provoked it."""
        printed, happened = len(self.prints), len(self.happenings())
        yield
        seen = self.happenings()[happened:]
        self.meant_to_fail.update(each.request_id for each in seen if isinstance(each, Answered) and each.error)
        del self.prints[printed:]

    # ── what the cloud asks ──────────────────────────────────────────────────────────────────────────────────────

    def takes(self, happening: Happening) -> bool:
        """Take what happened on this bench, and tell whether it did."""
        if not self._is_here(happening):
            return False
        if isinstance(happening, Invoked):
            self._requests.add(happening.request_id)
        with self._told:
            self._happenings.append(happening)
            self._told.notify_all()
        if isinstance(happening, Called):
            if happening.operation == "CreateFunction":
                self._functions.add(happening.parameters["FunctionName"])
            self._hold_up(happening)
        return True

    def _hold_up(self, call: Called) -> None:
        for calls, do in tuple(self._meanwhile):
            if calls(call):
                with surroundings.outside():
                    do()

    def _is_here(self, happening: Happening) -> bool:
        if isinstance(happening, Called):
            return happening.account == ACCOUNT
        if happening.api_id and not self._owners.get(happening.api_id):
            self._owners[happening.api_id] = accounts.owner_of(happening.api_id)
        return self._owners.get(happening.api_id) == ACCOUNT

    def takes_print(self, function_name: str, request_id: str, text: str) -> bool:
        """Take what a function of this bench printed, and tell whether it was one."""
        if request_id not in self._requests and function_name not in self._functions:
            return False
        if function_name in self.meant_to_fail:
            return True
        self.prints += [f"[{function_name}] {line}" for line in text.splitlines()]
        return True


def _settle() -> None:
    """Wait until nothing is under way: neither at the gateway nor in a function that nobody waits for."""
    cloud.settle(PATIENCE)
    cloud.local().functions.settle(PATIENCE)
    cloud.settle(PATIENCE)  # and what that function has caused


def _refused(response: Response) -> str:
    """Return status and message of a refused upgrade."""
    body = (response.body or b"").decode("utf-8", "replace")
    try:
        return f"{response.status_code} {json.loads(body)['message']}".strip()
    except (ValueError, TypeError, KeyError):
        return f"{response.status_code} {body or response.reason_phrase}"


@contextmanager
def fresh() -> Iterator[Bench]:
    """Yield a bench, and delete what is on it afterwards.

    It is a local cloud wherever the notebook runs: on AWS a check would cost money, and could touch what is yours. It
    lasts as long as the bench where the notebook has none of its own.
    """
    with ExitStack() as undo:
        local = undo.enter_context(cloud.locally())
        session = _session(local)
        bench = Bench(session)
        undo.callback(cloud.set_aside(bench.takes))
        undo.callback(_overhear(local, bench))
        undo.callback(_note_warnings(bench))
        undo.callback(accounts.clear, ACCOUNT)
        undo.callback(local.functions.retire, ACCOUNT)
        undo.callback(_settle)
        undo.enter_context(_as_default(session))
        yield bench


_kept: tuple[LocalCloud, _Session] | None = None


def _session(local: LocalCloud) -> _Session:
    """Return the session of the bench's account, made anew where the cloud is another or was reset."""
    global _kept
    if _kept is None or _kept[0] is not local or accounts.account_of(_kept[1].keys.access_key_id) != ACCOUNT:
        _kept = local, _Session(accounts.keys_of(ACCOUNT, local.region), local.region)
    return _kept[1]


def _overhear(local: LocalCloud, bench: Bench) -> Callable[[], None]:
    """Let the bench hear what functions print before those who show it; return the undoing."""
    listeners = local.functions.on_log
    before = tuple(listeners)

    def listen(function_name: str, request_id: str, text: str) -> None:
        if not bench.takes_print(function_name, request_id, text):
            for listener in before:
                listener(function_name, request_id, text)

    def undo() -> None:
        listeners[:] = [*before, *(listener for listener in listeners if listener is not listen)]

    listeners[:] = [listen]
    return undo


class _Notes(logging.Handler):
    """Puts the first line of each warning of the cloud among what functions have printed."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(logging.WARNING)
        self._bench = bench

    def emit(self, record: logging.LogRecord) -> None:
        first = record.getMessage().partition("\n")[0]
        self._bench.prints.append(f"[cloud] {first}")


def _note_warnings(bench: Bench) -> Callable[[], None]:
    """Keep the cloud's warnings for the bench, and from the notebook; return the undoing."""
    log, notes = logging.getLogger("upgrade101"), _Notes(bench)
    before, log.propagate = log.propagate, False
    log.addHandler(notes)

    def undo() -> None:
        log.removeHandler(notes)
        log.propagate = before

    return undo


@contextmanager
def _as_default(session: _Session) -> Iterator[None]:
    """Let plain ``boto3.client`` and new sessions work on the bench."""
    default, variables = boto3.DEFAULT_SESSION, session.keys.variables()
    before = {name: os.environ.get(name) for name in variables}
    boto3.DEFAULT_SESSION = session
    os.environ.update(variables)
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = default
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
