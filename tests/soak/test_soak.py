"""The soak in its short form, and the books that it reads."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from upgrade101.gateway import happenings as told

ROOT = Path(__file__).resolve().parents[2]
SHORT = [sys.executable, "-m", "upgrade101", "soak", "--minutes", "0.2", "--seed", "101", "--functions"]


@pytest.mark.parametrize("functions", ["threads", "processes"])
def test_a_gateway_under_strain_gives_everything_back_and_owes_nothing(functions):
    done = subprocess.run([*SHORT, functions], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "seed 101: 0 faults" in done.stdout
    assert "Received" in done.stdout and " 0 Received" not in done.stdout


@pytest.fixture
def books(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.strain.ledger").Ledger()


def opened():
    return told.Opened(at=0, connection_id="A")


def received():
    return told.Received(at=0, connection_id="A", text="{}")


def invoked(request_id, route_key="echo"):
    return told.Invoked(
        at=0,
        connection_id="A",
        request_id=request_id,
        route_key=route_key,
        integration_type="AWS_PROXY",
        target="f",
    )


def answered(request_id, route_key="echo"):
    return told.Answered(at=0, connection_id="A", request_id=request_id, route_key=route_key, target="f")


def sent(because="reply"):
    return told.Sent(at=0, connection_id="A", text="", because=because)


def closed():
    return told.Closed(at=0, connection_id="A", code=1000, reason="", by="client")


GOODBYE = [closed(), invoked("d", "$disconnect"), answered("d", "$disconnect")]


@pytest.mark.parametrize(
    "life",
    [
        [],
        [opened(), *GOODBYE],
        [opened(), received(), invoked("1"), answered("1"), sent(), *GOODBYE],
        [opened(), received(), invoked("1"), answered("1"), sent("error"), *GOODBYE],
        [opened(), received(), sent("error"), *GOODBYE],
        [opened(), sent("post"), *GOODBYE],
        [opened(), received(), invoked("1"), *GOODBYE, answered("1")],
    ],
)
def test_the_books_of_a_life_in_order_balance(books, life):
    for happening in life:
        books(happening)
    assert books.faults() == []


@pytest.mark.parametrize(
    "life, fault",
    [
        ([opened()], "never ended"),
        ([opened(), closed()], "$disconnect ran 0 times"),
        ([opened(), *GOODBYE, closed()], "$disconnect ran 0 times"),
        ([opened(), closed(), closed(), invoked("d", "$disconnect")], "ended more than once"),
        ([opened(), closed(), *GOODBYE[1:2], invoked("e", "$disconnect")], "$disconnect ran 2 times"),
        ([opened(), received(), *GOODBYE], "neither a function nor an error"),
        ([opened(), received(), invoked("1"), *GOODBYE], "calls without an answer"),
        ([opened(), received(), invoked("1"), answered("1")], "answers went astray"),
        ([opened(), received(), invoked("1"), answered("1"), sent(), answered("1")], "answered twice"),
        ([opened(), sent()], "nobody asked for"),
    ],
)
def test_the_books_find_what_does_not_add_up(books, life, fault):
    for happening in life:
        books(happening)
    assert any(fault in each for each in books.faults()), books.faults()
