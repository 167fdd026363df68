"""Whose access key is that? The gateway's fourth port, answered from moto's IAM and STS.

Besides the keys that were created there are keys for testing: moto's own, those that this process has in its
environment, and the ``test`` and ``testing`` of every local cloud. Their holder is the root of moto's default account.
Known to fit moto 5.1.18 to 5.2.5.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from ..gateway.ports import Caller

log = logging.getLogger("upgrade101.gateway")

_OF_COGNITO = "TESTACCESSKEY12345"  # what its Cognito identity pools hand out
TEST_KEYS = {
    "test": ("test", ""),
    "testing": ("testing", ""),
    "FOOBARKEY": ("FOOBARSECRET", ""),  # what moto puts into the environment
    _OF_COGNITO: ("ABCSECRETKEY", "ABC12345"),
}
_UNVERIFIABLE = "AKIAIOSFODNN7EXAMPLE"  # what its GetSessionToken and GetFederationToken hand out to everybody


def caller(access_key_id: str) -> Caller | None:
    """Return who holds an access key, with the policies that IAM has attached now; nothing where nobody does."""
    for account_id, partition, backend in _backends():
        key = backend.access_keys.get(access_key_id)
        if key is not None and key.status == "Active":
            return _session(account_id, partition, backend, key) if key.role_arn else _user(backend, key)
    if access_key_id == _OF_COGNITO:
        log.warning(
            "NotEmulated: keys of Cognito identity pools are the account's root here; sign with those of AssumeRole"
        )
    if access_key_id == _UNVERIFIABLE:
        log.warning("NotEmulated: keys of GetSessionToken and GetFederationToken; sign with those of AssumeRole")
    return _tester(access_key_id)


def _backends() -> Iterator[tuple[str, str, Any]]:
    """Yield every IAM backend that there is, and make none."""
    for account_id, partitions in list(iam_backends.items()):
        for partition, backend in list(partitions.items()):
            yield account_id, partition, backend


def _tester(access_key_id: str) -> Caller | None:
    """Return the root of the default account for a key that is meant for testing."""
    mine = {_environ("ACCESS_KEY_ID"): (_environ("SECRET_ACCESS_KEY"), _environ("SESSION_TOKEN"))}
    secret, token = {**TEST_KEYS, **mine}.get(access_key_id, ("", ""))
    if not (access_key_id and secret):
        return None
    account_id = os.environ.get("MOTO_ACCOUNT_ID", DEFAULT_ACCOUNT_ID)
    arn = f"arn:aws:iam::{account_id}:root"
    return Caller(access_key_id, secret, account_id, account_id, arn, session_token=token)


def _environ(name: str) -> str:
    return os.environ.get(f"AWS_{name}", "")


def _user(backend: Any, key: Any) -> Caller | None:
    user = backend.users.get(key.user_name)
    if user is None:
        return None
    groups = [group for group in list(backend.groups.values()) if user in group.users]
    return Caller(
        access_key_id=key.access_key_id,
        secret_access_key=key.secret_access_key,
        account_id=backend.account_id,
        caller_id=user.id,
        arn=user.arn,
        user_name=user.name,
        policies=tuple(_policies([user, *groups])),
    )


def _session(account_id: str, partition: str, backend: Any, key: Any) -> Caller | None:
    """Return who has assumed a role; one that IAM does not have, which moto allows, may do everything."""
    session = sts_backends[account_id][partition].get_assumed_role_from_access_key(key.access_key_id)
    if session is None:
        return None
    role = next((role for role in list(backend.roles.values()) if role.arn == session.role_arn), None)
    boundary = backend.managed_policies.get(role.permissions_boundary_arn) if role else None
    limits = {"session policy": session.policy, "permissions boundary": boundary and _default_version(boundary)}
    return Caller(
        access_key_id=session.access_key_id,
        secret_access_key=session.secret_access_key,
        account_id=account_id,
        caller_id=session.user_id,
        arn=session.arn,
        session_token=session.session_token,
        expires_at=session.expiration.replace(tzinfo=UTC).timestamp(),
        policies=None if role is None else tuple(_policies([role])),
        limits={name: _document(text) for name, text in limits.items() if text},
    )


def _policies(holders: Iterable[Any]) -> Iterator[Any]:
    """Yield every policy of users, groups or roles: those written into them and those attached."""
    for holder in holders:
        yield from map(_document, list(holder.policies.values()))
        yield from (_document(_default_version(policy)) for policy in list(holder.managed_policies.values()))


def _default_version(policy: Any) -> Any:
    return next((version.document for version in policy.versions if version.is_default), "")


def _document(text: Any) -> Any:
    """Return a policy document; what cannot be read stays as it is, and allows nothing."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text
