"""``AWS::DynamoDB::Table``, with the expiry of its items."""

from __future__ import annotations

from typing import Any

from moto.dynamodb.models import dynamodb_backends

from .made import Made, Properties, Site, Thing
from .moto_types import MotoType, saying

_EXPIRY = "TimeToLiveSpecification"


class TableType(MotoType):
    """A table; moto's own way forgets its expiry, and knows no changes."""

    def create(self, site: Site, logical_id: str, properties: Properties) -> Thing:
        """Make it; raises Fault."""
        thing = super().create(site, logical_id, properties)
        if _EXPIRY in properties:
            _set_expiry(site, thing.physical_id, properties[_EXPIRY])
        return thing

    def update(self, site: Site, made: Made, properties: Properties) -> Thing:
        """Change its expiry, which is the one change that is emulated; raises Fault, and Gone."""
        before, after = ({**each, _EXPIRY: None} for each in (made.properties, properties))
        if before != after:
            return super().update(site, made, properties)
        off = {**made.properties.get(_EXPIRY, {}), "Enabled": False}
        _set_expiry(site, made.physical_resource_id, properties.get(_EXPIRY, off))
        return made.thing


def _set_expiry(site: Site, name: str, asked: Any) -> None:
    backend = dynamodb_backends[site.account_id][site.region]
    saying(lambda: backend.update_time_to_live(name, {**asked, "Enabled": str(asked.get("Enabled")).lower() == "true"}))
