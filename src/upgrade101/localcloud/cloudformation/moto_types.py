"""Every other type: made by moto's own models, where moto has one for it.

moto's models say little of changes. So what a change does is said here for the types that stand beside a WebSocket
API, and a change that moto has no way for is refused.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.exceptions import JsonRESTError, ServiceException

from .faults import Fault, Gone, not_emulated
from .made import Made, Properties, Site, Thing

_FUNCTION = "AWS::Lambda::Function"
_PERMISSION = "AWS::Lambda::Permission"
_FIXED: Mapping[str, tuple[str, ...]] = {  # "Update requires: Replacement", on each type's page
    _FUNCTION: ("FunctionName", "PackageType"),
    "AWS::IAM::Role": ("RoleName", "Path"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "Path", "Description"),
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "LocalSecondaryIndexes"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::SNS::Topic": ("TopicName", "FifoTopic"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::Lambda::EventSourceMapping": ("EventSourceArn", "StartingPosition"),
}
_ALWAYS_NEW = frozenset({_PERMISSION, "AWS::Lambda::Version", "AWS::Lambda::LayerVersion"})
_NOT_HERE = frozenset({"AWS::CloudFormation::Stack", "AWS::CloudFormation::CustomResource"})
_ABSENT = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "UnknownFunction", "MissingBucket")
Result = TypeVar("Result")
_INSTEAD = "take it out of this template, or run this on AWS"


@dataclass(frozen=True, slots=True)
class MotoType:
    """One of moto's types."""

    name: str

    def create(self, site: Site, logical_id: str, properties: Properties) -> Thing:
        """Make it; raises Fault."""
        model, given = self._model(), copy.deepcopy(properties)
        name = _name(self.name, site, logical_id, given)
        facts = {"LogicalId": logical_id, "StackId": site.stack_id, "ResourceType": self.name}
        if self.name in _OURS:
            return _saying(lambda: _OURS[self.name](site, name, given))
        whole = {"Type": self.name, "Properties": given}
        made = _saying(
            lambda: model.create_from_cloudformation_json(name, whole, site.account_id, site.region, **facts)
        )
        return _thing(made, name)

    def update(self, site: Site, made: Made, properties: Properties) -> Thing:
        """Change it; raises Fault, and Gone."""
        model, given = self._model(), copy.deepcopy(properties)
        if self.name == _FUNCTION:
            return _thing(_saying(lambda: _update_function(site, made, given)), made.physical_resource_id)
        if getattr(model.update_from_cloudformation_json, "__isabstractmethod__", False):
            raise not_emulated(f"a change of {self.name}", "give it another logical id, and it is made anew")
        whole, before = {"Type": self.name, "Properties": given}, made.thing.instance
        name = made.physical_resource_id
        changed = _saying(
            lambda: model.update_from_cloudformation_json(
                original_resource=before,
                new_resource_name=name,
                cloudformation_json=whole,
                account_id=site.account_id,
                region_name=site.region,
            )
        )
        return _thing(changed, name)

    def delete(self, site: Site, made: Made) -> None:
        """Take it away; raises Fault, and Gone."""
        if self.name == _PERMISSION:
            _saying(lambda: _take_permission(site, made))
            return
        instance, whole = made.thing.instance, {"Type": self.name, "Properties": copy.deepcopy(made.properties)}
        own = getattr(instance, "delete", None)
        if callable(own) and _takes_place(own):
            _saying(lambda: own(site.account_id, site.region))
            return
        model = self._model()
        if getattr(model.delete_from_cloudformation_json, "__isabstractmethod__", False):
            raise not_emulated(f"the deletion of {self.name}", "delete it with boto3")
        name = made.physical_resource_id
        _saying(lambda: model.delete_from_cloudformation_json(name, whole, site.account_id, site.region))

    def replaces(self, before: Properties, after: Properties) -> bool:
        """Tell whether this change needs a new one."""
        fixed = _FIXED.get(self.name, ())
        return self.name in _ALWAYS_NEW or any(before.get(name) != after.get(name) for name in fixed)

    def lacks(self, attribute: str) -> bool:
        """Tell whether moto's model is sure to have no such attribute."""
        model = parsing.get_model_map().get(self.name)
        return model is not None and model.has_cfn_attr(attribute) is False

    def _model(self) -> Any:
        model = parsing.get_model_map().get(self.name)
        if model is None or self.name in _NOT_HERE or self.name.startswith("Custom::"):
            raise not_emulated(f"the resource type {self.name}", _INSTEAD)
        return model


