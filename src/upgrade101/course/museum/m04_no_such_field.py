"""M4 · A field that is not there.

The function asks the error for its status where it has none, finds nothing that equals 410, and raises the error again.
The first ghost in the table ends the whole broadcast: who comes after it hears nothing, the sender reads
`Internal server error`, and the ghost stays for the next message. A newer version of a library had moved the field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .scene import Scene

SEEN_IN = "aws-samples/websocket-api-cognito-auth-sample (2025), and with M2 in simple-websockets-chat-app (2025)"
LESSON = "08"


def connections_of(event: Any) -> Any:
    """Return a client for `@connections` of the stage that the event is from."""
    where = event["requestContext"]
    return boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{where['domainName']}/{where['stage']}")


def say_broken(event: Any, context: Any) -> Any:
    """Post to everybody; the status is looked up where it is not."""
    people, connections = boto3.resource("dynamodb").Table("people"), connections_of(event)
    for row in people.scan()["Items"]:
        try:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
        except ClientError as error:
            if error.response.get("statusCode") != 410:
                raise
            people.delete_item(Key={"connection_id": row["connection_id"]})
    return {"statusCode": 200}


def say_repaired(event: Any, context: Any) -> Any:
    """Post to everybody; the kind of the error says what to do."""
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
    """Three guests have come. Whoever stands first in the table leaves, and one of the others says something."""
    first, speaker, other = scene.in_order(*(scene.enter(name) for name in ("ana", "ben", "cleo")))
    scene.leave(first)
    speaker.says(action="say", text="hi")
    for guest in (speaker, other):
        scene.expect_heard(guest, '{"action": "say", "text": "hi"}', look="where boto3 keeps an error's status")
    scene.expect("in the table", scene.names(), sorted([speaker.name, other.name]))
