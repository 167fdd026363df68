"""The cloud of one submission, as the marker holds it: its functions behind walls, its endpoint for few services.

What functions in child processes ask of AWS comes over HTTP, and is told here as happenings, as boto3's own calls are
told in a notebook: checks and wire logs see the same.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import airspeed
from moto.sts.models import sts_backends

from .. import cloud
from ..gateway import templates, velocity
from ..gateway.address import locate
from ..gateway.happenings import Called
from ..gateway.ports import HttpRequest, HttpResponse
from ..localcloud import accounts
from ..localcloud.endpoint_errors import error, operation, scope
from ..localcloud.functions import processes
from ..localcloud.functions.specs import Start
from ..localcloud.guard import is_loopback
from ..localcloud.services import Services
from .nursery import Nursery
from .sandbox import Box, Limits, Walls

log = logging.getLogger("upgrade101.grading")

MOST_BODY = 32 * 1024 * 1024
FUNCTION_LIMITS = Limits(memory_mb=3072, cpu_seconds=60, file_mb=32, tmp_mb=32)
SERVICES = frozenset(
    {"apigateway", "cloudwatch", "dynamodb", "dynamodbstreams", "events", "execute-api", "iam", "kinesis", "lambda"}
    | {
        "cloudformation",
        "logs",
        "monitoring",
        "s3",
        "scheduler",
        "secretsmanager",
        "sns",
        "sqs",
        "ssm",
        "streams.dynamodb",
        "sts",
    }
)
"""What a submission may ask of AWS. moto's others could start containers, or are of no use to an exercise."""

_FEW: Mapping[str, tuple[frozenset[str], str]] = {
    "sts": (frozenset({"GetCallerIdentity"}), "nobody becomes somebody else here"),
    "cloudformation": (
        frozenset({"DescribeStacks", "DescribeStackEvents", "DescribeStackResources", "ListStacks"})
        | frozenset({"DescribeStackResource", "ListStackResources", "DeleteStack"}),
        "templates are handed over and deployed by the grader; here stacks are looked at, and deleted",
    ),
}
"""Services of which only some operations are open, and why."""
_KEY = re.compile(r"Credential=([^/,\s]+)/")


@contextmanager
def world(walls: Walls, folder: Path) -> Iterator[None]:
    """Start the cloud for one submission in this process, and stop it. ``folder`` is the marker's own."""
    cloud.start("moto", quiet=True, functions="processes")
    nursery = Nursery() if walls.namespaces else None  # in a namespace of its own a fork sees nobody else
    try:
        local = cloud.local()
        numbers = count(1)

        def start(code: Path) -> Start:
            mine = folder / f"function-{next(numbers)}"
            mine.mkdir()
            spec = walls.specification(_box(code), mine)
            by_itself = functools.partial(processes.started, wrap=walls.command(spec))
            return nursery.starting(spec, by_itself) if nursery is not None and nursery.can_take(code) else by_itself

        local.functions.start = start
        gateway: Any = local.gateway
        gateway._http = Door(gateway._http)
        backends: Any = local._backends
        backends._services = Services(Door(backends._services._http))
        with harmless_templates(), contextlib.nullcontext() if walls.namespaces else staying_here(gateway.port):
            yield
    finally:
        cloud.stop()
        if nursery is not None:
            nursery.close()


def _box(code: Path) -> Box:
    """Return what is seen round a function: its code, and what starts it."""
    beside = Path(processes.__file__).parent
    port = cloud.local().gateway.port
    return Box(FUNCTION_LIMITS, read=(beside,), write=(code,), ports=(port,), hide=(beside.parent.parent,))


class Door:
    """What a submission reaches of the cloud's HTTP endpoint: stages, a few services, and nothing of moto's own."""

    def __init__(self, inside: Callable[[HttpRequest], HttpResponse | None]) -> None:
        self._inside = inside

    def __call__(self, request: HttpRequest) -> HttpResponse | None:
        """Answer, or return None where the path is nobody's."""
        refusal = refused(request)
        if refusal:
            return error(request, 403, "AccessDenied", refusal)
        answer = self._inside(request)
        if answer is not None and scope(request).service:
            _tell(request, answer)
        return answer


