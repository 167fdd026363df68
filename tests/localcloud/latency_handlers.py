"""Functions for the tests of latency: this file is deployed as it stands."""

import time

import boto3


def who(event, context):
    return {"statusCode": 200, "body": event["requestContext"]["connectionId"]}


def call_everything(event, context):
    """Return how many seconds a call of each service took."""
    dynamodb = boto3.client("dynamodb")
    connections = boto3.client("apigatewaymanagementapi", endpoint_url=event["endpoint"])
    begun = time.monotonic()
    dynamodb.list_tables()
    read = time.monotonic()
    connections.post_to_connection(ConnectionId=event["connection_id"], Data=b"from a function")
    return {"dynamodb": read - begun, "connections": time.monotonic() - read}
