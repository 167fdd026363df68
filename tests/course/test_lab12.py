"""Lab 12, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

import random
from collections.abc import Callable

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101.course import iac
from upgrade101.course.check import Check
from upgrade101.course.checks import huts
from upgrade101.course.checks.salted import another_salt, calls_hash
from upgrade101.course.checks.wrong12 import _EVERY_HUT, _HUT, _RENEWED, _TAKE_DOWN, _WINTER, WRONG, _changed
from upgrade101.course.exercises import NotYet
from upgrade101.course.vary import varied
from upgrade101.course.wrong import run_cells
from upgrade101.grading.standins import StandIns

pytestmark = LAB

SOLVED = {"12.1": _HUT, "12.2": _EVERY_HUT, "12.3": _WINTER, "12.4": _TAKE_DOWN, "12.5": _RENEWED}

_STAGE = "{ApiId: !Ref Api, StageName: dev, DeploymentId: !Ref Deployment}"
_DEPLOYMENT = """  Deployment:
    Type: AWS::ApiGatewayV2::Deployment
    DependsOn: [Says, WhereAnswers]
    Properties: {ApiId: !Ref Api}
"""


class TestLab12(BothWays):
    number, wrong = "12", WRONG


def test_a_template_with_all_its_gaps_is_still_unwritten(check: Check) -> None:
    changes = (
        ("!Sub integrations/${Mock}", "..."),
        ("!Ref Where,", "...,"),
        ("[Says, WhereAnswers]", "..."),
        ("!Ref Deployment", "..."),
        ('!Sub "${Api.ApiEndpoint}/${Stage}"', "..."),
    )
    assert check("12.1", cell(_changed(_HUT, *changes))["answer"]).state == "unwritten"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Resources: {A: {Type: AWS::ECS::Service}}", "A has the type AWS::ECS::Service"),
        ("Resources: {A: {Type: AWS::CloudFormation::Stack}}", "A has the type AWS::CloudFormation::Stack"),
        ("A: &all [1]\nResources: *all", "one"),
        ("x" * 30_000, "30,000"),
        ("Resources: [", "YAML not well-formed"),
        ("Resources:\n\tA: 1", "YAML"),
        ("just words", "unsupported structure"),
        ("Outputs:\n  Url: {Value: !Sub ${Api}/${Stage}}", "(line 2, column 22): Url: {Value: !Sub ${Api}/${Stage}}"),
        ("Outputs: {Url: {Value: 1}, Snow: {Type: A}, Ice: {Type: A}}", "below `Outputs:`: Snow, Ice"),
        ("[" * 5_000, "too many brackets"),
        ('{"Resources": ' * 1_400, "too many brackets"),
    ],
)
def test_what_no_hut_needs_is_refused_before_it_is_deployed(answer: str, said: str) -> None:
    with pytest.raises(NotYet) as refusal:
        huts.read(answer)
    assert said in refusal.value.got


def test_the_worst_order_is_one_that_the_template_allows() -> None:
    made = huts.unlucky(huts.read(iac.read("hut.yaml")))["Resources"]
    assert {name: huts.needs(each) & set(made) for name, each in made.items()} == {
        "Api": set(),
        "Mock": {"Api"},
        "Says": {"Api", "Mock"},
        "Where": {"Api", "Mock"},
        "WhereAnswers": {"Api", "Where"},
        "Deployment": {"Api", "Says", "WhereAnswers"},
        "Stage": {"Api", "Deployment"},
    }


_WITHOUT_SAMS_API = """
Transform: [AWS::Serverless-2016-10-31]
Parameters: {Hut: {Type: String}, Beds: {Type: Number, MinValue: 1}}
Globals: {Function: {Runtime: python3.13}}
Resources:
  Line:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      Name: !Join ["-", [!Ref AWS::StackName, line]]
      ProtocolType: WEBSOCKET
      RouteSelectionExpression: $request.body.action
  Ask:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Line
      IntegrationType: AWS_PROXY
      IntegrationUri: !Sub >-
        arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Desk.Arn}/invocations
  BedsRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Line
      RouteKey: beds
      Target: !Sub integrations/${Ask}
      RouteResponseSelectionExpression: $default
  BedsAnswers:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref Line, RouteId: !Ref BedsRoute, RouteResponseKey: $default}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    DependsOn: BedsAnswers
    Properties: {ApiId: !Ref Line, StageName: hut, AutoDeploy: true}
  MayAsk:
    Type: AWS::Lambda::Permission
    Properties: {Action: lambda:InvokeFunction, FunctionName: !Ref Desk, Principal: apigateway.amazonaws.com}
  Desk:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.desk
      Environment: {Variables: {HUT: !Ref Hut, BEDS: !Sub "${Beds}"}}
      InlineCode: |
        import json, os
        def desk(event, context):
            answer = {"hut": os.environ["HUT"], "beds": int(os.environ["BEDS"])}
            return {"statusCode": 200, "body": json.dumps(answer)}
