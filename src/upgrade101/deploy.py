"""The boto3 calls that every lesson after the third would repeat: package a handler, deploy a function, build an API.

Nothing here is special to the local cloud: each function makes ordinary boto3 calls, on moto and on AWS the same.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import linecache
import zipfile
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from . import cloud
from .account import strangers
from .account.roles import FunctionRole
from .account.waiting import told, until_known
from .gateway.definition import CONNECT, DEFAULT
from .gateway.errors import ConfigurationError
from .remote.endpoint import with_redirect

Handler = Callable[[Any, Any], Any]

_STATEMENT = "api-gateway"


def package(handler: Handler | Path, *, beside: Path | None = None) -> bytes:
    """Return a Lambda deployment package (zip) whose ``app.py`` is the cell or file that defines ``handler``.

    The cell is the file: whatever the handler uses must be imported or defined in the same cell, or lie as a module in
    the folder ``beside``, whose files go into the package too. A folder instead of a handler is packaged as it is.
    Raises ConfigurationError where the source or the folder cannot be found.
    """
    folder = handler if isinstance(handler, Path) else beside
    files = _files(folder) if folder is not None else {}
    if not isinstance(handler, Path):
        files["app.py"] = _source(handler).encode()
    if cloud.endpoint() is not None:
        files = with_redirect(files)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16  # AWS must be able to read it
            bundle.writestr(entry, files[name])
    return archive.getvalue()


def _files(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder by its name in the package; what Python or a system left there stays behind."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    kept = [path for path in paths if not any(part.startswith((".", "__pycache__")) for part in path.parts)]
    if not kept:
        raise ConfigurationError(f"there is no file in {folder}", hint="a folder with app.py, rooms.py and so on")
    return {path.as_posix(): (folder / path).read_bytes() for path in kept}


def _source(handler: Handler) -> str:
    try:
        path = inspect.unwrap(handler).__code__.co_filename
    except AttributeError:
        raise ConfigurationError(f"{handler!r} is not a function", hint="def on_message(event, context): …") from None
    lines = linecache.getlines(path)
    if not lines:
        raise ConfigurationError(
            f"the source of {handler.__name__} is not known", hint="define it in a notebook cell or a file"
        )
    return "".join(lines)


def role(*, tables: Collection[str] = (), session: Any = boto3) -> str:
    """Return the ARN of the role that the course's functions run as; create it where it does not exist yet.

    It may write logs, post to connections, invoke the course's own functions, use the ``tables`` named here, those that
    this notebook has created, the queues of :func:`sqs_queue`, and nothing else.
    """
    made = _role(session)
    made.may_use(tables=tables)
    return made.arn


def _role(session: Any) -> FunctionRole:
    made = FunctionRole(session, _region(session), is_ours=cloud.is_local())
    if session is boto3 and not cloud.is_local():  # moto asks nobody what he may do
        made.may_use(tables=[entry.name for entry in cloud.ledger.entries() if entry.kind == "table"])
    return made


def _region(session: Any) -> str:
    if session is boto3 and boto3.DEFAULT_SESSION is None:
        boto3.setup_default_session()
    return str((boto3.DEFAULT_SESSION if session is boto3 else session).region_name)


def _waiting(what: str) -> AbstractContextManager[None]:
    """Say what is waited for, where it takes long; on moto nothing does."""
    return contextlib.nullcontext() if cloud.is_local() else told(what)


def function(
    handler: Handler,
    *,
    name: str = "",
    environment: Mapping[str, str] | None = None,
    timeout: int = 3,
    beside: Path | None = None,
    session: Any = boto3,
) -> str:
    """Create or update the Lambda function that runs ``handler``, let API Gateway invoke it, and return its ARN.

    ``name`` is the handler's own name with ``_`` as ``-`` unless given; ``timeout`` is in seconds; ``beside`` as for
    :func:`package`.
    """
    name, code = name or handler.__name__.replace("_", "-"), package(handler, beside=beside)
    return create_function(
        name, code, f"app.{handler.__name__}", environment=environment, timeout=timeout, session=session
    )


def create_function(
    name: str,
    code: bytes,
    entry: str,
    *,
    environment: Mapping[str, str] | None = None,
    timeout: int = 3,
    session: Any = boto3,
) -> str:
    """Create or update a Lambda function from a deployment package (zip), as :func:`function` does; return its ARN.

    ``entry`` is Lambda's ``Handler``: ``module.function``.
    """
    client = session.client("lambda")
    settings: dict[str, Any] = {
        "Runtime": "python3.12",
        "Handler": entry,
        "Role": role(session=session),
        "Timeout": timeout,
        "Environment": {"Variables": dict(environment or {})},
    }
    try:
        arn = _create_function(client, name, settings, code)
    except client.exceptions.ResourceConflictException:
        strangers.refuse("function", client, name, run_id=cloud.own_run())
        arn = _update_function(client, name, settings, code)
    _allow(client, name)
    return arn


def _update_function(client: Any, name: str, settings: dict[str, Any], code: bytes) -> str:
    """Give a function its new code and settings, one after the other, as AWS wants it; return its ARN."""
    with _waiting(f"function {name}"):
        client.get_waiter("function_active_v2").wait(FunctionName=name)  # it may have been made a moment ago
        arn = client.update_function_code(FunctionName=name, ZipFile=code)["FunctionArn"]
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        until_known(lambda: client.update_function_configuration(FunctionName=name, **settings))
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
    return str(arn)


def _create_function(client: Any, name: str, settings: dict[str, Any], code: bytes) -> str:
    """Create the function and wait until it can run; a role made a moment ago is not known to Lambda at once."""
    with _waiting(f"function {name}"):
        made = until_known(lambda: client.create_function(FunctionName=name, Code={"ZipFile": code}, **settings))
        client.get_waiter("function_active_v2").wait(FunctionName=name)
    return str(made["FunctionArn"])


def _allow(client: Any, name: str) -> None:
    """Let API Gateway invoke the function; a permission that is there already stays."""
    with contextlib.suppress(client.exceptions.ResourceNotFoundException):  # it has no policy yet
        if f'"{_STATEMENT}"' in client.get_policy(FunctionName=name)["Policy"]:
            return
    client.add_permission(
        FunctionName=name,
        StatementId=_STATEMENT,
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )


def connection_table(name: str = "connections", *, session: Any = boto3) -> Any:
    """Create the table that keeps who is connected, or take the one that is there; return it as boto3's ``Table``.

    Its key is ``connection_id``, the index ``by_room`` finds the rows of a ``room``, and a row may be deleted once the
    time in ``expires`` (epoch seconds) has passed. It is paid by the request. Raises ConfigurationError where, in an
    account, the table that is there is somebody else's.
    """
    client = session.client("dynamodb")
    strangers.refuse("table", client, name, run_id=cloud.own_run())
    role(tables=(name,), session=session)  # before it is there: what a role may do takes AWS seconds to know
    try:
        client.create_table(TableName=name, **_CONNECTIONS)
    except client.exceptions.ResourceInUseException:
        return session.resource("dynamodb").Table(name)
    with _waiting(f"table {name}"):
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 2})
    client.update_time_to_live(TableName=name, TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True})
    return session.resource("dynamodb").Table(name)


_CONNECTIONS: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "connection_id", "AttributeType": "S"},
        {"AttributeName": "room", "AttributeType": "S"},
    ],
    "KeySchema": [{"AttributeName": "connection_id", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_room",
            "KeySchema": [{"AttributeName": "room", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        },
    ],
}


def sqs_queue(name: str, function_arn: str, *, batch_size: int = 10, session: Any = boto3) -> str:
    """Create an SQS queue whose messages Lambda brings to a function, at most so many at once; return its URL.

    A queue that is there already is taken, and so is the event source mapping that ties the two together. Raises
    ConfigurationError where, in an account, that queue is somebody else's.
    """
    sqs, client = session.client("sqs"), session.client("lambda")
    strangers.refuse("queue", sqs, name, run_id=cloud.own_run())
    _role(session).may_use(queues=(name,))
    url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    known = client.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
    if not any(mapping["FunctionArn"] == function_arn for mapping in known):
        settings = {"EventSourceArn": arn, "FunctionName": function_arn, "BatchSize": batch_size}
        with _waiting(f"permission to read queue {name}"):
            until_known(lambda: client.create_event_source_mapping(**settings))
    return url


def invocation_uri(function_arn: str) -> str:
    """Return the integration URI that makes API Gateway invoke a function.

    >>> invocation_uri("arn:aws:lambda:us-east-1:123456789012:function:echo")[:54]
    'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/fu'
    """
    region = function_arn.split(":")[3]
    return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function_arn}/invocations"


@dataclass(slots=True)
class Api:
    """A deployed WebSocket API."""

    api_id: str
    endpoint: str
    stage_name: str
    session: Any = field(repr=False)

    @property
    def url(self) -> str:
        """Return what a client connects to: ``wss://{api-id}.execute-api.{region}.amazonaws.com/{stage}``."""
        return f"{self.endpoint}/{self.stage_name}"

    @property
    def connections(self) -> Any:
        """Return a boto3 client for ``@connections`` of this stage."""
        return self.session.client("apigatewaymanagementapi", endpoint_url=self.url.replace("wss://", "https://", 1))

    def delete(self) -> None:
        """Delete the API; its functions and role stay for the next one."""
        self.session.client("apigatewayv2").delete_api(ApiId=self.api_id)


