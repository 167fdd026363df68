"""The operations of apigatewayv2 as botocore describes them: method, path, fields, statuses.

Paths and fields are not written down a second time here: what boto3 sends and what we accept come from one table.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

from ...gateway.limits import ACCESS_LOG_FORMAT_BYTES, MAPPING_TEMPLATE_BYTES
from .refusals import BadRequest

Document = dict[str, Any]  # JSON with the field names of the wire, such as routeKey

_PYTHON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "double": (int, float),
    "map": dict,
    "structure": dict,
    "list": list,
}
_MAY_HOLD_SLASHES = ("{routeKey}", "{resource-arn}")  # chat/join, say, which WSGI hands over decoded
_OPTIONAL = frozenset({"identitySource"})  # of REQUEST authorizers, though the model says otherwise: D-lambda-auth
_LENGTHS = re.compile(r"Between(\d+)And(\d+)(K?)$")
_QUOTAS = {  # larger than the names of the shapes say
    "requestTemplates": MAPPING_TEMPLATE_BYTES,
    "responseTemplates": MAPPING_TEMPLATE_BYTES,
    "accessLogSettings.format": ACCESS_LOG_FORMAT_BYTES,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, such as CreateRoute."""

    name: str
    method: str
    path: tuple[str, ...]  # v2, apis, {apiId}, routes
    status: int
    shape: StructureShape

    def params(self, path: str) -> dict[str, str] | None:
        """Return the values of the placeholders where ``path`` is this operation's, else nothing.

        >>> named("GetRoute").params("/v2/apis/a1/routes/%24x")
        {'apiId': 'a1', 'routeId': '$x'}
        """
        given = path.strip("/").split("/", len(self.path) - 1)
        if len(given) != len(self.path) or ("/" in given[-1] and self.path[-1] not in _MAY_HOLD_SLASHES):
            return None
        pairs = list(zip(self.path, map(unquote, given), strict=True))
        if any(wanted != value for wanted, value in pairs if not wanted.startswith("{")):
            return None
        return {wanted[1:-1]: value for wanted, value in pairs if wanted.startswith("{")}

    def url_path(self) -> str:
        """Return the key of moto's ``url_paths``.

        >>> named("GetDeployments").url_path()
        '{0}/v2/apis/(?P<api_id>[^/]+)/deployments$'
        """
        parts = (_group(part[1:-1]) if part.startswith("{") else part for part in self.path)
        return "{0}/" + "/".join(parts) + "$"

    @property
    def required(self) -> list[str]:
        """Return the fields of the body that must be there."""
        members = {name: self.shape.members[name].serialization for name in self.shape.required_members}
        names = [wire.get("name", name) for name, wire in members.items() if "location" not in wire]
        return [name for name in names if name not in _OPTIONAL]

    def body(self, text: str | bytes) -> Document:
        """Return the fields of a request's body that the operation knows, checked for type, length and value.

        Raises BadRequest, naming the field.
        """
        try:
            given = json.loads(text or "{}", parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise BadRequest("Invalid request body: JSON is expected") from None
        if not isinstance(given, dict):
            raise BadRequest("Invalid request body: a JSON object is expected")
        fields = dict(_known(self.shape, given))
        for field, value in fields.items():
            _check(_members(self.shape)[field], value, field, clears=self.name.startswith("Update"))
        for field in self.required:
            if fields.get(field) is None:
                raise BadRequest(f"{field[:1].upper()}{field[1:]} is required")
        return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _group(placeholder: str) -> str:
    name = re.sub("([A-Z])", r"_\1", placeholder).lower().replace("-", "_")
    value = ".+" if f"{{{placeholder}}}" in _MAY_HOLD_SLASHES else "[^/]+"
    return f"(?P<{name}>{value})"


def _known(shape: StructureShape, given: Document) -> Iterator[tuple[str, Any]]:
    """Yield the fields that belong into the body, in the order of the wire; null is like left out."""
    for field, value in given.items():
        member = _members(shape).get(field)
        if member is not None and "location" not in member.serialization and value is not None:
            yield field, value


def _members(shape: StructureShape) -> dict[str, Shape]:
    return {member.serialization.get("name", name): member for name, member in shape.members.items()}


def _check(shape: Shape, value: Any, field: str, *, clears: bool) -> None:
    """Compare a value with its shape; '' passes where it clears the field (rules.py says which fields may go)."""
    kind = shape.type_name
    if clears and value == "":
        return
    expected = _PYTHON_TYPES.get(kind)
    if expected and (not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean")):
        article = "An" if kind[0] in "aeiou" else "A"
        raise BadRequest(f"Invalid {field} specified. {article} {kind} is expected.")
    if isinstance(shape, StringShape):
        _check_string(shape, value, field)
    elif isinstance(shape, ListShape):
        for item in value:
            _check(shape.member, item, field, clears=False)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            _check(shape.value, item, f"{field}.{key}", clears=clears)
    elif isinstance(shape, StructureShape):
        for name, member in _members(shape).items():
            if value.get(name) is not None:
                _check(member, value[name], f"{field}.{name}", clears=False)


def _check_string(shape: StringShape, value: str, field: str) -> None:
    if shape.enum and value not in shape.enum:
        raise BadRequest(f"Invalid {field} specified. Must be one of [{', '.join(shape.enum)}]")
    lengths = _LENGTHS.search(shape.name)  # the model keeps these limits in the names of its shapes only
    if lengths:
        low, high = int(lengths[1]), int(lengths[2]) * (1024 if lengths[3] else 1)
        quota = _QUOTAS.get(field) or _QUOTAS.get(field.partition(".")[0])
        size, high = (len(value.encode("utf-8", "replace")), quota) if quota else (len(value), high)
        if not low <= size <= high:
            raise BadRequest(f"Invalid {field} specified. Its length must be between {low} and {high}.")


@functools.cache
def operations() -> Mapping[str, Operation]:
    """Return every operation below ``/v2/apis``, ``/v2/domainnames`` and ``/v2/tags`` by name."""
    # not by a session: that one fails where AWS_PROFILE names a profile that does not exist
    model = ServiceModel(Loader().load_service_model("apigatewayv2", "service-2"), "apigatewayv2")
    found = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        path = tuple(operation.http["requestUri"].strip("/").split("/"))
        if path[0] == "v2" and path[1] in ("apis", "domainnames", "tags"):
            status = int(operation.http.get("responseCode", 200))
            shape = operation.input_shape
            assert isinstance(shape, StructureShape)
            found[name] = Operation(name, operation.http["method"], path, status, shape)
    return found


def named(name: str) -> Operation:
    """Return an operation by its name."""
    return operations()[name]


def match(method: str, path: str) -> Operation | None:
    """Return the operation behind a request, or nothing.

    >>> match("DELETE", "/v2/apis/a1/stages/dev").name
    'DeleteStage'
    """
    candidates = (operation for operation in operations().values() if operation.method == method)
    return next((operation for operation in candidates if operation.params(path) is not None), None)
