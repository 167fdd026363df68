"""The seam with moto's Lambda: find its functions, read them, and have them run here instead of in Docker.

moto keeps functions, versions, aliases, layers and policies, and would run them in containers
(``moto.awslambda.models.LambdaFunction.invoke``). Known to fit moto 5.1.18 to 5.2.5.
"""

from __future__ import annotations

import base64
import inspect
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import boto3
import moto
from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.core.exceptions import JsonRESTError
from moto.iam.models import iam_backends
from moto.logs.models import LogsBackend, LogStream
from moto.sts.models import sts_backends

from ...gateway.errors import ConfigurationError
from . import moto_code, moto_permissions
from .specs import Document, FunctionSpec

FITS = "5.1.18 … 5.2.5"
_ACCOUNT = "123456789012"

_Function: Any = LambdaFunction
_stock = (_Function.invoke, _Function._invoke_lambda)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller of ``Invoke`` gets: JSON text, the error's type or '', the end of the log, and who it was."""

    payload: str
    error: str
    log_tail: str
    request_id: str
    version: str

    @property
    def result(self) -> Any:
        """Return the payload, read as JSON."""
        return json.loads(self.payload)


class Throttled(JsonRESTError):
    """More invocations at once than the function's reserved concurrency."""

    code = 429

    def __init__(self, function_name: str, limit: int) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.")
        reason = {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Type": "User"}
        self.description = json.dumps({**json.loads(self.description), **reason})
        self.explanation = (
            f"function {function_name} was not invoked: no more than {limit} invocations of it may run at once"
            f" → put_function_concurrency(FunctionName={function_name!r}, ReservedConcurrentExecutions=…)"
        )


class Runner(Protocol):
    """Who runs moto's functions: ``function`` is moto's own object, ``event`` JSON text."""

    def run(self, function: Any, event: str, *, client_context: Document | None = None) -> Answer:
        """Run it and wait; raises Throttled."""

    def begin(self, function: Any, event: str, *, client_context: Document | None = None) -> str:
        """Start it, return the request id."""

    def from_event_source(self, function: Any, event: str) -> None:
        """Start what an event source brings, and return at once."""


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def find(name_or_arn: str) -> Any:
    """Return moto's function of that ARN or name, with version or alias; None where it has none.

    A bare name is looked up in the default account and the region of ``AWS_DEFAULT_REGION``.
    """
    account_id, region, name = _parts(name_or_arn)
    backends: Any = lambda_backends.get(account_id)  # [] would create it, and even asking for its length takes time
    backend = None if backends is None else backends.get(region or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1")
    if backend is None:
        return None
    try:  # get_function() does the same, with a regular expression on the way
        return backend._lambdas._functions[name]["latest"]
    except (AttributeError, KeyError, TypeError):
        pass
    try:
        return backend.get_function(name)
    except (JsonRESTError, KeyError, ValueError):
        return None


@lru_cache(maxsize=1024)
def _parts(name_or_arn: str) -> tuple[str, str, str]:
    """Return account, region and name with qualifier; the region is '' where there is only a name."""
    parts = name_or_arn.split(":")
    if parts[0] == "arn" and len(parts) >= 7:
        return parts[4], parts[3], ":".join(parts[6:])
    return _ACCOUNT, "", name_or_arn


def revision(function: Any) -> tuple[Any, ...]:
    """Return what changes with every update of the code or the configuration, and with nothing else."""
    return (
        id(function.code_bytes),  # whoever compares keeps the spec, and with it these two objects, alive
        id(function.environment_vars),
        function.handler,
        function.run_time,
        function.timeout,
        function.memory_size,
        function.role,
        function.version,
        tuple([layer["Arn"] for layer in function.layers]) if function.layers else (),
    )


def obstacle(function: Any) -> str:
    """Return why a function cannot run here, and what to do instead; '' where it can."""
    name, runtime = function.function_name, function.run_time or ""
    if function.package_type == "Image":
        return (
            f"function {name} is a container image, and only zips run here → package it as a zip with a Python runtime"
        )
    if not runtime.startswith("python"):
        return (
            f"function {name} has the runtime {runtime!r}, and only Python runs here → use Runtime='python3.13', or AWS"
        )
    if not function.code_bytes:
        return (
            f"function {name} has no code here: its S3 object does not exist → upload it, or pass Code={{'ZipFile': …}}"
        )
    return ""


def spec_of(function: Any) -> FunctionSpec:
    """Return a function as it is configured now, with credentials for its role."""
    return FunctionSpec(
        function_name=function.function_name,
        function_arn=function.function_arn,
        version=str(function.version),
        account_id=function.account_id,
        region=function.region,
        handler=function.handler or "",
        runtime=function.run_time or "",
        code=function.code_bytes,
        timeout=float(function.timeout or 3),
        memory_size=int(function.memory_size or 128),
        variables=function.environment_vars,
        layers=tuple(_layer(function, layer["Arn"]) for layer in function.layers),
        credentials=_credentials(function),
    )


def _layer(function: Any, arn: str) -> bytes:
    version = lambda_backends[function.account_id][function.region].layers_versions_by_arn(arn)
    return b"" if version is None else version.code_bytes


def reserved_concurrency(function: Any) -> int | None:
    """Return how many invocations of a function, all versions together, may run at once, where that is limited."""
    if function.version != "$LATEST":  # moto's versions keep what was so when they were published
        function = find(function.function_arn.rpartition(":")[0]) or function
    limit = function.reserved_concurrency
    return None if limit is None else int(limit)


def role_exists(role_arn: str) -> bool:
    """Tell whether there is a role of that ARN; what it may do is not looked at, because moto enforces no policies."""
    account_id, pattern = role_arn.split(":")[4:6] if role_arn.count(":") >= 5 else ("", "")
    if pattern.startswith("user/"):  # arn:aws:iam::*:user/*: with the caller's own credentials
        return True
    roles = iam_backends[account_id]["aws"].roles.values() if account_id in list(iam_backends) else ()
    return any(role.arn == role_arn for role in list(roles))


def _credentials(function: Any) -> tuple[str, str, str]:
    """Assume the function's role, as Lambda does: moto then knows in whose account its calls are made."""
    role = sts_backends[function.account_id][function.partition].assume_role(
        region_name=function.region,
        role_session_name=function.function_name,
        role_arn=function.role,
        policy="",
        duration=43_200,
        external_id="",
    )
    return role.access_key_id, role.secret_access_key, role.session_token


# ── the seam ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def check() -> None:
    """Raise ConfigurationError where this moto, or this boto3, is not made as expected."""
    shapes: dict[Any, list[str]] = {
        _stock[0]: ["self", "body", "request_headers", "response_headers"],
        _stock[1]: ["self", "event"],
        LogsBackend.ensure_log_group: ["self", "log_group_name"],
        LogStream: ["log_group", "name"],
        LogStream.put_log_events: ["self", "log_events"],
    }
    check_shapes(shapes)
    for fault in (*moto_permissions.misfits(), *moto_code.misfits()):
        raise _misfit(fault)
    if not hasattr(boto3, "_get_default_session"):
        raise ConfigurationError(
            f"boto3 {boto3.__version__} keeps its default session elsewhere", hint="boto3>=1.40,<2"
        )


def check_shapes(shapes: Mapping[Any, list[str]]) -> None:
    """Raise ConfigurationError where one of moto's methods takes other parameters than these."""
    for method, expected in shapes.items():
        found = list(inspect.signature(method).parameters)
        if found != expected:
            raise _misfit(f"{method.__qualname__} takes {found}, not {expected}")


def _misfit(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"moto {moto.__version__} is not made as expected: {what}",
        hint="python3 -m pip install 'moto>=5.1.18,<5.3' (tested: " + FITS + ")",
    )


def install(runner: Runner) -> None:
    """Have moto's functions run by ``runner``, whoever invokes them; a later runner takes over from an earlier one."""

    def invoke(function: Any, body: Any, request_headers: Any, response_headers: Any) -> str | bytes:
        return _invoke(runner, function, body, request_headers, response_headers)

    def invoke_lambda(function: Any, event: Any = None) -> tuple[str, bool, str]:
        answer = runner.run(function, json.dumps({} if event is None else event))
        return answer.payload, bool(answer.error), answer.log_tail

    check()
    vars(invoke)["runner"] = runner
    _Function.invoke, _Function._invoke_lambda = invoke, invoke_lambda
    moto_permissions.install()
    moto_code.install()


def uninstall(runner: Runner) -> None:
    """Give moto its own way back, unless another runner has taken over."""
    if getattr(_Function.invoke, "runner", None) is runner:
        _Function.invoke, _Function._invoke_lambda = _stock
        moto_permissions.uninstall()
        moto_code.uninstall()


def _invoke(runner: Runner, function: Any, body: Any, request_headers: Any, response_headers: Any) -> str | bytes:
    event = _event(body)
    if not request_headers:
        runner.from_event_source(function, event)
        return b"{}"  # empty, and moto would send the same stream records again
    kind = request_headers.get("x-amz-invocation-type") or "RequestResponse"
    client_context = _client_context(request_headers.get("x-amz-client-context"))
    if kind == "RequestResponse":
        answer = runner.run(function, event, client_context=client_context)
        return _respond(answer, response_headers)
    if kind == "Event":
        response_headers["x-amzn-RequestId"] = runner.begin(function, event, client_context=client_context)
    return b""


def _respond(answer: Answer, response_headers: Any) -> bytes:
    response_headers["x-amzn-RequestId"] = answer.request_id
    response_headers["x-amz-executed-version"] = answer.version
    response_headers["x-amz-log-result"] = base64.b64encode(answer.log_tail.encode()).decode()
    if answer.error:
        response_headers["x-amz-function-error"] = "Unhandled"
    return answer.payload.encode("utf-8", "replace")


def _event(body: Any) -> str:
    """Return the event as JSON text; nothing sent is ``{}``. Raises what AWS raises where it is not JSON."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
    try:
        return json.dumps(json.loads(text or "{}"))
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise JsonRESTError("InvalidRequestContentException", message) from error


def _client_context(header: str | None) -> Document | None:
    if not header:
        return None
    try:
        given = json.loads(base64.b64decode(header))
    except ValueError as error:
        message = "Client context must be a valid Base64-encoded JSON object."
        raise JsonRESTError("InvalidRequestContentException", message) from error
    return given if isinstance(given, dict) else None
