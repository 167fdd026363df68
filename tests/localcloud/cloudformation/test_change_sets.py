"""Change sets, as ``sam deploy`` and ``aws cloudformation deploy`` use them."""

import json
from typing import Any

import pytest
from stack_kit import HERE, Stacks, changed, chat, part, route, said


def prepare(stacks: Stacks, template: Any, kind: str, name: str = "one") -> dict[str, Any]:
    """Create a change set of the stack ``chat`` and describe it."""
    stacks.names.add("chat")
    stacks.client.create_change_set(
        StackName="chat", ChangeSetName=name, ChangeSetType=kind, TemplateBody=json.dumps(template)
    )
    described: dict[str, Any] = stacks.client.describe_change_set(StackName="chat", ChangeSetName=name)
    return described


def lines(described: dict[str, Any]) -> set[tuple[str, str, str]]:
    """What a change set would do: action, logical id, replacement."""
    changes = [change["ResourceChange"] for change in described["Changes"]]
    return {(each["Action"], each["LogicalResourceId"], each.get("Replacement", "")) for each in changes}


def test_a_stack_begins_with_a_change_set(stacks: Stacks) -> None:
    described = prepare(stacks, chat(echo="hi"), "CREATE")
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert {action for action, _, _ in lines(described)} == {"Add"}
    assert stacks.seen()["StackStatus"] == "REVIEW_IN_PROGRESS"
    stacks.client.execute_change_set(StackName="chat", ChangeSetName="one")
    stacks.client.get_waiter("stack_create_complete").wait(StackName="chat")
    assert said(stacks.seen()["out"]["Url"], "echo") == '"hi"'


def test_a_change_set_says_what_would_be_changed_and_replaced(stacks: Stacks, gw: Any) -> None:
    template = chat(echo="old")
    api_id = stacks.create(template)["out"]["Id"]
    later = changed(
        template,
        **route("echo", "new"),
        **route("shout", "HI"),
        Stage=part("Stage", **HERE, StageName="prod", DeploymentId={"Ref": "Deployment"}),
    )
    described = prepare(stacks, later, "UPDATE")
    assert lines(described) == {
        ("Modify", "EchoSays", "False"), ("Modify", "Stage", "True"),
        *(("Add", f"Shout{part}", "") for part in ("Integration", "Says", "Route", "Answers")),
    }  # fmt: skip
    assert [stage["StageName"] for stage in gw.get_stages(ApiId=api_id)["Items"]] == ["dev"]
    stacks.client.execute_change_set(StackName="chat", ChangeSetName="one")
    assert stacks.seen()["StackStatus"] == "UPDATE_COMPLETE"
    assert [stage["StageName"] for stage in gw.get_stages(ApiId=api_id)["Items"]] == ["prod"]


def test_a_change_set_without_a_change_fails_as_the_aws_cli_expects(stacks: Stacks) -> None:
    stacks.create(chat(echo="hi"))
    described = prepare(stacks, chat(echo="hi"), "UPDATE")
    assert (described["Status"], described["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert described["StatusReason"].startswith("The submitted information didn't contain changes.")
    with pytest.raises(stacks.client.exceptions.ClientError, match="cannot be executed in its current status"):
        stacks.client.execute_change_set(StackName="chat", ChangeSetName="one")


def test_a_change_set_that_fails_rolls_back(stacks: Stacks) -> None:
    template = chat(echo="hi")
    stacks.create(template)
    prepare(stacks, changed(template, Broken=part("Route", **HERE, RouteKey="$nonsense")), "UPDATE")
    stacks.client.execute_change_set(StackName="chat", ChangeSetName="one")
    assert stacks.seen()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_a_change_set_that_creates_needs_a_free_name(stacks: Stacks) -> None:
    stacks.create(chat(echo="hi"))
    with pytest.raises(stacks.client.exceptions.ClientError, match="already exists and cannot be created again"):
        prepare(stacks, chat(echo="hi"), "CREATE")


def test_a_change_set_can_be_thrown_away(stacks: Stacks) -> None:
    stacks.create(chat(echo="hi"))
    prepare(stacks, chat(echo="other"), "UPDATE")
    stacks.client.delete_change_set(StackName="chat", ChangeSetName="one")
    assert stacks.seen()["StackStatus"] == "CREATE_COMPLETE"
