"""The ledger on disk: one file a run, a JSON line for each thing that happened, on the disk before it happens.

    run     who, where, which account       intent  a create call is about to leave this machine
    made    it came back, with its name     void    it came back: nothing was created
    gone    it was deleted                  found   the ledger lacked it, and its tag was ours

The files lie in ``~/.upgrade101/runs``, or where the environment variable UPGRADE101_LEDGER says; a file is deleted
once it is proved that nothing of its run is left.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..gateway.errors import ConfigurationError
from .locks import Lock

_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_ENDING = ".jsonl"


def folder() -> Path:
    """Return where the ledgers lie: beside the learner's progress, or in UPGRADE101_LEDGER."""
    if said := os.environ.get("UPGRADE101_LEDGER"):
        return Path(said).expanduser()
    progress = os.environ.get("UPGRADE101_PROGRESS")
    return (Path(progress).expanduser().parent if progress else Path.home() / ".upgrade101") / "runs"


def new_run_id() -> str:
    """Return the name of a new run: the day, and six characters that are not easily confused."""
    return f"{datetime.date.today()}-{''.join(secrets.choice(_LETTERS) for _ in range(6))}"


class LostLedger(ConfigurationError):
    """Say that a run's file is gone while the run is at work, and what finds its things without it."""


@dataclass(slots=True)
class Item:
    """One thing of a run: created, or perhaps created; ``name`` is '' while nobody knows it."""

    kind: str
    name: str
    region: str
    account: str
    about: str = ""  # what it belongs to
    at: float = 0.0  # when it was asked for, in epoch seconds
    state: str = "intent"  # intent, made, void or gone

    @property
    def is_there(self) -> bool:
        """Tell whether it may still be there."""
        return self.state in ("intent", "made")


@dataclass(slots=True)
class Page:
    """What a run's file says."""

    run_id: str
    where: str = ""  # aws, or the address of an endpoint
    endpoint: str = ""  # what AWS_ENDPOINT_URL was
    endpoints: dict[str, list[str]] | None = None  # all that boto3 called instead of AWS's own; None in old ledgers
    account: str = ""
    region: str = ""
    started: float = 0.0
    items: list[Item] = field(default_factory=list)
    torn: int = 0  # lines that cannot be read

    @property
    def left(self) -> list[Item]:
        """Return what may still be there."""
        return [item for item in self.items if item.is_there]


class Book:
    """The file of one run. ``open`` takes it for this process; the lines are flushed to the disk one by one."""

    def __init__(self, run_id: str, at: Path | None = None) -> None:
        self.run_id = run_id
        self.path = (at or folder()) / f"{run_id}{_ENDING}"
        self.lock = Lock(self.path.with_suffix(".lock"))
        self._writing = threading.Lock()
        self._number = 0

    def begin(self, *, started: float = 0.0, **about: Any) -> Book:
        """Write the first line of a new run, or of one that ``started`` earlier, in epoch seconds.

        Raises ConfigurationError where it cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.lock.take()
            self.write(
                "run", run=self.run_id, at=started or _now(), pid=os.getpid(), host=socket.gethostname(), **about
            )
        except OSError as fault:
            raise _unwritable(self.path, fault) from None
        _flush_folder(self.path.parent)
        return self

    def write(self, line: str, **facts: Any) -> None:
        """Append one line and wait until the disk has it. Raises OSError."""
        text = json.dumps({"line": line, **facts}, ensure_ascii=False, default=str)
        with self._writing, self.path.open("a+b") as file:
            if file.tell() and _ends_torn(file):
                text = f"\n{text}"
            file.write(f"{text}\n".encode())
            file.flush()
            os.fsync(file.fileno())

    def intend(self, kind: str, name: str, region: str, account: str, about: str = "") -> int:
        """Write down what is about to be created; return its number. Raises ConfigurationError, and then do not."""
        with self._writing:
            self._number += 1
            number = self._number
        facts = {"kind": kind, "name": name or None, "region": region, "account": account, "run": self.run_id}
        try:
            self.write("intent", id=number, **facts, **({"about": about} if about else {}), at=_now())
        except OSError as fault:
            raise _unwritable(self.path, fault) from None
        return number

    def note_found(self, item: Item, since: float) -> None:
        """Write down what the ledger lacked and whose tag is ours; it is not older than ``since``. Raises OSError."""
        about = {"region": item.region, "account": item.account, "since": since}
        self.write("found", kind=item.kind, name=item.name, **about)

    def note_gone(self, kind: str, name: str, region: str) -> None:
        """Write down that something has been deleted. Raises OSError."""
        self.write("gone", kind=kind, name=name, region=region, at=_now())

    def read(self) -> Page:
        """Return what the file says; a line that was torn by a crash is counted and passed over."""
        page = Page(self.run_id)
        known: dict[int, Item] = {}
        for raw in self.path.read_bytes().splitlines():
            try:
                _take(json.loads(raw), page, known)
            except (ValueError, TypeError, KeyError):
                page.torn += 1
        return page

    def read_whole(self) -> Page:
        """Return what the file says. Raises ConfigurationError where it is gone, or its first line is."""
        with contextlib.suppress(FileNotFoundError):
            page = self.read()
            if page.where:
                return page
        raise LostLedger(
            f"the ledger {self.path} is lost, or its first line is, so that nobody knows all that the run has created",
            hint=f"python3 start.py cleanup --by-tag --run {self.run_id}",
        )

    def delete(self) -> None:
        """Delete the file and give the run back."""
        self.path.unlink(missing_ok=True)
        self.lock.give_back()
        with contextlib.suppress(OSError):
            self.lock.path.unlink(missing_ok=True)


def _take(line: dict[str, Any], page: Page, known: dict[int, Item]) -> None:
    match line["line"]:
        case "run":
            page.where, page.endpoint = str(line["where"]), str(line["endpoint"])
            page.endpoints = line.get("endpoints")
            page.account, page.region, page.started = str(line["account"]), str(line["region"]), float(line["at"])
        case "intent":
            item = Item(
                str(line["kind"]), line["name"] or "", str(line["region"]), str(line["account"]), line.get("about", "")
            )
            item.at = float(line["at"])
            known[line["id"]] = item
            page.items.append(item)
        case "found":
            page.items.append(
                Item(line["kind"], line["name"], line["region"], line["account"], at=float(line["since"]))
            )
        case "made":
            item = known[line["id"]]
            item.name, item.state, item.at = str(line["name"]), "made", float(line.get("at") or item.at)
        case "void":
            known[line["id"]].state = "void"
        case "gone":
            gone = (line["kind"], line["name"], line["region"])
            for item in page.items:
                if (item.kind, item.name, item.region) == gone:
                    item.state = "gone"


def books(at: Path | None = None) -> Iterator[Book]:
    """Find every run that left a ledger behind, oldest first."""
    where = at or folder()
    for path in sorted(where.glob(f"*{_ENDING}")) if where.is_dir() else ():
        yield Book(path.name.removesuffix(_ENDING), where)


def _now() -> float:
    return round(datetime.datetime.now(datetime.UTC).timestamp(), 3)


def _ends_torn(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) != b"\n")


def _flush_folder(path: Path) -> None:
    """Make the name of a new file last, where a folder can be flushed at all."""
    if hasattr(os, "O_DIRECTORY"):
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(handle)
            os.close(handle)


def _unwritable(path: Path, fault: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"the ledger {path} cannot be written ({fault.strerror or fault}), so nothing is created that it would forget",
        hint="make room or give yourself the right to write there, or set UPGRADE101_LEDGER to a folder of yours",
    )
