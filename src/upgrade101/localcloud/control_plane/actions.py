"""What each operation of apigatewayv2 does to a WEBSOCKET API, and moto's HTTP APIs beside it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from moto.apigatewayv2.models import Api

from . import deployments, domains, tags
from .alike import Action, Answer, Call, add, check, create, delete, get, list_all, merge, paged, update
from .changes import Change
from .operations import Document
from .refusals import BadRequest, NotEmulatedHere, NotFound
from .resources import API_DEFAULTS, KINDS, Kind, Resource, WebSocketApi, age_key, now


class NotOurs(Exception):
    """The request is about an HTTP API, which moto answers itself."""


def answer(call: Call) -> Answer:
    """Do what was asked; raises a Refusal as AWS does, and NotOurs."""
    name = call.operation.name
    if name == "GetApis":
        return list_apis(call)
    if name == "CreateApi":
        return create_api(call)
    if call.operation.path[1] == "domainnames":
        return domains.answer(call)
    if call.operation.path[1] == "tags":
        return tags.answer(call)
    api = _api(call)
    action = ACTIONS.get(name)
    if action is None:
        raise NotEmulatedHere(name, _INSTEAD.get(name, "AWS has it for HTTP APIs"))
    answered = action(call, api)
    if call.operation.method != "GET":
        _settle(api, name)
    return answered


_INSTEAD = {"GetModelTemplate": "read the model's own Schema with get_model"}


def _api(call: Call) -> WebSocketApi:
    if "apiId" not in call.params:
        raise NotOurs
    held: object = call.backend.apis.get(call.params["apiId"])
    if held is None:
        raise NotFound.of("API", f"{call.backend.account_id}:{call.params['apiId']}")
    if not isinstance(held, WebSocketApi):
        raise NotOurs
    return held


def _settle(api: WebSocketApi, operation: str) -> None:
    """Redeploy where a stage wants that, and show the gateway what has become of the stages."""
    if "Stage" not in operation and "Deployment" not in operation and operation not in _STAGE_SETTINGS:
        deployments.deploy_automatically(api)
    deployments.publish(api)


# ── APIs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def create_api(call: Call) -> Document:
    """Create a WEBSOCKET API; raises NotOurs for another protocol."""
    given = call.body()
    if given.get("protocolType") != "WEBSOCKET":
        raise NotOurs
    labels = given.pop("tags", {})
    tags.check(labels, {})
    fields = merge(API_DEFAULTS, given)
    api = WebSocketApi(call.backend, fields)
    check("Api", Change(api, fields, given))
    call.backend.apis[api.api_id] = api  # type: ignore[assignment]
    call.backend.tag_resource(api.arn, labels)
    return api.to_json()


def get_api(call: Call, api: WebSocketApi) -> Document:
    """Return the API."""
    return api.to_json()


def update_api(call: Call, api: WebSocketApi) -> Document:
    """Change the API."""
    given = call.body()
    after = merge(api.document, given)
    check("Api", Change(api, after, given))
    api.document = after
    return api.to_json()


def delete_api(call: Call, api: WebSocketApi) -> None:
    """Delete the API with everything below it."""
    domains.is_unmapped(api)
    for arn in (api.arn, *map(api.stage_arn, api.stages)):
        call.backend.tagger.delete_all_tags_for_resource(arn)
    del call.backend.apis[api.api_id]


def list_apis(call: Call) -> Document:
    """Return one page of all APIs, HTTP ones among them."""
    held: list[Api | WebSocketApi] = list(call.backend.apis.values())
    return paged(call, [(_age(api), api.to_json()) for api in held])


def _age(api: Api | WebSocketApi) -> str:
    return api.key if isinstance(api, WebSocketApi) else age_key(api.created_date.timestamp(), api.api_id)


# ── deployments and stages ───────────────────────────────────────────────────────────────────────────────────────────

_STAGE = KINDS["Stage"]
_STAGE_SETTINGS = ("DeleteAccessLogSettings", "DeleteRouteSettings")
_KEPT_WHEN_EMPTY = ("deploymentId", "description")  # UpdateStage ignores '' here


def create_deployment(call: Call, api: WebSocketApi) -> Document:
    """Deploy the API, and let a stage answer with it where one is named."""
    given = call.body()
    stage_name = given.pop("stageName", "")
    stage = api.find(_STAGE, {_STAGE.id_field: stage_name}) if stage_name else None
    deployment = deployments.deploy(api, given)
    if stage:
        deployments.point(stage, deployment)
    return deployment.document


def create_stage(call: Call, api: WebSocketApi) -> Document:
    """Create a stage; with AutoDeploy it deploys at once."""
    given = call.body()
    labels = given.pop("tags", {})
    tags.check(labels, {})
    stage = add(_STAGE, call, api, given)
    stage.document = {"createdDate": now(), "lastUpdatedDate": now(), **stage.document}
    call.backend.tag_resource(api.stage_arn(stage.id), labels)
    deployments.deploy_automatically(api, [stage])
    return _shown(api, stage)


def update_stage(call: Call, api: WebSocketApi) -> Document:
    """Change a stage's settings, or the deployment it points at."""
    stage = api.find(_STAGE, call.params)
    given = call.body()
    given = {field: value for field, value in given.items() if not (value == "" and field in _KEPT_WHEN_EMPTY)}
    after = merge(stage.document, given)
    check("Stage", Change(api, after, given, stage, api.stages))
    starts_deploying = after["autoDeploy"] and not stage.document["autoDeploy"]
    stage.document = {**after, "lastUpdatedDate": now()}
    if starts_deploying:
        deployments.deploy_automatically(api, [stage])
    return _shown(api, stage)


