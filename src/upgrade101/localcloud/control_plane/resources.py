"""What a WEBSOCKET API consists of in moto's backend: documents, each as AWS returns it.

moto's own objects know neither deployments nor half of the fields. So an API of ours stands in moto's ``backend.apis``
in place of moto's ``Api``, under moto's attribute names, and goes when moto's data goes (``mock.reset()``, the end of
the mock). Documents are replaced, never changed: whoever holds one, holds a snapshot.
"""

from __future__ import annotations

import itertools
import secrets
import string
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from weakref import WeakValueDictionary

from moto.apigatewayv2.models import ApiGatewayV2Backend

from ...gateway import definition, limits
from .operations import Document
from .refusals import NotFound

LOCK = threading.RLock()  # around every operation of the control plane; the gateway's own look-ups do without

_ALPHABET = string.ascii_lowercase + string.digits
_serials = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Kind:
    """What AWS calls a thing, how long its ids are, and what it says where nobody said anything."""

    name: str  # as in messages and operations: IntegrationResponse
    defaults: Document = field(default_factory=dict)
    id_length: int = 7
    parent: str = ""
    quota: int | None = None

    @property
    def id_field(self) -> str:
        """Return the field that holds the id.

        >>> KINDS["RouteResponse"].id_field, KINDS["Stage"].id_field
        ('routeResponseId', 'stageName')
        """
        return "stageName" if self.name == "Stage" else f"{self.name[0].lower()}{self.name[1:]}Id"


_STAGE_DEFAULTS: Document = {
    "autoDeploy": False,
    "defaultRouteSettings": {"dataTraceEnabled": False, "detailedMetricsEnabled": False, "loggingLevel": "OFF"},
    "routeSettings": {},
    "stageVariables": {},
}
_INTEGRATION_DEFAULTS: Document = {
    "connectionType": "INTERNET",
    "passthroughBehavior": "WHEN_NO_MATCH",
    "payloadFormatVersion": "1.0",
    "timeoutInMillis": limits.INTEGRATION_MILLIS_MAX,
}
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind("Route", {"apiKeyRequired": False, "authorizationType": "NONE"}, quota=limits.ROUTES_PER_API),
            Kind("RouteResponse", parent="Route"),
            Kind("Integration", _INTEGRATION_DEFAULTS, quota=limits.INTEGRATIONS_PER_API),
            Kind("IntegrationResponse", parent="Integration"),
            Kind("Authorizer", id_length=6, quota=limits.AUTHORIZERS_PER_API),
            Kind("Model", id_length=6),
            Kind("Deployment", {"autoDeployed": False, "deploymentStatus": "DEPLOYED"}, id_length=6),
            Kind("Stage", _STAGE_DEFAULTS, quota=limits.STAGES_PER_API),
        )
    }
)
API_DEFAULTS: Document = {
    "apiKeySelectionExpression": "$request.header.x-api-key",
    "disableExecuteApiEndpoint": False,
    "ipAddressType": "ipv4",
}


class Resource:
    """One thing of an API and what hangs below it."""

    def __init__(self, kind: Kind, identifier: str, document: Document) -> None:
        self.kind = kind
        self.id = identifier
        self.document = document
        self.key = next_key()
        self.children: dict[str, Resource] = {}

    def to_json(self) -> Document:
        """Return what AWS shows; the name is moto's."""
        return self.document


class WebSocketApi:
    """An API with ProtocolType WEBSOCKET."""

    protocol_type = "WEBSOCKET"

    def __init__(self, backend: ApiGatewayV2Backend, fields: Document) -> None:
        self.backend = backend
        self.region, self.account_id = backend.region_name, backend.account_id
        self.api_id = _fresh(10, _apis)
        self.api_endpoint = f"wss://{self.api_id}.execute-api.{self.region}.amazonaws.com"
        self.arn = f"arn:aws:apigateway:{self.region}::/apis/{self.api_id}"
        self.key = age_key(time.time(), self.api_id)
        self.document = {"apiId": self.api_id, "apiEndpoint": self.api_endpoint, "createdDate": now(), **fields}
        self.resources: dict[str, dict[str, Resource]] = {name: {} for name in KINDS if not KINDS[name].parent}
        self.routes, self.integrations = self.resources["Route"], self.resources["Integration"]
        self.authorizers, self.models = self.resources["Authorizer"], self.resources["Model"]
        self.stages, self.deployments = self.resources["Stage"], self.resources["Deployment"]
        self.snapshots: dict[str, definition.Deployment] = {}  # by deployment id
        self.published: dict[str, definition.Stage] = {}  # by stage name: what the gateway sees
        _apis[self.api_id] = self

    @property
    def name(self) -> str:
        """Return the API's name."""
        return str(self.document["name"])

    def to_json(self) -> Document:
        """Return what AWS shows; the name is moto's."""
        return {**self.document, "tags": self.backend.get_tags(self.arn)}

    def collection(self, kind: Kind, params: Mapping[str, str]) -> dict[str, Resource]:
        """Return the things of that kind that a path speaks of; raises NotFound for an unknown parent."""
        if not kind.parent:
            return self.resources[kind.name]
        parent = KINDS[kind.parent]
        return self.find(parent, params).children

    def find(self, kind: Kind, params: Mapping[str, str]) -> Resource:
        """Return the thing that a path speaks of; raises NotFound."""
        identifier = params[kind.id_field]
        found = self.collection(kind, params).get(identifier)
        if found is None:
            raise NotFound.of(kind.name, identifier)
        return found

    def stage_arn(self, stage_name: str) -> str:
        """Return the ARN that a stage's tags hang on."""
        return f"{self.arn}/stages/{stage_name}"


_apis: WeakValueDictionary[str, WebSocketApi] = WeakValueDictionary()


def find_api(api_id: str) -> WebSocketApi | None:
    """Return the API in whatever account and region it lives, or nothing; any thread may ask."""
    api = _apis.get(api_id)
    return api if api is not None and api.backend.apis.get(api_id) is api else None  # type: ignore[comparison-overlap]


def all_apis() -> list[WebSocketApi]:
    """Return every WEBSOCKET API of every account and region."""
    return [api for api_id in list(_apis) if (api := find_api(api_id)) is not None]


def fresh_id(kind: Kind, taken: Mapping[str, Any]) -> str:
    """Return an id as AWS makes them: lower-case letters and digits."""
    return _fresh(kind.id_length, taken)


def _fresh(length: int, taken: Mapping[str, Any]) -> str:
    while True:
        made = "".join(secrets.choice(_ALPHABET) for _ in range(length))
        if made not in taken:
            return made


def next_key() -> str:
    """Return a key that sorts by the order of creation, for the pages of a list."""
    return f"{next(_serials):012d}"


def age_key(created: float, api_id: str) -> str:
    """Return a key that sorts APIs by age."""
    return f"{created:017.6f}/{api_id}"


def now() -> str:
    """Return the time in UTC as AWS writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
