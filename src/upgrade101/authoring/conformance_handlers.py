"""The functions of the API on which the rows of docs/parity.md are tried; this file alone is what they are made of."""

import json


def on_connect(event, context):  # type: ignore[no-untyped-def]
    """Answer as the client asks in its query: with a status, a failure, no answer, or a subprotocol."""
    query = event.get("queryStringParameters") or {}
    if "raise" in query:
        raise ValueError(query["raise"])
    if "nothing" in query:
        return None
    headers = {"Sec-WebSocket-Protocol": query["protocol"]} if "protocol" in query else {}
    return {"statusCode": int(query.get("status", 200)), "headers": headers}


def on_message(event, context):  # type: ignore[no-untyped-def]
    """Answer with the event itself, so that the client sees what a function gets."""
    return {"statusCode": 200, "body": json.dumps(event)}


def no_body(event, context):  # type: ignore[no-untyped-def]
    """Answer without a body."""
    return {"statusCode": 200}


def fail(event, context):  # type: ignore[no-untyped-def]
    """Raise."""
    raise ValueError("on purpose")
