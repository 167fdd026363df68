"""A stack: moto's own, with our parts, and events for every resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.cloudformation.models import Event
from moto.cloudformation.models import Stack as MotoStack
from moto.cloudformation.parsing import OutputMap

from .made import Made, Site
from .parts import Parts
from .templates import Template, finished

_STACK = "AWS::CloudFormation::Stack"


class Stack(MotoStack):
    """One stack of one account and region; ``text`` is its template as it was sent, '' before there is one."""

    def __init__(
        self,
        stack_id: str,
        name: str,
        account_id: str,
        region: str,
        exports: Mapping[str, Any],
        settings: Mapping[str, Any],
    ) -> None:
        """Make an empty stack; ``settings`` are moto's names for tags, role and notifications."""
        super().__init__(
            stack_id=stack_id,
            name=name,
            template={},
            parameters={},
            account_id=account_id,
            region_name=region,
            **settings,
        )
        self.exported = exports
        self.text = ""
        self.stack_status_reason: str | None = None
        self.records: dict[str, Made] = {}  # what DescribeStackResources tells: also what failed, and what is gone
        self.capabilities: list[str] = []
        self.timeout_in_minutes = None
        self.parts = self.parts_of({}, {})
        self.take(self.parts, "")

    @staticmethod
    def cloudformation_name_type() -> str:
        """Say that a stack takes its name from nobody; moto asks its models."""
        return ""

    def is_created(self) -> bool:
        """Say that it is there."""
        return True

    @property
    def site(self) -> Site:
        """Return where the stack stands."""
        return Site(self.account_id, self.region_name, self.name, self.stack_id, dict(self.tags))

    def parts_of(self, template: Template, parameters: Mapping[str, Any]) -> Parts:
        """Return a template's parts; raises ValidationError."""
        return Parts(self.site, template, parameters, dict(self.exported))

    def read(self, text: str, parameters: Mapping[str, Any]) -> Parts:
        """Return the parts of a template's text; raises ValidationError."""
        return self.parts_of(finished(text, parameters, self.region_name), parameters)

    def take(self, parts: Parts, text: str, *, outputs: bool = True) -> None:
        """Let the stack consist of these parts from now on."""
        self.parts = self.resource_map = parts
        self.template_dict = parts._template
        self.text = self.template = text
        self.parameters = dict(parts.input_parameters)
        self.description = self.template_dict.get("Description")
        shown = self.template_dict if outputs else {}
        self.output_map = OutputMap(parts, shown, self.stack_id)

    def has_template(self, other_template: str) -> bool:
        """Tell whether a template would change nothing."""
        return self.text == other_template

    # events

    def tell(self, status: str, reason: str | None = None) -> None:
        """Go over into a status, and say so."""
        self.status = status
        self.stack_status_reason = reason
        self._event(self.name, self.stack_id, _STACK, status, reason)

    def tell_of(self, made: Made, status: str, reason: str = "") -> Made:
        """Say what happens to a resource; return it with that status."""
        now = made.now(status, reason)
        self.records[made.logical_resource_id] = now
        self._event(made.logical_resource_id, made.physical_resource_id, made.cf_resource_type, status, reason or None)
        return now

    def _event(self, name: str, physical_id: str, type_name: str, status: str, reason: str | None) -> None:
        event = Event(self.stack_id, self.name, name, physical_id, type_name, status, reason, None)
        event.sendToSns(self.account_id, self.region_name, self.notification_arns)
        self.events.append(event)
