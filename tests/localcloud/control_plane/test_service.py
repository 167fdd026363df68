"""The control plane as boto3 meets it, in process and over HTTP."""

import re
import time
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError

from upgrade101.gateway.errors import ConfigurationError
from upgrade101.localcloud.control_plane import service
from upgrade101.localcloud.control_plane.operations import operations

WEBSOCKET = {"Name": "chat", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:probe"
INVOCATIONS = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


def document(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def status(answer):
    return answer["ResponseMetadata"]["HTTPStatusCode"]


# ── what AWS returns ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_api_comes_with_a_websocket_address_and_aws_defaults(either):
    made = either.create_api(**WEBSOCKET, Description="a chat", Tags={"team": "blue"})
    assert status(made) == 201
    assert re.fullmatch("[a-z0-9]{10}", made["ApiId"])
    assert document(made) == {
        "ApiEndpoint": f"wss://{made['ApiId']}.execute-api.us-east-1.amazonaws.com",
        "ApiId": made["ApiId"],
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "CreatedDate": made["CreatedDate"],
        "Description": "a chat",
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "Tags": {"team": "blue"},
        **WEBSOCKET,
    }
    assert document(either.get_api(ApiId=made["ApiId"])) == document(made)


def test_dates_are_utc_wherever_the_clock_hangs(either, monkeypatch):
    set_zone = getattr(time, "tzset", lambda: None)
    try:
        with monkeypatch.context() as patch:
            patch.setenv("TZ", "Asia/Tokyo")
            set_zone()
            created = either.create_api(**WEBSOCKET)["CreatedDate"]
        assert abs((datetime.now(UTC) - created).total_seconds()) < 600
    finally:
        set_zone()


def test_a_mock_integration_and_its_route_come_with_aws_defaults(either):
    api = either.create_api(**WEBSOCKET)["ApiId"]
    integration = either.create_integration(ApiId=api, IntegrationType="MOCK")
    assert re.fullmatch("[a-z0-9]{7}", integration["IntegrationId"])
    assert document(integration) == {
        "ConnectionType": "INTERNET",
        "IntegrationId": integration["IntegrationId"],
        "IntegrationResponseSelectionExpression": "${integration.response.statuscode}",
        "IntegrationType": "MOCK",
        "PassthroughBehavior": "WHEN_NO_MATCH",
        "PayloadFormatVersion": "1.0",
        "TimeoutInMillis": 29000,
    }
    target = f"integrations/{integration['IntegrationId']}"
    route = either.create_route(ApiId=api, RouteKey="echo", Target=target)
    assert document(route) == {
        "ApiKeyRequired": False,
        "AuthorizationType": "NONE",
        "RouteId": route["RouteId"],
        "RouteKey": "echo",
        "Target": target,
    }


def test_a_stage_comes_with_aws_defaults_and_its_tags(either):
    api = either.create_api(**WEBSOCKET)["ApiId"]
    stage = either.create_stage(ApiId=api, StageName="dev", Tags={"team": "blue"})
    assert document(stage) == {
        "AutoDeploy": False,
        "CreatedDate": stage["CreatedDate"],
        "DefaultRouteSettings": {"DataTraceEnabled": False, "DetailedMetricsEnabled": False, "LoggingLevel": "OFF"},
        "LastUpdatedDate": stage["LastUpdatedDate"],
        "RouteSettings": {},
        "StageName": "dev",
        "StageVariables": {},
        "Tags": {"team": "blue"},
    }
    arn = f"arn:aws:apigateway:us-east-1::/apis/{api}/stages/dev"
    assert either.get_tags(ResourceArn=arn)["Tags"] == {"team": "blue"}
    either.tag_resource(ResourceArn=arn, Tags={"cost": "low"})
    either.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert either.get_stage(ApiId=api, StageName="dev")["Tags"] == {"cost": "low"}


def test_everything_can_be_created_read_listed_changed_and_deleted(either):
    api = either.create_api(**WEBSOCKET)["ApiId"]
    integration = either.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=INVOCATIONS, IntegrationMethod="POST"
    )["IntegrationId"]
    route = either.create_route(ApiId=api, RouteKey="echo", Target=f"integrations/{integration}")["RouteId"]
    below = {
        "integration_response": ({"IntegrationId": integration, "IntegrationResponseKey": "$default"}, {
            "TemplateSelectionExpression": "$default"}),
        "route_response": ({"RouteId": route, "RouteResponseKey": "$default"}, {"ResponseModels": {"$default": "Any"}}),
        "authorizer": ({"Name": "door", "AuthorizerType": "REQUEST", "AuthorizerUri": INVOCATIONS,
                        "IdentitySource": ["route.request.header.Auth"]}, {"Name": "gate"}),
        "model": ({"Name": "Any", "Schema": "{}", "ContentType": "application/json"}, {"Description": "anything"}),
        "deployment": ({"Description": "one"}, {"Description": "two"}),
        "stage": ({"StageName": "dev"}, {"Description": "for trying"}),
    }  # fmt: skip
    parents = {"integration_response": "IntegrationId", "route_response": "RouteId"}
    for kind, (fields, changes) in below.items():
        made = getattr(either, f"create_{kind}")(ApiId=api, **fields)
        assert status(made) == 201
        id_name = "StageName" if kind == "stage" else "".join(map(str.capitalize, kind.split("_"))) + "Id"
        parent = {name: fields[name] for name in fields if name == parents.get(kind)}
        key = {"ApiId": api, id_name: made[id_name], **parent}
        changed = getattr(either, f"update_{kind}")(**key, **changes)
        assert changed.items() >= changes.items()
        assert document(getattr(either, f"get_{kind}")(**key)) == document(changed)
        assert getattr(either, f"get_{kind}s")(ApiId=api, **parent)["Items"] == [document(changed)]
        assert status(getattr(either, f"delete_{kind}")(**key)) == 204
        assert getattr(either, f"get_{kind}s")(ApiId=api, **parent)["Items"] == []


# ── what leads nowhere ───────────────────────────────────────────────────────────────────────────────────────────────

UNKNOWN = {"ApiId": "nope", "Body": "{}", "Name": "x", "RouteKey": "x", "Schema": "{}", "StageName": "dev"}
WITH_API = sorted(name for name, operation in operations().items() if "{apiId}" in operation.path)


def _sample(shape, name):
    if shape.type_name == "list":
        return []
    return shape.enum[0] if shape.enum else UNKNOWN.get(name, "nope")


@pytest.mark.parametrize("operation", WITH_API)
def test_an_unknown_api_is_not_found_by_any_operation(gw, operation):
    shape = gw.meta.service_model.operation_model(operation).input_shape
    params = {name: _sample(shape.members[name], name) for name in shape.required_members}
    method = next(name for name, api_name in gw.meta.method_to_api_mapping.items() if api_name == operation)
    with pytest.raises(gw.exceptions.NotFoundException, match="Invalid API identifier specified 123456789012:nope"):
        getattr(gw, method)(**params)


def test_an_unknown_thing_is_not_found_by_any_operation(either):
    api = either.create_api(**WEBSOCKET)["ApiId"]
    for kind in ("Route", "Integration", "Authorizer", "Model", "Deployment", "Stage"):
        key = {"ApiId": api, "StageName" if kind == "Stage" else f"{kind}Id": "nope"}
        for verb in ("get", "update", "delete"):
            with pytest.raises(either.exceptions.NotFoundException, match=f"Invalid {kind} identifier specified nope"):
                getattr(either, f"{verb}_{kind.lower()}")(**key)


def test_what_hangs_below_an_unknown_route_or_integration_is_not_found(gw, api_id, route_ids, integration_id):
    parents = {"RouteId": route_ids["echo"]}, {"IntegrationId": integration_id}
    for kind, parent in zip(("route_response", "integration_response"), parents, strict=True):
        name = next(iter(parent))
        with pytest.raises(gw.exceptions.NotFoundException, match="nope"):
            getattr(gw, f"get_{kind}s")(ApiId=api_id, **{name: "nope"})
        with pytest.raises(gw.exceptions.NotFoundException, match="Response identifier specified nope"):
            getattr(gw, f"delete_{kind}")(ApiId=api_id, **parent, **{f"{name[:-2]}ResponseId": "nope"})


def test_a_deleted_api_is_gone_with_its_tags(gw, api_id):
    gw.create_stage(ApiId=api_id, StageName="dev", Tags={"team": "blue"})
    assert status(gw.delete_api(ApiId=api_id)) == 204
    assert gw.get_apis()["Items"] == []
    with pytest.raises(gw.exceptions.NotFoundException, match=f"Invalid API identifier specified {api_id}"):
        gw.get_tags(ResourceArn=f"arn:aws:apigateway:us-east-1::/apis/{api_id}/stages/dev")


# ── what moto goes on doing ──────────────────────────────────────────────────────────────────────────────────────────


def test_http_apis_keep_motos_behaviour(either):
    api = either.create_api(Name="rest", ProtocolType="HTTP")
    assert api["ApiEndpoint"].startswith("https://")
    integration = either.create_integration(
        ApiId=api["ApiId"], IntegrationType="HTTP_PROXY", IntegrationUri="https://x.example"
    )
    route = either.create_route(
        ApiId=api["ApiId"], RouteKey="GET /pets", Target=f"integrations/{integration['IntegrationId']}"
    )
    assert [item["RouteId"] for item in either.get_routes(ApiId=api["ApiId"])["Items"]] == [route["RouteId"]]
    assert either.create_stage(ApiId=api["ApiId"], StageName="$default")["StageName"] == "$default"
    either.delete_integration(ApiId=api["ApiId"], IntegrationId=integration["IntegrationId"])
    either.create_vpc_link(Name="link", SubnetIds=["subnet-1"])
    either.delete_api(ApiId=api["ApiId"])


def test_all_apis_stand_in_one_list(either):
    made = [either.create_api(Name=kind, ProtocolType=kind, RouteSelectionExpression="$request.method $request.path")
            for kind in ("WEBSOCKET", "HTTP")]  # fmt: skip
    assert {api["ApiId"] for api in either.get_apis()["Items"]} == {api["ApiId"] for api in made}
    first = either.get_apis(MaxResults="1")
    rest = either.get_apis(MaxResults="1", NextToken=first["NextToken"])
    assert {api["Name"] for api in first["Items"] + rest["Items"]} == {"WEBSOCKET", "HTTP"}
    assert "NextToken" not in rest


def test_what_nobody_emulates_is_a_clear_answer(either):
    http = either.create_api(Name="h", ProtocolType="HTTP")["ApiId"]
    websocket = either.create_api(**WEBSOCKET)["ApiId"]
    calls = {
        "ImportApi": lambda: either.import_api(Body="{}"),
        "GetAuthorizers": lambda: either.get_authorizers(ApiId=http),
        "ExportApi": lambda: either.export_api(ApiId=websocket, OutputType="JSON", Specification="OAS30"),
    }
    for operation, call in calls.items():
        with pytest.raises(ClientError, match=f"{operation} is not emulated locally") as refused:
            call()
        assert refused.value.response["Error"]["Code"] == "NotImplementedException"


def test_the_template_of_a_model_is_not_emulated_and_the_answer_says_where_the_schema_is(either):
    api_id = either.create_api(**WEBSOCKET)["ApiId"]
    model = {"ApiId": api_id, "ModelId": either.create_model(ApiId=api_id, Name="M", Schema="{}")["ModelId"]}
    with pytest.raises(ClientError, match="read the model's own Schema with get_model") as refused:
        either.get_model_template(**model)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "HTTP API" not in str(refused.value)
    assert either.get_model(**model)["Schema"] == "{}"


def test_rest_apis_are_left_alone(moto_cloud):
    client = boto3.client("apigateway")
    api = client.create_rest_api(name="pets")["id"]
    assert client.get_resources(restApiId=api)["items"][0]["path"] == "/"
    assert [item["name"] for item in client.get_rest_apis()["items"]] == ["pets"]


# ── the seam ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_installing_twice_is_installing_once_and_uninstalling_gives_moto_its_places_back(gw):
    service.install()
    service.uninstall()
    api = gw.create_api(**WEBSOCKET)
    assert api["ApiEndpoint"].startswith("https://")
    with pytest.raises(ClientError, match="Not yet implemented"):
        gw.create_deployment(ApiId=api["ApiId"])
    service.uninstall()
    service.install()
    assert gw.create_api(**WEBSOCKET)["ApiEndpoint"].startswith("wss://")


def test_a_moto_that_has_moved_is_refused_with_the_versions_that_fit(monkeypatch):
    monkeypatch.setattr(service, "_TABLES", ({},))
    with pytest.raises(ConfigurationError, match=r"url_paths has moved.*5\.1\.18 to 5\.2\.5"):
        service.install()
