"""Create, get, list, update, delete: what the operations of apigatewayv2 do alike to every kind of thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from moto.apigatewayv2.models import ApiGatewayV2Backend

from .changes import Change
from .operations import Document, Operation
from .paging import Row, page
from .refusals import QuotaReached
from .resources import Kind, Resource, WebSocketApi, fresh_id
from .rules import CHANGES, REMOVALS


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the control plane."""

    backend: ApiGatewayV2Backend  # of one account and region
    operation: Operation
    params: Mapping[str, str]  # from the path
    text: str | bytes  # the body
    query: Mapping[str, str]
    pairs: tuple[tuple[str, str], ...] = ()  # the query again, with what it has twice

    def body(self) -> Document:
        """Return the body's fields; raises BadRequest."""
        return self.operation.body(self.text)


Answer = Document | None  # nothing for 204
Action = Callable[[Call, WebSocketApi], Answer]


def create(kind: Kind, call: Call, api: WebSocketApi) -> Document:
    """Create one thing; raises a Refusal."""
    api.collection(kind, call.params)  # an unknown parent comes before wrong fields
    given = call.body()
    return add(kind, call, api, given).document


def add(kind: Kind, call: Call, api: WebSocketApi, given: Document) -> Resource:
    """Create one thing from fields that have been read already; raises a Refusal."""
    siblings = api.collection(kind, call.params)
    after = _finished(kind, merge(kind.defaults, given))
    check(kind.name, Change(api, after, given, siblings=siblings))
    if kind.quota is not None and len(siblings) >= kind.quota:
        raise QuotaReached(kind.name)
    identifier = after.get(kind.id_field) or fresh_id(kind, siblings)
    siblings[identifier] = Resource(kind, identifier, {kind.id_field: identifier, **after})
    return siblings[identifier]


def get(kind: Kind, call: Call, api: WebSocketApi) -> Document:
    """Return one thing."""
    return api.find(kind, call.params).document


def list_all(kind: Kind, call: Call, api: WebSocketApi) -> Document:
    """Return one page of things, oldest first."""
    rows = [(resource.key, resource.document) for resource in api.collection(kind, call.params).values()]
    return paged(call, rows)


def update(kind: Kind, call: Call, api: WebSocketApi) -> Document:
    """Change one thing; what is not given stays."""
    resource = api.find(kind, call.params)
    given = call.body()
    after = _finished(kind, merge(resource.document, given))
    check(kind.name, Change(api, after, given, resource, api.collection(kind, call.params)))
    resource.document = after
    return after


def delete(kind: Kind, call: Call, api: WebSocketApi) -> None:
    """Delete one thing and what hangs below it."""
    resource = api.find(kind, call.params)
    if kind.name in REMOVALS:
        REMOVALS[kind.name](api, resource)
    del api.collection(kind, call.params)[resource.id]


def merge(before: Document, given: Document) -> Document:
    """Return ``before`` with ``given`` laid over it: maps key by key, and what is empty goes.

    UpdateX works like that on AWS: '' clears a field or a key of a map, [] a list, {} nothing. A template alone may be
    empty.

    >>> merge({"target": "integrations/i", "stageVariables": {"a": "1"}}, {"target": "", "stageVariables": {"b": "2"}})
    {'stageVariables': {'a': '1', 'b': '2'}}
    """
    after = dict(before)
    for field, value in given.items():
        if value in ("", []):
            after.pop(field, None)
        elif isinstance(value, dict):
            after[field] = _merged_map({**before.get(field, {}), **value}, field)
        else:
            after[field] = value
    return after


def _merged_map(merged: Document, field: str) -> Document:
    return merged if field.endswith("Templates") else {key: value for key, value in merged.items() if value != ""}


_ANSWERED_BY = {  # what the key of an integration response is compared with: D-transform
    "MOCK": "${integration.response.statuscode}",
    "HTTP": "${integration.response.statuscode}",
    "AWS": "${integration.response.body.errorMessage}",
}


def _finished(kind: Kind, document: Document) -> Document:
    """Return the document with what follows from its other fields."""
    follows: Document = {}
    if kind.name == "Integration":
        follows = {"integrationResponseSelectionExpression": _ANSWERED_BY.get(document.get("integrationType", ""))}
    elif kind.name == "Route" and document["authorizationType"] != "CUSTOM":
        follows = {"authorizerId": None}
    return {field: value for field, value in {**document, **follows}.items() if value is not None}


def check(subject: str, change: Change) -> None:
    """Apply the rules; raises the first Refusal."""
    for rule in CHANGES[subject]:
        rule(change)


def paged(call: Call, rows: list[Row]) -> Document:
    """Return the page that the call asks for; raises BadRequest."""
    list_name = "/".join((call.operation.name, *call.params.values()))
    return page(rows, list_name, call.query.get("maxResults", ""), call.query.get("nextToken", ""))
