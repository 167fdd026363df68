"""Keep the hands off what is in an account already and is somebody else's: the one place that decides whose it is.

Names in the lessons are fixed, and a stack called ``line`` may be anybody's. The course touches what carries the tag of
this run, or of a run that has ended and whose ledger lies on this machine: the same learner's, before.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ..gateway.errors import ConfigurationError
from ..ledger import RUN_TAG
from ..ledger.book import Book, Item, books
from ..ledger.catalogue import BY_NOUN
from ..ledger.kinds import Tags

_TAKE = "give yours another name"
_MINE = "or delete that one if it is yours"


def refuse(noun: str, client: Any, name: str, *, run_id: str) -> None:
    """Raise ConfigurationError where something of that name is there and is not ours; harmless where nothing is.

    ``noun`` is the kind as the ledger calls it, ``client`` one of its service. ``run_id`` is this notebook's run; where
    it is '' everything is ours, as on moto.
    """
    if not run_id:
        return
    tags = BY_NOUN[noun].tags_if_there(client, name)
    if tags is not None:
        refuse_tags(noun, name, tags, run_id=run_id)


def refuse_tags(noun: str, name: str, tags: Tags, *, run_id: str) -> None:
    """Raise ConfigurationError where something with these tags is not ours.

    >>> refuse_tags("stack", "line", {RUN_TAG: "2026-11-22-k7m2xq"}, run_id="2026-11-22-k7m2xq")
    >>> refuse_tags("stack", "line", {"owner": "payroll"}, run_id="2026-11-22-k7m2xq")
    Traceback (most recent call last):
    upgrade101.gateway.errors.ConfigurationError: a stack called 'line' is in this account already, and this course \
did not make it: it has no tag upgrade101:run → give yours another name, or delete that one if it is yours
    """
    owner = tags.get(RUN_TAG, "")
    there = f"a{'n' if noun[0] in 'AEIOUaeiou' else ''} {noun} called {name!r} is in this account already, and"
    if owner == run_id:
        return
    if not owner:
        said = f"{there} this course did not make it: it has no tag {RUN_TAG}"
        raise ConfigurationError(said, hint=f"{_TAKE}, {_MINE}")
    book = next((book for book in books() if book.run_id == owner), None)
    if book is None:
        raise ConfigurationError(
            f"{there} it belongs to run {owner}, of which this machine has no ledger: another learner's, it seems",
            hint=f"{_TAKE}, or use an account of your own; if it is yours: python3 start.py cleanup --by-tag",
        )
    if _is_at_work(book):
        raise ConfigurationError(
            f"{there} it belongs to run {owner}, which is at work: {book.lock.owner()}",
            hint="cloud.stop() in the notebook that runs there, or shut its kernel down, and run this cell again",
        )


def is_written(noun: str, name: str) -> bool:
    """Tell whether a ledger of this machine knows something of that name, also where it is gone."""
    return any((item.kind, item.name) == (noun, name) for book in books() for item in _items(book))


def _items(book: Book) -> list[Item]:
    with suppress(OSError):
        return book.read().items
    return []


def _is_at_work(book: Book) -> bool:
    """Tell whether a process has a run; an unreadable folder says nothing of it."""
    try:
        if not book.lock.take():
            return True
    except OSError:
        return False
    book.lock.give_back()
    return False
