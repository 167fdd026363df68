"""Which notebooks a class has handed in, in the folders that nbgrader, an LMS or a human makes."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes

from ..gateway.errors import ConfigurationError

_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Submission:
    """One student's notebook; without a ``path`` there is none that can be graded, and ``problem`` says why."""

    student: str
    key: str  # a name for files, the same at every run
    path: Path | None = None
    problem: str = ""


def find(folder: Path, lab: str) -> list[Submission]:
    """Return the submissions of a lab in a folder, one for each student, in order of their names.

    A student has a folder (``NAME/LAB/LAB.ipynb``, ``NAME/LAB.ipynb``, or with one notebook of any name), or a notebook
    ``NAME.ipynb``. Raises ConfigurationError where the folder is none, or holds nothing of that kind.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            f"{folder} is no folder", hint="name the folder that holds one folder for each student"
        )
    found = [_submission(folder / name, lab) for name in sorted(os.listdir(folder)) if not name.startswith(".")]
    known = [each for each in found if each is not None]
    if not known:
        raise ConfigurationError(f"there are no submissions in {folder}", hint=f"STUDENT/{lab}/{lab}.ipynb, for each")
    return known


def _submission(place: Path, lab: str) -> Submission | None:
    if place.is_symlink():
        return one(place.name, problem="it is a link, which is not followed")
    if place.is_dir():
        return _in_folder(place, lab)
    return one(place.stem, place) if place.suffix == ".ipynb" else None


def _in_folder(place: Path, lab: str) -> Submission:
    for path in (place / lab / f"{lab}.ipynb", place / f"{lab}.ipynb"):
        if path.is_symlink() or path.exists():
            return one(place.name, path)
    notebooks = list(_notebooks(place))
    if len(notebooks) == 1:
        return one(place.name, notebooks[0])
    if not notebooks:
        return one(place.name, problem="there is no notebook")
    return one(place.name, problem=f"there are {len(notebooks)} notebooks, and none is called {lab}.ipynb")


def _notebooks(place: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(place):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(folder) / name for name in files if name.endswith(".ipynb") and not name.startswith("."))


def one(student: str, path: Path | None = None, problem: str = "") -> Submission:
    """Return one student's submission at a path, which may be anything, or nothing."""
    if path is not None:
        problem = _trouble(path)
    return Submission(shown(student), key_of(student), None if problem else path, problem)


def _trouble(path: Path) -> str:
    """Return why a path is not opened, or ''."""
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    if stat.S_ISLNK(mode) or any(parent.is_symlink() for parent in list(path.parents)[:2]):
        return "it is a link, which is not followed"
    return "" if stat.S_ISREG(mode) else "it is no ordinary file"


def shown(name: str) -> str:
    r"""Return a name for people: bytes that are no UTF-8 and signs that control a terminal are written out.

    >>> shown("J\udcf6rg\x1b[2J")
    'J\\xf6rg\\x1b[2J'
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def key_of(name: str) -> str:
    """Return a name for files, of letters and plain signs only; two students never share one.

    >>> key_of("../Jörg")
    '..%2FJörg'
    """
    quoted = "".join(sign if _is_safe(sign) else quote_from_bytes(os.fsencode(sign), safe=" ,@") for sign in name)
    if quoted in (".", "..") or quoted.casefold() == "index":  # the instructor's page has that name
        quoted = f"%{ord(quoted[0]):02X}{quoted[1:]}"
    if len(os.fsencode(quoted)) <= _LONGEST:
        return quoted
    short = quote_from_bytes(os.fsencode(name), safe=" ,@")
    return f"{short[: _LONGEST - 17]}~{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"


def _is_safe(sign: str) -> bool:
    """Tell whether a sign stays as it is: letters and digits of any script that every system writes in one way."""
    if sign.isascii():
        return False  # quote_from_bytes knows which
    return sign.isalnum() and sys.getfilesystemencoding() == "utf-8" and unicodedata.normalize("NFC", sign) == sign


def fingerprint(path: Path) -> str:
    """Return what a file's content is known by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