Outputs:
  Url: {Value: !Sub "${Line.ApiEndpoint}/${Stage}"}
"""

_BESIDE = '''
from upgrade101.course import iac

summer = iac.read("hut.yaml")
snow = summer[summer.index("  Where:"):summer.index("  Deployment:")].replace("Where", "Snow").replace("where", "snow")
winter = """  Winter:
    Type: AWS::ApiGatewayV2::Deployment
    DependsOn: [Says, WhereAnswers, SnowAnswers]
    Properties: {ApiId: !Ref Api}
"""
answer = summer.replace("  Where:", snow + "  Where:").replace("  Stage:", winter + "  Stage:")
answer = answer.replace("DeploymentId: !Ref Deployment", "DeploymentId: !Ref Winter")
'''

RIGHT = {
    "12.1 names all it waits for": _changed(_HUT, ("[Says, WhereAnswers]", "[WhereAnswers, Where, Says, Mock]")),
    "12.1 in long forms": _changed(
        _HUT,
        ("!Sub integrations/${Mock}", "{'Fn::Join': [/, [integrations, {Ref: Mock}]]}"),
        ("RouteId: !Ref Where", "RouteId: {'Fn::GetAtt': [Where, RouteId]}"),
        ("[Says, WhereAnswers]", "\n      - Says\n      - WhereAnswers"),
        ('!Sub "${Api.ApiEndpoint}/${Stage}"', "!Join [/, [!GetAtt Api.ApiEndpoint, dev]]"),
    ),
    "12.1 each waits for the one before": _changed(
        _HUT,
        ("[Says, WhereAnswers]", "WhereAnswers"),
        (
            "    Type: AWS::ApiGatewayV2::RouteResponse\n",
            "    Type: AWS::ApiGatewayV2::RouteResponse\n    DependsOn: Says\n",
        ),
    ),
    "12.1 deployed by the stage itself": _changed(
        _HUT, (_DEPLOYMENT, ""), (_STAGE, "{ApiId: !Ref Api, StageName: dev, AutoDeploy: true}")
    ),
    "12.2 names built from the stack's": _changed(
        _EVERY_HUT,
        ("Name: !Ref AWS::StackName", 'Name: !Sub "${AWS::StackName}-line"'),
        ("      Handler:", '      FunctionName: !Sub "${AWS::StackName}-desk"\n      Handler:'),
        ("Beds: {Type: Number}", "Beds: {Type: String, Default: '24'}"),
    ),
    "12.2 with what functions have in common": _changed(
        _EVERY_HUT,
        ("Resources:\n", "Globals:\n  Function: {Runtime: python3.13, Timeout: 5}\nResources:\n"),
        ("      Runtime: python3.13\n", ""),
        ("!Ref ApiBedsRoute", "!GetAtt ApiBedsRoute.RouteId"),
    ),
    "12.2 without SAM's API": f"answer = '''{_WITHOUT_SAMS_API}'''",
    "12.3 another deployment beside the old one": _BESIDE,
    "12.3 with the lesson's own function": """
from upgrade101.course import iac

summer = iac.read("hut.yaml")
snow = summer[summer.index("  Where:"):summer.index("  Deployment:")].replace("Where", "Snow").replace("where", "snow")
answer = iac.with_route(summer, snow, "Winter").replace("WhereAnswers]", "WhereAnswers, SnowAnswers]")
""",
    "12.3 a stage that deploys by itself": """
from upgrade101.course import iac

summer = iac.read("hut.yaml")
snow = summer[summer.index("  Where:"):summer.index("  Deployment:")].replace("Where", "Snow").replace("where", "snow")
stage = "StageName: dev, AutoDeploy: true}"
answer = summer.replace("  Where:", snow + "  Where:").replace("StageName: dev, DeploymentId: !Ref Deployment}", stage)
""",
    "12.4 asks by the id of the stack that is gone": """
