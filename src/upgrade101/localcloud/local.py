"""The local cloud as a whole: moto with its four seams closed, and the gateway in front of it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from functools import cached_property

from moto import mock_aws
from moto.core.models import MockAWS

from ..gateway import Clock, Gateway, Limits
from ..gateway.address import Address
from ..gateway.ports import Http, HttpRequest, HttpResponse
from . import (
    api_keys,
    cloudformation,
    configured,
    control_plane,
    guard,
    identities,
    locks,
    policies,
    signing_time,
    user_agent,
)
from .backends import Backends
from .callbacks import Callbacks, Manage
from .control_plane.deployments import Definitions
from .functions import THREADS, Functions, current, outside
from .functions.processes import own_endpoint
from .latency import Latency
from .monitoring import Watch
from .rest import RestApis
from .services import Services

_SETTINGS = {
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # moto does not know the account's own DynamoDB Streams host
    "AWS_EC2_METADATA_DISABLED": "true",
}
_PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_NO_ENDPOINTS = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"


def caller() -> str:
    """Return the name of the Lambda function that is running here, or ''."""
    running = current()
    return running[0] if running else ""


class LocalCloud:
    """moto, the functions and the gateway, started and stopped together.

    ``region`` is what boto3 uses where nobody says otherwise; ``functions`` run in ``"threads"`` or ``"processes"``, or
    have settings of their own. Raises ConfigurationError where the port is in use or moto is a version whose seams have
    moved.
    """

    def __init__(
        self,
        *,
        region: str = "us-east-1",
        clock: Clock | None = None,
        limits: Limits | None = None,
        functions: Functions | str = THREADS,
    ) -> None:
        self.region = region
        self.clock = clock or Clock()
        self.definitions = Definitions()
        self.functions = functions if isinstance(functions, Functions) else Functions(run_in=functions)
        self.functions.endpoint = lambda: own_endpoint(self.gateway.host, self.gateway.port)
        self.functions.loop = lambda: self.gateway.loop
        self._backends = Backends(Services(self._http), self.clock.now)
        self.gateway = Gateway(
            self.definitions,
            self.functions,
            self._http,
            fetch=self._backends,
            identities=identities.caller,
            api_keys=api_keys.api_key,
            clock=self.clock,
            limits=limits,
        )
        self.manage: Manage = self.gateway.manage  # what answers boto3's calls of @connections; chaos stands before it
        self.rest: RestApis | None = None
        self._watch = Watch(self.gateway.core)
        self.latency = Latency()
        self.functions.latency = lambda: self.latency.seconds
        self._callbacks = Callbacks(self._manage, caller, self.gateway.core.stages.locate, self.latency.round_trip)
        self._mock: MockAWS | None = None
        self._before: dict[str, str | None] = {}

    def start(self, host: str = "127.0.0.1", port: int = 0) -> LocalCloud:
        """Start everything; harmless where it runs already."""
        if self._mock is None:
            self.gateway.start(host, port)
            self._install()
        return self

    def _install(self) -> None:
        self._set_variables()
        policies.install()
        control_plane.install()
        cloudformation.install()
        locks.install()
        signing_time.install(self.clock)
        user_agent.install()
        self.functions.install()
        self._watch.start()
        self.rest = RestApis(self.functions, self.clock, self.gateway.observers.tell)
        self._callbacks.install()
        self.latency.install()
        self._mock = mock_aws(
            config={
                "core": {"passthrough": {"services": ["apigatewaymanagementapi"]}, "reset_boto3_session": True},
                "iam": {"load_aws_managed_policies": True},
            }
        )
        self._mock.start()
        guard.close()

    def _set_variables(self) -> None:
        """Set what boto3 reads, and put aside profiles (one that does not exist stops every session) and endpoints.

        moto answers for AWS's own addresses alone: an emulator that a variable or the profile names would be called.
        """
        settings = {**_SETTINGS, "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION") or self.region}
        aside = (*_PROFILES, *configured.variables())
        self._before = {name: os.environ.get(name) for name in (*settings, *aside, _NO_ENDPOINTS)}
        os.environ.update(settings)
        for name in aside:
            os.environ.pop(name, None)
        if configured.in_profile():
            os.environ[_NO_ENDPOINTS] = "true"

    def stop(self) -> None:
        """Stop everything and forget everything; harmless where nothing runs."""
        if self._mock is None:
            return
        guard.open_()
        self._mock.stop()
        self._mock = None
        self._callbacks.uninstall()
        self.latency.uninstall()
        self.gateway.stop()
        self._backends.close()
        if self.rest is not None:
            self.rest.close()
        self.functions.close()
        self._watch.stop()
        self.functions.uninstall()
        user_agent.uninstall()
        signing_time.uninstall()
        locks.uninstall()
        cloudformation.uninstall()
        control_plane.uninstall()
        for name, value in self._before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})

    def _manage(self, method: str, address: Address, body: bytes, caller_name: str) -> HttpResponse:
        """Call the gateway from a function's thread, but not in its name: observers' prints are not the function's."""
        with outside():
            return self.manage(method, address, body, caller_name)

    def _http(self, request: HttpRequest) -> HttpResponse | None:
        answer = self.rest(request) if self.rest else None
        return self._endpoint(request) if answer is None else answer

    @cached_property
    def _endpoint(self) -> Http:
        """Import moto's web server when it is first asked for: most notebooks never do, and it is slow to import."""
        from .endpoint import Endpoint

        return Endpoint(self._stages)

    def _stages(self) -> list[str]:
        """Return the address of every stage, as other programs reach it."""
        websocket = self.url.replace("http", "ws", 1)
        return [f"{websocket}/_aws/execute-api/{api_id}/{name}" for api_id, name in self.definitions.stages()]

    @property
    def url(self) -> str:
        """Return the one HTTP endpoint for every AWS API and every stage."""
        return own_endpoint(self.gateway.host, self.gateway.port)


def show_prints(functions: Functions) -> Callable[[], None]:
    """Show what functions print in the notebook, a line at a time, with the function's name; return the undoing."""
    lock = threading.Lock()

    def show(function_name: str, request_id: str, text: str) -> None:
        with lock:
            for line in text.splitlines():
                sys.stdout.write(f"[{function_name}] {line}\n")

    functions.on_log.append(show)
    return lambda: functions.on_log.remove(show) if show in functions.on_log else None
