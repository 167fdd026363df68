"""Finds what a run has left in an account, deletes what is surely its own, and proves that nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .book import Book, Item, Page
from .catalogue import BY_NOUN, log_groups, named_by
from .kinds import RUN_TAG, Kind, Tags, is_missing, pages
from .patience import Patience, missing_action

AWS = "aws"
BY_HAND = "its kind is not known here: delete it by hand, then type the same with --forget"
_ROUNDS = 4
_CALM = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=5, read_timeout=30)

Key = tuple[str, str, str]


@dataclass(slots=True)
class Report:
    """What a clean-up did, and what it left, each with the reason."""

    gone: list[Item] = field(default_factory=list)
    left: list[tuple[Item, str]] = field(default_factory=list)
    strangers: list[tuple[Item, str]] = field(default_factory=list)

    @property
    def is_proved(self) -> bool:
        """Tell whether nothing of the run is left, as far as AWS itself knows."""
        return not self.left


@dataclass(slots=True)
class _Found:
    ours: dict[Key, Item] = field(default_factory=dict)
    strangers: dict[Key, tuple[Item, str]] = field(default_factory=dict)
    left: dict[Key, tuple[Item, str]] = field(default_factory=dict)
    foreign: set[Key] = field(default_factory=set)  # somebody else's, also where ours of that name is known to be gone

    def knows(self, item: Item) -> bool:
        """Tell whether something has been judged already."""
        return any(_key(item) in judged for judged in (self.ours, self.strangers, self.left))


class Cleaner:
    """Cleans up after one run, as ``account`` and at ``where``; ``pause`` is how it waits.

    ``regions`` are further ones in which a function may run as a role of ours.
    """

    def __init__(
        self,
        book: Book,
        account: str,
        where: str = AWS,
        *,
        regions: Iterable[str] = (),
        pause: Callable[[float], None] | None = None,
    ) -> None:
        self.book = book
        self._account = account
        self._where = where
        self._regions = set(regions)
        self._patience = Patience(pause)
        self._clients: dict[tuple[str, str], Any] = {}

    def clean(self) -> Report:
        """Delete and prove. Raises ConfigurationError where AWS cannot be asked; what is done by then is written."""
        report, page = Report(), self.book.read()
        failed: dict[Key, tuple[Item, str]] = {}
        for _ in range(_ROUNDS):
            found = self._find()
            todo = [item for key, item in found.ours.items() if key not in failed]
            if not todo:
                break
            for item in sorted(todo, key=lambda item: BY_NOUN[item.kind].rank):
                if why := self._remove(item, page):
                    failed[_key(item)] = item, why
                else:
                    report.gone.append(item)
        else:
            found = self._find()
        back = {key: (item, "it comes back whenever it is deleted") for key, item in found.ours.items()}
        return _reported(report.gone, {**back, **failed, **found.left}, found)

    def look(self) -> Report:
        """Find without deleting: what would be deleted is in ``left``."""
        found = self._find()
        return _reported([], {**{key: (item, "") for key, item in found.ours.items()}, **found.left}, found)

    def _find(self) -> _Found:
        """Look at every line of the ledger, and at what the tagging API shows beside."""
        page, found = self.book.read(), _Found()
        for item in page.items:
            if item.account != self._account:
                if item.is_there:
                    found.left[_key(item)] = item, f"it is in account {item.account}, and this is {self._account}"
            elif item.state != "void":
                self._find_item(item, page, found)
        known = {_key(item) for item in page.items}
        for item in self._tagged(page, found):
            self._find_item(item, page, found)
            if _key(item) in found.ours and _key(item) not in known:
                with suppress(OSError):
                    self.book.note_found(item, page.started)
        return found

    def _find_item(self, item: Item, page: Page, found: _Found) -> None:
        if item.kind not in BY_NOUN:
            if item.is_there:
                found.left[_key(item)] = item, BY_HAND
            return
        for candidate in [item] if item.name else self._nameless(item, page, found):
            self._judge(candidate, page, found)
            if candidate.kind == "function":
                self._judge_logs(candidate, f"/aws/lambda/{candidate.name}", page, found)
            if candidate.kind == "API":
                self._judge_logs(candidate, f"API-Gateway-Execution-Logs_{candidate.name}/", page, found)

    def _nameless(self, item: Item, page: Page, found: _Found) -> list[Item]:
        """Find what was asked for and never answered: all of its kind that has the run's tag."""
        kind, client = self._kind(item, page)
        hits: list[Item] = []
        with self._asking(item, kind.actions, found):
            for name in self._patience(lambda: list(kind.names(client, item.about))):
                if (
                    not kind.tagged_in
                    or (self._patience(partial(kind.tags_if_there, client, name)) or {}).get(RUN_TAG) == page.run_id
                ):
                    hits.append(replace(item, name=name))
        return hits

    def _judge(self, item: Item, page: Page, found: _Found) -> None:
        """Decide whose something is, if it is there at all."""
        if found.knows(item):
            return
        kind, client = self._kind(item, page)
        with self._asking(item, kind.actions, found):
            tags = self._patience(partial(kind.tags_if_there, client, item.name))
            if tags is None:
                return
            ours = kind.has_own_id or tags.get(RUN_TAG) == page.run_id
            if ours or self._patience(lambda: kind.is_surely_ours(client, item, tags)):
                found.ours[_key(item)] = item
                return
            found.foreign.add(_key(item))
            if item.state != "gone":
                found.strangers[_key(item)] = item, _whose(tags)

    def _judge_logs(self, item: Item, prefix: str, page: Page, found: _Found) -> None:
        """Decide whose the logs are that AWS keeps of a function or an API."""
        client = self._client("logs", _region(item, page))
        with self._asking(replace(item, kind="log group", name=prefix), BY_NOUN["log group"].actions, found):
            for group in self._patience(lambda: list(log_groups(client, prefix))):
                logs = replace(item, kind="log group", name=group["logGroupName"], state="made")
                if (not prefix.endswith("/") and logs.name != prefix) or found.knows(logs):
                    continue
                if _key(item) in found.foreign:
                    found.strangers[_key(logs)] = logs, f"the {item.kind} {item.name} that writes there is not ours"
                elif group.get("creationTime", float("inf")) < (item.at - 1) * 1000:
                    found.strangers[_key(logs)] = logs, f"it is older than our {item.kind}"
                else:
                    found.ours[_key(logs)] = logs

    def _tagged(self, page: Page, found: _Found) -> list[Item]:
        """Ask the tagging API for everything with the run's tag, whatever the ledger knows."""
        regions = {_region(item, page) for item in page.items} | {page.region}
        hits: list[Item] = []
        for region in sorted(regions):
            item = Item("tagged resource", "", region, self._account)
            with self._asking(item, ("tag:GetResources",), found):
                api = self._client("resourcegroupstaggingapi", region)
                for shown in self._patience(partial(_tagged_with, api, page.run_id)):
                    hits += self._meant(shown["ResourceARN"], region, page, found)
        return hits

    def _meant(self, arn: str, region: str, page: Page, found: _Found) -> list[Item]:
        """Return what an ARN means, if it is of this account and of a kind that can be deleted here."""
        _, _, _, where, account, _ = (arn.split(":", 5) + [""] * 6)[:6]
        item = Item("resource", arn, where or region, account or self._account, at=page.started, state="made")
        known = named_by(arn)
        if known is None or item.account != self._account:
            found.left[_key(item)] = item, BY_HAND
            return []
        return [replace(item, kind=known[0].noun, name=known[1])]

    @contextmanager
    def _asking(self, item: Item, actions: tuple[str, ...], found: _Found) -> Iterator[None]:
        """Keep one thing that cannot be asked from standing in the way of the others."""
        try:
            yield
        except (ClientError, BotoCoreError) as fault:
            if _is_unknown(fault) and self._where != AWS:
                return
            if item.state != "gone":
                found.left[_key(item)] = item, _why(fault, actions)

    # --- deleting

    def _remove(self, item: Item, page: Page) -> str:
        """Delete one thing and write it down; return why not, or ''."""
        kind, client = self._kind(item, page)
        try:
            if users := self._users(item, page):
                return f"functions run as it: {', '.join(users)}"
            self._patience(lambda: kind.remove(client, item.name))
        except (ClientError, BotoCoreError) as fault:
            if not is_missing(fault):
                return _why(fault, kind.actions)
        with suppress(OSError):  # the disk is full: the next clean-up finds that it is gone
            self.book.note_gone(item.kind, item.name, item.region)
        return ""

    def _users(self, item: Item, page: Page) -> list[str]:
        """Name the functions that run as a role."""
        if item.kind != "role":
            return []
        users = []
        for region in sorted({_region(each, page) for each in page.items} | {page.region} | self._regions):
            client = self._client("lambda", region)
            functions = self._patience(partial(_functions, client))
            users += [one["FunctionName"] for one in functions if one["Role"].endswith(f"/{item.name}")]
        return users

    def _kind(self, item: Item, page: Page) -> tuple[Kind, Any]:
        kind = BY_NOUN[item.kind]
        return kind, self._client(kind.service, _region(item, page))

    def _client(self, service: str, region: str) -> Any:
        key = service, region
        if key not in self._clients:
            self._clients[key] = boto3.client(service, region_name=region or None, config=_CALM)
        return self._clients[key]


