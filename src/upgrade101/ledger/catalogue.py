"""The kinds of resources that the course creates, and how AWS lets each be found, recognised and deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from .buckets import Bucket
from .kinds import Kind, Missing, Named, Parameters, Tags, pages, pairs


class EventSource(Kind):
    """What brings a queue's messages to a function."""

    service, noun, rank, has_own_id = "lambda", "event source", 10, True
    creates, deletes = "CreateEventSourceMapping", "DeleteEventSourceMapping"
    lists = "lambda:ListEventSourceMappings"
    actions = (
        "lambda:ListEventSourceMappings",
        "lambda:GetEventSourceMapping",
        "lambda:ListTags",
        "lambda:DeleteEventSourceMapping",
    )

    def made(self, parameters: Parameters, answer: Parameters) -> str:
        return str(answer["UUID"])

    def gone(self, parameters: Parameters) -> str:
        return str(parameters["UUID"])

    def tags(self, client: Any, name: str) -> Tags:
        arn = client.get_event_source_mapping(UUID=name).get("EventSourceMappingArn")
        return dict(client.list_tags(Resource=arn)["Tags"]) if arn else {}

    def remove(self, client: Any, name: str) -> None:
        client.delete_event_source_mapping(UUID=name)

    def names(self, client: Any, about: str) -> Iterator[str]:
        return (mapping["UUID"] for mapping in pages(client, "list_event_source_mappings", "EventSourceMappings"))


class ApiMapping(Kind):
    """What ties a custom domain to a stage; its name here is ``domain/id``, and it takes no tags."""

    service, noun, rank, has_own_id, tagged_in = "apigatewayv2", "API mapping", 10, True, ""
    creates, deletes = "CreateApiMapping", "DeleteApiMapping"
    actions = ("apigateway:GET", "apigateway:DELETE")

    def made(self, parameters: Parameters, answer: Parameters) -> str:
        return f"{parameters['DomainName']}/{answer['ApiMappingId']}"

    def gone(self, parameters: Parameters) -> str:
        return f"{parameters['DomainName']}/{parameters['ApiMappingId']}"

    def tags(self, client: Any, name: str) -> Tags:
        domain, _, mapping_id = name.partition("/")
        client.get_api_mapping(DomainName=domain, ApiMappingId=mapping_id)
        return {}

    def about(self, parameters: Parameters) -> str:
        return f"{parameters['DomainName']}/{parameters['ApiId']}"

    def names(self, client: Any, about: str) -> Iterator[str]:
        domain, _, api_id = about.partition("/")
        mappings = pages(client, "get_api_mappings", "Items", DomainName=domain)
        return (f"{domain}/{mapping['ApiMappingId']}" for mapping in mappings if api_id in ("", mapping["ApiId"]))

    def remove(self, client: Any, name: str) -> None:
        domain, _, mapping_id = name.partition("/")
        client.delete_api_mapping(DomainName=domain, ApiMappingId=mapping_id)


class CustomDomain(Named):
    """A domain name of one's own."""

    service, noun, rank = "apigatewayv2", "custom domain", 20
    creates, deletes = "CreateDomainName", "DeleteDomainName"
    named_by = "DomainName"
    lists = "apigateway:GET"
    actions = ("apigateway:GET", "apigateway:DELETE")

    def tags(self, client: Any, name: str) -> Tags:
        return dict(client.get_domain_name(DomainName=name).get("Tags") or {})

    def remove(self, client: Any, name: str) -> None:
        client.delete_domain_name(DomainName=name)

    def names(self, client: Any, about: str) -> Iterator[str]:
        return (domain["DomainName"] for domain in pages(client, "get_domain_names", "Items"))


class Api(Kind):
    """A WebSocket API, with all that is in it."""

    service, noun, rank, has_own_id = "apigatewayv2", "API", 30, True
    creates, deletes = "CreateApi", "DeleteApi"
    lists = "apigateway:GET"
    actions = ("apigateway:GET", "apigateway:DELETE")

    def made(self, parameters: Parameters, answer: Parameters) -> str:
        return str(answer["ApiId"])

    def gone(self, parameters: Parameters) -> str:
        return str(parameters["ApiId"])

    def tags(self, client: Any, name: str) -> Tags:
        return dict(client.get_api(ApiId=name).get("Tags") or {})

    def remove(self, client: Any, name: str) -> None:
        client.delete_api(ApiId=name)

    def names(self, client: Any, about: str) -> Iterator[str]:
        return (api["ApiId"] for api in pages(client, "get_apis", "Items"))


