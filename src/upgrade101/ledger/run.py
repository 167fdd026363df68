"""One run on AWS or on another endpoint: from the first line of its ledger to the proof that nothing is left."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress

import boto3

from ..account.banner import endpoints
from ..gateway.errors import ConfigurationError
from .account import identity
from .book import Book, LostLedger, Page, books, new_run_id
from .cleaner import AWS, Cleaner, Report
from .recorder import Recorder

COMMAND = "python3 start.py cleanup"


class Run:
    """What this process creates from ``start`` on is written down; ``clean`` deletes it, ``end`` proves and closes."""

    def __init__(self, where: str, run_id: str = "") -> None:
        self.where = where
        self.account = ""
        self.book = Book(run_id or new_run_id())
        self._recorder: Recorder | None = None

    def start(self) -> None:
        """Take a file and begin to watch. Raises ConfigurationError: no account, or no place to write."""
        self.account = account_at(self.where)
        region = boto3.Session().region_name or ""
        self.book.begin(
            where=self.where,
            endpoint=os.environ.get("AWS_ENDPOINT_URL", ""),
            endpoints=endpoints(region) if self.where == AWS else {},
            account=self.account,
            region=region,
        )
        self._recorder = Recorder(self.book, self.account)
        self._recorder.install()

    def pause(self) -> None:
        """Watch no more, until ``resume``: what is created meanwhile is somewhere else."""
        if self._recorder is not None:
            self._recorder.uninstall()

    def resume(self) -> None:
        """Watch again."""
        if self._recorder is not None:
            self._recorder.install()

    def clean(self) -> Report:
        """Delete what was created since ``start``, and prove it.

        Raises ConfigurationError where nobody answers, and where the ledger is lost.
        """
        if not self.book.read_whole().items:
            return Report()
        return Cleaner(self.book, self.account, self.where, regions=regions_of(self.account)).clean()

    def end(self) -> Report:
        """Clean, stop watching, and delete the ledger if nothing is left; otherwise it waits for the command."""
        try:
            report = self.clean()
        finally:
            if self._recorder is not None:
                self._recorder.uninstall()
            self.book.lock.give_back()
        if report.is_proved:
            self.book.delete()
        return report


def begin(where: str) -> Run:
    """Begin the ledger of what is created there, and name the runs that were never cleaned up.

    Raises ConfigurationError: no account, or no place to write.
    """
    boto3.DEFAULT_SESSION = None
    run = Run(where)
    run.start()
    try:
        for page in left_behind(run.account, where):
            print(f"run {page.run_id} may have left {_things(page)} behind: {COMMAND} --run {page.run_id}")
    except BaseException:
        run.pause()
        run.book.delete()
        raise
    return run


def finish(run: Run) -> None:
    """End a run, say what was deleted, and name the command that does the rest where something is left."""
    later = ""
    try:
        report = run.end()
        others = still_there(run)
        if report.gone or report.left or report.strangers:
            print(*words(report, others), sep="\n")
        elif others:
            print(*others, sep="\n")
        later = "" if report.is_proved else "not all is gone"
    except LostLedger as fault:
        print(fault)
    except ConfigurationError as fault:
        later = str(fault)
    if later:
        print(f"{later}; later: {COMMAND} --run {run.book.run_id}")


def account_at(where: str) -> str:
    """Return the account that is called there. Raises ConfigurationError on AWS."""
    try:
        return identity().account
    except ConfigurationError:
        if where == AWS:
            raise
        return "no account"


def left_behind(account: str, where: str) -> Iterator[Page]:
    """Find the runs of an account that ended without cleaning up."""
    for book in books():
        try:
            if not book.lock.take():
                continue
            page = book.read()
            if not page.items:
                book.delete()
            elif (page.account, page.where) == (account, where):
                yield page
        except OSError:
            continue
        finally:
            book.lock.give_back()


def still_there(run: Run) -> list[str]:
    """Return a line for each run of the same account that ended before and is not cleaned up, with what does it.

    What this run has taken over of them is theirs still.
    """
    return [
        f"run {page.run_id}, which ended before, may still have {_things(page)}: {COMMAND} --run {page.run_id}"
        for page in left_behind(run.account, run.where)
        if page.left and page.run_id != run.book.run_id
    ]


def _things(page: Page) -> str:
    return f"{len(page.left)} thing{'s' if len(page.left) != 1 else ''}"


def regions_of(account: str) -> set[str]:
    """Return where runs of an account are or have been, as far as this machine's ledgers know."""
    regions = set()
    for book in books():
        with suppress(OSError):
            page = book.read()
            regions |= {page.region} if page.account == account else set()
            regions |= {item.region for item in page.items if item.account == account}
    return regions - {""}


def words(report: Report, others: Sequence[str] = ()) -> list[str]:
    """Return what a clean-up did and left, a line each, and then the ``others``: what earlier runs have left."""
    told = Counter(item.kind for item in report.gone)
    nothing = "nothing: this run has created nothing that is left" if others else "nothing, nothing was left"
    lines = [f"taken away: {', '.join(f'{n} × {kind}' for kind, n in told.items()) or nothing}"]
    lines += [f"not ours, so it stays: {item.kind} {item.name} ({why})" for item, why in report.strangers]
    lines += [f"still there: {item.kind} {item.name or 'of unknown name'} ({why})" for item, why in report.left]
    return [*lines, *others]
