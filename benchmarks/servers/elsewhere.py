"""A program with an endpoint for AWS APIs: ``python -m benchmarks.servers.elsewhere plain|dynamodb PROGRAM ...``.

``{port}`` in its arguments and in the environment stands for the port. Its WebSocket stages lie at
``/_aws/execute-api/{api-id}/{stage}``, as with the local gateway.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

from ..deployment import DYNAMODB, PLAIN, Deployment
from . import announce_and_wait, free_port, wanted_variables


def started(command: list[str], port: int) -> subprocess.Popen[bytes]:
    """Start the program and wait until its port answers."""
    variables = {**os.environ, "GATEWAY_PORT": str(port), "LOG_LEVEL": "ERROR"}
    command = [word.replace("{port}", str(port)) for word in command]
    program = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while program.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
            return program
        except urllib.error.HTTPError:
            return program
        except OSError:
            time.sleep(0.02)
    sys.exit(f"{command[0]} ended with {program.returncode}")


def main() -> None:
    """Start it, deploy, and wait until nobody wants it any more."""
    kind, *command = sys.argv[1:]
    port = free_port()
    program, endpoint = started(command, port), f"http://127.0.0.1:{port}"
    try:
        deployment = Deployment(endpoint)
        if kind == "dynamodb":
            deployment.table()
        variables = {**wanted_variables(), "DYNAMODB_URL": endpoint}
        api_id = deployment.api(DYNAMODB if kind == "dynamodb" else PLAIN, variables)
        announce_and_wait(f"ws://127.0.0.1:{port}/_aws/execute-api/{api_id}/dev")
    finally:
        program.terminate()
        program.wait(10)


if __name__ == "__main__":
    main()
