"""Other accounts in the same moto: it keeps everything by account, and tells the account from the access key.

Known to fit moto 5.1.18 to 5.2.5 (``moto.core.base_backend.BackendDict``).
"""

from __future__ import annotations

from dataclasses import dataclass

from moto.apigateway.models import apigateway_backends
from moto.core.base_backend import BackendDict
from moto.iam.models import get_account_id_from
from moto.sts.models import sts_backends

from .control_plane.resources import find_api
from .functions import log_shelf

_IDENTITY = frozenset({"iam", "sts"})  # access keys and roles


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials, as boto3 takes them."""

    access_key_id: str
    secret_access_key: str
    session_token: str

    def variables(self) -> dict[str, str]:
        """Return them as environment variables."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
        }


def keys_of(account_id: str, region: str) -> Keys:
    """Return new keys of an account, which begins to exist with them; what calls with them lands in it."""
    role = sts_backends[account_id]["aws"].assume_role(
        region_name=region,
        role_session_name="another-account",
        role_arn=f"arn:aws:iam::{account_id}:role/another-account",
        policy="",
        duration=43_200,
        external_id="",
    )
    return Keys(role.access_key_id, role.secret_access_key, role.session_token)


def account_of(access_key_id: str) -> str:
    """Return the account of an access key; that of moto's default account where moto has never seen the key."""
    return str(get_account_id_from(access_key_id))


def owner_of(api_id: str) -> str:
    """Return the account of a WebSocket or REST API, or '' where there is no such API."""
    websocket = find_api(api_id)
    if websocket is not None:
        return str(websocket.account_id)
    rest = (
        account_id
        for account_id, _, backend in list(apigateway_backends.iter_backends())
        if api_id in getattr(backend, "apis", {})
    )
    return next(rest, "")


def clear(account_id: str) -> None:
    """Delete everything in an account but its keys and roles."""
    log_shelf.store()  # or what was logged so far would be there again as soon as somebody looks
    services = list(BackendDict._instances)  # type: ignore[misc]
    for service in services:
        if service.service_name not in _IDENTITY and account_id in list(service):
            service[account_id].reset()
