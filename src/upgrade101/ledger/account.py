"""Whose account this is, and why AWS will not say so."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ..gateway.errors import ConfigurationError

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
UNKNOWN = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException"}
)
_EXPIRED_CLASSES = ("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError", "LoginRefreshRequired")
_NONE_CLASSES = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "ProfileNotFound",
)
UNKNOWN_KEYS = "AWS does not know the keys that boto3 finds here"
NO_KEYS, NO_REGION = "boto3 finds no AWS credentials here", "boto3 finds no region here"
SIGN_IN = (
    "run 'aws configure sso' where you sign in through a portal, or 'aws configure' where you have access keys, "
    "or set AWS_PROFILE; cloud.start('moto') is free"
)
NAME_ONE = "cloud.start('aws', region='us-east-1'), or set AWS_DEFAULT_REGION, or run 'aws configure'"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls AWS here."""

    account: str
    arn: str


def identity(session: Any = None) -> Identity:
    """Ask AWS who is calling. Raises ConfigurationError: no keys, keys that have expired, nobody answers."""
    try:
        told = (session or boto3).client("sts").get_caller_identity()
    except (ClientError, BotoCoreError) as fault:
        raise refusal(fault) or unreachable(fault) from None
    return Identity(str(told["Account"]), str(told["Arn"]))


def refusal(fault: BaseException) -> ConfigurationError | None:
    """Return the sentence for a failure that has to do with who is calling; None for every other."""
    code = fault.response.get("Error", {}).get("Code", "") if isinstance(fault, ClientError) else ""
    kind = type(fault).__name__
    if code in EXPIRED or kind in _EXPIRED_CLASSES:
        return ConfigurationError("your AWS session has expired", hint=_sign_in())
    if code in UNKNOWN:
        return ConfigurationError(f"{UNKNOWN_KEYS} ({code})", hint=SIGN_IN)
    if kind in _NONE_CLASSES:
        return ConfigurationError(f"{NO_KEYS} ({fault})", hint=SIGN_IN)
    if kind == "NoRegionError":
        return ConfigurationError(NO_REGION, hint=NAME_ONE)
    return None


def _sign_in() -> str:
    """Return how to get keys that have not expired, for the profile that is in use."""
    profile = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
    return f"sign in again: aws sso login{f' --profile {profile}' if profile else ''} (or take new keys)"


def unreachable(fault: BaseException) -> ConfigurationError:
    """Return the sentence for everything else that keeps AWS from answering."""
    return ConfigurationError(f"AWS does not answer: {fault}", hint="is the network there? then try again")
