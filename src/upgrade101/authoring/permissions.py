"""The IAM actions that each lesson needs, from the recorded contract: ``docs/iam-policy.json`` and its page.

Sources: the names of actions and their resources are those of AWS's Service Authorization Reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/), read on 2026-11-22; API Gateway's follow from
its service model, because there an action is the HTTP method and a resource the path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import botocore.session

from ..gateway.errors import ConfigurationError
from ..ledger.catalogue import CREATING
from ..ledger.kinds import RUN_TAG
from .contract import Asked, Contract

CONTROL_PLANE = ("apigateway", "apigatewayv2")
_PREFIXES = {"resourcegroupstaggingapi": "tag"}
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "apigateway.CreateRestApi": ("apigateway:POST", "iam:CreateServiceLinkedRole"),
    "apigatewayv2.CreateApi": ("apigateway:POST", "iam:CreateServiceLinkedRole"),
    "execute-api.Invoke": ("execute-api:Invoke",),
    "apigatewaymanagementapi.DeleteConnection": ("execute-api:ManageConnections",),
    "apigatewaymanagementapi.GetConnection": ("execute-api:ManageConnections",),
    "apigatewaymanagementapi.PostToConnection": ("execute-api:ManageConnections",),
    "lambda.CreateFunction": ("lambda:CreateFunction", "iam:PassRole"),
    "lambda.GetFunction": ("lambda:GetFunction", "lambda:ListTags"),
    "lambda.Invoke": ("lambda:InvokeFunction",),
    "lambda.UpdateFunctionConfiguration": ("lambda:UpdateFunctionConfiguration", "iam:PassRole"),
    "s3.DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3.HeadBucket": ("s3:ListBucket",),
    "s3.ListBuckets": ("s3:ListAllMyBuckets",),
    "s3.ListObjectsV2": ("s3:ListBucket",),
    "s3.ListObjectVersions": ("s3:ListBucketVersions",),
}
"""What is not called ``service:Operation``, or needs more: API Gateway makes its service-linked role with an account's
first API, and what ``GetFunction`` says of a function with tags is asked for as ``ListTags`` too."""

ON_MOTO = frozenset(
    f"apigatewayv2.{verb}{noun}" for verb in ("Create", "Delete") for noun in ("ApiMapping", "DomainName")
)
"""What a cell asks of moto alone: on AWS a domain must be somebody's own (lesson 06)."""

TAGGING: Mapping[str, tuple[str, ...]] = {
    "apigateway": ("apigateway:PUT", "apigateway:POST", "apigateway:TagResource"),
    "apigatewayv2": ("apigateway:PUT", "apigateway:POST", "apigateway:TagResource"),
    "cloudformation": ("cloudformation:TagResource",),
    "dynamodb": ("dynamodb:TagResource",),
    "iam": ("iam:TagRole",),
    "lambda": ("lambda:TagResource",),
    "logs": ("logs:TagResource",),
    "s3": ("s3:PutBucketTagging",),
    "sqs": ("sqs:TagQueue",),
}
"""What a create call needs besides, because the ledger puts its tag on whatever takes one."""

ALWAYS = (
    "sts.GetCallerIdentity",
    "resourcegroupstaggingapi.GetResources",
    "logs.DescribeLogGroups",
    "logs.FilterLogEvents",
    "logs.ListTagsForResource",
)
"""What the course itself asks on AWS: who you are, what is left, whose it is, and what functions wrote."""

LOOKING = {"s3.CreateBucket": "s3.HeadBucket", "sqs.CreateQueue": "sqs.GetQueueUrl"}
"""What the ledger asks before a create call that would hand out what is there already."""

STACKED: Mapping[str, tuple[str, ...]] = {
    "AWS::DynamoDB::Table": (
        *("dynamodb.CreateTable", "dynamodb.DescribeTable", "dynamodb.UpdateTable", "dynamodb.DeleteTable"),
        *("dynamodb.DescribeTimeToLive", "dynamodb.UpdateTimeToLive", "dynamodb.DescribeContinuousBackups"),
        *("dynamodb.DescribeContributorInsights", "dynamodb.DescribeKinesisStreamingDestination"),
        *("dynamodb.ListTagsOfResource", "dynamodb.GetResourcePolicy"),
    ),
    "AWS::IAM::Role": (
        *("iam.CreateRole", "iam.GetRole", "iam.DeleteRole", "iam.PutRolePolicy", "iam.GetRolePolicy"),
        *("iam.DeleteRolePolicy", "iam.ListRolePolicies", "iam.AttachRolePolicy", "iam.DetachRolePolicy"),
        *("iam.ListAttachedRolePolicies", "iam.UpdateAssumeRolePolicy"),
    ),
    "AWS::Lambda::Function": (
        *("lambda.CreateFunction", "lambda.GetFunction", "lambda.DeleteFunction", "lambda.UpdateFunctionCode"),
        *("lambda.UpdateFunctionConfiguration", "lambda.ListTags", "lambda.GetFunctionCodeSigningConfig"),
        *("lambda.GetFunctionConfiguration", "lambda.GetRuntimeManagementConfig", "lambda.GetFunctionRecursionConfig"),
        "s3.GetObject",
    ),
    "AWS::Lambda::Permission": ("lambda.AddPermission", "lambda.RemovePermission", "lambda.GetPolicy"),
    **{
        f"AWS::ApiGatewayV2::{noun}": tuple(
            f"apigatewayv2.{verb}{noun}" for verb in ("Create", "Get", "Update", "Delete")
        )
        for noun in ("Api", "Deployment", "Integration", "IntegrationResponse", "Route", "RouteResponse", "Stage")
    },
}
"""What CloudFormation asks in the caller's name for each type of the lessons' templates."""

