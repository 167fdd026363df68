"""Run a notebook as JupyterLab's Run All does: every cell is sent at once, and the kernel works through the queue.

nbclient sends one cell at a time and so cannot see what goes wrong only when cells are queued.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import IO, Any

import nbformat
from jupyter_client.manager import KernelManager
from jupyter_core.utils import ensure_event_loop

NO_NETWORK = """
def _refuse_the_network():
    import ipaddress, socket
    def loopback(host):
        if host in (None, "", b"", "localhost"):
            return True
        try:
            return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
        except ValueError:
            return False
    def refusing(original, host_of):
        def guarded(*args, **kwargs):
            host = host_of(args)
            if not loopback(host):
                raise OSError(f"this run has no network, and something asked for {host}")
            return original(*args, **kwargs)
        return guarded
    inet = lambda args: args[1][0] if isinstance(args[1], tuple) else None
    socket.getaddrinfo = refusing(socket.getaddrinfo, lambda args: args[0])
    socket.socket.connect = refusing(socket.socket.connect, inet)
    socket.socket.connect_ex = refusing(socket.socket.connect_ex, inet)
_refuse_the_network(); del _refuse_the_network
"""
"""Code that a kernel runs first so that nothing but this machine can be reached."""


@dataclass(slots=True)
class Ran:
    """One cell and what came of it. ``error`` is the exception's name and text, or ''."""

    cell_id: str
    source: str
    expected_to_fail: bool = False
    done: bool = False
    error: str = ""
    text: str = ""
    kinds: set[str] = field(default_factory=set)

    @property
    def ok(self) -> bool:
        """Tell whether the cell ran to its end, and failed only where its tag ``raises-exception`` says it should."""
        return self.done and (not self.error or self.expected_to_fail)


@dataclass(slots=True)
class Report:
    """All cells of a run; ``seconds`` is from the first request to the last answer, without the kernel's start."""

    cells: list[Ran]
    seconds: float
    died: bool = False  # the kernel, before its time
    kernel_log: str = ""  # the end of what it wrote by itself then

    @property
    def failures(self) -> list[Ran]:
        """Return the cells that did not do what they should."""
        return [cell for cell in self.cells if not cell.ok]


def code_cells(path: Path) -> list[Ran]:
    """Return the code cells of a notebook, in order."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return [
        Ran(cell.id, cell.source, "raises-exception" in cell.metadata.get("tags", []))
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def run_all(
    cells: Sequence[Ran],
    folder: Path,
    *,
    first: str = NO_NETWORK,
    environment: dict[str, str] | None = None,
    patience: float = 120.0,
    stop: threading.Event | None = None,
    seen: Callable[[int], None] = lambda done: None,
    is_last: Callable[[Ran], bool] = lambda cell: False,
) -> Report:
    """Run cells in a fresh kernel, all queued at once; give up after ``patience`` seconds, or once ``stop`` is set.

    ``first`` is code that runs before them, ``environment`` is added to the kernel's; ``seen`` hears how many cells are
    done. Where ``is_last`` says of one that is done that there is no use in going on, the report ends with it. Any
    thread may call it. Never raises for a failing cell, nor for a kernel that dies.
    """
    with tempfile.TemporaryFile() as log, _kernel(folder, environment or {}, log) as (manager, client):
        client.execute(first, silent=True, store_history=False)
        begun = time.monotonic()
        waiting = {client.execute(cell.source, allow_stdin=False, stop_on_error=False): cell for cell in cells}
        asked_to = stop or threading.Event()
        for message in _messages(client, manager, lambda: asked_to.is_set() or time.monotonic() > begun + patience):
            cell = _take(message, waiting)
            if cell is not None:
                seen(len(cells) - len(waiting))
            if not waiting or (cell is not None and is_last(cell)):
                break
        seconds, died = time.monotonic() - begun, not manager.is_alive()
        return Report(_until(cells, is_last), seconds, died, _end_of(log) if died else "")


@contextmanager
def _kernel(folder: Path, environment: dict[str, str], log: IO[bytes]) -> Iterator[tuple[KernelManager, Any]]:
    """Start a kernel and a client of it, and let nothing of them stay."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder), env={**os.environ, **environment}, stdout=log, stderr=log)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        if threading.current_thread() is not threading.main_thread():
            ensure_event_loop().close()  # jupyter_client has made one for this thread, and leaves it open


def _end_of(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read()[-2000:].decode("utf-8", "replace")


def _messages(client: Any, manager: KernelManager, over: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """Yield what the kernel says until it is over, or the kernel has died."""
    while not over():
        try:
            yield client.get_iopub_msg(timeout=0.5)
        except Empty:
            if not manager.is_alive():
                return


def _until(cells: Iterable[Ran], is_last: Callable[[Ran], bool]) -> list[Ran]:
    """Return the cells up to the last one that counts."""
    kept = []
    for cell in cells:
        kept.append(cell)
        if cell.done and is_last(cell):
            break
    return kept


def _take(message: dict[str, Any], waiting: dict[str, Ran]) -> Ran | None:
    """Note what a message says of a cell; return the cell where it is done with it."""
    asked_by = message["parent_header"].get("msg_id", "")
    cell = waiting.get(asked_by)
    if cell is None:
        return None
    _note(cell, message["header"]["msg_type"], message["content"])
    if not cell.done:
        return None
    del waiting[asked_by]
    return cell


def _note(cell: Ran, kind: str, content: dict[str, Any]) -> None:
    match kind:
        case "status":
            cell.done = content["execution_state"] == "idle"
        case "stream":
            cell.text += content["text"]
            cell.kinds.add(content["name"])
        case "display_data" | "execute_result":
            cell.text += str(content["data"].get("text/plain", "")) + "\n"
            cell.kinds.update(content["data"])
        case "error":
            cell.error = f"{content['ename']}: {content['evalue']}"


def twice(cells: Iterable[Ran]) -> list[Ran]:
    """Return every cell two times in a row: any cell must survive being run again."""
    return [Ran(cell.cell_id, cell.source, cell.expected_to_fail) for cell in cells for _ in range(2)]
