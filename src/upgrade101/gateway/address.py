"""Which API and stage a URL means: by host name as on AWS, or by path as local clouds do it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

_HOST = re.compile(
    r"(?P<api>[a-z0-9]+)\.execute-api\.(?:(?P<region>[a-z0-9-]+)\.amazonaws\.com|localhost)(?::\d+)?\Z", re.I
)
_PATH_FORM = "/_aws/execute-api/"
_MANAGEMENT = "@connections"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request wants to go; ``rest`` is the path below the stage, percent-encoding undone segment by segment."""

    api_id: str
    stage_name: str
    rest: tuple[str, ...] = ()

    @property
    def connection_id(self) -> str | None:
        """Return the id in ``/@connections/{id}``, or None where this is no management path."""
        if len(self.rest) == 2 and self.rest[0] == _MANAGEMENT:
            return self.rest[1]
        return None


def locate(host: str, target: str) -> Address | None:
    """Read API, stage and the rest of the path from the Host header and the request target.

    >>> locate("a1b2c3d4e5.execute-api.us-east-1.amazonaws.com", "/dev?name=Ana")
    Address(api_id='a1b2c3d4e5', stage_name='dev', rest=())
    >>> locate("127.0.0.1:4566", "/_aws/execute-api/a1b2c3d4e5/dev/%40connections/KmZ1XdPwDoECGjA%3D").connection_id
    'KmZ1XdPwDoECGjA='
    >>> locate("127.0.0.1:4566", "/") is None
    True
    """
    path = target.split("?", 1)[0].split("#", 1)[0]
    if path.startswith(_PATH_FORM):
        api_id, _, path = path[len(_PATH_FORM) :].partition("/")
    elif match := _HOST.match(host):
        api_id, path = match["api"].lower(), path[1:]
    else:
        return None
    stage_name, *rest = (unquote(segment) for segment in path.split("/"))
    if rest and rest[-1] == "":
        rest = rest[:-1]
    return Address(api_id, stage_name, tuple(rest))
