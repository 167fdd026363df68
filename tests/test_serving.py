"""What ``serve`` says: a line for each thing that happens, and nobody waits for it."""

import io
import logging
import threading

import pytest
from websockets.exceptions import InvalidStatus

from upgrade101.gateway.happenings import Answered, Closed, Managed, Opened, Refused, Routed, Sent
from upgrade101.serving import COLUMNS, narrate, words

WHO = "LkTz3dQpIAMCJZw="


@pytest.mark.parametrize(
    ("happening", "said"),
    [
        (Opened(at=0, api_id="a1b2c3", stage="dev", connection_id=WHO), "connected to a1b2c3/dev"),
        (Refused(at=0, connection_id=WHO, status=403, message="Forbidden"), "refused   403 Forbidden"),
        (
            Routed(at=0, connection_id=WHO, route_key="", selected="nix"),
            "no route  for 'nix', and there is no $default",
        ),
        (Routed(at=0, connection_id=WHO, route_key="say", selected="say"), ""),
        (
            Answered(at=0, connection_id=WHO, request_id="r", route_key="say", target="chat-say", seconds=0.0021),
            "answered  say  chat-say, 2.1 ms",
        ),
        (
            Answered(at=0, connection_id=WHO, request_id="r", route_key="say", target="chat-say", error="KeyError"),
            "failed    say  chat-say, 0 ms: KeyError",
        ),
        (Sent(at=0, connection_id=WHO, text="hi", because="post"), "sent      hi  (@connections)"),
        (Managed(at=0, connection_id=WHO, method="POST", status=200, text="hi"), ""),
        (Managed(at=0, connection_id=WHO, method="POST", status=410), "POST      @connections: 410"),
        (Managed(at=0, connection_id=WHO, method="DELETE", status=204), "DELETE    @connections: 204"),
        (Closed(at=0, connection_id=WHO, code=1006, reason="", by="network"), "closed    1006, by the network"),
    ],
)
def test_a_line(happening, said):
    assert words(happening) == (f"{WHO}  {said}" if said else "")


def test_a_line_is_short_and_is_one():
    said = words(Sent(at=0, connection_id=WHO, text="x\n" * 500, because="reply"))
    assert len(said) == COLUMNS
    assert "\n" not in said


@pytest.fixture
def told(websocket_cloud):
    """Return what somebody hears while something is done."""
    log = logging.getLogger("upgrade101")
    log.setLevel(logging.INFO)

    def told(handler, do):
        end = narrate(websocket_cloud.local(), handler)
        try:
            do()
            websocket_cloud.settle()
        finally:
            end()

    yield told
    log.setLevel(logging.NOTSET)


def shout(event, context):
    print("I was asked")
    raise ValueError("too loud")


def refuse(event, context):
    return {"statusCode": 401}


def test_who_serves_hears_what_happens_and_what_functions_print(told, websocket_api):
    api, closed = websocket_api({"$default": shout}), websocket_api({"$connect": refuse})
    into = io.StringIO()

    def do():
        with api.connect() as ws:
            ws.send("hello?")
            ws.recv(timeout=10)
        with pytest.raises(InvalidStatus):
            closed.connect()

    told(logging.StreamHandler(into), do)
    lines = into.getvalue().splitlines()
    for part in (
        f"connected to {api.api_id}/dev",
        "received  hello?",
        "shout] I was asked",
        "shout] [ERROR] ValueError: too loud",
        "failed    $default  api-1-0-shout",
        "closed    1000",
        "refused   401",
    ):
        assert any(part in line for line in lines), part
    api.connect().close()
    assert into.getvalue().splitlines() == lines, "it has ended"


def test_nobody_waits_for_a_terminal_that_stands_still(told, websocket_api, monkeypatch):
    monkeypatch.setattr("upgrade101.serving._WAITING", 20)
    go, written = threading.Event(), []

    class Still(logging.Handler):
        def emit(self, record):
            go.wait(20)
            written.append(record.getMessage())

    def hello(event, context):
        return {"statusCode": 200, "body": "hello"}

    api = websocket_api({"$default": hello}, two_way="$default")

    def do():
        with api.connect() as ws:
            for _ in range(100):
                ws.send("?")
                ws.recv(timeout=10)
            go.set()
            while len(written) < 20:
                threading.Event().wait(0.01)
            ws.send("the last")
            ws.recv(timeout=10)

    told(Still(), do)
    (left_out,) = [line for line in written if "left out" in line]
    assert int(left_out.split()[1]) > 200
    assert any("the last" in line for line in written)
