"""``@connections``: post, get, delete, and everything that refuses them."""

import json
import re
from dataclasses import replace

import pytest
from gateway_kit import API, CHAT, START, Front
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.address import Address
from upgrade101.gateway.calls import Close, Send
from upgrade101.gateway.connection import State
from upgrade101.gateway.happenings import Managed, Sent
from upgrade101.gateway.limits import MESSAGE_BYTES
from upgrade101.gateway.management import manage, text_of


@pytest.fixture
def front():
    return Front(*CHAT)


@pytest.fixture
def connection(front):
    return front.accepted()


def call(front, method, connection_id, body=b"", api=API, stage="dev", caller=""):
    return manage(front.core, method, Address(api, stage, ("@connections", connection_id)), body, caller)


def ask(front, path, method="POST", host="ws.example.com"):
    return manage(front.core, method, front.core.stages.locate(host, path), b"hello")


def kind(response):
    return dict(response.headers).get("x-amzn-ErrorType")


# ── through a custom domain ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_custom_domain_reaches_the_connections_of_its_stage_however_they_came(front, connection):
    front.shelf.domains["ws.example.com"] = {"chat": (API, "dev")}
    response, actions = ask(front, f"/chat/@connections/{connection.connection_id}")
    assert (response.status, actions) == (200, [Send(connection, "hello")])


def test_the_stages_name_below_a_custom_domain_is_no_method(front, connection):
    front.shelf.domains["ws.example.com"] = {"": (API, "dev")}
    response, actions = ask(front, f"/dev/@connections/{connection.connection_id}")
    assert (response.status, kind(response), actions) == (404, "NotFoundException", [])
    said = json.loads(response.body)["message"]
    assert said == f"No method found matching route dev/@connections/{connection.connection_id} for http method POST."


def test_a_path_without_a_mapping_is_forbidden(front, connection):
    front.shelf.domains["ws.example.com"] = {"chat": (API, "dev")}
    response, _ = ask(front, f"/talk/@connections/{connection.connection_id}")
    assert (response.status, kind(response)) == (403, "ForbiddenException")


def test_another_path_of_a_stage_is_forbidden(front, connection):
    response, _ = manage(front.core, "POST", Address(API, "dev", ("nothing",)), b"")
    assert (response.status, kind(response)) == (403, "ForbiddenException")


def test_without_the_default_endpoint_only_the_custom_domain_answers(front, connection):
    stage = front.shelf.stages[API, "dev"]
    closed = replace(stage.deployment, disable_execute_api_endpoint=True)
    front.shelf.stages[API, "dev"] = replace(stage, deployment=closed)
    front.shelf.domains["ws.example.com"] = {"": (API, "dev")}
    response, _ = call(front, "POST", connection.connection_id)
    assert (response.status, kind(response)) == (403, "ForbiddenException")
    response, _ = ask(front, f"/@connections/{connection.connection_id}")
    assert response.status == 200


# ── what works ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_post(front, connection):
    response, actions = call(front, "POST", connection.connection_id, "héllo".encode())
    assert (response.status, response.body) == (200, b"")
    assert actions == [Send(connection, "héllo")]


@pytest.mark.parametrize("size", [0, 1, 32 * 1024 + 1, MESSAGE_BYTES])
def test_post_up_to_128_kb(front, connection, size):
    response, actions = call(front, "POST", connection.connection_id, b"y" * size)
    assert response.status == 200
    assert actions == [Send(connection, "y" * size)]


def test_get(front, connection):
    front.clock.advance(6.404)
    call(front, "POST", connection.connection_id, b"x")
    front.clock.advance(1)
    response, actions = call(front, "GET", connection.connection_id)
    assert (response.status, actions) == (200, [])
    assert json.loads(response.body) == {
        "connectedAt": "2025-08-17T10:15:30.000Z",
        "identity": {"sourceIp": "198.51.100.7", "userAgent": None},
        "lastActiveAt": "2025-08-17T10:15:36.404Z",
    }


def test_delete(front, connection):
    response, actions = call(front, "DELETE", connection.connection_id)
    assert (response.status, response.body) == (204, b"")
    assert actions == [Close(connection, 1000, "Connection Closed Normally")]
    assert connection.state is State.CLOSING


def test_a_post_is_activity_and_a_get_is_none(front, connection):
    front.clock.advance(100)
    call(front, "GET", connection.connection_id)
    assert connection.last_active_at == START
    call(front, "POST", connection.connection_id, b"x")
    assert connection.last_active_at == START + 100


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_who_is_gone_is_410_without_a_body(front, connection, method):
    front.core.ended(connection, 1001, "", "client")
    response, actions = call(front, method, connection.connection_id)
    assert (response.status, kind(response), response.body, actions) == (410, "GoneException", b"", [])


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_who_never_was_is_410(front, method):
    assert call(front, method, "AAAAAAAAAAAAAAA=")[0].status == 410


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_who_is_not_yet_connected_is_410(front, method):
    (run,) = front.knock()
    assert call(front, method, run.call.connection.connection_id)[0].status == 410


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_who_is_being_closed_is_410(front, connection, method):
    call(front, "DELETE", connection.connection_id)
    response, actions = call(front, method, connection.connection_id)
    assert (response.status, actions) == (410, [])


