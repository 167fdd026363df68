"""The boto3 calls of lesson 01, for whoever has typed them once: build and deploy a REST API.

Ordinary boto3 calls, on moto and on AWS the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

from .deploy import Handler, function, invocation_uri
from .gateway.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class RestApi:
    """A deployed REST API."""

    api_id: str
    region: str
    stage_name: str
    session: Any = field(repr=False)

    @property
    def url(self) -> str:
        """Return the address of its stage: ``https://{api-id}.execute-api.{region}.amazonaws.com/{stage}``."""
        return f"https://{self.api_id}.execute-api.{self.region}.amazonaws.com/{self.stage_name}"

    def delete(self) -> None:
        """Delete the API; its functions and role stay for the next one."""
        self.session.client("apigateway").delete_rest_api(restApiId=self.api_id)


def rest_api(
    name: str,
    methods: Mapping[str, Handler | str],
    *,
    stage_name: str = "dev",
    timeout_millis: int = 29_000,
    session: Any = boto3,
) -> RestApi:
    """Build and deploy a REST API: ``{"GET /news": handler, "GET /about": "some text"}``.

    A handler becomes a function behind an AWS_PROXY integration that waits ``timeout_millis`` (50 to 29,000) for it; a
    text becomes a MOCK integration that answers 200 with it. Paths have one part. Raises ConfigurationError for a key
    that is not a method and a path, and what boto3 raises.
    """
    wanted = [(*_method_and_part(key), target) for key, target in methods.items()]
    gateway = session.client("apigateway")
    api_id = gateway.create_rest_api(name=name, endpointConfiguration={"types": ["REGIONAL"]})["id"]
    api = RestApi(api_id, gateway.meta.region_name, stage_name, session)
    root_id = gateway.get_resources(restApiId=api_id)["items"][0]["id"]
    resources: dict[str, str] = {}
    for http_method, part, target in wanted:
        if part not in resources:
            made = gateway.create_resource(restApiId=api_id, parentId=root_id, pathPart=part)
            resources[part] = made["id"]
        at = {"restApiId": api_id, "resourceId": resources[part], "httpMethod": http_method}
        gateway.put_method(**at, authorizationType="NONE")
        _integrate(gateway, at, target, name, timeout_millis, session)
    gateway.create_deployment(restApiId=api_id, stageName=stage_name)
    return api


def _method_and_part(key: str) -> tuple[str, str]:
    """Return method and path part of a key.

    >>> _method_and_part("GET /news")
    ('GET', 'news')
    """
    http_method, _, path = key.partition(" ")
    part = path.removeprefix("/")
    if not part or "/" in part or path == part:
        raise ConfigurationError(f"{key!r} is not a method and a path of one part", hint='"GET /news"')
    return http_method, part


def _integrate(
    gateway: Any, at: dict[str, str], target: Handler | str, name: str, timeout_millis: int, session: Any
) -> None:
    if isinstance(target, str):
        gateway.put_integration(**at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        gateway.put_method_response(**at, statusCode="200")
        answer = {"application/json": target}
        gateway.put_integration_response(**at, statusCode="200", responseTemplates=answer)
        return
    arn = function(target, name=f"{name}-{target.__name__}".replace("_", "-"), session=session)
    gateway.put_integration(
        **at,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=invocation_uri(arn),
        timeoutInMillis=timeout_millis,
    )
