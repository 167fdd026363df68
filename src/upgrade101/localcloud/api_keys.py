"""What may a client with this API key do? The gateway's fifth port, answered from moto's ``apigateway``.

API keys and usage plans of WebSocket APIs are made with the client of REST APIs: ``create_api_key``,
``create_usage_plan(apiStages=[{"apiId": …, "stage": …}])``, ``create_usage_plan_key``. Known to fit moto
5.1.18 to 5.2.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.apigateway.models import apigateway_backends

from ..gateway.definition import Stage
from ..gateway.ports import ApiKey, Quota

_THROTTLING = {"rateLimit": "throttlingRateLimit", "burstLimit": "throttlingBurstLimit"}


def api_key(value: str, stage: Stage) -> ApiKey | None:
    """Return the key with that value where it is enabled and has a usage plan for the stage; nothing otherwise."""
    backend = apigateway_backends[stage.account_id][stage.region]
    key = next((key for key in list(backend.keys.values()) if key.value == value and key.enabled), None)
    if key is None:
        return None
    for plan in list(backend.usage_plans.values()):
        settings = _stage_of(plan, stage)
        if settings is not None and key.id in backend.usage_plan_keys.get(plan.id, {}):
            return _planned(key, plan, settings)
    return None


def _stage_of(plan: Any, stage: Stage) -> Mapping[str, Any] | None:
    stages = (each for each in list(plan.api_stages) if each.get("apiId") == stage.api_id)
    return next((each for each in stages if each.get("stage") == stage.stage_name), None)


def _planned(key: Any, plan: Any, settings: Mapping[str, Any]) -> ApiKey:
    quota = plan.quota or {}
    return ApiKey(
        key_id=key.id,
        value=key.value,
        plan_id=plan.id,
        throttle=_throttle(plan.throttle or {}),
        route_throttles={route: _throttle(each) for route, each in (settings.get("throttle") or {}).items()},
        quota=Quota(int(quota["limit"]), str(quota.get("period")), int(quota.get("offset") or 0))
        if quota.get("limit") is not None
        else None,
    )


def _throttle(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a usage plan's throttle under the names that a stage has for it."""
    return {ours: settings[theirs] for theirs, ours in _THROTTLING.items() if settings.get(theirs) is not None}
