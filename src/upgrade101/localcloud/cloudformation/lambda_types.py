"""Lambda's types: functions, whose code runs in our environments, and permissions to call them."""

from __future__ import annotations

import base64
import copy
import io
import json
import re
import zipfile
from typing import Any

from moto.awslambda.models import LambdaFunction, lambda_backends

from .faults import Fault, Gone
from .made import Made, Properties, Site, Thing
from .moto_types import MotoType, name_of, require, saying, thing_of

_NAME = re.compile(r"(arn:[\w-]+:lambda:[\w-]+:\d{12}:function:)?[a-zA-Z0-9-_]{1,64}")
_OF_ITSELF = {"Description": "", "MemorySize": 128, "Timeout": 3, "Layers": []}  # where nobody says anything


class FunctionType(MotoType):
    """``AWS::Lambda::Function``; moto's own way forgets layers, tags and, at a change, how inline code is packed."""

    def create(self, site: Site, logical_id: str, properties: Properties) -> Thing:
        """Make it; raises Fault."""
        require(properties, "Code", "Role")
        name = name_of(self.name, site, logical_id, properties)
        _check_name(name)
        backend = lambda_backends[site.account_id][site.region]
        if name in backend._lambdas._functions:
            raise Fault(f"{name} already exists")
        return thing_of(saying(lambda: backend.create_function(_as_a_request(name, properties))), name)

    def update(self, site: Site, made: Made, properties: Properties) -> Thing:
        """Change it; raises Fault, and Gone."""
        require(properties, "Code", "Role")
        name = made.physical_resource_id
        function = saying(lambda: _function(site, name))
        given = {**_OF_ITSELF, **_as_a_request(name, properties)}
        code = given.pop("Code")
        if properties["Code"] != made.properties.get("Code"):
            saying(lambda: function.update_function_code(code))
        saying(lambda: function.update_configuration(given))
        return thing_of(function, name)


class PermissionType(MotoType):
    """``AWS::Lambda::Permission``: one statement of a function's policy."""

    def create(self, site: Site, logical_id: str, properties: Properties) -> Thing:
        """Make it; raises Fault."""
        require(properties, "Action", "FunctionName", "Principal")
        name = name_of(self.name, site, logical_id, {})
        raw = json.dumps({**properties, "StatementId": name})
        backend: Any = lambda_backends[site.account_id][site.region]
        return Thing(name, instance=saying(lambda: backend.add_permission(properties["FunctionName"], None, raw)))

    def delete(self, site: Site, made: Made) -> None:
        """Take it away; raises Gone."""
        statements = saying(lambda: _function(site, made.properties["FunctionName"]).policy.statements)
        if made.thing.instance not in statements:
            raise Gone("the permission is not there")
        statements.remove(made.thing.instance)


def _function(site: Site, name: str) -> LambdaFunction:
    found = lambda_backends[site.account_id][site.region].get_function(name)
    if found is None:
        raise Gone(f"Function not found: {name}")
    return found


def _as_a_request(name: str, properties: Properties) -> dict[str, Any]:
    """Return a function's properties as the request of Lambda has them."""
    tags = properties.get("Tags", [])
    code = copy.deepcopy(properties["Code"])
    if "ZipFile" in code:
        code["ZipFile"] = base64.b64encode(zipped(str(code["ZipFile"])))
    given = {**properties, "FunctionName": name, "Code": code}
    given["Tags"] = {tag["Key"]: tag["Value"] for tag in tags} if isinstance(tags, list) else tags
    for number in ("Timeout", "MemorySize"):
        if number in given:
            given[number] = int(given[number])
    variables = given.get("Environment", {}).get("Variables", {})
    given["Environment"] = {"Variables": {key: _variable(value) for key, value in variables.items()}}
    return given


def _variable(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        said = f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint"
        raise Fault(f'Resource handler returned message: "{said}" (HandlerErrorCode: InvalidRequest)')


def zipped(code: str) -> bytes:
    """Return inline code as the package that Lambda makes of it: one file, ``index.py``."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(zipfile.ZipInfo("index.py"), code)
    return packed.getvalue()
