"""Functions that checks deploy beside a learner's own. This file is packaged as it stands: standard library only."""

import json


def which(event, context):  # type: ignore[no-untyped-def]
    """Answer with the route that was chosen."""
    return {"statusCode": 200, "body": event["requestContext"]["routeKey"]}


def order(event, context):  # type: ignore[no-untyped-def]
    """Take an order of the bakery."""
    return {"statusCode": 200, "body": json.loads(event["body"])["item"] + " is in the oven"}


def hours(event, context):  # type: ignore[no-untyped-def]
    """Say when the bakery is open."""
    return {"statusCode": 200, "body": "open from 6 to 14"}
