"""A WSGI environ made from a request: nothing lost, nothing smuggled in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from upgrade101.gateway.ports import HttpRequest
from upgrade101.localcloud.wsgi import call, environ


def test_path_and_query_arrive_decoded_and_raw() -> None:
    variables = environ(HttpRequest("GET", "/a%2Fb/%C3%A9//?x=%20&y", [("Host", "localhost:4566")]))
    assert variables["PATH_INFO"].encode("latin-1").decode() == "/a/b/é//"
    assert (variables["RAW_URI"], variables["QUERY_STRING"]) == ("/a%2Fb/%C3%A9//?x=%20&y", "x=%20&y")
    assert (variables["SERVER_NAME"], variables["SERVER_PORT"]) == ("localhost", "4566")


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [
        ("localhost", "localhost", "80"),
        ("[::1]:8080", "[::1]", "8080"),
        ("[::1]", "[::1]", "80"),
        ("", "localhost", "80"),
    ],
)
def test_the_host_header_names_the_server(host: str, name: str, port: str) -> None:
    variables = environ(HttpRequest("GET", "/", [("Host", host)] if host else []))
    assert (variables["SERVER_NAME"], variables["SERVER_PORT"]) == (name, port)
    assert variables["HTTP_HOST"] == host or not host


def test_an_absolute_target_is_reduced_to_its_path() -> None:
    variables = environ(HttpRequest("GET", "http://elsewhere/a?b=http://c", []))
    assert (variables["PATH_INFO"], variables["QUERY_STRING"]) == ("/a", "b=http://c")


def test_repeated_headers_are_joined_and_the_body_is_in_one_piece() -> None:
    headers = [
        ("X-A", "1"),
        ("x-a", "2"),
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "999"),
        ("Content-Type", "text/plain"),
    ]
    variables = environ(HttpRequest("POST", "/", headers, b"abc"))
    assert (variables["HTTP_X_A"], variables["HTTP_COOKIE"]) == ("1,2", "a=1; b=2")
    assert (variables["CONTENT_LENGTH"], variables["CONTENT_TYPE"]) == ("3", "text/plain")
    assert "HTTP_TRANSFER_ENCODING" not in variables and variables["wsgi.input"].read() == b"abc"


def test_a_name_with_an_underscore_cannot_pass_for_one_with_a_dash() -> None:
    headers = [("X_Amz_Target", "forged"), ("X-Amz-Meta-My_Key", "kept")]
    variables = environ(HttpRequest("GET", "/", headers))
    assert "HTTP_X_AMZ_TARGET" not in variables
    assert variables["HTTP_X_AMZ_META_MY_KEY"] == "kept"
    assert variables["moto.preserved_header_names"] == {"HTTP_X_AMZ_META_MY_KEY": "X-Amz-Meta-My_Key"}


def test_an_applications_answer_is_collected_whole() -> None:
    def application(variables: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("418 I'm a teapot", [("X-A", "1"), ("X-A", "2")])
        return [b"short ", b"and stout"]

    answer = call(application, environ(HttpRequest("GET", "/", [])))
    assert (answer.status, answer.body) == (418, b"short and stout")
    assert answer.headers == [("X-A", "1"), ("X-A", "2")]
