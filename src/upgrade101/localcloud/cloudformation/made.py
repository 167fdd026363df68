"""A resource that a stack has made, and who makes resources of its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from .faults import Fault

Properties = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a stack stands."""

    account_id: str
    region: str
    stack_name: str
    stack_id: str
    tags: Mapping[str, str] = field(default_factory=dict)


def _nothing(attribute: str) -> Any:
    raise Fault(f"there is no attribute {attribute}")


@dataclass(frozen=True, slots=True)
class Thing:
    """What a maker made: its physical id, what GetAtt gives of it, and moto's own object where there is one."""

    physical_id: str
    attribute: Callable[[str], Any] = _nothing
    instance: Any = None


@dataclass(frozen=True)
class Made:
    """A resource in a stack; the names of its fields are moto's, which resolves Ref and GetAtt by them."""

    logical_resource_id: str
    cf_resource_type: str
    definition: Mapping[str, Any]  # as the template has it
    properties: Properties  # as it was made: without any Ref
    thing: Thing
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def physical_resource_id(self) -> str:
        """Return what Ref gives."""
        return self.thing.physical_id

    def get_cfn_attribute(self, attribute: str) -> Any:
        """Return what GetAtt gives."""
        return self.thing.attribute(attribute)

    def is_created(self) -> bool:
        """Say that it is there: nothing takes time here."""
        return True

    def now(self, status: str, reason: str = "") -> Made:
        """Return it with another status."""
        return replace(self, status=status, reason=reason, at=datetime.now(UTC))


class Maker(Protocol):
    """Who makes resources of a type; every method raises Fault with the reason that the stack's event gives."""

    def create(self, site: Site, logical_id: str, properties: Properties) -> Thing:
        """Make it."""

    def update(self, site: Site, made: Made, properties: Properties) -> Thing:
        """Change it where it is; raises Gone too."""

    def delete(self, site: Site, made: Made) -> None:
        """Take it away; raises Gone too."""

    def replaces(self, before: Properties, after: Properties) -> bool:
        """Tell whether this change needs a new one."""

    def lacks(self, attribute: str) -> bool:
        """Tell whether GetAtt of this attribute is refused before anything is made."""