def test_another_api_cannot_reach_the_connection(front, connection):
    front.shelf.stages["zzz999", "dev"] = front.shelf.stages[API, "dev"]
    assert call(front, "POST", connection.connection_id, b"x", api="zzz999")[0].status == 410


def test_another_stage_cannot_reach_the_connection(front, connection):
    front.shelf.stages[API, "prod"] = front.shelf.stages[API, "dev"]
    assert call(front, "POST", connection.connection_id, b"x", stage="prod")[0].status == 410


@pytest.mark.parametrize("api, stage", [(API, "nowhere"), ("zzz999", "dev")])
def test_an_unknown_api_or_stage_is_403(front, connection, api, stage):
    response, actions = call(front, "POST", connection.connection_id, b"x", api=api, stage=stage)
    assert (response.status, kind(response), actions) == (403, "ForbiddenException", [])
    assert json.loads(response.body) == {"message": "Forbidden"}


@pytest.mark.parametrize("connection_id", ["abc", "", "not a connection id", "KmZ1XdPwDoECGjA"])
def test_a_malformed_id_is_400(front, connection_id):
    response, _ = call(front, "POST", connection_id, b"x")
    assert (response.status, kind(response)) == (400, "BadRequestException")
    assert json.loads(response.body) == {"message": f"Invalid connectionId: {connection_id}"}


def test_too_much_is_413(front, connection):
    response, actions = call(front, "POST", connection.connection_id, b"y" * (MESSAGE_BYTES + 1))
    assert (response.status, kind(response), actions) == (413, "PayloadTooLargeException", [])


def test_who_does_not_read_is_429(front, connection):
    connection.congested = True
    response, actions = call(front, "POST", connection.connection_id, b"x")
    assert (response.status, kind(response), actions) == (429, "LimitExceededException", [])
    assert call(front, "GET", connection.connection_id)[0].status == 200
    assert call(front, "DELETE", connection.connection_id)[0].status == 204


@pytest.mark.parametrize("method", ["PUT", "HEAD", "PATCH", "post"])
def test_other_methods_are_405(front, connection, method):
    assert call(front, method, connection.connection_id)[0].status == 405


# ── what observers are told ──────────────────────────────────────────────────────────────────────────────────────────


def test_observers_are_told_of_every_call_and_who_made_it(front, connection):
    call(front, "POST", connection.connection_id, b"hi", caller="sendmessage")
    (managed,), (sent,) = front.said(Managed), front.said(Sent)
    assert (managed.method, managed.status, managed.text, managed.caller) == ("POST", 200, "hi", "sendmessage")
    assert (managed.connection_id, managed.stage, managed.api_id) == (connection.connection_id, "dev", API)
    assert (sent.text, sent.because) == ("hi", "post")
    assert front.told.index(managed) < front.told.index(sent)


def test_observers_are_told_of_refusals_too(front):
    call(front, "GET", "AAAAAAAAAAAAAAA=")
    (managed,) = front.said(Managed)
    assert (managed.method, managed.status, managed.path) == ("GET", 410, "")


def test_observers_are_told_of_the_path_where_it_is_that_of_no_connection(front, connection):
    front.shelf.domains["ws.example.com"] = {"": (API, "dev")}
    wrong = f"/dev/@connections/{connection.connection_id}"
    ask(front, wrong)
    manage(front.core, "POST", Address(API, "dev", ("@connection", "x")))
    assert [(told.path, told.connection_id) for told in front.said(Managed)] == [
        (wrong, ""),
        ("/dev/@connection/x", ""),
    ]


# ── bytes that are not UTF-8 ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "posted, delivered",
    [
        (b"", ""),
        (b"plain", "plain"),
        ("grüße 😀".encode(), "grüße 😀"),
        (b"\xff\xfeok", "\ufffd\ufffdok"),
        (b"caf\xc3", "caf\ufffd"),
        (b"\xed\xa0\x80!", "\ufffd!"),
        (b"\xed\xbf\xbf!", "\ufffd!"),
        (b"\xed\xa0\x80\xed\xb0\x80", "\ufffd\ufffd"),
        (b"\xed\xa0", "\ufffd\ufffd"),
        (b"\xf0\x9f\x98", "\ufffd"),
        (b"\xc0\x80", "\ufffd\ufffd"),
        (b"a\x00b", "a\x00b"),
    ],
)
def test_bytes_become_text(posted, delivered):
    assert text_of(posted) == delivered


SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


@given(st.binary() | st.lists(st.sampled_from([b"\xed\xa0\x80", b"\xed", b"\xa0", b"\xf0", b"x"])).map(b"".join))
def test_apart_from_surrogates_it_is_pythons_replacement(posted):
    text_of(posted).encode()
    if not SURROGATE.search(posted):
        assert text_of(posted) == posted.decode("utf-8", "replace")
