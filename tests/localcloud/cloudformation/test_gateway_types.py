"""AWS::ApiGatewayV2::*: each type created, read by Ref and GetAtt, updated, replaced, deleted."""

from typing import Any

import boto3
import pytest
from stack_kit import HERE, Stacks, changed, chat, part, said, with_function
from websockets.exceptions import InvalidStatus

from upgrade101 import connect

CONFIGURATION = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}
HANDLER_URI = {
    "Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Handler.Arn}/invocations"
}
SCHEMA = {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["room"]}


def everything() -> dict[str, Any]:
    """A template with every type that is made by our control plane."""
    return changed(
        with_function(),
        Model=part("Model", **HERE, Name="join", ContentType="application/json", Schema=SCHEMA),
        Door=part(
            "Authorizer", **HERE, Name="door", AuthorizerType="REQUEST", AuthorizerUri=HANDLER_URI,
            IdentitySource=["route.request.querystring.key"],
        ),
        Domain=part("DomainName", DomainName="ws.example.com", DomainNameConfigurations=[CONFIGURATION]),
        Mapping=part(
            "ApiMapping", **HERE, DomainName={"Ref": "Domain"}, Stage={"Ref": "Stage"}, ApiMappingKey="chat"
        ),
        MockIntegration=part("Integration", **HERE, IntegrationType="MOCK"),
        MockSays=part(
            "IntegrationResponse", **HERE, IntegrationId={"Ref": "MockIntegration"}, IntegrationResponseKey="/2/"
        ),
    )  # fmt: skip


GIVES = {  # GetAtt, and the type of the resource
    "Api": "ApiId", "EchoRoute": "RouteId", "EchoAnswers": "RouteResponseId", "EchoIntegration": "IntegrationId",
    "MockSays": "IntegrationResponseId", "Deployment": "DeploymentId", "Door": "AuthorizerId", "Model": "ModelId",
    "Mapping": "ApiMappingId",
}  # fmt: skip


def test_ref_and_get_att_give_what_aws_documents(stacks: Stacks, gw: Any) -> None:
    template = everything()
    template["Outputs"] = {f"{name}Ref": {"Value": {"Ref": name}} for name in [*GIVES, "Stage", "Domain"]} | {
        name: {"Value": {"Fn::GetAtt": [name, attribute]}} for name, attribute in GIVES.items()
    }
    template["Outputs"] |= {
        "Endpoint": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}},
        "Regional": {"Value": {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}},
        "Zone": {"Value": {"Fn::GetAtt": ["Domain", "RegionalHostedZoneId"]}},
        "DomainArn": {"Value": {"Fn::GetAtt": ["Domain", "DomainNameArn"]}},
    }
    stack = stacks.create(template)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.events()
    out, ids = stack["out"], stacks.ids()
    assert {name: out[name] for name in GIVES} == {name: out[f"{name}Ref"] for name in GIVES}
    assert {name: out[name] for name in GIVES} == {name: ids[name] for name in GIVES}
    assert (out["StageRef"], out["DomainRef"]) == ("dev", "ws.example.com")
    assert out["Endpoint"] == f"wss://{out['Api']}.execute-api.us-east-1.amazonaws.com"
    configuration = gw.get_domain_name(DomainName="ws.example.com")["DomainNameConfigurations"][0]
    assert out["Regional"] == configuration["ApiGatewayDomainName"]
    assert out["Zone"] == configuration["HostedZoneId"]
    assert out["DomainArn"] == "arn:aws:apigateway:us-east-1::/domainnames/ws.example.com"


def test_every_type_is_there_and_goes_again(stacks: Stacks, gw: Any) -> None:
    api = {"ApiId": stacks.create(everything())["out"]["Id"]}
    assert [route["RouteKey"] for route in gw.get_routes(**api)["Items"]] == ["echo"]
    assert {each["IntegrationType"] for each in gw.get_integrations(**api)["Items"]} == {"AWS_PROXY", "MOCK"}
    assert [each["Name"] for each in gw.get_authorizers(**api)["Items"]] == ["door"]
    assert [each["Name"] for each in gw.get_models(**api)["Items"]] == ["join"]
    assert [each["DeploymentId"] for each in gw.get_deployments(**api)["Items"]] == [stacks.ids()["Deployment"]]
    (mapping,) = gw.get_api_mappings(DomainName="ws.example.com")["Items"]
    assert (mapping["ApiId"], mapping["Stage"], mapping["ApiMappingKey"]) == (api["ApiId"], "dev", "chat")
    with connect("wss://ws.example.com/chat") as ws:
        ws.send('{"action": "echo"}')
        assert ws.recv(timeout=5) == "hello"
    stacks.delete()
    assert gw.get_apis()["Items"] == gw.get_domain_names()["Items"] == []


