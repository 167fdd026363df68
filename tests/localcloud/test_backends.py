"""Calling backends: this machine and nobody else, in time, from a bounded number of threads."""

from __future__ import annotations

import base64
import logging
import socket
import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import pytest
from backend_kit import Backend, backend
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.errors import ConfigurationError, LimitExceeded, NotEmulated
from upgrade101.gateway.ports import NOT_EMULATED, TIMED_OUT, UNREACHABLE, BackendRequest, HttpResponse, Outcome
from upgrade101.localcloud import backends
from upgrade101.localcloud.backends import Backends, exchange, loopback_host
from upgrade101.localcloud.services import Services


@pytest.fixture
def server() -> Iterator[Backend]:
    with backend() as running:
        yield running


def no_service(request: Any) -> HttpResponse | None:
    return None


@pytest.fixture
def fetch() -> Iterator[Backends]:
    made = Backends(Services(no_service), time.time)
    yield made
    made.close()


def request(url: str, body: bytes = b"", *headers: tuple[str, str], method: str = "POST", seconds: float = 10.0) -> Any:
    return BackendRequest(method, url, list(headers), body, seconds)


def fetched(fetch: Backends, made: BackendRequest) -> Outcome:
    outcomes: SimpleQueue[Outcome] = SimpleQueue()
    fetch(made, outcomes.put)
    return outcomes.get(timeout=20)


def exchanged(made: BackendRequest) -> HttpResponse:
    return exchange(made, time.time, time.time() + made.seconds)


# ── one exchange ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_and_back(server: Backend) -> None:
    answer = exchanged(request(f"{server.url}/a%20b?c=d&e", b"hello", ("X-Mine", "1")))
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/a%20b?c=d&e", b"hello")
    assert seen.headers == {
        "host": server.url.removeprefix("http://"),
        "x-mine": "1",
        "content-length": "5",
    }
    assert (answer.status, answer.body) == (200, b"hello")


@pytest.mark.parametrize("method, length", [("GET", None), ("POST", "0"), ("DELETE", "0")])
def test_an_empty_body_has_a_length_where_one_is_expected(server: Backend, method: str, length: str | None) -> None:
    exchanged(request(server.url, method=method))
    assert (server.seen[0].path, server.seen[0].headers.get("content-length")) == ("/", length)


def test_a_header_beyond_latin_1_travels_as_utf_8(server: Backend) -> None:
    exchanged(request(server.url, b"", ("X-Who", "Žaneta")))
    assert server.seen[0].headers["x-who"].encode("latin-1").decode() == "Žaneta"


def test_a_redirect_is_not_followed(server: Backend) -> None:
    server.answer = lambda seen: (302, {"Location": "http://example.com/"}, b"")
    assert exchanged(request(server.url)).status == 302
    assert len(server.seen) == 1


def test_settings_of_a_proxy_are_not_looked_at(server: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert exchanged(request(server.url)).status == 200


def test_an_answer_that_is_too_long_is_refused(server: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "ANSWER_BYTES", 10)
    with pytest.raises(LimitExceeded, match="more than 10 bytes"):
        exchanged(request(server.url, b"x" * 11))


ELSEWHERE = [
    "https://example.com/",
    "http://169.254.169.254/latest/",
    "http://127.0.0.1.example.com/",
    "http://10.0.0.1",
]
HIDDEN = [
    "http://2130706433/",
    "http://0x7f.1/",
    "http://127.0.0.1@example.com/",
    "http://user@10.0.0.1:80/",
    "http:///x",
]


@pytest.mark.parametrize("url", [*ELSEWHERE, *HIDDEN])
def test_nobody_else_is_dialled_or_looked_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *where, **how: dialled.append(where))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *where, **how: dialled.append(where))
    with pytest.raises(NotEmulated, match="calls only this machine"):
        exchanged(request(url))
    assert dialled == []


@given(st.text(max_size=30))
def test_whatever_a_url_says_the_host_that_is_dialled_is_this_machine(text: str) -> None:
    try:
        host = loopback_host(urlsplit(f"http://{text}/"))
    except (NotEmulated, ValueError):
        return
    assert host in ("localhost", "::1") or host.startswith("127.")


@pytest.mark.parametrize(
    "url", ["", "ftp://127.0.0.1/", "http://127.0.0.1:port/", "http://127.0.0.1/a b", "http://[::1/", "127.0.0.1"]
)
def test_what_is_no_url_says_what_one_looks_like(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"http://127\.0\.0\.1:8080/path"):
        exchanged(request(url))


