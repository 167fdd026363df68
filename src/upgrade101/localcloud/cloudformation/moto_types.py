"""Every other type: made by moto's own models, where moto has one for it.

moto's models say little of changes. So what a change does is said here for the types that stand beside a WebSocket
API, and a change that moto has no way for is refused.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.exceptions import JsonRESTError, ServiceException

from ..functions import log_shelf
from .faults import Fault, Gone, not_emulated
from .made import Made, Properties, Site, Thing

_FIXED: Mapping[str, tuple[str, ...]] = {  # "Update requires: Replacement", on each type's page
    "AWS::Lambda::Function": ("FunctionName", "PackageType"),
    "AWS::IAM::Role": ("RoleName", "Path"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "Path", "Description"),
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "LocalSecondaryIndexes"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::SNS::Topic": ("TopicName", "FifoTopic"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::S3::BucketPolicy": ("Bucket",),
    "AWS::Lambda::EventSourceMapping": ("EventSourceArn", "StartingPosition"),
}
_ALWAYS_NEW = frozenset({"AWS::Lambda::Permission", "AWS::Lambda::Version", "AWS::Lambda::LayerVersion"})
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
        name = name_of(self.name, site, logical_id, given)
        facts = {"LogicalId": logical_id, "StackId": site.stack_id, "ResourceType": self.name}
        whole = {"Type": self.name, "Properties": given}
        made = saying(lambda: model.create_from_cloudformation_json(name, whole, site.account_id, site.region, **facts))
        return thing_of(made, name)

    def update(self, site: Site, made: Made, properties: Properties) -> Thing:
        """Change it; raises Fault, and Gone."""
        model, given = self._model(), copy.deepcopy(properties)
        if getattr(model.update_from_cloudformation_json, "__isabstractmethod__", False):
            raise not_emulated(f"a change of {self.name}", hint="give it another logical id, and it is made anew")
        whole, before = {"Type": self.name, "Properties": given}, made.thing.instance
        name = made.physical_resource_id
        changed = saying(
            lambda: model.update_from_cloudformation_json(
                original_resource=before,
                new_resource_name=name,
                cloudformation_json=whole,
                account_id=site.account_id,
                region_name=site.region,
            )
        )
        return thing_of(changed, name)

    def delete(self, site: Site, made: Made) -> None:
        """Take it away; raises Fault, and Gone."""
        if self.name.startswith("AWS::Logs::"):
            log_shelf.store()  # or what was logged so far would make it anew
        instance, whole = made.thing.instance, {"Type": self.name, "Properties": copy.deepcopy(made.properties)}
        own = getattr(instance, "delete", None)
        if callable(own) and _takes_place(own):
            saying(lambda: own(site.account_id, site.region))
            return
        model = self._model()
        if getattr(model.delete_from_cloudformation_json, "__isabstractmethod__", False):
            raise not_emulated(f"the deletion of {self.name}", hint="delete it with boto3")
        name = made.physical_resource_id
        saying(lambda: model.delete_from_cloudformation_json(name, whole, site.account_id, site.region))

    def replaces(self, before: Properties, after: Properties) -> bool:
        """Tell whether this change needs a new one."""
        fixed = {*before, *after} if self.name in _ALWAYS_NEW else _FIXED.get(self.name, ())
        return any(before.get(name) != after.get(name) for name in fixed)

    def lacks(self, attribute: str) -> bool:
        """Tell whether moto's model is sure to have no such attribute."""
        model = parsing.get_model_map().get(self.name)
        return model is not None and model.has_cfn_attr(attribute) is False

    def _model(self) -> Any:
        model = parsing.get_model_map().get(self.name)
        if model is None or self.name in _NOT_HERE or self.name.startswith("Custom::"):
            raise not_emulated(f"the resource type {self.name}", hint=_INSTEAD)
        return model


def _takes_place(method: Callable[..., Any]) -> bool:
    code = getattr(method, "__code__", None)
    return code is not None and code.co_argcount == 3  # self, account and region


def name_of(type_name: str, site: Site, logical_id: str, properties: Properties) -> str:
    """Return the name that the template gives, or the one that CloudFormation makes up."""
    asked = parsing.resource_name_property_from_type(type_name)
    if asked and asked in properties:
        return str(properties[asked])
    made: str = parsing.generate_resource_name(type_name, site.stack_name, logical_id)
    return made if len(made) <= 64 else f"{site.stack_name[:24]}-{logical_id[:24]}-{made[-12:]}"


def require(properties: Properties, *names: str) -> None:
    """Refuse properties without these; raises Fault."""
    wrong = [f"#: required key [{name}] not found" for name in names if name not in properties]
    if wrong:
        raise Fault("\n".join(["Properties validation failed for resource with message:", *wrong]))


def thing_of(instance: Any, name: str) -> Thing:
    """Return moto's object as what a stack keeps."""

    def attribute(wanted: str) -> Any:
        try:
            return instance.get_cfn_attribute(wanted)
        except (NotImplementedError, UnformattedGetAttTemplateException):
            raise Fault(f"there is no attribute {wanted} here") from None

    physical_id = getattr(instance, "physical_resource_id", None) or name
    return Thing(str(physical_id), attribute, instance)


def saying(do: Callable[[], Result]) -> Result:
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
