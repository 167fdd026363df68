"""The two tables of the chat, and its files where a notebook can import them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import boto3

from ... import cloud
from ...account import strangers
from ...deploy import connection_table

APP = Path(__file__).parent / "app"
"""The folder with the chat's functions: app.py, rooms.py, lines.py."""

CONNECTIONS, MESSAGES = "chat-connections", "chat-messages"
_MESSAGES: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "room", "AttributeType": "S"},
        {"AttributeName": "number", "AttributeType": "N"},
    ],
    "KeySchema": [
        {"AttributeName": "room", "KeyType": "HASH"},
        {"AttributeName": "number", "KeyType": "RANGE"},
    ],
}


def begin(*, quiet: bool = False) -> None:
    """Make the chat's tables, or empty those that are there, and let this notebook import the chat's own files.

    Raises what boto3 raises, and ConfigurationError where, in an account, one of them is somebody else's.
    """
    tables = {connection_table(CONNECTIONS): ("connection_id",), _message_table(): ("room", "number")}
    for table, key in tables.items():
        _empty(table, key)
    if str(APP) not in sys.path:
        sys.path.append(str(APP))
    if not quiet:
        print(f"{CONNECTIONS} and {MESSAGES} are empty; rooms.py, lines.py and app.py can be imported")


def _message_table() -> Any:
    client = boto3.client("dynamodb")
    strangers.refuse("table", client, MESSAGES, run_id=cloud.own_run())
    try:
        client.create_table(TableName=MESSAGES, **_MESSAGES)
        client.get_waiter("table_exists").wait(TableName=MESSAGES, WaiterConfig={"Delay": 2})
    except client.exceptions.ResourceInUseException:
        pass
    return boto3.resource("dynamodb").Table(MESSAGES)


def _empty(table: Any, key: tuple[str, ...]) -> None:
    page: dict[str, Any] = {"LastEvaluatedKey": None}
    with table.batch_writer() as batch:
        while "LastEvaluatedKey" in page:
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]} if page["LastEvaluatedKey"] else {}
            page = table.scan(**start)
            for row in page["Items"]:
                batch.delete_item(Key={name: row[name] for name in key})
