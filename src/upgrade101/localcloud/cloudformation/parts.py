"""The parts of a stack while it is worked on: parameters, conditions, and what has been made so far.

A subclass of moto's map, by whose functions a template's Ref, GetAtt, Sub and conditions are worked out. moto's own map
makes a resource when somebody looks at it; this one never does.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.parsing import ResourceMap, clean_json

from . import references
from .faults import Fault, bad_template
from .made import Made, Properties, Site
from .makers import maker_of


class Parts(ResourceMap):
    """A template at work."""

    def __init__(self, site: Site, template: Mapping[str, Any], parameters: Mapping[str, Any], exports: Any) -> None:
        """Read parameters and conditions; raises ValidationError."""
        super().__init__(
            site.stack_id, site.stack_name, dict(parameters), dict(site.tags),
            site.region, site.account_id, dict(template), exports,
        )  # fmt: skip
        self.site = site
        if template:
            _check_parameters(template, parameters)
            self.load()
            references.check(template)
            _check_attributes(template)

    def validate_outputs(self) -> None:
        """Do nothing: what moto checks here needs its own models."""

    # what there is

    def __getitem__(self, key: str) -> Any:
        return self._parsed_resources[key]

    def __iter__(self) -> Iterator[str]:
        return (name for name, value in self._parsed_resources.items() if isinstance(value, Made))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def made(self) -> dict[str, Made]:
        """Return what has been made, by logical id, oldest first."""
        return {name: self._parsed_resources[name] for name in self}

    def put(self, made: Made) -> Made:
        """Take up what was made."""
        self._parsed_resources[made.logical_resource_id] = made
        return made

    def drop(self, name: str) -> None:
        """Forget what is gone."""
        self._parsed_resources.pop(name, None)

    # what there is to be

    def wanted(self) -> dict[str, Mapping[str, Any]]:
        """Return the template's resources whose conditions hold, in the order in which they are made."""
        resources = {
            name: resource
            for name, resource in self._resource_json_map.items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }
        return {name: resources[name] for name in references.in_order(resources)}

    def _holds(self, condition: str) -> bool:
        if condition not in self.lazy_condition_map:
            raise bad_template(
                f"Template format error: Unresolved condition dependency {condition} in the Resources block"
            )
        return bool(self.lazy_condition_map[condition])

    def resolved(self, resource: Mapping[str, Any]) -> Properties:
        """Return a resource's properties without functions and references; raises Fault."""
        try:
            given = clean_json(copy.deepcopy(resource.get("Properties") or {}), self)
        except KeyError as fault:
            raise Fault(f"Unresolved resource dependencies [{fault.args[0]}]") from fault
        except CloudFormationError as fault:
            raise Fault(str(fault.message)) from fault
        cleaned: Properties = _without_nothing(given)
        return cleaned


def _without_nothing(value: Any) -> Any:
    """Return a value without what ``AWS::NoValue`` stood for in lists."""
    if isinstance(value, list):
        return [_without_nothing(item) for item in value if item is not None]
    if isinstance(value, dict):
        return {key: _without_nothing(item) for key, item in value.items()}
    return value


def _check_parameters(template: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    slots = template.get("Parameters") or {}
    unknown = [name for name in given if name not in slots]
    if unknown:
        raise bad_template(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [name for name, slot in slots.items() if name not in given and "Default" not in slot]
    if missing:
        raise bad_template(f"Parameters: [{', '.join(missing)}] must have values")
    for name, slot in slots.items():
        allowed = slot.get("AllowedValues")
        value = given.get(name, slot.get("Default"))
        if allowed and str(value) not in [str(each) for each in allowed]:
            raise bad_template(f"Parameter '{name}' must be one of AllowedValues")


def _check_attributes(template: Mapping[str, Any]) -> None:
    resources = template["Resources"]
    for wanted, attribute in references.references([resources, template.get("Outputs")]):
        if not attribute or wanted not in resources:
            continue
        type_name = resources[wanted]["Type"]
        if maker_of(type_name).lacks(attribute):
            raise bad_template(
                f"Template error: resource {wanted} does not support attribute type {attribute} in Fn::GetAtt"
            )
