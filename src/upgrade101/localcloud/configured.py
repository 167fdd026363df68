"""Endpoints that boto3 has been told of from outside: by variables, the common one or a service's own, or a profile."""

from __future__ import annotations

import os
from contextlib import suppress

from botocore.exceptions import BotoCoreError
from botocore.session import Session

VARIABLE = "AWS_ENDPOINT_URL"
"""The common one; a service's own begins with it."""


def variables() -> dict[str, str]:
    """Return the environment variables that name endpoints, with what they say."""
    return {name: value for name, value in os.environ.items() if name.startswith(VARIABLE)}


def in_profile() -> bool:
    """Tell whether boto3's profile names endpoints; a profile that is not there names none."""
    with suppress(BotoCoreError):
        return not {"endpoint_url", "services"}.isdisjoint(Session().get_scoped_config())
    return False
