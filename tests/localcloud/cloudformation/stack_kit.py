"""Templates of a small chat, and stacks that are taken away again."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any

from upgrade101 import connect

Resource = dict[str, Any]
PREFIX = "AWS::ApiGatewayV2::"
HERE = {"ApiId": {"Ref": "Api"}}
CODE = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hello'}\n"
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
            ],
        }
    },
}


def part(kind: str, **properties: Any) -> Resource:
    """A resource of API Gateway."""
    return {"Type": PREFIX + kind, "Properties": properties}


def chat(**says: str) -> dict[str, Any]:
    """A template whose routes answer by MOCK: ``chat(echo="hi")``, deployed by Deployment to the stage ``dev``."""
    resources: dict[str, Resource] = {
        "Api": part("Api", Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    }
    for key, answer in says.items():
        resources |= route(key, answer)
    resources["Deployment"] = part("Deployment", **HERE) | {"DependsOn": [name for name in resources if name != "Api"]}
    resources["Stage"] = part("Stage", **HERE, StageName="dev", DeploymentId={"Ref": "Deployment"})
    return {
        "Resources": resources,
        "Outputs": {"Url": {"Value": {"Fn::Sub": "${Api.ApiEndpoint}/${Stage}"}}, "Id": {"Value": {"Ref": "Api"}}},
    }


def route(key: str, answer: str) -> dict[str, Resource]:
    """A route that answers by MOCK, as five resources."""
    name = key.capitalize()
    integration = part(
        "Integration", **HERE, IntegrationType="MOCK", TemplateSelectionExpression="200",
        RequestTemplates={"200": '{"statusCode": 200}'},
    )  # fmt: skip
    response = part(
        "IntegrationResponse", **HERE, IntegrationId={"Ref": f"{name}Integration"}, IntegrationResponseKey="$default",
        TemplateSelectionExpression="200", ResponseTemplates={"200": json.dumps(answer)},
    )  # fmt: skip
    return {
        f"{name}Integration": integration,
        f"{name}Says": response,
        f"{name}Route": part(
            "Route", **HERE, RouteKey=key, RouteResponseSelectionExpression="$default",
            Target={"Fn::Join": ["/", ["integrations", {"Ref": f"{name}Integration"}]]},
        ),
        f"{name}Answers": part(
            "RouteResponse", **HERE, RouteId={"Ref": f"{name}Route"}, RouteResponseKey="$default"
        ),
    }  # fmt: skip


def with_function(code: str = CODE) -> dict[str, Any]:
    """A template whose route ``echo`` is a function with inline code."""
    template = chat(echo="mock")
    resources = template["Resources"]
    resources["Role"] = copy.deepcopy(ROLE)
    resources["Handler"] = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": code},
            "Environment": {"Variables": {"ROOMS": 3}},
        },
    }
    resources["May"] = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "Handler"},
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"},
        },
    }
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Handler.Arn}/invocations"
    resources["EchoIntegration"] = part(
        "Integration", **HERE, IntegrationType="AWS_PROXY", IntegrationUri={"Fn::Sub": uri}
    )
    del resources["EchoSays"]
    resources["Deployment"]["DependsOn"].remove("EchoSays")
    return template


def changed(template: dict[str, Any], **resources: Resource | None) -> dict[str, Any]:
    """Another template, with some resources put in, replaced or (None) taken out."""
    made = copy.deepcopy(template)
    made["Resources"] |= resources
    made["Resources"] = {name: resource for name, resource in made["Resources"].items() if resource is not None}
    return made


def said(url: str, action: str) -> str:
    """Connect, send one message, return the answer."""
    with connect(url) as ws:
        ws.send(json.dumps({"action": action}))
        return str(ws.recv(timeout=5))


@dataclass
class Stacks:
    """boto3's CloudFormation, and the stacks that it has made."""

    client: Any
    names: set[str] = field(default_factory=set)

    def create(self, template: Any, name: str = "chat", **settings: Any) -> dict[str, Any]:
        """Create a stack; return what it is afterwards, by its id."""
        self.names.add(name)
        body = template if isinstance(template, str) else json.dumps(template)
        made = self.client.create_stack(
            StackName=name, TemplateBody=body, **{"Capabilities": ["CAPABILITY_NAMED_IAM"], **settings}
        )
        return self.seen(made["StackId"])

    def update(self, template: Any, name: str = "chat", **settings: Any) -> dict[str, Any]:
        """Update a stack; return what it is afterwards."""
        body = template if isinstance(template, str) else json.dumps(template)
        made = self.client.update_stack(
            StackName=name, TemplateBody=body, **{"Capabilities": ["CAPABILITY_NAMED_IAM"], **settings}
        )
        return self.seen(made["StackId"])

    def seen(self, name: str = "chat") -> dict[str, Any]:
        """Describe a stack, with its outputs as a map under ``out``."""
        stack: dict[str, Any] = self.client.describe_stacks(StackName=name)["Stacks"][0]
        return stack | {"out": {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}}

    def ids(self, name: str = "chat") -> dict[str, str]:
        """Physical ids by logical ids."""
        found = self.client.describe_stack_resources(StackName=name)["StackResources"]
        return {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in found}

    def events(self, name: str = "chat") -> list[tuple[str, str, str]]:
        """What was told, oldest first: logical id, status, reason."""
        told = self.client.describe_stack_events(StackName=name)["StackEvents"]
        return [
            (each["LogicalResourceId"], each["ResourceStatus"], each.get("ResourceStatusReason", ""))
            for each in reversed(told)
        ]

    def delete(self, name: str = "chat") -> None:
        """Delete a stack."""
        self.client.delete_stack(StackName=name)

    def delete_all(self) -> None:
        """Delete what the test has left."""
        for name in self.names:
            self.client.delete_stack(StackName=name)
