"""What this notebook has created, so that it can be taken away again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from .gateway.happenings import Called, Happening

_MISSING = {
    "NotFoundException",
    "ResourceNotFoundException",
    "NoSuchEntity",
    "NoSuchEntityException",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was created: in which service, and what deletes it."""

    service: str
    kind: str
    name: str
    region: str = ""


def _delete_role(client: Any, name: str) -> None:
    for policy in client.list_role_policies(RoleName=name)["PolicyNames"]:
        client.delete_role_policy(RoleName=name, PolicyName=policy)
    for policy in client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        client.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    client.delete_role(RoleName=name)


_DELETE: dict[tuple[str, str], Callable[[Any, str], Any]] = {
    ("apigatewayv2", "API"): lambda client, name: client.delete_api(ApiId=name),
    ("apigatewayv2", "custom domain"): lambda client, name: client.delete_domain_name(DomainName=name),
    ("apigatewayv2", "API mapping"): lambda client, name: client.delete_api_mapping(
        **dict(zip(("DomainName", "ApiMappingId"), name.split("/"), strict=True))
    ),
    ("apigateway", "REST API"): lambda client, name: client.delete_rest_api(restApiId=name),
    ("lambda", "function"): lambda client, name: client.delete_function(FunctionName=name),
    ("lambda", "event source"): lambda client, name: client.delete_event_source_mapping(UUID=name),
    ("sqs", "queue"): lambda client, name: client.delete_queue(QueueUrl=name),
    ("logs", "log group"): lambda client, name: client.delete_log_group(logGroupName=name),
    ("dynamodb", "table"): lambda client, name: client.delete_table(TableName=name),
    ("iam", "role"): _delete_role,
}

_CREATED: dict[tuple[str, str], tuple[str, Callable[[dict[str, Any], dict[str, Any]], str]]] = {
    ("apigatewayv2", "CreateApi"): ("API", lambda asked, got: got["ApiId"]),
    ("apigatewayv2", "CreateDomainName"): ("custom domain", lambda asked, got: got["DomainName"]),
    ("apigatewayv2", "CreateApiMapping"): (
        "API mapping",
        lambda asked, got: f"{asked['DomainName']}/{got['ApiMappingId']}",
    ),
    ("apigateway", "CreateRestApi"): ("REST API", lambda asked, got: got["id"]),
    ("lambda", "CreateFunction"): ("function", lambda asked, got: asked["FunctionName"]),
    ("lambda", "CreateEventSourceMapping"): ("event source", lambda asked, got: got["UUID"]),
    ("sqs", "CreateQueue"): ("queue", lambda asked, got: got["QueueUrl"]),
    ("dynamodb", "CreateTable"): ("table", lambda asked, got: asked["TableName"]),
    ("iam", "CreateRole"): ("role", lambda asked, got: asked["RoleName"]),
}


class Ledger:
    """The list of what was created and not yet taken away, in order."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def note(self, happening: Happening) -> None:
        """Write down a successful create call that nobody but the notebook itself made."""
        if not isinstance(happening, Called) or happening.error or happening.caller:
            return
        known = _CREATED.get((happening.service, happening.operation))
        if known is None:
            return
        kind, name_of = known
        name = name_of(happening.parameters or {}, happening.answer or {})
        entry = Entry(happening.service, kind, name, happening.region)
        with self._lock:
            if entry not in self._entries:
                self._entries.append(entry)
                if kind == "function":  # Lambda makes it by itself, and leaves it behind
                    self._entries.append(Entry("logs", "log group", f"/aws/lambda/{entry.name}", entry.region))

    def entries(self) -> list[Entry]:
        """Return what is still there, oldest first."""
        with self._lock:
            return list(self._entries)

    def forget(self) -> None:
        """Forget everything without deleting it."""
        with self._lock:
            self._entries.clear()

    def clean(self) -> list[Entry]:
        """Delete everything, newest first, and say so; what is gone already does not matter.

        Raises the ClientError of the first thing that cannot be deleted; what is left stays in the ledger.
        """
        gone = []
        while entries := self.entries():
            entry = entries[-1]
            client = boto3.client(entry.service, region_name=entry.region or None)
            try:
                _DELETE[entry.service, entry.kind](client, entry.name)
            except ClientError as fault:
                if fault.response["Error"]["Code"] not in _MISSING:
                    raise
            else:
                gone.append(entry)
            with self._lock:
                self._entries.remove(entry)
        return gone
