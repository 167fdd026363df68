"""One process at a time: a lock that the system gives back when its owner dies, with the owner's name in it."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import IO


class Lock:
    """A lock file. What a killed process held is free again, because the system holds it and not the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Take it and write down who has it; False where another has it. Raises OSError for an unwritable folder."""
        if self._file is not None:
            return True
        file = self.path.open("a+b")
        if not locked(file):
            file.close()
            return False
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        file.flush()
        self._file = file
        return True

    def owner(self) -> str:
        """Return who has it, in words."""
        try:
            return self.path.read_text(encoding="utf-8", errors="replace").strip() or "another process"
        except OSError:
            return "another process"

    def give_back(self) -> None:
        """Let others have it; harmless where it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def locked(file: IO[bytes]) -> bool:
        """Lock an open file until it is closed; False where another has it, True also on a disk without locks."""
        try:
            file.seek(1 << 30)  # far behind the text, which others may then read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def locked(file: IO[bytes]) -> bool:
        """Lock an open file until it is closed; False where another has it, True also on a disk without locks."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
