"""moto with our control plane, reached through both of its doors."""

import functools
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from moto.server import ThreadedMotoServer

from upgrade101.localcloud import control_plane

sys.path.insert(0, str(Path(__file__).parent))

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:probe"
INVOCATIONS = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def moto_cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    control_plane.install()
    with mock_aws():
        yield
    control_plane.uninstall()


@pytest.fixture(scope="session")
def moto_door() -> Iterator[str]:
    """moto's WSGI application behind a port of this machine; it shares its state with ``moto_cloud``."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def client_at() -> Callable[[str | None], Any]:
    """Clients of apigatewayv2 by endpoint, made once: reading botocore's model takes longer than most tests."""
    session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")
    return functools.cache(lambda endpoint: session.client("apigatewayv2", config=ONCE, endpoint_url=endpoint))


@pytest.fixture
def gw(moto_cloud, client_at):
    """A client of apigatewayv2."""
    return client_at(None)


@pytest.fixture(params=["in process", "over HTTP"])
def either(request, moto_cloud, client_at):
    """A client of apigatewayv2 at one of the two doors."""
    return client_at(None if request.param == "in process" else request.getfixturevalue("moto_door"))


@pytest.fixture
def api_id(gw) -> str:
    """An API with a MOCK integration behind ``$connect`` and ``echo``."""
    api_id = gw.create_api(Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
        "ApiId"
    ]
    integration = gw.create_integration(ApiId=api_id, IntegrationType="MOCK")["IntegrationId"]
    for key in ("$connect", "echo"):
        gw.create_route(ApiId=api_id, RouteKey=key, Target=f"integrations/{integration}")
    return api_id


@pytest.fixture
def route_ids(gw, api_id) -> dict[str, str]:
    """The routes' ids by key."""
    return {route["RouteKey"]: route["RouteId"] for route in gw.get_routes(ApiId=api_id)["Items"]}


@pytest.fixture
def integration_id(gw, api_id) -> str:
    """The id of the API's integration."""
    return gw.get_integrations(ApiId=api_id)["Items"][0]["IntegrationId"]


@pytest.fixture
def authorizer(gw, api_id):
    """What an authorizer of this API is made from."""
    return {
        "ApiId": api_id,
        "Name": "door",
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": INVOCATIONS,
        "IdentitySource": ["route.request.querystring.token"],
    }
