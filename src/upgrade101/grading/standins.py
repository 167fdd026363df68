"""What stands in the marker for what a submission handed over: plain data, and functions that are not here.

A stand-in for a function has its name and the source of its cell, which is all that deploying it takes. Who calls it
has the kernel run it. Nothing of the submission's is executed here.
"""

from __future__ import annotations

import asyncio
import base64
import builtins
import itertools
import linecache
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import FunctionType
from typing import Any

import boto3
from botocore.exceptions import ClientError

from ..deploy import Api

Caller = Callable[[int, Any, Any], Any]
"""Runs a function in the kernel: its key, encoded positional and named arguments."""

MOST_SOURCE = 200_000
_DEPTH = 20
_NO_SOURCE = "the function stands in no cell of the notebook"
_serial = itertools.count(1)


class Forged(Exception):
    """The kernel said what no answer can be."""


class Stranger:
    """Something that cannot travel; it only looks like itself."""

    def __init__(self, type_name: str, looks: str) -> None:
        self._type_name, self._looks = type_name, looks

    def __repr__(self) -> str:
        return self._looks or f"a {self._type_name}"


class StandIns:
    """Makes stand-ins; ``call`` runs a function in the kernel, and ``sources`` are the cells of the submission."""

    def __init__(self, call: Caller, sources: AbstractSet[str]) -> None:
        self._call = call
        self._sources = {source.strip() for source in sources}

    def answer(self, said: Any) -> Any:
        """Return what an exercise's check gets: one answer, a tuple of several, or nothing. Raises Forged."""
        if not isinstance(said, list):
            raise Forged("it is no list of answers")
        answers = [self.decode(each) for each in said]
        return answers[0] if len(answers) == 1 else tuple(answers) or None

    def decode(self, said: Any, depth: int = 0) -> Any:
        """Return a value that the kernel has encoded. Raises Forged."""
        if said is None or isinstance(said, bool | int | float | str):
            return said
        if not isinstance(said, dict) or len(said) != 1 or depth > _DEPTH:
            raise Forged("it is no value")
        ((kind, what),) = said.items()
        try:
            return self._decode(str(kind), what, depth + 1)
        except (TypeError, ValueError, KeyError, AttributeError, InvalidOperation) as error:
            raise Forged(f"it is no {str(kind)[:30]}: {type(error).__name__}") from None

    def _decode(self, kind: str, what: Any, depth: int) -> Any:
        match kind:
            case "hole":
                return ...
            case "list" | "tuple" | "set":
                return _COLLECTIONS[kind](self.decode(each, depth) for each in _list(what))
            case "dict":
                return {self.decode(key, depth): self.decode(value, depth) for key, value in _list(what)}
            case "bytes":
                return base64.b64decode(what)
            case "decimal":
                return Decimal(what)
            case "datetime":
                return datetime.fromisoformat(what)
            case "path":
                return Path(str(what))
            case "api":
                api_id, endpoint, stage_name = map(str, what)
                return Api(api_id, endpoint, stage_name, boto3)
            case "function":
                return self._function(what)
            case "object":
                return self._object(what)
        raise Forged(f"a {kind[:30]} cannot be an answer")

    def _object(self, what: Mapping[str, Any]) -> Any:
        if "key" in what:
            return self._function({"name": "answer", "source": "", **what})
        return Stranger(str(what["type"])[:100], str(what["repr"])[:200])

    def _function(self, what: Mapping[str, Any]) -> FunctionType:
        """Return a function with the name and source of the submission's, which the kernel runs when it is called."""
        name, key = str(what["name"]), int(what["key"])
        if not name.isidentifier():
            name = "answer"
        if what.get("unwritten"):
            return _renamed(_unwritten, name, "")
        source = str(what["source"])[:MOST_SOURCE]

        def stand_in(*positional: Any, **named: Any) -> Any:
            return self._run(key, positional, named)

        async def later(*positional: Any, **named: Any) -> Any:
            return await asyncio.to_thread(self._run, key, positional, named)

        made = later if what.get("async") else stand_in
        return _renamed(made, name, source if self.is_theirs(source) else _refusal(name))

    def is_theirs(self, source: str) -> bool:
        """Tell whether a source stands in a cell of the submission, whole or below a magic of its own."""
        source = source.strip()
        return source in self._sources or any(source in cell for cell in self._sources if cell.startswith("%%"))

    def _run(self, key: int, positional: Sequence[Any], named: Mapping[str, Any]) -> Any:
        given = [encode(each) for each in positional], {name: encode(each) for name, each in named.items()}
        said = self._call(key, *given)
        if isinstance(said, dict) and "raised" in said:
            raise _error(said["raised"], [*positional, *named.values()])
        if not isinstance(said, dict) or "returned" not in said:
            raise Forged("it returned nothing that can be read")
        return self.decode(said["returned"])


