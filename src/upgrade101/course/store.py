"""Where a learner's progress is kept: one small JSON file, safe for several notebooks at once.

The file is ``~/.upgrade101/progress.json``, or where the environment variable UPGRADE101_PROGRESS says. Nothing in it
leaves the machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from upgrade101.ledger.locks import locked

Entry = dict[str, Any]
Record = dict[str, dict[str, Entry]]

SECTIONS = ("predictions", "exercises")
PATIENCE = 5.0  # seconds to wait for another notebook that is writing


class Store:
    """A learner's record: sections of entries, each with an id such as ``04.a``.

    Every change reads the file again, so that several notebooks lose nothing of one another. A broken file is moved
    aside; where nothing can be written the record lives in memory, and one line says so.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._path = Path(path) if path else None
        self._memory: dict[Path, Record] = {}
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """Return where the record is kept."""
        if self._path:
            return self._path
        said = os.environ.get("UPGRADE101_PROGRESS")
        return Path(said).expanduser() if said else Path.home() / ".upgrade101" / "progress.json"

    def section(self, section: str) -> dict[str, Entry]:
        """Return all entries of a section, by id."""
        with self._lock:
            return self._read()[section]

    def entry(self, section: str, id: str) -> Entry:
        """Return one entry; an empty one where there is none."""
        return self.section(section).get(id, {})

    def change(self, section: str, id: str, **values: Any) -> Entry:
        """Set values of one entry and return it."""

        def update(record: Record) -> None:
            record[section].setdefault(id, {}).update(values)

        return self._rewrite(update)[section][id]

    def forget(self, prefix: str = "") -> None:
        """Delete all entries whose id begins with ``prefix``."""

        def delete(record: Record) -> None:
            for section in SECTIONS:
                record[section] = {id: entry for id, entry in record[section].items() if not id.startswith(prefix)}

        self._rewrite(delete)

    def _rewrite(self, change: Callable[[Record], None]) -> Record:
        with self._lock, _alone(self.path.with_name(f"{self.path.name}.lock")):
            record = self._read()
            change(record)
            self._write(record)
            return record

    def _read(self) -> Record:
        path = self.path
        if path in self._memory:
            return self._memory[path]
        try:
            return _checked(json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            return _checked({})
        except (ValueError, TypeError):
            self._move_aside(path)
        except OSError as error:
            self._remember(path, _checked({}), error)
        return self._memory.get(path) or _checked({})

    def _move_aside(self, path: Path) -> None:
        aside = path.with_name(f"{path.name}.broken-{time.time_ns() // 1_000_000}")
        try:
            os.replace(path, aside)
        except OSError as error:
            self._remember(path, _checked({}), error)
        else:
            print(f"Your progress file could not be read. It is kept as {aside}, and a new one begins.")

    def _write(self, record: Record) -> None:
        path = self.path
        if path in self._memory:
            self._memory[path] = record
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
        except OSError as error:
            self._remember(path, record, error)

    def _remember(self, path: Path, record: Record, error: OSError) -> None:
        self._memory[path] = record
        print(f"Your progress is kept only until the kernel stops: {path}: {error.strerror or error}.")


def _checked(found: Any) -> Record:
    """Return what was found with every section there. Raises TypeError where it is no record."""
    if not isinstance(found, dict):
        raise TypeError("not a record")
    for section in SECTIONS:
        entries = found.setdefault(section, {})
        if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
            raise TypeError(f"no entries in {section}")
    return found


def _replace(path: Path, text: str) -> None:
    """Write the whole file beside its place, then put it there: nobody ever sees half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _moved(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _moved(name: str, path: Path) -> None:
    """Put a file in its place; Windows refuses while somebody reads what is there, so try for a while."""
    for pause in (0.01, 0.05, 0.2, 0.5):
        try:
            return os.replace(name, path)
        except PermissionError:
            time.sleep(pause)
    return os.replace(name, path)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other notebooks out while this one writes; where the disk knows no locks, go on without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError:
        yield
        return
    with file:
        deadline = time.monotonic() + PATIENCE
        while not locked(file) and time.monotonic() < deadline:
            time.sleep(0.02)
        yield  # closing the file gives the lock back


store = Store()
