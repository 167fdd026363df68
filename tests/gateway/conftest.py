"""Fixtures of the gateway's tests; the things they build with are in ``gateway_kit``."""

from __future__ import annotations

import base64
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from gateway_kit import CHAT, Functions, Running, Shelf, stage
from websockets.sync.client import ClientConnection

from upgrade101.gateway import Clock, Gateway, Limits
from upgrade101.gateway.definition import Route
from upgrade101.gateway.ports import Http


@pytest.fixture
def calm(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    """Return what the gateway wrote into its log as warnings; fail where anything left a traceback."""
    caplog.set_level(logging.INFO)
    lost: list[Any] = []
    hook, threading.excepthook = threading.excepthook, lost.append
    yield lambda: [one.getMessage() for one in warnings_in(caplog)]
    threading.excepthook = hook
    records = [*caplog.get_records("call"), *caplog.get_records("teardown")]
    assert not lost
    assert not [one.getMessage() for one in records if one.exc_info or (one.name == "asyncio" and one.levelno > 20)]


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [one for one in caplog.records if one.name == "upgrade101.gateway" and one.levelno >= logging.WARNING]


Start = Callable[..., Running]


@pytest.fixture
def start(calm: Any) -> Iterator[Start]:
    """Start gateways, and stop them after the test."""
    running: list[Running] = []

    def start(
        *routes: Route,
        invoke: Any = None,
        http: Http | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
        **settings: Any,
    ) -> Running:
        shelf, functions = Shelf(stage(*(routes or CHAT), **settings)), Functions()
        gateway = Gateway(shelf, invoke or functions, http, limits=limits, clock=clock)
        one = Running(gateway, shelf, functions)
        gateway.watch(one.told.append)
        running.append(one)
        gateway.start()
        return one

    yield start
    for one in running:
        one.gateway.stop()
        one.functions.stop()


@pytest.fixture
def bystander(start: Start) -> Iterator[Callable[[Running], None]]:
    """Keep one connection open beside the trouble, and check that it still works."""
    open_: dict[int, ClientConnection] = {}
    clients = ExitStack()

    def check(running: Running) -> None:
        if id(running) not in open_:
            open_[id(running)] = clients.enter_context(running.connect())
        ws = open_[id(running)]
        message = base64.b64encode(os.urandom(6)).decode()
        ws.send(message)
        assert ws.recv(timeout=10) == message

    with clients:
        yield check
