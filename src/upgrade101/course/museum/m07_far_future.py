"""M7 · An expiry far in the future.

A row may carry a time after which DynamoDB deletes it, in seconds since 1970. Here stands the present time in
milliseconds. Read as seconds that is a date some fifty thousand years ahead, so no row ever expires. And the present
moment would be wrong too: a row has to outlive its connection, which may last two hours.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from .scene import Scene

SEEN_IN = "awsfundamentals-hq/apigw-websockets (October 2024)"
LESSON = "05"


def write_down(event: Any, expires: int) -> Any:
    """Write down who is there, and until when."""
    row = {"connection_id": event["requestContext"]["connectionId"], "name": event["queryStringParameters"]["name"]}
    boto3.resource("dynamodb").Table("people").put_item(Item={**row, "expires": expires})
    return {"statusCode": 200}


def arrive_broken(event: Any, context: Any) -> Any:
    """Let the row expire now, in milliseconds."""
    return write_down(event, int(time.time() * 1000))


def arrive_repaired(event: Any, context: Any) -> Any:
    """Let the row expire in three hours, in seconds."""
    return write_down(event, int(time.time()) + 3 * 3600)


broken = {"$connect": arrive_broken}
repaired = {"$connect": arrive_repaired}


def scenario(scene: Scene) -> None:
    """Ana stays for two hours and is cut, and no goodbye comes. Two hours later nobody should know her any more."""
    ana = scene.enter("ana")
    look = "the number in `expires`: seconds, and how far ahead?"
    scene.let_rows_expire(hours=2)
    scene.expect("in the table after two hours", scene.names(), ["ana"], look)
    scene.cut(ana)
    scene.let_rows_expire(hours=4)
    scene.expect("in the table after four hours", scene.names(), [], look)
