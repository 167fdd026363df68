"""How a kernel hands answers over, and runs its functions when it is asked to. It judges nothing.

Whatever is said here may be forged by the submission, and may be so: it only says what the answers are.
"""

from __future__ import annotations

import asyncio
import base64
import inspect
import itertools
import json
import linecache
import os
import socket
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from upgrade101.course.trial import unwritten
from upgrade101.deploy import Api
from upgrade101.gateway.errors import Upgrade101Error

from .names import MIME

_DEPTH = 8
_LONG = 200

_kept: dict[int, Any] = {}
_serial = itertools.count(1)


def hand_over(*answers: Any) -> None:
    """Say what the answers to an exercise are."""
    _say({"answers": [encode(answer) for answer in answers]})


async def call(key: int, arguments: str, variables: str) -> None:
    """Run one of the functions that were handed over, on the bench, and say what it returned or raised."""
    positional, named = json.loads(arguments)
    try:
        with _Bench(json.loads(variables)):
            given = [decode(each) for each in positional]
            found = await _run(_kept[key], given, {name: decode(each) for name, each in named.items()})
        _say({"returned": encode(found)})
    except Exception as error:
        _say({"raised": _raised(error)})


async def _run(function: Any, positional: list[Any], named: dict[str, Any]) -> Any:
    """Run a function in a thread of its own, as a check does in a notebook: it may block, or run a loop."""
    if inspect.iscoroutinefunction(function):
        return await function(*positional, **named)
    found = await asyncio.to_thread(function, *positional, **named)
    return await found if inspect.isawaitable(found) else found


class _Bench:
    """Let plain boto3 work in the bench's account."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def __enter__(self) -> None:
        self._before = {name: os.environ.get(name) for name in self._variables}
        self._session = boto3.DEFAULT_SESSION
        os.environ.update(self._variables)
        boto3.DEFAULT_SESSION = None

    def __exit__(self, *_: object) -> None:
        boto3.DEFAULT_SESSION = self._session
        for name, value in self._before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _say(what: dict[str, Any]) -> None:
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    shell.display_pub.publish(data={MIME: json.dumps(what), "text/plain": ""})


def _raised(error: BaseException) -> dict[str, Any]:
    said = {"type": type(error).__name__, "message": str(error)[:2000], "lines": _own_lines(error)}
    if isinstance(error, Upgrade101Error):
        said["hint"] = str(error.hint)
    if isinstance(error, ClientError):
        said |= {"code": _code_of(error), "operation": str(error.operation_name)}
    return said


def _code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _own_lines(error: BaseException) -> list[str]:
    """Return the notebook's own lines on the way to an error, the last three."""
    lines, trace = [], error.__traceback__
    while trace is not None:
        file, number = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        if "ipykernel_" in file or file.startswith("<ipython"):
            lines.append(f"line {number}: {linecache.getline(file, number).strip()}"[:_LONG])
        trace = trace.tb_next
    return lines[-3:]


def stay_here(port: int) -> None:
    """Refuse every address but the grader's to Python's sockets. A wall of paper: it holds mistakes, not attacks."""

    def guarded(original: Any) -> Any:
        def connect(self: Any, address: Any) -> Any:
            if isinstance(address, tuple) and (address[0] not in _LOOPBACK or address[1] != port):
                raise OSError(f"there is no network here but 127.0.0.1:{port}, and something asked for {address}")
            return original(self, address)

        return connect

    plain: Any = socket.socket
    plain.connect, plain.connect_ex = guarded(plain.connect), guarded(plain.connect_ex)


_LOOPBACK = ("127.0.0.1", "localhost", "::1")


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def encode(value: Any, depth: int = 0) -> Any:
    """Return a value in JSON: plain data as it is, functions by name and source, other things by what they look like.

    >>> encode({"a": (1, b"x")})
    {'dict': [['a', {'tuple': [1, {'bytes': 'eA=='}]}]]}
    """
    if value is None or isinstance(value, bool | int | float | str):
        return _plain(value)
    if value is ...:
        return {"hole": True}
    if depth > _DEPTH:
        return _object(value)
    if isinstance(value, bytes | bytearray):
        return {"bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, Api):
        return {"api": [value.api_id, value.endpoint, value.stage_name]}
    if isinstance(value, Mapping):
        return {"dict": [[encode(key, depth + 1), encode(each, depth + 1)] for key, each in value.items()]}
    for kind, name in ((list, "list"), (tuple, "tuple"), (set, "set"), (frozenset, "set")):
        if isinstance(value, kind):
            return {name: [encode(each, depth + 1) for each in value]}
    return _function(value) if inspect.isroutine(value) else _object(value)


def _plain(value: Any) -> Any:
    """Return a scalar as its own type's: a subclass may pretend anything."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return None


def _function(value: Any) -> dict[str, Any]:
    return {
        "function": {
            "key": _keep(value),
            "name": str(getattr(value, "__name__", "")),
            "source": _source(value),
            "async": inspect.iscoroutinefunction(value),
            "unwritten": unwritten(value),
            "repr": repr(value)[:_LONG],
        }
    }


def _object(value: Any) -> dict[str, Any]:
    said = {"type": type(value).__name__, "repr": repr(value)[:_LONG]}
    if isinstance(value, Path):
        return {"path": str(value)}
    if callable(value):
        return {"object": {**said, "key": _keep(value)}}
    return {"object": said}


def _keep(value: Any) -> int:
    key = next(_serial)
    _kept[key] = value
    return key


def _source(function: Any) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return "".join(linecache.getlines(code.co_filename)) if code is not None else ""


def decode(said: Any) -> Any:
    """Return a value from the grader: plain data, or a client of boto3."""
    if not isinstance(said, dict):
        return said
    (kind, what), *_ = said.items()
    match kind:
        case "dict":
            return {decode(key): decode(each) for key, each in what}
        case "list" | "tuple" | "set":
            kinds: dict[str, type[Any]] = {"list": list, "tuple": tuple, "set": set}
            return kinds[kind](decode(each) for each in what)
        case "bytes":
            return base64.b64decode(what)
        case "decimal":
            return Decimal(what)
        case "datetime":
            return datetime.fromisoformat(what)
        case "api":
            api_id, endpoint, stage_name = what
            return Api(api_id, endpoint, stage_name, boto3)
        case "client":
            service, endpoint = what
            return boto3.client(service, endpoint_url=endpoint) if endpoint else boto3.client(service)
        case "table":
            return boto3.resource("dynamodb").Table(what)
        case "session":
            return boto3.Session()
    return _kept[said["function"]["key"]]
