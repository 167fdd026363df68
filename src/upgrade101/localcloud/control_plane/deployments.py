"""Deployments as snapshots, stages that point at them, and the gateway's view of both.

A deployment copies the API as it is; later edits reach clients with the next deployment only
(https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-set-up-websocket-deployment.html).
A stage's own settings apply at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...gateway import definition, validation
from ...gateway.address import Mappings
from . import domains
from .operations import Document
from .refusals import Refusal
from .resources import KINDS, Resource, WebSocketApi, all_apis, find_api, fresh_id, now
from .rules_stages import api_has_routes, models_are_schemas

_AUTOMATIC: Document = {
    "autoDeployed": True,
    "description": "Automatic deployment triggered by changes to the Api configuration",
}


class Definitions:
    """The gateway's first port, answered from moto's data; every look-up is a few dictionary reads, from any thread."""

    def stage(self, api_id: str, stage_name: str) -> definition.Stage | None:
        """Return the stage as it is now, or nothing where API, stage or deployment is missing."""
        api = find_api(api_id)
        return api.published.get(stage_name) if api else None

    def domain(self, name: str) -> Mappings | None:
        """Return the mappings of a custom domain, in whatever account and region it was made, or nothing."""
        found = domains.find(name)
        return found.published if found else None

    def stages(self) -> list[tuple[str, str]]:
        """Return API id and name of every stage that has a deployment."""
        return [(api.api_id, name) for api in all_apis() for name in api.published]

    def api(self, api_id: str) -> WebSocketApi | None:
        """Return the WEBSOCKET API in whatever account and region it lives, or nothing."""
        return find_api(api_id)

    def region_of(self, api_id: str) -> str:
        """Return the region of an API, or ''."""
        api = find_api(api_id)
        return api.region if api else ""


def deploy(api: WebSocketApi, fields: Document) -> Resource:
    """Take the snapshot; raises BadRequest for an API without routes, or with a model that is no schema."""
    api_has_routes(api)
    kind = KINDS["Deployment"]
    identifier = fresh_id(kind, api.deployments)
    document = {"deploymentId": identifier, "createdDate": now(), **kind.defaults, **fields}
    taken = snapshot(api, identifier)
    models_are_schemas(api, validation.prepare(taken))
    api.snapshots[identifier] = taken
    api.deployments[identifier] = Resource(kind, identifier, document)
    return api.deployments[identifier]


def point(stage: Resource, deployment: Resource) -> None:
    """Let a stage answer with that deployment."""
    message = f"Successfully deployed stage with deployment ID '{deployment.id}'"
    stage.document = {
        **stage.document,
        "deploymentId": deployment.id,
        "lastDeploymentStatusMessage": message,
        "lastUpdatedDate": now(),
    }


def deploy_automatically(api: WebSocketApi, stages: Iterable[Resource] | None = None) -> None:
    """Deploy for every stage with AutoDeploy; where that fails, the stage stays as it was and says why."""
    candidates = api.stages.values() if stages is None else stages
    waiting = [stage for stage in candidates if stage.document["autoDeploy"]]
    if not waiting:
        return
    try:
        deployment = deploy(api, _AUTOMATIC)
    except Refusal as refusal:
        for stage in waiting:
            failure = {"lastDeploymentStatusMessage": f"Deployment attempt failed: {refusal.message}"}
            stage.document = {**stage.document, **failure}
    else:
        for stage in waiting:
            point(stage, deployment)


def publish(api: WebSocketApi) -> None:
    """Show the gateway the stages as they are now."""
    stages = (_stage(api, stage) for stage in api.stages.values())
    api.published = {stage.stage_name: stage for stage in stages if stage is not None}


def _stage(api: WebSocketApi, stage: Resource) -> definition.Stage | None:
    document = stage.document
    deployment = api.snapshots.get(document.get("deploymentId", ""))
    if deployment is None:
        return None
    return definition.Stage(
        api_id=api.api_id,
        stage_name=stage.id,
        region=api.region,
        account_id=api.account_id,
        deployment=deployment,
        stage_variables=dict(document["stageVariables"]),
        default_route_settings=dict(document["defaultRouteSettings"]),
        route_settings=dict(document["routeSettings"]),
        access_log_settings=dict(document.get("accessLogSettings", {})),
    )


def snapshot(api: WebSocketApi, deployment_id: str) -> definition.Deployment:
    """Copy the API's routes and everything they point at; settings keep the field names of the wire."""
    integrations = {resource.id: _integration(resource) for resource in api.integrations.values()}
    authorizers = {resource.id: _authorizer(resource) for resource in api.authorizers.values()}
    routes = (_route(resource, integrations, authorizers) for resource in api.routes.values())
    return definition.Deployment(
        deployment_id=deployment_id,
        route_selection_expression=api.document["routeSelectionExpression"],
        routes={route.route_key: route for route in routes},
        models={model.document["name"]: model.document["schema"] for model in api.models.values()},
        api_key_selection_expression=api.document["apiKeySelectionExpression"],
        disable_execute_api_endpoint=api.document["disableExecuteApiEndpoint"],
    )


def _route(
    resource: Resource,
    integrations: dict[str, definition.Integration],
    authorizers: dict[str, definition.Authorizer],
) -> definition.Route:
    get = resource.document.get
    return definition.Route(
        route_id=resource.id,
        route_key=resource.document["routeKey"],
        integration=integrations.get(get("target", "").removeprefix("integrations/")),
        authorization_type=resource.document["authorizationType"],
        authorizer=authorizers.get(get("authorizerId", "")),
        api_key_required=resource.document["apiKeyRequired"],
        route_response_selection_expression=get("routeResponseSelectionExpression", ""),
        route_response_keys=frozenset(child.document["routeResponseKey"] for child in resource.children.values()),
        model_selection_expression=get("modelSelectionExpression", ""),
        request_models=dict(get("requestModels", {})),
        request_parameters=dict(get("requestParameters", {})),
    )


def _integration(resource: Resource) -> definition.Integration:
    get = resource.document.get
    return definition.Integration(
        integration_id=resource.id,
        integration_type=resource.document["integrationType"],
        integration_uri=get("integrationUri", ""),
        integration_method=get("integrationMethod", ""),
        timeout_millis=resource.document["timeoutInMillis"],
        connection_type=get("connectionType", "INTERNET"),
        credentials_arn=get("credentialsArn", ""),
        content_handling_strategy=get("contentHandlingStrategy", ""),
        passthrough_behavior=get("passthroughBehavior", "WHEN_NO_MATCH"),
        request_parameters=dict(get("requestParameters", {})),
        request_templates=dict(get("requestTemplates", {})),
        template_selection_expression=get("templateSelectionExpression", ""),
        responses=tuple(_integration_response(child.document) for child in resource.children.values()),
    )


def _integration_response(document: dict[str, Any]) -> definition.IntegrationResponse:
    return definition.IntegrationResponse(
        integration_response_key=document["integrationResponseKey"],
        response_templates=dict(document.get("responseTemplates", {})),
        template_selection_expression=document.get("templateSelectionExpression", ""),
        response_parameters=dict(document.get("responseParameters", {})),
        content_handling_strategy=document.get("contentHandlingStrategy", ""),
    )


def _authorizer(resource: Resource) -> definition.Authorizer:
    get = resource.document.get
    return definition.Authorizer(
        authorizer_id=resource.id,
        name=resource.document["name"],
        authorizer_uri=get("authorizerUri", ""),
        authorizer_type=resource.document["authorizerType"],
        identity_source=tuple(get("identitySource", ())),
        credentials_arn=get("authorizerCredentialsArn", ""),
    )
