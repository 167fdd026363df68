"""Functions that checks deploy beside a learner's own. This file is packaged as it stands: standard library only."""

import json
import os


def which(event, context):  # type: ignore[no-untyped-def]
    """Answer with the route that was chosen."""
    return {"statusCode": 200, "body": event["requestContext"]["routeKey"]}


def order(event, context):  # type: ignore[no-untyped-def]
    """Take an order of the bakery."""
    return {"statusCode": 200, "body": json.loads(event["body"])["item"] + " is in the oven"}


def hours(event, context):  # type: ignore[no-untyped-def]
    """Say when the bakery is open."""
    return {"statusCode": 200, "body": "open from 6 to 14"}


def welcome(event, context):  # type: ignore[no-untyped-def]
    """Let in whoever gets as far as this."""
    return {"statusCode": 200}


def doorman(event, context):  # type: ignore[no-untyped-def]
    """Let in, as an authorizer, who brings the one card that it was told."""
    effect = "Allow" if event["queryStringParameters"].get("card") == os.environ["CARD"] else "Deny"
    may = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {"principalId": "member", "policyDocument": {"Version": "2012-10-17", "Statement": [may]}}


def principal(event, context):  # type: ignore[no-untyped-def]
    """Answer with whom the authorizer has let in."""
    return {"statusCode": 200, "body": event["requestContext"]["authorizer"]["principalId"]}