def get_stage(call: Call, api: WebSocketApi) -> Document:
    """Return a stage."""
    return _shown(api, api.find(_STAGE, call.params))


def list_stages(call: Call, api: WebSocketApi) -> Document:
    """Return one page of stages."""
    return paged(call, [(stage.key, _shown(api, stage)) for stage in api.stages.values()])


def delete_stage(call: Call, api: WebSocketApi) -> None:
    """Delete a stage; deployments stay."""
    domains.is_unmapped(api, api.find(_STAGE, call.params).id)
    delete(_STAGE, call, api)
    call.backend.tagger.delete_all_tags_for_resource(api.stage_arn(call.params[_STAGE.id_field]))


def delete_access_log_settings(call: Call, api: WebSocketApi) -> None:
    """Stop a stage's access log."""
    stage = api.find(_STAGE, call.params)
    stage.document = {field: value for field, value in stage.document.items() if field != "accessLogSettings"}


def delete_route_settings(call: Call, api: WebSocketApi) -> None:
    """Delete what a stage says about one route."""
    stage, key = api.find(_STAGE, call.params), call.params["routeKey"]
    settings: dict[str, Any] = stage.document["routeSettings"]
    if key not in settings:
        raise NotFound(f"Unable to find Route by key {key} within the provided RouteSettings")
    stage.document = {**stage.document, "routeSettings": {name: settings[name] for name in settings if name != key}}


def _shown(api: WebSocketApi, stage: Resource) -> Document:
    return {**stage.document, "tags": api.backend.get_tags(api.stage_arn(stage.id))}


# ── the rest ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def delete_route_request_parameter(call: Call, api: WebSocketApi) -> None:
    """Delete one request parameter of a route."""
    route, key = api.find(KINDS["Route"], call.params), call.params["requestParameterKey"]
    parameters: dict[str, Any] = route.document.get("requestParameters", {})
    if key not in parameters:
        raise NotFound.of("RequestParameter", key)
    rest = {name: parameters[name] for name in parameters if name != key}
    route.document = {**route.document, "requestParameters": rest}


def refuse_cors(call: Call, api: WebSocketApi) -> None:
    """Refuse: there is no CORS here."""
    raise BadRequest("Cors is not supported for WEBSOCKET protocolType")


def refuse_cache(call: Call, api: WebSocketApi) -> None:
    """Refuse: WebSocket authorizers are not cached."""
    raise BadRequest("ResetAuthorizersCache is not supported for WEBSOCKET protocol Apis.")


def _alike(kind: Kind) -> dict[str, Action]:
    return {
        f"Create{kind.name}": partial(create, kind),
        f"Get{kind.name}": partial(get, kind),
        f"Get{kind.name}s": partial(list_all, kind),
        f"Update{kind.name}": partial(update, kind),
        f"Delete{kind.name}": partial(delete, kind),
    }


ACTIONS: Mapping[str, Action] = {
    **{name: action for kind in KINDS.values() for name, action in _alike(kind).items()},
    "GetApi": get_api,
    "UpdateApi": update_api,
    "DeleteApi": delete_api,
    "CreateDeployment": create_deployment,
    "CreateStage": create_stage,
    "UpdateStage": update_stage,
    "GetStage": get_stage,
    "GetStages": list_stages,
    "DeleteStage": delete_stage,
    "DeleteAccessLogSettings": delete_access_log_settings,
    "DeleteRouteSettings": delete_route_settings,
    "DeleteRouteRequestParameter": delete_route_request_parameter,
    "DeleteCorsConfiguration": refuse_cors,
    "ResetAuthorizersCache": refuse_cache,
}
