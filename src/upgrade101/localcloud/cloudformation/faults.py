"""What stops a resource, or a whole request."""

from __future__ import annotations

from moto.cloudformation.exceptions import CloudFormationError, ValidationError

from ..control_plane.refusals import Refusal

_HANDLER_CODES = {404: "NotFound", 409: "AlreadyExists", 429: "Throttling"}


class Fault(Exception):
    """Say in a stack event why a resource cannot be made, changed or deleted."""


class Gone(Exception):
    """The resource has been deleted already, by whomever."""


class MissingCapability(CloudFormationError):
    """A template needs the caller's word for what it does."""

    code = "InsufficientCapabilitiesException"

    def __init__(self, capability: str) -> None:
        super().__init__(f"Requires capabilities : [{capability}]")


def bad_template(message: str) -> ValidationError:
    """Return the refusal of a request, as CloudFormation words it.

    >>> bad_template("Template format error: YAML not well-formed.").message
    'Template format error: YAML not well-formed.'
    """
    return ValidationError(message=message)


def not_emulated(what: str, *, hint: str) -> Fault:
    """Return the fault that AWS does this and we do not.

    >>> str(not_emulated("AWS::ECS::Service", hint="run this on AWS"))
    'NotEmulated: AWS::ECS::Service → run this on AWS'
    """
    return Fault(f"NotEmulated: {what} → {hint}")


def refused(refusal: Refusal) -> Fault:
    """Return the fault that API Gateway refused, in the words of a resource handler."""
    if refusal.code == 501:
        return not_emulated(refusal.message, hint="run this on AWS")
    said = f"{refusal.message} (Service: ApiGatewayV2, Status Code: {refusal.code})"
    code = _HANDLER_CODES.get(refusal.code, "InvalidRequest")
    return Fault(f'Resource handler returned message: "{said}" (HandlerErrorCode: {code})')
