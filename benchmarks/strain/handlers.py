"""Lambda handlers with faults, for the soak. This file is the function's package."""

import json
import sys
import time

KEEP = {}


def connect(event, context):
    """Do what the query string says."""
    mood = (event.get("queryStringParameters") or {}).get("mood")
    if mood == "raise":
        raise RuntimeError("not in the mood")
    if mood == "slow":
        time.sleep(0.3)
    return {"statusCode": 403 if mood == "refuse" else 200}


def disconnect(event, context):
    """Fail for one connection in eight: nobody hears of it."""
    if event["requestContext"]["connectionId"][0] in "AaBbCcDd":
        raise RuntimeError("gone, and angry")
    return {"statusCode": 200}


def answer(event, **also):
    """Return the number of the question."""
    asked = json.loads(event["body"])
    return {"statusCode": 200, "body": json.dumps({"n": asked["n"], **also})}


def echo(event, context):
    """Answer with number, id and length."""
    return answer(event, id=event["requestContext"]["connectionId"], length=len(event["body"]))


def fail(event, context):
    """Raise."""
    print("about to fail")
    return {"statusCode": 200, "body": 1 / 0}


def hang(event, context):
    """Take longer than the function may, in steps, so that the thread can be ended."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        time.sleep(0.02)


def junk(event, context):
    """Return what is no answer."""
    kinds = (
        None,
        5,
        ["statusCode"],
        {"statusCode": "many"},
        {"body": 1},
        b"bytes",
        {1, 2},
        {"statusCode": 200, "body": 7},
    )
    return kinds[json.loads(event["body"])["n"] % len(kinds)]


def leave(event, context):
    """End the runtime."""
    sys.exit(3)


def connections(event):
    """Return a client of @connections, made once in an execution environment."""
    if "client" not in KEEP:
        import boto3

        where = event["requestContext"]
        endpoint = f"https://{where['domainName']}/{where['stage']}"
        KEEP["client"] = boto3.client("apigatewaymanagementapi", endpoint_url=endpoint)
    return KEEP["client"]


def post(event, context):
    """Post to everybody whom the message names, many of whom are gone, and say what became of it."""
    client, asked, said = connections(event), json.loads(event["body"]), {}
    for connection_id in asked["to"]:
        try:
            client.post_to_connection(ConnectionId=connection_id, Data=b'{"from": "somebody"}')
            word = "posted"
        except client.exceptions.ClientError as refused:
            word = refused.response["Error"]["Code"]
        said[word] = said.get(word, 0) + 1
    return answer(event, said=said)


def flood(event, context):
    """Post far more than a client reads."""
    client, connection_id, posted = connections(event), event["requestContext"]["connectionId"], 0
    try:
        for _ in range(60):
            client.post_to_connection(ConnectionId=connection_id, Data=b"x" * 100_000)
            posted += 1
    except client.exceptions.ClientError:
        pass
    return answer(event, posted=posted)


def drop(event, context):
    """Close the connection that asks."""
    connections(event).delete_connection(ConnectionId=event["requestContext"]["connectionId"])
    return answer(event)
