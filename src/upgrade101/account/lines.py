"""The lines that Lambda writes into a function's log, in its text format and in its JSON format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ..gateway.happenings import Logged

_PLATFORM = re.compile(r"(START|END|REPORT) RequestId: (\S+)(.*)", re.DOTALL)
_FAILS = re.compile(r"\[ERROR\]|Task timed out|\S+ (?:\S+ )?Task timed out|RequestId: \S+ Error")
_FIGURE = re.compile(r"(?<!Billed )(Init Duration|Duration): ([\d.]+) ms")


def read(name: str, message: str, at: float) -> Iterator[Logged]:
    """Return what an event of a function's log says; nothing for what Lambda says of itself.

    >>> [told.text for told in read("echo", "REPORT RequestId: 7 Duration: 9.23 ms Init Duration: 90.00 ms", 0.0)]
    ['ended after 9.23 ms, 90.00 ms to start before']
    >>> [(told.what, told.text) for told in read("echo", "[ERROR] KeyError: 'body'", 0.0)]
    [('failed', "[ERROR] KeyError: 'body'")]
    """
    text = message.rstrip("\n")
    said = _json(text)
    if "type" in said and str(said["type"]).startswith("platform."):
        yield from _platform(name, str(said["type"]).partition(".")[2], said.get("record") or {}, at)
        return
    if found := _PLATFORM.match(text):
        kind, request_id, rest = found.groups()
        if kind == "START":
            yield Logged(at=at, function=name, request_id=request_id, what="started", text="started")
        elif kind == "REPORT":
            figures = dict(_FIGURE.findall(rest))
            yield _ended(name, request_id, figures.get("Duration", ""), figures.get("Init Duration", ""), at)
    elif text.strip() and not text.startswith(("INIT_START", "INIT_REPORT", "EXTENSION", "TELEMETRY")):
        if said:
            text = _said(said)
        fails = bool(_FAILS.match(text)) or said.get("level") in ("ERROR", "CRITICAL", "FATAL")
        request_id = str(said.get("requestId") or said.get("AWSRequestId") or "")
        yield Logged(at=at, function=name, request_id=request_id, what="failed" if fails else "said", text=text)


def _json(text: str) -> dict[str, Any]:
    """Return an event of the JSON format; {} where it is none, and where a function has printed JSON of its own."""
    try:
        said = json.loads(text) if text.startswith("{") else {}
    except ValueError:
        return {}
    is_lambdas = isinstance(said, dict) and ("record" in said or {"level", "timestamp"} <= set(said))
    return said if is_lambdas else {}


def _platform(name: str, kind: str, record: dict[str, Any], at: float) -> Iterator[Logged]:
    request_id = str(record.get("requestId", ""))
    if kind == "start":
        yield Logged(at=at, function=name, request_id=request_id, what="started", text="started")
    elif kind == "report":
        figures = record.get("metrics") or {}
        yield _ended(name, request_id, figures.get("durationMs", ""), figures.get("initDurationMs", ""), at)


def _ended(name: str, request_id: str, took: Any, start: Any, at: float) -> Logged:
    text = (f"ended after {took} ms" if took else "ended") + (f", {start} ms to start before" if start else "")
    return Logged(at=at, function=name, request_id=request_id, what="ended", text=text)


def _said(said: dict[str, Any]) -> str:
    kind, message = said.get("errorType"), said.get("errorMessage") or said.get("message") or ""
    trace = "\n".join(str(line) for line in said.get("stackTrace") or ())
    return "\n".join(filter(None, [f"{kind}: {message}" if kind else str(message), trace]))
