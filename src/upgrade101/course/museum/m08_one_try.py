"""M8 · One gone guest silences the rest.

The loop stands inside the `try`, and not the other way round. The first connection that is gone ends the loop, whoever
comes after it in the table hears nothing, and the function reports success. Who hears what depends on the order of
rows, so it looks like a matter of luck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from .scene import Scene

SEEN_IN = "a tutorial's repository of 2023"
LESSON = "07"


def connections_of(event: Any) -> Any:
    """Return a client for `@connections` of the stage that the event is from."""
    where = event["requestContext"]
    return boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{where['domainName']}/{where['stage']}")


def say_broken(event: Any, context: Any) -> Any:
    """Post to everybody, until the first one is gone."""
    connections = connections_of(event)
    try:
        for row in boto3.resource("dynamodb").Table("people").scan()["Items"]:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
    except Exception as error:
        print(type(error).__name__)
    return {"statusCode": 200}


def say_repaired(event: Any, context: Any) -> Any:
    """Post to everybody, each on its own account."""
    connections = connections_of(event)
    for row in boto3.resource("dynamodb").Table("people").scan()["Items"]:
        try:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
        except Exception as error:
            print(type(error).__name__)
    return {"statusCode": 200}


broken = {"say": say_broken}
repaired = {"say": say_repaired}


def scenario(scene: Scene) -> None:
    """Four guests have come. Whoever stands first in the table leaves, and one of the others says something."""
    first, *others = scene.in_order(*(scene.enter(name) for name in ("ana", "ben", "cleo", "dora")))
    scene.leave(first)
    others[0].says(action="say", text="hi")
    for guest in others:
        scene.expect_heard(guest, '{"action": "say", "text": "hi"}', look="what the `try` stands around")
