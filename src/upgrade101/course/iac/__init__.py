"""Infrastructure as code: the chat as templates, and what brings a template to CloudFormation.

What is done here is boto3 alone, and is the same on AWS: what ``sam deploy`` and ``aws cloudformation deploy`` do too.
In an account a stack or a bucket that is there already and is somebody else's is refused with a ConfigurationError.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from ... import cloud
from ...account import strangers
from ...ledger.kinds import pairs

FOLDER = Path(__file__).parent
"""The folder with the templates."""

_CODE = re.compile(r"^(?P<indent> *)(?P<key>Code|CodeUri): (?P<folder>\.[\w./-]*)$", re.MULTILINE)
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
_DATE = (2026, 1, 1, 0, 0, 0)  # the same files make the same package


def read(name: str) -> str:
    """Return the text of a template of this folder.

    >>> "AWS::Serverless::WebSocketApi" in read("sam.yaml")
    True
    """
    return (FOLDER / name).read_text(encoding="utf-8")


def with_route(template: str, addition: str, name: str = "Deployment") -> str:
    """Return a template with more resources in it, and its Deployment under another name.

    >>> print(with_route("Resources:\\n  Deployment: {}\\n\\nOutputs:\\n", "  Shout: {}\\n", "Deployment2"))
    Resources:
      Deployment2: {}
      Shout: {}
    <BLANKLINE>
    Outputs:
    <BLANKLINE>
    """
    grown = template.replace("\n\nOutputs:", "\n" + addition.rstrip() + "\n\nOutputs:")
    return re.sub(r"(?m)^  Deployment:|(?<=!Ref )Deployment$|(?<=!Ref )Deployment(?=\})", lambda found: (
        f"  {name}:" if found[0].startswith(" ") else name
    ), grown)  # fmt: skip


def package(template: str) -> str:
    """Upload the folders that a template names as code to S3; return the template that names what was uploaded.

    It is what ``aws cloudformation package`` does. The bucket is made where it is not there. Raises what boto3 raises.
    """
    folders = {found["folder"] for found in _CODE.finditer(template)}
    bucket = _bucket() if folders else ""
    keys = {folder: _upload(bucket, FOLDER / folder) for folder in folders}

    def uploaded(found: re.Match[str]) -> str:
        names = ("S3Bucket", "S3Key") if found["key"] == "Code" else ("Bucket", "Key")
        return f"{found['indent']}{found['key']}: {{{names[0]}: {bucket}, {names[1]}: {keys[found['folder']]}}}"

    return _CODE.sub(uploaded, template)


def deploy(template: str, stack: str, **parameters: str) -> dict[str, str]:
    """Bring a stack to a template, wait for it, and return its outputs.

    A stack that is not there is created, and one whose creation was rolled back is deleted first. Raises WaiterError
    where the stack fails, and else what boto3 raises.
    """
    client = boto3.client("cloudformation")
    _refuse_strangers("stack", client, stack)
    status = _status(client, stack)
    if status in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "DELETE_FAILED"):
        remove(stack)
        status = ""
    asked: dict[str, Any] = {
        "StackName": stack,
        "TemplateBody": template,
        "Capabilities": _CAPABILITIES,
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    }
    wait = {"StackName": stack, "WaiterConfig": {"Delay": 3}}
    if not status:
        client.create_stack(**asked)
        client.get_waiter("stack_create_complete").wait(**wait)
    elif _update(client, asked):
        client.get_waiter("stack_update_complete").wait(**wait)
    outputs = client.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def events(stack: str, *, since: str = "User Initiated") -> list[str]:
    """Return what CloudFormation told of a stack since its last operation began: a line each, oldest first.

    ``stack`` is a name, or the id of a stack that is gone.
    """
    told = []
    for event in boto3.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]:
        reason = event.get("ResourceStatusReason", "")
        told.append(f"{event['LogicalResourceId']:<16} {event['ResourceStatus']:<36} {reason}".rstrip())
        if reason == since:
            break
    return told[::-1]


def remove(stack: str) -> None:
    """Delete a stack and wait until it is gone; harmless where it is. Raises WaiterError where it cannot be deleted."""
    client = boto3.client("cloudformation")
    _refuse_strangers("stack", client, stack)
    client.delete_stack(StackName=stack)
    client.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 3})


def left_of(stack: str) -> list[str]:
    """Return what is there of what a stack ever made: log groups, functions, tables, APIs; and the packages in S3.

    What it made stands in its events, which CloudFormation keeps for 90 days after its end: a stack whose name only
    begins alike is somebody else's.
    """
    made = _made(stack)
    functions = _names("lambda", "list_functions", "Functions[].FunctionName")
    return [
        *(f"log group {name}" for name in _log_groups(stack, made)),
        *(f"function {name}" for name in functions if name in made),
        *(f"table {name}" for name in _names("dynamodb", "list_tables", "TableNames[]") if name in made),
        *(f"API {stack}" for api_id in _names("apigatewayv2", "get_apis", "Items[].ApiId") if api_id in made),
        *(f"package s3://{bucket}/{key}" for bucket, key in _packages()),
    ]


def tidy(stack: str) -> None:
    """Delete what a stack does not know of: the log groups that Lambda made for its functions, and the packages."""
    logs, s3 = boto3.client("logs"), boto3.client("s3")
    groups, packages = _log_groups(stack, _made(stack)), _packages()
    if groups:
        _refuse_strangers_logs(stack)
    for bucket in {bucket for bucket, _ in packages}:
        _refuse_strangers("bucket", s3, bucket)
    for name in groups:
        logs.delete_log_group(logGroupName=name)
    for bucket, key in packages:
        s3.delete_object(Bucket=bucket, Key=key)
    for bucket in {bucket for bucket, _ in packages}:
        s3.delete_bucket(Bucket=bucket)


# ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _refuse_strangers(noun: str, client: Any, name: str) -> None:
    strangers.refuse(noun, client, name, run_id=cloud.own_run())


def _refuse_strangers_logs(stack: str) -> None:
    """Keep the hands off the logs of a stack that is somebody else's; as a rule it is gone, and its tags are not."""
    if not (run_id := cloud.own_run()):
        return
    there = boto3.client("cloudformation").describe_stacks(StackName=_newest(stack))["Stacks"][0]
    tags = pairs(there.get("Tags", ()))
    if tags or not strangers.is_written("stack", stack):
        strangers.refuse_tags("stack", stack, tags, run_id=run_id)


