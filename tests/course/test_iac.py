"""The chat as templates: each is valid and makes the same chat, and what is deployed can be taken away again."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import WaiterError

from upgrade101 import cloud, connect
from upgrade101.course import chat, iac
from upgrade101.course.chat.deploying import _imported
from upgrade101.localcloud.cloudformation.templates import finished, read

CHATS = ("cloudformation.yaml", "sam-raw.yaml", "sam.yaml")
MADE_BY_OSLS = "serverless.compiled.json"


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[None]:
    """A local cloud for the whole file."""
    cloud.start(quiet=True)
    yield
    cloud.stop()


def resources_of(name: str) -> dict[str, Any]:
    """A template's resources, as CloudFormation works through them."""
    resources: dict[str, Any] = finished(iac.package(iac.read(name)), {}, "us-east-1")["Resources"]
    return resources


def of_type(name: str, kind: str) -> list[dict[str, Any]]:
    """The properties of all resources of a type of API Gateway."""
    wanted = f"AWS::ApiGatewayV2::{kind}"
    return [each["Properties"] for each in resources_of(name).values() if each["Type"] == wanted]


def talks(url: str) -> bool:
    """Let Ana say something that Ben hears."""
    with chat.Member(url, "blue", "Ana") as ana, chat.Member(url, "blue", "Ben") as ben:
        ana.say("hello")
        ben.read()
        return ben.texts[-1:] == ["hello"]


@pytest.mark.parametrize("name", CHATS)
def test_each_template_makes_the_chat(name: str) -> None:
    outputs = iac.deploy(iac.package(iac.read(name)), "rooms")
    try:
        assert talks(outputs["Url"])
    finally:
        iac.remove("rooms")


def test_what_osls_makes_of_serverless_yml_is_the_chat_too() -> None:
    client, template = boto3.client("cloudformation"), json.loads(iac.read(MADE_BY_OSLS))
    begin = {name: each for name, each in template["Resources"].items() if each["Type"].startswith("AWS::S3::")}
    client.create_stack(StackName="chat-dev", TemplateBody=json.dumps({"Resources": begin}))
    bucket = client.describe_stack_resource(StackName="chat-dev", LogicalResourceId="ServerlessDeploymentBucket")
    name = bucket["StackResourceDetail"]["PhysicalResourceId"]
    key = template["Resources"]["JoinLambdaFunction"]["Properties"]["Code"]["S3Key"]
    uploaded = iac._upload(name, iac.FOLDER / "../chat/app")
    boto3.client("s3").copy_object(Bucket=name, Key=key, CopySource={"Bucket": name, "Key": uploaded})
    client.update_stack(StackName="chat-dev", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"])
    (stack,) = client.describe_stacks(StackName="chat-dev")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert talks(next(each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == "Url"))


@pytest.mark.parametrize("name", [*CHATS, MADE_BY_OSLS])
def test_each_template_has_the_routes_of_the_chat_and_their_answers(name: str) -> None:
    with _imported(chat.APP) as app:
        routes, two_way = set(app.ROUTES), set(app.TWO_WAY)
    made = of_type(name, "Route")
    assert {each["RouteKey"] for each in made} == routes
    assert {each["RouteKey"] for each in made if "RouteResponseSelectionExpression" in each} == two_way
    assert len(of_type(name, "RouteResponse")) == len(two_way)


def test_serverless_yml_has_the_same_routes() -> None:
    functions = _serverless()["functions"].values()
    events = [event["websocket"] for function in functions for event in function["events"]]
    keys = {event if isinstance(event, str) else event["route"] for event in events}
    with _imported(chat.APP) as app:
        assert keys == set(app.ROUTES)


def _serverless() -> dict[str, Any]:
    import yaml

    from upgrade101.localcloud.cloudformation.templates import _Loader

    parsed: dict[str, Any] = yaml.load(iac.read("serverless.yml"), Loader=_Loader)
    return parsed


def test_cfn_lint_has_nothing_to_say() -> None:
    files = [str(iac.FOLDER / name) for name in (*CHATS, "line.yaml")]
    # W3002: the code is a folder, which is what package() is for
    asked = [sys.executable, "-c", "from cfnlint.runner import main; main()", "--ignore-checks", "W3002", "--", *files]
    done = subprocess.run(asked, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0)


def test_more_resources_and_another_deployment() -> None:
    line, shout = iac.read("line.yaml"), iac.read("shout.yaml")
    assert list(read(iac.with_route(line, shout))["Resources"]) == [*read(line)["Resources"], "Shout", "ShoutAnswers"]
    grown = read(iac.with_route(line, shout, "Deployment2"))["Resources"]
    assert "Deployment" not in grown
    assert grown["Stage"]["Properties"]["DeploymentId"] == {"Ref": "Deployment2"}


def test_deploying_twice_changes_nothing_and_says_the_same() -> None:
    first = iac.deploy(iac.read("line.yaml"), "line")
    assert iac.deploy(iac.read("line.yaml"), "line") == first
    again = iac.deploy(iac.read("line.yaml"), "line", Answer="other")
    assert again == first
    iac.remove("line")
    iac.remove("line")


def test_a_stack_that_failed_is_made_anew() -> None:
    hasty = iac.read("line.yaml").replace("    DependsOn: [Says, EchoAnswers]\n", "")
    for _ in range(2):
        with pytest.raises(WaiterError):
            iac.deploy(hasty, "hasty")
    assert any("At least one route is required" in line for line in iac.events("hasty"))
    with connect(iac.deploy(iac.read("line.yaml"), "hasty")["Url"]) as ws:
        ws.send('{"action": "echo"}')
        assert ws.recv(timeout=5).startswith('"line ')
    iac.remove("hasty")


def test_the_same_files_are_the_same_package() -> None:
    assert iac.package(iac.read("sam.yaml")) == iac.package(iac.read("sam.yaml"))
    assert "CodeUri: {Bucket: upgrade101-packages-123456789012-us-east-1, Key: " in iac.package(iac.read("sam.yaml"))


def test_what_a_stack_leaves_behind_is_found_and_taken_away() -> None:
    iac.tidy("rooms")
    outputs = iac.deploy(iac.package(iac.read("sam.yaml")), "rooms")
    assert talks(outputs["Url"])
    there = iac.left_of("rooms")
    assert {each.partition(" ")[0] for each in there} == {"log", "function", "table", "API", "package"}
    logs = boto3.client("logs")
    neighbours = ("/aws/lambda/rooms-upstairs-Join-1", "/aws/lambda/rooms-Join")
    for neighbour in neighbours:
        logs.create_log_group(logGroupName=neighbour)
    iac.remove("rooms")
    left = iac.left_of("rooms")
    assert {each.partition(" ")[0] for each in left} == {"log", "package"}
    assert not any("upstairs" in each for each in left)
    iac.tidy("rooms")
    assert iac.left_of("rooms") == []
    for neighbour in neighbours:  # they are there still
        logs.delete_log_group(logGroupName=neighbour)