_TAKEN_AS_OURS = {f"aws:ResourceTag/{RUN_TAG}": "false"}  # Null: false, so the tag is there
_CREATED_AS_OURS = {f"aws:RequestTag/{RUN_TAG}": "false"}


def actions(call: str) -> tuple[str, ...]:
    """Return the IAM actions that an operation needs.

    >>> actions("dynamodb.PutItem"), actions("apigatewayv2.CreateRoute"), actions("lambda.Invoke")
    (('dynamodb:PutItem',), ('apigateway:POST',), ('lambda:InvokeFunction',))
    """
    if call in _OTHERS:
        return _OTHERS[call]
    service, _, operation = call.partition(".")
    if service in CONTROL_PLANE:
        return (f"apigateway:{_http(service, operation)['method']}",)
    return (f"{_PREFIXES.get(service, service)}:{operation}",)


def calls(asked: Asked) -> set[str]:
    """Return every operation that a lesson makes somebody ask for in the learner's name on AWS.

    CloudFormation has a template with a transform, such as SAM's, allowed as a change set.
    """
    found = {*asked.notebook, *ALWAYS} - ON_MOTO
    if "cloudformation.CreateStack" in found:
        found |= {"cloudformation.CreateChangeSet", *(call for them in STACKED.values() for call in them)}
    return found | {LOOKING[call] for call in found & LOOKING.keys()}


def needed(asked: Asked) -> set[str]:
    """Return the IAM actions of a lesson: its own, those for the ledger's tags, and those for cleaning up."""
    found: set[str] = set()
    for call in calls(asked):
        found.update(actions(call))
        service, _, operation = call.partition(".")
        if kind := CREATING.get((service, operation)):
            found.update(kind.actions)
            found.update(TAGGING[service] if kind.tagged_in or service == "s3" else ())
    return found


def used_by_functions(asked: Asked) -> set[str]:
    """Return the IAM actions that the functions' role needs for what a lesson's functions ask for."""
    return {action for call in asked.functions for action in actions(call)}


# ── where ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def policy(contract: Contract) -> dict[str, Any]:
    """Return the policy with which every lesson and lab can be run on AWS, and cleaned up."""
    wanted: dict[tuple[tuple[str, ...], str], set[str]] = {}
    names = _names(contract.values())
    paths = _paths(call for asked in contract.values() for call in calls(asked))
    for action in sorted({action for asked in contract.values() for action in needed(asked)}):
        for resources, condition in _where(action, names, paths):
            wanted.setdefault((tuple(resources), json.dumps(condition)), set()).add(action)
    statements = []
    for (where, under), them in sorted(wanted.items(), key=lambda item: sorted(item[1])):
        statement = {"Effect": "Allow", "Action": sorted(them), "Resource": _one(where)}
        statements.append({**statement, "Condition": json.loads(under)} if under != "{}" else statement)
    return {"Version": "2012-10-17", "Statement": statements}


