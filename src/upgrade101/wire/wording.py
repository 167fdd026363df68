"""What clients ask and integrations answer, in the few words that an arrow has room for."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from ..gateway.documents import TIMED_OUT as TIMED_OUT_WORDS
from ..gateway.happenings import Answered, Knocked
from ..gateway.ports import TIMED_OUT
from .strings import columns, shorten

Tone = Literal["plain", "good", "bad"]

_SECRET_HEADERS = {"authorization", "cookie", "x-amz-security-token", "x-api-key"}
_SECRET_QUERY = re.compile(r"(X-Amz-(?:Security-Token|Signature|Credential)=)[^&]+", re.IGNORECASE)
_SAID = {  # what one client asks and another does not
    "origin": "Origin",
    "sec-websocket-protocol": "subprotocol",
    "authorization": "Authorization",
    "cookie": "Cookie",
}
_SAID_COLUMNS, _ASKED_COLUMNS = 16, 54
_TOO_LATE = {TIMED_OUT, f"504 {TIMED_OUT_WORDS}"}  # of an HTTP integration, and of a REST API


def compact(value: Any) -> str:
    """Return a value as one line of JSON.

    >>> compact({"statusCode": 200, "body": "grüß dich"})
    '{"statusCode": 200, "body": "grüß dich"}'
    """
    return json.dumps(value, ensure_ascii=False, default=str)


def pretty(value: Any) -> str:
    """Return a value as JSON for reading; nothing for None."""
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=str, indent=2)


# ── what a client asks ───────────────────────────────────────────────────────────────────────────────────────────────


def asked(knocked: Knocked) -> tuple[str, str]:
    """Return an upgrade request in one line, with the headers that tell clients apart, and the whole of it.

    Where there is much to tell, that it is an upgrade goes without saying: the answer says so.

    >>> asked(Knocked(at=0, path="/dev?name=Ana", headers=(("Host", "h"), ("cookie", "seat=4"))))[0]
    'GET /dev?name=Ana  Upgrade: websocket  Cookie: seat=4'
    """
    path = _SECRET_QUERY.sub(r"\1…", knocked.path)
    given = {name.lower(): value for name, value in knocked.headers}
    said = [f"{_SAID[name]}: {_brief(given[name])}" for name in _SAID if name in given]
    parts = [f"GET {path}", "Upgrade: websocket", *said]
    if said and sum(columns(part) + 2 for part in parts) - 2 > _ASKED_COLUMNS:
        del parts[1]
    head = [f"{name}: {_masked(name, value)}" for name, value in knocked.headers]
    return "  ".join(parts), "\n".join([f"GET {path} HTTP/1.1", *head])


def _brief(value: str) -> str:
    return shorten(value.removeprefix("https://"), _SAID_COLUMNS)


def _masked(name: str, value: str) -> str:
    return shorten(value, _SAID_COLUMNS) if name.lower() in _SECRET_HEADERS else value


# ── what an integration answers ──────────────────────────────────────────────────────────────────────────────────────


def too_late(answered: Answered) -> bool:
    """Tell whether this is no answer: the gateway stopped waiting, and whom it asked goes on.

    A function that Lambda has ended because its own time was over does answer.

    >>> late = Answered(at=0, request_id="1", route_key="book", target="slow", error="timeout")
    >>> too_late(late), too_late(Answered(at=0, request_id="1", route_key="book", target="f", error="Sandbox.Timedout"))
    (True, False)
    """
    return answered.error in _TOO_LATE or (answered.error == "timeout" and answered.payload is None)


def waited(answered: Answered) -> tuple[str, str]:
    """Return that the gateway stopped waiting, in one line and in full."""
    return "stopped waiting: timed out", (
        f"{TIMED_OUT_WORDS}: no answer from {answered.target} in {answered.seconds * 1000:.0f} ms.\n"
        "It may still be at work. Whatever it answers from now on reaches nobody."
    )


def answer(answered: Answered) -> tuple[str, str, Tone]:
    """Return what a function said, or how it failed: the words, the status, and how that sounds."""
    payload = answered.payload
    if answered.error:
        said = payload.get("errorMessage") if isinstance(payload, dict) else None
        return f"{answered.error}: {said}" if said else answered.error, "error", "bad"
    effect = _effect(payload)
    return compact(payload), effect, {"Allow": "good", "Deny": "bad"}.get(effect, "plain")  # type: ignore[return-value]


def http_answer(answered: Answered) -> tuple[str, str, Tone]:
    """Return what an HTTP server or an AWS service said: its body and its status."""
    payload = answered.payload
    if answered.error or not isinstance(payload, dict) or "statusCode" not in payload:
        return answer(answered)
    body = "(no text)" if payload.get("isBase64Encoded") else payload.get("body")
    return body or "(empty)", str(payload["statusCode"]), "bad" if payload["statusCode"] >= 400 else "plain"


def _effect(payload: Any) -> str:
    """Return what an authorizer's policy says: Allow, Deny, or '' where this is no policy."""
    try:
        statements = payload["policyDocument"]["Statement"]
        effects = {str(entry["Effect"]) for entry in ([statements] if isinstance(statements, dict) else statements)}
    except (KeyError, TypeError):
        return ""
    return effects.pop() if len(effects) == 1 else ""