def answer(stack, cloudformation, logs):
    stack_id = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=stack_id)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack_id, WaiterConfig={"Delay": 1})
    left = []
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_id):
        for each in page["StackResourceSummaries"]:
            if each["ResourceType"] == "AWS::Lambda::Function":
                left.append("/aws/lambda/" + each["PhysicalResourceId"])
    there = {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]}
    for group in there.intersection(left):
        logs.delete_log_group(logGroupName=group)
    return there.intersection(left)
""",
    "12.4 looks again and again, and takes the functions from the events": """
import time

def answer(stack, cloudformation, logs):
    id = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=id)
    events = [event for page in pages for event in page["StackEvents"]]
    names = {event["PhysicalResourceId"] for event in events if event["ResourceType"] == "AWS::Lambda::Function"} - {""}
    cloudformation.delete_stack(StackName=id)
    while cloudformation.describe_stacks(StackName=id)["Stacks"][0]["StackStatus"] != "DELETE_COMPLETE":
        time.sleep(0.1)
    deleted = set()
    for name in names:
        try:
            logs.delete_log_group(logGroupName="/aws/lambda/" + name)
        except logs.exceptions.ResourceNotFoundException:
            continue
        deleted.add("/aws/lambda/" + name)
    return deleted
""",
    "12.4 with the lesson's own function": """
from upgrade101.course import iac

async def answer(stack, cloudformation, logs):
    found = cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    iac.remove(stack)
    deleted = []
    for each in found:
        name = f"/aws/lambda/{each['PhysicalResourceId']}"
        there = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if each["ResourceType"].endswith("Lambda::Function") and name in [one["logGroupName"] for one in there]:
            logs.delete_log_group(logGroupName=name)
            deleted.append(name)
    return tuple(deleted)
""",
    "12.5 step by step": """
import json
import zlib

def put(value, name):
    if isinstance(value, list):
        return [put(each, name) for each in value]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "Deployment"}:
        return {"Ref": name}
    return {key: put(each, name) for key, each in value.items()}

def answer(template):
    name = f"Release{zlib.crc32(json.dumps(template, sort_keys=True).encode())}"
    made = put(template, name)
    made["Resources"] = {name if key == "Deployment" else key: each for key, each in made["Resources"].items()}
    return made
""",
    "12.5 in place": """
import hashlib

async def answer(template):
    resources = template["Resources"]
    hash = hashlib.md5(repr(sorted(template.items())).encode()).hexdigest
    name = "D" + hash()
    resources[name] = resources.pop("Deployment")
    resources["Stage"]["Properties"]["DeploymentId"]["Ref"] = name
    template["Outputs"]["Release"]["Value"]["Ref"] = name
    return template
""",
}


@pytest.mark.parametrize("name", RIGHT)
def test_another_design_is_as_good(check: Check, name: str) -> None:
    verdict = check(name[:4], cell(RIGHT[name])["answer"])
    assert verdict, verdict.card.text


@pytest.mark.parametrize("id", SOLVED)
def test_with_other_words_too(check: Check, id: str) -> None:
    with varied(random.Random(7)):
        verdict = check(id, cell(SOLVED[id])["answer"])
    assert verdict, verdict.card.text


def _named(how: str) -> Callable[[], str]:
    named: Callable[[], str] = run_cells(f"import hashlib\n\ndef answer(text='summer'):\n    return {how}")["answer"]
    return named


@pytest.mark.parametrize("how", ["hash(text)", "sum(map(hash, text))", "(lambda: hash((text, 1)))()"])
def test_a_hash_of_today_is_none_of_tomorrow(how: str) -> None:
    name = _named(how)
    today = name()
    with another_salt():
        assert name() != today
    assert name() == today
    assert calls_hash(name)


@pytest.mark.parametrize("how", ["hashlib.md5(text.encode()).hexdigest()", "(lambda hash: hash(text))(len)", "text"])
def test_what_is_not_salted_stays(how: str) -> None:
    name = _named(how)
    today = name()
    with another_salt():
        assert name() == today
    assert not calls_hash(name)


def test_a_hash_is_found_where_the_function_runs_elsewhere() -> None:
    source = "def named(text):\n    return text.__hash__()\n"
    stand_in = StandIns(lambda *_: None, {source}).decode({"function": {"name": "named", "key": 1, "source": source}})
    assert calls_hash(stand_in)
    assert not calls_hash(print)
