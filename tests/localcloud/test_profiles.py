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


def test_the_package_can_be_imported_under_such_a_profile():
    environment = {**os.environ, "AWS_PROFILE": "nosuch"}
    done = subprocess.run(
        [sys.executable, "-c", "import upgrade101"], env=environment, capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
