"""serverless-offline with Python functions: ``python -m benchmarks.servers.offline plain|dynamodb NODE_MODULES``.

Its folder is written here; DynamoDB, which it lacks, is moto's server in this process.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ..deployment import DYNAMODB, HANDLERS, PLAIN, Deployment
from . import announce_and_wait, free_port, wanted_variables

SERVICE = """
service: bench
provider:
  name: aws
  runtime: python3.12
  websocketsApiRouteSelectionExpression: $request.body.action
  environment:
{variables}
plugins: [serverless-offline]
custom:
  serverless-offline:
    host: 127.0.0.1
    httpPort: {http}
    lambdaPort: {functions}
    websocketPort: {port}
    noTimeout: true
functions:
{functions_text}
"""


def service(routes: dict[str, str], variables: dict[str, str], ports: list[int]) -> str:
    """Return serverless.yml."""
    texts = []
    for number, (route_key, handler) in enumerate(routes.items()):
        two_way = (
            "" if route_key in ("$connect", "$disconnect") else "\n          routeResponseSelectionExpression: $default"
        )
        texts.append(
            f"  function{number}:\n    handler: app.{handler}\n    events:\n      - websocket:\n"
            f"          route: {route_key}{two_way}"
        )
    settings = "\n".join(f"    {name}: '{value}'" for name, value in variables.items())
    port, http, functions = ports
    return SERVICE.format(
        variables=settings, http=http, functions=functions, port=port, functions_text="\n".join(texts)
    )


def main() -> None:
    """Write the service, start it, and wait until nobody wants it any more."""
    kind, node_modules = sys.argv[1:]
    ports = [free_port() for _ in range(3)]
    variables = {**wanted_variables(), "CALLBACK_URL": f"http://127.0.0.1:{ports[0]}"}
    if kind == "dynamodb":
        variables["DYNAMODB_URL"] = moto_server()
    with tempfile.TemporaryDirectory(prefix="upgrade101-bench-") as folder:
        routes = DYNAMODB if kind == "dynamodb" else PLAIN
        Path(folder, "serverless.yml").write_text(service(routes, variables, ports), encoding="utf-8")
        Path(folder, "package.json").write_text("{}", encoding="utf-8")
        shutil.copy(HANDLERS, Path(folder, "app.py"))
        os.symlink(node_modules, Path(folder, "node_modules"), target_is_directory=True)
        program = subprocess.Popen(
            ["node", str(Path(node_modules, "serverless", "bin", "serverless.js")), "offline", "start"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            env={**os.environ, "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"},
        )
        try:
            wait_for(ports[0], program)
            announce_and_wait(f"ws://127.0.0.1:{ports[0]}")
        finally:
            program.terminate()
            program.wait(10)


def wait_for(port: int, program: subprocess.Popen[bytes]) -> None:
    """Wait until something listens at a port."""
    while program.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"serverless offline ended with {program.returncode}")


def moto_server() -> str:
    """Start moto's server with the table in it; return its endpoint."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    endpoint = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    Deployment(endpoint).table()
    return endpoint


if __name__ == "__main__":
    main()
