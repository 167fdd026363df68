"""Where one is: the account, the region, who one is there, by which profile; an endpoint, if it is not AWS's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import boto3
from botocore.config import Config

from ..ledger.account import Identity
from ..localcloud import configured

SERVICES = (
    *("sts", "apigatewayv2", "apigateway", "lambda", "dynamodb", "sqs", "s3", "iam", "logs"),
    *("cloudformation", "resourcegroupstaggingapi"),
)
"""What the course and its ledger call."""

_NO_PROFILE = {
    "env": "keys from the environment, no profile",
    "container-role": "keys of this container",
    "iam-role": "keys of this machine",
}


def lines(who: Identity, region: str) -> list[str]:
    """Return what there is to see before the first thing is created, or deleted; of the account the last four digits.

    Raises what boto3 raises where it has no keys.
    """
    told = [f"AWS account …{who.account[-4:]}, region {region}, as {name_of(who.arn)}, {_profile()}"]
    for url, services in endpoints(region).items():
        what = _what(services)
        told.append(f"The endpoint of {what} is {url}, which a variable or the profile says, and not AWS's own.")
    return told


def instead_of_aws(found: Mapping[str, Sequence[str]]) -> str:
    """Return what is called there instead of AWS, in words.

    >>> instead_of_aws({}), instead_of_aws({"http://127.0.0.1:4566": ["dynamodb", "sqs"]})
    ('AWS itself', 'http://127.0.0.1:4566 (for dynamodb, sqs)')
    """
    return " and ".join(f"{url} (for {_what(services)})" for url, services in found.items()) or "AWS itself"


def _what(services: Sequence[str]) -> str:
    return "every call" if len(services) == len(SERVICES) else ", ".join(services)


def name_of(arn: str) -> str:
    """Return who somebody is, with the role where it is one.

    >>> name_of("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Class_0a1b2c3d/ana")
    'role AWSReservedSSO_Class_0a1b2c3d (ana)'
    >>> name_of("arn:aws:iam::123456789012:user/team/ana")
    'user/team/ana'
    """
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    role, _, session = rest.rpartition("/")
    return f"role {role} ({session})" if kind == "assumed-role" and role else arn.rpartition(":")[2]


def _profile() -> str:
    session = boto3.Session()
    keys = session.get_credentials()
    return _NO_PROFILE.get(keys.method if keys else "", f"profile {session.profile_name}")


def endpoints(region: str) -> dict[str, list[str]]:
    """Return the endpoints that boto3 has been told to call instead of AWS's, and the services it calls there."""
    found: dict[str, list[str]] = {}
    is_told = configured.variables() or configured.in_profile()  # asking boto3 itself takes it a second
    for service in SERVICES if is_told else ():
        there, own = _endpoints(service, region)
        if there != own:
            found.setdefault(there, []).append(service)
    return found


def _endpoints(service: str, region: str) -> Iterator[str]:
    for settings in (Config(), Config(ignore_configured_endpoint_urls=True)):
        client = boto3.Session().client(service, region_name=region, config=settings)
        yield str(client.meta.endpoint_url)
