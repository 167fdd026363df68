import contextlib

import boto3
import botocore.handlers
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, HTTPClientError

from upgrade101.gateway.ports import HttpResponse
from upgrade101.localcloud.callbacks import Callbacks

KEYS = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
ONCE = Config(retries={"total_max_attempts": 1})
STAGE = "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/dev"


@pytest.fixture
def asked():
    return []


@pytest.fixture
def callbacks(asked):
    def manage(method, address, body, caller):
        asked.append((method, address.api_id, address.stage_name, address.connection_id, body, caller))
        if address.connection_id == "gone":
            return HttpResponse(410, b"", [("x-amzn-ErrorType", "GoneException")])
        return HttpResponse(200, b'{"connectedAt": "2026-01-01T00:00:00.000Z"}', [("Content-Type", "application/json")])

    hook = Callbacks(manage, lambda: "a-function")
    hook.install()
    hook.install()
    yield hook
    hook.uninstall()
    hook.uninstall()


def client(endpoint=STAGE):
    return boto3.Session(**KEYS).client("apigatewaymanagementapi", endpoint_url=endpoint, config=ONCE)


def test_a_call_reaches_the_gateway_without_a_socket(callbacks, asked):
    client().post_to_connection(ConnectionId="KmZ1XdPwDoECGjA=", Data="héllo".encode())
    assert asked == [("POST", "a1b2c3d4e5", "dev", "KmZ1XdPwDoECGjA=", "héllo".encode(), "a-function")]


def test_a_gone_connection_is_the_clients_own_exception(callbacks):
    connections = client()
    with pytest.raises(connections.exceptions.GoneException):
        connections.get_connection(ConnectionId="gone")


def test_an_answer_is_parsed_by_botocore(callbacks):
    assert client().get_connection(ConnectionId="here")["ConnectedAt"].year == 2026


def headers_of(connections):
    """Return the headers of a call, as they are when it would be sent."""
    seen = []
    connections.meta.events.register_last("before-send", lambda request, **_: seen.append(dict(request.headers)))
    with contextlib.suppress(EndpointConnectionError):
        connections.get_connection(ConnectionId="here")
    return seen[0]


def test_a_call_in_this_process_is_not_signed_and_every_other_is(callbacks):
    assert "Authorization" not in headers_of(client())
    assert b"AWS4-HMAC-SHA256" in headers_of(client("http://127.0.0.1:1"))["Authorization"]


def test_another_endpoint_is_left_to_be_sent(callbacks, asked):
    with pytest.raises(Exception, match="Could not connect"):
        client("http://127.0.0.1:1").get_connection(ConnectionId="here")
    assert asked == []


def test_a_clients_address_is_none_for_calls(callbacks, asked):
    with pytest.raises(HTTPClientError, match="Not supported URL scheme wss"):
        client("wss://abc123.execute-api.us-east-1.amazonaws.com/dev").get_connection(ConnectionId="here")
    assert asked == []


def test_it_is_installed_once_and_leaves_nothing_behind(asked):
    before = list(botocore.handlers.BUILTIN_HANDLERS)
    hook = Callbacks(lambda *_: HttpResponse(200))
    hook.install()
    hook.install()
    ours = [entry for entry in botocore.handlers.BUILTIN_HANDLERS if entry not in before]
    assert len(ours) == len(set(ours)) == len(botocore.handlers.BUILTIN_HANDLERS) - len(before)
    hook.uninstall()
    assert before == botocore.handlers.BUILTIN_HANDLERS
