"""Every quota and timeout of a WebSocket API, each with where it comes from.

Sources (read November 2026; base ``https://docs.aws.amazon.com/apigateway/latest/developerguide/``):

- D-quotas ``apigateway-execution-service-websocket-limits-table.html``
- D-lambda-auth ``apigateway-websocket-api-lambda-auth.html``
- D-quotas-acct ``limits.html``
- M-apigwv2, M-mgmt: the service models ``apigatewayv2`` and ``apigatewaymanagementapi`` in botocore
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from .errors import ConfigurationError

KB = 1024

FRAME_BYTES = 32 * KB  # D-quotas: one frame, else close 1009
MESSAGE_BYTES = 128 * KB  # D-quotas: one message, else close 1009; M-mgmt: 413 for a post
URL_CHARACTERS = 4096  # D-quotas
HEADER_BYTES = 10_240  # all request headers together; AWS documents 10,240 for REST APIs, and we take it over
INTEGRATION_MILLIS_MIN = 50  # M-apigwv2
INTEGRATION_MILLIS_MAX = 29_000  # D-quotas, also the default
AUTHORIZER_RESULT_BYTES = 8 * KB  # D-lambda-auth
ROUTES_PER_API = 300  # D-quotas
INTEGRATIONS_PER_API = 300  # D-quotas
STAGES_PER_API = 10  # D-quotas
AUTHORIZERS_PER_API = 10  # D-quotas
SIGNATURE_MINUTES = 5  # how far a signature's time may be off; measured on AWS, presigned URLs included
MAPPING_TEMPLATE_BYTES = 300 * KB  # D-quotas; the names of shapes in M-apigwv2 say 32 KB
ACCESS_LOG_FORMAT_BYTES = 3 * KB  # D-quotas; M-apigwv2 says 1,024
THROTTLING_RATE_LIMIT, THROTTLING_BURST_LIMIT = 10_000.0, 5_000  # of a stage that says nothing else; D-deploy

# Ours, not AWS's:
LENIENT_JSON_CHARACTERS = 512  # longer text is read as strict JSON only: the lenient reader is slow
MESSAGES_IN_FLIGHT = 200  # per connection; beyond it the gateway stops reading until a function has answered
TARGET_CHARACTERS = 32 * KB  # of a request that is no upgrade: presigned and paged URLs of AWS APIs are long
HTTP_BODY_BYTES = 64 * KB * KB  # a Lambda zip in one request to the endpoint


def is_too_long(text: str) -> bool:
    """Tell whether a message has more bytes than one may have.

    >>> is_too_long("x" * MESSAGE_BYTES), is_too_long("é" * MESSAGE_BYTES)
    (False, True)
    """
    return len(text) > MESSAGE_BYTES // 4 and len(text.encode("utf-8", "replace")) > MESSAGE_BYTES


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that a test or a lesson may set: times in seconds, and the quotas of an account, which are off.

    AWS has 500 new connections a second, and 10,000 requests (connections, messages and calls of ``@connections``
    together) with half as many at once; it raises both where it is asked to, and here None lifts them altogether.
    Raises ConfigurationError for what is no limit.

    >>> Limits().idle_seconds, Limits().max_duration_seconds
    (600.0, 7200.0)
    """

    idle_seconds: float = 600.0  # D-quotas: no message in either direction for 10 minutes
    max_duration_seconds: float = 7200.0  # D-quotas: 2 hours
    close_seconds: float = 10.0  # ours: how long the peer may take to answer a close frame
    handshake_seconds: float = 10.0  # ours: how long a peer may take to send its request head
    connections_per_second: float | None = None  # of an account in a region; D-quotas: 500
    requests_per_second: float | None = None  # of an account in a region; D-quotas-acct: 10,000, and 5,000 at once

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if value is None and each.default is None:
                continue
            if not isinstance(value, int | float) or not (math.isfinite(value) and value > 0):
                raise ConfigurationError(f"{each.name}={value} is no limit", hint="a number above 0")
