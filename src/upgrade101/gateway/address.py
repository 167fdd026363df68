"""Which API and stage a URL means: by host name as on AWS, or by path as local clouds do it.

A custom domain has mappings: the first segments of the path choose the API and its stage, and the stage's own name
stands nowhere (https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-mappings.html).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

_HOST = re.compile(
    r"(?P<api>[a-z0-9]+)\.execute-api\.(?:(?P<region>[a-z0-9-]+)\.amazonaws\.com|localhost)(?::\d+)?\Z", re.I
)
_PATH_FORM = "/_aws/execute-api/"
_MANAGEMENT = "@connections"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request wants to go; ``rest`` is the path below the stage, percent-encoding undone segment by segment.

    ``domain_name`` is the custom domain by which it came, or ''; ``api_id`` is '' where that has no fitting mapping.
    """

    api_id: str
    stage_name: str
    rest: tuple[str, ...] = ()
    domain_name: str = ""

    @property
    def connection_id(self) -> str | None:
        """Return the id in ``/@connections/{id}``, or None where this is no management path."""
        if len(self.rest) == 2 and self.rest[0] == _MANAGEMENT:
            return self.rest[1]
        return None


Mappings = Mapping[str, tuple[str, str]]
"""What is behind a custom domain: API id and stage name by API mapping key, '' for the root."""


def _no_domains(name: str) -> Mappings | None:
    return None


def locate(host: str, target: str, domains: Callable[[str], Mappings | None] = _no_domains) -> Address | None:
    """Read API, stage and the rest of the path from the Host header and the request target.

    ``domains`` knows the mappings of each custom domain by its name.

    >>> locate("a1b2c3d4e5.execute-api.us-east-1.amazonaws.com", "/dev?name=Ana")
    Address(api_id='a1b2c3d4e5', stage_name='dev', rest=(), domain_name='')
    >>> locate("127.0.0.1:4566", "/_aws/execute-api/a1b2c3d4e5/dev/%40connections/KmZ1XdPwDoECGjA%3D").connection_id
    'KmZ1XdPwDoECGjA='
    >>> locate("127.0.0.1:4566", "/") is None
    True
    >>> locate("ws.example.com", "/chat", {"ws.example.com": {"chat": ("a1b2c3d4e5", "dev")}}.get)
    Address(api_id='a1b2c3d4e5', stage_name='dev', rest=(), domain_name='ws.example.com')
    """
    path = target.split("?", 1)[0].split("#", 1)[0]
    if path.startswith(_PATH_FORM):
        api_id, _, path = path[len(_PATH_FORM) :].partition("/")
    elif match := _HOST.match(host):
        api_id, path = match["api"].lower(), path[1:]
    else:
        name = host.partition(":")[0].lower()
        mappings = domains(name)
        return None if mappings is None else _mapped(name, path, mappings)
    stage_name, *rest = _segments(path)
    if rest and rest[-1] == "":
        rest = rest[:-1]
    return Address(api_id, stage_name, tuple(rest))


def _segments(path: str) -> list[str]:
    segments = path.split("/")
    return [unquote(segment) for segment in segments] if "%" in path else segments


def _mapped(name: str, path: str, mappings: Mappings) -> Address:
    """Return what the longest mapping key leads to that the path begins with."""
    segments = _segments(path.strip("/")) if path.strip("/") else []
    for length in range(len(segments), -1, -1):
        found = mappings.get("/".join(segments[:length]))
        if found is not None:
            return Address(*found, tuple(segments[length:]), name)
    return Address("", "", tuple(segments), name)
