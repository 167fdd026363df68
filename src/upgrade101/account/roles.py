"""The role that the course's functions run as, and what it may do: what the lessons need, by name where there is one.

All functions share it, because a role takes AWS ten seconds and lessons have many functions. Tables and queues are
named, one policy for each. What stays ``*`` is said in docs/on-aws.md, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from ..ledger import RUN_TAG

ROLE = "upgrade101-function"
POLICY = "course"

Document = dict[str, Any]

_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
_ITEMS = ("BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "UpdateItem")
_TABLE = [f"dynamodb:{name}" for name in (*_ITEMS, "Query", "Scan")]
_QUEUE = [f"sqs:{name}" for name in ("SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes")]

_granted: set[tuple[str, str]] = set()  # role id and policy name: what this process has put


class FunctionRole:
    """The role in the account of a session, made where it is not there yet.

    A role of that name that no run of the course has made is used as it is (a teacher may have prepared it), unless
    ``is_ours`` says that everything here is.
    """

    def __init__(self, session: Any, region: str, *, is_ours: bool) -> None:
        self._iam, self._region = session.client("iam"), region
        try:
            found = self._iam.get_role(RoleName=ROLE)["Role"]
        except self._iam.exceptions.NoSuchEntityException:
            found = self._iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(_ASSUME))["Role"]
            is_ours = True
        self.arn, self._id = str(found["Arn"]), str(found["RoleId"])
        self._is_ours = is_ours or any(tag["Key"] == RUN_TAG for tag in found.get("Tags", ()))
        self._account = self.arn.split(":")[4]
        self._put(f"{POLICY}-{region}", policy(region, self._account))

    def may_use(self, *, tables: Collection[str] = (), queues: Collection[str] = ()) -> None:
        """Let functions use tables and queues, by their names."""
        for name in tables:
            self._put(f"table-{name}-{self._region}", table_policy(self._region, self._account, name))
        for name in queues:
            self._put(f"queue-{name}-{self._region}", queue_policy(self._region, self._account, name))

    def _put(self, name: str, document: Document) -> None:
        if self._is_ours and (self._id, name) not in _granted:
            self._iam.put_role_policy(RoleName=ROLE, PolicyName=name[:128], PolicyDocument=json.dumps(document))
            _granted.add((self._id, name))


def policy(region: str, account: str) -> Document:
    """Return what every function may do: write its log, use open connections, invoke the course's own functions."""
    groups = f"arn:aws:logs:{region}:{account}:log-group:/aws/lambda/*"
    return _document(
        _allow(["logs:CreateLogGroup"], groups),
        _allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"{groups}:*"),
        _allow(["execute-api:ManageConnections"], f"arn:aws:execute-api:{region}:{account}:*/*/*/@connections/*"),
        _allow(["lambda:InvokeFunction"], f"arn:aws:lambda:{region}:{account}:function:*")
        | {"Condition": {"Null": {f"aws:ResourceTag/{RUN_TAG}": "false"}}},
    )


def table_policy(region: str, account: str, name: str) -> Document:
    """Return what functions may do with a table and its indexes.

    >>> table_policy("eu-west-1", "123456789012", "guests")["Statement"][0]["Resource"][0]
    'arn:aws:dynamodb:eu-west-1:123456789012:table/guests'
    """
    arn = f"arn:aws:dynamodb:{region}:{account}:table/{name}"
    return _document(_allow(_TABLE, arn, f"{arn}/index/*"))


def queue_policy(region: str, account: str, name: str) -> Document:
    """Return what functions, and Lambda in their name, may do with a queue.

    >>> queue_policy("eu-west-1", "123456789012", "goals")["Statement"][0]["Resource"]
    ['arn:aws:sqs:eu-west-1:123456789012:goals']
    """
    return _document(_allow(_QUEUE, f"arn:aws:sqs:{region}:{account}:{name}"))


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(actions: list[str], *resources: str) -> Document:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}
