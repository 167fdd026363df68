"""Custom domains and their API mappings: ``wss://ws.example.com/chat`` instead of an API's own address.

A domain of ours stands in moto's ``backend.domain_names``, and goes when moto's data goes. There is no TLS here, so
certificates are kept and not looked at. ([P] [R] [O]: see ``changes.py``; [M]: what AWS answered in 2026, as recorded
in the tests of github.com/floci-io/floci, pull request 2390.)
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

from moto.apigatewayv2.models import ApiGatewayV2Backend

from ...gateway.address import Mappings
from . import tags
from .alike import Answer, Call, merge, paged
from .operations import Document
from .paging import Row
from .refusals import BadRequest, Conflict, NotEmulatedHere, NotFound
from .resources import WebSocketApi, next_key

_NAME = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_KEY = re.compile(r"[A-Za-z0-9$\-_.+!*'()/]*")
_KEY_LENGTH = 300
_IDS = string.ascii_lowercase + string.digits


class Domain:
    """A custom domain name."""

    def __init__(self, backend: ApiGatewayV2Backend, document: Document) -> None:
        self.backend = backend
        self.name: str = document["domainName"]
        self.arn = f"arn:aws:apigateway:{backend.region_name}::/domainnames/{self.name}"
        self.document = document
        self.key = next_key()
        self.mappings: dict[str, tuple[str, Document]] = {}  # place in lists, and the document, by mapping id
        self.published: Mappings = {}  # what the gateway sees
        _domains[self.name] = self

    def to_json(self) -> Document:
        """Return what AWS shows; the name is moto's."""
        return {**self.document, "domainNameArn": self.arn, "tags": self.backend.get_tags(self.arn)}

    def publish(self) -> None:
        """Show the gateway the mappings as they are now."""
        documents = [document for _, document in self.mappings.values()]
        self.published = {each["apiMappingKey"]: (each["apiId"], each["stage"]) for each in documents}


_domains: WeakValueDictionary[str, Domain] = WeakValueDictionary()


def find(name: str) -> Domain | None:
    """Return the domain of that name, or the wildcard it falls under; any thread may ask."""
    return _alive(name) or _alive("*." + name.partition(".")[2])


def _alive(name: str) -> Domain | None:
    domain = _domains.get(name)
    held: Any = domain.backend.domain_names.get(name) if domain is not None else None
    return domain if domain is held else None


def is_unmapped(api: WebSocketApi, stage_name: str = "") -> None:
    """Keep an API, or one of its stages, that a mapping leads to. [R] github.com/gruntwork-io/cloud-nuke/issues/370

    For a stage [O].
    """
    for domain in [domain for name in list(_domains) if (domain := _alive(name)) is not None]:
        for api_id, stage in domain.published.values():
            if api_id == api.api_id and stage_name in ("", stage):
                what = f"stage {stage_name}" if stage_name else f"API {api_id}"
                remedy = f"Please remove all API mappings for the {what.split()[0]} from your custom domain names."
                raise BadRequest(f"Deleting {what} failed. {remedy}")


def answer(call: Call) -> Answer:
    """Do what was asked; raises a Refusal as AWS does."""
    action = _ACTIONS.get(call.operation.name)
    if action is None:
        raise NotEmulatedHere(call.operation.name, "use create_api_mapping")
    return action(call)


# ── domains ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _create(call: Call) -> Document:
    given = call.body()
    name = given["domainName"]
    if not _NAME.fullmatch(name):
        raise BadRequest(f"Invalid domainName {name}: lower-case letters, digits, '-' and '.' are expected")
    if _alive(name) is not None:
        raise BadRequest("The domain name you provided already exists.")  # [M]
    labels = given.pop("tags", {})
    tags.check(labels, {})
    domain = Domain(call.backend, {"apiMappingSelectionExpression": "$request.basepath", **_checked(call, given)})
    call.backend.domain_names[name] = domain  # type: ignore[assignment]
    call.backend.tag_resource(domain.arn, labels)
    return domain.to_json()


def _update(call: Call) -> Document:
    domain = _domain(call)
    given = call.body()
    domain.document = {**domain.document, **_checked(call, merge(domain.document, given))}
    return domain.to_json()


def _delete(call: Call) -> None:
    domain = _domain(call)
    call.backend.tagger.delete_all_tags_for_resource(domain.arn)
    del call.backend.domain_names[domain.name]


def _list(call: Call) -> Document:
    domains: list[Any] = list(call.backend.domain_names.values())
    return paged(call, [(domain.key, domain.to_json()) for domain in domains if isinstance(domain, Domain)])


def _domain(call: Call) -> Domain:
    held: object = call.backend.domain_names.get(call.params["domainName"])
    if not isinstance(held, Domain):
        raise NotFound("Invalid domain name identifier specified")
    return held


def _checked(call: Call, given: Document) -> Document:
    """Return a domain's document, finished; raises a Refusal."""
    if given.get("routingMode", "API_MAPPING_ONLY") != "API_MAPPING_ONLY":
        raise NotEmulatedHere("RoutingMode " + given["routingMode"], "leave it out, and use create_api_mapping")
    if given.get("mutualTlsAuthentication"):
        raise NotEmulatedHere("MutualTlsAuthentication", "leave it out: there is no TLS on this machine")
    configurations = given.get("domainNameConfigurations") or []
    if len(configurations) != 1:
        raise BadRequest("Invalid input. Expected one domain name configuration")  # [M]
    finished = _configuration(call, configurations[0])
    return {**given, "domainNameConfigurations": [finished], "routingMode": "API_MAPPING_ONLY"}


