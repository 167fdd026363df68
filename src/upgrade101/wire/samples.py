"""Recorded runs, for the documentation and the tests: what a gateway tells, at times that never change."""

from __future__ import annotations

from typing import Any

from ..gateway.happenings import (
    Answered,
    Called,
    Closed,
    Happening,
    Invoked,
    Knocked,
    Managed,
    Opened,
    Received,
    Refused,
    Requested,
    Responded,
    Routed,
    Sent,
)

ANA, BEN, CAI = "RYGzEcSNvHcCH8A=", "FYnvDeD_NjMCKlg=", "JC1dgf9yoAMCK-g="
SENT_BY_ANA = '{"action": "message", "text": "hello"}'


class Tape:
    """Write down a run: each happening some milliseconds after the one before."""

    def __init__(self, api_id: str = "a1b2c3d4e5", stage: str = "dev") -> None:
        self.happenings: list[Happening] = []
        self._common = {"api_id": api_id, "stage": stage}
        self._at = 1_790_000_000.0
        self._calls = 0

    def tell(self, kind: type[Happening], milliseconds: float, **what: Any) -> None:
        """Add one happening, ``milliseconds`` after the last."""
        self._at += milliseconds / 1000
        self.happenings.append(kind(at=self._at, **self._common, **what))

    def invoke(self, client: str, route_key: str, function: str, event: Any = None) -> str:
        """Add a call of a function and return its request id."""
        self._calls += 1
        request_id = f"call-{self._calls}"
        what = {"route_key": route_key, "target": function, "request_id": request_id, "connection_id": client}
        self.tell(Invoked, 0.4, integration_type="AWS_PROXY", event=event, **what)
        return request_id

    def answer(
        self, client: str, route_key: str, function: str, request_id: str, payload: Any = None, **more: Any
    ) -> None:
        """Add a function's answer."""
        what = {"route_key": route_key, "target": function, "request_id": request_id, "connection_id": client}
        self.tell(Answered, 1.2, payload=payload, **what, **more)

    def table(self, function: str, operation: str, milliseconds: float = 2.0) -> None:
        """Add a function's call of its table."""
        what = {"parameters": {"TableName": "connections"}, "status": 200, "caller": function}
        self.tell(Called, milliseconds, service="dynamodb", operation=operation, **what)

    def post(self, client: str, text: str, caller: str = "", status: int = 200) -> None:
        """Add a post to a connection, and its arrival where the connection is still there."""
        self.tell(Managed, 1.5, method="POST", status=status, text=text, caller=caller, connection_id=client)
        if status == 200:
            self.tell(Sent, 0.3, text=text, because="post", connection_id=client)

    def connect(self, client: str, path: str) -> None:
        """Add a connection that its function lets in and remembers."""
        self.tell(Knocked, 5.0, path=path, connection_id=client, headers=(("Upgrade", "websocket"),))
        call = self.invoke(client, "$connect", "connect")
        self.table("connect", "PutItem")
        self.answer(client, "$connect", "connect", call, {"statusCode": 200})
        self.tell(Opened, 0.3, connection_id=client)


def broadcast() -> list[Happening]:
    """Return one message on its way to a whole room, one of whom has left without a word."""
    return chat()[15:]


def chat() -> list[Happening]:
    """Return an evening of three clients: all connect, the third falls silent, the first says something."""
    tape = Tape()
    for client, name in ((ANA, "Ana"), (BEN, "Ben"), (CAI, "Cai")):
        tape.connect(client, f"/dev?name={name}")
    tape.tell(Received, 40.0, text=SENT_BY_ANA, connection_id=ANA)
    tape.tell(Routed, 0.1, route_key="message", selected="message", connection_id=ANA)
    call = tape.invoke(ANA, "message", "broadcast", {"body": SENT_BY_ANA})
    tape.table("broadcast", "Scan")
    heard = "Ana: hello"
    tape.post(ANA, heard, "broadcast")
    tape.post(BEN, heard, "broadcast")
    tape.post(CAI, heard, "broadcast", status=410)
    tape.table("broadcast", "DeleteItem")
    tape.answer(ANA, "message", "broadcast", call, {"statusCode": 200})
    return tape.happenings


def polling(polls: int = 8, news_at: int = 6) -> list[Happening]:
    """Return a client that asks again and again for news, of which there is one."""
    tape = Tape(stage="prod")
    for poll in range(1, polls + 1):
        body = '{"news": ["Ben is here"]}' if poll == news_at else '{"news": []}'
        tape.tell(Requested, 250.0, request_id=str(poll), method="GET", path="/prod/news")
        tape.tell(Responded, 3.1, request_id=str(poll), status=200, body=body, seconds=0.0031)
    return tape.happenings


def refused() -> list[Happening]:
    """Return three who were not let in: by an authorizer, by a broken function, and for want of such a stage."""
    tape = Tape()
    tape.tell(Knocked, 0.0, path="/dev?token=expired", connection_id=ANA)
    call = tape.invoke(ANA, "$connect", "doorkeeper", {"type": "REQUEST"})
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Action": "execute-api:Invoke", "Effect": "Deny", "Resource": "*"}],
    }
    tape.answer(ANA, "$connect", "doorkeeper", call, {"principalId": "nobody", "policyDocument": policy})
    tape.tell(Refused, 0.2, status=403, message="Forbidden", connection_id=ANA)
    tape.tell(Knocked, 5.0, path="/dev", connection_id=BEN)
    call = tape.invoke(BEN, "$connect", "connect")
    broken = {"errorMessage": "'queryStringParameters'", "errorType": "KeyError"}
    tape.answer(BEN, "$connect", "connect", call, broken, error="KeyError")
    tape.tell(Refused, 0.2, status=502, message="Internal server error", connection_id=BEN)
    tape.tell(Knocked, 5.0, path="/prodd")
    tape.tell(Refused, 0.1, status=403, message="Forbidden")
    return tape.happenings


def errors() -> list[Happening]:
    """Return a message that finds no route, one whose function breaks, and three goodbyes."""
    tape = Tape()
    for client in (ANA, BEN, CAI):
        tape.tell(Knocked, 5.0, path="/dev", connection_id=client)
        tape.tell(Opened, 0.5, connection_id=client)
    tape.tell(Received, 9.0, text="hello", connection_id=ANA)
    tape.tell(Routed, 0.1, route_key="", selected="", connection_id=ANA)
    frame = f'{{"message": "Forbidden", "connectionId":"{ANA}", "requestId":"XDmGEE2RoE0FRdQ="}}'
    tape.tell(Sent, 0.1, text=frame, because="error", connection_id=ANA)
    tape.tell(Closed, 20.0, code=1000, reason="", by="client", connection_id=ANA)
    tape.tell(Closed, 660_000.0, code=1001, reason="Going away", by="gateway", connection_id=BEN)
    tape.tell(Closed, 3.0, code=1006, reason="", by="network", connection_id=CAI)
    return tape.happenings
