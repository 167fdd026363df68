"""A client of wss://ws.example.com/chat: from the control plane to the handler and back."""

import contextlib
import json
from http.client import HTTPConnection

import boto3
import pytest
from botocore.exceptions import ClientError
from localcloud_handlers import answers
from websockets.exceptions import InvalidStatus

from upgrade101 import cloud, connect, websocket_api
from upgrade101.gateway.errors import ConfigurationError

NAME = "ws.example.com"
MOCK = {"IntegrationType": "MOCK", "RequestTemplates": {"$default": '{"statusCode": 200}'}}


@pytest.fixture
def started(capsys):
    cloud.start(quiet=True)
    yield boto3.client("apigatewayv2")
    cloud.stop()


def mapped(gateway, api, key):
    with contextlib.suppress(gateway.exceptions.BadRequestException):
        gateway.create_domain_name(DomainName=NAME, DomainNameConfigurations=[{}])
    return gateway.create_api_mapping(DomainName=NAME, ApiId=api.api_id, Stage="dev", ApiMappingKey=key)


def test_there_and_back_through_the_custom_domain(started):
    mapped(started, websocket_api("custom", {"$default": answers}), "chat")
    with connect(f"wss://{NAME}/chat?name=Ana") as ws:
        assert ws.request.headers["Host"] == NAME
        ws.send("hello")
        assert json.loads(ws.recv(timeout=10)) == [NAME, "dev", "hello"]


def test_a_function_in_a_process_of_its_own_reaches_it_too(capsys):
    cloud.start(functions="processes", quiet=True)
    try:
        mapped(boto3.client("apigatewayv2"), websocket_api("apart", {"$default": answers}), "chat")
        with connect(f"wss://{NAME}/chat") as ws:
            ws.send("hello")
            assert json.loads(ws.recv(timeout=30)) == [NAME, "dev", "hello"]
    finally:
        cloud.stop()


def test_the_root_mapping_and_the_callbacks_from_outside(started):
    api = websocket_api("root", {"$default": MOCK})
    mapped(started, api, "")
    with connect(f"wss://{NAME}") as ws:
        (connection_id,) = cloud.local().gateway.core.connections
        management = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{NAME}")
        management.post_to_connection(ConnectionId=connection_id, Data=b"by the domain")
        assert ws.recv(timeout=10) == "by the domain"
        api.connections.post_to_connection(ConnectionId=connection_id, Data=b"by the API's own host")
        assert ws.recv(timeout=10) == "by the API's own host"
        with_stage = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{NAME}/dev")
        with pytest.raises(ClientError, match=r"No method found matching route dev/@connections/.* for http method P"):
            with_stage.post_to_connection(ConnectionId=connection_id, Data=b"")


def test_without_its_default_endpoint_the_api_is_at_its_domain_alone(started):
    api = websocket_api("closed", {"$default": MOCK})
    mapped(started, api, "chat")
    started.update_api(ApiId=api.api_id, DisableExecuteApiEndpoint=True)
    with connect(api.url):
        pass  # it takes effect with the next deployment
    started.create_deployment(ApiId=api.api_id, StageName="dev")
    with pytest.raises(InvalidStatus, match="403"), connect(api.url):
        pass
    with connect(f"wss://{NAME}/chat"):
        (connection_id,) = cloud.local().gateway.core.connections
        with pytest.raises(api.connections.exceptions.ForbiddenException):
            api.connections.get_connection(ConnectionId=connection_id)
        management = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{NAME}/chat")
        assert management.get_connection(ConnectionId=connection_id)["Identity"]["SourceIp"] == "127.0.0.1"


def test_a_mapping_that_moves_or_goes(started):
    first, second = websocket_api("first", {"$default": MOCK}), websocket_api("second", {"$default": MOCK})
    mapping = mapped(started, first, "chat")
    with connect(f"wss://{NAME}/chat"):
        started.update_api_mapping(DomainName=NAME, ApiMappingId=mapping["ApiMappingId"], ApiId=second.api_id)
        with connect(f"wss://{NAME}/chat"):
            open_ = cloud.local().gateway.core.connections.values()
            assert [each.stage.api_id for each in open_] == [first.api_id, second.api_id]
    started.delete_api_mapping(DomainName=NAME, ApiMappingId=mapping["ApiMappingId"])
    with pytest.raises(InvalidStatus, match="403"), connect(f"wss://{NAME}/chat"):
        pass
    started.delete_domain_name(DomainName=NAME)
    with pytest.raises(ConfigurationError, match=r"ws\.example\.com is not this machine"):
        connect(f"wss://{NAME}/chat")


def test_other_programs_send_the_host_header_or_use_the_stages_own_path(started):
    api = websocket_api("others", {"$default": MOCK})
    mapped(started, api, "chat")
    gateway = cloud.local().gateway
    assert cloud.local_url(f"wss://{NAME}/chat?a=1") == (
        f"ws://127.0.0.1:{gateway.port}/_aws/execute-api/{api.api_id}/dev?a=1"
    )
    plain = HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    plain.request("GET", "/chat", headers={"Host": NAME})
    assert plain.getresponse().status == 426
    plain.close()


def test_cleaning_takes_mappings_and_domains_away_too(started, capsys):
    mapped(started, websocket_api("clean", {"$default": MOCK}), "chat")
    cloud.clean()
    assert started.get_domain_names()["Items"] == started.get_apis()["Items"] == []
    assert "1 × API mapping, 1 × custom domain" in capsys.readouterr().out
