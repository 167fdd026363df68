"""The parcel counter of lab 01, as its checks deploy it. This file is packaged as it stands: standard library only."""


def here(event, context):  # type: ignore[no-untyped-def]
    """Say whether a parcel is on the shelf at a minute; the stage says when it comes, and when the counter breaks."""
    minute, stage = float(event["queryStringParameters"]["at"]), event["stageVariables"]
    if minute >= float(stage["breaks"]):
        return {"statusCode": 500, "body": "the counter is out of order"}
    if minute >= float(stage["comes"]):
        return {"statusCode": 200, "body": stage["shelf"]}
    return {"statusCode": 404, "body": "not here"}


def shelf(event, context):  # type: ignore[no-untyped-def]
    """Say where the parcels are."""
    return {"statusCode": 200, "body": "on shelf 4"}
