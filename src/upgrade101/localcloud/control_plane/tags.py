"""Tags of APIs, stages and domains: moto keeps them, for any ARN; here the ARN has to lead somewhere."""

from __future__ import annotations

import re
from typing import Any

from .alike import Answer, Call
from .operations import Document
from .refusals import BadRequest, NotFound

_ARN = re.compile(
    r"arn:[\w-]+:apigateway:[\w-]+::/(?P<kind>apis|domainnames|vpclinks)/(?P<id>[^/]+)(/stages/(?P<stage>[^/]+))?"
)
_MOST = 50
_RESERVED = "aws:"


def answer(call: Call) -> Answer:
    """Do what was asked; raises a Refusal."""
    arn = call.params["resource-arn"]
    _find(call, arn)
    if call.operation.name == "GetTags":
        return {"tags": call.backend.get_tags(arn)}
    if call.operation.name == "UntagResource":
        call.backend.untag_resource(arn, [value for name, value in call.pairs if name == "tagKeys"])
        return None
    tags = call.body().get("tags", {})
    check(tags, call.backend.get_tags(arn))
    call.backend.tag_resource(arn, tags)
    return {}


def check(tags: Document, before: Document) -> None:
    """Refuse too many tags, and keys that AWS keeps for itself. [O]"""
    for key in tags:
        if key.lower().startswith(_RESERVED) or not 1 <= len(key) <= 128:
            raise BadRequest(
                f"Invalid tag key specified: {key!r}. It has 1 to 128 characters and no {_RESERVED!r} first"
            )
    if len({**before, **tags}) > _MOST:
        raise BadRequest(f"Invalid tags specified: a resource has {_MOST} tags at most")


def _find(call: Call, arn: str) -> None:
    """Raise NotFound where an ARN leads nowhere, and BadRequest where it is none."""
    match = _ARN.fullmatch(arn)
    if match is None:
        raise BadRequest(f"Invalid ARN specified in the request: ResourceArn {arn}")
    backend: Any = call.backend
    held = {"apis": backend.apis, "domainnames": backend.domain_names, "vpclinks": backend.vpc_links}[match["kind"]]
    found = held.get(match["id"])
    if found is None:
        raise NotFound(f"Invalid {_NAMES[match['kind']]} identifier specified {match['id']}")
    if match["stage"] and match["stage"] not in getattr(found, "stages", {}):
        raise NotFound.of("Stage", match["stage"])


_NAMES = {"apis": "API", "domainnames": "domain name", "vpclinks": "VpcLink"}
