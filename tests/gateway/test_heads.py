"""What the head of an HTTP message says."""

import h11
import pytest
from gateway_kit import handshake

from upgrade101.gateway.heads import (
    answer_head,
    asks_for_upgrade,
    fields_of,
    has_body,
    message,
    phrase,
    target_and_headers,
    texts,
    too_big,
)
from upgrade101.gateway.limits import HEADER_BYTES, HTTP_BODY_BYTES, TARGET_CHARACTERS, URL_CHARACTERS
from upgrade101.gateway.ports import HttpResponse


def head_of(data):
    server = h11.Connection(h11.SERVER, max_incomplete_event_size=10**6)
    server.receive_data(data)
    return server.next_event()


def post(length):
    return head_of(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())


def size_of(head):
    fields = fields_of(head)
    return too_big(head, fields, upgrade=asks_for_upgrade(head, fields))


def test_headers_keep_their_capitals():
    assert texts(head_of(b"GET / HTTP/1.1\r\nhOST: x\r\nX-Probe: \xe9\r\n\r\n")) == [("hOST", "x"), ("X-Probe", "é")]


@pytest.mark.parametrize(
    "target, path",
    [
        ("http://chat.example/dev?a=1", "/dev?a=1"),
        ("HTTPS://chat.example/dev", "/dev"),
        ("ws://chat.example/dev", "/dev"),
        ("http://chat.example", "/"),
        ("http://chat.example?a=1", "/?a=1"),
    ],
)
def test_a_target_in_absolute_form_says_the_host(target, path):
    head = head_of(f"GET {target} HTTP/1.1\r\nX-A: 1\r\nhost: other\r\n\r\n".encode())
    assert target_and_headers(head) == (path, [("Host", "chat.example"), ("X-A", "1")])


@pytest.mark.parametrize(
    "target", ["/dev?a=http://x/", "//x/dev", "*", "http:/dev", "http://user@host/dev", "ftp://x/"]
)
def test_any_other_target_is_taken_as_it_is(target):
    head = head_of(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert target_and_headers(head) == (target, [("Host", "x")])


def test_a_header_is_found_by_its_name_in_lower_case():
    fields = fields_of(head_of(handshake("/", "X-Twice: 1", "x-twice: 2")))
    assert fields[b"sec-websocket-version"] == b"13"
    assert fields[b"x-twice"] == b"1"
    assert b"absent" not in fields


@pytest.mark.parametrize(
    "data, asks",
    [
        (handshake(), True),
        (handshake(Upgrade="WebSocket"), True),
        (handshake(Upgrade="h2c"), False),
        (handshake(without="Upgrade"), False),
        (handshake(version="HTTP/1.0"), False),
        (handshake(method="POST"), True),
    ],
)
def test_who_asks_for_an_upgrade(data, asks):
    head = head_of(data)
    assert asks_for_upgrade(head, fields_of(head)) is asks


@pytest.mark.parametrize(
    "extra, body",
    [
        ((), False),
        (("Content-Length: 0",), False),
        (("Content-Length: 1",), True),
        (("Transfer-Encoding: chunked",), True),
    ],
)
def test_whether_a_body_follows(extra, body):
    assert has_body(fields_of(head_of(handshake("/", *extra)))) is body


@pytest.mark.parametrize(
    "data, status",
    [
        (handshake("/" + "x" * (URL_CHARACTERS - 1)), None),
        (handshake("/" + "x" * URL_CHARACTERS), 414),
        (b"GET /" + b"x" * URL_CHARACTERS + b" HTTP/1.1\r\nHost: x\r\n\r\n", None),
        (b"GET /" + b"x" * TARGET_CHARACTERS + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (handshake("/", X="x" * (HEADER_BYTES // 2)), None),
        (handshake("/", X="x" * HEADER_BYTES), 431),
        (handshake("/", *(f"X-{n}: {'x' * 100}" for n in range(110))), 431),
    ],
)
def test_what_is_too_big(data, status):
    refusal = size_of(head_of(data))
    assert (refusal and refusal[0]) == status


@pytest.mark.parametrize("length, status", [(0, None), (HTTP_BODY_BYTES, None), (HTTP_BODY_BYTES + 1, 413)])
def test_a_body_that_is_declared_too_big(length, status):
    refusal = size_of(post(length))
    assert (refusal and refusal[0]) == status


def test_the_length_is_ours_to_say():
    head, body = answer_head(HttpResponse(200, b"four", [("content-length", "7"), ("Transfer-Encoding", "chunked")]))
    assert (head.status_code, head.reason, body) == (200, b"OK", b"four")
    assert dict(head.headers) == {b"content-length": b"4"}


@pytest.mark.parametrize("status, headers", [(204, {}), (304, {b"content-length": b"0"})])
def test_some_answers_have_no_body(status, headers):
    head, body = answer_head(HttpResponse(status, b"nothing to see"))
    assert (body, dict(head.headers)) == (b"", headers)


def test_an_answer_to_head_declares_what_a_get_would_have_had():
    declared = HttpResponse(200, b"", [("X-A", "1"), ("Content-Length", "7")])
    assert dict(answer_head(declared, to_head=True)[0].headers) == {b"x-a": b"1", b"content-length": b"7"}
    head, body = answer_head(HttpResponse(200, b"four"), to_head=True)
    assert (dict(head.headers), body) == ({b"content-length": b"4"}, b"")


def test_the_very_last_byte_of_headers_is_fine():
    rest = sum(len(name) + len(value) for name, value in head_of(b"GET / HTTP/1.1\r\nHost: x\r\nX: \r\n\r\n").headers)
    for size, refused in [(HEADER_BYTES - rest, False), (HEADER_BYTES - rest + 1, True)]:
        head = head_of(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * size + b"\r\n\r\n")
        assert (size_of(head) is not None) is refused


def test_letters_beyond_latin_1_are_replaced():
    head, _ = answer_head(HttpResponse(200, b"", [("X-Name", "Zoë 😀")]))
    assert dict(head.headers)[b"x-name"] == b"Zo\xeb ?"


@pytest.mark.parametrize(
    "status, headers", [(99, []), (101, []), (1000, []), (200, [("X", "a\r\nY: b")]), (200, [("X Y", "")])]
)
def test_what_is_no_http_is_refused(status, headers):
    with pytest.raises(h11.LocalProtocolError):
        answer_head(HttpResponse(status, b"", headers))


def test_words():
    assert phrase(431) == "Request Header Fields Too Large"
    assert message('say "hi"') == b'{"message": "say \\"hi\\""}'
