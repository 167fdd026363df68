"""A notebook is killed in the middle, and another process cleans up: with a moto of its own that stands in for AWS."""

import os
import subprocess
import sys

import boto3
import pytest
from moto.server import ThreadedMotoServer

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
NOTEBOOK = """
import os, signal
import boto3
from upgrade101 import cloud
cloud.start("aws")
from upgrade101.deploy import create_function
boto3.client("apigatewayv2").create_api(
    Name="news", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action", Tags={"mine": "1"})
create_function("echo", b"PK\\x05\\x06" + bytes(18), "app.handler")
print("created", flush=True)
os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
"""


@pytest.fixture(scope="module")
def aws():
    """Serve a plain moto, and return its address: no cloud of ours is needed to clean up."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def elsewhere(aws, tmp_path):
    """Return the surroundings of a process that takes it for AWS, and whose ledgers lie in a folder of the test's."""
    return {**os.environ, **KEYS, "AWS_ENDPOINT_URL": aws, "UPGRADE101_LEDGER": str(tmp_path), "UPGRADE101_YES": "1"}


def run(surroundings, *command):
    return subprocess.run(
        [sys.executable, *command], env=surroundings, capture_output=True, text=True, encoding="utf-8", timeout=300
    )


def client(service, aws):
    keys = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=aws, **keys)


def test_what_a_killed_notebook_created_is_on_disk_and_the_next_command_takes_it_away(aws, elsewhere, tmp_path):
    killed = run(elsewhere, "-c", NOTEBOOK)
    assert "created" in killed.stdout and killed.returncode != 0, killed.stderr
    assert [path.suffix for path in tmp_path.glob("*.jsonl")] == [".jsonl"]
    api = client("apigatewayv2", aws).get_apis()["Items"][0]
    run_id = next(tmp_path.glob("*.jsonl")).stem
    assert api["Tags"] == {"mine": "1", "upgrade101:run": run_id}

    listed = run(elsewhere, "-m", "upgrade101", "cleanup", "--dry-run")
    assert listed.returncode == 0 and "would be deleted: function echo" in listed.stdout, listed.stderr
    assert client("apigatewayv2", aws).get_apis()["Items"]

    cleaned = run(elsewhere, "-m", "upgrade101", "cleanup")
    assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
    assert f"run {run_id}: nothing of it is left" in cleaned.stdout
    assert client("apigatewayv2", aws).get_apis()["Items"] == []
    assert client("lambda", aws).list_functions()["Functions"] == []
    assert client("iam", aws).list_roles()["Roles"] == []
    assert not list(tmp_path.iterdir())

    assert "there is no ledger of a run on this machine" in run(elsewhere, "-m", "upgrade101", "cleanup").stdout
