"""pytest fixtures: a WebSocket API for each test, on the local gateway, with handlers given as functions.

pytest loads this file by itself where upgrade101 is installed, and nothing starts before a test asks for a fixture.

    from chat.handlers import on_connect, on_message

    def test_a_message_comes_back(websocket_api):
        api = websocket_api({"$connect": on_connect, "$default": on_message}, two_way=["$default"])
        with api.connect() as ana:
            ana.send("hello")
            assert ana.recv(timeout=5) == "hello"

A handler runs as on AWS, in an execution environment of its own: it sees nothing that the test patches, and reaches the
same cloud as the test through boto3.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import sys
import textwrap
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

Handler = Callable[[Any, Any], Any]
Routes = Mapping[str, Handler | str | Mapping[str, Any] | None]
_USED: pytest.StashKey[bool] = pytest.StashKey()


@dataclass
class DeployedApi:
    """A deployed WebSocket API: what :func:`websocket_api` hands out."""

    api_id: str
    url: str  # wss://{api-id}.execute-api.{region}.amazonaws.com/{stage}
    connections: Any  # a boto3 client for @connections of this stage
    _clients: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)

    @property
    def local_url(self) -> str:
        """Return the address for other clients than ``connect``: ``ws://127.0.0.1:PORT/_aws/execute-api/…``."""
        from . import cloud

        return cloud.local_url(self.url)

    def connect(self, query: str = "", **options: Any) -> ClientConnection:
        """Open a client (of ``websockets.sync``), closed after the test at the latest.

        ``query`` follows the URL, as in ``connect("?name=ana")``; ``options`` are those of websockets. Raises
        websockets' InvalidStatus where ``$connect`` refuses.
        """
        from . import cloud

        return self._clients.enter_context(cloud.connect(self.url + query, **options))

    def settle(self, seconds: float = 2.0) -> bool:
        """Wait until nothing is under way in the gateway, ``$disconnect`` included; tell whether that came true."""
        from . import cloud

        return cloud.settle(seconds)

    def close(self) -> None:
        """Close every client that is still open."""
        self._clients.close()


@pytest.fixture
def websocket_cloud_options() -> Mapping[str, Any]:
    """How the local cloud starts: the keyword arguments of ``cloud.start``, none of them unless you override this.

    In a ``conftest.py`` or a test file, ``return {"functions": "processes"}`` gives functions processes of their own.
    """
    return {}


@pytest.fixture
def websocket_cloud(request: pytest.FixtureRequest, websocket_cloud_options: Mapping[str, Any]) -> Iterator[ModuleType]:
    """The local cloud, empty: boto3 calls reach moto and the gateway, nothing leaves this machine.

    The value is the module ``upgrade101.cloud``: ``websocket_cloud.clock.advance(minutes=11)`` lets time pass.
    """
    from upgrade101 import cloud, wire
    from upgrade101.account import shut

    if cloud.is_running():
        pytest.fail("a cloud is running already: leave cloud.start() to the fixture, or use connect() without it")
    with shut.opened():  # in a notebook stop() shuts boto3, and other tests there may use it
        cloud.start("moto", **{"quiet": True, **websocket_cloud_options})
        wire.clear()
        request.node.stash[_USED] = True
        yield cloud
        cloud.stop()


@pytest.fixture
def websocket_api(websocket_cloud: ModuleType) -> Iterator[Callable[..., DeployedApi]]:
    """Deploy a WebSocket API from functions, and get clients: websocket_api({"$default": handler}).connect().

    ``websocket_api(routes, *, two_way=(), selection="$request.body.action", authorizer=None, identity_source=(),
    environment=None, code=None)``: a route's value is the handler (a function, or ``"module.function"`` in the folder
    ``code``), the keyword arguments of ``create_integration``, or None. Routes in ``two_way`` send back what their
    handler returns; ``environment`` are the functions' variables. An ``authorizer`` guards ``$connect``: a handler, or
    ``"AWS_IAM"``; ``identity_source`` is what a client must bring, ``["route.request.querystring.token"]`` say.
    """
    from upgrade101 import deploy

    deployed: list[DeployedApi] = []

    def make(
        routes: Routes,
        *,
        two_way: Iterable[str] = (),
        selection: str = "$request.body.action",
        authorizer: Handler | str | None = None,
        identity_source: Iterable[str] = (),
        environment: Mapping[str, str] | None = None,
        code: str | Path | None = None,
    ) -> DeployedApi:
        name = f"api-{len(deployed) + 1}"
        targets = {
            key: _target(f"{name}-{number}", each, code, environment)
            for number, (key, each) in enumerate(routes.items())
        }
        if authorizer not in (None, "AWS_IAM"):
            authorizer = _function(f"{name}-authorizer", authorizer, code, environment)
        api = deploy.websocket_api(
            name,
            targets,
            selection=selection,
            two_way=_keys(two_way),
            authorizer=authorizer,
            identity_source=_keys(identity_source),
        )
        deployed.append(DeployedApi(api.api_id, api.url, api.connections))
        return deployed[-1]

    yield make
    for api in deployed:
        api.close()