def refused(request: HttpRequest) -> str:
    """Return why a submission may not ask that, or ''."""
    path = request.target.partition("?")[0]
    if path.startswith("/moto-api"):
        return "moto's own pages are closed here"
    if len(request.body) > MOST_BODY:
        return f"a request has at most {MOST_BODY} bytes here"
    if locate(request.header("host"), request.target) is not None:
        return ""
    service = scope(request).service if request.header("authorization").startswith("AWS4-") else ""
    if not service:
        return "a request to an AWS API is signed in its header here"
    if service not in SERVICES:
        return f"the service {service} is closed here"
    operations, why_not = _FEW.get(service, (frozenset(), ""))
    return why_not if operations and _action(request) not in operations else ""


def _action(request: HttpRequest) -> str:
    """Return the operation of AWS's query protocol, or '' where a request could be read in two ways."""
    plain = request.method == "POST" and request.target == "/" and not request.header("x-amz-target")
    if not (plain and request.header("content-type").startswith("application/x-www-form-urlencoded")):
        return ""
    fields = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    said = [value for name, value in fields if name == "Action"]
    return said[0] if len(said) == 1 else ""


@contextmanager
def staying_here(port: int) -> Iterator[None]:
    """Let this process connect to its own gateway alone, where the system does not see to that.

    Only the marker's own code runs in it, so nobody can take that back; integrations of a submission's APIs, which the
    marker calls for it, reach nobody else.
    """
    plain: Any = socket.socket
    before = plain.connect, plain.connect_ex

    def guarded(original: Any) -> Any:
        def connect(self: Any, address: Any) -> Any:
            if isinstance(address, tuple) and (not is_loopback(str(address[0])) or address[1] != port):
                raise OSError(f"nothing but 127.0.0.1:{port} is reached while grading, and this was for {address}")
            return original(self, address)

        return connect

    plain.connect, plain.connect_ex = map(guarded, before)
    try:
        yield
    finally:
        plain.connect, plain.connect_ex = before


@contextmanager
def harmless_templates() -> Iterator[None]:
    """Let mapping templates use what AWS offers them, and no more: airspeed would let them use all of Python."""
    offered: Any = airspeed.NameOrCall
    before = offered.calculate

    def calculate(self: Any, current: Any, loader: Any, top: Any) -> Any:
        return before(self, current, loader, top) if is_offered(current, self.name) else None

    offered.calculate = calculate
    try:
        yield
    finally:
        offered.calculate = before


def is_offered(current: Any, name: str) -> bool:
    """Tell whether a template may use this name of a value: a field, or a method of Java's.

    >>> is_offered({"a": 1}, "a"), is_offered("text", "length"), is_offered("text", "format")
    (True, True, False)
    """
    if name.startswith("_"):
        return False
    if isinstance(current, airspeed.LocalNamespace) or (isinstance(current, dict) and name in current):
        return True
    kind = type(current)
    if kind.__module__ in (templates.__name__, velocity.__name__):
        return name in vars(kind) or name in getattr(current, "__dict__", ())
    return name in airspeed.__additional_methods__.get(kind, {})


def _tell(request: HttpRequest, answer: HttpResponse) -> None:
    """Tell of a call as boto3's own calls are told in a notebook."""
    found = _KEY.search(request.header("authorization"))
    key = found[1] if found else ""
    account = accounts.account_of(key)
    where = scope(request)
    service, _, name = operation(request).partition(" ")
    said = _read(answer.body)
    call = Called(
        at=cloud.clock.now(),
        service=service,
        operation=name,
        parameters=_read(request.body),
        answer=said,
        region=where.region,
        status=answer.status,
        error=_error_of(answer, said),
        caller=caller_of(key, account),
        account=account,
    )
    try:
        cloud._tell(call)
    except Exception as fault:
        log.info("nobody could take the call %s %s: %r", service, name, fault)


def caller_of(key: str, account: str) -> str:
    """Return the name of the function that an access key was made for, or ''."""
    if not account:
        return ""
    session = sts_backends[account]["aws"].get_assumed_role_from_access_key(key)
    if session is None or session.session_name in ("", "another-account"):
        return ""
    return str(session.session_name)


def _error_of(answer: HttpResponse, said: Mapping[str, Any]) -> str:
    if answer.status < 400:
        return ""
    header = next((value for name, value in answer.headers if name.lower() == "x-amzn-errortype"), "")
    return str(header or said.get("__type", "")).partition(":")[0].rpartition("#")[2]


def _read(body: bytes) -> dict[str, Any]:
    """Return a JSON object, empty where it is none."""
    try:
        found = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
