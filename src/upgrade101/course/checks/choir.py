"""The choir's chat that a check deploys beside a learner's client. This file is packaged as it stands.

It keeps each message once, by its id, under the next number of its book; nobody can tell from outside how.
"""

import json
from functools import cache
from typing import Any

import boto3

BOOK = "choir-book"


def tell(event: Any, context: Any) -> Any:
    """Keep a message, and answer with its receipt."""
    asked = json.loads(event["body"])
    try:
        row = {name: str(asked[name]) for name in ("id", "name", "text")}
    except (KeyError, TypeError):
        return _answer({"error": "a message has an id, a name and a text"})
    return _answer({"id": row["id"], "number": _keep(row)})


@cache
def _book() -> Any:
    return boto3.resource("dynamodb").Table(BOOK)


def _keep(row: dict[str, str]) -> int:
    """Return the number under which a message is kept: a new one, or the one it has already."""
    book = _book()
    for _ in range(50):
        rows = book.query(
            KeyConditionExpression="book = :one", ExpressionAttributeValues={":one": "one"}, ConsistentRead=True
        )["Items"]
        known = [kept for kept in rows if kept["id"] == row["id"]]
        if known:
            return int(known[0]["number"])
        number = len(rows) + 1
        try:
            book.put_item(Item={**row, "book": "one", "number": number}, ConditionExpression="attribute_not_exists(id)")
        except book.meta.client.exceptions.ConditionalCheckFailedException:
            continue
        return number
    raise RuntimeError("others were quicker fifty times")


def _answer(said: Any) -> dict[str, Any]:
    return {"statusCode": 200, "body": json.dumps(said)}