class RestApi(Kind):
    """A REST API, with all that is in it."""

    service, noun, rank, has_own_id, tagged_in = "apigateway", "REST API", 30, True, "tags"
    creates, deletes = "CreateRestApi", "DeleteRestApi"
    lists = "apigateway:GET"
    actions = ("apigateway:GET", "apigateway:DELETE")

    def made(self, parameters: Parameters, answer: Parameters) -> str:
        return str(answer["id"])

    def gone(self, parameters: Parameters) -> str:
        return str(parameters["restApiId"])

    def tags(self, client: Any, name: str) -> Tags:
        return dict(client.get_rest_api(restApiId=name).get("tags") or {})

    def remove(self, client: Any, name: str) -> None:
        client.delete_rest_api(restApiId=name)

    def names(self, client: Any, about: str) -> Iterator[str]:
        return (api["id"] for api in pages(client, "get_rest_apis", "items"))


class Function(Named):
    """A Lambda function."""

    service, noun, rank = "lambda", "function", 40
    creates, deletes = "CreateFunction", "DeleteFunction"
    named_by = "FunctionName"
    actions = ("lambda:GetFunction", "lambda:DeleteFunction")

    def asked(self, parameters: Parameters) -> str:
        return _last(parameters["FunctionName"])

    def gone(self, parameters: Parameters) -> str:
        named = str(parameters["FunctionName"])
        a_version = parameters.get("Qualifier") or ":" in named.rpartition("function:")[2]
        return "" if a_version else _last(named)

    def tags(self, client: Any, name: str) -> Tags:
        return dict(client.get_function(FunctionName=name).get("Tags") or {})

    def remove(self, client: Any, name: str) -> None:
        client.delete_function(FunctionName=name)


class LogGroup(Named):
    """A log group; Lambda and API Gateway make theirs by themselves."""

    service, noun, rank, tagged_in = "logs", "log group", 50, "tags"
    creates, deletes = "CreateLogGroup", "DeleteLogGroup"
    named_by = "logGroupName"
    actions = ("logs:DescribeLogGroups", "logs:ListTagsForResource", "logs:DeleteLogGroup")

    def tags(self, client: Any, name: str) -> Tags:
        about = log_group(client, name)
        if about is None:
            raise Missing(name)
        arn = about["arn"].removesuffix(":*")
        return dict(client.list_tags_for_resource(resourceArn=arn).get("tags") or {})

    def remove(self, client: Any, name: str) -> None:
        client.delete_log_group(logGroupName=name)


def log_groups(client: Any, prefix: str) -> Iterator[dict[str, Any]]:
    """Find the log groups whose names begin so."""
    return pages(client, "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)


def log_group(client: Any, name: str) -> dict[str, Any] | None:
    """Return what there is to know of a log group; None where there is none."""
    return next((group for group in log_groups(client, name) if group["logGroupName"] == name), None)


class Queue(Kind):
    """An SQS queue; its name here is its URL, or what it was to be called."""

    service, noun, rank, tagged_in = "sqs", "queue", 60, "tags"
    creates, deletes = "CreateQueue", "DeleteQueue"
    actions = ("sqs:GetQueueUrl", "sqs:ListQueueTags", "sqs:DeleteQueue")

    def asked(self, parameters: Parameters) -> str:
        return str(parameters["QueueName"])

    def made(self, parameters: Parameters, answer: Parameters) -> str:
        return _last(answer["QueueUrl"], "/")

    def gone(self, parameters: Parameters) -> str:
        return _last(parameters["QueueUrl"], "/")

    def exists_already(self, client: Any, parameters: Parameters) -> bool:
        try:
            client.get_queue_url(QueueName=parameters["QueueName"])
        except client.exceptions.QueueDoesNotExist:
            return False
        return True

    def tags(self, client: Any, name: str) -> Tags:
        url = client.get_queue_url(QueueName=name)["QueueUrl"]
        return dict(client.list_queue_tags(QueueUrl=url).get("Tags") or {})

    def remove(self, client: Any, name: str) -> None:
        client.delete_queue(QueueUrl=client.get_queue_url(QueueName=name)["QueueUrl"])


class Table(Named):
    """A DynamoDB table."""

    service, noun, rank, tags_are_pairs = "dynamodb", "table", 70, True
    creates, deletes = "CreateTable", "DeleteTable"
    named_by = "TableName"
    actions = ("dynamodb:DescribeTable", "dynamodb:ListTagsOfResource", "dynamodb:DeleteTable")

    def asked(self, parameters: Parameters) -> str:
        return _last(parameters["TableName"], "/")

    def tags(self, client: Any, name: str) -> Tags:
        arn = client.describe_table(TableName=name)["Table"]["TableArn"]
        return pairs(pages(client, "list_tags_of_resource", "Tags", ResourceArn=arn))

    def remove(self, client: Any, name: str) -> None:
        if client.describe_table(TableName=name)["Table"]["TableStatus"] != "DELETING":
            client.delete_table(TableName=name)
        client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 2, "MaxAttempts": 90})


