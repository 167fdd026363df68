"""What a template may say, and what is refused before anything is made."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from stack_kit import HERE, ROLE, Stacks, changed, chat, part, said

from upgrade101.localcloud.cloudformation import templates
from upgrade101.localcloud.cloudformation.references import in_order, references

FORMAT = "ValidationError: Template format error: "
API = part("Api", Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")


def only(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Resources: [", "ValidationError: Template format error: YAML not well-formed. (line 1, column 13)"),
        ('{"Resources": {', "ValidationError: Template format error: JSON not well-formed. (line 1)"),
        ("just text", "ValidationError: Template format error: unsupported structure."),
        ({"Resources": {}}, "ValidationError: Template format error: At least one Resources member must be defined."),
        (
            only(Api=API) | {"Resource": {}, "Stuff": 1},
            "ValidationError: Invalid template property or properties [Resource, Stuff]",
        ),
        *(
            (
                only(Api=API) | {"Parameters": {"Room": slot}},
                f"{FORMAT}Every Parameters object must contain a Type member.",
            )
            for slot in ("String", {"Default": "blue"}, None)
        ),
        (only(Api=API) | {"Parameters": ["Room"]}, f"{FORMAT}Parameters must be a map of objects."),
        *(
            (only(Api=API) | {"Parameters": {"Beds": {"Type": kind}}}, f"{FORMAT}Unrecognized parameter type: {kind}")
            for kind in ("int", "Integer", "string", "List<String>", "List<>")
        ),
        *(
            (only(Api={**API, "DependsOn": waits}), f"{FORMAT}DependsOn must be a string or list of strings.")
            for waits in ({"Ref": "Role"}, None, 1)
        ),
        (only(Api={**API, "DependsOn": [{"Ref": "Role"}]}), f"{FORMAT}Every DependsOn value must be a string."),
        *(
            (only(Api=API) | {"Outputs": {"Id": output}}, f"{FORMAT}Every Outputs member must contain a Value object")
            for output in (API, {"Fn::Sub": "${Api}"}, "wss://…", None)
        ),
        (only(Api=API) | {"Outputs": ["Id"]}, f"{FORMAT}Outputs must be a map of objects."),
        (only(A_1=API), "ValidationError: Template format error: Resource name A_1 is non alphanumeric."),
        (
            only(Api={"Properties": {}}),
            f"{FORMAT}[/Resources/Api] Every Resources object must contain a Type member.",
        ),
        (
            only(Route=part("Route", **HERE, RouteKey="a")),
            f"{FORMAT}Unresolved resource dependencies [Api] in the Resources block of the template",
        ),
        (
            only(Api={**API, "DependsOn": "Nobody"}),
            f"{FORMAT}Unresolved resource dependencies [Nobody] in the Resources block of the template",
        ),
        (
            only(Api=API) | {"Outputs": {"Url": {"Value": {"Ref": "Stage"}}}},
            f"{FORMAT}Unresolved resource dependencies [Stage] in the Outputs block of the template",
        ),
        (
            only(Api=API) | {"Outputs": {"Url": {"Value": {"Fn::GetAtt": "Nobody.Arn"}}}},
            "ValidationError: Template error: instance of Fn::GetAtt references undefined resource Nobody",
        ),
        (
            only(Api=API) | {"Outputs": {"Url": {"Value": {"Fn::GetAtt": ["Api", "Url"]}}}},
            "ValidationError: Template error: resource Api does not support attribute type Url in Fn::GetAtt",
        ),
        (
            only(A={**API, "DependsOn": "B"}, B={**API, "DependsOn": "A"}, C={**API, "DependsOn": "B"}),
            "ValidationError: Circular dependency between resources: [A, B]",
        ),
        (
            only(A={**API, "DependsOn": "A"}),
            "ValidationError: Circular dependency between resources: [A]",
        ),
        (
            only(Api=API) | {"Transform": "AWS::LanguageExtensions"},
            "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_AUTO_EXPAND]",
        ),
        (only(Role=ROLE), "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_IAM]"),
    ],
)  # fmt: skip
def test_a_bad_template_is_refused_at_once(refused: Callable[..., str], template: Any, expected: str) -> None:
    assert refused(template) == expected


def test_a_role_with_a_name_needs_another_word(refused: Callable[..., str]) -> None:
    named = {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "r"}}  # type: ignore[dict-item]
    expected = "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]"
    assert refused(only(Role=named), Capabilities=["CAPABILITY_IAM"]) == expected


def test_another_transform_says_what_is_known_here(refused: Callable[..., str]) -> None:
    template = only(Api=API) | {"Transform": "AWS::LanguageExtensions"}
    told = refused(template, Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert told.startswith("ValidationError: NotEmulated: the transform AWS::LanguageExtensions → ")


def test_a_parameter_may_have_any_of_cloudformations_types() -> None:
    kinds = ("Number", "List<Number>", "CommaDelimitedList", "List<AWS::EC2::Subnet::Id>", "AWS::EC2::VPC::Id")
    stored = ("AWS::SSM::Parameter::Value<String>", "AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>")
    slots = {f"P{number}": {"Type": kind} for number, kind in enumerate(kinds + stored)}
    text = json.dumps(only(Api=API) | {"Parameters": slots})
    assert templates.finished(text, {}, "us-east-1")["Parameters"] == slots


PARAMETERS = {
    "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"], "Default": "dev"},
    "Name": {"Type": "String"},
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "ValidationError: Parameters: [Name] must have values"),
        ({"Name": "a", "Room": "b"}, "ValidationError: Parameters: [Room] do not exist in the template"),
        ({"Name": "a", "Stage": "test"}, "ValidationError: Parameter 'Stage' must be one of AllowedValues"),
    ],
)
def test_parameters_are_held_to_the_template(refused: Callable[..., str], given: dict[str, str], expected: str) -> None:
    parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]
    assert refused(only(Api=API) | {"Parameters": PARAMETERS}, Parameters=parameters) == expected


# What a template may say


YAML = """
AWSTemplateFormatVersion: 2010-09-09
Description: a chat
Parameters:
  StageName: {Type: String, Default: dev}
  Loud: {Type: String, Default: "no"}