def _keys(given: Iterable[str]) -> tuple[str, ...]:
    """Return one name or many as many: ``two_way="echo"`` means that route, not its letters."""
    return (given,) if isinstance(given, str) else tuple(given)


def _target(
    name: str,
    target: Handler | str | Mapping[str, Any] | None,
    code: str | Path | None,
    environment: Mapping[str, str] | None,
) -> Mapping[str, Any] | None:
    """Make the function of a route; return the settings of its integration."""
    from upgrade101 import deploy

    if target is None or isinstance(target, Mapping):
        return target
    arn = _function(name, target, code, environment)
    return {"IntegrationType": "AWS_PROXY", "IntegrationUri": deploy.invocation_uri(arn)}


def _function(name: str, handler: Handler | str, code: str | Path | None, environment: Mapping[str, str] | None) -> str:
    """Make a function and return its ARN."""
    from upgrade101 import deploy

    archive, entry = bundle(handler, code)
    label = f"{name}-{entry.rpartition('.')[2]}".replace("_", "-")
    return deploy.create_function(label, archive, entry, environment=environment)


# ── what goes into the zip ───────────────────────────────────────────────────────────────────────────────────────────


def bundle(handler: Handler | str, code: str | Path | None = None) -> tuple[bytes, str]:
    """Return a deployment package and the function's ``Handler`` setting.

    With ``code`` the package is that folder. Else it is the handler's top-level package; for a module outside any
    package its folder's ``.py`` files; and for a function in the test file itself its own source, with those imports of
    the file that AWS's Python has too. Raises ValueError where a name comes without a folder, or a function has none.
    """
    if isinstance(handler, str) and code is None:
        raise ValueError(f"{handler!r} is a name: say in which folder, with code='src'; or pass the function itself")
    if getattr(handler, "__name__", "") == "<lambda>":
        raise ValueError("a lambda has no name that Lambda could call: def on_message(event, context): …")
    if code is not None:
        entry = handler if isinstance(handler, str) else f"{handler.__module__}.{handler.__name__}"
        return _zip(Path(code), Path(code).rglob("*")), entry
    assert not isinstance(handler, str)
    module = sys.modules[handler.__module__]
    file = Path(inspect.getfile(handler))
    if _is_test(module, file) or "<locals>" in handler.__qualname__:
        return _zip_text(_own_source(handler, module)), f"app.{handler.__name__}"
    entry = f"{module.__name__}.{handler.__name__}"
    if "." not in module.__name__:
        return _zip(file.parent, file.parent.glob("*.py")), entry
    top = Path(str(sys.modules[module.__name__.partition(".")[0]].__file__)).parent
    return _zip(top.parent, top.rglob("*")), entry


def _is_test(module: ModuleType, file: Path) -> bool:
    return "pytest" in vars(module) or file.name.startswith(("test_", "conftest")) or file.stem.endswith("_test")


def _own_source(handler: Handler, module: ModuleType) -> str:
    from .localcloud.functions.modules import RUNTIME_PACKAGES

    there, source = sys.stdlib_module_names | RUNTIME_PACKAGES, inspect.getsource(module)
    imports = [
        ast.get_source_segment(source, line) or ""
        for line in ast.parse(source).body
        if (isinstance(line, ast.Import) and all(each.name.partition(".")[0] in there for each in line.names))
        or (isinstance(line, ast.ImportFrom) and not line.level and (line.module or "").partition(".")[0] in there)
    ]
    return "\n".join([*imports, "", textwrap.dedent(inspect.getsource(handler))])


def _zip(root: Path, files: Iterable[Path]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in sorted(files):
            if file.is_file() and "__pycache__" not in file.parts:
                zipped.write(file, file.relative_to(root).as_posix())
    return archive.getvalue()


def _zip_text(text: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("app.py", text)
    return archive.getvalue()


# ── what pytest shows of a test that failed ──────────────────────────────────────────────────────────────────────────


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the wire log below a failed test that used the cloud."""
    report = yield
    if report.when == "call" and report.failed and item.stash.get(_USED, False):
        from upgrade101 import wire

        report.sections.append(("what happened on the wire", wire.text(everything=True)))
    return report
