"""Change sets: what an update would do, looked at before it is done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .faults import Fault
from .made import Made
from .makers import maker_of
from .parts import Parts
from .stack import Stack


class Change:
    """One line of a change set; the names of its fields are moto's."""

    def __init__(
        self, action: str, logical_id: str, type_name: str, physical_id: str = "", replacement: str = ""
    ) -> None:
        """Say what would happen to a resource: Add, Modify or Remove."""
        self.action = action
        self.logical_resource_id = logical_id
        self.resource_type = type_name
        self.physical_resource_id = physical_id or None
        self.replacement = replacement or None


class ChangeSet:
    """A change set of a stack; the names of its fields are moto's."""

    def __init__(
        self, kind: str, identifier: str, name: str, stack: Stack, text: str, parts: Parts, description: str | None
    ) -> None:
        """Work out what would change."""
        self.change_set_type = kind
        self.change_set_id = identifier
        self.change_set_name = name
        self.stack, self.stack_id, self.stack_name = stack, stack.stack_id, stack.name
        self.template = text
        self.parts = parts
        self.parameters = dict(parts.resolved_parameters)
        self.description = description
        self.notification_arns = stack.notification_arns
        self.role_arn = stack.role_arn
        self.tags: dict[str, str] = {}
        self.creation_time = datetime.now(UTC)
        self.status, self.execution_status = "CREATE_COMPLETE", "AVAILABLE"
        self.status_reason: str | None = None
        self.changes = _changes(stack.parts, parts)

    def refuse(self, reason: str) -> None:
        """Say that this cannot be executed."""
        self.status, self.execution_status = "FAILED", "UNAVAILABLE"
        self.status_reason = f"{reason} Submit different information to create a change set."


def _changes(before: Parts, after: Parts) -> list[Change]:
    old, wanted = before.made(), after.wanted()
    for made in old.values():
        after.put(made)
    found = []
    for name, definition in wanted.items():
        if name not in old:
            found.append(Change("Add", name, definition["Type"]))
        elif change := _modification(after, old[name], definition):
            found.append(change)
    found += [
        Change("Remove", name, made.cf_resource_type, made.physical_resource_id)
        for name, made in old.items()
        if name not in wanted
    ]
    return found


def _modification(after: Parts, made: Made, definition: Any) -> Change | None:
    """Return what would happen to a resource, as far as that can be told beforehand."""
    name = made.logical_resource_id
    try:
        properties = after.resolved(definition)
    except Fault:  # it refers to what is not there yet
        return Change("Modify", name, definition["Type"], made.physical_resource_id, "Conditional")
    if properties == made.properties and definition["Type"] == made.cf_resource_type:
        return None
    anew = definition["Type"] != made.cf_resource_type or maker_of(definition["Type"]).replaces(
        made.properties, properties
    )
    return Change("Modify", name, definition["Type"], made.physical_resource_id, "True" if anew else "False")
