"""What a client with an API key may do, from moto's usage plans."""

import boto3
import pytest

from upgrade101.gateway.definition import Deployment, Stage
from upgrade101.gateway.ports import Quota
from upgrade101.localcloud.api_keys import api_key

STAGE = Stage("a1b2c3d4e5", "dev", "us-east-1", "123456789012", Deployment("d1", "x", {}))
VALUE = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def rest(moto_cloud):
    return boto3.client("apigateway", region_name="us-east-1")


@pytest.fixture
def plan(rest):
    """Return what makes a key and a usage plan for the stage, and associates them."""

    def make(value=VALUE, stage="dev", api_id=STAGE.api_id, enabled=True, associated=True, **limits):
        key = rest.create_api_key(name="k", value=value, enabled=enabled)["id"]
        stages = [{"apiId": api_id, "stage": stage, **limits.pop("more", {})}]
        plan_id = rest.create_usage_plan(name="gold", apiStages=stages, **limits)["id"]
        if associated:
            rest.create_usage_plan_key(usagePlanId=plan_id, keyId=key, keyType="API_KEY")
        return key, plan_id

    return make


def test_a_key_in_a_plan_of_the_stage(plan):
    key, plan_id = plan()
    found = api_key(VALUE, STAGE)
    assert (found.key_id, found.value, found.plan_id) == (key, VALUE, plan_id)
    assert (found.throttle, found.route_throttles, found.quota) == ({}, {}, None)
    assert VALUE not in repr(found)


@pytest.mark.parametrize(
    "settings",
    [{"enabled": False}, {"associated": False}, {"stage": "prod"}, {"api_id": "another"}, {"value": "x" * 26}],
)
def test_a_key_that_is_not_good_for_the_stage(plan, settings):
    plan(**settings)
    assert api_key(VALUE, STAGE) is None


def test_without_any_key_there_is_none(moto_cloud):
    assert api_key(VALUE, STAGE) is None


def test_what_a_plan_limits(plan):
    plan(
        throttle={"rateLimit": 2.5, "burstLimit": 5},
        quota={"limit": 100, "period": "WEEK", "offset": 1},
        more={"throttle": {"$connect": {"rateLimit": 1.0, "burstLimit": 2}}},
    )
    found = api_key(VALUE, STAGE)
    assert found.throttle == {"throttlingRateLimit": 2.5, "throttlingBurstLimit": 5}
    assert found.route_throttles == {"$connect": {"throttlingRateLimit": 1.0, "throttlingBurstLimit": 2}}
    assert found.quota == Quota(100, "WEEK", 1)


def test_changes_apply_at_once(rest, plan):
    key, plan_id = plan()
    change = [
        {"op": "replace", "path": "/quota/limit", "value": "7"},
        {"op": "add", "path": "/quota/period", "value": "DAY"},
    ]
    rest.update_usage_plan(usagePlanId=plan_id, patchOperations=change)
    assert api_key(VALUE, STAGE).quota == Quota(7, "DAY", 0)
    rest.update_api_key(apiKey=key, patchOperations=[{"op": "replace", "path": "/enabled", "value": "false"}])
    assert api_key(VALUE, STAGE) is None


def test_a_deleted_plan_or_key_is_good_for_nothing(rest, plan):
    _, plan_id = plan()
    rest.delete_usage_plan(usagePlanId=plan_id)
    assert api_key(VALUE, STAGE) is None
    other, _ = plan(value="y" * 26)
    rest.delete_api_key(apiKey=other)
    assert api_key("y" * 26, STAGE) is None
