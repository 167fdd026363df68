"""What runs inside the kernels of lessons: every AWS request that is made there is validated and written down."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.handlers
from botocore.auth import SigV4Auth
from botocore.handlers import REGISTER_LAST
from botocore.validate import ParamValidator

from ..course.bench import ACCOUNT
from ..localcloud.accounts import account_of
from ..localcloud.local import caller

FILE = "UPGRADE101_CONTRACT"  # the environment variable that names the file
RECORD = """
from upgrade101.authoring.contract_kernel import record
record(); del record
"""
"""Code that a kernel runs first, so that its requests are written down."""

_NAMES = {
    "cloudformation": "StackName",
    "dynamodb": "TableName",
    "iam": "RoleName",
    "s3": "Bucket",
    "sqs": "QueueName",
}
"""The parameter that says what a thing is called, for services in which the lessons choose the names."""

NOTEBOOK, FUNCTIONS = "notebook", "functions"
_ABOUT = "upgrade101_contract"


def record(file: str = "") -> Callable[[], None]:
    """Write down whose each request is, and what it asks for; what a check asks for on its bench is left out.

    ``file`` is that of the environment variable unless given. Return the function that ends this. Clients made by then
    go on writing.
    """
    notes = _Notes(Path(file or os.environ[FILE]))
    hooks = [("before-parameter-build", notes.validate, REGISTER_LAST), ("before-sign", notes.signed)]
    botocore.handlers.BUILTIN_HANDLERS.extend(hooks)
    add_auth = SigV4Auth.add_auth

    def noted(self: Any, request: Any) -> Any:
        if self._service_name == "execute-api" and "/@connections/" not in request.url:
            notes.note(caller(), "execute-api", "Invoke")
        return add_auth(self, request)

    SigV4Auth.add_auth = noted

    def end() -> None:
        SigV4Auth.add_auth = add_auth
        for hook in hooks:
            botocore.handlers.BUILTIN_HANDLERS.remove(hook)

    return end


class _Notes:
    """One line for each new request: whose, service, operation, a name, and what AWS's model has against it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: set[tuple[str, ...]] = set()

    def validate(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        """Hold a request to AWS's own model, also where a client has been told not to."""
        faults = ""
        if model.input_shape is not None:
            report = ParamValidator().validate(params, model.input_shape)
            faults = report.generate_report() if report.has_errors() else ""
        service = model.service_model.service_name
        context[_ABOUT] = service, model.name, _name(params.get(_NAMES.get(service, "")) or ""), faults

    def signed(self, request: Any, request_signer: Any, **_: Any) -> None:
        """Write down a request that is about to leave."""
        keys = request_signer._credentials
        on_a_bench = keys is not None and account_of(keys.access_key) == ACCOUNT
        if _ABOUT in request.context and not on_a_bench:
            self.note(caller(), *request.context[_ABOUT])

    def note(self, function: str, service: str, operation: str, name: str = "", fault: str = "") -> None:
        """Write one line, once."""
        line = (FUNCTIONS if function else NOTEBOOK, service, operation, name, " ".join(fault.split()))
        if line not in self._known:
            self._known.add(line)
            with self._file.open("a", encoding="utf-8") as file:
                file.write("\t".join(line) + "\n")


def _name(said: str) -> str:
    """Return a name, with a star for what is another one in each run or each account.

    >>> _name("rooms-Table-1KXQ7T0AB2CD"), _name("packages-123456789012-eu-west-1"), _name("arn:aws:dynamodb:::table/a")
    ('rooms-Table-*', 'packages-*', 'a')
    >>> _name("arn:aws:cloudformation:us-east-1:123456789012:stack/rooms/868795a9-bb90-4d6c"), _name("a-UUMSXOATAATB")
    ('rooms', 'a-*')
    """
    last = said.rpartition(":")[2].split("/")[1] if said.startswith("arn:") else said
    return re.sub(r"-(?=\w*\d)[0-9A-Za-z]{8,}$|-[0-9A-Z]{12,}$|-\d{12}\b.*", "-*", last)
