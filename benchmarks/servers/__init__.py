"""The programs that are measured, each a process of its own: it says where it listens, and ends with its input."""

from __future__ import annotations

import json
import os
import socket
import sys


def announce(url: str) -> None:
    """Tell the harness where the server listens."""
    print(json.dumps({"url": url}), flush=True)


def announce_and_wait(url: str) -> None:
    """Tell the harness where the server listens, and wait until it wants no more: its end closes the input."""
    announce(url)
    sys.stdin.read()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wanted_variables() -> dict[str, str]:
    """Return the variables that the harness has for the functions."""
    return {name: os.environ[name] for name in ("CAME_FILE", "GONE_FILE", "PRINT") if name in os.environ}
