"""Functions that the tests of integrations deploy: a function's file is the one it stands in."""

import json


def rooms(event, context):
    """Answer with JSON of its own, or raise: a function that is no proxy."""
    if event.get("room") == "closed":
        raise LookupError("No such room: closed")
    return {"heard": event}


def mirror(event, context):
    """Return body and isBase64Encoded of a proxy event."""
    return {"statusCode": 200, "body": json.dumps({name: event.get(name) for name in ("body", "isBase64Encoded")})}