@pytest.mark.parametrize(
    ("name", "properties", "shown"),
    [
        ("Api", {"Name": "other"}, ("get_api", "ApiId", "Name")),
        ("Api", {"Description": "rooms"}, ("get_api", "ApiId", "Description")),
        ("EchoRoute", {"OperationName": "say"}, ("get_route", "RouteId", "OperationName")),
        ("EchoRoute", {"RouteKey": "shout"}, ("get_route", "RouteId", "RouteKey")),
        ("EchoIntegration", {"TimeoutInMillis": "5000"}, ("get_integration", "IntegrationId", "TimeoutInMillis")),
        ("Deployment", {"Description": "first"}, ("get_deployment", "DeploymentId", "Description")),
        ("Stage", {"StageVariables": {"room": "7"}}, ("get_stage", "StageName", "StageVariables")),
        ("Door", {"Name": "gate"}, ("get_authorizer", "AuthorizerId", "Name")),
        ("Model", {"Description": "who joins"}, ("get_model", "ModelId", "Description")),
    ],
)
def test_an_update_changes_what_is_there(
    stacks: Stacks, gw: Any, name: str, properties: dict[str, Any], shown: tuple[str, str, str]
) -> None:
    template = everything()
    here = {"ApiId": stacks.create(template)["out"]["Id"]}
    operation, id_name, field = shown
    before = stacks.ids()
    later = changed(template)
    later["Resources"][name]["Properties"] |= properties
    assert stacks.update(later)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.ids() == before
    read = getattr(gw, operation)
    seen = read(**(here | {id_name: before[name]}))[field]
    assert str(seen) == str(properties[field])
    stacks.update(template)  # what the template does not say any more is as it was made
    after = read(**(here | {id_name: before[name]})).get(field, "")
    assert after == template["Resources"][name]["Properties"].get(field, {"TimeoutInMillis": 29000}.get(field, after))
    assert str(after) != str(properties[field])


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("Stage", {"StageName": "prod"}),
        ("Domain", {"DomainName": "ws2.example.com"}),
        ("EchoRoute", {"ApiId": {"Ref": "Other"}, "Target": {"Ref": "AWS::NoValue"}}),
        ("Model", {"ApiId": {"Ref": "Other"}}),
        ("Door", {"ApiId": {"Ref": "Other"}}),
    ],
)
def test_what_aws_replaces_is_replaced(stacks: Stacks, name: str, properties: dict[str, Any]) -> None:
    other = part("Api", Name="other", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    template = changed(everything(), Other=other)
    if name == "EchoRoute":
        template = changed(template, EchoAnswers=None)
        template["Resources"]["Deployment"].pop("DependsOn")
        template["Resources"]["Deployment"]["DependsOn"] = "EchoRoute"
    stacks.create(template)
    before = stacks.ids()
    later = changed(template)
    later["Resources"][name]["Properties"] |= properties
    assert stacks.update(later)["StackStatus"] == "UPDATE_COMPLETE", stacks.events()[-12:]
    assert stacks.ids()[name] != before[name]
    told = [status for logical_id, status, _ in stacks.events() if logical_id == name]
    assert told[-5:] == [
        "UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_COMPLETE",
    ]  # fmt: skip


def test_a_replaced_api_takes_everything_along(stacks: Stacks, gw: Any) -> None:
    template = chat(echo="hi")
    first = stacks.create(template)["out"]
    renamed = changed(template, Api2=template["Resources"]["Api"], Api=None)
    text = renamed | {"Outputs": {"Id": {"Value": {"Ref": "Api2"}}}}
    for resource in text["Resources"].values():
        if "ApiId" in resource["Properties"]:
            resource["Properties"]["ApiId"] = {"Ref": "Api2"}
    second = stacks.update(text)["out"]
    assert second["Id"] != first["Id"]
    assert [api["ApiId"] for api in gw.get_apis()["Items"]] == [second["Id"]]
    assert said(f"wss://{second['Id']}.execute-api.us-east-1.amazonaws.com/dev", "echo") == '"hi"'
    with pytest.raises(InvalidStatus), connect(first["Url"]):
        pass


def test_tags_of_resource_and_stack_come_together(stacks: Stacks, gw: Any) -> None:
    template = chat(echo="hi")
    template["Resources"]["Api"]["Properties"]["Tags"] = {"course": "101", "old": "yes"}
    stack = stacks.create(template, Tags=[{"Key": "team", "Value": "red"}])
    assert gw.get_api(ApiId=stack["out"]["Id"])["Tags"] == {"course": "101", "old": "yes", "team": "red"}
    template["Resources"]["Api"]["Properties"]["Tags"] = {"course": "102"}
    stacks.update(template)
    assert gw.get_api(ApiId=stack["out"]["Id"])["Tags"] == {"course": "102", "team": "red"}


# Functions, tables, logs: moto's own


def test_new_code_and_new_settings_reach_the_next_message(stacks: Stacks) -> None:
    url = stacks.create(with_function())["out"]["Url"]
    assert said(url, "echo") == "hello"
    code = "import os\ndef handler(event, context):\n    return {'statusCode': 200, 'body': os.environ['ROOMS']}\n"
    later = with_function(code)
    later["Resources"]["Handler"]["Properties"]["Environment"] = {"Variables": {"ROOMS": 4}}
    stacks.update(later)
    assert said(url, "echo") == "4"


def test_packaged_code_comes_from_s3(stacks: Stacks) -> None:
    from upgrade101.localcloud.cloudformation.lambda_types import zipped

    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="packages")
    s3.put_object(
        Bucket="packages",
        Key="chat.zip",
        Body=zipped("def handler(e, c):\n    return {'statusCode': 200, 'body': 'S3'}"),
    )
    template = with_function()
    template["Resources"]["Handler"]["Properties"]["Code"] = {"S3Bucket": "packages", "S3Key": "chat.zip"}
    assert said(stacks.create(template)["out"]["Url"], "echo") == "S3"


