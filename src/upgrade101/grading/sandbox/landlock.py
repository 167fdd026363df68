"""Landlock: a process gives up every file and port but those that it names. Standard library only.

It needs no right of any kind. https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import struct

from . import calls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_BLOCK, _REFER, _TRUNCATE, _IOCTL = 1 << 6, 1 << 11, 1 << 13, 1 << 14, 1 << 15
_BIND_TCP, _CONNECT_TCP = 1, 2
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_READING = _EXECUTE | _READ_FILE | _READ_DIR
_KNOWN = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_ALL = (1 << 16) - 1
_VERSION_ASKED, _PATH_BENEATH, _NET_PORT = 1, 1, 2

HOLDS_PORTS = 4
"""The first version that knows of TCP."""


def version() -> int:
    """Return which version of Landlock the kernel has, 0 where it has none."""
    try:
        return calls.syscall(calls.SYS_LANDLOCK_CREATE_RULESET, None, 0, _VERSION_ASKED)
    except (OSError, AttributeError):
        return 0


def restrict(reading: Iterable[str], writing: Iterable[str], hidden: Iterable[str], ports: Iterable[int]) -> None:
    """Give up everything but these paths, with all that is below them, and connections to these TCP ports.

    What lies at or below ``hidden`` cannot be read although a path above it can. Raises OSError.
    """
    found = version()
    rights = _KNOWN.get(found, _ALL)
    attributes = struct.pack("QQQ", rights, _BIND_TCP | _CONNECT_TCP, _ABSTRACT_SOCKETS | _SIGNALS)
    size = 8 if found < HOLDS_PORTS else 16 if found < 6 else 24
    rules = calls.syscall(calls.SYS_LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    hidden = [os.path.realpath(path) for path in hidden]
    for path in reading:
        for part, is_list in around(os.path.realpath(path), hidden):
            _allow(rules, part, _READ_DIR if is_list else _READING & rights)
    for path in writing:
        _allow(rules, path, rights & ~(_MAKE_CHAR | _MAKE_BLOCK))
    if found >= HOLDS_PORTS:
        for port in ports:
            _add(rules, _NET_PORT, struct.pack("QQ", _BIND_TCP | _CONNECT_TCP, port))
        _add(rules, _NET_PORT, struct.pack("QQ", _BIND_TCP, 0))  # any free port
    calls.syscall(calls.SYS_LANDLOCK_RESTRICT_SELF, rules, 0)
    os.close(rules)


def around(path: str, hidden: list[str]) -> Iterator[tuple[str, bool]]:
    """Yield a path, or what it holds but the hidden ones, where some lie below it; True: only its list of names."""
    if path in hidden:
        return
    if not any(each.startswith(path.rstrip("/") + "/") for each in hidden):
        yield path, False
        return
    yield path, True
    for name in os.listdir(path):
        yield from around(os.path.join(path, name), hidden)


def _allow(rules: int, path: str, rights: int) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(place).st_mode):
                rights &= _OF_FILES
            _add(rules, _PATH_BENEATH, struct.pack("=Qi", rights, place))
        finally:
            os.close(place)


def _add(rules: int, kind: int, rule: bytes) -> None:
    calls.syscall(calls.SYS_LANDLOCK_ADD_RULE, rules, kind, rule, 0)
