"""What deploying says about models."""

import pytest

from upgrade101.localcloud.control_plane.deployments import Definitions


def held_to(gw, api_id, schema, **settings):
    """Hold a route to a model with that schema."""
    if settings:
        gw.update_api(ApiId=api_id, **settings)
    gw.create_model(ApiId=api_id, Name="Chat", ContentType="application/json", Schema=schema)
    route = next(each for each in gw.get_routes(ApiId=api_id)["Items"] if each["RouteKey"] == "echo")
    gw.update_route(
        ApiId=api_id, RouteId=route["RouteId"], ModelSelectionExpression="x", RequestModels={"$default": "Chat"}
    )
    return route["RouteId"]


def test_a_model_is_compiled_when_it_is_deployed(gw, api_id):
    held_to(gw, api_id, '{"type": "object"}')
    gw.create_stage(ApiId=api_id, StageName="dev", DeploymentId=gw.create_deployment(ApiId=api_id)["DeploymentId"])
    assert list(Definitions().stage(api_id, "dev").deployment.validators) == ["Chat"]


def test_a_model_that_is_no_schema_is_not_deployed(gw, api_id):
    held_to(gw, api_id, '{"type": "text"}')
    with pytest.raises(
        gw.exceptions.BadRequestException, match="Invalid model schema specified: model Chat is no JSON"
    ):
        gw.create_deployment(ApiId=api_id)
    assert gw.get_deployments(ApiId=api_id)["Items"] == []


def test_a_model_that_is_not_there_is_not_deployed(gw, api_id):
    route_id = held_to(gw, api_id, "{}")
    gw.update_route(ApiId=api_id, RouteId=route_id, RequestModels={"$default": "Absent"})
    with pytest.raises(gw.exceptions.BadRequestException, match="there is no model Absent"):
        gw.create_deployment(ApiId=api_id)


def test_schema_validation_can_be_switched_off(gw, api_id):
    held_to(gw, api_id, '{"type": "text"}', DisableSchemaValidation=True)
    assert gw.create_deployment(ApiId=api_id)["DeploymentStatus"] == "DEPLOYED"


def test_an_automatic_deployment_says_which_model_stopped_it(gw, api_id):
    gw.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True)
    held_to(gw, api_id, '{"type": "text"}')
    message = gw.get_stage(ApiId=api_id, StageName="dev")["LastDeploymentStatusMessage"]
    assert message.startswith("Deployment attempt failed: Invalid model schema specified: model Chat")
