"""AWS's numbers."""

from upgrade101.gateway import limits
from upgrade101.gateway.limits import Limits


def test_the_quotas_of_aws():
    assert (limits.FRAME_BYTES, limits.MESSAGE_BYTES) == (32_768, 131_072)
    assert limits.URL_CHARACTERS == 4096
    assert (limits.INTEGRATION_MILLIS_MIN, limits.INTEGRATION_MILLIS_MAX) == (50, 29_000)
    assert limits.AUTHORIZER_RESULT_BYTES == 8192
    assert (limits.MAPPING_TEMPLATE_BYTES, limits.ACCESS_LOG_FORMAT_BYTES) == (307_200, 3072)
    assert (limits.ROUTES_PER_API, limits.INTEGRATIONS_PER_API) == (300, 300)
    assert (limits.STAGES_PER_API, limits.AUTHORIZERS_PER_API) == (10, 10)


def test_the_times_of_aws():
    assert (Limits().idle_seconds, Limits().max_duration_seconds) == (600, 7200)


def test_times_can_be_shortened():
    assert Limits(idle_seconds=1).idle_seconds == 1