def websocket_api(
    name: str,
    routes: Mapping[str, Handler | Mapping[str, Any] | str | None],
    *,
    selection: str = "$request.body.action",
    stage_name: str = "dev",
    two_way: tuple[str, ...] = (),
    authorizer: Handler | str | None = None,
    identity_source: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    beside: Path | None = None,
    session: Any = boto3,
) -> Api:
    """Build and deploy a WebSocket API: one function per handler, one integration and one route per key, one stage.

    A route may also be a text, which a MOCK answers (a template: ``$context.connectionId`` is filled in), the keyword
    arguments of ``create_integration``, or None for a route without one.
    Routes in ``two_way`` answer with what their handler returns. An ``authorizer`` guards ``$connect``: a handler, the
    ARN of a function, or the text ``"AWS_IAM"``; ``identity_source`` says what a client must bring
    (``route.request.querystring.token``). ``environment`` and ``beside`` are every function's. Raises what boto3
    raises, and ConfigurationError where ``two_way`` names a route that is not there, or is a text.
    """
    if isinstance(two_way, str) or not isinstance(two_way, Collection):
        raise ConfigurationError("two_way wants a tuple of keys", hint='two_way=("greet",)')
    if strangers := sorted(set(two_way) - set(routes)):
        raise ConfigurationError(f"two_way names {strangers}, which are no routes", hint=f"the routes: {list(routes)}")
    make = partial(function, environment=environment, beside=beside, session=session)
    gateway = session.client("apigatewayv2")
    made = gateway.create_api(Name=name, ProtocolType="WEBSOCKET", RouteSelectionExpression=selection)
    api = Api(made["ApiId"], made["ApiEndpoint"], stage_name, session)
    if authorizer is not None:
        routes = {CONNECT: None, **routes}
    for route_key, target in routes.items():
        integration_id = _integration(gateway, api, name, target, make)
        guard: Mapping[str, str] = {}
        if route_key == CONNECT and authorizer is not None:
            guard = _guard(gateway, api, name, authorizer, identity_source, make)
        _route(gateway, api, route_key, integration_id, route_key in two_way, guard)
    if routes:
        deployment = gateway.create_deployment(ApiId=api.api_id)["DeploymentId"]
        gateway.create_stage(ApiId=api.api_id, StageName=stage_name, DeploymentId=deployment)
    return api


