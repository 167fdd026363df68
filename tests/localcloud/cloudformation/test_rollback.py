"""Stacks that fail: what is told, and that nothing is left."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import WaiterError
from stack_kit import HERE, Stacks, changed, chat, part, route, said, with_function

BROKEN = part("Route", **HERE, RouteKey="$nonsense")
TWICE = part("Route", **HERE, RouteKey="echo")
VERSION = {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Handler"}}}


def reasons(stacks: Stacks, status: str) -> dict[str, str]:
    """Why, by logical id."""
    return {name: reason for name, told, reason in stacks.events() if told == status}


# Creation


def test_a_failing_resource_rolls_the_stack_back(stacks: Stacks, gw: Any) -> None:
    stack = stacks.create(changed(chat(echo="hi"), Broken=BROKEN))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Outputs" not in stack
    assert gw.get_apis()["Items"] == []
    failed = reasons(stacks, "CREATE_FAILED")
    assert list(failed) == ["Broken"]
    assert failed["Broken"].startswith('Resource handler returned message: "')
    assert failed["Broken"].endswith('Status Code: 400)" (HandlerErrorCode: InvalidRequest)')
    told = reasons(stacks, "ROLLBACK_IN_PROGRESS")["chat"]
    assert told == "The following resource(s) failed to create: [Broken]. Rollback requested by user."


def test_a_waiter_hears_of_the_failure(stacks: Stacks) -> None:
    stacks.create(changed(chat(echo="hi"), Broken=BROKEN))
    waiter = stacks.client.get_waiter("stack_create_complete")
    with pytest.raises(WaiterError):
        waiter.wait(StackName="chat", WaiterConfig={"MaxAttempts": 1})


def test_what_was_made_last_is_deleted_first(stacks: Stacks) -> None:
    stacks.create(changed(chat(echo="hi"), Late=BROKEN | {"DependsOn": "Stage"}))
    deleted = [name for name, status, _ in stacks.events() if status == "DELETE_COMPLETE"]
    assert deleted.index("Stage") < deleted.index("Deployment") < deleted.index("EchoRoute") < deleted.index("Api")


@pytest.mark.parametrize(
    "type_name", ["AWS::GameLift::Fleet", "Custom::Thing", "AWS::CloudFormation::Stack", "Us::Own::Type"]
)
def test_a_type_that_is_not_emulated_fails_and_says_so(stacks: Stacks, type_name: str) -> None:
    stack = stacks.create(changed(chat(echo="hi"), Other={"Type": type_name, "Properties": {"ServiceToken": "x"}}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    told = reasons(stacks, "CREATE_FAILED")["Other"]
    assert told.startswith(f"NotEmulated: the resource type {type_name} → ")


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (part("Route", **HERE), "#: required key [RouteKey] not found"),
        (part("Route", **HERE, RouteKey="a", Colour="red"), "#: extraneous key [Colour] is not permitted"),
        (part("Route", ApiId="nowhere123", RouteKey="a"), "HandlerErrorCode: NotFound"),
        (TWICE, "HandlerErrorCode: AlreadyExists"),
        (part("Api", Name="h", ProtocolType="HTTP"), "NotEmulated: an API of another protocol than WEBSOCKET"),
        (part("Api", Body={"openapi": "3.0.1"}), "NotEmulated: the property Body"),
        (part("DomainName", DomainName="ws.example.com", RoutingMode="ROUTING_RULE_ONLY"), "→ run this on AWS"),
        (part("Integration", **HERE, IntegrationType="MOCK", TimeoutInMillis=1), "HandlerErrorCode: InvalidRequest"),
        ({"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.13"}}, "required key [Code] not found"),
        ({"Type": "AWS::Lambda::Permission", "Properties": {"Action": "a"}}, "required key [FunctionName] not found"),
        (
            {"Type": "AWS::Lambda::Function", "Properties": {
                "Code": {"S3Bucket": "none", "S3Key": "none.zip"}, "Handler": "a.b", "Runtime": "python3.13",
                "Role": "arn:aws:iam::123456789012:role/r"}},
            "The specified bucket does not exist",
        ),
    ],
)  # fmt: skip
def test_why_a_resource_cannot_be_made(stacks: Stacks, resource: dict[str, Any], expected: str) -> None:
    after = {**resource, "DependsOn": "EchoRoute"}
    assert stacks.create(changed(chat(echo="hi"), Wrong=after))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert expected in reasons(stacks, "CREATE_FAILED")["Wrong"]


@pytest.mark.parametrize("settings", [{"OnFailure": "DO_NOTHING"}, {"DisableRollback": True}])
def test_rollback_can_be_switched_off(stacks: Stacks, gw: Any, settings: dict[str, Any]) -> None:
    stack = stacks.create(changed(chat(echo="hi"), Broken=BROKEN), **settings)
    assert stack["StackStatus"] == "CREATE_FAILED"
    assert len(gw.get_apis()["Items"]) == 1
    stacks.delete()
    assert gw.get_apis()["Items"] == []


def test_a_stack_that_fails_can_go_away_by_itself(stacks: Stacks) -> None:
    stack = stacks.create(changed(chat(echo="hi"), Broken=BROKEN), OnFailure="DELETE")
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(stacks.client.exceptions.ClientError, match="does not exist"):
        stacks.seen("chat")


def test_what_is_to_stay_stays_when_a_creation_fails(stacks: Stacks, gw: Any) -> None:
    template = changed(chat(echo="hi"), Broken=BROKEN)
    template["Resources"]["Api"]["DeletionPolicy"] = "Retain"
    stacks.create(template)
    assert reasons(stacks, "DELETE_SKIPPED") == {"Api": ""}
    (left,) = gw.get_apis()["Items"]
    gw.delete_api(ApiId=left["ApiId"])


def test_a_stack_that_was_rolled_back_can_only_be_deleted(stacks: Stacks) -> None:
    stacks.create(changed(chat(echo="hi"), Broken=BROKEN))
    with pytest.raises(
        stacks.client.exceptions.ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"
    ):
        stacks.update(chat(echo="hi"))
    stacks.delete()
    assert stacks.create(chat(echo="hi"))["StackStatus"] == "CREATE_COMPLETE"


def test_two_stacks_of_one_name_are_refused(stacks: Stacks) -> None:
    stacks.create(chat(echo="hi"))
    with pytest.raises(stacks.client.exceptions.AlreadyExistsException):
        stacks.create(chat(echo="hi"))


# Updates


def test_a_failing_update_goes_all_the_way_back(stacks: Stacks, gw: Any) -> None:
    template = chat(echo="old")
    stack = stacks.create(template)
    before, routes = stacks.ids(), gw.get_routes(ApiId=stack["out"]["Id"])["Items"]
    worse = changed(
        template, **route("echo", "new"), **route("shout", "HI"), Broken=BROKEN | {"DependsOn": "ShoutAnswers"}
    )
    assert stacks.update(worse)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert gw.get_routes(ApiId=stack["out"]["Id"])["Items"] == routes
    assert {name: stacks.ids()[name] for name in before} == before
    (response,) = gw.get_integration_responses(ApiId=stack["out"]["Id"], IntegrationId=before["EchoIntegration"])[
        "Items"
    ]
    assert response["ResponseTemplates"] == {"200": '"old"'}
    told = [status for name, status, _ in stacks.events() if name == "chat"]
    assert told[-4:] == [
        "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE",
    ]  # fmt: skip
    assert said(stacks.seen()["out"]["Url"], "echo") == '"old"'


def test_an_update_after_a_rollback_finds_everything_as_it_was(stacks: Stacks) -> None:
    template = chat(echo="old")
    url = stacks.create(template)["out"]["Url"]
    stacks.update(changed(template, **route("shout", "HI"), Broken=BROKEN))
    added = changed(template, **route("shout", "HI"))
    needed = [name for name in added["Resources"] if name.endswith(("Route", "Answers", "Says"))]
    again = changed(
        added,
        Deployment=None,
        Deployment2=part("Deployment", **HERE) | {"DependsOn": needed},
        Stage=part("Stage", **HERE, StageName="dev", DeploymentId={"Ref": "Deployment2"}),
    )
    assert stacks.update(again)["StackStatus"] == "UPDATE_COMPLETE"
    assert said(url, "shout") == '"HI"'


def test_a_replacement_is_undone(stacks: Stacks, gw: Any) -> None:
    template = chat(echo="hi")
    stacks.create(template)
    renamed = changed(
        template,
        Stage=part("Stage", **HERE, StageName="prod", DeploymentId={"Ref": "Deployment"}),
        Broken=BROKEN | {"DependsOn": "Stage"},
    )
    stack = stacks.update(renamed)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert [stage["StageName"] for stage in gw.get_stages(ApiId=stack["out"]["Id"])["Items"]] == ["dev"]
    assert stacks.ids()["Stage"] == "dev"


def test_what_somebody_deleted_by_hand_cannot_be_updated(stacks: Stacks, gw: Any) -> None:
    template = chat(echo="hi")
    stack = stacks.create(template)
    gw.delete_stage(ApiId=stack["out"]["Id"], StageName="dev")
    stage = part("Stage", **HERE, StageName="dev", DeploymentId={"Ref": "Deployment"}, Description="drifted")
    assert stacks.update(changed(template, Stage=stage))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "NotFound" in reasons(stacks, "UPDATE_FAILED")["Stage"]


def test_what_cannot_be_undone_is_named(stacks: Stacks, gw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    template = chat(echo="old")
    stacks.create(template)
    breaking = changed(template, **route("echo", "new"), Broken=BROKEN | {"DependsOn": "EchoAnswers"})
    from upgrade101.localcloud.cloudformation import work

    undo = work._undo
    monkeypatch.setattr(work, "_undo", lambda stack, before, after: (gw.delete_integration_response(
        ApiId=before.properties["ApiId"], IntegrationId=before.properties["IntegrationId"],
        IntegrationResponseId=before.physical_resource_id), undo(stack, before, after))[1])  # fmt: skip
    assert stacks.update(breaking)["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert "EchoSays" in reasons(stacks, "UPDATE_ROLLBACK_FAILED")["chat"]


# Deletion


def test_what_somebody_deleted_by_hand_is_no_obstacle(stacks: Stacks, gw: Any) -> None:
    stack = stacks.create(with_function())
    gw.delete_api(ApiId=stack["out"]["Id"])
    boto3.client("lambda").delete_function(FunctionName=stacks.ids()["Handler"])
    stacks.delete()
    assert stacks.seen(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"


def test_a_stack_that_cannot_be_deleted_says_what_is_in_the_way(stacks: Stacks, gw: Any) -> None:
    stack = stacks.create(chat(echo="hi"))
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    gw.create_domain_name(DomainName="ws.example.com", DomainNameConfigurations=[{"CertificateArn": certificate}])
    mapping = gw.create_api_mapping(DomainName="ws.example.com", ApiId=stack["out"]["Id"], Stage="dev")
    stacks.delete()
    assert stacks.seen()["StackStatus"] == "DELETE_FAILED"
    assert "remove all API mappings" in reasons(stacks, "DELETE_FAILED")["Stage"]
    assert "[Stage, " in reasons(stacks, "DELETE_FAILED")["chat"]
    gw.delete_api_mapping(DomainName="ws.example.com", ApiMappingId=mapping["ApiMappingId"])
    gw.delete_domain_name(DomainName="ws.example.com")
    stacks.delete()
    assert stacks.seen(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"


def test_a_deletion_that_moto_has_no_way_for_says_so(stacks: Stacks) -> None:
    stack = stacks.create(changed(with_function(), Version=VERSION))
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    stacks.delete()
    told = reasons(stacks, "DELETE_FAILED")
    assert told["Version"] == "NotEmulated: the deletion of AWS::Lambda::Version → delete it with boto3"
    stacks.client.delete_stack(StackName="chat", RetainResources=["Version"])
    assert stacks.seen(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"


def test_termination_protection_holds(stacks: Stacks) -> None:
    stacks.create(chat(echo="hi"), EnableTerminationProtection=True)
    with pytest.raises(stacks.client.exceptions.ClientError, match="TerminationProtection is enabled"):
        stacks.delete()
    stacks.client.update_termination_protection(StackName="chat", EnableTerminationProtection=False)
    stacks.delete()


def test_deleting_what_is_not_there_is_no_error(stacks: Stacks) -> None:
    stacks.delete("nobody")


def test_retained_resources_stay(stacks: Stacks, gw: Any) -> None:
    template = chat(echo="hi")
    for resource in template["Resources"].values():
        resource["DeletionPolicy"] = "Retain"
    stack = stacks.create(template)
    stacks.delete()
    assert said(stack["out"]["Url"], "echo") == json.dumps("hi")
    gw.delete_api(ApiId=stack["out"]["Id"])
