"""M2 · The wrong row goes.

At a 410 the function deletes a row, but it takes the id from the event: that of whoever is speaking. So the ghost
stays, and each message that meets it throws out its own sender, who is connected and hears nothing from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from .scene import Scene

SEEN_IN = "aws-samples/simple-websockets-chat-app, since a change of July 2025"
LESSON = "08"


def connections_of(event: Any) -> Any:
    """Return a client for `@connections` of the stage that the event is from."""
    where = event["requestContext"]
    return boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{where['domainName']}/{where['stage']}")


def say_broken(event: Any, context: Any) -> Any:
    """Post to everybody; where somebody is gone, forget whoever spoke."""
    people, connections = boto3.resource("dynamodb").Table("people"), connections_of(event)
    connection_id = event["requestContext"]["connectionId"]
    for row in people.scan()["Items"]:
        try:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
        except connections.exceptions.GoneException:
            people.delete_item(Key={"connection_id": connection_id})
    return {"statusCode": 200}


def say_repaired(event: Any, context: Any) -> Any:
    """Post to everybody; where somebody is gone, forget that one."""
    people, connections = boto3.resource("dynamodb").Table("people"), connections_of(event)
    for row in people.scan()["Items"]:
        try:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
        except connections.exceptions.GoneException:
            people.delete_item(Key={"connection_id": row["connection_id"]})
    return {"statusCode": 200}


broken = {"say": say_broken}
repaired = {"say": say_repaired}


def scenario(scene: Scene) -> None:
    """Ana, Ben and Cleo are there, Ben leaves, Ana says something, and Cleo answers."""
    ana, ben, cleo = scene.enter("ana"), scene.enter("ben"), scene.enter("cleo")
    scene.leave(ben)
    ana.says(action="say", text="hi")
    scene.expect("in the table", scene.names(), ["ana", "cleo"], look="whose connection id `delete_item` gets")
    scene.expect_heard(ana, '{"action": "say", "text": "hi"}')
    cleo.says(action="say", text="hello")
    scene.expect_heard(ana, '{"action": "say", "text": "hello"}', look="whose connection id `delete_item` gets")
