"""A local cloud as a whole: functions behind WebSocket APIs and REST APIs, and clients that dial in."""

from __future__ import annotations

import io
import json
import os
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from websockets.sync.client import ClientConnection, connect

from upgrade101.localcloud.functions.moto_lambda import Answer
from upgrade101.localcloud.local import LocalCloud

PROXY = {"IntegrationType": "AWS_PROXY"}

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups are POSIX's")
linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured and limited on Linux")


def zip_of(files: str | Mapping[str, str]) -> bytes:
    """A Lambda zip; a single text is ``app.py``."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        for name, text in ({"app.py": files} if isinstance(files, str) else files).items():
            bundle.writestr(name, text)
    return archive.getvalue()


def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait for something that another thread or process brings about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)


class House:
    """What a test does in a local cloud; ``client`` is boto3's own, so that it can stand for ``boto3``."""

    def __init__(self, **settings: Any) -> None:
        self.cloud = LocalCloud(**settings).start()
        self.session = boto3.Session(region_name="us-east-1")
        self.client = self.session.client
        role = {"RoleName": "runs-functions", "AssumeRolePolicyDocument": "{}"}
        self.role = self.client("iam").create_role(**role)["Role"]["Arn"]

    def aws(self, service: str) -> Any:
        """A client of a service."""
        return self.client(service)

    # ── functions ────────────────────────────────────────────────────────────────────────────────────────────────

    def create(
        self, files: str | Mapping[str, str], name: str = "chat", *, permitted: bool = True, **settings: Any
    ) -> str:
        """Create a function and return its ARN; API Gateway may invoke it unless it is not ``permitted``."""
        given = {"Runtime": "python3.13", "Handler": "app.handler", "Role": self.role, **settings}
        made = self.aws("lambda").create_function(FunctionName=name, Code={"ZipFile": zip_of(files)}, **given)
        if permitted:
            self.permit(name, "everything")
        return str(made["FunctionArn"])

    def permit(self, name: str, sid: str, **settings: Any) -> None:
        """Let API Gateway invoke a function."""
        given = {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com", **settings}
        self.aws("lambda").add_permission(FunctionName=name, StatementId=sid, **given)

    def log(self, name: str = "chat") -> list[str]:
        """All messages in the function's log group."""
        group = f"/aws/lambda/{name}"
        return [event["message"] for event in self.aws("logs").filter_log_events(logGroupName=group)["events"]]

    def streams(self, name: str = "chat") -> list[str]:
        """The function's log streams: one for each execution environment; none where it never ran."""
        logs = self.aws("logs")
        try:
            found = logs.describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [stream["logStreamName"] for stream in found]

    @staticmethod
    def uri(arn: str) -> str:
        """The integration URI of a function."""
        return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"

    # ── APIs ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def api(
        self,
        routes: Mapping[str, str],
        *,
        two_way: tuple[str, ...] = (),
        authorizer: Mapping[str, Any] | None = None,
        **integration: Any,
    ) -> str:
        """Deploy a WebSocket API with these functions behind its routes; return its id."""
        gateway = self.aws("apigatewayv2")
        rule = {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}
        api_id = str(gateway.create_api(Name="chat", **rule)["ApiId"])
        here = {"ApiId": api_id}
        for route_key, arn in routes.items():
            settings = {**PROXY, "IntegrationUri": self.uri(arn), **integration}
            made = gateway.create_integration(**here, **settings)["IntegrationId"]
            more: dict[str, Any] = {"RouteResponseSelectionExpression": "$default"} if route_key in two_way else {}
            if route_key == "$connect" and authorizer:
                given = {"Name": "door", "AuthorizerType": "REQUEST", "IdentitySource": [], **authorizer}
                door = gateway.create_authorizer(**here, **given)
                more = {"AuthorizationType": "CUSTOM", "AuthorizerId": door["AuthorizerId"]}
            route = gateway.create_route(**here, RouteKey=route_key, Target=f"integrations/{made}", **more)
            if route_key in two_way:
                gateway.create_route_response(**here, RouteId=route["RouteId"], RouteResponseKey="$default")
        gateway.create_stage(**here, StageName="dev", AutoDeploy=True)
        return api_id

    def rest(self, verb: str, path: str, arn: str) -> str:
        """Deploy a REST API with one method and a function behind it; return the URL of its stage."""
        gateway = self.aws("apigateway")
        api_id = gateway.create_rest_api(name="shop")["id"]
        parent = gateway.get_resources(restApiId=api_id)["items"][0]["id"]
        for part in path.split("/"):
            parent = gateway.create_resource(restApiId=api_id, parentId=parent, pathPart=part)["id"]
        at = {"restApiId": api_id, "resourceId": parent, "httpMethod": verb}
        gateway.put_method(**at, authorizationType="NONE")
        gateway.put_integration(**at, type="AWS_PROXY", integrationHttpMethod="POST", uri=self.uri(arn))
        gateway.create_deployment(restApiId=api_id, stageName="dev")
        return f"{self.cloud.url}/_aws/execute-api/{api_id}/dev"

    def stack(self, resources: Mapping[str, Any]) -> None:
        """Have CloudFormation make resources."""
        template = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
        self.aws("cloudformation").create_stack(StackName="chat", TemplateBody=template)

    # ── clients ──────────────────────────────────────────────────────────────────────────────────────────────────

    def connect(self, api_id: str) -> ClientConnection:
        """Dial in."""
        url = f"{self.cloud.url}/_aws/execute-api/{api_id}/dev".replace("http", "ws", 1)
        return connect(url, compression=None, proxy=None, open_timeout=30, legacy=True)

    def text(self, ws: ClientConnection, action: str, **rest: Any) -> str:
        """Send a message and return what comes back."""
        ws.send(json.dumps({"action": action, **rest}))
        answer = ws.recv(timeout=30)
        assert isinstance(answer, str)
        return answer

    def ask(self, ws: ClientConnection, action: str, **rest: Any) -> Any:
        """Send a message and return what comes back, read as JSON."""
        return json.loads(self.text(ws, action, **rest))

    @staticmethod
    def get(url: str) -> tuple[int, str]:
        """Ask a REST API; return status and body."""
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    def close(self) -> None:
        """End everything."""
        self.cloud.stop()


def invoke(house: House, source: str | Mapping[str, str], event: Any = None, **settings: Any) -> Answer:
    """Create a function, invoke it once and return how that went."""
    return house.cloud.functions.invoke(house.create(source, **settings), event or {})


def answer(house: House, source: str | Mapping[str, str], event: Any = None, **settings: Any) -> Any:
    """Create a function, invoke it once and return what it answers; it must go well."""
    got = invoke(house, source, event, **settings)
    assert not got.error, got.payload
    return got.result


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended, with all of its threads, and waits to be noticed does not."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            state = file.read().rpartition(")")[2].split()[0]
        return state != "Z" or len(os.listdir(f"/proc/{pid}/task")) > 1
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # a system without /proc, or it has just gone
        return not os.path.exists("/proc/self")
