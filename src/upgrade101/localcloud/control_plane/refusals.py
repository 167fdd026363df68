"""AWS's refusals: the exception classes of apigatewayv2, typed so that ``client.exceptions.X`` catches them.

In process and over HTTP they look alike: a status, the header ``X-Amzn-ErrorType`` and a JSON document. The wording is
AWS's own where somebody published it (sources in ``rules.py``), else ours, and then it names the field.
"""

from __future__ import annotations

from moto.core.exceptions import JsonRESTError


class Refusal(JsonRESTError):
    """What apigatewayv2 answers instead of doing what it was asked."""

    error = "BadRequestException"

    def __init__(self, message: str) -> None:
        super().__init__(self.error, message)


class BadRequest(Refusal):
    """Say which field is wrong.

    >>> BadRequest("Invalid routeSelectionExpression").code
    400
    """

    code = 400


class NotFound(Refusal):
    """Say which identifier leads nowhere.

    >>> NotFound.of("Route", "r1").message
    'Invalid Route identifier specified r1'
    """

    code = 404
    error = "NotFoundException"

    @classmethod
    def of(cls, kind: str, identifier: str) -> NotFound:
        """Refuse an identifier of that kind."""
        return cls(f"Invalid {kind} identifier specified {identifier}".rstrip())


class Conflict(Refusal):
    """Say what stands in the way."""

    code = 409
    error = "ConflictException"


class QuotaReached(Refusal):
    """Refuse one more than the quota.

    On AWS this is a ConflictException with status 429 (github.com/anomalyco/sst/issues/4522), which botocore retries
    four times before it raises it.

    >>> QuotaReached("Stage").message
    'Maximum number of Stages for this API has been reached. Please contact AWS if you need additional Stages.'
    """

    code = 429
    error = "ConflictException"

    def __init__(self, kind: str) -> None:
        reached = f"Maximum number of {kind}s for this API has been reached."
        super().__init__(f"{reached} Please contact AWS if you need additional {kind}s.")


class NotEmulatedHere(Refusal):
    """Say that AWS does this and we do not; 501 is a status that botocore does not retry."""

    code = 501
    error = "NotImplementedException"

    def __init__(self, operation: str, hint: str = "") -> None:
        super().__init__(f"{operation} is not emulated locally{': ' + hint if hint else ''}")
