"""M5 · The runtime moved on.

The logic is right and nobody touched it. Then the function's runtime was raised to the latest, and a library that the
old one carried is no longer there: `botocore.vendored.requests` once held all of requests, and today it holds only the
names of its errors. The line is opened as before, and each message ends in `Internal server error`. Bring along what
you use, or use what the standard library has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from .scene import Scene

SEEN_IN = "aws-samples/serverless-patterns, after a change of many runtimes at once (November 2025)"
LESSON = "12"


def invite_broken(event: Any, context: Any) -> Any:
    """Answer with an address to hand on, by a library that came with the runtime."""
    from botocore.vendored import requests

    name = event["requestContext"]["connectionId"]
    return {"statusCode": 200, "body": f"https://chat.example/with/{requests.utils.quote(name, safe='')}"}


def invite_repaired(event: Any, context: Any) -> Any:
    """Answer with an address to hand on, by the standard library."""
    name = event["requestContext"]["connectionId"]
    return {"statusCode": 200, "body": f"https://chat.example/with/{quote(name, safe='')}"}


broken = {"invite": invite_broken}
repaired = {"invite": invite_repaired}
two_way = ("invite",)


def scenario(scene: Scene) -> None:
    """Ana asks for an address to hand on."""
    ana = scene.enter("ana")
    ana.says(action="invite")
    address = f"https://chat.example/with/{ana.connection_id.replace('=', '%3D')}"
    scene.expect_heard(ana, address, look="the function's log: which library is missing what?")