class Role(Named):
    """An IAM role, with its policies."""

    service, noun, rank, tags_are_pairs, is_global = "iam", "role", 90, True, True
    creates, deletes = "CreateRole", "DeleteRole"
    named_by = "RoleName"
    lists = "iam:ListRoles"
    actions = (
        "iam:ListRoleTags",
        "iam:ListRolePolicies",
        "iam:DeleteRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:DetachRolePolicy",
        "iam:DeleteRole",
        "lambda:ListFunctions",
    )

    def tags(self, client: Any, name: str) -> Tags:
        return pairs(pages(client, "list_role_tags", "Tags", RoleName=name))

    def remove(self, client: Any, name: str) -> None:
        for policy in list(pages(client, "list_role_policies", "PolicyNames", RoleName=name)):
            client.delete_role_policy(RoleName=name, PolicyName=policy)
        for policy in list(pages(client, "list_attached_role_policies", "AttachedPolicies", RoleName=name)):
            client.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        client.delete_role(RoleName=name)

    def names(self, client: Any, about: str) -> Iterator[str]:
        roles = pages(client, "list_roles", "Roles")
        return (role["RoleName"] for role in roles if not role["Path"].startswith("/aws-"))  # AWS's own have no tags


class Stack(Named):
    """A CloudFormation stack, with all that is in it; its tags are those of what is in it."""

    service, noun, rank, tags_are_pairs = "cloudformation", "stack", 5, True
    creates, deletes = "CreateStack", "DeleteStack"
    named_by = "StackName"
    actions = ("cloudformation:DescribeStacks", "cloudformation:DeleteStack")

    def gone(self, parameters: Parameters) -> str:
        return ""  # it has only begun to go

    def tags(self, client: Any, name: str) -> Tags:
        try:
            stacks = client.describe_stacks(StackName=name)["Stacks"]
        except ClientError as fault:
            if "does not exist" in str(fault):
                raise Missing(name) from None
            raise
        there = [stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
        if not there:
            raise Missing(name)
        return pairs(there[0].get("Tags", ()))

    def remove(self, client: Any, name: str) -> None:
        client.delete_stack(StackName=name)
        client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 5, "MaxAttempts": 180})


class ChangeSet(Stack):
    """A change set that creates its stack, as ``sam deploy`` and ``aws cloudformation deploy`` do."""

    creates = "CreateChangeSet"

    def applies(self, parameters: Parameters) -> bool:
        return parameters.get("ChangeSetType") == "CREATE"


def _last(name: str, mark: str = ":") -> str:
    """Return the last part of an ARN or an address, which is how a thing is called.

    >>> _last("arn:aws:lambda:us-east-1:123456789012:function:echo"), _last("echo")
    ('echo', 'echo')
    """
    return str(name).rpartition(mark)[2]


KINDS: tuple[Kind, ...] = (
    Stack(),
    EventSource(),
    ApiMapping(),
    CustomDomain(),
    Api(),
    RestApi(),
    Function(),
    LogGroup(),
    Queue(),
    Table(),
    Bucket(),
    Role(),
)
BY_NOUN = {kind.noun: kind for kind in KINDS}
CREATING = {(kind.service, kind.creates): kind for kind in KINDS}
CREATING["cloudformation", "CreateChangeSet"] = ChangeSet()
DELETING = {(kind.service, kind.deletes): kind for kind in KINDS}


def named_by(arn: str) -> tuple[Kind, str] | None:
    """Return kind and name of what an ARN names; None where it is of no kind that the course knows.

    >>> kind, name = named_by("arn:aws:dynamodb:us-east-1:123456789012:table/connections")
    >>> kind.noun, name
    ('table', 'connections')
    >>> named_by("arn:aws:sns:us-east-1:123456789012:somebodys-topic")
    """
    for noun, pattern in _ARNS.items():
        if found := re.fullmatch(rf"arn:[\w-]+:{pattern}", arn):
            return BY_NOUN[noun], found[1]
    return None


_ARNS = {
    "function": r"lambda:[^:]*:\d*:function:([^:]+)",
    "event source": r"lambda:[^:]*:\d*:event-source-mapping:([^:]+)",
    "API": r"apigateway:[^:]*::/apis/([^/]+)",
    "REST API": r"apigateway:[^:]*::/restapis/([^/]+)",
    "custom domain": r"apigateway:[^:]*::/domainnames/([^/]+)",
    "log group": r"logs:[^:]*:\d*:log-group:([^:]+)(?::\*)?",
    "queue": r"sqs:[^:]*:\d*:([^:]+)",
    "table": r"dynamodb:[^:]*:\d*:table/([^/]+)",
    "bucket": r"s3:::([^/]+)",
    "stack": r"cloudformation:[^:]*:\d*:stack/([^/]+)/.*",
    "role": r"iam::\d*:role/(?:.*/)?([^/]+)",
}
