"""``AWS::IAM::Role``: the role of a function, with the policies that a template gives it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from moto.iam.models import iam_backends

from .faults import Fault, Gone
from .made import Made, Properties, Site, Thing
from .moto_types import MotoType, name_of, require, saying, thing_of


class RoleType(MotoType):
    """A role; moto's own way forgets managed policies, and most of what a change says."""

    def create(self, site: Site, logical_id: str, properties: Properties) -> Thing:
        """Make it; raises Fault."""
        require(properties, "AssumeRolePolicyDocument")
        name = name_of(self.name, site, logical_id, properties)
        backend: Any = iam_backends[site.account_id]["aws"]
        role = saying(
            lambda: backend.create_role(
                role_name=name,
                assume_role_policy_document=_text(properties["AssumeRolePolicyDocument"]),
                path=properties.get("Path", "/"),
                permissions_boundary=properties.get("PermissionsBoundary", ""),
                description=properties.get("Description", ""),
                tags=properties.get("Tags", []),
                max_session_duration=properties.get("MaxSessionDuration", 3600),
            )
        )
        thing = thing_of(role, name)
        try:
            _give(backend, name, {}, properties)
        except Fault:
            with contextlib.suppress(Fault, Gone):
                self.delete(site, Made(logical_id, self.name, {}, properties, thing))
            raise
        return thing

    def update(self, site: Site, made: Made, properties: Properties) -> Thing:
        """Change it; raises Fault, and Gone."""
        require(properties, "AssumeRolePolicyDocument")
        name = made.physical_resource_id
        backend: Any = iam_backends[site.account_id]["aws"]
        settings = (properties.get("Description", ""), properties.get("MaxSessionDuration", 3600))
        role = saying(lambda: backend.update_role(name, *settings))
        saying(lambda: backend.update_assume_role_policy(name, _text(properties["AssumeRolePolicyDocument"])))
        _give(backend, name, made.properties, properties)
        return thing_of(role, name)

    def delete(self, site: Site, made: Made) -> None:
        """Take it away with its policies; raises Fault, and Gone."""
        name = made.physical_resource_id
        backend: Any = iam_backends[site.account_id]["aws"]
        role = saying(lambda: backend.get_role(name))
        for arn in list(role.managed_policies):
            backend.detach_role_policy(arn, name)
        for policy in list(role.policies):
            role.delete_policy(policy)
        saying(lambda: backend.delete_role(name))


def _give(backend: Any, name: str, before: Properties, after: Properties) -> None:
    """Take away the policies of ``before`` that ``after`` lacks, and give those of ``after``."""
    old, new = (set(each.get("ManagedPolicyArns", [])) for each in (before, after))
    inline = {policy["PolicyName"]: _text(policy["PolicyDocument"]) for policy in after.get("Policies", [])}
    for arn in sorted(old - new):
        saying(lambda arn=arn: backend.detach_role_policy(arn, name))  # type: ignore[misc]
    for arn in sorted(new - old):
        saying(lambda arn=arn: backend.attach_role_policy(arn, name))  # type: ignore[misc]
    for policy in before.get("Policies", []):
        if policy["PolicyName"] not in inline:
            saying(lambda policy=policy: backend.delete_role_policy(name, policy["PolicyName"]))  # type: ignore[misc]
    for policy_name, document in inline.items():
        saying(lambda pair=(policy_name, document): backend.put_role_policy(name, *pair))  # type: ignore[misc]


def _text(document: Any) -> str:
    """Return a policy as text; moto insists on a version, which SAM's own policies leave out."""
    return document if isinstance(document, str) else json.dumps({"Version": "2012-10-17", **document})
