"""The request that an integration makes, and what its answer says: pure functions."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from gateway_kit import API, stage
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.definition import Integration
from upgrade101.gateway.http_integrations import (
    answer_document,
    backend_request,
    content_of,
    no_backends,
    request_document,
)
from upgrade101.gateway.ports import NOT_EMULATED, BackendRequest, HttpResponse

URL = "http://127.0.0.1:8080"
CONTEXT = {"requestId": "abc=", "requestTimeEpoch": 1_755_425_730_000, "connectionId": "id="}
MESSAGE = {"requestContext": {**CONTEXT, "eventType": "MESSAGE"}, "body": '{"a": "b c", "path": "x/../y"}'}
CONNECT = {
    "requestContext": {**CONTEXT, "eventType": "CONNECT"},
    "headers": {"Host": "api", "X-Mine": "2", "Cookie": "c"},
    "multiValueHeaders": {"Host": ["api"], "X-Mine": ["1", "2"], "Cookie": ["c"], "Upgrade": ["websocket"]},
    "multiValueQueryStringParameters": {"room": ["a b", "c&d"], "empty": [""]},
}


def made(event=MESSAGE, kind="HTTP_PROXY", url=URL, method="POST", text="hello", mapping=None, variables=None):
    integration = Integration(
        "i", kind, url, method, request_parameters=mapping or {}, timeout_millis=50, content_handling_strategy=""
    )
    return backend_request(integration, stage(stage_variables=variables or {}), event, text, ())


def headers(request):
    return {name.lower(): value for name, value in request.headers}


def test_what_api_gateway_adds():
    request = made()
    assert headers(request) == {
        "accept": "application/json",
        "user-agent": f"AmazonAPIGateway_{API}",
        "x-amzn-trace-id": headers(request)["x-amzn-trace-id"],
        "x-amzn-apigateway-api-id": API,
        "content-type": "application/json",
    }
    assert re.fullmatch(r"Root=1-68a1abc2-[0-9a-f]{24}", headers(request)["x-amzn-trace-id"])
    assert request.seconds == 0.05 and request.account_id == "123456789012"


def test_nothing_is_said_of_the_kind_of_an_empty_body():
    assert "content-type" not in headers(made(text=""))


def test_a_mapped_header_replaces_what_would_be_added():
    mapping = {"integration.request.header.content-type": "'text/plain'", "integration.request.header.Accept": "'*/*'"}
    names = [name.lower() for name, _ in made(mapping=mapping).headers]
    assert sorted(names) == sorted(set(names))
    assert headers(made(mapping=mapping))["content-type"] == "text/plain"


@pytest.mark.parametrize(
    "method, event, used",
    [
        ("POST", MESSAGE, "POST"),
        ("PUT", CONNECT, "PUT"),
        ("ANY", MESSAGE, "POST"),
        ("ANY", CONNECT, "GET"),
        ("", MESSAGE, "POST"),
        ("", CONNECT, "POST"),
    ],
)
def test_the_method(method, event, used):
    assert made(event, method=method).method == used


@pytest.mark.parametrize(
    "url, mapping, address",
    [
        ("/in", {}, "/in"),
        ("/in?fixed=1", {"querystring.a": "route.request.body.a"}, "/in?fixed=1&a=b+c"),
        ("/in", {"querystring.a": "'%20as+it+is'"}, "/in?a=%20as+it+is"),
        ("/{p}/x", {"path.p": "route.request.body.path"}, "/x%2F..%2Fy/x"),
        ("/{p+}/x", {"path.p": "'as/it/is'"}, "/as/it/is/x"),
        ("/{p}", {}, "/{p}"),
        ("/${stageVariables.v}", {}, "/v1"),
    ],
)
def test_the_address(url, mapping, address):
    mapping = {f"integration.request.{key}": source for key, source in mapping.items()}
    assert made(url=URL + url, mapping=mapping, variables={"v": "v1"}).url == URL + address


def test_a_proxy_hands_on_the_query_of_the_upgrade_request_and_another_kind_does_not():
    assert made(CONNECT).url == f"{URL}?room=a+b&room=c%26d&empty="
    assert made(CONNECT, kind="HTTP").url == URL


def test_a_proxy_hands_on_the_headers_of_the_upgrade_request_and_another_kind_does_not():
    request = made(CONNECT, text="")
    assert [value for name, value in request.headers if name == "X-Mine"] == ["1", "2"]
    assert headers(request)["cookie"] == "c" and not {"host", "upgrade"} & set(headers(request))
    assert "cookie" not in headers(made(CONNECT, kind="HTTP"))


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\x00b", "\x7f"])
def test_what_a_message_says_cannot_smuggle_a_header(value, caplog):
    event = {**MESSAGE, "body": value}
    assert "x" not in headers(made(event, mapping={"integration.request.header.x": "route.request.body"}))
    assert "cannot be sent" in caplog.text


@pytest.mark.parametrize("name", ["Host", "Content-Length", "Transfer-Encoding", "a b", "ü"])
def test_some_headers_cannot_be_mapped(name):
    assert name.lower() not in headers(made(mapping={f"integration.request.header.{name}": "'x'"}))


values = st.text(max_size=12)


@given(values, values, values)
def test_mapped_values_arrive_as_they_were(header, query, path):
    event = {**MESSAGE, "requestContext": {**MESSAGE["requestContext"], "h": header, "q": query, "p": path}}
    mapping = {
        "integration.request.header.h": "context.h",
        "integration.request.querystring.q": "context.q",
        "integration.request.path.p": "context.p",
    }
    request = made(event, url=f"{URL}/{{p}}/end", mapping=mapping)
    parts = urlsplit(request.url)
    assert (parts.scheme, parts.netloc) == ("http", "127.0.0.1:8080") and request.url.isascii()
    assert parts.path.count("/") == 2 and parts.path.endswith("/end")
    assert parse_qsl(parts.query, keep_blank_values=True) == [("q", query)]
    assert headers(request).get("h", header) == header
    assert not any(set("\r\n\x00") & set(name + value) for name, value in request.headers)


# ── the answer ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_repeated_headers_are_kept():
    document = answer_document(HttpResponse(200, b"", [("Set-Cookie", "a"), ("Set-Cookie", "b"), ("X", "1")]))
    assert document["headers"] == {"Set-Cookie": "b", "X": "1"}
    assert document["multiValueHeaders"] == {"Set-Cookie": ["a", "b"]}


@given(st.binary())
def test_no_byte_of_an_answer_is_lost(content):
    assert content_of(answer_document(HttpResponse(200, content))) == content


def test_a_request_as_an_observer_sees_it():
    request = BackendRequest("POST", URL, [("A", "1")], b"\xff", 1.0)
    assert request_document(request) == {
        "method": "POST",
        "url": URL,
        "headers": {"A": "1"},
        "body": "/w==",
        "isBase64Encoded": True,
    }


def test_a_gateway_without_backends_says_so(caplog):
    outcomes = []
    no_backends(BackendRequest("POST", URL, [], b"", 1.0), outcomes.append)
    (outcome,) = outcomes
    assert outcome.error == NOT_EMULATED and "Gateway(fetch=…)" in caplog.text
