"""What is created besides the kinds that the course knows."""

from __future__ import annotations

from typing import Any

from .catalogue import CREATING
from .kinds import Kind, Parameters, Tags


class Unknown(Kind):
    """Whatever else is created: written down and tagged, so that it is named; to delete it is left to a human."""

    rank = 0
    deletes = ""
    actions = ()

    def __init__(self, service: str, creates: str, input_shape: Any) -> None:
        members = input_shape.members if input_shape else {}
        takes = [] if creates in _REFUSES_OTHER_TAGS else ["Tags", "tags"]
        tagged_in = next((name for name in takes if name in members and _takes_tags(members[name])), "")
        # shadowing what the other kinds have in their classes
        vars(self).update(
            service=service,
            creates=creates,
            noun=f"{service} {creates.removeprefix('Create')}",
            tagged_in=tagged_in,
            tags_are_pairs=bool(tagged_in) and members[tagged_in].type_name == "list",
        )

    def asked(self, parameters: Parameters) -> str:
        names = (str(value) for key, value in parameters.items() if key.lower().endswith(("name", "bucket")))
        return next(names, "")

    def made(self, parameters: Parameters, answer: Parameters) -> str:
        return self.asked(parameters)

    def gone(self, parameters: Parameters) -> str:
        return ""

    def tags(self, client: Any, name: str) -> Tags:
        return {}

    def remove(self, client: Any, name: str) -> None:
        raise NotImplementedError(self.noun)


def _takes_tags(shape: Any) -> bool:
    """Tell whether a parameter takes tags as a map, or as pairs of Key and Value, as most do."""
    if shape.type_name == "list":
        return {"Key", "Value"} <= set(getattr(shape.member, "members", ()))
    return bool(shape.type_name == "map")


_REFUSES_OTHER_TAGS = frozenset({"CreateTopic"})  # where one is there already, which is no error otherwise

_PARTS = frozenset(
    {
        "CreateAlias",
        "CreateApiMapping",
        "CreateAuthorizer",
        "CreateBasePathMapping",
        "CreateDeployment",
        "CreateDocumentationPart",
        "CreateDocumentationVersion",
        "CreateFunctionUrlConfig",
        "CreateIntegration",
        "CreateIntegrationResponse",
        "CreateLogStream",
        "CreateModel",
        "CreateMultipartUpload",
        "CreatePolicyVersion",
        "CreateRequestValidator",
        "CreateResource",
        "CreateRoute",
        "CreateRouteResponse",
        "CreateRoutingRule",
        "CreateSession",
        "CreateStage",
        "CreateUsagePlanKey",
    }
)
"""What is created inside of something, and goes with it."""


def creating(service: str, operation: str, input_shape: Any) -> Kind | None:
    """Return the kind that an operation creates; None where it creates nothing of its own."""
    kind: Kind | None = CREATING.get((service, operation))
    if kind is None and operation.startswith("Create") and operation not in _PARTS:
        return Unknown(service, operation, input_shape)
    return kind
