"""Writes every create call of this process's boto3 into a run's book, before it leaves and after it came back."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from .book import Book
from .catalogue import DELETING
from .kinds import Kind
from .unknown import creating

_make_api_call = BaseClient._make_api_call
_active: Recorder | None = None
_tagging: ContextVar[tuple[Kind, str] | None] = ContextVar("upgrade101_tagging", default=None)


class Recorder:
    """Watches every client, made before or after ``install``; one at a time."""

    def __init__(self, book: Book, account: str) -> None:
        self.book = book
        self._account = account
        own = boto3.Session().get_credentials()
        self._accounts = {own.get_frozen_credentials().access_key: account} if own else {}
        self._named: set[tuple[str, str, str]] = set()

    def install(self) -> None:
        """Begin to watch."""
        global _active
        _active = self
        BaseClient._make_api_call = _watched

    def uninstall(self) -> None:
        """Watch no more."""
        global _active
        _active = None
        BaseClient._make_api_call = _make_api_call

    def create(self, kind: Kind, client: Any, parameters: dict[str, Any], call: Callable[[], Any]) -> Any:
        """Make a create call that the book knows of whatever happens to it."""
        if not kind.applies(parameters) or kind.exists_already(client, parameters):
            return call()  # it is somebody's: neither tagged nor written down
        where = _region(kind, client)
        name, about = kind.asked(parameters), kind.about(parameters)
        number = self.book.intend(kind.noun, name, where, self._account_of(client), about)
        client.meta.events.register(
            f"provide-client-params.{client.meta.service_model.service_id.hyphenize()}.{kind.creates}",
            _tag,
            unique_id=f"upgrade101-run-{kind.creates}",
        )
        being_created = _tagging.set((kind, self.book.run_id))
        try:
            answer = call()
        except (ClientError, ParamValidationError) as fault:
            if _created_nothing(fault):
                self._note("void", id=number, error=str(fault)[:200])
            raise
        finally:
            _tagging.reset(being_created)
        made = kind.made(parameters, answer)
        if not self._tag_afterwards(kind, client, parameters):
            return answer  # it stays an intent, which is recognised by its age
        self._note("made", id=number, name=made, at=_time_of(answer))
        self._named.add((kind.noun, made, where))
        return answer

    def delete(self, kind: Kind, client: Any, parameters: dict[str, Any], call: Callable[[], Any]) -> Any:
        """Make a delete call, and write down what is gone with it."""
        answer = call()
        key = (kind.noun, kind.gone(parameters), _region(kind, client))
        if key in self._named:
            self._note("gone", kind=key[0], name=key[1], region=key[2])
            self._named.discard(key)
        return answer

    def _account_of(self, client: Any) -> str:
        """Return the account in which a client creates; only keys that are not the notebook's are asked about."""
        keys = client._request_signer._credentials
        if keys is None:
            return self._account
        frozen = keys.get_frozen_credentials()
        if frozen.access_key not in self._accounts:
            self._accounts[frozen.access_key] = _asked_account(client, frozen)
        return self._accounts[frozen.access_key]

    def _tag_afterwards(self, kind: Kind, client: Any, parameters: dict[str, Any]) -> bool:
        """Tag what takes no tags while it is created; tell whether it has its tag."""
        try:
            kind.tag_afterwards(client, parameters, self.book.run_id)
        except (ClientError, BotoCoreError) as fault:
            print(f"the {kind.noun} {kind.asked(parameters)} cannot be tagged ({fault})")
            return False
        return True

    def _note(self, line: str, **facts: Any) -> None:
        """Write what has happened already; that the disk is full is no reason to lose AWS's answer."""
        try:
            self.book.write(line, **facts)
        except OSError as fault:
            print(f"the ledger {self.book.path} cannot be written ({fault}); what it knows is enough to clean up")


def _region(kind: Kind, client: Any) -> str:
    return "" if kind.is_global else str(client.meta.region_name or "")


def _asked_account(client: Any, frozen: Any) -> str:
    session = boto3.Session(frozen.access_key, frozen.secret_key, frozen.token, region_name=client.meta.region_name)
    return str(session.client("sts").get_caller_identity()["Account"])


def _created_nothing(fault: Exception) -> bool:
    """Tell whether a failed create call has surely created nothing: AWS refused it, and did not merely stumble.

    After a stumble botocore calls again, and what is refused then ("it exists") may be what the first call has made.
    """
    if not isinstance(fault, ClientError):
        return True
    about = fault.response.get("ResponseMetadata", {})
    return int(about.get("HTTPStatusCode", 500)) < 500 and not about.get("RetryAttempts")


def _time_of(answer: Any) -> float | None:
    """Return AWS's own time of an answer; this machine's clock may be wrong."""
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(said).timestamp()
    except (ValueError, TypeError):
        return None


def _tag(params: dict[str, Any], model: Any, **_: Any) -> dict[str, Any] | None:
    """Add the tag to a create call that is written down; the handler stays with its client, for other calls too."""
    kind, run_id = _tagging.get() or (None, "")
    return kind.with_tag(params, run_id) if kind and kind.creates == model.name else None


def _watched(client: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
    def call() -> Any:
        return _make_api_call(client, operation_name, api_params)

    recorder, key = _active, (client.meta.service_model.service_name, operation_name)
    if recorder is None:
        return call()
    model = client.meta.service_model.operation_model(operation_name)
    if kind := creating(*key, model.input_shape):
        return recorder.create(kind, client, api_params, call)
    if kind := DELETING.get(key):
        return recorder.delete(kind, client, api_params, call)
    return call()
