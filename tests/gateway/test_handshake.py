"""The opening handshake, without sockets; tests/gateway/test_line.py has the same on the wire."""

import h11
import pytest
from gateway_kit import EXAMPLE_ACCEPT, handshake
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.handshake import NotInOrder, accept_key, plain, switching
from upgrade101.gateway.heads import fields_of, target_and_headers


def key_for(data):
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    head = server.next_event()
    return accept_key(head.method, fields_of(head), *target_and_headers(head))


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


def by_h11(data):
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    head = server.next_event()
    return (head.method, fields_of(head), *target_and_headers(head))


PLAIN = [
    handshake(),
    handshake("/dev?a=1&b=%20", "User-Agent: probe/1.0 (x; y)", "X-Empty:", "X-Spaces:   a  b\t "),
    handshake(method="GET", Upgrade="WebSocket"),
    handshake(Sec_WebSocket_Key="short"),
]


@pytest.mark.parametrize("data", PLAIN)
def test_an_ordinary_request_is_read_as_h11_reads_it(data):
    assert plain(data) == by_h11(data)


@pytest.mark.parametrize(
    "data",
    [
        handshake(method="POST"),
        handshake(version="HTTP/1.0"),
        handshake(without="Upgrade"),
        handshake(without="Host"),
        handshake(Upgrade="h2c"),
        handshake("http://x/dev"),
        handshake("/", "Host: twice"),
        handshake("/", "Content-Length: 3"),
        handshake("/", "Transfer-Encoding: chunked"),
        handshake("/", "Expect: 100-continue"),
        handshake("/", "X-Far: gr\xfc\xdfe"),
        handshake("/", "X-Folded: a\r\n b"),
        handshake("/", "X-Bare: a\rb"),
        handshake("/", "X Space: a"),
        handshake("/", "NoColon"),
        handshake("/", "X-Long: " + "x" * 5000),
        handshake("/a b"),
        handshake() + b"\x81\x80abcd",
        handshake()[:-1],
        b"",
    ],
)
def test_whatever_is_out_of_the_ordinary_is_left_to_h11(data):
    assert plain(data) is None


@given(st.binary(max_size=60), st.integers(0, 400))
def test_it_never_reads_what_h11_would_not(junk, at):
    data = handshake()[:at] + junk + handshake()[at:]
    read = plain(data)
    if read is not None:
        assert read == by_h11(data)
