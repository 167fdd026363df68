"""The command line, as another program sees it."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

import boto3
import pytest
from websockets.sync.client import connect

SERVE = [sys.executable, "-u", "-m", "upgrade101", "serve", "--port"]


@pytest.fixture
def served():
    process = subprocess.Popen([*SERVE, "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
    yield process, url
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_serve_answers_aws_apis_and_stages_at_one_port(served):
    _, url = served
    aws = {
        "region_name": "us-east-1",
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
        "endpoint_url": url,
    }
    gateway = boto3.client("apigatewayv2", **aws)
    api_id = gateway.create_api(Name="x", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
        "ApiId"
    ]
    integration = gateway.create_integration(ApiId=api_id, IntegrationType="MOCK")["IntegrationId"]
    gateway.create_route(ApiId=api_id, RouteKey="$default", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True)
    stage = f"{url}/_aws/execute-api/{api_id}/dev"
    with connect(stage.replace("http", "ws", 1), compression=None, proxy=None) as ws:
        connections = boto3.client("apigatewaymanagementapi", **{**aws, "endpoint_url": stage})
        with pytest.raises(connections.exceptions.GoneException):
            connections.post_to_connection(ConnectionId="AAAAAAAAAAAAAAA=", Data=b"x")
        ws.ping().wait(5)
    health = json.load(urllib.request.urlopen(f"{url}/", timeout=5))
    assert stage.replace("http", "ws", 1) in json.dumps(health)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_when_asked(served, end):
    process, _ = served
    process.send_signal(end)
    assert process.wait(20) == 0
    assert "Traceback" not in process.stderr.read()


def test_a_port_in_use_is_one_clear_sentence(served):
    _, url = served
    port = url.rpartition(":")[2]
    second = subprocess.run([*SERVE, port], capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    said = " ".join(second.stderr.split())
    assert f"nothing can listen at 127.0.0.1:{port}" in said and "--port" in said
    assert "Traceback" not in second.stderr