def _where(
    action: str, names: Mapping[str, Sequence[str]], paths: Mapping[str, Sequence[str]]
) -> Iterator[tuple[Sequence[str], dict[str, Any]]]:
    """Yield the resources on which an action is allowed, each with the condition under which it is."""
    service, _, verb = action.partition(":")
    if action in _ANYWHERE:
        yield ["*"], {}
    elif service == "apigateway":
        tags = ["arn:aws:apigateway:*::/tags/*"] if verb in ("POST", "PUT") else []
        yield [*paths.get(verb, ["arn:aws:apigateway:*::/*"]), *tags], {}
    elif service == "lambda":
        yield from _where_lambda(verb)
    elif action == "iam:PassRole":
        yield names["iam"], {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    elif action == "iam:CreateServiceLinkedRole":
        yield [_LINKED], {"StringEquals": {"iam:AWSServiceName": "ops.apigateway.amazonaws.com"}}
    elif action in _FIXED:
        yield _FIXED[action], {}
    elif service == "s3" and "Object" in verb:
        yield [f"{bucket}/*" for bucket in names["s3"]], {}
    elif names.get(service):
        yield names[service], {}
    else:
        raise ConfigurationError(f"nobody has said on what {action} is allowed", hint="authoring/permissions.py")


def _where_lambda(verb: str) -> Iterator[tuple[Sequence[str], dict[str, Any]]]:
    """Yield where a function may be touched: read any, change only what has the ledger's tag.

    What is gone has no tags, so that who may read only his own could not find out that it is gone. The tag keeps from
    mistakes, not from intent: who may tag what he makes may tag what others made.
    """
    functions, sources = "arn:aws:lambda:*:*:function:*", "arn:aws:lambda:*:*:event-source-mapping:*"
    if verb in ("CreateFunction", "TagResource"):
        yield [functions, sources], {"Null": _CREATED_AS_OURS}
    elif verb.startswith("Get") or verb == "ListTags":
        yield [functions, sources], {}
    elif verb == "DeleteEventSourceMapping":
        yield [sources], {"Null": _TAKEN_AS_OURS}
    else:
        yield [functions], {"Null": _TAKEN_AS_OURS}


_ANYWHERE = frozenset(
    {
        "cloudformation:ListStacks",
        "lambda:CreateEventSourceMapping",
        "lambda:ListEventSourceMappings",
        "lambda:ListFunctions",
        "logs:DescribeLogGroups",
        "s3:ListAllMyBuckets",
        "cloudwatch:GetMetricStatistics",
        "dynamodb:ListTables",
        "sts:GetCallerIdentity",
        "tag:GetResources",
    }
)
"""What AWS allows on everything or not at all, or what must be asked of what is gone."""

_FIXED: Mapping[str, tuple[str, ...]] = {
    "execute-api:Invoke": ("arn:aws:execute-api:*:*:*/*/$connect",),
    "execute-api:ManageConnections": ("arn:aws:execute-api:*:*:*/*/*/@connections/*",),
}


_LINKED = "arn:aws:iam::*:role/aws-service-role/ops.apigateway.amazonaws.com/*"


def _names(asked: Iterable[Asked]) -> dict[str, list[str]]:
    """Return the ARNs of what lessons and labs name, by service."""
    said: dict[str, set[str]] = {service: set() for service in _ARNS}
    for each in asked:
        for service, them in each.names.items():
            said[service] |= them
    stacks = {f"{name}-*" for name in said["cloudformation"]}
    said["iam"] |= stacks
    said["dynamodb"] = stacks | {f"{name.rstrip('*')}*" for name in said["dynamodb"]}  # a table with its indexes
    said["dynamodb"].add("connections*")  # connection_table() without a name
    said["logs"] |= {"/aws/lambda/*", "API-Gateway-Execution-Logs_*"}
    found = {service: [_ARNS[service].format(name) for name in _widest(them)] for service, them in said.items()}
    found["cloudformation"].append("arn:aws:cloudformation:*:aws:transform/Serverless-2016-10-31")
    return found


_ARNS = {
    "cloudformation": "arn:aws:cloudformation:*:*:stack/{}/*",
    "dynamodb": "arn:aws:dynamodb:*:*:table/{}",
    "iam": "arn:aws:iam::*:role/{}",
    "logs": "arn:aws:logs:*:*:log-group:{}",
    "s3": "arn:aws:s3:::{}",
    "sqs": "arn:aws:sqs:*:*:{}",
}


def _widest(names: Iterable[str]) -> list[str]:
    """Return names without those that another one stands for.

    >>> _widest({"rooms-*", "rooms-Table-*", "orders"})
    ['orders', 'rooms-*']
    """
    every = sorted(names)
    stars = [name[:-1] for name in every if name.endswith("*")]
    return [name for name in every if not any(name.startswith(star) and name != f"{star}*" for star in stars)]


def _paths(asked: Iterable[str]) -> dict[str, list[str]]:
    """Return the ARNs on which each HTTP method of API Gateway's control plane is used."""
    found: dict[str, set[str]] = {}
    for call in asked:
        service, _, operation = call.partition(".")
        if service in CONTROL_PLANE:
            http = _http(service, operation)
            root, _, below = re.sub(r"^/v2", "", http["requestUri"]).strip("/").partition("/")
            for method in (http["method"], "GET", "DELETE"):  # cleaning up looks and deletes
                found.setdefault(method, set()).add(f"arn:aws:apigateway:*::/{root}{'/*' if below else ''}")
                if method != "POST":
                    found[method].add(f"arn:aws:apigateway:*::/{root}/*")
    return {method: sorted(them) for method, them in found.items()}


@cache
def _http(service: str, operation: str) -> dict[str, str]:
    """Return method and path of an operation, as botocore's model has them."""
    model = _session().get_service_model(service).operation_model(operation)
    return {"method": str(model.http["method"]), "requestUri": str(model.http["requestUri"])}


@cache
def _session() -> Any:
    return botocore.session.get_session()


def _one(resources: Sequence[str]) -> str | list[str]:
    return resources[0] if len(resources) == 1 else list(resources)
