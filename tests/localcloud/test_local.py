import os
import threading

import boto3
import pytest

from upgrade101.gateway.errors import ConfigurationError
from upgrade101.localcloud.guard import is_loopback
from upgrade101.localcloud.local import LocalCloud


def test_it_starts_and_stops_any_number_of_times_and_leaves_the_process_as_it_was():
    before = dict(os.environ)
    threads = {thread.name for thread in threading.enumerate()}
    for _ in range(3):
        cloud = LocalCloud(region="eu-west-1").start()
        assert cloud.start() is cloud
        assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"
        assert boto3.client("dynamodb").meta.region_name == "eu-west-1"
        cloud.stop()
        cloud.stop()
    assert dict(os.environ) == before
    left = {thread.name for thread in threading.enumerate()} - threads
    assert not [name for name in left if name != "upgrade101-logs"], left


def test_the_tutorials_managed_policy_can_be_attached():
    cloud = LocalCloud().start()
    try:
        iam = boto3.client("iam")
        iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")
        arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
        iam.attach_role_policy(RoleName="r", PolicyArn=arn)
        attached = iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
        assert [policy["PolicyArn"] for policy in attached] == [arn]
    finally:
        cloud.stop()


def test_a_port_in_use_is_refused_before_anything_is_installed():
    first = LocalCloud().start()
    try:
        with pytest.raises(ConfigurationError, match="nothing can listen"):
            LocalCloud().start(port=first.gateway.port)
        assert boto3.client("sts").get_caller_identity()["Account"]
    finally:
        first.stop()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "x.localhost"])
def test_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "localhost.example.com", "10.0.0.1", "sts.amazonaws.com", "169.254.169.254"])
def test_not_this_machine(host):
    assert not is_loopback(host)
