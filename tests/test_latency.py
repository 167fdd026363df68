"""``cloud.latency``: on, off, for a block; what it says, and that on AWS it does nothing."""

import boto3
import pytest

from upgrade101 import cloud
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.latency import Switch
from upgrade101.localcloud.latency import CONNECTIONS, DYNAMODB, Latency


@pytest.fixture
def here():
    return Latency()


@pytest.fixture
def latency(here):
    return Switch(lambda: here)


def test_it_is_off_until_somebody_turns_it_on(latency, here, capsys):
    assert not latency.is_on
    latency.on()
    assert latency.is_on and here.seconds == {CONNECTIONS: 0.015, DYNAMODB: 0.005}
    latency.off()
    assert not latency.is_on
    assert capsys.readouterr().out.splitlines() == [
        "latency: 15 ms a call of @connections, 5 ms a call of DynamoDB (simulated)",
        "latency: off, calls take as long as this machine needs",
    ]


def test_it_lasts_for_a_block_and_then_is_as_before(latency, here):
    latency.on(dynamodb_ms=3, quiet=True)
    with latency(connections_ms=20):
        assert here.seconds == {CONNECTIONS: 0.02}
        with pytest.raises(ZeroDivisionError), latency(connections_ms=1):
            1 / 0  # noqa: B018
        assert here.seconds == {CONNECTIONS: 0.02}
    assert here.seconds == {DYNAMODB: 0.003}


def test_without_a_block_it_is_on_at_once_and_shows_nothing_but_its_sentence(latency, capsys):
    shown = latency(connections_ms=20)._ipython_display_()
    assert latency.is_on and shown is None
    assert capsys.readouterr().out == "latency: 20 ms a call of @connections (simulated)\n"


def test_no_time_at_all_is_off(latency):
    latency.on(connections_ms=0, quiet=True)
    assert not latency.is_on


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf")])
def test_what_is_no_length_of_time_is_refused(latency, wrong):
    with pytest.raises(ConfigurationError, match="cannot take"):
        latency.on(connections_ms=wrong)
    assert not latency.is_on


def test_on_aws_it_changes_nothing_and_says_so(capsys):
    latency = Switch(lambda: None)
    with latency(connections_ms=20):
        assert not latency.is_on
    latency.off()
    assert capsys.readouterr().out.splitlines() == [
        "latency: AWS takes its own time, nothing is added",
        "latency: AWS takes its own time, nothing was added",
    ]


def test_it_needs_a_cloud_and_ends_with_it():
    with pytest.raises(ConfigurationError, match=r"cloud\.start\(\)"):
        cloud.latency.on()
    for _ in range(2):
        cloud.start(quiet=True)
        assert not cloud.latency.is_on
        cloud.latency.on(dynamodb_ms=1, quiet=True)
        assert cloud.latency.is_on
        boto3.client("dynamodb").list_tables()
        cloud.stop()