def _reported(gone: list[Item], left: dict[Key, tuple[Item, str]], found: _Found) -> Report:
    return Report(gone, [*left.values()], [*found.strangers.values()])


def _tagged_with(client: Any, run_id: str) -> list[Any]:
    wanted = [{"Key": RUN_TAG, "Values": [run_id]}]
    return list(pages(client, "get_resources", "ResourceTagMappingList", TagFilters=wanted))


def _functions(client: Any) -> list[Any]:
    return list(pages(client, "list_functions", "Functions"))


def _key(item: Item) -> Key:
    return item.kind, item.name, item.region


def _region(item: Item, page: Page) -> str:
    """Return where something is; what is everywhere is asked for where the run was."""
    return page.region if item.region in ("", "aws-global") else item.region


def _whose(tags: Tags) -> str:
    other = tags.get(RUN_TAG)
    return f"it belongs to run {other}" if other else f"somebody else made it: it has no tag {RUN_TAG}"


def _why(fault: BaseException, actions: tuple[str, ...]) -> str:
    missing = missing_action(fault, actions)
    return f"you may not: {missing} is missing" if missing else str(fault)


def _is_unknown(fault: BaseException) -> bool:
    """Tell whether an endpoint does not know what it is asked, as clouds do that have only a part of AWS."""
    if not isinstance(fault, ClientError):
        return False
    status = fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = str(fault.response.get("Error", {}).get("Code", ""))
    return status in (404, 501) or code.startswith(("Unknown", "InvalidAction", "NotImplemented", "Unsupported"))
