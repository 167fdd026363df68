"""The benchmark's WebSocket API, deployed by boto3: on the cloud in this process, or on whatever has an endpoint."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3

HANDLERS = Path(__file__).parent / "handlers.py"
TABLE = "connections"
CONNECTING = {"$connect": "connect", "$disconnect": "disconnect"}
PLAIN = {**CONNECTING, "$default": "echo", "sleep": "sleep", "broadcast": "broadcast"}
DYNAMODB = {**PLAIN, "$connect": "connect_dynamodb", "$default": "echo_dynamodb"}
"""Route key and handler."""

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
PERMITTED = {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com", "StatementId": "bench"}


def package(source: str) -> bytes:
    """Return the zip of a function whose ``app.py`` has this source."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("app.py", source)
    return archive.getvalue()


class Deployment:
    """The calls that make functions, a table and an API; ``endpoint`` is None for the cloud in this process."""

    def __init__(self, endpoint: str | None = None) -> None:
        self.session = boto3.Session(**KEYS)
        self.endpoint = endpoint
        self.gateway, self.functions = self.client("apigatewayv2"), self.client("lambda")

    def client(self, service: str) -> Any:
        """Return a boto3 client."""
        return self.session.client(service, endpoint_url=self.endpoint)

    def api(
        self, routes: Mapping[str, str], variables: Mapping[str, str], path: Path = HANDLERS, timeout: int = 30
    ) -> str:
        """Deploy an API with a function for each handler and return its id; the stage is ``dev``."""
        expression = "$request.body.action"
        made = self.gateway.create_api(Name="bench", ProtocolType="WEBSOCKET", RouteSelectionExpression=expression)
        also = {"CALLBACK_URL": f"{self.endpoint}/_aws/execute-api/{made['ApiId']}/dev"} if self.endpoint else {}
        settings: dict[str, Any] = {
            "Runtime": "python3.12",
            "Role": self._role(),
            "Timeout": timeout,
            "Environment": {"Variables": {**variables, **also}},
            "Code": {"ZipFile": package(path.read_text(encoding="utf-8"))},
        }
        for route_key, handler in routes.items():
            self._route(made["ApiId"], route_key, self._function(handler, settings))
        self.gateway.create_stage(ApiId=made["ApiId"], StageName="dev", AutoDeploy=True)
        return str(made["ApiId"])

    def _role(self) -> str:
        policy = {"Version": "2012-10-17", "Statement": []}
        made = self.client("iam").create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(policy))
        return str(made["Role"]["Arn"])

    def _function(self, handler: str, settings: Mapping[str, Any]) -> str:
        made = self.functions.create_function(FunctionName=handler, Handler=f"app.{handler}", **settings)
        self.functions.add_permission(FunctionName=handler, **PERMITTED)
        arn = made["FunctionArn"]
        return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"

    def _route(self, api_id: str, route_key: str, uri: str) -> None:
        made = self.gateway.create_integration(ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=uri)
        settings = {"ApiId": api_id, "RouteKey": route_key, "Target": f"integrations/{made['IntegrationId']}"}
        if route_key in CONNECTING:
            self.gateway.create_route(**settings)
            return
        route = self.gateway.create_route(**settings, RouteResponseSelectionExpression="$default")
        self.gateway.create_route_response(ApiId=api_id, RouteId=route["RouteId"], RouteResponseKey="$default")

    def table(self) -> None:
        """Make the table that the second round of handlers writes to."""
        self.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
