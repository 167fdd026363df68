"""A profile in the learner's shell, of whatever worth, does not matter to the local cloud."""

import os
import subprocess
import sys

import boto3
import pytest

from upgrade101.localcloud.local import LocalCloud


@pytest.mark.parametrize("profile", ["nosuch", ""])
def test_a_profile_that_does_not_exist_is_put_aside_while_the_local_cloud_runs(monkeypatch, profile):
    monkeypatch.setenv("AWS_PROFILE", profile)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    cloud = LocalCloud().start()
    try:
        assert boto3.client("lambda").list_functions()["Functions"] == []
        assert "AWS_PROFILE" not in os.environ
    finally:
        cloud.stop()
    assert os.environ["AWS_PROFILE"] == profile


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS", ""])
def test_an_endpoint_that_a_variable_or_the_profile_names_is_not_called_while_the_local_cloud_runs(
    monkeypatch, tmp_path, name
):
    """Without a name it is the profile's."""
    there = "http://127.0.0.1:1"
    (tmp_path / "config").write_text("[default]\n" if name else f"[default]\nendpoint_url = {there}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    if name:
        monkeypatch.setenv(name, there)
    before = dict(os.environ)
    cloud = LocalCloud().start()
    try:
        boto3.DEFAULT_SESSION = None
        assert "QueueUrls" not in boto3.client("sqs").list_queues()
        assert ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" in os.environ) is (not name)
    finally:
        cloud.stop()
    assert {key: value for key, value in os.environ.items() if key.startswith("AWS_")} == {
        key: value for key, value in before.items() if key.startswith("AWS_")
    }


def test_the_package_can_be_imported_under_such_a_profile():
    environment = {**os.environ, "AWS_PROFILE": "nosuch"}
    done = subprocess.run(
        [sys.executable, "-c", "import upgrade101"], env=environment, capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
