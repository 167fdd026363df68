"""Functions of the request line of lab 04. This file is packaged as it stands: standard library only."""

import json
import time


def says(event, context):  # type: ignore[no-untyped-def]
    """Answer with what the message says under ``text``."""
    return {"statusCode": 200, "body": json.loads(event["body"])["text"]}


def breaks(event, context):  # type: ignore[no-untyped-def]
    """Raise an error, whatever comes."""
    raise RuntimeError("the turntable stands still")


def dawdles(event, context):  # type: ignore[no-untyped-def]
    """Take longer than the integration of this function may."""
    time.sleep(0.4)
    return {"statusCode": 200}


def wish(event, context):  # type: ignore[no-untyped-def]
    """Put a title on the list."""
    return {"statusCode": 200, "body": "on the list: " + json.loads(event["body"])["title"]}


def catch(event, context):  # type: ignore[no-untyped-def]
    """Say what was caught."""
    return {"statusCode": 200, "body": "caught: " + event["body"]}
