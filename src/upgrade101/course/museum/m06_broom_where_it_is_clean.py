"""M6 · The broom that sweeps where it is clean.

`$disconnect` marks a row, and a function that runs every hour deletes the marked ones. It works in every test, because
in a test every goodbye arrives. Where one is lost, nobody marks the row: it says *active* for ever, and the broom never
looks at it. A sweep is there for goodbyes that did not come, so it must ask the gateway about every row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.conditions import Attr

if TYPE_CHECKING:
    from .scene import Scene

SEEN_IN = "aws-samples/websocket-sessions-management (July 2026)"
LESSON = "08"


def people_table() -> Any:
    """Return the table of who is there."""
    return boto3.resource("dynamodb").Table("people")


def arrive(event: Any, context: Any) -> Any:
    """Write down who is there, and where its connection can be asked about."""
    where = event["requestContext"]
    row = {"connection_id": where["connectionId"], "name": event["queryStringParameters"]["name"]}
    people_table().put_item(Item={**row, "active": True, "at": f"https://{where['domainName']}/{where['stage']}"})
    return {"statusCode": 200}


def leave(event: Any, context: Any) -> Any:
    """Mark the row of whoever said goodbye."""
    people_table().update_item(
        Key={"connection_id": event["requestContext"]["connectionId"]},
        UpdateExpression="SET active = :no",
        ExpressionAttributeValues={":no": False},
    )
    return {"statusCode": 200}


def sweep_broken(event: Any, context: Any) -> Any:
    """Delete the rows that are marked."""
    for row in people_table().scan(FilterExpression=Attr("active").eq(False))["Items"]:
        people_table().delete_item(Key={"connection_id": row["connection_id"]})


def sweep_repaired(event: Any, context: Any) -> Any:
    """Ask about every row, and delete those whose connection is gone."""
    for row in people_table().scan()["Items"]:
        connections = boto3.client("apigatewaymanagementapi", endpoint_url=row["at"])
        try:
            connections.get_connection(ConnectionId=row["connection_id"])
        except connections.exceptions.GoneException:
            people_table().delete_item(Key={"connection_id": row["connection_id"]})


broken = {"$connect": arrive, "$disconnect": leave, "sweep": sweep_broken}
repaired = {"$connect": arrive, "$disconnect": leave, "sweep": sweep_repaired}
scheduled = ("sweep",)


def scenario(scene: Scene) -> None:
    """Ana stays, Ben leaves, Cleo leaves while no goodbye gets through, and the broom comes."""
    _, ben, cleo = scene.enter("ana"), scene.enter("ben"), scene.enter("cleo")
    scene.leave(ben)
    scene.lose_goodbyes()
    scene.leave(cleo)
    scene.run("sweep")
    scene.expect("in the table", scene.names(), ["ana"], look="which rows the sweep asks for")
