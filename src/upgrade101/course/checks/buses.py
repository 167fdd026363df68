"""Functions of the city of lab 13. This file is packaged as it stands: standard library only."""


def echo(event, context):  # type: ignore[no-untyped-def]
    """Say what was said."""
    return {"statusCode": 200, "body": event["body"]}
