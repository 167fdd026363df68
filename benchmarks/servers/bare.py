"""A plain `websockets` server: ``python -m benchmarks.servers.bare inline|thread|dynamodb|hook``.

The handler runs in the loop (``inline``) or in a thread; ``dynamodb`` writes to moto in this process; ``hook`` answers
boto3's posts by an empty hook, before they leave the process.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from http import HTTPStatus
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from .. import handlers
from ..deployment import DYNAMODB, PLAIN, Deployment
from . import announce


class Bare:
    """What the server does with a connection and its messages."""

    def __init__(self, kind: str) -> None:
        self.routes = DYNAMODB if kind == "dynamodb" else PLAIN
        self.inline = kind == "inline"

    def handler(self, route_key: str) -> Any:
        """Return the handler of a route."""
        return getattr(handlers, self.routes.get(route_key, self.routes["$default"]))

    async def knock(self, ws: ServerConnection, request: Request) -> Response | None:
        """Have ``$connect`` decide."""
        answer = await asyncio.to_thread(self.handler("$connect"), event_of(ws, None), None)
        return None if answer["statusCode"] == HTTPStatus.OK else ws.respond(answer["statusCode"], "")

    async def talk(self, ws: ServerConnection) -> None:
        """Answer every message, until the client has gone."""
        try:
            async for message in ws:
                await ws.send(await self.reply(ws, str(message)))
        except ConnectionClosed:
            pass
        finally:
            if not self.inline:
                await asyncio.to_thread(self.handler("$disconnect"), event_of(ws, None), None)

    async def reply(self, ws: ServerConnection, message: str) -> str:
        """Return what the handler says."""
        if self.inline:
            return str(handlers.echo(event_of(ws, message), None)["body"])
        handler = self.handler(json.loads(message)["action"])
        return str((await asyncio.to_thread(handler, event_of(ws, message), None))["body"])


def event_of(ws: ServerConnection, body: str | None) -> dict[str, Any]:
    """Return as much of an event as the handlers read."""
    where = {"connectionId": str(ws.id), "domainName": "abcdefghij.execute-api.us-east-1.amazonaws.com", "stage": "dev"}
    return {"requestContext": where, "body": body}


def answer_posts() -> None:
    """Answer every post of boto3 by an empty hook: what boto3 itself costs."""
    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register_first(
        "before-send.apigatewaymanagementapi", lambda request, **_: AWSResponse(request.url, 200, {}, Nothing())
    )


class Nothing:
    """As much of a urllib3 response as botocore reads."""

    def stream(self, *_: Any, **__: Any) -> Any:
        """Return an empty body."""
        return iter([b""])


async def main(kind: str) -> None:
    """Serve until the input ends."""
    bare = Bare(kind)
    knock = None if bare.inline else bare.knock
    async with serve(
        bare.talk, "127.0.0.1", 0, compression=None, ping_interval=None, process_request=knock, backlog=1024
    ) as server:
        announce(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    logging.disable()
    if sys.argv[1] == "hook":
        answer_posts()
    if sys.argv[1] == "dynamodb":
        from moto import mock_aws

        mock_aws().start()
        Deployment().table()
    asyncio.run(main(sys.argv[1]))