# ── the port ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_has_the_shape_of_a_proxy_response(server: Backend, fetch: Backends) -> None:
    outcome = fetched(fetch, request(server.url, "é".encode()))
    assert outcome.error == ""
    assert (outcome.payload["statusCode"], outcome.payload["body"]) == (200, "é")
    assert outcome.payload["headers"]["Content-Type"] == "text/plain"


def test_an_answer_that_is_no_text_is_base64(server: Backend, fetch: Backends) -> None:
    payload = fetched(fetch, request(server.url, b"\xff\x00")).payload
    assert (base64.b64decode(payload["body"]), payload["isBase64Encoded"]) == (b"\xff\x00", True)


def test_nobody_listens(fetch: Backends, caplog: pytest.LogCaptureFixture) -> None:
    with backend() as gone:
        url = gone.url
    outcome = fetched(fetch, request(url))
    assert outcome.error == UNREACHABLE and url in outcome.payload["errorMessage"]
    assert f"no answer from {url}" in caplog.text


def test_what_answers_is_no_http(fetch: Backends) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble() -> None:
            line, _ = server.accept()
            line.recv(1000)
            line.sendall(b"220 mail.example.com\r\n\r\n")
            line.close()

        thread = threading.Thread(target=babble)
        thread.start()
        assert fetched(fetch, request(f"http://127.0.0.1:{server.getsockname()[1]}/")).error == UNREACHABLE
        thread.join()


def test_another_machine_is_not_emulated_and_the_log_says_what_to_do(
    fetch: Backends, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = fetched(fetch, request("https://api.example.com/in"))
    assert outcome.error == NOT_EMULATED
    assert outcome.payload["errorMessage"].startswith("NotEmulated: an HTTP integration to api.example.com → ")
    assert "http://127.0.0.1:PORT/" in caplog.text


def test_a_backend_that_takes_too_long(server: Backend, fetch: Backends) -> None:
    server.answer = server.slow
    assert fetched(fetch, request(server.url, seconds=0.05)).error == TIMED_OUT


def test_a_backend_that_trickles_takes_too_long_too(fetch: Backends) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def trickle() -> None:
            line, _ = server.accept()
            line.recv(1000)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not stop.wait(0.01):
                try:
                    line.sendall(b"x")
                except OSError:
                    break
            line.close()

        thread = threading.Thread(target=trickle)
        thread.start()
        outcome = fetched(fetch, request(f"http://127.0.0.1:{server.getsockname()[1]}/", seconds=0.2))
        stop.set()
        thread.join()
    assert outcome.error == TIMED_OUT


def test_who_waited_too_long_for_a_thread_is_not_called_any_more(
    server: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "_WORKERS", 1)
    fetch = Backends(Services(no_service), time.time)
    server.answer = server.slow
    outcomes: SimpleQueue[Outcome] = SimpleQueue()
    fetch(request(server.url), outcomes.put)
    fetch(request(server.url, seconds=0.05), outcomes.put)
    time.sleep(0.1)
    server.go_on.set()
    assert [outcomes.get(timeout=20).error for _ in range(2)] == ["", TIMED_OUT]
    assert len(server.seen) == 1
    fetch.close()


def test_closing_hangs_up_and_ends_the_threads(server: Backend, fetch: Backends) -> None:
    server.answer = server.slow
    outcomes: SimpleQueue[Outcome] = SimpleQueue()
    before = threading.active_count()
    for _ in range(5):
        fetch(request(server.url), outcomes.put)
    while len(server.seen) < 5:
        time.sleep(0.002)
    fetch.close()
    fetch.close()
    assert {outcomes.get(timeout=20).error for _ in range(5)} == {UNREACHABLE}
    server.go_on.set()
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not [one for one in threading.enumerate() if one.name.startswith("upgrade101-fetch")]


def test_what_breaks_inside_is_an_outcome_and_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def broken(request: Any) -> HttpResponse:
        raise RuntimeError("inside")

    fetch = Backends(Services(broken), time.time)
    outcome = fetched(fetch, request("arn:aws:apigateway:us-east-1:sqs:path/1/q"))
    assert (outcome.error, outcome.not_invoked) == ("InternalFailure", True)
    assert [one.levelno for one in caplog.records] == [logging.ERROR]
    fetch.close()
