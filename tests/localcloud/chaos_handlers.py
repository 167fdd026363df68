"""Handlers that chaos strikes: one that says something to its caller, one that counts, one that notes who has left."""

import json

import boto3

calls = 0


def echo(event, context):
    """Post numbers to the caller, as many as the message says; print what became of each."""
    about = event["requestContext"]
    client = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{about['domainName']}/{about['stage']}")
    times, outcomes = json.loads(event["body"])["times"], []
    for number in range(times):
        try:
            client.post_to_connection(ConnectionId=about["connectionId"], Data=str(number))
            outcomes.append("posted")
        except client.exceptions.GoneException:
            outcomes.append("gone")
    print("outcomes", *outcomes)
    return {"statusCode": 200}


def count(event, context):
    global calls
    calls += 1
    return {"statusCode": 200, "body": str(calls)}


def leave(event, context):
    print("left with", event["requestContext"]["disconnectStatusCode"])
    return {"statusCode": 200}
