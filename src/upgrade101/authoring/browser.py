"""A notebook in a real JupyterLab, in a real browser: run it, ask what its cells show, take its picture.

Needs Playwright's Python package and a Chromium that is on the machine already; nothing is downloaded, and the page can
reach nothing but this machine.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, sync_playwright

from ..gateway.errors import ConfigurationError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_LOOPBACK = re.compile(r"(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|data:|blob:|about:")
_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "notebook-extension/tracker": {"windowingMode": "none"},  # cells out of view are in the page all the same
}
_CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => ({
    id: cell.model.id, type: cell.model.type, count: cell.model.executionCount ?? null,
    text: cell.node.querySelector('.jp-OutputArea')?.innerText ?? '',
    pictures: [...cell.node.querySelectorAll('.jp-OutputArea svg[role=img]')]
        .map(svg => svg.getAttribute('aria-label')),
    errors: [...Array(cell.model.outputs?.length ?? 0).keys()]
        .filter(place => cell.model.outputs.get(place).type === 'error').length}))"""


def chromium() -> str:
    """Return the path of a Chromium, Chrome or Edge on this machine, or the one that CHROMIUM names.

    Raises ConfigurationError where there is none.
    """
    named = os.environ.get("CHROMIUM", "")
    found = [*filter(None, (named, *map(shutil.which, _NAMES))), *(place for place in _PLACES if Path(place).exists())]
    if not found:
        raise ConfigurationError(
            "no Chromium was found on this machine", hint="install one (Debian: apt install chromium), or set CHROMIUM"
        )
    return found[0]


@dataclass(slots=True)
class Seen:
    """What the browser saw of one run: every cell, requests that would have left the machine, errors of the console."""

    passed: bool
    cells: list[dict[str, Any]]
    outside: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)

    def cell(self, cell_id: str) -> dict[str, Any]:
        """Return the cell of that id: id, type, count, text, pictures (their alternative texts), errors."""
        return next(cell for cell in self.cells if cell["id"] == cell_id)


@contextmanager
def jupyterlab(folder: Path, *, theme: str = "Light", environment: dict[str, str] | None = None) -> Iterator[str]:
    """Run a JupyterLab server for ``folder`` on loopback, with settings of its own; yield its address."""
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as home:
        log = Path(home, "server.log")
        token = secrets.token_hex(16)
        with log.open("w") as out, _server(Path(home), folder, token, theme, environment or {}, out) as server:
            yield f"http://127.0.0.1:{_port(Path(home), server, token, log)}/lab?token={token}"


@contextmanager
def _server(
    home: Path, folder: Path, token: str, theme: str, environment: dict[str, str], out: Any
) -> Iterator[subprocess.Popen[bytes]]:
    settings = {**_SETTINGS, "apputils-extension/themes": {"theme": f"JupyterLab {theme}"}}
    for name, value in settings.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser", "--ServerApp.port=0"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}", "--ServerApp.ip=127.0.0.1"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    server = subprocess.Popen(
        command,
        env={**os.environ, **{name: str(home / place) for name, place in places.items()}, **environment},
        stdout=out,
        stderr=subprocess.STDOUT,
    )
    try:
        yield server
    finally:
        server.send_signal(getattr(signal, "SIGTERM", signal.SIGINT))
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _port(home: Path, server: subprocess.Popen[bytes], token: str, log: Path, patience: float = 60.0) -> int:
    """Wait until the server answers, and return its port."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and server.poll() is None:
        for file in (home / "runtime").glob("jpserver-*.json"):
            try:
                port = int(json.loads(file.read_text())["port"])
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token={token}", timeout=2).close()
                return port
            except (OSError, ValueError):
                pass
        time.sleep(0.1)
    raise ConfigurationError("JupyterLab did not start", hint=log.read_text()[-800:])


@contextmanager
def browser_page(seen: Seen, *, width: int = 1280, height: int = 1000) -> Iterator[Page]:
    """Open a page that can reach nothing but this machine; what it tried is noted in ``seen``."""
    flags = [*_FLAGS, "--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [*_FLAGS]

    def only_loopback(route: Route) -> None:
        if _LOOPBACK.match(route.request.url):
            route.continue_()
        else:
            seen.outside.append(route.request.url)
            route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
        page = browser.new_context(viewport={"width": width, "height": height}).new_page()
        page.route("**/*", only_loopback)
        page.on("pageerror", lambda error: seen.console.append(str(error)[:300]))
        try:
            yield page
        finally:
            browser.close()


def look(
    notebook: Path,
    picture: Path,
    *,
    theme: str = "Light",
    environment: dict[str, str] | None = None,
    patience: float = 120.0,
) -> Seen:
    """Open a notebook in JupyterLab, choose Run All, wait for its end, and save a picture of the whole notebook.

    ``theme`` is ``"Light"`` or ``"Dark"``. Raises ConfigurationError where there is no browser or no JupyterLab.
    """
    seen = Seen(False, [])
    with jupyterlab(notebook.parent, theme=theme, environment=environment) as address, browser_page(seen) as page:
        page.goto(address.replace("/lab?", f"/lab/tree/{notebook.name}?reset&"))
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=120_000)
        page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=120_000,
        )
        page.evaluate(
            "() => { window.ran = null; window.jupyterapp.commands.execute('notebook:run-all-cells')"
            ".then(passed => { window.ran = [passed] }, fault => { window.ran = [false, String(fault)] }) }"
        )
        page.wait_for_function("() => window.ran !== null", timeout=patience * 1000)
        seen.passed = bool(page.evaluate("() => window.ran[0]"))
        page.wait_for_timeout(500)  # the last outputs are being drawn
        seen.cells = page.evaluate(_CELLS)
        _photograph(page, picture)
    return seen


def _photograph(page: Page, picture: Path) -> None:
    """Save the whole notebook as one picture, by making the window as tall as it."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    height = page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollHeight")
    page.set_viewport_size({"width": 1280, "height": min(int(height) + 220, 16_000)})
    page.wait_for_timeout(500)
    page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollTo(0, 0)")
    page.wait_for_timeout(300)
    page.locator(".jp-NotebookPanel").first.screenshot(path=str(picture))
