"""What API Gateway itself answers for a REST API: its gateway responses, and what only this local one says.

Statuses and words: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

import json

from ...gateway.ports import HttpResponse, Outcome

NOT_EMULATED = 501


class GatewayResponse(Exception):
    """API Gateway answers by itself: raised wherever a request cannot go on.

    ``outcome`` is what became of the function, where there was one: not for the client, but for an observer.
    """

    def __init__(self, status: int, message: str, error_type: str, outcome: Outcome | None = None) -> None:
        super().__init__(message)
        self.payload = outcome.payload if outcome else None
        self.error = outcome.error if outcome else ""
        self.not_invoked = outcome.not_invoked if outcome else status == NOT_EMULATED
        self.status = status
        self.message = message
        self.error_type = error_type

    def response(self) -> HttpResponse:
        """Return the HTTP response, a small JSON document with AWS's header for the error type."""
        separators = (",", ": " if self.status >= 500 else ":")  # byte for byte: AWS puts a space into the 5xx only
        body = json.dumps({"message": self.message}, ensure_ascii=False, separators=separators).encode()
        return HttpResponse(
            self.status, body, [("Content-Type", "application/json"), ("x-amzn-ErrorType", self.error_type)]
        )


def forbidden() -> GatewayResponse:
    """No such API or stage, or no valid API key."""
    return GatewayResponse(403, "Forbidden", "ForbiddenException")


def missing_authentication_token() -> GatewayResponse:
    """No such resource or method, or an unsigned request where IAM authorization is wanted."""
    return GatewayResponse(403, "Missing Authentication Token", "MissingAuthenticationTokenException")


def unsupported_media_type() -> GatewayResponse:
    """No mapping template fits the request's content type, and none may be passed through."""
    return GatewayResponse(415, "Unsupported Media Type", "BadRequestException")


def too_large(limit: int) -> GatewayResponse:
    """Refuse a request body beyond the quota (in bytes)."""
    return GatewayResponse(413, f"HTTP content length exceeded {limit} bytes.", "RequestEntityTooLargeException")


def misconfigured(outcome: Outcome | None = None) -> GatewayResponse:
    """Answer 500: the API's configuration does not work, which includes that the function may not be called."""
    return GatewayResponse(500, "Internal server error", "InternalServerErrorException", outcome)


def bad_gateway(outcome: Outcome | None = None) -> GatewayResponse:
    """Answer 502: the function failed, or its answer is malformed."""
    return GatewayResponse(502, "Internal server error", "InternalServerErrorException", outcome)


def timed_out() -> GatewayResponse:
    """Answer 504: the integration took longer than its timeout."""
    return GatewayResponse(504, "Endpoint request timed out", "InternalServerErrorException")


def unreachable() -> GatewayResponse:
    """Answer 504: nobody listens at the integration's URI."""
    return GatewayResponse(504, "Network error communicating with endpoint", "InternalServerErrorException")


def not_emulated(what: str, instead: str) -> GatewayResponse:
    """Answer 501, which API Gateway never does: AWS can do this, the local cloud cannot."""
    return GatewayResponse(NOT_EMULATED, f"{what} is not emulated by the local cloud. {instead}", "NotEmulated")
