"""A template's text, read as CloudFormation reads it, and what it says before anything is made."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from . import sam
from .faults import bad_template

Template = dict[str, Any]

_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Globals",
        "Hooks",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)
_LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}")
_PARAMETER = re.compile(r"String|Number|List<Number>|CommaDelimitedList|AWS::[\w:]+(<[\w:<>]+>)?|List<AWS::[\w:]+>")
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with CloudFormation's short forms; dates stay text, as ``Version: 2012-10-17`` must."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Template:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


def read(text: str) -> Template:
    """Return a template as it was written, long forms throughout; raises ValidationError.

    >>> read("Resources: {A: {Type: X, Properties: {Arn: !GetAtt B.Arn}}}")["Resources"]["A"]["Properties"]
    {'Arn': {'Fn::GetAtt': ['B', 'Arn']}}
    """
    try:
        template = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, Loader=_Loader)
    except (ValueError, RecursionError) as fault:
        if not isinstance(fault, json.JSONDecodeError):
            raise
        template = _yaml_after_all(text, fault)
    except yaml.YAMLError as fault:
        raise bad_template(f"Template format error: YAML not well-formed. {_where(fault)}".rstrip()) from fault
    if not isinstance(template, dict):
        raise bad_template("Template format error: unsupported structure.")
    unknown = [str(section) for section in template if section not in _SECTIONS]
    if unknown:
        raise bad_template(f"Invalid template property or properties [{', '.join(unknown)}]")
    made: Template = _long_forms(template)
    return made


def _yaml_after_all(text: str, fault: json.JSONDecodeError) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # a YAML template may begin with a brace too
    except yaml.YAMLError:
        raise bad_template(f"Template format error: JSON not well-formed. (line {fault.lineno})") from fault


def _where(fault: yaml.YAMLError) -> str:
    mark = getattr(fault, "problem_mark", None)
    return f"(line {mark.line + 1}, column {mark.column + 1})" if mark else ""


def _long_forms(value: Any) -> Any:
    """Return the template with every GetAtt as a list of two."""
    if isinstance(value, list):
        return [_long_forms(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::GetAtt"}:
        given = value["Fn::GetAtt"]
        parts = given.split(".", 1) if isinstance(given, str) else given
        return {"Fn::GetAtt": [parts[0], *([".".join(map(str, parts[1:]))] if len(parts) > 2 else parts[1:])]}
    return {key: _long_forms(item) for key, item in value.items()}


def finished(text: str, parameters: Mapping[str, Any], region: str) -> Template:
    """Return a template ready to be worked through: transforms applied, its shape checked.

    Raises ValidationError.
    """
    template = read(text)
    _check_parameters(template)
    _check_waits(template)
    _check_outputs(template)
    if sam.is_needed(template):
        template = _long_forms(sam.transformed(template, parameters, region))
    elif template.get("Transform"):
        raise bad_template(
            f"NotEmulated: the transform {template['Transform']} → {sam.TRANSFORM} is the one known here"
        )
    _check(template)
    return template


def _check_parameters(template: Template) -> None:
    slots = template.get("Parameters") or {}
    if not isinstance(slots, dict):
        raise bad_template("Template format error: Parameters must be a map of objects.")
    for slot in slots.values():
        if not isinstance(slot, dict) or not isinstance(slot.get("Type"), str):
            raise bad_template("Template format error: Every Parameters object must contain a Type member.")
        if not _PARAMETER.fullmatch(slot["Type"]):
            raise bad_template(f"Template format error: Unrecognized parameter type: {slot['Type']}")


def _check_waits(template: Template) -> None:
    resources = template.get("Resources")
    for resource in resources.values() if isinstance(resources, dict) else ():
        asked = resource.get("DependsOn", []) if isinstance(resource, dict) else []
        if not isinstance(asked, str | list):
            raise bad_template("Template format error: DependsOn must be a string or list of strings.")
        if not all(isinstance(name, str) for name in asked):
            raise bad_template("Template format error: Every DependsOn value must be a string.")


def _check_outputs(template: Template) -> None:
    outputs = template.get("Outputs") or {}
    if not isinstance(outputs, dict):
        raise bad_template("Template format error: Outputs must be a map of objects.")
    for output in outputs.values():
        if not isinstance(output, dict) or "Value" not in output:
            raise bad_template("Template format error: Every Outputs member must contain a Value object")


def _check(template: Template) -> None:
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise bad_template("Template format error: At least one Resources member must be defined.")
    for name, resource in resources.items():
        if not _LOGICAL_ID.fullmatch(str(name)):
            raise bad_template(f"Template format error: Resource name {name} is non alphanumeric.")
        if not isinstance(resource, dict):
            raise bad_template("Template format error: Resources must be a map of objects.")
        if not isinstance(resource.get("Type"), str):
            raise bad_template(
                f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
            )
        if not isinstance(resource.get("Properties", {}) or {}, dict):
            raise bad_template(f"Template format error: [/Resources/{name}/Properties] 'Properties' must be an object.")


def capabilities(text: str) -> list[str]:
    """Return what a caller has to acknowledge for this template, as CloudFormation asks for it.

    >>> capabilities("Resources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: r}}}")
    ['CAPABILITY_NAMED_IAM']
    """
    template = read(text)
    needed = ["CAPABILITY_AUTO_EXPAND"] if template.get("Transform") else []
    resources = [each for each in (template.get("Resources") or {}).values() if isinstance(each, dict)]
    iam = [each for each in resources if str(each.get("Type", "")).startswith("AWS::IAM::")]
    named = any(name in (each.get("Properties") or {}) for each in iam for name in _IAM_NAMES)
    if iam or any(sam.makes_a_role(each) for each in resources):
        needed.insert(0, "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM")
    return needed


_IAM_NAMES = ("RoleName", "UserName", "GroupName", "ManagedPolicyName")
