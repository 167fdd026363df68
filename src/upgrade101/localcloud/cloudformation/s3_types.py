"""``AWS::S3::BucketPolicy``, of which moto has no model; deployment tools lay one on the bucket with their packages."""

from __future__ import annotations

import json
from typing import Any

from moto.s3.models import s3_backends

from .made import Made, Properties, Site, Thing
from .moto_types import MotoType, name_of, require, saying


class BucketPolicyType(MotoType):
    """The policy of a bucket."""

    def create(self, site: Site, logical_id: str, properties: Properties) -> Thing:
        """Lay it on its bucket; raises Fault."""
        _lay(site, properties)
        return Thing(name_of(self.name, site, logical_id, {}))

    def update(self, site: Site, made: Made, properties: Properties) -> Thing:
        """Change it; raises Fault, and Gone."""
        _lay(site, properties)
        return made.thing

    def delete(self, site: Site, made: Made) -> None:
        """Take it away; raises Gone."""
        backend: Any = s3_backends[site.account_id]["aws"]
        saying(lambda: backend.delete_bucket_policy(made.properties["Bucket"]))


def _lay(site: Site, properties: Properties) -> None:
    require(properties, "Bucket", "PolicyDocument")
    backend: Any = s3_backends[site.account_id]["aws"]
    document = properties["PolicyDocument"]
    if any("Condition" in statement for statement in document.get("Statement", [])):
        saying(
            lambda: backend.get_bucket(properties["Bucket"])
        )  # moto reads no conditions, and would shut everybody out
        return
    saying(lambda: backend.put_bucket_policy(properties["Bucket"], json.dumps(document).encode()))
