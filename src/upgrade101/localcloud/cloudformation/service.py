"""The seam with moto's CloudFormation: stacks and change sets are worked out here, the rest is moto's.

moto reports resources that it does not know as created, and changes templates without undoing what fails. A subclass of
moto's response class takes its place in moto's table of URLs, as the control plane's does. Known to fit moto 5.1.18 to
5.2.5.
"""

from __future__ import annotations

import inspect
import json
import threading
from typing import Any

import moto
import moto.cloudformation.urls
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import AlreadyExistsException
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import generate_changeset_id, generate_stack_id, validate_create_change_set
from moto.core.responses import ActionResult, EmptyResult

from ...gateway.errors import ConfigurationError
from . import templates, work
from .change_sets import ChangeSet
from .faults import MissingCapability, bad_template
from .made import Made
from .stack import Stack

KNOWN_TO_FIT = "5.1.18 to 5.2.5"

_URL = "{0}/$"
_TABLE: dict[str, Any] = moto.cloudformation.urls.url_paths
_STOCK = _TABLE[_URL]
_LOCK = threading.RLock()  # one stack at a time
_NO_CHANGE = "No updates are to be performed."
_MAY_BE_UPDATED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


class Door(CloudFormationResponse):
    """moto's handler of CloudFormation, with our stacks behind it."""

    def call_action(self) -> Any:
        """Answer one request, one at a time."""
        with _LOCK:
            return super().call_action()

    # stacks

    def create_stack(self) -> ActionResult:
        """Create a stack; raises ValidationError, AlreadyExistsException, InsufficientCapabilitiesException."""
        name, text = self._get_param("StackName"), self._text()
        if self._find(name) is not None:
            raise AlreadyExistsException(f"Stack [{name}] already exists")
        self._acknowledged(text)
        stack = self._new_stack(name)
        stack.enable_termination_protection = bool(self._get_bool_param("EnableTerminationProtection", False))
        stack.disable_rollback = bool(self._get_bool_param("DisableRollback", False))
        parts = stack.read(text, self._parameters())
        self._keep(stack)
        work.create(stack, parts, text, self._on_failure(stack))
        self._settle(stack)
        return ActionResult({"StackId": stack.stack_id})

    def update_stack(self) -> ActionResult:
        """Update a stack; raises as ``create_stack`` does."""
        stack = self._stack(self._get_param("StackName"))
        text = stack.text if self._get_bool_param("UsePreviousTemplate", False) else self._text()
        if stack.status not in _MAY_BE_UPDATED:
            raise bad_template(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
        self._acknowledged(text)
        parameters, tags = self._parameters(stack), self._tags() or dict(stack.tags)
        parts = stack.read(text, parameters)
        if _says_the_same(stack, parts) and tags == stack.tags:
            raise bad_template(_NO_CHANGE)
        stack.tags = tags
        work.update(stack, parts, text)
        self._settle(stack)
        return ActionResult({"StackId": stack.stack_id})

    def delete_stack(self) -> ActionResult:
        """Delete a stack; harmless where there is none."""
        stack = self._find(self._get_param("StackName"))
        if stack is None or stack.status == "DELETE_COMPLETE":
            return EmptyResult()
        if not isinstance(stack, Stack):
            return super().delete_stack()
        if stack.enable_termination_protection:
            raise bad_template(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        work.delete(stack, self._get_param("RetainResources") or [])
        self._settle(stack)
        return EmptyResult()

    def update_termination_protection(self) -> ActionResult:
        """Protect a stack from being deleted, or not."""
        stack = self._stack(self._get_param("StackName"))
        stack.enable_termination_protection = bool(self._get_bool_param("EnableTerminationProtection", False))
        return ActionResult({"StackId": stack.stack_id})

    # change sets

    def create_change_set(self) -> ActionResult:
        """Create a change set; for a stack that is not there yet it creates an empty one."""
        name, set_name = self._get_param("StackName"), self._get_param("ChangeSetName")
        kind = self._get_param("ChangeSetType") or "UPDATE"
        validate_create_change_set(set_name)
        self.validate_template_and_stack_body()
        stack = self._for_change_set(name, kind)
        text = stack.text if self._get_bool_param("UsePreviousTemplate", False) else self._text()
        self._acknowledged(text)
        parts = stack.read(text, self._parameters(stack))
        set_id = generate_changeset_id(set_name, self.region, self.current_account)
        change_set = ChangeSet(kind, set_id, set_name, stack, text, parts, self._get_param("Description"))
        change_set.tags = self._tags()
        if kind == "UPDATE" and _says_the_same(stack, parts) and self._tags() in ({}, stack.tags):
            change_set.refuse("The submitted information didn't contain changes.")
        self.cloudformation_backend.change_sets[set_id] = change_set  # type: ignore[assignment]
        return ActionResult({"Id": set_id, "StackId": stack.stack_id})

    def execute_change_set(self) -> ActionResult:
        """Do what a change set says; raises ValidationError."""
        change_set: Any = self.cloudformation_backend.describe_change_set(self._get_param("ChangeSetName"))
        if not isinstance(change_set, ChangeSet):
            return super().execute_change_set()
        if change_set.execution_status != "AVAILABLE":
            raise bad_template(
                f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current status of "
                f"[{change_set.status}]"
            )
        stack = change_set.stack
        stack.disable_rollback = bool(self._get_bool_param("DisableRollback", False))
        change_set.execution_status = "EXECUTE_COMPLETE"
        parts = stack.read(change_set.template, change_set.parts.input_parameters)
        stack.tags = change_set.tags or stack.tags
        if change_set.change_set_type == "CREATE":
            work.create(stack, parts, change_set.template, self._on_failure(stack))
        else:
            work.update(stack, parts, change_set.template)
        self._settle(stack)
        return EmptyResult()

    def _for_change_set(self, name: str, kind: str) -> Stack:
        found = self._find(name)
        if kind == "UPDATE" or (isinstance(found, Stack) and found.status == "REVIEW_IN_PROGRESS"):
            return self._stack(name)
        if found is not None:
            raise bad_template(f"Stack [{name}] already exists and cannot be created again with the changeSet.")
        stack = self._new_stack(name)
        stack.tell("REVIEW_IN_PROGRESS", "User Initiated")
        self._keep(stack)
        return stack

    # looking

    def describe_stack_resource(self) -> ActionResult:
        """Describe one resource of a stack."""
        stack = self._find(self._get_param("StackName"))
        if not isinstance(stack, Stack):
            return super().describe_stack_resource()
        wanted = self._get_param("LogicalResourceId")
        if wanted not in stack.records:
            raise bad_template(f"Resource {wanted} does not exist for stack {stack.name}")
        return ActionResult({"StackResourceDetail": _described(stack, stack.records[wanted])})

    def describe_stack_resources(self) -> ActionResult:
        """Describe the resources of a stack, those that failed or are gone among them."""
        stack = self._get_and_find()
        if not isinstance(stack, Stack):
            return super().describe_stack_resources()
        wanted = self._get_param("LogicalResourceId")
        records = [made for name, made in stack.records.items() if wanted in (None, name)]
        return ActionResult({"StackResources": [_described(stack, made) for made in records]})

    def list_stack_resources(self) -> ActionResult:
        """List the resources of a stack."""
        stack = self._get_and_find()
        if not isinstance(stack, Stack):
            return super().list_stack_resources()
        return ActionResult({"StackResourceSummaries": [_described(stack, made) for made in stack.records.values()]})

    def get_template(self) -> ActionResult:
        """Return a stack's template: as it was sent, or as the transforms made it."""
        stack = self._get_and_find()
        if not isinstance(stack, Stack):
            return super().get_template()
        asked = self._get_param("TemplateStage") or "Original"
        body = json.dumps(stack.template_dict) if asked == "Processed" else stack.text
        return ActionResult({"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]})

    def get_template_summary(self) -> ActionResult:
        """Return what a template asks for."""
        name = self._get_param("StackName")
        template = templates.read(self._stack(name).text if name else self._text())
        text = json.dumps(template)
        return ActionResult(
            {
                "Description": template.get("Description"),
                "Parameters": [_slot(key, slot) for key, slot in (template.get("Parameters") or {}).items()],
                "Capabilities": templates.capabilities(text),
                "ResourceTypes": sorted({each["Type"] for each in template.get("Resources", {}).values()}),
                "DeclaredTransforms": _listed(template.get("Transform")),
                "Version": template.get("AWSTemplateFormatVersion"),
            }
        )

    # inside

    def _text(self) -> str:
        url, body = self._get_param("TemplateURL"), self._get_param("TemplateBody")
        if url:
            return str(self._get_stack_from_s3_url(url))
        if not body:
            raise bad_template("Either Template URL or Template Body must be specified.")
        return str(body)

    def _acknowledged(self, text: str) -> None:
        given = set(self._get_param("Capabilities") or [])
        if "CAPABILITY_NAMED_IAM" in given:
            given.add("CAPABILITY_IAM")
        through_a_change_set = {"CAPABILITY_AUTO_EXPAND"} if self._get_action() == "CreateChangeSet" else set()
        for capability in templates.capabilities(text):
            if capability not in given | through_a_change_set:
                raise MissingCapability(capability)

    def _parameters(self, stack: Stack | None = None) -> dict[str, Any]:
        before = stack.parameters if stack else {}
        given = {}
        for parameter in self._get_param("Parameters") or []:
            name = parameter["ParameterKey"]
            if not parameter.get("UsePreviousValue"):
                given[name] = parameter.get("ParameterValue", "")
            elif name in before:
                given[name] = before[name]
        return given

    def _tags(self) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self._get_param("Tags") or []}

    def _on_failure(self, stack: Stack) -> str:
        return "DO_NOTHING" if stack.disable_rollback else str(self._get_param("OnFailure") or "ROLLBACK")

    def _new_stack(self, name: str) -> Stack:
        backend = self.cloudformation_backend
        settings = {
            "tags": self._tags(),
            "role_arn": self._get_param("RoleARN"),
            "notification_arns": self._get_param("NotificationARNs") or [],
        }
        stack_id = generate_stack_id(name, self.region, self.current_account)
        return Stack(stack_id, name, self.current_account, self.region, backend.exports, settings)

    def _find(self, name: str) -> Any:
        backend = self.cloudformation_backend
        alive = next((stack for stack in backend.stacks.values() if name in (stack.name, stack.stack_id)), None)
        return alive or backend.deleted_stacks.get(name)

    def _get_and_find(self) -> Any:
        name = self._get_param("StackName")
        stack = self._find(name)
        if stack is None:
            raise bad_template(f"Stack with id {name} does not exist")
        return stack

    def _stack(self, name: str) -> Stack:
        stack = self._find(name)
        if not isinstance(stack, Stack) or stack.status == "DELETE_COMPLETE":
            raise bad_template(f"Stack [{name}] does not exist")
        return stack

    def _keep(self, stack: Stack) -> None:
        self.cloudformation_backend.stacks[stack.stack_id] = stack

    def _settle(self, stack: Stack) -> None:
        """Put the stack where moto looks for it now, and its exports."""
        backend = self.cloudformation_backend
        stack.capabilities = self._get_param("Capabilities") or stack.capabilities
        for name in [name for name, export in backend.exports.items() if export.exporting_stack_id == stack.stack_id]:
            del backend.exports[name]
        if stack.status == "DELETE_COMPLETE":
            backend.stacks.pop(stack.stack_id, None)
            backend.deleted_stacks[stack.stack_id] = stack
            return
        backend.exports.update({export.name: export for export in stack.exports})


def _says_the_same(stack: Stack, parts: Any) -> bool:
    """Tell whether a template and its parameters would change neither a resource nor an output."""
    return bool(_told(stack.parts) == _told(parts))


def _told(parts: Any) -> Any:
    template = {key: value for key, value in parts._template.items() if key not in ("Description", "Metadata")}
    resources = {
        name: {key: value for key, value in resource.items() if key != "DependsOn"}
        for name, resource in template.get("Resources", {}).items()
    }
    return {**template, "Resources": resources}, parts.resolved_parameters


def _described(stack: Stack, made: Made) -> dict[str, Any]:
    return {
        "StackName": stack.name,
        "StackId": stack.stack_id,
        "LogicalResourceId": made.logical_resource_id,
        "PhysicalResourceId": made.physical_resource_id,
        "ResourceType": made.cf_resource_type,
        "Timestamp": made.at,
        "LastUpdatedTimestamp": made.at,
        "ResourceStatus": made.status,
        **({"ResourceStatusReason": made.reason} if made.reason else {}),
    }


def _slot(key: str, slot: dict[str, Any]) -> dict[str, Any]:
    described = {
        "ParameterKey": key,
        "ParameterType": slot.get("Type", "String"),
        "Description": slot.get("Description", ""),
        "NoEcho": bool(slot.get("NoEcho", False)),
    }
    return described | ({"DefaultValue": str(slot["Default"])} if "Default" in slot else {})


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


# ── the seam ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def install() -> None:
    """Take moto's place; harmless where that has happened. Raises ConfigurationError where the seam has moved."""
    check_seam()
    _TABLE[_URL] = Door.dispatch


def uninstall() -> None:
    """Give moto its place back."""
    _TABLE[_URL] = _STOCK


def check_seam() -> None:
    """Compare moto with what this room needs of it; raises ConfigurationError, naming the versions that fit."""
    shapes: dict[Any, list[str]] = {
        parsing.clean_json: ["resource_json", "resources_map"],
        parsing.ResourceMap.__init__: [
            "self", "stack_id", "stack_name", "parameters", "tags",
            "region_name", "account_id", "template", "cross_stack_resources",
        ],
        parsing.OutputMap.__init__: ["self", "resources", "template", "stack_id"],
        parsing.generate_resource_name: ["resource_type", "stack_name", "logical_id"],
    }  # fmt: skip
    moved = [
        each.__qualname__ for each, expected in shapes.items() if list(inspect.signature(each).parameters) != expected
    ]
    if getattr(_STOCK, "__self__", None) is not CloudFormationResponse:
        moved.append("url_paths")
    if moved:
        raise ConfigurationError(
            f"moto {moto.__version__} does not fit the local CloudFormation: {', '.join(moved)} has moved",
            hint=f"moto {KNOWN_TO_FIT} is known to fit: pip install 'moto>=5.1.18,<5.3'",
        )
