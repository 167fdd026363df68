"""What one peer says and hears, on real sockets: HTTP, the upgrade, frames, and everything that breaks their rules."""

import json
import threading
import time

import pytest
from gateway_kit import (
    API,
    BINARY,
    CHAT,
    CLOSE,
    CONT,
    EXAMPLE_ACCEPT,
    HOST,
    PATH,
    PING,
    PONG,
    TEXT,
    echo,
    frame,
    function,
    handshake,
    route,
)  # fmt: skip

from upgrade101.gateway import Limits, line
from upgrade101.gateway.address import Address
from upgrade101.gateway.happenings import Closed, Opened, Refused
from upgrade101.gateway.limits import FRAME_BYTES, HEADER_BYTES, MESSAGE_BYTES, URL_CHARACTERS
from upgrade101.gateway.ports import HttpResponse

CREDENTIAL = "nobody/20250817/us-east-1/execute-api/aws4_request"
SIGNED_BY_NOBODY = (
    f"Authorization: AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host, Signature=0",
    "X-Amz-Date: 20250817T101530Z",
)


def say_path(request):
    """An HTTP port that says what it was asked."""
    return HttpResponse(200, f"{request.method} {request.target} {len(request.body)}".encode(), [("X-Said", "1")])


def get(target="/", *headers, method="GET", version="HTTP/1.1", body=b"", host="127.0.0.1"):
    lines = [f"{method} {target} {version}", f"Host: {host}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


# ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_several_requests_on_one_connection(start):
    with start(http=say_path).raw() as client:
        for target in ("/one", "/two?x=1", "/three"):
            client.send(get(target))
            status, headers, body = client.response()
            assert (status, headers["x-said"], body) == (200, "1", f"GET {target} 0".encode())


def test_the_http_port_is_told_everything(start):
    asked = []
    with start(http=lambda request: asked.append(request)).raw() as client:
        client.send(get("/a%20b?c=%3D", "X-Two: 1", "x-two: 2", "Content-Length: 4", method="PATCH", body=b"\0\1\2\3"))
        assert client.status() == 404
        (request,) = asked
        assert (request.method, request.target, request.body) == ("PATCH", "/a%20b?c=%3D", b"\0\1\2\3")
        assert request.headers == [("Host", "127.0.0.1"), ("X-Two", "1"), ("x-two", "2"), ("Content-Length", "4")]
        assert request.client == client.socket.getsockname()


def test_pipelined_requests_are_answered_in_order_however_many(start):
    with start(http=say_path).raw() as client:
        client.send(b"".join(get(f"/{n}") for n in range(1500)))
        assert [client.response()[2] for _ in range(1500)] == [f"GET /{n} 0".encode() for n in range(1500)]


def test_pipelined_requests_that_need_no_worker(start):
    with start().raw() as client:
        client.send(get(PATH) * 1000)
        assert {client.status() for _ in range(1000)} == {426}


def test_who_pipelines_without_reading_is_not_read_either(start, bystander):
    running = start(http=lambda request: HttpResponse(200, b"x" * 100_000))
    with running.raw() as client:
        client.socket.settimeout(0.5)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 100_000_000:
                sent += client.socket.send(get() * 500)
        (busy,) = [each for each in running.gateway._lines if each.congested]
        assert busy.transport.unsent < 1_000_000
        bystander(running)
        client.socket.settimeout(10)
        assert client.response()[0] == 200


@pytest.mark.parametrize(
    "extra, body, size",
    [
        (("Content-Length: 4",), b"body", 4),
        (("Transfer-Encoding: chunked",), b"4\r\nbody\r\n3\r\nyes\r\n0\r\n\r\n", 7),
        (("Content-Length: 0",), b"", 0),
    ],
)
def test_a_body_arrives_whole(start, extra, body, size):
    with start(http=say_path).raw() as client:
        client.send(get("/in", *extra, method="POST", body=body))
        assert client.response()[2] == f"POST /in {size}".encode()


def test_who_expects_100_gets_it_before_the_body(start):
    with start(http=say_path).raw() as client:
        client.send(get("/in", "Content-Length: 4", "Expect: 100-continue", method="POST"))
        assert client.head().startswith(b"HTTP/1.1 100 ")
        client.send(b"body")
        assert client.response()[2] == b"POST /in 4"


def test_head_has_the_length_and_no_body(start):
    with start(http=say_path).raw() as client:
        client.send(get("/x", method="HEAD") + get("/y"))
        assert b"content-length: 9" in client.head().lower()
        assert client.response()[2] == b"GET /y 0"


def test_garbage_after_a_head_is_refused_as_such(start, calm):
    with start(http=say_path).raw() as client:
        client.send(get("/x", method="HEAD") + b"!\r\n\r\n")
        assert client.head().startswith(b"HTTP/1.1 200 ")
        assert client.response()[2] == b'{"message": "Bad Request"}'
    assert len(calm()) == 1


@pytest.mark.parametrize("data", [get(version="HTTP/1.0"), get("/", "Connection: close")])
def test_who_asks_for_the_end_gets_it_after_the_answer(start, data):
    with start(http=say_path).raw() as client:
        client.send(data)
        assert client.rest().endswith(b"GET / 0")


def test_another_protocol_is_not_switched_to(start):
    with start(http=say_path).raw() as client:
        client.send(get("/x", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings") + get("/y"))
        assert [client.response()[2], client.response()[2]] == [b"GET /x 0", b"GET /y 0"]


@pytest.mark.parametrize("path", [PATH, PATH + "/", PATH + "?x=1", PATH + "/deeper"])
def test_a_plain_get_of_a_stage_is_426(start, path):
    with start().raw() as client:
        client.send(get(path))
        status, headers, body = client.response()
        assert (status, headers["upgrade"], headers["connection"]) == (426, "websocket", "Upgrade")
        assert json.loads(body) == {"message": "Upgrade Required"}


@pytest.mark.parametrize("path, status", [("/", 404), ("/nobody/here", 404), (f"/_aws/execute-api/{API}/prod", 403)])
def test_nobodys_path_is_404_and_nobodys_stage_403(start, path, status):
    with start().raw() as client:
        client.send(get(path))
        assert client.status() == status


def test_a_client_may_leave_before_its_answer(start, calm):
    asked, go = threading.Event(), threading.Event()

    def slow(request):
        asked.set()
        go.wait(10)
        return HttpResponse(200, b"x" * 10_000_000)

    running = start(http=slow)
    with running.raw() as client:
        client.send(get())
        asked.wait(10)
        client.vanish()
    go.set()
    running.until(lambda: not running.gateway._lines)


# ── @connections over HTTP ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("host, prefix", [("127.0.0.1", PATH), (HOST, "/dev")])
def test_management_over_http(start, host, prefix):
    running = start()
    with running.connect() as ws, running.raw() as client:
        target = f"{prefix}/%40connections/{running.the_connection().connection_id.replace('=', '%3D')}"

        def ask(method, body=b""):
            extra = (f"Content-Length: {len(body)}", *SIGNED_BY_NOBODY)
            client.send(get(target, *extra, method=method, body=body, host=host))
            return client.response()

        assert ask("POST", "héllo".encode())[0] == 200
        assert ws.recv(timeout=10) == "héllo"
        assert json.loads(ask("GET")[2])["identity"]["sourceIp"] == "127.0.0.1"
        assert ask("POST", b"x" * (MESSAGE_BYTES + 1))[0] == 413
        assert ask("DELETE")[0] == 204
        assert ask("POST", b"x")[0] == 410


def test_an_unsigned_call_is_refused(start):
    with start().raw() as client:
        client.send(get(f"{PATH}/@connections/KmZ1XdPwDoECGjA="))
        status, headers, body = client.response()
        assert (status, headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")
        assert json.loads(body) == {"message": "Missing Authentication Token"}


# ── the upgrade ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_101(start):
    with start().raw() as client:
        client.send(handshake())
        first, *headers = client.head().split(b"\r\n")
        assert first == b"HTTP/1.1 101 Switching Protocols"
        assert {each.lower() for each in headers if not each.startswith(b"Date")} == {
            b"upgrade: websocket",
            b"connection: upgrade",
            b"sec-websocket-accept: " + EXAMPLE_ACCEPT.lower(),
        }


@pytest.mark.parametrize(
    "asked, returned, given",
    [
        ("chat.v1, chat.v2", "chat.v2", b"chat.v2"),
        ("chat.v1", None, None),
        ("chat.v1", "", None),
        ("chat.v1", "chat.v1, chat.v2", None),
        ("chat.v1", "chat.v1\r\nX-Evil: 1", None),
        ("chat.v1", "größe", None),
    ],
)
def test_the_subprotocol_is_what_the_handler_returns(start, asked, returned, given):
    running = start()
    running.functions.handlers["probe"] = lambda event: {
        "statusCode": 200,
        "headers": {"Sec-WebSocket-Protocol": returned, "X-Other": "dropped"},
    }
    with running.raw() as client:
        client.send(handshake(PATH, f"Sec-WebSocket-Protocol: {asked}"))
        head = client.head()
        assert (b"Sec-WebSocket-Protocol: " + (given or b"?") in head) is bool(given)
        assert b"x-evil" not in head.lower()
        assert b"x-other" not in head.lower()


def test_no_compression_is_negotiated(start):
    with start().connect(compression="deflate") as ws:
        assert ws.protocol.extensions == []


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 426, 501, 599])
def test_a_refused_upgrade_says_why(start, status):
    running = start()
    running.functions.handlers["probe"] = lambda event: {
        "statusCode": status,
        "body": "unseen",
        "headers": {"X-A": "b"},
    }
    with running.raw() as client:
        client.send(handshake())
        got, headers, body = client.response()
        assert got == status
        assert list(json.loads(body)) == ["message", "connectionId", "requestId"]
        assert "x-a" not in headers
        assert client.hung_up()
    assert running.functions.events("DISCONNECT") == []


def test_frames_sent_before_the_101_are_not_lost(start):
    running, go = start(), threading.Event()

    def handler(event):
        if event["requestContext"]["eventType"] == "CONNECT":
            go.wait(10)
        return echo(event)

    running.functions.handlers["probe"] = handler
    with running.raw() as client:
        client.send(handshake() + frame(TEXT, b"early"))
        client.send(frame(TEXT, b" birds"))
        running.until(lambda: any(len(each.early) > 20 for each in running.gateway._lines))
        go.set()
        assert client.head().startswith(b"HTTP/1.1 101 ")
        assert {client.frame(), client.frame()} == {(TEXT, b"early"), (TEXT, b" birds")}


def test_too_much_before_the_101_is_cut_off(start, calm, bystander):
    running, go = start(), threading.Event()
    running.functions.handlers["slow"] = lambda event: go.wait(10) and echo(event)
    bystander(running)
    running.shelf.deploy(route("$connect", function("slow")), *CHAT[1:])
    with running.raw() as client:
        client.send(handshake())
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                client.send(b"x" * MESSAGE_BYTES)
    go.set()
    bystander(running)
    assert ["more than 131072 bytes before its 101" in each for each in calm()] == [True]


UPGRADES = {
    "no key": (handshake(without="Sec-WebSocket-Key"), 400),
    "a short key": (handshake(Sec_WebSocket_Key="c2hvcnQ="), 400),
    "a key that is no base64": (handshake(Sec_WebSocket_Key="!!!!"), 400),
    "a key beyond ASCII": (handshake(Sec_WebSocket_Key="größe"), 400),
    "a key with a control character": (handshake(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25\x7fZQ=="), 400),
    "a control character elsewhere": (handshake(PATH, "Cookie: a=\x7f\x01\x80"), None),
    "two keys": (handshake(PATH, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400),
    "no version": (handshake(without="Sec-WebSocket-Version"), 400),
    "version 8": (handshake(Sec_WebSocket_Version="8"), 426),
    "version 14": (handshake(Sec_WebSocket_Version="14"), 426),
    "two versions": (handshake(PATH, "Sec-WebSocket-Version: 8"), 400),
    "no Connection: Upgrade": (handshake(Connection="keep-alive"), 426),
    "two upgrades": (handshake(PATH, "Upgrade: websocket"), 426),
    "websocket and something else": (handshake(PATH, "Upgrade: h2c"), 426),
    "a POST": (handshake(method="POST"), 405),
    "a body": (handshake(PATH, "Content-Length: 5") + b"hello", 400),
    "a chunked body": (handshake(PATH, "Transfer-Encoding: chunked"), 400),
    "no Host": (handshake(without="Host"), 400),
    "a bad subprotocol": (handshake(PATH, "Sec-WebSocket-Protocol: a b"), 400),
    "a URL of 4097 characters": (handshake(PATH + "?" + "x" * (URL_CHARACTERS - len(PATH))), 414),
    "headers over 10 KB": (handshake(PATH, f"X-Big: {'x' * HEADER_BYTES}"), 431),
    "a thousand headers": (handshake(PATH, *(f"X-{n}: {'x' * 20}" for n in range(1000))), 431),
    "a folded header": (handshake(PATH, "X-Fold: a\r\n b"), None),
    "a header with a space before its colon": (handshake(PATH, "X-Bad : a"), 400),
    "a header with a zero byte": (handshake(PATH, "X-Bad: a\0b"), 400),
}


@pytest.mark.parametrize("what", UPGRADES)
def test_a_malformed_handshake_is_refused(start, calm, bystander, what):
    data, status = UPGRADES[what]
    running = start()
    bystander(running)
    with running.raw() as client:
        client.send(data)
        if status is None:  # harmless after all
            assert client.head().startswith(b"HTTP/1.1 101 ")
        else:
            got, headers, body = client.response()
            assert (got, headers["content-type"]) == (status, "application/json")
            assert set(json.loads(body)) == {"message"}
            assert client.hung_up()
            assert len(calm()) == 1
            assert calm()[0].startswith("refused 127.0.0.1:")
    bystander(running)
    assert len(running.said(Opened)) == 1 + (status is None)


def test_426_names_the_version_that_is_spoken(start):
    with start().raw() as client:
        client.send(handshake(Sec_WebSocket_Version="8"))
        status, headers, _ = client.response()
        assert (status, headers["sec-websocket-version"]) == (426, "13")
        assert (headers["upgrade"], headers["connection"]) == ("websocket", "close, Upgrade")


def test_405_names_the_method_that_is_allowed(start):
    with start().raw() as client:
        client.send(handshake(method="PUT"))
        assert client.response()[1]["allow"] == "GET"


def test_http_1_0_knows_no_upgrade(start):
    with start().raw() as client:
        client.send(handshake(version="HTTP/1.0"))
        assert client.rest().startswith(b"HTTP/1.1 426 ")


def test_a_url_of_4096_characters_is_fine(start):
    with start().raw() as client:
        client.send(handshake(PATH + "?" + "x" * (URL_CHARACTERS - len(PATH) - 1)))
        assert client.head().startswith(b"HTTP/1.1 101 ")


# ── what is no HTTP ──────────────────────────────────────────────────────────────────────────────────────────────────

GARBAGE = {
    "words": (b"GARBAGE\r\n\r\n", 400),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40) + b"\n\n", 400),
    "zero bytes": (bytes(100) + b"\r\n\r\n", 400),
    "a frame": (frame(TEXT, b"hello\r\n\r\n", mask=False), 400),
    "a bad header": (b"GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n", 400),
    "two lengths": (get("/", "Content-Length: 4", "Content-Length: 5", method="POST"), 400),
    "a bad length": (get("/", "Content-Length: -4", method="POST"), 400),
    "a bad chunk": (get("/", "Transfer-Encoding: chunked", method="POST", body=b"zz\r\n"), 400),
    "an unknown encoding": (get("/", "Transfer-Encoding: gzip", method="POST"), 501),
    "endless headers": (b"GET / HTTP/1.1\r\n" + b"X-Y: z\r\n" * 20_000, 431),
    "a line without end": (b"GET /" + b"x" * 100_000, 431),
    "a body declared too long": (get("/", "Content-Length: 99999999999", method="POST"), 413),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_what_is_no_http_is_refused(start, calm, bystander, what):
    data, status = GARBAGE[what]
    running = start(http=say_path)
    bystander(running)
    with running.raw() as client:
        client.send(data)
        assert client.status() == status
        assert client.hung_up()
    assert len(calm()) == 1
    bystander(running)


def test_a_body_that_is_too_long_is_refused_on_its_way(start, calm, monkeypatch):
    monkeypatch.setattr(line, "HTTP_BODY_BYTES", 1000)
    with start(http=say_path).raw() as client:
        client.send(get("/", "Transfer-Encoding: chunked", method="POST", body=b"400\r\n" + b"x" * 1024 + b"\r\n"))
        assert client.status() == 413
    assert len(calm()) == 1


@pytest.mark.parametrize("data", [b"GET / HT", get("/", "Content-Length: 9", method="POST", body=b"half")])
def test_half_a_request_and_then_silence_is_408(start, calm, bystander, data):
    running = start(http=say_path, limits=Limits(handshake_seconds=0.2))
    bystander(running)
    with running.raw() as client:
        client.send(data)
        assert client.status() == 408
        assert client.hung_up()
    assert len(calm()) == 1
    bystander(running)


def test_a_handshake_that_trickles_is_408(start, calm):
    running = start(limits=Limits(handshake_seconds=0.3))
    with running.raw() as client:
        deadline = time.monotonic() + 10
        for byte in handshake():
            client.send(bytes([byte]))
            time.sleep(0.01)
            if calm():
                break
        assert time.monotonic() < deadline
        assert client.status() == 408


@pytest.mark.parametrize("data", [b"GET / HT", get("/", "Content-Length: 9", method="POST", body=b"half")])
def test_half_a_request_and_then_the_end_is_400(start, calm, data):
    with start(http=say_path).raw() as client:
        client.send(data)
        client.socket.shutdown(1)
        assert client.status() == 400
    assert len(calm()) == 1


def test_who_says_nothing_is_let_go_in_silence(start, calm):
    running = start(limits=Limits(handshake_seconds=0.1))
    with running.raw() as client:
        assert client.hung_up()
    assert calm() == []


def test_a_refusal_reaches_who_is_still_talking(start, calm):
    with start().raw() as client:
        client.send(b"NO HTTP AT ALL\r\n\r\n" + b"x" * 3_000_000)
        assert client.status() == 400
        client.send(b"x" * 100_000)


# ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_comes_back(start):
    with start().upgraded() as client:
        client.send(frame(TEXT, "grüße 😀".encode()))
        assert client.frame() == (TEXT, "grüße 😀".encode())


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, MESSAGE_BYTES])
def test_messages_of_any_size_go_out_in_one_piece(start, size):
    running = start()
    with running.upgraded() as client:
        running.gateway.perform(running.gateway.core.post, running.the_connection(), "x" * size)
        assert client.frame() == (TEXT, b"x" * size)


@pytest.mark.parametrize(
    "pieces",
    [[b"one ", b"two ", b"three"], [b"", b"", b"x"], ["é".encode()[:1], "é".encode()[1:]], [b"x" * FRAME_BYTES] * 4],
)
def test_fragments_become_one_message_and_control_frames_may_come_between(start, pieces):
    with start().upgraded() as client:
        client.send(frame(TEXT, pieces[0], fin=False))
        client.send(frame(PING, b"between"))
        for piece in pieces[1:-1]:
            client.send(frame(CONT, piece, fin=False))
        client.send(frame(CONT, pieces[-1]))
        assert client.frame() == (PONG, b"between")
        assert client.frame() == (TEXT, b"".join(pieces))


def test_frames_may_come_byte_by_byte(start):
    with start().upgraded() as client:
        for byte in frame(TEXT, b"slowly") + frame(PING, b"p"):
            client.send(bytes([byte]))
        assert {client.frame(), client.frame()} == {(TEXT, b"slowly"), (PONG, b"p")}


def test_a_ping_is_answered_and_a_pong_is_not(start):
    with start().upgraded() as client:
        client.send(frame(PONG, b"unasked") + frame(PING, b"x" * 125))
        assert client.frame() == (PONG, b"x" * 125)


@pytest.mark.parametrize(
    "data, code, reason, seen",
    [
        (b"", 1005, "Client-side close frame status not set", b""),
        (b"\x03\xe8", 1000, "", b"\x03\xe8"),
        (b"\x03\xe9", 1001, "", b"\x03\xe9"),
        (b"\x03\xe8so long", 1000, "so long", b"\x03\xe8so long"),
        (b"\x0f\xa0mine", 4000, "mine", b"\x0f\xa0mine"),
    ],
)
def test_the_client_closes(start, calm, data, code, reason, seen):
    running = start()
    with running.upgraded() as client:
        client.send(frame(CLOSE, data))
        assert client.frame() == (CLOSE, seen)
        assert client.hung_up()
    running.gateway.settle()
    assert [(each.code, each.reason, each.by) for each in running.said(Closed)] == [(code, reason, "client")]
    context = running.functions.events("DISCONNECT")[0]["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, reason)
    assert calm() == []


def test_what_was_said_before_the_close_still_counts(start):
    running = start()
    with running.upgraded() as client:
        client.send(b"".join(frame(TEXT, str(n).encode()) for n in range(500)) + frame(CLOSE, b"\x03\xe8"))
        assert client.closed() == (1000, "")
    running.gateway.settle(10)
    assert [each["body"] for each in running.functions.events("MESSAGE")] == [str(n) for n in range(500)]
    assert len(running.functions.events("DISCONNECT")) == 1


def test_what_comes_after_the_close_does_not_count(start):
    running = start()
    with running.upgraded() as client:
        client.send(frame(CLOSE, b"\x03\xe8") + frame(TEXT, b"ghost") + b"\xff" * 100)
        assert client.closed() == (1000, "")
    running.gateway.settle()
    assert running.functions.events("MESSAGE") == []


VIOLATIONS = {
    "a frame of 32 KB + 1": (frame(TEXT, b"x" * (FRAME_BYTES + 1)), 1009, "Message too big"),
    "a message of 128 KB + 1": (
        frame(TEXT, b"x" * FRAME_BYTES, fin=False) + frame(CONT, b"x" * FRAME_BYTES, fin=False) * 3 + frame(CONT, b"x"),
        1009,
        "Message too big",
    ),
    "endless fragments": (
        frame(TEXT, b"x", fin=False) + frame(CONT, b"x" * 4096, fin=False) * 33,
        1009,
        "Message too big",
    ),
    "a terabyte declared": (frame(TEXT, size=2**40), 1009, "Message too big"),
    "a length beyond all bounds": (frame(TEXT, size=2**64 - 1), (1002, 1009), None),
    "binary": (frame(BINARY, b"\x00\xff"), 1003, "Binary is not supported"),
    "empty binary": (frame(BINARY), 1003, "Binary is not supported"),
    "fragmented binary": (frame(BINARY, b"a", fin=False) + frame(CONT, b"b"), 1003, "Binary is not supported"),
    "invalid UTF-8": (frame(TEXT, b"caf\xc3"), 1007, "Invalid UTF-8"),
    "an encoded surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007, "Invalid UTF-8"),
    "invalid UTF-8 in fragments": (frame(TEXT, b"\xc3", fin=False) + frame(CONT, b"("), 1007, "Invalid UTF-8"),
    "invalid UTF-8 in a close": (frame(CLOSE, b"\x03\xe8\xff"), 1007, "Invalid UTF-8"),
    "no mask": (frame(TEXT, b"hello", mask=False), 1002, None),
    "no mask on a ping": (frame(PING, b"hello", mask=False), 1002, None),
    "opcode 3": (frame(3, b"hello"), 1002, None),
    "opcode 7": (frame(7), 1002, None),
    "opcode 11": (frame(11), 1002, None),
    "opcode 15": (frame(15), 1002, None),
    "a reserved bit": (frame(TEXT, b"hello", rsv=4), 1002, None),
    "another reserved bit": (frame(TEXT, b"hello", rsv=1), 1002, None),
    "a continuation of nothing": (frame(CONT, b"hello"), 1002, None),
    "a message inside a message": (frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002, None),
    "a ping in fragments": (frame(PING, b"a", fin=False), 1002, None),
    "a ping of 126 bytes": (frame(PING, b"x" * 126), 1002, None),
    "a close in fragments": (frame(CLOSE, b"\x03\xe8", fin=False), 1002, None),
    "a close of one byte": (frame(CLOSE, b"\x03"), 1002, None),
    "a close that is too long": (frame(CLOSE, b"\x03\xe8" + b"x" * 124), 1002, None),
    "a close inside a message": (frame(TEXT, b"a", fin=False) + frame(CLOSE, b"\x03\xe8"), 1002, None),
    "a close with code 1005": (frame(CLOSE, b"\x03\xed"), 1002, None),
    "a close with code 1006": (frame(CLOSE, b"\x03\xee"), 1002, None),
    "a close with code 999": (frame(CLOSE, b"\x03\xe7"), 1002, None),
    "a close with code 5000": (frame(CLOSE, b"\x13\x88"), 1002, None),
}


@pytest.mark.parametrize("what", VIOLATIONS)
def test_a_frame_that_breaks_a_rule_closes_the_connection(start, calm, bystander, what):
    data, codes, reason = VIOLATIONS[what]
    codes = codes if isinstance(codes, tuple) else (codes,)
    running = start()
    bystander(running)
    with running.upgraded() as client:
        client.send(frame(TEXT, b"before") + data + frame(TEXT, b"after"))
        code, said = client.closed()
        assert code in codes
        assert reason is None or said == reason
        client.rest()
    running.gateway.settle()
    (closed,) = running.said(Closed)
    assert (closed.code, closed.reason, closed.by) == (code, said, "gateway")
    assert [each["body"] for each in running.functions.events("MESSAGE")][1:] == ["before"]
    context = running.functions.events("DISCONNECT")[0]["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, said)
    assert calm() == [f"closed {closed.connection_id} with {code}: {said}"]
    bystander(running)


ALONE = {
    "text that is not UTF-8": (frame(TEXT, b"\xff\xfe"), 1007),
    "a long text that is not UTF-8": (frame(TEXT, b"\xff" * 300), 1007),
    "binary": (frame(BINARY, b"\x00"), 1003),
    "a frame over 32 KB": (frame(TEXT, b"x" * 40_000), 1009),
    "a frame over 64 KB": (frame(TEXT, b"x" * 70_000), 1009),
    "a frame over 128 KB": (frame(TEXT, b"x" * 140_000), 1009),
}


@pytest.mark.parametrize("what", ALONE)
def test_who_breaks_a_rule_and_says_no_more_is_told_so(start, calm, what):
    data, expected = ALONE[what]
    running = start()
    with running.upgraded() as client:
        client.send(data)
        assert client.closed()[0] == expected
    running.gateway.settle()
    assert [closed.code for closed in running.said(Closed)] == [expected]
    assert len(calm()) == 1


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, 32_000])
def test_messages_of_any_size_arrive_in_one_piece_or_in_many(start, size):
    running = start()
    whole = frame(TEXT, b"x" * size)
    with running.upgraded() as client:
        for data in ([whole], [whole[:7], whole[7:]], [whole[:1], whole[1:]], [whole + whole[:3], whole[3:]]):
            for piece in data:
                client.send(piece)
                time.sleep(0.002)
        client.send(frame(PING, b"done"))
        running.until(lambda: len(running.functions.events("MESSAGE")) == 5)
    assert {each["body"] for each in running.functions.events("MESSAGE")} == {"x" * size}


def test_half_a_frame_and_then_silence_is_idle(start, calm):
    running = start()
    with running.upgraded() as client:
        client.send(frame(TEXT, b"half of this")[:9])
        advance = threading.Thread(target=running.gateway.clock.advance, kwargs={"minutes": 11})
        advance.start()
        assert client.closed() == (1001, "Going away")
    advance.join()
    assert calm() == []


def test_half_a_frame_and_then_the_end_is_the_network(start, calm):
    running = start()
    with running.upgraded() as client:
        client.send(frame(TEXT, b"half of this")[:9])
    running.until(lambda: running.said(Closed))
    assert [(each.code, each.by) for each in running.said(Closed)] == [(1006, "network")]
    assert calm() == []


# ── clients that vanish ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", ["vanish", "__exit__"])
def test_a_client_that_vanishes_is_told_goodbye_once(start, calm, bystander, how):
    running = start()
    bystander(running)
    client = running.upgraded()
    getattr(client, how)()
    running.until(lambda: running.functions.events("DISCONNECT"))
    running.gateway.settle()
    assert [(each.code, each.reason, each.by) for each in running.said(Closed)] == [(1006, "", "network")]
    assert len(running.functions.events("DISCONNECT")) == 1
    assert len(running.gateway.core.connections) == 1
    assert calm() == []
    bystander(running)


@pytest.mark.parametrize("how", ["vanish", "__exit__"])
@pytest.mark.parametrize("answer", [200, 401])
def test_a_client_that_vanishes_while_connect_runs(start, calm, how, answer):
    running, asked, go = start(), threading.Event(), threading.Event()

    def handler(event):
        if event["requestContext"]["eventType"] == "CONNECT":
            asked.set()
            go.wait(10)
        return {"statusCode": answer}

    running.functions.handlers["probe"] = handler
    client = running.raw()
    client.send(handshake())
    asked.wait(10)
    getattr(client, how)()
    running.until(lambda: not running.gateway._lines)
    go.set()
    assert running.gateway.settle(10)
    assert len(running.functions.events("DISCONNECT")) == (answer == 200)
    assert [each.by for each in running.said(Closed)] == ["network"] * (answer == 200)
    assert len(running.said(Refused)) == (answer == 401)
    assert running.said(Opened) == []
    assert running.gateway.core.connections == {}
    assert calm() == []


def test_a_client_that_closes_and_resets_in_one_breath(start, calm):
    running = start()
    for _ in range(50):
        client = running.upgraded()
        client.send(frame(CLOSE, b"\x03\xe8"))
        client.vanish()
    running.until(lambda: not running.gateway.core.connections)
    running.gateway.settle()
    assert len(running.said(Closed)) == 50
    assert {each.by for each in running.said(Closed)} <= {"client", "network"}


def test_a_client_that_does_not_answer_a_close_is_cut_off(start, calm):
    running = start(limits=Limits(close_seconds=0.2))
    with running.upgraded() as client:
        running.gateway.perform(
            running.gateway.core.close, running.the_connection(), 1000, "Connection Closed Normally", "management"
        )
        assert client.closed() == (1000, "Connection Closed Normally")
        assert client.hung_up()
    running.until(lambda: running.functions.events("DISCONNECT"))
    assert [(each.code, each.by) for each in running.said(Closed)] == [(1000, "management")]


def test_the_gateways_clock_cuts_off_who_does_not_answer_a_close(start, calm):
    running = start()
    with running.upgraded() as client:
        running.gateway.manage("DELETE", Address(API, "dev", ("@connections", running.the_connection().connection_id)))
        assert client.closed() == (1000, "Connection Closed Normally")
        assert running.gateway.core.busy()
        running.gateway.clock.advance(10)
        assert not running.gateway.core.busy()
        assert client.hung_up()
    assert running.gateway.settle()
    assert len(running.functions.events("DISCONNECT")) == 1


def test_a_client_that_closes_but_does_not_hang_up_is_cut_off(start, calm):
    running = start(limits=Limits(close_seconds=0.2))
    with running.upgraded() as client:
        client.send(frame(CLOSE, b"\x03\xe8"))
        assert client.closed() == (1000, "")
        running.until(lambda: not running.gateway._lines)


def test_who_talks_while_being_closed_is_not_heard(start, calm):
    running = start()
    with running.upgraded() as client:
        running.gateway.perform(running.gateway.core.close, running.the_connection(), 1000, "", "management")
        client.send(frame(TEXT, b"ghost") * 300 + frame(PING, b"p") + frame(CLOSE, b"\x03\xe8"))
        assert client.closed() == (1000, "")
        client.rest()
    running.gateway.settle()
    assert running.functions.events("MESSAGE") == []


def test_half_a_surrogate_pair_in_a_reply_becomes_a_question_mark(start, calm):
    running = start()
    running.functions.handlers["probe"] = lambda event: {"statusCode": 200, "body": "a\ud800b"}
    with running.upgraded() as client:
        client.send(frame(TEXT, b"hello"))
        assert client.frame() == (TEXT, b"a?b")
