"""What the gateway sees of the control plane: stages, each with an immutable deployment."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from moto import mock_aws

from upgrade101.gateway.definition import Authorizer, Integration, IntegrationResponse
from upgrade101.localcloud.control_plane.deployments import Definitions

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:probe"
INVOCATIONS = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


@pytest.fixture
def definitions():
    return Definitions()


@pytest.fixture
def deployed(gw, api_id):
    """The API, deployed to the stage dev."""
    deployment = gw.create_deployment(ApiId=api_id, Description="one")["DeploymentId"]
    gw.create_stage(ApiId=api_id, StageName="dev", DeploymentId=deployment, StageVariables={"table": "rows"})
    return api_id


def keys(stage):
    return sorted(stage.deployment.routes)


def test_a_stage_carries_what_was_deployed(definitions, deployed):
    stage = definitions.stage(deployed, "dev")
    assert (stage.api_id, stage.stage_name, stage.region, stage.account_id) == (
        deployed,
        "dev",
        "us-east-1",
        "123456789012",
    )
    assert stage.domain_name == f"{deployed}.execute-api.us-east-1.amazonaws.com"
    assert stage.stage_variables == {"table": "rows"}
    assert stage.deployment.route_selection_expression == "$request.body.action"
    assert keys(stage) == ["$connect", "echo"]
    assert stage.deployment.route("echo").integration.integration_type == "MOCK"


def test_nothing_is_nowhere(gw, definitions, api_id):
    gw.create_stage(ApiId=api_id, StageName="empty")
    assert definitions.stage(api_id, "empty") is None
    assert definitions.stage(api_id, "dev") is None
    assert definitions.stage("nope", "dev") is None
    assert definitions.api("nope") is None
    assert definitions.region_of("nope") == ""
    assert definitions.region_of(api_id) == "us-east-1"
    assert definitions.api(api_id).name == "chat"


def test_every_stage_with_a_deployment_is_listed(gw, definitions, deployed):
    gw.create_stage(ApiId=deployed, StageName="empty")
    assert definitions.stages() == [(deployed, "dev")]
    gw.delete_api(ApiId=deployed)
    assert definitions.stages() == []


def test_edits_reach_clients_with_the_next_deployment_only(gw, definitions, deployed):
    before = definitions.stage(deployed, "dev")
    gw.create_route(ApiId=deployed, RouteKey="later")
    gw.update_api(ApiId=deployed, RouteSelectionExpression="$request.body.type")
    assert definitions.stage(deployed, "dev") == before
    gw.create_deployment(ApiId=deployed, StageName="dev")
    after = definitions.stage(deployed, "dev")
    assert keys(after) == ["$connect", "echo", "later"]
    assert after.deployment.route_selection_expression == "$request.body.type"
    assert keys(before) == ["$connect", "echo"]


def test_a_deployment_keeps_the_integration_that_has_been_changed_since(gw, definitions, deployed, integration_id):
    gw.update_integration(ApiId=deployed, IntegrationId=integration_id, TimeoutInMillis=50)
    assert definitions.stage(deployed, "dev").deployment.route("echo").integration.timeout_millis == 29_000


def test_a_snapshot_cannot_be_changed(definitions, deployed):
    stage = definitions.stage(deployed, "dev")
    with pytest.raises(dataclasses.FrozenInstanceError):
        stage.deployment.deployment_id = "other"


def test_a_stage_goes_back_to_an_earlier_deployment(gw, definitions, deployed):
    first = gw.get_stage(ApiId=deployed, StageName="dev")["DeploymentId"]
    gw.create_route(ApiId=deployed, RouteKey="later")
    second = gw.create_deployment(ApiId=deployed)["DeploymentId"]
    assert gw.update_stage(ApiId=deployed, StageName="dev", DeploymentId=second)["DeploymentId"] == second
    assert "later" in keys(definitions.stage(deployed, "dev"))
    gw.update_stage(ApiId=deployed, StageName="dev", DeploymentId=first)
    assert "later" not in keys(definitions.stage(deployed, "dev"))
    gw.delete_deployment(ApiId=deployed, DeploymentId=second)
    assert [item["DeploymentId"] for item in gw.get_deployments(ApiId=deployed)["Items"]] == [first]


def test_the_settings_of_a_stage_apply_at_once(gw, definitions, deployed):
    gw.update_stage(
        ApiId=deployed,
        StageName="dev",
        StageVariables={"table": "others"},
        DefaultRouteSettings={"ThrottlingBurstLimit": 1},
        RouteSettings={"echo": {"ThrottlingBurstLimit": 2}},
        AccessLogSettings={"DestinationArn": "arn:aws:logs:us-east-1:1:log-group:l", "Format": "$context.requestId"},
    )
    stage = definitions.stage(deployed, "dev")
    assert stage.stage_variables == {"table": "others"}
    assert stage.default_route_settings["throttlingBurstLimit"] == 1
    assert stage.route_settings == {"echo": {"throttlingBurstLimit": 2}}
    assert stage.access_log_settings["format"] == "$context.requestId"
    gw.delete_access_log_settings(ApiId=deployed, StageName="dev")
    assert definitions.stage(deployed, "dev").access_log_settings == {}


def test_everything_a_route_points_at_is_copied(gw, definitions, api_id, route_ids, integration_id, authorizer):
    door = gw.create_authorizer(**authorizer, AuthorizerCredentialsArn="arn:aws:iam::123456789012:role/r")[
        "AuthorizerId"
    ]
    gw.update_route(
        ApiId=api_id,
        RouteId=route_ids["$connect"],
        AuthorizationType="CUSTOM",
        AuthorizerId=door,
        ApiKeyRequired=True,
        RequestParameters={"route.request.querystring.token": {"Required": True}},
    )
    gw.update_route(
        ApiId=api_id,
        RouteId=route_ids["echo"],
        RouteResponseSelectionExpression="$default",
        ModelSelectionExpression="$request.body.action",
        RequestModels={"echo": "Echo"},
    )
    gw.create_route_response(ApiId=api_id, RouteId=route_ids["echo"], RouteResponseKey="$default")
    gw.create_model(ApiId=api_id, Name="Echo", Schema='{"type": "object"}')
    gw.update_integration(
        ApiId=api_id,
        IntegrationId=integration_id,
        IntegrationType="HTTP",
        IntegrationUri="http://127.0.0.1:9/",
        IntegrationMethod="PUT",
        TimeoutInMillis=1000,
        ContentHandlingStrategy="CONVERT_TO_BINARY",
        PassthroughBehavior="NEVER",
        CredentialsArn="arn:aws:iam::123456789012:role/r",
        RequestParameters={"integration.request.header.id": "context.connectionId"},
        RequestTemplates={"$default": "{}"},
        TemplateSelectionExpression="$default",
    )
    gw.create_integration_response(
        ApiId=api_id,
        IntegrationId=integration_id,
        IntegrationResponseKey="/4../",
        ResponseTemplates={"$default": "oh"},
        ResponseParameters={"a": "b"},
        TemplateSelectionExpression="$default",
        ContentHandlingStrategy="CONVERT_TO_TEXT",
    )
    gw.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True)
    deployment = definitions.stage(api_id, "dev").deployment
    connect, echo = deployment.route("$connect"), deployment.route("echo")
    assert connect.authorizer == Authorizer(
        door,
        "door",
        INVOCATIONS,
        "REQUEST",
        ("route.request.querystring.token",),
        "arn:aws:iam::123456789012:role/r",
    )
    assert connect.authorization_type == "CUSTOM"
    assert connect.api_key_required
    assert connect.request_parameters == {"route.request.querystring.token": {"required": True}}
    assert not connect.two_way
    assert echo.two_way
    assert (echo.model_selection_expression, echo.request_models) == ("$request.body.action", {"echo": "Echo"})
    assert deployment.models == {"Echo": '{"type": "object"}'}
    assert echo.integration == Integration(
        integration_id=integration_id,
        integration_type="HTTP",
        integration_uri="http://127.0.0.1:9/",
        integration_method="PUT",
        timeout_millis=1000,
        credentials_arn="arn:aws:iam::123456789012:role/r",
        content_handling_strategy="CONVERT_TO_BINARY",
        passthrough_behavior="NEVER",
        request_parameters={"integration.request.header.id": "context.connectionId"},
        request_templates={"$default": "{}"},
        template_selection_expression="$default",
        responses=(IntegrationResponse("/4../", {"$default": "oh"}, "$default", {"a": "b"}, "CONVERT_TO_TEXT"),),
    )


# ── AutoDeploy ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_autodeploy_deploys_after_every_write_below_the_api(
    gw, definitions, api_id, route_ids, integration_id, authorizer
):
    stage = gw.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True)
    assert stage["LastDeploymentStatusMessage"] == (
        f"Successfully deployed stage with deployment ID '{stage['DeploymentId']}'"
    )
    route, integration = (
        {"ApiId": api_id, "RouteId": route_ids["echo"]},
        {"ApiId": api_id, "IntegrationId": integration_id},
    )
    writes = [
        lambda: gw.create_route(ApiId=api_id, RouteKey="later"),
        lambda: gw.update_route(**route, RouteResponseSelectionExpression="$default"),
        lambda: gw.create_route_response(**route, RouteResponseKey="$default"),
        lambda: gw.update_integration(**integration, TimeoutInMillis=100),
        lambda: gw.create_integration_response(**integration, IntegrationResponseKey="$default"),
        lambda: gw.create_authorizer(**authorizer),
        lambda: gw.create_model(ApiId=api_id, Name="M", Schema="{}"),
        lambda: gw.update_api(ApiId=api_id, RouteSelectionExpression="$request.body.type"),
        lambda: gw.delete_route(**route),
    ]
    seen = [definitions.stage(api_id, "dev").deployment]
    for write in writes:
        write()
        seen.append(definitions.stage(api_id, "dev").deployment)
        assert seen[-1].deployment_id != seen[-2].deployment_id
    assert sorted(seen[-1].routes) == ["$connect", "later"]
    assert gw.get_stage(ApiId=api_id, StageName="dev")["DeploymentId"] == seen[-1].deployment_id
    newest = gw.get_deployment(ApiId=api_id, DeploymentId=seen[-1].deployment_id)
    assert newest["AutoDeployed"]
    assert newest["Description"] == "Automatic deployment triggered by changes to the Api configuration"


def test_what_does_not_change_the_api_deploys_nothing(gw, definitions, api_id):
    gw.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True)
    before = definitions.stage(api_id, "dev").deployment
    gw.get_routes(ApiId=api_id)
    gw.update_stage(ApiId=api_id, StageName="dev", StageVariables={"a": "b"})
    gw.create_stage(ApiId=api_id, StageName="other")
    gw.create_deployment(ApiId=api_id)
    assert definitions.stage(api_id, "dev").deployment is before


def test_autodeploy_without_routes_leaves_the_stage_without_a_deployment_and_says_why(gw, definitions):
    api = gw.create_api(Name="x", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")["ApiId"]
    stage = gw.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)
    assert "DeploymentId" not in stage
    assert stage["LastDeploymentStatusMessage"] == (
        "Deployment attempt failed: At least one route is required before deploying the Api."
    )
    assert definitions.stage(api, "dev") is None
    route = gw.create_route(ApiId=api, RouteKey="echo")["RouteId"]
    assert keys(definitions.stage(api, "dev")) == ["echo"]
    gw.delete_route(ApiId=api, RouteId=route)
    assert keys(definitions.stage(api, "dev")) == ["echo"]


def test_autodeploy_switched_on_deploys_at_once_and_off_no_more(gw, definitions, deployed):
    gw.create_route(ApiId=deployed, RouteKey="later")
    gw.update_stage(ApiId=deployed, StageName="dev", AutoDeploy=True)
    assert "later" in keys(definitions.stage(deployed, "dev"))
    gw.update_stage(ApiId=deployed, StageName="dev", AutoDeploy=False)
    gw.create_route(ApiId=deployed, RouteKey="latest")
    assert "latest" not in keys(definitions.stage(deployed, "dev"))


# ── where the data lives ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_api_is_found_in_any_region_and_account(moto_cloud, monkeypatch, definitions):
    places = [("eu-west-1", "123456789012"), ("us-east-1", "111122223333")]
    for region, account in places:
        monkeypatch.setenv("MOTO_ACCOUNT_ID", account)
        gw = boto3.client("apigatewayv2", region_name=region)
        api = gw.create_api(Name="x", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
            "ApiId"
        ]
        gw.create_route(ApiId=api, RouteKey="echo")
        gw.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)
        stage = definitions.stage(api, "dev")
        assert (stage.region, stage.account_id) == (region, account)


def test_a_deleted_stage_and_a_deleted_api_are_gone(gw, definitions, deployed):
    gw.delete_stage(ApiId=deployed, StageName="dev")
    assert definitions.stage(deployed, "dev") is None
    gw.create_stage(ApiId=deployed, StageName="dev", AutoDeploy=True)
    held = definitions.api(deployed)
    gw.delete_api(ApiId=deployed)
    assert definitions.stage(deployed, "dev") is None
    assert held.published  # the object may live on; the look-up is what counts


def test_motos_reset_takes_everything_along(gw, definitions, deployed):
    held = definitions.api(deployed)
    with mock_aws() as _:
        pass  # a nested mock does not reset
    assert definitions.stage(deployed, "dev") is not None
    inner = mock_aws()
    inner.start(reset=True)
    inner.reset()
    assert definitions.stage(deployed, "dev") is None
    assert held.published
    inner.stop()


def test_messages_may_ask_while_the_api_is_being_written(gw, definitions, deployed):
    def write(number):
        gw.create_route(ApiId=deployed, RouteKey=f"r{number}")
        gw.create_deployment(ApiId=deployed, StageName="dev")
        return 0

    def ask(_):
        return sum(definitions.stage(deployed, "dev").deployment.route("echo") is not None for _ in range(200))

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, number) for number in range(20)]
        written = [pool.submit(write, number) for number in range(30)]
        assert {future.result() for future in asked} == {200}
        assert {future.result() for future in written} == {0}
    assert len(keys(definitions.stage(deployed, "dev"))) == 32
