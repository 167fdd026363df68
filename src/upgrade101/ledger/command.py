"""``start.py cleanup``: what runs have left behind, on AWS and on other endpoints, is deleted and proved to be gone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.exceptions import BotoCoreError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..account import banner
from ..account.entry import Account, session_here
from ..gateway.errors import ConfigurationError
from ..remote.endpoint import Endpoint
from .account import refusal, unreachable
from .book import Book, Page, books, folder
from .cleaner import AWS, Cleaner, Report
from .run import account_at, regions_of, words


def cleanup(
    console: Console,
    *,
    run_id: str = "",
    everywhere: bool = False,
    dry_run: bool = False,
    forget: bool = False,
    profile: str | None = None,
) -> int:
    """Clean up after one run, or after all that can be reached from here; return what the command exits with.

    ``forget`` closes the ledger even where something is left: a human has seen to it. ``profile`` is that of the
    account, where boto3 would take another one. Raises ConfigurationError where there is no such run.
    """
    with entered(profile):
        return _cleanup(console, run_id, everywhere, dry_run=dry_run, forget=forget)


@contextmanager
def entered(profile: str | None, region: str | None = None) -> Iterator[Account]:
    """Let boto3 find an account for a while; nobody is asked, neither AWS nor whoever types."""
    account = Account(profile, region)
    account.enter()
    try:
        if profile:
            session_here()
        yield account
    finally:
        account.stop()


def _cleanup(console: Console, run_id: str, everywhere: bool, *, dry_run: bool, forget: bool) -> int:
    found = [book for book in books() if run_id in ("", book.run_id)]
    if run_id and not found:
        raise ConfigurationError(
            f"there is no run {run_id} in {folder()}", hint="start.py cleanup --dry-run lists them"
        )
    if not found:
        say(console, f"there is no ledger of a run on this machine, in {folder()}; no account was asked")
        say(console, "what an account has of runs whose ledger is lost: start.py cleanup --by-tag --dry-run")
    codes = [one(book, console, must=bool(run_id) or everywhere, dry_run=dry_run, forget=forget) for book in found]
    return max(codes, default=0)


def one(
    book: Book, console: Console, *, must: bool, dry_run: bool = False, forget: bool = False, is_listed: bool = False
) -> int:
    """Clean up after one run; ``must`` makes it a failure where that has to wait, ``is_listed`` does not show it."""
    if not book.lock.take():
        say(console, f"run {book.run_id} is at work, or is being cleaned up: {book.lock.owner()}")
        return int(must)
    try:
        page = book.read()
        if not page.items:
            book.delete()
            return 0
        page = book.read_whole()
        if not is_listed:
            _show(console, page)
        with _reached(page) as account:
            return _clean(book, page, account, console, dry_run=dry_run, forget=forget)
    except _Elsewhere as fault:
        say(console, f"run {book.run_id}: {fault}")
        return int(must)
    except ConfigurationError as fault:
        say(console, f"run {book.run_id}: {fault}")
        return 1
    finally:
        book.lock.give_back()


def _clean(book: Book, page: Page, account: str, console: Console, *, dry_run: bool, forget: bool) -> int:
    cleaner = Cleaner(book, account, page.where, regions=regions_of(account))
    if dry_run:
        for line in _found(cleaner.look()):
            say(console, line)
        return 0
    report = cleaner.clean()
    for line in words(report):
        say(console, line)
    if forget and report.left:
        book.delete()
        say(console, f"run {book.run_id} is forgotten, with what is named above")
        return 0
    if not report.is_proved:
        say(console, "not all is gone; when the reason is, the same command finishes the job")
        return 1
    book.delete()
    say(console, f"run {book.run_id}: nothing of it is left, as lists and tags show")
    return 0


class _Elsewhere(ConfigurationError):
    """Say that a run belongs to another account or cloud than the one that is reached from here."""


@contextmanager
def _reached(page: Page) -> Iterator[str]:
    """Reach the cloud of a run, and return the account there. Raises ConfigurationError where it is another one."""
    boto3.DEFAULT_SESSION = None  # it may know the keys and the address of the run before
    if page.where == AWS:
        _hold_to(page)
        yield _account(page)
        return
    try:
        endpoint = Endpoint(page.where, page.region or "us-east-1")
        endpoint.start()
    except ConfigurationError as fault:
        raise _Elsewhere(fault.message, hint=fault.hint) from None
    try:
        yield _account(page)
    finally:
        endpoint.stop()


def _hold_to(page: Page) -> None:
    """Raise ConfigurationError where boto3 calls others than when the run began: an emulator knows nothing of AWS."""
    try:
        now = banner.endpoints(page.region or "us-east-1")
    except BotoCoreError as fault:
        raise refusal(fault) or unreachable(fault) from None
    there, here = banner.instead_of_aws(page.endpoints or {}), banner.instead_of_aws(now)
    differs = page.endpoints != now
    if page.endpoints is None:
        there, differs = page.endpoint or "AWS itself", page.endpoint != os.environ.get("AWS_ENDPOINT_URL", "")
    if differs:
        raise _Elsewhere(
            f"it was on {there}, and here boto3 calls {here}", hint="see AWS_ENDPOINT_URL, those of services, --profile"
        )


def _account(page: Page) -> str:
    account = account_at(page.where)
    if account not in {page.account, *(item.account for item in page.left)}:
        raise _Elsewhere(
            f"it belongs to account {page.account}, and your credentials are of {account}",
            hint="type the same with --profile and the profile of that account",
        )
    return account


def _show(console: Console, page: Page) -> None:
    where = "AWS" if page.where == AWS else page.where
    knows = "its ledger knows of:" if page.left else "its ledger knows of nothing that is left"
    say(console, f"run {page.run_id}: {where}, account {page.account}; {knows}")
    table = Table()
    for heading in ("kind", "name", "region", "last heard of"):
        table.add_column(heading, overflow="fold")
    told = {"intent": "asked for, no answer", "made": "created"}
    for item in page.left:
        table.add_row(item.kind, escape(item.name) or "?", item.region or "everywhere", told[item.state])
    if page.left:
        console.print(table)
    if page.torn:
        say(console, f"{page.torn} line(s) of its ledger were torn; the tags tell the rest")


def _found(report: Report) -> Iterator[str]:
    for item, why in report.left:
        yield (
            f"would be deleted: {item.kind} {item.name}" if not why else f"would stay: {item.kind} {item.name} ({why})"
        )
    for item, why in report.strangers:
        yield f"not ours, so it stays: {item.kind} {item.name} ({why})"
    if not report.left:
        yield "nothing of it is there any more; without --dry-run its ledger is closed"


def say(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)
