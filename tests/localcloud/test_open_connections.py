"""Sockets that are open while the control plane moves beneath them."""

import json

import boto3
import pytest
from localcloud_handlers import one, sleeper, two
from websockets.exceptions import InvalidStatus

from upgrade101 import cloud, connect, websocket_api


@pytest.fixture
def started(capsys):
    cloud.start(quiet=True)
    yield boto3.client("apigatewayv2")
    cloud.stop()


@pytest.fixture
def api(started):
    return websocket_api("moving", {"$default": one, "$disconnect": one}, two_way=("$default",))


def route_of(started, api, key="$default"):
    return next(each for each in started.get_routes(ApiId=api.api_id)["Items"] if each["RouteKey"] == key)


def said(ws, text="hello"):
    ws.send(text)
    answer = ws.recv(timeout=10)
    return json.loads(answer)["message"] if answer.startswith("{") else answer


def invoked(name):
    """Return how often a function of that name has run."""
    cloud.settle()
    streams = boto3.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="START")
    return len(streams["events"])


def point_at_two(started, api):
    from upgrade101.deploy import function, invocation_uri

    integration = started.create_integration(
        ApiId=api.api_id, IntegrationType="AWS_PROXY", IntegrationUri=invocation_uri(function(two))
    )
    target = f"integrations/{integration['IntegrationId']}"
    started.update_route(ApiId=api.api_id, RouteId=route_of(started, api)["RouteId"], Target=target)


def test_open_connections_follow_a_redeployment_and_not_an_edit(started, api):
    with connect(api.url) as ws:
        assert said(ws) == "one"
        point_at_two(started, api)
        assert said(ws) == "one"
        started.create_deployment(ApiId=api.api_id, StageName="dev")
        assert said(ws) == "two"


def test_open_connections_follow_their_stage_to_an_earlier_deployment(started, api):
    first = started.get_stage(ApiId=api.api_id, StageName="dev")["DeploymentId"]
    point_at_two(started, api)
    started.create_deployment(ApiId=api.api_id, StageName="dev")
    with connect(api.url) as ws:
        assert said(ws) == "two"
        started.update_stage(ApiId=api.api_id, StageName="dev", DeploymentId=first)
        assert said(ws) == "one"


def test_a_deleted_route_answers_until_the_next_deployment(started, api):
    with connect(api.url) as ws:
        started.delete_route(ApiId=api.api_id, RouteId=route_of(started, api)["RouteId"])
        assert said(ws) == "one"
        started.create_deployment(ApiId=api.api_id, StageName="dev")
        assert said(ws) == "Forbidden"


@pytest.mark.parametrize("what", ["stage", "API"])
def test_without_stage_or_api_a_connection_stays_open_and_reaches_nothing(started, api, what):
    with connect(api.url) as ws:
        assert said(ws) == "one"
        (connection_id,) = cloud.local().gateway.core.connections
        if what == "stage":
            started.delete_stage(ApiId=api.api_id, StageName="dev")
        else:
            started.delete_api(ApiId=api.api_id)
        assert said(ws) == "Forbidden"
        for call in (api.connections.get_connection, api.connections.delete_connection):
            with pytest.raises(api.connections.exceptions.ForbiddenException):
                call(ConnectionId=connection_id)
        with pytest.raises(InvalidStatus, match="403"), connect(api.url):
            pass
        assert said(ws) == "Forbidden", "it is still open"
    assert invoked("moving-one") == 1, "there is no $disconnect where nothing is deployed"
    assert cloud.local().gateway.core.connections == {}


def test_a_stage_that_is_made_again_takes_its_connections_back(started, api):
    deployment = started.get_stage(ApiId=api.api_id, StageName="dev")["DeploymentId"]
    with connect(api.url) as ws:
        started.delete_stage(ApiId=api.api_id, StageName="dev")
        assert said(ws) == "Forbidden"
        started.create_stage(ApiId=api.api_id, StageName="dev", DeploymentId=deployment)
        assert said(ws) == "one"


def test_stage_variables_change_at_once_and_a_missing_one_is_named(started, caplog):
    from upgrade101.deploy import function, invocation_uri

    arn, other = function(one), function(two)
    uri = invocation_uri(arn.replace(":one", ":${stageVariables.which}"))
    api = websocket_api("variable", {"$default": {"IntegrationType": "AWS_PROXY", "IntegrationUri": uri}})
    route = route_of(started, api)
    started.update_route(ApiId=api.api_id, RouteId=route["RouteId"], RouteResponseSelectionExpression="$default")
    started.create_route_response(ApiId=api.api_id, RouteId=route["RouteId"], RouteResponseKey="$default")
    started.create_deployment(ApiId=api.api_id, StageName="dev")
    with connect(api.url) as ws:
        assert said(ws) == "Internal server error"
        assert "route $default: the stage has no variable 'which'" in caplog.text
        for name in ("one", "two"):
            started.update_stage(ApiId=api.api_id, StageName="dev", StageVariables={"which": name})
            assert said(ws) == name
    assert other.endswith(":two")


def test_a_connect_beyond_the_integration_timeout_is_504_and_a_message_an_error_frame(started):
    api = websocket_api("late", {"$connect": sleeper, "$default": sleeper})
    for each in started.get_integrations(ApiId=api.api_id)["Items"]:
        started.update_integration(ApiId=api.api_id, IntegrationId=each["IntegrationId"], TimeoutInMillis=50)
    started.create_deployment(ApiId=api.api_id, StageName="dev")
    with pytest.raises(InvalidStatus, match="504") as refused, connect(api.url):
        pass
    assert json.loads(refused.value.response.body)["message"] == "Endpoint request timed out"
    started.delete_route(ApiId=api.api_id, RouteId=route_of(started, api, "$connect")["RouteId"])
    started.create_deployment(ApiId=api.api_id, StageName="dev")
    with connect(api.url) as ws:
        assert said(ws) == "Endpoint request timed out"
