"""The switch: the same cells on moto, on AWS, or on another local endpoint.

    from upgrade101 import cloud, connect
    cloud.start()            # moto; CLOUD=aws or cloud.start("aws") for your account

``start`` is the only line that differs.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import boto3
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as websockets_connect

from .account import shut
from .account.entry import Account
from .account.outside import Outside
from .calls import Calls
from .clock import Clock, running_cell
from .gateway.errors import ConfigurationError
from .gateway.happenings import Happening, Observer, Observers
from .gateway.limits import Limits
from .latency import Switch
from .ledger import Ledger
from .ledger.run import Run, begin, finish, still_there, words
from .localcloud import guard
from .localcloud.accounts import account_of
from .localcloud.chaos import Chaos, Odds
from .localcloud.guard import is_loopback
from .localcloud.latency import Latency
from .localcloud.local import LocalCloud, caller, show_prints
from .remote.endpoint import Endpoint
from .remote.line import Line

MOTO, AWS = "moto", "aws"

clock = Clock(lambda: _elsewhere())
"""The time that the local cloud lives in: ``cloud.clock.advance(minutes=11)``."""

ledger = Ledger()
_observers = Observers()
_asides: list[Callable[[Happening], bool]] = []


def _tell(happening: Happening) -> None:
    if not any(takes(happening) for takes in tuple(_asides)):
        _observers.tell(happening)


_calls = Calls(_tell, caller, clock.now)
_observers.watch(ledger.note)


@dataclass(slots=True)
class _Running:
    """What is running now."""

    where: str = ""
    local: LocalCloud | None = None
    endpoint: Endpoint | None = None
    account: Account | None = None
    outside: Outside | None = None  # what is seen of a cloud that is not in this process
    undo: Callable[[], object] | None = None
    run: Run | None = None  # what writes down what is created, wherever it outlives the process


_now = _Running()


def start(
    where: str | None = None,
    *,
    region: str | None = None,
    profile: str | None = None,
    limits: Limits | None = None,
    functions: str = "",
    quiet: bool = False,
) -> None:
    """Start the cloud for this notebook and say which one it is, unless ``quiet``; calling it again is harmless.

    ``where`` is ``"moto"`` (the default), ``"aws"`` or an endpoint such as ``"http://127.0.0.1:4566"``; where it is not
    given, the environment variable ``CLOUD`` decides. On moto, ``functions`` run in ``"threads"`` of this process (the
    default) or in ``"processes"`` of their own, which can be killed and may crash. ``profile`` is AWS's alone: there
    account, region and what a lesson creates are shown, and you are asked once (for scripts ``UPGRADE101_YES`` says
    yes: an account's number to that one alone, 1 to any). Raises ConfigurationError where the answer is no, where AWS
    cannot be used (no credentials, an expired session, the root user, a region without the services), or where another
    cloud is running already. After a start that failed boto3 calls nobody, until another one has gone through.
    """
    with shut.unless(is_running):
        _start(where or os.environ.get("CLOUD") or MOTO, region, profile, limits, functions)
    if not quiet:
        print(describe())


def _start(where: str, region: str | None, profile: str | None, limits: Limits | None, functions: str) -> None:
    if _now.where and _now.where != where:
        raise ConfigurationError(f"this notebook already runs on {_now.where}", hint="cloud.stop() first")
    if _now.local is not None and functions not in ("", _now.local.functions.run_in):
        already = f"functions already run in {_now.local.functions.run_in} here"
        raise ConfigurationError(already, hint="cloud.stop() first")
    if not _now.where:
        if where != MOTO and (limits is not None or functions):
            print("limits and functions are moto's: another cloud has its own, and these are not used")
        _go(where, region, profile, limits, functions or "threads")
        _now.where = where


def _go(where: str, region: str | None, profile: str | None, limits: Limits | None, functions: str) -> None:
    if where == AWS:
        account = Account(profile, region)
        account.start()
        try:
            _now.run = begin(where)
        except BaseException:
            account.stop()
            raise
        _now.account = account
    elif where == MOTO:
        local = LocalCloud(region=region or "us-east-1", clock=clock, limits=limits, functions=functions).start()
        local.gateway.watch(_tell)
        _calls.account_of = account_of
        _now.undo = show_prints(local.functions)
        _now.local = local
    elif where.startswith(("http://", "https://")):
        endpoint = Endpoint(where, region or "us-east-1")
        endpoint.start()
        try:
            _now.run = begin(endpoint.url)
        except BaseException:
            endpoint.stop()
            raise
        _now.endpoint = endpoint
    else:
        raise ConfigurationError(f"there is no cloud called {where!r}", hint="'moto', 'aws' or 'http://127.0.0.1:4566'")
    if where != MOTO:
        _now.outside = Outside(_tell, patience=4.0 if where == AWS else 1.0)
        _now.undo, _calls.is_outside = _now.outside.attach(watch, set_aside), True
    _calls.install()
    boto3.DEFAULT_SESSION = None


def stop() -> None:
    """Stop what ``start`` started; harmless where nothing runs. On moto everything that was created is gone.

    Elsewhere what is left is deleted as ``clean`` does, and proved to be gone; otherwise the ledger stays, and the
    command that finishes the job is named. After that boto3 calls nobody in a notebook, until the next ``start``: a
    cell that is run again would create things that no ledger knows. In scripts and tests it calls whom it did before.
    """
    was_running = is_running()
    try:
        if _now.run is not None:
            finish(_now.run)
    finally:
        _stop()
        ledger.forget()
        if was_running and running_cell() is not None:
            shut.close(*shut.STOPPED)


def _stop() -> None:
    global _now
    _calls.uninstall()
    _calls.account_of, _calls.is_outside = None, False
    if _now.undo is not None:
        _now.undo()
    for each in (_now.local, _now.endpoint, _now.account):
        if each is not None:
            each.stop()
    _now = _Running()


@contextmanager
def locally() -> Iterator[LocalCloud]:
    """Have the local cloud here until the block ends, wherever the notebook runs, and then all is as it was.

    What is created in the block is no part of a run on AWS or on an endpoint, and no call of boto3 reaches either,
    whoever makes it. Where the notebook runs on moto already, this is its own local cloud.
    """
    if _now.local is not None:
        yield _now.local
        return
    out_of_bounds = _now.endpoint.url if _now.endpoint else os.environ.get("AWS_ENDPOINT_URL", "")
    with _stepped_out():
        start(MOTO, quiet=True)
        guard.close(out_of_bounds)
        try:
            yield local()
        finally:
            _stop()


@contextmanager
def _stepped_out() -> Iterator[None]:
    """Leave what is running for a while; harmless where nothing is."""
    global _now
    there, _now = _now, _Running()
    if there.run is not None:
        there.run.pause()
    if there.endpoint is not None:
        there.endpoint.stop()
    try:
        with shut.opened():
            yield
    finally:
        if there.endpoint is not None:
            there.endpoint.resume()
        if there.run is not None:
            there.run.resume()
        _now = there
        if there.where:
            _calls.install()
            _calls.is_outside = True
        boto3.DEFAULT_SESSION = None


def clean() -> None:
    """Delete what this notebook has created since ``start``: APIs, functions, roles, tables; say what.

    The same on moto and on AWS; what others created is never touched. Harmless where nothing runs.
    """
    if _now.run is not None:
        print(*words(_now.run.clean(), still_there(_now.run)), sep="\n")
        ledger.forget()
        return
    gone = Counter(entry.kind for entry in ledger.clean()) if _now.where else Counter()
    print("taken away:", ", ".join(f"{count} × {kind}" for kind, count in gone.items()) or "nothing, nothing was left")


def describe() -> str:
    """Return one line that says which cloud this is and what it costs."""
    if _now.where == AWS:
        session = boto3.Session()
        account = _now.run.account if _now.run else ""
        return f"cloud: AWS account …{account[-4:]}, region {session.region_name} (what you create here costs money)"
    if _now.endpoint is not None:
        return f"cloud: {_now.endpoint.url}, region {_now.endpoint.region} (test keys; it may differ from AWS)"
    return f"cloud: moto on this machine, {local().url} (free, offline, nothing leaves it)"


def local() -> LocalCloud:
    """Return the local cloud. Raises ConfigurationError where the notebook runs on AWS or on nothing."""
    _running()
    if _now.local is None:
        raise ConfigurationError("this needs the local cloud", hint="cloud.start('moto')")
    return _now.local


def _latency() -> Latency | None:
    """Return the local cloud's latency, or nothing on AWS, which has its own."""
    _running()
    return _now.local.latency if _now.local else None


latency = Switch(_latency)
"""How long calls of AWS take here: ``with cloud.latency(connections_ms=15): …``, or ``cloud.latency.on()``."""


def chaos(
    seed: int = 0,
    *,
    kills: float = 0.04,
    gone: float = 0.02,
    delays: float = 0.2,
    duplicates: float = 0.1,
    restarts: float = 0.01,
    longest_ms: float = 50.0,
    most: int = 200,
) -> Chaos:
    """Give the local cloud a bad day: ``with cloud.chaos(seed=7) as storm: …``, and it ends with the block.

    Each figure is the chance of a blow, from 0 to 1. ``kills`` cut a line, ``gone`` cut one whose ``$disconnect`` never
    comes: at each message that a client sends and at each post to one. ``delays`` hold a post up, for ``longest_ms`` at
    most, ``duplicates`` deliver it twice. ``restarts`` end idle execution environments, and their globals with them.
    After ``most`` blows it is calm. Posts are those that boto3 makes in this process: functions that run in processes
    of their own post undisturbed. ``print(storm)`` says what was struck. On AWS nothing is, and that is said. Raises
    ConfigurationError where no cloud is running, or for what is no probability.
    """
    _running()
    if _now.local is None:
        print(f"chaos: {_elsewhere()} has days of its own, nothing is added")
    return Chaos(
        _now.local, Odds(kills, gone, delays, duplicates, restarts), seed=seed, longest_ms=longest_ms, most=most
    )


def _elsewhere() -> str:
    """Return what another cloud than the local one is called; '' on moto, and where nothing runs."""
    if not _now.where or _now.local is not None:
        return ""
    return _now.endpoint.url if _now.endpoint else "AWS"


def is_local() -> bool:
    """Tell whether the notebook runs on moto."""
    return _now.local is not None


def is_aws() -> bool:
    """Tell whether the notebook runs on an AWS account."""
    return _now.where == AWS


def own_run() -> str:
    """Return the run whose tag is on what this notebook creates in an account; '' elsewhere, where all is its own."""
    return _now.run.book.run_id if is_aws() and _now.run is not None else ""


def endpoint() -> Endpoint | None:
    """Return the other endpoint that the notebook runs on, or nothing where it runs on moto or AWS."""
    return _now.endpoint


def _running() -> None:
    if not _now.where:
        raise shut.refusal() or ConfigurationError("no cloud is running", hint="cloud.start()")


def watch(observer: Observer) -> Callable[[], None]:
    """Tell ``observer`` of every happening, whatever is started or stopped; return the function that stops it."""
    return _observers.watch(observer)


def set_aside(takes: Callable[[Happening], bool]) -> Callable[[], None]:
    """Ask ``takes`` about every happening first, from any thread; of what it takes (True) no observer hears, nor the
    ledger. It must not raise. Return the function that ends this.
    """
    _asides.append(takes)
    return lambda: _asides.remove(takes) if takes in _asides else None


def is_running() -> bool:
    """Tell whether a cloud is running, wherever it is."""
    return bool(_now.where)


def settle(seconds: float = 2.0) -> bool:
    """Wait until the local gateway has nothing under way; True at once where there is none."""
    return _now.local.gateway.settle(seconds) if _now.local else True


def catch_up() -> None:
    """Let what is under way be told before a picture of it; elsewhere read the functions' logs, for some seconds."""
    settle() if _now.outside is None else _now.outside.catch_up()


def unseen() -> str:
    """Return what no picture can show of the cloud that runs; '' on moto, where all is seen."""
    return _now.outside.remark if _now.outside else ""


def connect(url: str, **options: Any) -> ClientConnection:
    """Open a WebSocket: ``websockets.sync.client.connect``, except that on moto it plays DNS.

    ``url`` is the one AWS gives, ``wss://{api-id}.execute-api.{region}.amazonaws.com/{stage}``. Locally it dials this
    machine and leaves path and Host header as on AWS. ``options`` are those of websockets; compression is off, because
    API Gateway does not negotiate it, and whatever comes is kept until it is read: with websockets' own sixteen unread
    messages, leaving would take ten seconds. Raises what websockets raises.

    Use it as ``with connect(url) as ws:``.
    """
    _running()
    options = {"compression": None, "max_queue": None, **options}
    if _now.local is None:
        there = _websocket(_now.endpoint.own_form(url)) if _now.endpoint else url
        options = {"create_connection": partial(Line, tell=_tell, url=url), **options}
        return cast(ClientConnection, websockets_connect(there, **options))
    parts = urlsplit(url)
    sock = _dial_local(parts.hostname or "", parts.port)
    local_address = urlunsplit(parts._replace(scheme="ws"))
    return cast(ClientConnection, websockets_connect(local_address, sock=sock, **options))


def _websocket(url: str) -> str:
    """Return an address with a WebSocket's scheme; some clouds call their WebSocket APIs' http."""
    return f"ws{url.removeprefix('http')}" if url.startswith("http") else url


def dial(url: str) -> socket.socket:
    """Open the bare TCP connection (TLS on AWS) to the host of ``url``, for those who want to see the bytes.

    Accepts the ``wss://`` or ``https://`` address of an API; raises OSError where nobody answers.
    """
    _running()
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _now.local is not None:
        return _dial_local(host, parts.port)
    if _now.endpoint is not None:
        return _now.endpoint.dial()
    raw = socket.create_connection((host, parts.port or 443), timeout=10)
    return ssl.create_default_context().wrap_socket(raw, server_hostname=host)


def _dial_local(host: str, port: int | None) -> socket.socket:
    """Play DNS: an API's own host and a custom domain are the local gateway, a loopback host is itself; no others."""
    gateway = local().gateway
    if host.endswith((".amazonaws.com", ".localhost")) or gateway.core.stages.locate(host, "/") is not None:
        return socket.create_connection((gateway.host, gateway.port), timeout=10)
    if is_loopback(host):
        return socket.create_connection((host, port or 80), timeout=10)
    raise ConfigurationError(
        f"{host} is not this machine, and on moto nothing leaves it", hint="cloud.start('aws') for the real thing"
    )


def local_url(url: str) -> str:
    """Return the address of an API on this machine, for programs that cannot play DNS: wscat, curl, a browser.

    ``wss://{api-id}.execute-api.…/{stage}`` becomes ``ws://127.0.0.1:PORT/_aws/execute-api/{api-id}/{stage}``, and
    ``https`` becomes ``http``; an address at a custom domain becomes that of the stage it is mapped to. On AWS the
    address stays as it is, and so does one that is on this machine already.
    """
    _running()
    if _now.endpoint is not None:
        return _now.endpoint.own_form(url)
    if _now.local is None:
        return url
    parts, netloc = urlsplit(url), urlsplit(_now.local.url).netloc
    if parts.netloc == netloc or (is_loopback(parts.hostname or "") and parts.path.startswith("/_aws/execute-api/")):
        return url
    api_id = (parts.hostname or "").partition(".")[0]
    mapped = _now.local.gateway.core.stages.locate(parts.netloc, parts.path)
    if mapped is not None and mapped.domain_name:
        api_id, parts = mapped.api_id, parts._replace(path="/".join(("", mapped.stage_name, *mapped.rest)))
    scheme = {"wss": "ws", "https": "http"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, netloc, f"/_aws/execute-api/{api_id}{parts.path}", parts.query, ""))
