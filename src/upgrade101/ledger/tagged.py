"""What carries the ledger's tag in an account, whoever made it: the way to what a lost ledger knew.

The tagging API shows most of it. What it does not show is listed kind by kind and asked for its tags: roles, which it
does not know (https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html), and what
it does not show on every cloud.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ..account.roles import ROLE
from .book import Book, Item
from .catalogue import BY_NOUN, KINDS, named_by
from .cleaner import AWS
from .kinds import RUN_TAG, Kind, pages, pairs
from .patience import Patience, missing_action

_A_DAY = 86_400.0


@dataclass(slots=True)
class Tagged:
    """What was found: of each run, what no command can delete, and what could not be looked at."""

    runs: dict[str, list[Item]] = field(default_factory=dict)
    by_hand: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def add(self, run_id: str, item: Item) -> None:
        """Note something of a run, once; what a run cannot be called is nobody's."""
        if began(run_id) is None:
            self._by_hand(f"{item.kind} {item.name}", run_id)
        elif item not in (known := self.runs.setdefault(run_id, [])):
            known.append(item)

    def add_unknown(self, arn: str, run_id: str) -> None:
        """Note something of a kind that the course does not know, or a part of something that it does."""
        self._by_hand(arn, run_id)

    def _by_hand(self, what: str, run_id: str) -> None:
        line = f"{what} (run {run_id})"
        if line not in self.by_hand:
            self.by_hand.append(line)


def began(run_id: str) -> float | None:
    """Return when a run began at the earliest, in epoch seconds; None where no run is called so.

    A tag is anybody's to write, and a run's name becomes that of a file.

    >>> began("2026-11-22-k7m2xq"), began("2026-11-42-k7m2xq"), began("../../2026-11-22-k7m2xq")
    (1795219200.0, None, None)
    """
    if not re.fullmatch(r"\d{4}-\d\d-\d\d-[0-9a-z]{6}", run_id):
        return None
    try:
        day = datetime.datetime.fromisoformat(run_id[:10]).replace(tzinfo=datetime.UTC)
    except ValueError:
        return None
    return day.timestamp() - _A_DAY  # it is the day where the run was


def look(account: str, regions: Iterable[str], patience: Patience | None = None) -> Tagged:
    """Find all that carries the tag, in these regions; roles are in none. Raises ConfigurationError: nobody answers."""
    found, ask = Tagged(), patience or Patience()
    for place, region in enumerate(dict.fromkeys(regions)):
        with _asking("what the tagging API shows", region, "tag:GetResources", found):
            client = boto3.client("resourcegroupstaggingapi", region_name=region)
            for shown in ask(partial(_shown, client)):
                _take(shown, region, account, found)
        for kind in KINDS:
            if kind.lists and not (kind.is_global and place):
                _list(kind, region, account, found, ask)
    return found


def write(
    run_id: str, items: list[Item], *, region: str, endpoint: str, endpoints: dict[str, list[str]], account: str
) -> Book:
    """Write what was found into the ledger of its run, which is made anew where it is lost; return it.

    Raises ConfigurationError where it cannot be written, and LookupError where a process has the run.
    """
    since = began(run_id) or 0.0
    book = Book(run_id)
    if book.path.exists() and not book.lock.take():
        raise LookupError(book.lock.owner())
    if not book.path.exists() or not book.read().where:
        about = {"endpoint": endpoint, "endpoints": endpoints, "account": account, "region": region}
        book.begin(where=AWS, started=since, **about)
    try:
        known = {(item.kind, item.name, item.region) for item in book.read().left}
        for item in items:
            if (item.kind, item.name, item.region) not in known:
                book.note_found(item, since)
    finally:
        book.lock.give_back()
    return book


def _shown(client: Any) -> list[Any]:
    return list(pages(client, "get_resources", "ResourceTagMappingList", TagFilters=[{"Key": RUN_TAG}]))


def _take(shown: Any, region: str, account: str, found: Tagged) -> None:
    """Note what the tagging API shows."""
    arn, run_id = str(shown["ResourceARN"]), pairs(shown["Tags"]).get(RUN_TAG, "")
    if known := named_by(arn):
        kind, name = known
        found.add(run_id, _item(kind, name, region, account))
    else:
        found.add_unknown(arn, run_id)


def _list(kind: Kind, region: str, account: str, found: Tagged, ask: Patience) -> None:
    """Note all of a kind that have the tag."""
    client = boto3.client(kind.service, region_name=region)
    names = [ROLE] if kind.noun == "role" else []
    with _asking(f"every {kind.noun}", region, kind.lists, found):
        names += ask(lambda: list(kind.names(client, "")))
    for name in dict.fromkeys(names):
        with _asking(f"{kind.noun} {name}", region, " or ".join(kind.actions), found):
            run_id = (ask(partial(kind.tags_if_there, client, name)) or {}).get(RUN_TAG)
            if run_id:
                found.add(run_id, _item(kind, name, region, account))
            if run_id and kind.noun == "custom domain":
                for mapping in BY_NOUN["API mapping"].names(client, f"{name}/"):
                    found.add(run_id, _item(BY_NOUN["API mapping"], mapping, region, account))


def _item(kind: Kind, name: str, region: str, account: str) -> Item:
    return Item(kind.noun, name, "" if kind.is_global else region, account, state="made")


@contextmanager
def _asking(what: str, region: str, action: str, found: Tagged) -> Iterator[None]:
    """Let one thing that cannot be looked at not stand in the way of the others."""
    try:
        yield
    except (ClientError, BotoCoreError) as fault:
        missing = missing_action(fault, (action,))
        found.trouble.append(f"{what} in {region}: {f'you may not: {missing} is missing' if missing else fault}")
