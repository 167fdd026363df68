"""SAM templates, by AWS's own translator, talked to over a socket."""

from collections.abc import Callable
from typing import Any

import boto3
from stack_kit import Stacks, said

from upgrade101 import connect

BOTH = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
CHAT = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  StageName: {Type: String, Default: dev}
Globals:
  Function: {Runtime: python3.13, Timeout: 5, Environment: {Variables: {TABLE: !Ref Rooms}}}
Resources:
  Chat:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      StageName: !Ref StageName
      Routes:
        $connect: {FunctionArn: !GetAtt Handler.Arn}
        echo: {FunctionArn: !GetAtt Handler.Arn, RouteResponseSelectionExpression: $default}
  EchoAnswers:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref Chat, RouteId: !Ref ChatEchoRoute, RouteResponseKey: $default}
  Handler:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Policies:
        - AWSLambdaBasicExecutionRole
        - DynamoDBCrudPolicy: {TableName: !Ref Rooms}
      InlineCode: |
        import os
        import boto3
        def handler(event, context):
            table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
            table.put_item(Item={"id": event["requestContext"]["connectionId"]})
            return {"statusCode": 200, "body": str(table.scan()["Count"])}
  Rooms:
    Type: AWS::Serverless::SimpleTable
Outputs:
  Url: {Value: !Sub "${Chat.ApiEndpoint}/${ChatStage}"}
"""


def test_a_sam_template_answers_over_a_socket(stacks: Stacks) -> None:
    stack = stacks.create(CHAT, Capabilities=BOTH)
    assert stack["StackStatus"] == "CREATE_COMPLETE", [event for event in stacks.events() if event[2]]
    with connect(stack["out"]["Url"]) as ws:
        ws.send('{"action": "echo"}')
        assert ws.recv(timeout=10) == "1"
    role = stacks.ids()["HandlerRole"]
    attached = boto3.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AWSLambdaBasicExecutionRole"]


def test_parameters_reach_the_transform(stacks: Stacks) -> None:
    stage = [{"ParameterKey": "StageName", "ParameterValue": "prod"}]
    stack = stacks.create(CHAT, Capabilities=BOTH, Parameters=stage)
    assert stack["out"]["Url"].endswith("/prod")


def test_a_new_route_of_a_sam_template_is_deployed_at_once(stacks: Stacks) -> None:
    url = stacks.create(CHAT, Capabilities=BOTH)["out"]["Url"]
    shout = "        shout: {FunctionArn: !GetAtt Handler.Arn, RouteResponseSelectionExpression: $default}\n"
    more = CHAT.replace("  EchoAnswers:\n", shout + "  EchoAnswers:\n").replace(
        "  Handler:\n    Type",
        "  ShoutAnswers:\n    Type: AWS::ApiGatewayV2::RouteResponse\n"
        "    Properties: {ApiId: !Ref Chat, RouteId: !Ref ChatShoutRoute, RouteResponseKey: $default}\n"
        "  Handler:\n    Type",
    )
    assert stacks.update(more, Capabilities=BOTH)["StackStatus"] == "UPDATE_COMPLETE"
    assert said(url, "shout") == "1"


def test_both_templates_can_be_read_again(stacks: Stacks) -> None:
    stacks.create(CHAT, Capabilities=BOTH)
    assert stacks.client.get_template(StackName="chat")["TemplateBody"] == CHAT
    processed: Any = stacks.client.get_template(StackName="chat", TemplateStage="Processed")["TemplateBody"]
    assert processed["Resources"]["ChatStage"]["Properties"]["AutoDeploy"] is True


def test_the_caller_has_to_acknowledge_the_transform_and_the_roles(refused: Callable[..., str]) -> None:
    code = "InsufficientCapabilitiesException: Requires capabilities : "
    assert refused(CHAT) == code + "[CAPABILITY_IAM]"
    assert refused(CHAT, Capabilities=["CAPABILITY_IAM"]) == code + "[CAPABILITY_AUTO_EXPAND]"


def test_a_mistake_is_told_by_the_translator(refused: Callable[..., str]) -> None:
    broken = CHAT.replace("Handler: index.handler", "Handlers: index.handler")
    told = refused(broken, Capabilities=BOTH)
    assert told.startswith(
        "ValidationError: Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application"
    )
    assert "Handler" in told
