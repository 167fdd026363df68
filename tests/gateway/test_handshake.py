"""The opening handshake, without sockets; tests/gateway/test_line.py has the same on the wire."""

import h11
import pytest
from gateway_kit import EXAMPLE_ACCEPT, handshake

from upgrade101.gateway.handshake import NotInOrder, accept_key, switching
from upgrade101.gateway.heads import fields_of, target_and_headers


def key_for(data):
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    head = server.next_event()
    return accept_key(head, fields_of(head), *target_and_headers(head))


def test_the_example_of_the_rfc():
    assert key_for(handshake()).encode() == EXAMPLE_ACCEPT


@pytest.mark.parametrize(
    "data, status, headers",
    [
        (handshake(method="POST"), 405, (("Allow", "GET"),)),
        (handshake(Sec_WebSocket_Version="8"), 426, (("Sec-WebSocket-Version", "13"),)),
        (handshake("/", "Content-Length: 3"), 400, ()),
        (handshake(Sec_WebSocket_Key="short"), 400, ()),
        (handshake(without="Sec-WebSocket-Key"), 400, ()),
    ],
)
def test_what_is_not_in_order(data, status, headers):
    with pytest.raises(NotInOrder) as refused:
        key_for(data)
    assert (refused.value.status, refused.value.headers) == (status, headers)
    assert refused.value.why


def test_one_that_was_refused_does_not_spoil_the_next():
    for _ in range(3):
        with pytest.raises(NotInOrder):
            key_for(handshake(Sec_WebSocket_Key="short"))
        assert key_for(handshake()).encode() == EXAMPLE_ACCEPT


def test_the_101_is_what_a_client_understands():
    client = h11.Connection(h11.CLIENT)
    client.send(
        h11.Request(
            method="GET", target="/", headers=[("Host", "x"), ("Upgrade", "websocket"), ("Connection", "Upgrade")]
        )
    )
    client.send(h11.EndOfMessage())
    client.receive_data(switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "chat.v2"))
    said = client.next_event()
    assert said.status_code == 101
    assert dict(said.headers)[b"sec-websocket-accept"] == EXAMPLE_ACCEPT
    assert dict(said.headers)[b"sec-websocket-protocol"] == b"chat.v2"
    assert b"date" in dict(said.headers)
    assert b"Sec-WebSocket-Protocol" not in switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "")
