"""Who makes what."""

from __future__ import annotations

from .gateway_types import TYPES
from .made import Maker
from .moto_types import MotoType


def maker_of(type_name: str) -> Maker:
    """Return who makes resources of that type; whether anybody does is seen when one is made.

    >>> maker_of("AWS::ApiGatewayV2::Route").replaces({"RouteKey": "a"}, {"RouteKey": "b"})
    False
    """
    return TYPES.get(type_name) or MotoType(type_name)
