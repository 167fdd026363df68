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
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

SERVE = [sys.executable, "-u", "-m", "upgrade101", "serve", "--port"]


@pytest.fixture
def served(request):
    options = getattr(request, "param", ())
    process = subprocess.Popen([*SERVE, "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
    yield process, url
    if process.poll() is None:
        process.kill()
    process.communicate()


def client(service, url):
    keys = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=url, **keys)


def deploy(url):
    """Deploy an API and return the address of its stage."""
    gateway = client("apigatewayv2", url)
    api_id = gateway.create_api(Name="x", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
        "ApiId"
    ]
    integration = gateway.create_integration(ApiId=api_id, IntegrationType="MOCK")["IntegrationId"]
    gateway.create_route(ApiId=api_id, RouteKey="$default", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True)
    return f"{url}/_aws/execute-api/{api_id}/dev"


def test_serve_answers_aws_apis_and_stages_at_one_port(served):
    _, url = served
    stage = deploy(url)
    with connect(stage.replace("http", "ws", 1), compression=None, proxy=None) as ws:
        connections = client("apigatewaymanagementapi", stage)
        with pytest.raises(connections.exceptions.GoneException):
            connections.post_to_connection(ConnectionId="AAAAAAAAAAAAAAA=", Data=b"x")
        ws.ping().wait(5)
    health = json.load(urllib.request.urlopen(f"{url}/", timeout=5))
    assert stage.replace("http", "ws", 1) in json.dumps(health)


@pytest.mark.parametrize(
    "served", [("--connections-per-second", "0.001"), ("--requests-per-second", "0.001")], indirect=True
)
def test_serve_may_have_the_quotas_of_an_account(served):
    stage = deploy(served[1]).replace("http", "ws", 1)
    with connect(stage, compression=None, proxy=None), pytest.raises(InvalidStatus, match="429"):
        connect(stage, compression=None, proxy=None).__enter__()


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


def run_serve(*options):
    return subprocess.run([*SERVE, *options], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("0", "--idle-timeout", "-1"), "idle_seconds=-1.0 is no limit"),
        (("0", "--idle-timeout", "nan"), "idle_seconds=nan is no limit"),
        (("0", "--max-duration", "0"), "max_duration_seconds=0.0 is no limit"),
        (("0", "--connections-per-second", "0"), "connections_per_second=0.0 is no limit"),
        (("0", "--functions", "nowhere"), "functions cannot run in 'nowhere'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(options, said):
    refused = run_serve(*options)
    assert refused.returncode == 1
    assert said in refused.stderr and len(refused.stderr.splitlines()) == 1
    assert "Ready" not in refused.stdout


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_is_a_number_from_0_to_65535(port):
    refused = run_serve(port)
    assert refused.returncode == 2
    assert "--port" in refused.stderr and ("65535" in refused.stderr or "to 0" in refused.stderr)


@pytest.mark.parametrize("served", [("--quiet",)], indirect=True)
def test_a_quiet_one_says_where_it_is_and_nothing_of_what_happens(served):
    process, url = served
    with connect(deploy(url).replace("http", "ws", 1), compression=None, proxy=None) as ws:
        ws.send("hello")
        ws.recv(timeout=10)
    process.terminate()
    out, err = process.communicate(timeout=20)
    assert out == ""
    assert "hello" not in err and "closed" not in err


def test_what_happens_there_is_said(served):
    process, url = served
    with connect(deploy(url).replace("http", "ws", 1), compression=None, proxy=None) as ws:
        ws.send("hello")
        ws.recv(timeout=10)
    process.terminate()
    _, err = process.communicate(timeout=20)
    assert "received  hello" in err
    assert "closed    1000" in err
    assert re.search(r"apigatewayv2 CreateApi  201", err)
