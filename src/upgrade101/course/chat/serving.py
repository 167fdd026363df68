"""The chat's page, served from a port of this machine: one HTML file, one style sheet, two modules, its settings."""

from __future__ import annotations

import json
import os
import threading
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ... import cloud

WEB = Path(__file__).parent / "web"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json"}
_FILES = ("index.html", "page.js", "chat.js", "chat.css")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' ws: wss:; img-src data:; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    settings: bytes = b""


class _Answers(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Send a file by its name, whatever way a proxy has put before it."""
        name = urlsplit(self.path).path.rpartition("/")[2] or "index.html"
        if name == "settings.json":
            self._send(name, self.server.settings)
        elif name in _FILES:
            self._send(name, (WEB / name).read_bytes())
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send(self, name: str, body: bytes) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{_TYPES[Path(name).suffix]}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for header, value in _HEADERS.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Leave the notebook's output alone."""


class Page:
    """A page that is being served; a notebook shows where. It ends with ``close``, or with the next page."""

    def __init__(self, url: str, room: str, name: str) -> None:
        self._server = _Server(("127.0.0.1", 0), _Answers)
        settings = {"url": cloud.local_url(url), "room": room, "name": name}
        self._server.settings = json.dumps(settings).encode()
        self._thread = threading.Thread(target=self._serve, name="upgrade101-page", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    @property
    def port(self) -> int:
        """Return the port of this machine at which it is served."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Return the page's address: on JupyterHub and Binder the way through jupyter-server-proxy."""
        prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
        return f"{quote(prefix)}proxy/{self.port}/" if prefix else f"http://127.0.0.1:{self.port}/"

    def close(self) -> None:
        """Stop serving; harmless where it has stopped."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        where = escape(self.url)
        ink = "color:var(--jp-content-link-color,LinkText);text-decoration:underline"
        link = f'<a href="{where}" target="_blank" rel="noopener" style="{ink}">{where}</a>'
        return {"text/plain": repr(self), "text/html": f"<p>The chat, in a tab of its own: {link}</p>"}

    def __repr__(self) -> str:
        return f"The chat, in a tab of its own: {self.url}"


_open: list[Page] = []


def page(url: str, room: str = "blue", name: str = "") -> Page:
    """Serve the chat's page for the stage at ``url``; a page that was served before ends.

    ``url`` is the one that AWS gives. Where a ``name`` is given, the page enters the room at once. Close the page with
    ``close``; it ends with the kernel at the latest.
    """
    close()
    _open.append(Page(url, room, name))
    return _open[-1]


def close() -> None:
    """Stop serving the page; harmless where none is served."""
    while _open:
        _open.pop().close()
