"""Handlers that the tests of the local cloud deploy: a function's file is the one it stands in."""

import json
import time

import boto3


def one(event, context):
    return {"statusCode": 200, "body": "one"}


def two(event, context):
    return {"statusCode": 200, "body": "two"}


def sleeper(event, context):
    time.sleep(0.5)
    return {"statusCode": 200}


def answers(event, context):
    """Post back to whoever wrote, by the event's own domain name."""
    about = event["requestContext"]
    client = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{about['domainName']}/chat")
    data = json.dumps([about["domainName"], about["stage"], event.get("body")])
    client.post_to_connection(ConnectionId=about["connectionId"], Data=data)
    return {"statusCode": 200}


def seen(event, context):
    """Tell the client as whom the event shows it."""
    return {"statusCode": 200, "body": json.dumps(event["requestContext"]["identity"])}


def keeper(event, context):
    """Let in whoever brings the token, and give every client the API key of its name."""
    token = event["queryStringParameters"].get("token")
    statement = {"Effect": "Allow", "Action": "execute-api:*", "Resource": event["methodArn"].replace("$connect", "*")}
    denial = {"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    statements = {"good": [statement], "denied": [statement, denial], "other": []}.get(token, "no policy")
    policy = {"Version": "2012-10-17", "Statement": statements}
    key = event["headers"].get("X-Client", "") * 20
    return {"principalId": "p", "policyDocument": policy, "usageIdentifierKey": key}
