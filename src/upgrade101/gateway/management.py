"""``@connections``: post to a connection, describe it, end it. One function answers HTTP and boto3 alike.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

from __future__ import annotations

import codecs
import json
import re
from datetime import UTC, datetime

from .address import Address
from .calls import Actions
from .connection import Connection
from .core import Core
from .happenings import Managed
from .ids import is_connection_id
from .limits import MESSAGE_BYTES
from .ports import Headers, HttpResponse

CALLER = "X-Upgrade101-Function"
"""The header with which a function in another process says who calls, for those who watch."""

_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


def _replace(fault: UnicodeError) -> tuple[str, int]:
    """Put one U+FFFD for each ill-formed sequence, and one for a whole encoded surrogate, as AWS was measured to do."""
    assert isinstance(fault, UnicodeDecodeError)
    whole = _SURROGATE.match(fault.object, fault.start)
    return "\ufffd", whole.end() if whole else fault.end


codecs.register_error("upgrade101.replace", _replace)


def manage(
    core: Core,
    method: str,
    address: Address,
    body: bytes = b"",
    caller: str = "",
    stranger: HttpResponse | None = None,
) -> tuple[HttpResponse, Actions]:
    """Answer one call of the management API; the actions are for the shell to perform.

    ``caller`` is the name of the function that calls, or '' for a caller outside; ``stranger`` is the answer to one who
    may not call.
    """
    with core.lock:
        connection = core.connections.get(address.connection_id or "")
        response = stranger or _refusal(core, method, address, connection, body)
        core.observers.tell(
            Managed(
                at=core.clock.now(),
                api_id=address.api_id,
                stage=address.stage_name,
                connection_id=address.connection_id or "",
                method=method,
                status=response.status if response else _DONE[method],
                text=text_of(body),
                caller=caller,
                path="" if address.connection_id else _path(address),
            )
        )
        if response is not None or connection is None:
            return response or _error(410, "GoneException"), []
        return _do(core, method, connection, body)


def _refusal(
    core: Core, method: str, address: Address, connection: Connection | None, body: bytes
) -> HttpResponse | None:
    """Return why this call cannot be answered, or None where it can."""
    stage = core.stages.at(address)
    if stage is None:
        return _error(403, "ForbiddenException", "Forbidden")
    if address.connection_id is None:
        return _no_method(method, address)
    if core.admission.counting and core.admission.beyond_account(stage):
        return _error(429, "LimitExceededException", "Too Many Requests")
    if method not in _DONE:
        return _error(405, "MethodNotAllowedException", f"{method} is not a method of @connections")
    if not is_connection_id(address.connection_id or ""):
        return _error(400, "BadRequestException", f"Invalid connectionId: {address.connection_id}")
    if method == "POST" and len(body) > MESSAGE_BYTES:
        return _error(413, "PayloadTooLargeException", "Message too long")
    if connection is None or not connection.is_open or not _belongs(connection, address):
        return _error(410, "GoneException")
    if method == "POST" and connection.congested:
        return _error(429, "LimitExceededException", "the client does not read what it is sent")
    return None


def _no_method(method: str, address: Address) -> HttpResponse:
    """Refuse another path; with a stage's name in it below a custom domain in AWS's words."""
    if not address.domain_name:
        return _error(403, "ForbiddenException", "Forbidden")
    path = "/".join(address.rest)
    return _error(404, "NotFoundException", f"No method found matching route {path} for http method {method}.")


def _path(address: Address) -> str:
    """Return the path that was asked for, as far as the address tells: with the stage, or below a domain's mapping."""
    return "/".join(["", *([] if address.domain_name else [address.stage_name]), *address.rest])


def _belongs(connection: Connection, address: Address) -> bool:
    stage = connection.stage
    return (stage.api_id, stage.stage_name) == (address.api_id, address.stage_name)


def _do(core: Core, method: str, connection: Connection, body: bytes) -> tuple[HttpResponse, Actions]:
    match method:
        case "POST":
            return HttpResponse(_DONE[method], b"", _JSON), core.post(connection, text_of(body))
        case "DELETE":
            actions = core.close(connection, 1000, "Connection Closed Normally", "management")
            return HttpResponse(_DONE[method]), actions
    return HttpResponse(_DONE[method], _description(connection), _JSON), []


_DONE = {"POST": 200, "GET": 200, "DELETE": 204}
_JSON: Headers = [("Content-Type", "application/json")]


def text_of(body: bytes) -> str:
    """Return posted bytes as the text that the client receives.

    >>> text_of(b"caf\\xc3"), text_of(b"\\xed\\xa0\\x80!")
    ('caf\\ufffd', '\\ufffd!')
    """
    return body.decode("utf-8", "upgrade101.replace")


def _description(connection: Connection) -> bytes:
    return json.dumps(
        {
            "connectedAt": _iso(connection.connected_at),
            "identity": {"sourceIp": connection.source_ip, "userAgent": connection.user_agent},
            "lastActiveAt": _iso(connection.last_active_at),
        }
    ).encode()


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _error(status: int, kind: str, message: str = "") -> HttpResponse:
    """Return an error that botocore turns into the class of that name; a 410 has no body on AWS."""
    body = json.dumps({"message": message}).encode() if message else b""
    return HttpResponse(status, body, [*_JSON, ("x-amzn-ErrorType", kind)])
