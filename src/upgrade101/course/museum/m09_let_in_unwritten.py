"""M9 · Let in, and never written down.

`$connect` writes a row and swallows whatever goes wrong, so a client is let in although nobody will find it: an open
line without a row, which no message ever reaches. And it reads the query string outside of the `try`: who comes without
one is turned away by a `KeyError`. Both are the wrong way round. A default is enough for the room; without a row there
must be no connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from .scene import Scene

SEEN_IN = "a tutorial's repository of 2023"
LESSON = "05"


def write_down(event: Any, name: str) -> None:
    """Write down who is there."""
    me = event["requestContext"]["connectionId"]
    boto3.resource("dynamodb").Table("people").put_item(Item={"connection_id": me, "name": name})


def arrive_broken(event: Any, context: Any) -> Any:
    """Let everybody in who brings a name, written down or not."""
    name = event["queryStringParameters"]["name"]
    try:
        write_down(event, name)
    except Exception as error:
        print("could not write:", type(error).__name__)
    return {"statusCode": 200}


def arrive_repaired(event: Any, context: Any) -> Any:
    """Let in who is written down, with a name or without."""
    name = (event.get("queryStringParameters") or {}).get("name", "somebody")
    try:
        write_down(event, name)
    except Exception as error:
        print("could not write:", type(error).__name__)
        return {"statusCode": 500}
    return {"statusCode": 200}


broken = {"$connect": arrive_broken}
repaired = {"$connect": arrive_repaired}


def scenario(scene: Scene) -> None:
    """Ana brings a name and Ben brings none. Then the table is lost, and Cleo knocks."""
    scene.enter("ana")
    scene.enter("ben", query="", look="what an event holds where the URL has no query string")
    scene.expect("in the table", scene.names(), ["ana", "somebody"])
    scene.lose_the_table()
    scene.expect_refused("cleo", look="what the function returns where the write fails")
