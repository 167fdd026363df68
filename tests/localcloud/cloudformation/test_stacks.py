"""Stacks of WebSocket APIs: created, talked to over a socket, updated, deleted."""

import json
from typing import Any

import boto3
import pytest
from stack_kit import HERE, Stacks, changed, chat, part, route, said, with_function
from websockets.exceptions import InvalidStatus

from upgrade101 import connect


def test_a_stack_of_an_api_answers_over_a_socket(stacks: Stacks) -> None:
    stack = stacks.create(chat(echo="hi"))
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert said(stack["out"]["Url"], "echo") == '"hi"'


def test_inline_code_runs_in_an_environment_of_ours(stacks: Stacks) -> None:
    code = (
        "import os\n"
        "count = 0\n"
        "def handler(event, context):\n"
        "    global count\n"
        "    count += 1\n"
        "    return {'statusCode': 200, 'body': f\"{os.environ['ROOMS']} {count} {context.function_name}\"}\n"
    )
    stack = stacks.create(with_function(code))
    name = stacks.ids()["Handler"]
    assert said(stack["out"]["Url"], "echo") == f"3 1 {name}"
    assert said(stack["out"]["Url"], "echo") == f"3 2 {name}"


def test_the_door_over_http_makes_the_same_stacks(stacks: Stacks) -> None:
    from upgrade101 import cloud

    there = boto3.client("cloudformation", endpoint_url=cloud.local().url)
    over_http = Stacks(there)
    stack = over_http.create(chat(echo="hi"), "over-http")
    try:
        assert said(stack["out"]["Url"], "echo") == '"hi"'
        assert stacks.seen("over-http")["StackId"] == stack["StackId"]
    finally:
        over_http.delete_all()


def test_deleting_a_stack_leaves_nothing(stacks: Stacks, gw: Any) -> None:
    stack = stacks.create(with_function())
    names = stacks.ids()
    stacks.delete()
    stacks.client.get_waiter("stack_delete_complete").wait(StackName="chat")
    assert stacks.seen(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert gw.get_apis()["Items"] == []
    assert boto3.client("lambda").list_functions()["Functions"] == []
    assert names["Role"] not in [role["RoleName"] for role in boto3.client("iam").list_roles()["Roles"]]
    with pytest.raises(InvalidStatus), connect(stack["out"]["Url"]):
        pass


def test_events_tell_each_resource_in_the_order_of_its_needs(stacks: Stacks) -> None:
    stacks.create(chat(echo="hi"))
    complete = [name for name, status, _ in stacks.events() if status == "CREATE_COMPLETE"]
    assert complete == [
        "Api", "EchoIntegration", "EchoSays", "EchoRoute", "EchoAnswers", "Deployment", "Stage", "chat",
    ]  # fmt: skip
    assert [event for event in stacks.events() if event[0] == "Api"] == [
        ("Api", "CREATE_IN_PROGRESS", ""),
        ("Api", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Api", "CREATE_COMPLETE", ""),
    ]


# The classic trap


def test_a_changed_route_is_unseen_without_a_new_deployment(stacks: Stacks) -> None:
    template = chat(echo="old")
    url = stacks.create(template)["out"]["Url"]
    stacks.update(changed(template, **route("echo", "new")))
    assert said(url, "echo") == '"old"'


def test_a_new_route_is_forbidden_without_a_new_deployment(stacks: Stacks) -> None:
    template = chat(echo="hi")
    url = stacks.create(template)["out"]["Url"]
    with_another = changed(template, **route("shout", "HI"))
    stacks.update(with_another)
    assert json.loads(said(url, "shout"))["message"] == "Forbidden"
    stacks.update(changed(with_another, Deployment=None, **deployment("Deployment2", with_another)))
    assert said(url, "shout") == '"HI"'


def test_a_route_taken_away_is_still_in_the_deployment_made_meanwhile(stacks: Stacks) -> None:
    less = chat(echo="hi")
    url = stacks.create(chat(echo="hi", shout="HI"))["out"]["Url"]
    stacks.update(changed(less, Deployment=None, **deployment("Deployment2", less)))
    assert said(url, "shout") == '"HI"'
    stacks.update(changed(less, Deployment=None, **deployment("Deployment3", less)))
    assert json.loads(said(url, "shout"))["message"] == "Forbidden"


def test_another_description_is_no_new_deployment(stacks: Stacks) -> None:
    template = chat(echo="hi")
    url = stacks.create(template)["out"]["Url"]
    before = stacks.ids()["Deployment"]
    described = changed(template, **route("shout", "HI"))
    described["Resources"]["Deployment"]["Properties"]["Description"] = "with shout"
    stacks.update(described)
    assert stacks.ids()["Deployment"] == before
    assert json.loads(said(url, "shout"))["message"] == "Forbidden"


def deployment(name: str, template: dict[str, Any]) -> dict[str, Any]:
    """A deployment by another name, and the stage that points at it."""
    needed = [each for each in template["Resources"] if each.endswith(("Route", "Answers", "Says"))]
    stage = part("Stage", **HERE, StageName="dev", DeploymentId={"Ref": name})
    return {name: part("Deployment", **HERE) | {"DependsOn": needed}, "Stage": stage}


def test_a_deployment_that_waits_for_no_route_fails_as_on_aws(stacks: Stacks) -> None:
    template = chat(echo="hi")
    del template["Resources"]["Deployment"]["DependsOn"]
    stack = stacks.create(template)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    (reason,) = [
        reason for name, status, reason in stacks.events() if (name, status) == ("Deployment", "CREATE_FAILED")
    ]
    assert "At least one route is required" in reason


def test_a_stage_with_auto_deploy_sees_every_change(stacks: Stacks) -> None:
    template = changed(chat(echo="old"), Deployment=None, Stage=part("Stage", **HERE, StageName="dev", AutoDeploy=True))
    url = stacks.create(template)["out"]["Url"]
    assert said(url, "echo") == '"old"'
    stacks.update(changed(template, **route("echo", "new")))
    assert said(url, "echo") == '"new"'


def test_sockets_stay_open_while_the_stage_moves_on(stacks: Stacks) -> None:
    template = chat(echo="old")
    url = stacks.create(template)["out"]["Url"]
    later = changed(template, **route("echo", "new"))
    with connect(url) as ws:
        ws.send('{"action": "echo"}')
        assert ws.recv(timeout=5) == '"old"'
        stacks.update(changed(later, Deployment=None, **deployment("Deployment2", later)))
        ws.send('{"action": "echo"}')
        assert ws.recv(timeout=5) == '"new"'
