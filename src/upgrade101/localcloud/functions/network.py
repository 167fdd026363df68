"""What a child process reaches: by way of boto3 the local cloud, and AWS itself not at all.

Standard library only.
"""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

CALLER = "X-Upgrade101-Function"
"""The header with which a function's own calls of @connections say whose they are."""

latency: dict[str, float] = {}  # seconds that a call of boto3 waits, by service; told with every event

_AMAZON = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws")
_HERE = ("127.", "localhost", "[::1]")


def confine(endpoint: str, function_name: str) -> None:
    """Lead botocore to the endpoint from now on, and let nobody find an address of AWS's."""
    when_imported("botocore.handlers", lambda module: _lead(module, endpoint, function_name))
    when_imported("socket", lambda module: _hide(module, endpoint))


def when_imported(name: str, do: Callable[[ModuleType], None]) -> None:
    """Do something with a module as soon as it is there."""
    if name in sys.modules:
        do(sys.modules[name])
    else:
        sys.meta_path.insert(0, _Waiting(name, do))


class _Waiting:
    """Wait for one module to be imported."""

    def __init__(self, name: str, do: Callable[[ModuleType], None]) -> None:
        self._name, self._do = name, do

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find nothing by itself; have others find the module that is waited for, and be called when it is loaded."""
        if name != self._name:
            return None
        from importlib.util import find_spec

        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._do)  # type: ignore[assignment]
        return spec


class _Loader:
    """Load as ever, then do something."""

    def __init__(self, loader: Any, do: Callable[[ModuleType], None]) -> None:
        self._loader, self._do = loader, do

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        """Do as the other does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's body, then the rest."""
        self._loader.exec_module(module)
        self._do(module)


# ── boto3 ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _lead(handlers: Any, endpoint: str, function_name: str) -> None:
    """Have every call to a host of AWS's, and every call of @connections, sent to the endpoint under the same name."""

    def amazon(request: Any, **_: Any) -> None:
        if _is_amazon(_host(request.url)):
            send_here(request)

    def send_here(request: Any, **_: Any) -> None:
        scheme, _, rest = request.url.partition("://")
        place, slash, path = rest.partition("/")
        if place.startswith(_HERE) or scheme not in ("http", "https"):  # botocore itself refuses wss://
            return
        if place.startswith("execute-api."):  # a client without the endpoint of its API: nobody is there on AWS
            from botocore.exceptions import EndpointConnectionError

            raise EndpointConnectionError(endpoint_url=request.url)
        request.headers["Host"] = place
        request.url = f"{endpoint}{slash}{path}"

    def posted(request: Any, **_: Any) -> None:
        time.sleep(latency.get("apigatewaymanagementapi", 0.0))
        request.headers[CALLER] = function_name
        send_here(request)

    def asked(**_: Any) -> None:
        time.sleep(latency.get("dynamodb", 0.0))

    handlers.BUILTIN_HANDLERS[:0] = [
        ("before-send.apigatewaymanagementapi", posted),
        ("before-send.dynamodb", asked),
        ("before-send", amazon),
    ]


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0].lower()


def _is_amazon(host: str) -> bool:
    return host.endswith(_AMAZON)


# ── everything else ──────────────────────────────────────────────────────────────────────────────────────────────────


def _hide(socket: Any, endpoint: str) -> None:
    """Look up no name of AWS's: what does not go by way of boto3 would reach an account."""
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if isinstance(name, str) and _is_amazon(name.lower().rstrip(".")):
            raise socket.gaierror(
                socket.EAI_NONAME, f"{name} is AWS itself, and no function here reaches it → use boto3, or {endpoint}"
            )
        return look_up(host, *arguments, **options)

    socket.getaddrinfo = getaddrinfo
