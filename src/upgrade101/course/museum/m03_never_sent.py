"""M3 · The order that was never sent.

The function notes each gone connection for deletion and returns. The requests wait in a batch that nobody sends: a
`batch_writer` sends what is left when its `with` block ends, and here is no such block. Behind this hides a second bug:
the key is wrapped once too often. It would be refused, if it ever travelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from .scene import Scene

SEEN_IN = "aws-samples/websocket-chat-application (2025)"
LESSON = "08"


def connections_of(event: Any) -> Any:
    """Return a client for `@connections` of the stage that the event is from."""
    where = event["requestContext"]
    return boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{where['domainName']}/{where['stage']}")


def say_broken(event: Any, context: Any) -> Any:
    """Post to everybody, and note who is gone."""
    people, connections = boto3.resource("dynamodb").Table("people"), connections_of(event)
    batch = people.batch_writer()
    for row in people.scan()["Items"]:
        try:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
        except connections.exceptions.GoneException:
            batch.delete_item(Key={"Key": {"connection_id": row["connection_id"]}})
    return {"statusCode": 200}


def say_repaired(event: Any, context: Any) -> Any:
    """Post to everybody, and forget who is gone: the batch is sent where its block ends."""
    people, connections = boto3.resource("dynamodb").Table("people"), connections_of(event)
    with people.batch_writer() as batch:
        for row in people.scan()["Items"]:
            try:
                connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
            except connections.exceptions.GoneException:
                batch.delete_item(Key={"connection_id": row["connection_id"]})
    return {"statusCode": 200}


broken = {"say": say_broken}
repaired = {"say": say_repaired}


def scenario(scene: Scene) -> None:
    """Ana and Ben are there, Ben leaves, and Ana says something."""
    ana, ben = scene.enter("ana"), scene.enter("ben")
    scene.leave(ben)
    ana.says(action="say", text="hi")
    scene.expect_heard(ana, '{"action": "say", "text": "hi"}', look="the arrow to the table that comes back red")
    scene.expect("in the table", scene.names(), ["ana"], look="the picture: which call to the table is missing?")