Conditions:
  IsLoud: !Equals [!Ref Loud, "yes"]
Mappings:
  Texts: {dev: {Name: chat-of-developers}}
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      Name: !FindInMap [Texts, !Ref StageName, Name]
      ProtocolType: WEBSOCKET
      RouteSelectionExpression: $request.body.action
      Description: !If [IsLoud, LOUD, !Ref AWS::NoValue]
      DisableExecuteApiEndpoint: "false"
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {ApiId: !Ref Api, IntegrationType: MOCK}
  Connect:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: $connect, Target: !Sub "integrations/${Integration.IntegrationId}"}
  Shout:
    Type: AWS::ApiGatewayV2::Route
    Condition: IsLoud
    Properties: {ApiId: !Ref Api, RouteKey: shout, Target: !Join [/, [integrations, !Ref Integration]]}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: !Ref StageName, AutoDeploy: true}
Outputs:
  Url: {Value: !Sub "${Api.ApiEndpoint}/${Stage}", Export: {Name: chat-url}}
  Shouted: {Condition: IsLoud, Value: !Ref Shout}
  Account: {Value: !Sub "${AWS::AccountId}:${AWS::Region}:${AWS::StackName}"}
"""


def test_short_forms_conditions_mappings_and_pseudo_parameters(stacks: Stacks, gw: Any) -> None:
    stack = stacks.create(YAML)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.events()
    assert stack["Description"] == "a chat"
    assert set(stack["out"]) == {"Url", "Account"}
    assert stack["out"]["Account"] == "123456789012:us-east-1:chat"
    api = gw.get_apis()["Items"][0]
    assert (api["Name"], "Description" in api, api["DisableExecuteApiEndpoint"]) == ("chat-of-developers", False, False)
    assert "Shout" not in stacks.ids()


def test_a_parameter_alone_is_an_update(stacks: Stacks, gw: Any) -> None:
    api_id = stacks.create(YAML)["out"]["Url"][6:16]
    loud = [{"ParameterKey": "Loud", "ParameterValue": "yes"}]
    made = stacks.client.update_stack(StackName="chat", UsePreviousTemplate=True, Parameters=loud)
    stack = stacks.seen(made["StackId"])
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert "Shouted" in stack["out"]
    assert gw.get_api(ApiId=api_id)["Description"] == "LOUD"
    again = stacks.client.update_stack(StackName="chat", UsePreviousTemplate=True)
    assert "Shouted" not in stacks.seen(again["StackId"])["out"]  # what is not given is as the template has it
    assert [route["RouteKey"] for route in gw.get_routes(ApiId=api_id)["Items"]] == ["$connect"]


@pytest.mark.parametrize("change", [{}, {"Description": "other words"}])
def test_an_update_without_a_change_is_refused(stacks: Stacks, change: dict[str, str]) -> None:
    stacks.create(chat(echo="hi"))
    with pytest.raises(stacks.client.exceptions.ClientError, match="No updates are to be performed"):
        stacks.update(chat(echo="hi") | change)


def test_outputs_alone_are_an_update(stacks: Stacks) -> None:
    template = chat(echo="hi")
    stacks.create(template)
    more = {**template, "Outputs": template["Outputs"] | {"Stage": {"Value": {"Ref": "Stage"}}}}
    assert stacks.update(more)["out"]["Stage"] == "dev"


def test_one_stack_imports_what_another_exports(stacks: Stacks, gw: Any) -> None:
    template = chat(echo="hi")
    template["Outputs"]["Id"]["Export"] = {"Name": "chat-id"}
    api_id = stacks.create(template)["out"]["Id"]
    beside = only(Route=part("Route", ApiId={"Fn::ImportValue": "chat-id"}, RouteKey="late"))
    stacks.create(beside, "beside")
    assert [route["RouteKey"] for route in gw.get_routes(ApiId=api_id)["Items"]] == ["echo", "late"]
    assert stacks.client.list_exports()["Exports"][0]["Value"] == api_id
    stacks.delete("beside")
    stacks.delete()
    assert stacks.client.list_exports()["Exports"] == []


def test_the_template_can_be_read_again(stacks: Stacks) -> None:
    stacks.create(YAML)
    assert stacks.client.get_template(StackName="chat")["TemplateBody"] == YAML
    summary = stacks.client.get_template_summary(TemplateBody=YAML)
    assert [parameter["ParameterKey"] for parameter in summary["Parameters"]] == ["StageName", "Loud"]
    assert "AWS::ApiGatewayV2::Stage" in summary["ResourceTypes"]


def test_resources_can_be_described_one_by_one(stacks: Stacks) -> None:
    stacks.create(chat(echo="hi"))
    detail = stacks.client.describe_stack_resource(StackName="chat", LogicalResourceId="Stage")["StackResourceDetail"]
    assert (detail["PhysicalResourceId"], detail["ResourceType"]) == ("dev", "AWS::ApiGatewayV2::Stage")
    listed = stacks.client.list_stack_resources(StackName="chat")["StackResourceSummaries"]
    assert {each["ResourceStatus"] for each in listed} == {"CREATE_COMPLETE"}
    with pytest.raises(stacks.client.exceptions.ClientError, match="Resource Nobody does not exist"):
        stacks.client.describe_stack_resource(StackName="chat", LogicalResourceId="Nobody")


def test_stacks_of_another_region_stand_there(stacks: Stacks) -> None:
    import boto3

    there = Stacks(boto3.client("cloudformation", region_name="eu-central-1"))
    stack = there.create(chat(echo="hallo"))
    assert ".eu-central-1." in stack["out"]["Url"]
    assert said(stack["out"]["Url"], "echo") == '"hallo"'
    with pytest.raises(stacks.client.exceptions.ClientError):
        stacks.seen()
    there.delete_all()


# The parts


def test_dates_stay_text() -> None:
    assert templates.read("Resources: {A: {Type: T, Properties: {Version: 2012-10-17}}}")["Resources"]["A"][
        "Properties"
    ] == {"Version": "2012-10-17"}


def test_a_tag_that_makes_python_objects_makes_none() -> None:
    template = templates.read("Resources: {A: {Type: !!str T, Properties: {x: !python/object:os.system 1}}}")
    assert template["Resources"]["A"]["Properties"] == {"x": {"Fn::python/object:os.system": "1"}}


def test_every_resource_comes_after_what_it_needs() -> None:
    template = changed(chat(echo="a", shout="b", whisper="c"))
    order = in_order(template["Resources"])
    assert sorted(order) == sorted(template["Resources"])
    for name, resource in template["Resources"].items():
        needed = {each for each, _ in references(resource["Properties"])} | set(resource.get("DependsOn", []))
        assert all(order.index(each) < order.index(name) for each in needed)


def test_json_reads_as_yaml_does() -> None:
    template = chat(echo="hi")
    assert templates.read(json.dumps(template)) == templates.read("# comment\n" + json.dumps(template, indent=1))
