"""CloudFormation: stacks whose WebSocket APIs are there, and whose failures roll back.

moto's CloudFormation brings the models of thirty services with it, which takes seconds to import. So the seam is closed
when the first call for it comes, and not at the start of the local cloud.
"""

from __future__ import annotations

import sys
from typing import Any

import botocore.handlers


def ready(**_: Any) -> None:
    """Take moto's place, now; harmless where that has happened."""
    from . import service

    service.install()


_ENTRY = ("before-call.cloudformation", ready)


def install() -> None:
    """Take moto's place as soon as boto3 calls CloudFormation; harmless where that is so."""
    if _ENTRY not in botocore.handlers.BUILTIN_HANDLERS:
        botocore.handlers.BUILTIN_HANDLERS.append(_ENTRY)


def uninstall() -> None:
    """Give moto its place back."""
    if _ENTRY in botocore.handlers.BUILTIN_HANDLERS:
        botocore.handlers.BUILTIN_HANDLERS.remove(_ENTRY)
    service = sys.modules.get(f"{__name__}.service")
    if service is not None:
        service.uninstall()