def _takes_place(method: Callable[..., Any]) -> bool:
    code = getattr(method, "__code__", None)
    return code is not None and code.co_argcount == 3  # self, account and region


def _name(type_name: str, site: Site, logical_id: str, properties: Properties) -> str:
    """Return the name that the template gives, or the one that CloudFormation makes up."""
    asked = parsing.resource_name_property_from_type(type_name)
    if asked and asked in properties:
        return str(properties[asked])
    made: str = parsing.generate_resource_name(type_name, site.stack_name, logical_id)
    return made if len(made) <= 64 else f"{site.stack_name[:24]}-{logical_id[:24]}-{made[-12:]}"


def _thing(instance: Any, name: str) -> Thing:
    def attribute(wanted: str) -> Any:
        try:
            return instance.get_cfn_attribute(wanted)
        except (NotImplementedError, UnformattedGetAttTemplateException):
            raise Fault(f"there is no attribute {wanted} here") from None

    physical_id = getattr(instance, "physical_resource_id", None) or name
    return Thing(str(physical_id), attribute, instance)


def _saying(do: Callable[[], Result]) -> Result:
    """Do it; what moto raises becomes a Fault, or Gone where it is not there any more."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return do()
    except (Fault, Gone):
        raise
    except (JsonRESTError, ServiceException) as fault:
        kind = f"{getattr(fault, 'error_type', '')} {getattr(fault, 'code', '')} {type(fault).__name__}"
        message = str(getattr(fault, "message", "") or fault)
        raise (Gone if any(word in kind for word in _ABSENT) else Fault)(message) from fault
    except (KeyError, TypeError, ValueError, AttributeError, NotImplementedError) as fault:
        raise Fault(f"moto could not do this: {type(fault).__name__}: {fault}") from fault


# ── functions and their permissions ──────────────────────────────────────────────────────────────────────────────────


def _create_function(site: Site, name: str, properties: Properties) -> Thing:
    _require(properties, "Code", "Role")
    backend = lambda_backends[site.account_id][site.region]
    if name in backend._lambdas._functions:
        raise Fault(f"{name} already exists")
    return _thing(backend.create_function(_lambdas(name, properties)), name)


def _require(properties: Properties, *names: str) -> None:
    wrong = [f"#: required key [{name}] not found" for name in names if name not in properties]
    if wrong:
        raise Fault("\n".join(["Properties validation failed for resource with message:", *wrong]))


def _lambdas(name: str, properties: Properties) -> dict[str, Any]:
    """Return a function's properties as the request of Lambda has them."""
    tags = properties.get("Tags", [])
    code = dict(properties["Code"])
    if "ZipFile" in code:
        code["ZipFile"] = base64.b64encode(_zip(str(code["ZipFile"])))
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


def _zip(code: str) -> bytes:
    """Return inline code as the package that Lambda makes of it: one file, ``index.py``."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(zipfile.ZipInfo("index.py"), code)
    return packed.getvalue()


_FORGOTTEN = {"Description": "", "MemorySize": 128, "Timeout": 3, "Layers": []}  # what a function has of itself


def _update_function(site: Site, made: Made, properties: Properties) -> Any:
    function: LambdaFunction | None = lambda_backends[site.account_id][site.region].get_function(
        made.physical_resource_id
    )
    if function is None:
        raise Gone(f"Function not found: {made.physical_resource_id}")
    given = {**_FORGOTTEN, **_lambdas(made.physical_resource_id, properties)}
    code = given.pop("Code")
    if properties.get("Code") != made.properties.get("Code"):
        function.update_function_code(code)
    function.update_configuration(given)
    return function


def _create_permission(site: Site, name: str, properties: Properties) -> Thing:
    _require(properties, "Action", "FunctionName", "Principal")
    raw = json.dumps({**properties, "StatementId": name})
    backend = lambda_backends[site.account_id][site.region]
    statement = backend.add_permission(properties["FunctionName"], None, raw)  # type: ignore[arg-type]
    return Thing(name, instance=statement)


def _take_permission(site: Site, made: Made) -> None:
    function = lambda_backends[site.account_id][site.region].get_function(made.properties["FunctionName"])
    if made.thing.instance not in function.policy.statements:
        raise Gone("the permission is not there")
    function.policy.statements.remove(made.thing.instance)


_OURS: Mapping[str, Callable[[Site, str, Properties], Thing]] = {
    _FUNCTION: _create_function,
    _PERMISSION: _create_permission,
}
