"""``AWS::ApiGatewayV2::*``: the types that a WebSocket API is made of, made by our own control plane.

What Ref and GetAtt give, and which change needs a new resource, is said on each type's page below
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import StructureShape
from moto.apigatewayv2.models import ApiGatewayV2Backend, apigatewayv2_backends

from ..control_plane.actions import NotOurs, answer
from ..control_plane.alike import Call
from ..control_plane.operations import Document, named
from ..control_plane.refusals import NotFound, Refusal
from ..control_plane.resources import API_DEFAULTS, KINDS, LOCK
from .faults import Fault, Gone, not_emulated, refused
from .made import Made, Properties, Site, Thing
from .wire_form import difference, lower, on_the_wire

_PREFIX = "AWS::ApiGatewayV2::"
_HTTP_ONLY = ("Body", "BodyS3Location", "BasePath", "FailOnWarnings", "CorsConfiguration")


@dataclass(frozen=True, slots=True)
class GatewayType:
    """One type: its name, what its id is called, and what stays as it was made."""

    name: str
    id_name: str
    fixed: tuple[str, ...]  # a change of these needs a new resource
    attributes: tuple[str, ...]
    needed: tuple[str, ...] = ()
    has_tags: bool = False

    # Maker

    def create(self, site: Site, logical_id: str, properties: Properties) -> Thing:
        """Make it; raises Fault."""
        self._check(properties)
        fields = on_the_wire(self._shape, _with_stack_tags(self, site, properties))
        document = self._call(site, f"Create{self.name}", properties, "", fields)
        return self._thing(site, document or {})

    def update(self, site: Site, made: Made, properties: Properties) -> Thing:
        """Change it; raises Fault, and Gone."""
        self._check(properties)
        before, after = (on_the_wire(self._shape, each) for each in (made.properties, properties))
        tags = [each.pop("tags", {}) for each in (before, after)]
        fields = self._known(difference(before, after, _defaults(self.name)))
        document = self._call(site, f"Update{self.name}", properties, made.physical_resource_id, fields)
        thing = self._thing(site, document or {})
        if self.has_tags:
            self._tag(site, properties, thing, *tags)
        return thing

    def delete(self, site: Site, made: Made) -> None:
        """Take it away; raises Fault, and Gone."""
        self._call(site, f"Delete{self.name}", made.properties, made.physical_resource_id, {})

    def replaces(self, before: Properties, after: Properties) -> bool:
        """Tell whether one of the fixed properties changes."""
        return any(before.get(name) != after.get(name) for name in self.fixed)

    def lacks(self, attribute: str) -> bool:
        """Tell whether the type has no such attribute."""
        return attribute not in self.attributes

    # inside

    @property
    def _shape(self) -> StructureShape:
        return named(f"Create{self.name}").shape

    def _check(self, properties: Properties) -> None:
        """Refuse properties as CloudFormation does before it asks API Gateway."""
        for name in _HTTP_ONLY if self.name == "Api" else ():
            if name in properties:
                raise not_emulated(
                    f"the property {name} of {_PREFIX}Api", hint="it is for HTTP APIs; use routes and integrations"
                )
        wrong = [f"#: required key [{name}] not found" for name in self.needed if name not in properties]
        wrong += [
            f"#: extraneous key [{name}] is not permitted" for name in properties if name not in self._shape.members
        ]
        if wrong:
            raise Fault(f"Properties validation failed for resource with message:\n{chr(10).join(wrong)}")

    def _known(self, fields: Document) -> Document:
        """Return the fields that the update operation has; what it lacks is fixed."""
        wire = {
            member.serialization.get("name", name) for name, member in named(f"Update{self.name}").shape.members.items()
        }
        return {name: value for name, value in fields.items() if name in wire}

    def _call(
        self, site: Site, operation: str, properties: Properties, physical_id: str, fields: Document
    ) -> Document | None:
        given = {lower(name): str(value) for name, value in properties.items()}
        if physical_id:
            given[lower(self.id_name)] = physical_id
        places = {each[1:-1] for each in named(operation).path if each.startswith("{")}
        return call(site, operation, {name: value for name, value in given.items() if name in places}, fields)

    def _thing(self, site: Site, document: Document) -> Thing:
        physical_id = str(document[lower(self.id_name)])
        return Thing(physical_id, functools.partial(_attribute, self, site, document))

    def _tag(self, site: Site, properties: Properties, thing: Thing, before: Document, after: Document) -> None:
        arn = _arn(self, site, properties, thing.physical_id)
        gone = [name for name in before if name not in after]
        if gone:
            pairs = tuple(("tagKeys", name) for name in gone)
            call(site, "UntagResource", {"resource-arn": arn}, {}, pairs)
        if after:
            call(site, "TagResource", {"resource-arn": arn}, {"tags": after})


_API = ("ApiId",)
_OF = {
    "Api": GatewayType("Api", "ApiId", ("ProtocolType",), ("ApiId", "ApiEndpoint"), has_tags=True),
    "Route": GatewayType("Route", "RouteId", _API, ("RouteId",), ("ApiId", "RouteKey")),
    "RouteResponse": GatewayType(
        "RouteResponse",
        "RouteResponseId",
        ("ApiId", "RouteId"),
        ("RouteResponseId",),
        ("ApiId", "RouteId", "RouteResponseKey"),
    ),
    "Integration": GatewayType("Integration", "IntegrationId", _API, ("IntegrationId",), ("ApiId", "IntegrationType")),
    "IntegrationResponse": GatewayType(
        "IntegrationResponse",
        "IntegrationResponseId",
        ("ApiId", "IntegrationId"),
        ("IntegrationResponseId",),
        ("ApiId", "IntegrationId", "IntegrationResponseKey"),
    ),
    "Deployment": GatewayType("Deployment", "DeploymentId", _API, ("DeploymentId",), _API),
    "Stage": GatewayType("Stage", "StageName", ("ApiId", "StageName"), (), ("ApiId", "StageName"), has_tags=True),
    "Authorizer": GatewayType(
        "Authorizer", "AuthorizerId", _API, ("AuthorizerId",), ("ApiId", "AuthorizerType", "Name")
    ),
    "Model": GatewayType("Model", "ModelId", _API, ("ModelId",), ("ApiId", "Name", "Schema")),
    "DomainName": GatewayType(
        "DomainName",
        "DomainName",
        ("DomainName",),
        ("RegionalDomainName", "RegionalHostedZoneId", "DomainNameArn"),
        ("DomainName",),
        has_tags=True,
    ),
    "ApiMapping": GatewayType(
        "ApiMapping", "ApiMappingId", ("DomainName",), ("ApiMappingId",), ("ApiId", "DomainName", "Stage")
    ),
}


def _defaults(name: str) -> Document:
    return API_DEFAULTS if name == "Api" else (KINDS[name].defaults if name in KINDS else {})


TYPES: Mapping[str, GatewayType] = {_PREFIX + name: kind for name, kind in _OF.items()}


def call(
    site: Site, operation: str, params: Mapping[str, str], fields: Document, pairs: tuple[tuple[str, str], ...] = ()
) -> Document | None:
    """Ask the control plane in the account and region of a stack; raises Fault, and Gone."""
    backend: ApiGatewayV2Backend = apigatewayv2_backends[site.account_id][site.region]
    try:
        with LOCK:
            return answer(Call(backend, named(operation), params, json.dumps(fields), dict(pairs), pairs))
    except NotOurs:
        raise not_emulated(
            "an API of another protocol than WEBSOCKET in a stack", hint="create it with boto3"
        ) from None
    except NotFound as refusal:
        if operation.startswith(("Delete", "Update")):
            raise Gone(str(refused(refusal))) from refusal
        raise refused(refusal) from refusal
    except Refusal as refusal:
        raise refused(refusal) from refusal


# ── tags and attributes ──────────────────────────────────────────────────────────────────────────────────────────────


def _with_stack_tags(kind: GatewayType, site: Site, properties: Properties) -> Properties:
    """Return the properties with the stack's own tags, which every resource that takes tags gets."""
    if not (kind.has_tags and site.tags):
        return properties
    return {**properties, "Tags": {**site.tags, **properties.get("Tags", {})}}


def _arn(kind: GatewayType, site: Site, properties: Properties, physical_id: str) -> str:
    below = {
        "Api": f"apis/{physical_id}",
        "Stage": f"apis/{properties.get('ApiId')}/stages/{physical_id}",
        "DomainName": f"domainnames/{physical_id}",
    }
    return f"arn:aws:apigateway:{site.region}::/{below[kind.name]}"


def _attribute(kind: GatewayType, site: Site, document: Document, name: str) -> Any:
    if kind.lacks(name):
        raise Fault(f"{_PREFIX}{kind.name} has no attribute {name}")
    configuration: Document = next(iter(document.get("domainNameConfigurations", [])), {})
    made = {
        "RegionalDomainName": configuration.get("apiGatewayDomainName"),
        "RegionalHostedZoneId": configuration.get("hostedZoneId"),
    }
    return made.get(name) or document[lower(name)]
