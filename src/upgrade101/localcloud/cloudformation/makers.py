"""Who makes what."""

from __future__ import annotations

from collections.abc import Mapping

from .gateway_types import TYPES
from .iam_types import RoleType
from .lambda_types import FunctionType, PermissionType
from .made import Maker
from .moto_types import MotoType
from .s3_types import BucketPolicyType
from .table_type import TableType

_OWN = (
    FunctionType("AWS::Lambda::Function"),
    PermissionType("AWS::Lambda::Permission"),
    RoleType("AWS::IAM::Role"),
    BucketPolicyType("AWS::S3::BucketPolicy"),
    TableType("AWS::DynamoDB::Table"),
)
_KNOWN: Mapping[str, Maker] = {**TYPES, **{each.name: each for each in _OWN}}


def maker_of(type_name: str) -> Maker:
    """Return who makes resources of that type; whether anybody does is seen when one is made.

    >>> maker_of("AWS::ApiGatewayV2::Route").replaces({"RouteKey": "a"}, {"RouteKey": "b"})
    False
    """
    return _KNOWN.get(type_name) or MotoType(type_name)
