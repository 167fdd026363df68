"""The greenhouse of lab 08: its door and its readings. This file is packaged as it stands: boto3 and nothing else."""

import functools
import json

import boto3


@functools.cache
def table(name):  # type: ignore[no-untyped-def]
    """Return a table."""
    return boto3.resource("dynamodb").Table(name)


def door(event, context):  # type: ignore[no-untyped-def]
    """Let a display in, unless the door is to stay shut for so many more tries."""
    doors = table("doors")
    shut = int(doors.get_item(Key={"connection_id": "door"}, ConsistentRead=True)["Item"]["shut"])
    if not shut:
        return {"statusCode": 200}
    doors.put_item(Item={"connection_id": "door", "shut": shut - 1})
    return {"statusCode": 503}


def resume(event, context):  # type: ignore[no-untyped-def]
    """Answer with all readings after a number, in order."""
    after = json.loads(event["body"])["after"]
    rows = table("readings").scan(ConsistentRead=True)["Items"]
    missed = [{"seq": int(row["seq"]), "text": row["text"]} for row in rows if row["seq"] > after]
    return {"statusCode": 200, "body": json.dumps({"missed": sorted(missed, key=lambda one: one["seq"])})}
