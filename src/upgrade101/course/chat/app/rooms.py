"""Rooms: who is in, and what was said under numbers without gaps. Two DynamoDB tables keep it."""

from __future__ import annotations

import os
import random
import time
from functools import cache
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr, Key

PAGE = 25  # messages in one answer: 25 of 500 characters stay far below the 128 KB of a message
RECENT = 8  # messages among which one that comes again is found: who comes back late asks first, and reads it there
SECONDS = 15 * 60  # that a row counts without a sign of life
TRIES = 20


@cache
def _dynamodb() -> Any:
    return boto3.resource("dynamodb")


@cache
def _table(kind: str) -> Any:
    return _dynamodb().Table(os.environ.get(f"{kind.upper()}_TABLE", f"chat-{kind}"))


# Who is in


def enter(room: str, connection_id: str, name: str) -> set[str]:
    """Note who is on a line, or that they still are; return the rooms whose people have changed by that."""
    row = {"connection_id": connection_id, "room": room, "name": name, "expires": int(time.time()) + SECONDS}
    before = _table("connections").put_item(Item=row, ReturnValues="ALL_OLD").get("Attributes", {})
    known = (before.get("room"), before.get("name")) == (room, name)
    return set() if known else {room, before.get("room", room)}


def leave(connection_id: str) -> str | None:
    """Forget a line; return its room, or None where nothing was known of it."""
    before = _table("connections").delete_item(Key={"connection_id": connection_id}, ReturnValues="ALL_OLD")
    room: str | None = before.get("Attributes", {}).get("room")
    return room


def who(connection_id: str) -> tuple[str, str] | None:
    """Return the room and the name of who is on a line, or None."""
    found = _table("connections").get_item(Key={"connection_id": connection_id}, ConsistentRead=True)
    row = found.get("Item")
    return (row["room"], row["name"]) if row else None


def members(room: str) -> dict[str, str]:
    """Return the name of each line in a room; rows that have expired and are not deleted yet do not count."""
    names: dict[str, str] = {}
    page: dict[str, Any] = {}
    while True:
        asked = {"IndexName": "by_room", "KeyConditionExpression": Key("room").eq(room)}
        page = _table("connections").query(**asked, **_after(page))
        names |= {row["connection_id"]: row["name"] for row in page["Items"] if row["expires"] > time.time()}
        if "LastEvaluatedKey" not in page:
            return names


def _after(page: dict[str, Any]) -> dict[str, Any]:
    return {"ExclusiveStartKey": page["LastEvaluatedKey"]} if page else {}


def edition(room: str, *, changed: bool = False) -> int:
    """Return how often the people of a room have changed, this change included: of two lists the later one holds.

    Ask for it before the list: then the list knows at least of all changes up to it.
    """
    key = {"room": room, "number": 0}  # messages begin with 1
    if not changed:
        row = _table("messages").get_item(Key=key, ConsistentRead=True).get("Item", {})
        return int(row.get("edition", 0))
    step = {"UpdateExpression": "ADD edition :one", "ExpressionAttributeValues": {":one": 1}}
    return int(_table("messages").update_item(Key=key, **step, ReturnValues="UPDATED_NEW")["Attributes"]["edition"])


# What was said


def add(room: str, name: str, text: str, message_id: str) -> dict[str, Any]:
    """Keep a message under the next number of its room, once, however often it comes; return it.

    Nobody locks anything: who finds the number taken waits a moment, and looks again. Raises
    RuntimeError where others are always quicker.
    """
    for attempt in range(TRIES):
        time.sleep(random.uniform(0, 0.01 * attempt))
        recent = latest(room, RECENT)
        known = [message for message in recent if message["id"] == message_id]
        if known:
            return known[0]
        number = recent[-1]["number"] + 1 if recent else 1
        message = {"number": number, "id": message_id, "name": name, "text": text}
        message["at"] = int(time.time())
        if _put(room, message):
            return message
    raise RuntimeError(f"others were quicker {TRIES} times")


def _put(room: str, message: dict[str, Any]) -> bool:
    """Write a message; tell whether its number was still free."""
    messages = _table("messages")
    try:
        messages.put_item(Item={"room": room, **message}, ConditionExpression=Attr("number").not_exists())
    except messages.meta.client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def since(room: str, number: int) -> list[dict[str, Any]]:
    """Return the messages after a number, oldest first, at most a page of them."""
    return _messages(room, number, PAGE, forward=True)


def latest(room: str, most: int = PAGE) -> list[dict[str, Any]]:
    """Return the newest messages, oldest first, at most so many."""
    return _messages(room, 0, most, forward=False)[::-1]


def _messages(room: str, after: int, most: int, *, forward: bool) -> list[dict[str, Any]]:
    which = Key("room").eq(room) & Key("number").gt(after)
    asked = {"KeyConditionExpression": which, "ScanIndexForward": forward, "Limit": most, "ConsistentRead": True}
    return [_plain(row) for row in _table("messages").query(**asked)["Items"]]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a message: DynamoDB's numbers are Decimals, which JSON does not know."""
    numbers = {"number": int(row["number"]), "at": int(row["at"])}
    return {"id": row["id"], "name": row["name"], "text": row["text"], **numbers}
