"""A file system of its own for a process: nothing is in it but what it is to read, and little room to write.

Made with mounts in a namespace that nobody else sees. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import stat

from . import calls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DEVICES = ("null", "zero", "full", "random", "urandom")
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "nsswitch.conf", "ssl", "alternatives")
_READ_ONLY = calls.MS_REMOUNT | calls.MS_BIND | calls.MS_RDONLY | calls.MS_NOSUID | calls.MS_NODEV
_PLAIN = calls.MS_NOSUID | calls.MS_NODEV


def move_into(root: str, spec: dict[str, Any]) -> None:
    """Build the room at the empty folder ``root`` and go there for good. Raises OSError."""
    calls.mount("none", "/", flags=calls.MS_REC | calls.MS_PRIVATE)
    calls.mount("tmpfs", root, "tmpfs", _PLAIN, "size=1m,mode=755")
    _furnish(root, spec)
    _show_all(root, spec)
    calls.mount("proc", f"{root}/proc", "proc", _PLAIN)
    os.makedirs(root + spec["cwd"], exist_ok=True)
    calls.mount("none", root, flags=calls.MS_REMOUNT | calls.MS_RDONLY | _PLAIN, options="size=1m,mode=755")
    os.chdir(root)
    calls.syscall(calls.SYS_PIVOT_ROOT[os.uname().machine], b".", b".")
    calls.call("umount2", b".", calls.MNT_DETACH)
    os.chdir(spec["cwd"])


def _show_all(root: str, spec: dict[str, Any]) -> None:
    """Show what is to be seen and hide what is not, the outer folders first: what lies deeper has the last word."""
    wanted = [(path, kind) for kind in ("hide", "read", "write") for path in spec[kind]]
    hidden = []
    for path, kind in sorted(wanted, key=lambda each: len(each[0])):
        if kind != "hide":
            _show(path, root, read_only=kind == "read")
        elif os.path.isdir(root + path):
            calls.mount("tmpfs", root + path, "tmpfs", _PLAIN, "size=64k,mode=755")
            hidden.append(root + path)
    for target in hidden:
        calls.mount("none", target, flags=calls.MS_REMOUNT | calls.MS_RDONLY | _PLAIN, options="size=64k,mode=755")


def _furnish(root: str, spec: dict[str, Any]) -> None:
    """Put in what every program expects: /dev, /etc, /tmp, and a home."""
    for name in ("proc", "dev/shm", "etc", "tmp", "student"):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    for name in _DEVICES:
        _show(f"/dev/{name}", root, read_only=False)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, f"{root}/dev/{name}")
    for name in _ETC:
        _show(f"/etc/{name}", root, read_only=True)
    uid, gid = spec["uid"], spec["gid"]
    _write(f"{root}/etc/passwd", f"student:x:{uid}:{gid}::/student:/bin/sh\n")
    _write(f"{root}/etc/group", f"student:x:{gid}:\n")
    _write(f"{root}/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
    for name, size in (("tmp", spec["tmp_mb"]), ("student", spec["tmp_mb"]), ("dev/shm", 8)):
        place = f"{root}/{name}"
        calls.mount("tmpfs", place, "tmpfs", _PLAIN, f"size={size}m,mode=700,nr_inodes=20k")
        os.chown(place, uid, gid)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _show(path: str, root: str, *, read_only: bool) -> None:
    """Show a path in the room at its own place; a link stays a link, and what is not there is left out."""
    target = root + path
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return
    if os.path.lexists(target) and os.path.ismount(target):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if stat.S_ISLNK(mode):
        with contextlib.suppress(FileExistsError):
            os.symlink(os.readlink(path), target)
        return
    if stat.S_ISDIR(mode):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        _write(target, "")
    calls.bind(path, target)
    if read_only:
        _protect(target)


def _protect(target: str) -> None:
    """Make what is bound read-only, with the flags that must stay as they are."""
    kept = os.statvfs(target).f_flag & (8 | 1024 | 2048 | 4096)  # noexec, noatime, nodiratime, relatime
    flags = _READ_ONLY | (kept & 8) | (kept & 1024) | (kept & 2048) | ((1 << 21) if kept & 4096 else 0)
    calls.mount("none", target, flags=flags)
