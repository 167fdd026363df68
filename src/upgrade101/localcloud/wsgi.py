"""A WSGI application called with an HttpRequest, in this process and thread, with no server in between."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from werkzeug.test import run_wsgi_app

from ..gateway.ports import HttpRequest, HttpResponse

_HOST = re.compile(r"(.*?)(?::(\d+))?", re.DOTALL)  # matches every text
_UNPREFIXED = {"CONTENT_TYPE", "CONTENT_LENGTH"}
_METADATA = "x-amz-meta-"
_SPELLINGS = "moto.preserved_header_names"  # where moto 5.2.5 looks the spelling of S3's metadata up; ignored before


def environ(request: HttpRequest) -> dict[str, Any]:
    """Return the WSGI environ of a request (PEP 3333), with ``RAW_URI`` as moto wants it.

    Names with an underscore are dropped, because they could pass for names with a dash; S3's metadata keeps its own.

    >>> environ(HttpRequest("GET", "/a%20b?c=d", [("Host", "localhost:80")]))["PATH_INFO"]
    '/a b'
    """
    url = urlsplit(request.target) if "://" in request.target.partition("?")[0] else None
    raw = f"{url.path or '/'}{'?' + url.query if url.query else ''}" if url else request.target
    path, _, query = raw.partition("?")
    host, port = _HOST.fullmatch(request.header("host") or "localhost").groups()  # type: ignore[union-attr]
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": raw,
        "REQUEST_URI": raw,
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": request.client[0],
        "REMOTE_PORT": str(request.client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "HTTP_HOST": "localhost",  # what HTTP/1.0 leaves out
        _SPELLINGS: {_key(name): name for name, _ in request.headers if "_" in name and _is_metadata(name)},
        **_header_variables(request),
        "CONTENT_LENGTH": str(len(request.body)),
    }


def call(application: Any, variables: dict[str, Any]) -> HttpResponse:
    """Run a WSGI application and collect its whole answer; what the application raises is raised here."""
    chunks, status, headers = run_wsgi_app(application, variables, buffered=True)
    return HttpResponse(int(status.split(" ", 1)[0]), b"".join(chunks), list(headers.to_wsgi_list()))


def _header_variables(request: HttpRequest) -> dict[str, str]:
    variables: dict[str, str] = {}
    for key, value, joint in _headers(request):
        variables[key] = f"{variables[key]}{joint}{value}" if key in variables else value
    return variables


def _headers(request: HttpRequest) -> Iterator[tuple[str, str, str]]:
    for name, value in request.headers:
        lower = name.lower()
        if lower in ("transfer-encoding", "content-length") or ("_" in name and not _is_metadata(name)):
            continue  # the body is here already, in one piece
        yield _key(name), value, "; " if lower == "cookie" else ","


def _is_metadata(name: str) -> bool:
    return name.lower().startswith(_METADATA)


def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in _UNPREFIXED else f"HTTP_{key}"