def _newest(stack: str) -> str:
    """Return the id of the newest stack of that name, also where it is gone; '' where there never was one."""
    pages = boto3.client("cloudformation").get_paginator("list_stacks").paginate()
    stacks = [each for page in pages for each in page["StackSummaries"] if each["StackName"] == stack]
    return str(max(stacks, key=lambda each: each["CreationTime"])["StackId"]) if stacks else ""


def _made(stack: str) -> set[str]:
    """Return the physical ids of all that the newest stack of that name has ever made, also where it is gone."""
    client = boto3.client("cloudformation")
    if not (newest := _newest(stack)):
        return set()
    events = client.get_paginator("describe_stack_events").paginate(StackName=newest)
    return {event["PhysicalResourceId"] for page in events for event in page["StackEvents"]} - {""}


def _log_groups(stack: str, made: set[str]) -> list[str]:
    """Return the log groups of a stack's functions; their names begin with the stack's."""
    begin = "/aws/lambda/"
    found = _names("logs", "describe_log_groups", "logGroups[].logGroupName", logGroupNamePrefix=f"{begin}{stack}-")
    return [name for name in found if name.removeprefix(begin) in made]


def _names(service: str, operation: str, path: str, **parameters: str) -> list[str]:
    """Return what is at a path of the answers to a listing operation, from all its pages."""
    pages = boto3.client(service).get_paginator(operation).paginate(**parameters)
    return list(pages.search(path))


def _status(client: Any, stack: str) -> str:
    try:
        return str(client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
    except ClientError as fault:
        if "does not exist" not in str(fault):
            raise
        return ""


def _update(client: Any, asked: dict[str, Any]) -> bool:
    """Update a stack; return whether there was anything to do."""
    try:
        client.update_stack(**asked)
    except ClientError as fault:
        if "No updates" not in str(fault):
            raise
        return False
    return True


def _name() -> str:
    account = boto3.client("sts").get_caller_identity()["Account"]
    return f"upgrade101-packages-{account}-{boto3.session.Session().region_name}"


def _bucket() -> str:
    """Return the bucket for packages, made where it is not there; its name holds the account, as names are shared."""
    s3, name = boto3.client("s3"), _name()
    _refuse_strangers("bucket", s3, name)
    region = s3.meta.region_name
    where: dict[str, Any] = (
        {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=name, **where)
    return name


def _upload(bucket: str, folder: Path) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        for path in sorted(folder.glob("*.py")):
            files.writestr(zipfile.ZipInfo(path.name, _DATE), path.read_bytes())
    data = packed.getvalue()
    key = f"{hashlib.sha256(data).hexdigest()[:16]}.zip"  # another content, another name: or nobody sees the change
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=data)
    return key


def _packages() -> list[tuple[str, str]]:
    s3, name = boto3.client("s3"), _name()
    if name not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        return []
    return [(name, each["Key"]) for each in s3.list_objects_v2(Bucket=name).get("Contents", [])]