def _integration(
    gateway: Any,
    api: Api,
    name: str,
    target: Handler | Mapping[str, Any] | str | None,
    make: Callable[..., str],
) -> str | None:
    if target is None:
        return None
    if isinstance(target, str):
        return _mock(gateway, api, target)
    if isinstance(target, Mapping):
        settings = dict(target)
    else:
        label = f"{name}-{target.__name__}".replace("_", "-")
        arn = make(target, name=label)
        settings = {"IntegrationType": "AWS_PROXY", "IntegrationUri": invocation_uri(arn)}
    return str(gateway.create_integration(ApiId=api.api_id, **settings)["IntegrationId"])


def _mock(gateway: Any, api: Api, answer: str) -> str:
    """Create an integration that calls nobody: its request says 200, and its integration response says the rest."""
    fine = {"TemplateSelectionExpression": "200", "RequestTemplates": {"200": '{"statusCode": 200}'}}
    made = gateway.create_integration(ApiId=api.api_id, IntegrationType="MOCK", **fine)["IntegrationId"]
    says = {"TemplateSelectionExpression": "200", "ResponseTemplates": {"200": answer}}
    gateway.create_integration_response(ApiId=api.api_id, IntegrationId=made, IntegrationResponseKey="$default", **says)
    return str(made)


def _guard(
    gateway: Any,
    api: Api,
    name: str,
    authorizer: Handler | str,
    identity_source: tuple[str, ...],
    make: Callable[..., str],
) -> dict[str, str]:
    """Return the settings of a guarded ``$connect`` route."""
    if isinstance(authorizer, str) and not authorizer.startswith("arn:"):
        return {"AuthorizationType": authorizer}
    if isinstance(authorizer, str):
        arn = authorizer
    else:
        arn = make(authorizer, name=f"{name}-{authorizer.__name__}".replace("_", "-"))
    made = gateway.create_authorizer(
        ApiId=api.api_id,
        Name=arn.rpartition(":")[2],
        AuthorizerType="REQUEST",
        AuthorizerUri=invocation_uri(arn),
        IdentitySource=list(identity_source),
    )
    return {"AuthorizationType": "CUSTOM", "AuthorizerId": made["AuthorizerId"]}


def _route(
    gateway: Any, api: Api, route_key: str, integration_id: str | None, two_way: bool, guard: Mapping[str, str]
) -> None:
    settings: dict[str, Any] = {"Target": f"integrations/{integration_id}"} if integration_id else {}
    settings |= guard
    if two_way:
        settings["RouteResponseSelectionExpression"] = DEFAULT
    route = gateway.create_route(ApiId=api.api_id, RouteKey=route_key, **settings)
    if two_way:
        gateway.create_route_response(ApiId=api.api_id, RouteId=route["RouteId"], RouteResponseKey=DEFAULT)
