"""What the crowd's tests deploy."""


def refuse(event, context):
    """Turn client number 3 away."""
    asked = event.get("queryStringParameters") or {}
    return {"statusCode": 403 if asked.get("n") == "3" else 200}


def echo(event, context):
    """Say what was said."""
    return {"statusCode": 200, "body": event["body"]}
