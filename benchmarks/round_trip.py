"""One message there and back: a bare `websockets` echo against the gateway with a Lambda function behind it.

    python3 start.py bench

Client and servers are processes of their own. The rounds alternate, so that what else the machine does meets both
alike; what counts is the ratio of the medians, not the times.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version

from websockets.sync.client import connect

BARE = """
import asyncio
from websockets.asyncio.server import serve
async def echo(ws):
    async for message in ws:
        await ws.send(message)
async def main():
    async with serve(echo, "127.0.0.1", 0, compression=None) as server:
        print("ws://127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""

GATEWAY = """
import io, sys, time, zipfile
import boto3
from upgrade101.deploy import invocation_uri, role
from upgrade101.localcloud.local import LocalCloud
cloud = LocalCloud().start()
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w") as bundle:
    bundle.writestr("app.py", "def echo(event, _): return {'statusCode': 200, 'body': event.get('body', '')}")
arn = boto3.client("lambda").create_function(FunctionName="echo", Runtime="python3.12", Role=role(), Handler="app.echo",
                                             Code={"ZipFile": archive.getvalue()})["FunctionArn"]
gateway = boto3.client("apigatewayv2")
made = gateway.create_api(Name="echo", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
api = made["ApiId"]
integration = gateway.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=invocation_uri(arn))
for key in ("$connect", "$default"):
    route = gateway.create_route(ApiId=api, RouteKey=key, Target="integrations/" + integration["IntegrationId"],
                                 RouteResponseSelectionExpression="$default")["RouteId"]
    gateway.create_route_response(ApiId=api, RouteId=route, RouteResponseKey="$default")
gateway.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)
print("ws://127.0.0.1:%d/_aws/execute-api/%s/dev" % (cloud.gateway.port, api), flush=True)
time.sleep(600)
"""

ROUNDS, MESSAGES = 7, 400
MESSAGE = json.dumps({"action": "echo", "text": "hello"})


def started(code: str) -> tuple[subprocess.Popen[str], str]:
    """Start a server in a process of its own and return it with its address."""
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    if not address:
        sys.exit("a server of the benchmark did not start")
    return server, address


def round_trips(address: str) -> list[float]:
    """Return the microseconds of each of the messages of one round."""
    taken = []
    with connect(address, compression=None, proxy=None) as ws:
        for number in range(MESSAGES + 20):
            begun = time.perf_counter()
            ws.send(MESSAGE)
            ws.recv(timeout=10)
            if number >= 20:  # the first ones warm up
                taken.append((time.perf_counter() - begun) * 1e6)
    return taken


def main() -> None:
    """Run the rounds and print a table."""
    print(f"{platform.platform()}, Python {platform.python_version()}, websockets {version('websockets')}")
    servers = {"bare websockets echo": started(BARE), "gateway and Lambda": started(GATEWAY)}
    medians: dict[str, list[float]] = {name: [] for name in servers}
    try:
        for number in range(ROUNDS):
            print(f"\rround {number + 1} of {ROUNDS}", end="", file=sys.stderr, flush=True)
            for name, (_, address) in servers.items():
                medians[name].append(statistics.median(round_trips(address)))
    finally:
        for server, _ in servers.values():
            server.kill()
            server.wait()
    print(file=sys.stderr)
    for name, values in medians.items():
        print(f"{name:22} {statistics.median(values):7.0f} µs  ({min(values):.0f} to {max(values):.0f})")
    ratios = [ours / bare for bare, ours in zip(*medians.values(), strict=True)]
    print(f"{'ratio, round by round':22} {statistics.median(ratios):7.2f}     ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
