"""Who signed a request, and what IAM lets them do: for AWS_IAM at the door, and for ``@connections`` over HTTP."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import sigv4
from .happenings import failed
from .policy import ALLOW, DENY, IDENTITY_BASED, RESOURCE_BASED, Malformed, Question, decide, reason
from .ports import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from .clock import Clock
    from .definition import Stage
    from .ports import Caller, Identities

log = logging.getLogger("upgrade101.gateway")

MANAGE = "execute-api:ManageConnections"
_CODES = {
    sigv4.INVALID_TOKEN: "UnrecognizedClientException",
    sigv4.FOREIGN_TOKEN: "UnrecognizedClientException",
    sigv4.EXPIRED_TOKEN: "ExpiredTokenException",
}


def check_key(
    signature: sigv4.Signature, caller: Caller | None, requests: Sequence[sigv4.Request], now: float
) -> Caller:
    """Return who signed; raises sigv4.Refused where the key, its session or the signature itself is no good."""
    if caller is None or (caller.session_token and not signature.session_token):
        raise sigv4.Refused(sigv4.INVALID_TOKEN)
    if not sigv4.same(signature.session_token, caller.session_token):
        raise sigv4.Refused(sigv4.FOREIGN_TOKEN)
    if now >= caller.expires_at:
        raise sigv4.Refused(sigv4.EXPIRED_TOKEN)
    sigv4.check_value(signature, requests, caller.secret_access_key)
    return caller


def decision(caller: Caller, account_id: str, question: Question) -> tuple[str, str]:
    """Return what is decided, Allow, Deny or '', and by which kind of policy; what limits somebody must allow too."""
    if caller.account_id != account_id:  # a WebSocket API has no resource policy that could let others in
        return "", RESOURCE_BASED
    asked = {kind: (document,) for kind, document in caller.limits.items()}
    if caller.policies is not None:
        asked[IDENTITY_BASED] = caller.policies
    for kind, documents in asked.items():
        decided = _decided(documents, question, caller)
        if decided != ALLOW:
            return decided, kind
    return ALLOW, ""


def _decided(policies: Iterable[Any], question: Question, caller: Caller) -> str:
    try:
        return decide(policies, question)
    except Malformed as fault:
        log.warning("a policy of %s cannot be read: %s", caller.arn, fault)
        return ""


def denial(caller: Caller, stage: Stage, question: Question) -> str:
    """Say who may not do what; AWS shows the last four digits of the account alone."""
    arn = question.resource.replace(stage.account_id, f"********{stage.account_id[-4:]}", 1)
    return f"User: {caller.arn} is not authorized to perform: {question.action} on resource: {arn}"


def facts(now: float, region: str, source_ip: str, user_agent: str | None, caller: Caller | None) -> dict[str, str]:
    """Return the condition keys of a request, by name in lower case."""
    found = {
        "aws:sourceip": source_ip,
        "aws:securetransport": "true",
        "aws:currenttime": datetime.fromtimestamp(int(now), UTC).isoformat(),
        "aws:epochtime": str(int(now)),
        "aws:requestedregion": region,
    }
    if user_agent is not None:
        found["aws:useragent"] = user_agent
    return found | (_facts(caller) if caller else {})


def _facts(caller: Caller) -> dict[str, str]:
    """Return the condition keys of a caller; the principal of a role's session is the role."""
    role = caller.arn.partition(":assumed-role/")[2].partition("/")[0]
    arn = f"arn:aws:iam::{caller.account_id}:role/{role}" if role else caller.arn
    user = {"aws:username": caller.user_name} if caller.user_name else {}
    return {"aws:userid": caller.caller_id, "aws:principalarn": arn, "aws:principalaccount": caller.account_id, **user}


# ── @connections ─────────────────────────────────────────────────────────────────────────────────────────────────────


def stranger(request: HttpRequest, stage: Stage, identities: Identities | None, clock: Clock) -> HttpResponse | None:
    """Refuse a call of ``@connections`` over HTTP that is not signed, is signed wrongly, or may not be made.

    A key that nobody knows may do everything, as everywhere at a local endpoint, whatever it signed; those for testing
    may where they did sign this request, for whatever region; and so may a role without any policy. https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html
    """
    signed = sigv4.Request(request.target, request.headers, request.method, request.body)
    try:
        signature = sigv4.signature_of(signed)
    except sigv4.Refused as refused:
        return _forbidden("IncompleteSignatureException", str(refused))
    if signature is None:
        return _forbidden("MissingAuthenticationTokenException", sigv4.MISSING)
    try:
        caller = identities(signature.access_key_id) if identities else None
    except Exception as fault:
        failed(log, "the identities port", stage.api_id, fault)
        return _answer(500, "InternalServerErrorException", "Internal server error")
    if caller is None:
        return None
    now = clock.now() - clock.ahead  # by the machine's time, which is all that another process knows
    try:
        _check_time(signature, now, clock.now())
        if caller.is_root:
            sigv4.check_value(signature, [signed], caller.secret_access_key)
            return None
        sigv4.check_scope(signature, stage.region)
        check_key(signature, caller, [signed], now)
    except sigv4.Refused as refused:
        log.warning("refused %s of @connections to %s: %s", request.method, caller.arn, refused)
        return _forbidden(_CODES.get(str(refused), "InvalidSignatureException"), str(refused))
    return _denied(request, stage, caller, clock.now())


def _check_time(signature: sigv4.Signature, machine: float, ours: float) -> None:
    """Raise sigv4.Refused where a signature fits neither the machine's time nor the gateway's."""
    try:
        sigv4.check_time(signature, machine)
    except sigv4.Refused:
        sigv4.check_time(signature, ours)


def _denied(request: HttpRequest, stage: Stage, caller: Caller, now: float) -> HttpResponse | None:
    if not (caller.policies or caller.limits or caller.user_name) and caller.account_id == stage.account_id:
        return None  # a role of which nobody has said what it may do, as tests of functions have it
    known = facts(now, stage.region, request.client[0], request.header("user-agent") or None, caller)
    question = Question(stage.arn(f"{request.method}/@connections/{{connectionId}}"), MANAGE, known)
    decided, kind = decision(caller, stage.account_id, question)
    if decided == ALLOW:
        return None
    message = denial(caller, stage, question) + (f" {reason(decided, kind)}" if decided == DENY else "")
    log.warning("refused: %s", message)
    return _forbidden("AccessDeniedException", message)


def _forbidden(kind: str, message: str) -> HttpResponse:
    return _answer(403, kind, message)


def _answer(status: int, kind: str, message: str) -> HttpResponse:
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", kind)]
    return HttpResponse(status, json.dumps({"message": message}).encode(), headers)