def test_without_the_permission_nobody_is_answered(stacks: Stacks) -> None:
    url = stacks.create(with_function())["out"]["Url"]
    assert said(url, "echo") == "hello"
    stacks.update(changed(with_function(), May=None))
    assert "Internal server error" in said(url, "echo")


def groups_named(name: str) -> list[str]:
    found = boto3.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return [group["logGroupName"] for group in found]


def test_a_log_group_of_the_template_goes_with_it_though_the_function_has_run(stacks: Stacks) -> None:
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::Sub": "/aws/lambda/${Handler}"}}}
    assert said(stacks.create(changed(with_function(), Log=group))["out"]["Url"], "echo") == "hello"
    name = f"/aws/lambda/{stacks.ids()['Handler']}"
    assert groups_named(name) == [name]
    stacks.delete()
    assert groups_named(name) == []


def test_a_function_is_not_called_like_people(stacks: Stacks) -> None:
    template = with_function()
    template["Resources"]["Handler"]["Properties"]["FunctionName"] = "Upper Birk hut"
    stack = stacks.create(template)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = " ".join(reason for _, _, reason in stacks.events(stack["StackId"]))
    assert "Value 'Upper Birk hut' at 'functionName' failed to satisfy constraint" in reasons


def test_a_changed_permission_is_a_new_one(stacks: Stacks) -> None:
    template = with_function()
    stacks.create(template)
    before = stacks.ids()["May"]
    template["Resources"]["May"]["Properties"]["SourceArn"] = "arn:aws:execute-api:us-east-1:123456789012:other/*"
    stacks.update(template)
    assert stacks.ids()["May"] != before
    assert "Internal server error" in said(stacks.seen()["out"]["Url"], "echo")


def test_tables_queues_logs_and_policies_stand_beside_it(stacks: Stacks) -> None:
    beside = {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 1}},
        "Policy": {"Type": "AWS::IAM::Policy", "Properties": {
            "PolicyName": "say", "Roles": [{"Ref": "Role"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "execute-api:ManageConnections", "Resource": "*"}]}}},
        "Poll": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}, "FunctionName": {"Ref": "Handler"}}},
    }  # fmt: skip
    template = changed(with_function(), **beside)
    stack = stacks.create(template)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.events()
    ids = stacks.ids()
    assert boto3.client("dynamodb").list_tables()["TableNames"] == [ids["Table"]]
    assert boto3.client("iam").list_role_policies(RoleName=ids["Role"])["PolicyNames"] == ["say"]
    stacks.delete()
    assert stacks.seen(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE", stacks.events(stack["StackId"])
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []
    assert boto3.client("sqs").list_queues().get("QueueUrls", []) == []
    assert boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []


def test_a_change_that_moto_has_no_way_for_is_refused(stacks: Stacks) -> None:
    table: dict[str, Any] = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }
    template = changed(chat(echo="hi"), Table=table)
    stacks.create(template)
    template["Resources"]["Table"]["Properties"]["Tags"] = [{"Key": "a", "Value": "b"}]
    assert stacks.update(template)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert ("Table", "UPDATE_FAILED") in [event[:2] for event in stacks.events()]
    assert any("NotEmulated: a change of AWS::DynamoDB::Table" in event[2] for event in stacks.events())