_COLLECTIONS: dict[str, Callable[..., Any]] = {"list": list, "tuple": tuple, "set": set}


def _list(what: Any) -> list[Any]:
    if not isinstance(what, list):
        raise TypeError
    return what


def _unwritten(event: Any, context: Any) -> Any: ...


def _renamed(function: Callable[..., Any], name: str, source: str) -> FunctionType:
    """Return a function under another name, whose source is found where Python looks for it."""
    assert isinstance(function, FunctionType)
    file = f"<submission {next(_serial)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    code = function.__code__.replace(co_filename=file, co_name=name)
    made = FunctionType(code, function.__globals__, name, function.__defaults__, function.__closure__)
    made.__qualname__ = name
    return made


def _refusal(name: str) -> str:
    """Return the source of a function that says why it is not the submission's."""
    return f"def {name}(event, context):\n    raise LookupError({_NO_SOURCE!r})\n"


def _error(said: Any, given: Sequence[Any]) -> Exception:
    """Return an error like the one that the kernel tells of: a check may catch it by its class."""
    said = said if isinstance(said, dict) else {}
    name, message = str(said.get("type", "")), str(said.get("message", ""))[:2000]
    lines = said.get("lines")
    if isinstance(lines, list) and lines:
        message += f" (at {str(lines[-1])[:200]})"
    kind: Any = _class_of(name, said, given)
    made = type(name if name.isidentifier() else kind.__name__, (kind,), {"__str__": lambda self: message})
    found: Any = made.__new__(made, message)
    found.args = (message,)
    raised: Exception = found
    return raised


def _class_of(name: str, said: Mapping[str, Any], given: Sequence[Any]) -> type[Exception]:
    """Return the class of an error: the client's own for an error of AWS, Python's own, or any."""
    if "code" in said:
        for value in given:
            if hasattr(getattr(value, "meta", None), "service_model"):
                of_client: type[Exception] = value.exceptions.from_code(str(said["code"]))
                return of_client
        of_any: type[Exception] = ClientError
        return of_any
    kind: Any = getattr(builtins, name, Exception)
    known: type[Exception] = kind if isinstance(kind, type) and issubclass(kind, Exception) else Exception
    return known


# ── what travels to the kernel ───────────────────────────────────────────────────────────────────────────────────────


def encode(value: Any) -> Any:
    """Return an argument in JSON. Raises TypeError for what cannot travel.

    >>> encode({"order": "arn:aws:lambda:us-east-1:1:function:order"})
    {'dict': [['order', 'arn:aws:lambda:us-east-1:1:function:order']]}
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, Api):
        return {"api": [value.api_id, value.endpoint, value.stage_name]}
    if isinstance(value, Mapping):
        return {"dict": [[encode(key), encode(each)] for key, each in value.items()]}
    for kind, name in ((list, "list"), (tuple, "tuple"), (set, "set")):
        if isinstance(value, kind):
            return {name: [encode(each) for each in value]}
    return _encode_aws(value)


def _encode_aws(value: Any) -> Any:
    if isinstance(value, boto3.Session) or value is boto3:
        return {"session": True}
    meta: Any = getattr(value, "meta", None)
    if hasattr(meta, "service_model") and hasattr(meta, "endpoint_url"):
        endpoint = meta.endpoint_url if "execute-api" in meta.endpoint_url else ""
        return {"client": [meta.service_model.service_name, endpoint]}
    if getattr(meta, "service_name", "") == "dynamodb" and hasattr(value, "table_name"):
        return {"table": value.table_name}
    raise TypeError(f"a {type(value).__name__} cannot be handed to the submission")
