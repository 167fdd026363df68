"""What a REST API is made of, read from moto: deployments as snapshots, stages as they are now.

On AWS a stage answers from the deployment it points at, and a deployment never changes. moto's deployments hold no
resources at all, so :func:`install` has them copied at the moment of ``create_deployment``, whoever calls it (boto3,
HTTP or CloudFormation). A deployment made before that is read live.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import moto
from moto.apigateway.models import RestAPI
from moto.backends import get_backend

from ...gateway.errors import ConfigurationError

KNOWN_TO_FIT = "5.1.18 to 5.2.5"
Strings = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IntegrationResponse:
    """How an integration's answer becomes a method response; '' as pattern is the default."""

    status_code: int
    selection_pattern: str = ""
    templates: Strings = field(default_factory=dict)
    parameters: Strings = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RestIntegration:
    """Where a method sends its requests."""

    integration_type: str  # MOCK | HTTP | HTTP_PROXY | AWS | AWS_PROXY
    uri: str = ""
    http_method: str = ""
    timeout_millis: int = 29_000
    passthrough_behavior: str = "WHEN_NO_MATCH"
    credentials_arn: str = ""
    request_templates: Strings = field(default_factory=dict)
    request_parameters: Strings = field(default_factory=dict)
    responses: tuple[IntegrationResponse, ...] = ()


@dataclass(frozen=True, slots=True)
class RestMethod:
    """One HTTP method of a resource, or ANY."""

    http_method: str
    authorization_type: str = "NONE"
    api_key_required: bool = False
    request_validator_id: str = ""
    integration: RestIntegration | None = None


@dataclass(frozen=True, slots=True)
class RestResource:
    """A path template and the methods below it."""

    resource_id: str
    path: str
    methods: Mapping[str, RestMethod]


Resources = tuple[RestResource, ...]


@dataclass(frozen=True, slots=True)
class RestStage:
    """A stage with the resources of the deployment that it points at."""

    api_id: str
    stage_name: str
    region: str
    account_id: str
    deployment_id: str
    resources: Resources
    variables: Strings = field(default_factory=dict)
    binary_media_types: tuple[str, ...] = ()
    api_keys: frozenset[str] = frozenset()
    disable_execute_api_endpoint: bool = False

    @property
    def domain_name(self) -> str:
        """Return the host name that AWS gives the API."""
        return f"{self.api_id}.execute-api.{self.region}.amazonaws.com"


_rest_api: Any = RestAPI
_MOTOS_OWN = _rest_api.create_deployment
_snapshots: WeakKeyDictionary[Any, Resources] = WeakKeyDictionary()


def install() -> None:
    """Copy the resources of every REST API at ``create_deployment`` from now on; harmless where that is so already.

    Raises ConfigurationError where moto is a version whose seam has moved.
    """
    if _rest_api.create_deployment is not _MOTOS_OWN:
        return
    if not {"name", "description"} <= inspect.signature(_MOTOS_OWN).parameters.keys():
        raise ConfigurationError(
            f"moto {moto.__version__} deploys REST APIs in another way",
            hint=f"moto {KNOWN_TO_FIT} is known to fit: pip install 'moto>=5.1.18,<5.3'",
        )
    _rest_api.create_deployment = _create_deployment


def uninstall() -> None:
    """Give moto its own ``create_deployment`` back; harmless where it has it."""
    _rest_api.create_deployment = _MOTOS_OWN


def _create_deployment(self: Any, *args: Any, **kwargs: Any) -> Any:
    deployment = _MOTOS_OWN(self, *args, **kwargs)
    _snapshots[deployment] = read_resources(self)
    return deployment


def find_api(api_id: str) -> tuple[Any, Any] | None:
    """Return moto's REST API with that id and the backend it lives in, whatever its account and region."""
    for backend in _backends("apigateway"):
        if api_id in backend.apis:
            return backend.apis[api_id], backend
    return None


def is_v2(api_id: str) -> bool:
    """Tell whether the id is a WebSocket or HTTP API's."""
    return any(api_id in backend.apis for backend in _backends("apigatewayv2"))


def read_stage(api_id: str, stage_name: str) -> RestStage | None:
    """Return the stage as it is now, or None where there is no such API or stage."""
    found = find_api(api_id)
    stage = found[0].stages.get(stage_name) if found else None
    if not found or not stage:
        return None
    api, backend = found
    deployment = api.deployments.get(stage.deployment_id)
    resources = _snapshots.get(deployment) if deployment else None
    return RestStage(
        api_id=api.id,
        stage_name=stage_name,
        region=api.region_name,
        account_id=api.account_id,
        deployment_id=stage.deployment_id or "",
        resources=read_resources(api) if resources is None else resources,
        variables=dict(stage.variables or {}),
        binary_media_types=tuple(api.binaryMediaTypes or ()),
        api_keys=frozenset(_api_keys(backend, api.id, stage_name)),
        disable_execute_api_endpoint=bool(api.disableExecuteApiEndpoint),
    )


def read_resources(api: Any) -> Resources:
    """Copy the resources of one of moto's REST APIs as they are now; what lost its parent is left out, as on AWS."""
    paths = ((each, _path(each, api.resources)) for each in list(api.resources.values()))
    return tuple(
        RestResource(each.id, path, {key: _method(value) for key, value in list(each.resource_methods.items())})
        for each, path in paths
        if path is not None
    )


def _path(resource: Any, resources: Mapping[str, Any]) -> str | None:
    if not resource.parent_id:
        return "/"
    parent = resources.get(resource.parent_id)
    above = _path(parent, resources) if parent else None
    return None if above is None else f"{above.rstrip('/')}/{resource.path_part}"


def _method(method: Any) -> RestMethod:
    return RestMethod(
        http_method=method.http_method,
        authorization_type=method.authorization_type or "NONE",
        api_key_required=bool(method.api_key_required),
        request_validator_id=method.request_validator_id or "",
        integration=_integration(method.method_integration) if method.method_integration else None,
    )


def _integration(integration: Any) -> RestIntegration:
    responses = integration.integration_responses or {}
    return RestIntegration(
        integration_type=integration.integration_type or "",
        uri=integration.uri or "",
        http_method=integration.http_method or "",
        timeout_millis=int(integration.timeout_in_millis or 29_000),
        passthrough_behavior=integration.passthrough_behaviour or "WHEN_NO_MATCH",
        credentials_arn=integration.credentials or "",
        request_templates=_strings(integration.request_templates),
        request_parameters=_strings(integration.request_parameters),
        responses=tuple(_response(each) for each in list(responses.values())),
    )


def _response(response: Any) -> IntegrationResponse:
    return IntegrationResponse(
        status_code=int(response.status_code),
        selection_pattern=response.selection_pattern or "",
        templates=_strings(response.response_templates),
        parameters=_strings(response.response_parameters),
    )


def _strings(mapping: Any) -> dict[str, str]:
    return {str(key): str(value or "") for key, value in (mapping or {}).items()}


def _api_keys(backend: Any, api_id: str, stage_name: str) -> Iterator[str]:
    """Yield the values of the enabled API keys whose usage plan names this stage."""
    for plan in list(backend.usage_plans.values()):
        if any(each.get("apiId") == api_id and each.get("stage") == stage_name for each in plan.api_stages):
            for key_id in list(backend.usage_plan_keys.get(plan.id, {})):
                if (key := backend.keys.get(key_id)) and key.enabled:
                    yield key.value


def _backends(service: Any) -> Iterator[Any]:
    for account in list(get_backend(service).values()):
        yield from list(account.values())
