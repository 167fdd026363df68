import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State
from websockets.server import ServerProtocol

from upgrade101 import wire
from upgrade101.gateway.errors import ConfigurationError, Upgrade101Error
from upgrade101.wire import raw

URL = "wss://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/dev"


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    with ours, theirs:
        yield ours, theirs


def means(data: bytes) -> dict[str, tuple[str, str]]:
    return {name: (bits, meaning) for name, bits, meaning in wire.frame(data).rows}


def test_a_server_accepts_the_request() -> None:
    server = ServerProtocol()
    server.receive_data(wire.upgrade_request(f"{URL}?ticket=blue", key="dGhlIHNhbXBsZSBub25jZQ=="))
    (request,) = server.events_received()
    answer = server.accept(request)
    assert request.path == "/dev?ticket=blue"
    assert request.headers["Host"] == "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"
    assert (answer.status_code, answer.headers["Sec-WebSocket-Accept"]) == (101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")


def test_every_request_has_a_key_of_its_own() -> None:
    assert wire.upgrade_request(URL) != wire.upgrade_request(URL)


def test_nothing_behind_the_101_is_swallowed(pair: tuple[socket.socket, socket.socket]) -> None:
    line, server = pair
    server.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi")
    assert wire.upgrade(line, URL) is line
    assert wire.read_frame(line) == b"\x81\x02hi"
    assert server.recv(5) == b"GET /"


def test_a_refused_upgrade_says_how(pair: tuple[socket.socket, socket.socket]) -> None:
    line, server = pair
    server.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}")
    with pytest.raises(Upgrade101Error, match="403 Forbidden"):
        wire.upgrade(line, URL)


def test_an_answer_is_read_with_its_body_and_no_further(pair: tuple[socket.socket, socket.socket]) -> None:
    line, server = pair
    first, second = b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\n\r\nhello", b"HTTP/1.1 204 No Content\r\n\r\n"
    server.sendall(first + second)
    assert [wire.read_http(line), wire.read_http(line)] == [first, second]


def test_what_ends_early_is_told_from_what_never_came(pair: tuple[socket.socket, socket.socket]) -> None:
    line, server = pair
    server.sendall(b"\x81\x05hel")
    server.shutdown(socket.SHUT_WR)
    with pytest.raises(EOFError, match="after 3 of 5 bytes"):
        wire.read_frame(line)
    assert wire.read_frame(line) == wire.read_http(line) == b""


def test_frames_are_not_taken_for_an_answer(pair: tuple[socket.socket, socket.socket]) -> None:
    line, server = pair
    server.setblocking(False)
    server.send(b"\x81" * (raw.HEAD_BYTES + 1))
    with pytest.raises(Upgrade101Error, match="no HTTP answer"):
        wire.read_http(line)


@given(st.binary(max_size=70_000), st.sampled_from([Opcode.BINARY, Opcode.TEXT]))
def test_a_server_reads_what_a_client_writes(payload: bytes, opcode: Opcode) -> None:
    data = wire.client_frame(payload, opcode)
    server = Protocol(Side.SERVER, state=State.OPEN)
    server.receive_data(data)
    (frame,) = server.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, bytes(frame.data)) == (opcode, payload)
    assert means(data)["opcode"][0] == f"{opcode:04b}"


@pytest.mark.parametrize("data", [b"", b"\x81", b"\x81\x05hell", b"\x81\x05hello!", b"\x81\x7e", b"\x81\xffabc"])
def test_more_or_less_than_one_frame_is_not_shown(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match="not one frame"):
        wire.frame(data)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_frame_of_any_length_is_read_whole(size: int, pair: tuple[socket.socket, socket.socket]) -> None:
    line, server = pair
    server.settimeout(5)
    whole = Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)
    server.sendall(whole + b"\x8a\x00")
    assert [wire.read_frame(line), wire.read_frame(line)] == [whole, b"\x8a\x00"]
    length = means(whole)[""] if size > 125 else means(whole)["length"]
    assert length[1] == f"{size:,} bytes"


def test_the_mask_is_taken_off() -> None:
    frame = b"\x81\x85" + b"\x37\xfa\x21\x3d" + b"\x7f\x9f\x4d\x51\x58"  # RFC 6455, section 5.7
    assert means(frame)["mask"][0] == "37 fa 21 3d"
    assert means(frame)["payload"] == ("7f 9f 4d 51 58", "unmasked: 'Hello'")


def test_a_close_frame_shows_code_and_reason() -> None:
    seen = means(b"\x88\x05\x03\xe8bye")
    assert seen["code"] == ("03 e8", "1000: OK")
    assert seen["reason"] == ("62 79 65", "'bye'")
    assert "code" not in means(b"\x88\x00")
    assert means(b"\x88\x02\x0f\xa0")["code"][1] == "4000: a code of its own"


def test_a_fragment_says_that_more_follows() -> None:
    assert means(wire.client_frame("x" * 300, fin=False))["FIN"] == ("0", "more frames of this message follow")


def test_long_data_is_cut_and_counted() -> None:
    assert wire.bytes(b"x" * 1000).text.endswith("904 more bytes")
    assert max(map(len, wire.frame(b"\x81\x7e\x03\xe8" + b"x" * 1000).text.splitlines())) <= 120


def test_a_notebook_gets_a_table_and_a_terminal_the_same_words() -> None:
    bundle = wire.bytes(b"<b>")._repr_mimebundle_()
    assert "&lt;b&gt;" in bundle["text/html"] and "<b>" not in bundle["text/html"]
    assert bundle["text/plain"] == "3 bytes\n  0  3c 62 3e  <b>" == repr(wire.bytes(b"<b>"))
    assert wire.frame(b"\x89\x00").html.count('<th scope="col"') == 3
