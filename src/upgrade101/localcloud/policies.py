"""AWS's managed policies for moto, cut down to those a course on API Gateway meets.

All 1,300 of them would cost the first IAM call of each account more than a second.
"""

from __future__ import annotations

import json

import moto.iam.models as iam

_DATA = "aws_managed_policies_data"
_WANTED = ("AWSLambda", "AmazonDynamoDB", "AmazonAPIGateway", "CloudWatchLogs", "AmazonSQS", "AmazonSNS")


def install() -> None:
    """Keep the managed policies of Lambda, DynamoDB, API Gateway, CloudWatch Logs, SQS and SNS; do it once."""
    policies = json.loads(getattr(iam, _DATA))
    wanted = {name: policy for name, policy in policies.items() if name.startswith(_WANTED)}
    if len(wanted) < len(policies):
        setattr(iam, _DATA, json.dumps(wanted))
