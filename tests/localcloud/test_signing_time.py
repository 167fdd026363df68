"""botocore lives in the gateway's time while a local cloud runs."""

from datetime import UTC, datetime

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from upgrade101.gateway import Clock
from upgrade101.localcloud import signing_time

MINUTE = 60


@pytest.fixture
def clock():
    clock = Clock()
    signing_time.install(clock)
    yield clock
    signing_time.uninstall()


def signed_at():
    """Return when botocore signs, in epoch seconds."""
    request = AWSRequest("GET", "https://a1.execute-api.us-east-1.amazonaws.com/dev")
    botocore.auth.SigV4Auth(Credentials("test", "test"), "execute-api", "us-east-1").add_auth(request)
    return datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def test_what_is_signed_later_is_younger(clock):
    assert abs(signed_at() - clock.now()) <= MINUTE
    clock.advance(hours=3)
    assert abs(signed_at() - clock.now()) <= MINUTE


def test_without_a_local_cloud_the_machines_clock_counts(clock):
    clock.advance(hours=3)
    signing_time.uninstall()
    assert abs(signed_at() - datetime.now(UTC).timestamp()) <= MINUTE


@pytest.mark.parametrize("naive", [True, False])
def test_it_answers_as_botocores_own_does(clock, naive):
    made = botocore.auth.get_current_datetime(remove_tzinfo=naive)
    assert (made.tzinfo is None) is naive
    assert abs(made.replace(tzinfo=UTC).timestamp() - clock.now()) <= MINUTE