def _configuration(call: Call, given: Document) -> Document:
    region = call.backend.region_name
    if given.get("endpointType", "REGIONAL") != "REGIONAL":
        raise BadRequest(f"{given['endpointType']} endpoint type is not supported for APIGatewayV2 domainName")  # [M]
    if (
        given.get("securityPolicy") == "TLS_1_0"
    ):  # [R] github.com/amplify-education/serverless-domain-manager/issues/381
        raise BadRequest(
            "Only REGIONAL domain names with a security policy of TLS 1.2 can be managed through the API Gateway V2 "
            "API. For TLS 1.0 domain names, please use the API Gateway V1 API to upgrade your security policy to TLS "
            "1.2. Currently, only REST APIs can be attached to a domain name with a security policy of TLS 1.0."
        )
    certificate = given.get("certificateArn")
    if certificate and not re.match(rf"arn:[\w-]+:acm:{region}:", certificate):
        raise BadRequest(f"Invalid certificate ARN: {certificate}. Certificate must be in '{region}'.")  # [P]
    return {
        "apiGatewayDomainName": f"d-{_id(10)}.execute-api.{region}.amazonaws.com",
        "domainNameStatus": "AVAILABLE",
        "endpointType": "REGIONAL",
        "hostedZoneId": "Z" + _id(13).upper(),
        "ipAddressType": "ipv4",
        "securityPolicy": "TLS_1_2",
        **given,
    }


def _id(length: int) -> str:
    return "".join(secrets.choice(_IDS) for _ in range(length))


# ── mappings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _create_mapping(call: Call) -> Document:
    domain, given = _domain(call), call.body()
    document = {"apiMappingKey": "", **given}
    _check_mapping(call, domain, document)
    identifier = _id(6)
    domain.mappings[identifier] = (next_key(), {**document, "apiMappingId": identifier})
    domain.publish()
    return domain.mappings[identifier][1]


def _update_mapping(call: Call) -> Document:
    domain = _domain(call)
    key, before = _mapping(call, domain)
    document = {**before, **call.body()}  # '' is a key like any other
    _check_mapping(call, domain, document)
    domain.mappings[before["apiMappingId"]] = (key, document)
    domain.publish()
    return document


def _delete_mapping(call: Call) -> None:
    domain = _domain(call)
    del domain.mappings[_mapping(call, domain)[1]["apiMappingId"]]
    domain.publish()


def _mapping(call: Call, domain: Domain) -> Row:
    identifier = call.params["apiMappingId"]
    if identifier not in domain.mappings:
        raise NotFound.of("ApiMapping", identifier)
    return domain.mappings[identifier]


def _check_mapping(call: Call, domain: Domain, document: Document) -> None:
    """Refuse a mapping that leads nowhere, or whose key is malformed or taken."""
    key, api = document["apiMappingKey"], call.backend.apis.get(document.get("apiId", ""))
    if not _KEY.fullmatch(key) or len(key) > _KEY_LENGTH:  # [R] github.com/aws/aws-cdk/issues/9077 for the characters
        raise BadRequest(f"An ApiMapping key may contain only letters, numbers and one of $-_.+!*'()/, not {key!r}")
    if key.startswith("/") or key.endswith("/") or "//" in key:
        raise BadRequest("API mapping key should not start or end with a '/' or have consecutive '/'s.")
    if api is None:
        raise BadRequest(
            f"Invalid API identifier specified {call.backend.account_id}:{document.get('apiId', '')}"
        )  # [M]
    if document.get("stage", "") not in api.stages:
        raise BadRequest(f"Invalid stage identifier specified {document.get('stage', '')}")  # [M]
    others = [each for _, each in domain.mappings.values() if each.get("apiMappingId") != document.get("apiMappingId")]
    if any(each["apiMappingKey"] == key for each in others):
        raise Conflict("ApiMapping key already exists for this domain name")  # [M]
    kinds = {_protocol(call, each["apiId"]) for each in others} | {_protocol(call, document["apiId"])}
    if len(kinds) > 1:  # [R] github.com/serverless/serverless/issues/7459
        raise BadRequest(
            "Currently, WebSocket APIs can only be attached to a domain name with other WebSocket APIs. "
            "This must also occur through API Gateway's V2 DomainName interface."
        )


def _protocol(call: Call, api_id: str) -> str:
    api = call.backend.apis.get(api_id)
    return "" if api is None else str(api.protocol_type)


_ACTIONS: Mapping[str, Callable[[Call], Answer]] = {
    "CreateDomainName": _create,
    "GetDomainName": lambda call: _domain(call).to_json(),
    "GetDomainNames": _list,
    "UpdateDomainName": _update,
    "DeleteDomainName": _delete,
    "CreateApiMapping": _create_mapping,
    "GetApiMapping": lambda call: _mapping(call, _domain(call))[1],
    "GetApiMappings": lambda call: paged(call, list(_domain(call).mappings.values())),
    "UpdateApiMapping": _update_mapping,
    "DeleteApiMapping": _delete_mapping,
}
