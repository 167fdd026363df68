"""M1 · The parent stands before the child.

`say` posts to every row and means to delete a row whose connection is gone. `GoneException` is a `ClientError`, and the
clause for `ClientError` comes first, so the one that deletes can never run. Nothing fails. The table fills with ghosts,
and each message costs a call for every one of them. Tests that make up an error of another kind pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .scene import Scene

SEEN_IN = "awsdocs/aws-doc-sdk-examples, python/cross_service/apigateway_websocket_chat (2024)"
LESSON = "08"


def connections_of(event: Any) -> Any:
    """Return a client for `@connections` of the stage that the event is from."""
    where = event["requestContext"]
    return boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{where['domainName']}/{where['stage']}")


def say_broken(event: Any, context: Any) -> Any:
    """Post to everybody; the second clause is dead."""
    people, connections = boto3.resource("dynamodb").Table("people"), connections_of(event)
    for row in people.scan()["Items"]:
        try:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
        except ClientError as error:
            print("not delivered:", error.response["Error"]["Code"])
        except connections.exceptions.GoneException:
            people.delete_item(Key={"connection_id": row["connection_id"]})
    return {"statusCode": 200}


def say_repaired(event: Any, context: Any) -> Any:
    """Post to everybody; the special case stands before the general one."""
    people, connections = boto3.resource("dynamodb").Table("people"), connections_of(event)
    for row in people.scan()["Items"]:
        try:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
        except connections.exceptions.GoneException:
            people.delete_item(Key={"connection_id": row["connection_id"]})
        except ClientError as error:
            print("not delivered:", error.response["Error"]["Code"])
    return {"statusCode": 200}


broken = {"say": say_broken}
repaired = {"say": say_repaired}


def scenario(scene: Scene) -> None:
    """Ana and Ben are there, Ben leaves, and Ana says something."""
    ana, ben = scene.enter("ana"), scene.enter("ben")
    scene.leave(ben)
    ana.says(action="say", text="hi")
    scene.expect_heard(ana, '{"action": "say", "text": "hi"}')
    scene.expect("in the table", scene.names(), ["ana"], look="which of the two clauses a GoneException meets first")
