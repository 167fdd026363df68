"""What this notebook has created, in memory: enough on moto, where everything is gone with the process."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import boto3
from botocore.exceptions import ClientError

from ..gateway.happenings import Called, Happening
from .catalogue import BY_NOUN, CREATING
from .kinds import is_missing


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was created: in which service, and what deletes it."""

    service: str
    kind: str
    name: str
    region: str = ""


class Ledger:
    """The list of what was created and not yet taken away, in order."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def note(self, happening: Happening) -> None:
        """Write down a successful create call that nobody but the notebook itself made.

        A call that was seen at the endpoint alone is told as its documents are written, with other names or none: it
        is another program's.
        """
        if not isinstance(happening, Called) or happening.error or happening.caller:
            return
        kind = CREATING.get((happening.service, happening.operation))
        if kind is None or not kind.applies(happening.parameters or {}):
            return
        try:
            name = kind.made(happening.parameters or {}, happening.answer or {})
        except KeyError:
            return
        entry = Entry(happening.service, kind.noun, name, happening.region)
        with self._lock:
            if entry not in self._entries:
                self._entries.append(entry)
                if kind.noun == "function":  # Lambda makes it by itself, and leaves it behind
                    self._entries.append(Entry("logs", "log group", f"/aws/lambda/{entry.name}", entry.region))

    def entries(self) -> list[Entry]:
        """Return what is still there, oldest first."""
        with self._lock:
            return list(self._entries)

    def forget(self) -> None:
        """Forget everything without deleting it."""
        with self._lock:
            self._entries.clear()

    def clean(self) -> list[Entry]:
        """Delete everything, newest first, and say so; what is gone already does not matter.

        Raises the ClientError of the first thing that cannot be deleted; what is left stays in the ledger.
        """
        gone = []
        while entries := self.entries():
            entry = entries[-1]
            client = boto3.client(entry.service, region_name=entry.region or None)
            try:
                BY_NOUN[entry.kind].remove(client, entry.name)
            except ClientError as fault:
                if not is_missing(fault):
                    raise
            else:
                gone.append(entry)
            with self._lock:
                self._entries.remove(entry)
        return gone
