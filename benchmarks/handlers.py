"""The Lambda handlers of the benchmark, the same for every server that runs functions. This file is the package."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

OK = {"statusCode": 200}
KEEP = {}


def say_something():
    """Print a line where asked to: MiniStack waits up to 50 ms for the output of a function that is silent."""
    if "PRINT" in os.environ:
        print("here")


def note(event, variable):
    """Write the connection id into the file that a variable names, if it names one."""
    path = os.environ.get(variable)
    if path:
        with open(path, "a", encoding="utf-8") as notes:
            notes.write(event["requestContext"]["connectionId"] + "\n")


def connect(event, context):
    """Let everybody in."""
    say_something()
    note(event, "CAME_FILE")
    return OK


def disconnect(event, context):
    """Leave a line in a file, so that somebody can count."""
    say_something()
    note(event, "GONE_FILE")
    return OK


def echo(event, context):
    """Answer by route response with what came."""
    say_something()
    return {"statusCode": 200, "body": event["body"]}


def sleep(event, context):
    """Take as long as the message says."""
    say_something()
    time.sleep(json.loads(event["body"])["seconds"])
    return {"statusCode": 200, "body": event["body"]}


def connections(event):
    """Return a client of @connections, made once in an execution environment."""
    if "client" not in KEEP:
        import boto3
        from botocore.config import Config

        where = event["requestContext"]
        endpoint = os.environ.get("CALLBACK_URL") or f"https://{where['domainName']}/{where['stage']}"
        KEEP["client"] = boto3.client(
            "apigatewaymanagementapi", endpoint_url=endpoint, config=Config(max_pool_connections=32)
        )
    return KEEP["client"]


def broadcast(event, context):
    """Post to every connection that the message names, from as many threads as it says; answer with the seconds."""
    say_something()
    asked = json.loads(event["body"])
    client, text = connections(event), b'{"from":"a function"}'

    def post(connection_id):
        client.post_to_connection(ConnectionId=connection_id, Data=text)

    begun = time.perf_counter()
    if asked["threads"] == 1:
        for connection_id in asked["ids"]:
            post(connection_id)
    else:
        with ThreadPoolExecutor(asked["threads"]) as pool:
            list(pool.map(post, asked["ids"]))
    return {"statusCode": 200, "body": json.dumps({"seconds": time.perf_counter() - begun})}


def table():
    """Return a client of DynamoDB, made once in an execution environment."""
    if "table" not in KEEP:
        import boto3

        KEEP["table"] = boto3.client("dynamodb", endpoint_url=os.environ.get("DYNAMODB_URL") or None)
    return KEEP["table"]


def connect_dynamodb(event, context):
    """Keep the connection in a table, as nearly every WebSocket API does."""
    say_something()
    table().put_item(TableName="connections", Item={"id": {"S": event["requestContext"]["connectionId"]}})
    return OK


def echo_dynamodb(event, context):
    """Keep the message in a table, then answer."""
    say_something()
    where = event["requestContext"]
    item = {"id": {"S": where["connectionId"]}, "text": {"S": event["body"]}}
    table().put_item(TableName="connections", Item=item)
    return {"statusCode": 200, "body": event["body"]}
