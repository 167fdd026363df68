"""``start.py cleanup --by-tag``: what carries the ledger's tag in an account is listed, asked about and deleted."""

from __future__ import annotations

import os
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..account import banner
from ..account.entry import YES, is_agreed, says_yes
from ..gateway.errors import ConfigurationError
from .book import Book, Item, books
from .command import entered, one, say
from .run import regions_of
from .tagged import Tagged, look, write


def cleanup(
    console: Console,
    *,
    profile: str | None = None,
    regions: Iterable[str] = (),
    run_id: str = "",
    dry_run: bool = False,
) -> int:
    """Delete what carries the tag in the account of boto3 or of ``profile``; return what the command exits with.

    It is looked for in ``regions``, or in boto3's and those of this machine's ledgers; ``run_id`` restricts it to one
    run. Runs that are at work on this machine are left alone. With ``dry_run`` it is 1 where there is something to
    delete. Raises ConfigurationError where AWS cannot be used, and where the answer is no.
    """
    wanted = list(regions)
    with entered(profile, wanted[0] if wanted else None) as account:
        who, region = account.look()
        for line in banner.lines(who, region):
            say(console, line)
        asked = wanted or [region, *sorted(regions_of(who.account) - {region})]
        found = look(who.account, asked)
        busy = _tell(console, found, asked, run_id)
        runs = {each: items for each, items in found.runs.items() if run_id in ("", each) and each not in busy}
        if dry_run or not runs:
            return int(bool(found.trouble or runs))
        _ask(who.account, runs, by_number=bool(run_id))
        codes = [_one(console, each, items, region, who.account) for each, items in sorted(runs.items())]
        return max(*codes, int(bool(found.trouble)))


def _one(console: Console, run_id: str, items: list[Item], region: str, account: str) -> int:
    try:
        there = os.environ.get("AWS_ENDPOINT_URL", "")
        endpoints = banner.endpoints(region)
        book = write(run_id, items, region=region, endpoint=there, endpoints=endpoints, account=account)
    except LookupError as owner:
        say(console, f"run {run_id} is at work: {owner}")
        return 1
    return one(book, console, must=True, is_listed=True)


def _tell(console: Console, found: Tagged, regions: list[str], run_id: str) -> set[str]:
    """List what was found; return the runs that are at work."""
    books_here = {book.run_id: book for book in books()}
    busy = set()
    for each, items in sorted(found.runs.items()):
        if run_id not in ("", each):
            continue
        whose, is_busy = _whose(books_here.get(each))
        busy |= {each} if is_busy else set()
        say(console, f"run {each}: {whose}")
        table = Table()
        for heading in ("kind", "name", "region"):
            table.add_column(heading, overflow="fold")
        for item in items:
            table.add_row(item.kind, escape(item.name), item.region or "everywhere")
        console.print(table)
    if run_id not in ("", *found.runs) or not found.runs:
        what = f"the tag of run {run_id}" if run_id else "the tag of a run"
        say(console, f"nothing that the course can delete carries {what} in {', '.join(regions)}")
    for line in found.by_hand:
        say(console, f"by hand, or with what it is a part of: {line}")
    for line in found.trouble:
        say(console, f"not looked at: {line}")
    say(console, f"looked in {', '.join(regions)}; --region NAME looks in another one")
    return busy


def _whose(book: Book | None) -> tuple[str, bool]:
    """Return what this machine knows of a run, and whether it is at work here."""
    if book is None:
        return "no ledger on this machine, so it is yours and lost, or another learner's", False
    if not book.lock.take():
        return f"at work, and left alone: {book.lock.owner()}", True
    book.lock.give_back()
    return "its ledger is on this machine", False


def _ask(account: str, runs: dict[str, list[Item]], *, by_number: bool) -> None:
    """Ask once, because runs may be others'; of one run alone the account's number in the variable says yes."""
    if is_agreed(account, by_number=True) and by_number:
        return
    count = sum(map(len, runs.values()))
    whose = f"{len(runs)} runs" if len(runs) != 1 else f"run {next(iter(runs))}"
    question = f"Delete {count} thing{'s' if count != 1 else ''} of {whose}, whoever made them?"
    beforehand = f"a script takes one run, with --run ID, and {YES} with the account's number"
    if not says_yes(question, "deleted", beforehand=beforehand):
        raise ConfigurationError("you did not say yes, so nothing was deleted", hint="--run ID takes one run alone")
