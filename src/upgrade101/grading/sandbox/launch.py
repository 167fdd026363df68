"""Become a program that may do little: ``launch.main()`` in a Python of its own, with a specification and a command.

What it gives up, it gives up before it becomes the program. It exits with 125 where it could not. Standard library
only; it runs before everything else, in every sandbox.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import sys

from . import calls, landlock, rooms, seccomp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REFUSED = 125
_LAST_CAPABILITY = 40


def main() -> None:
    """Read the specification (JSON) and the command from the command line, and become the command."""
    try:
        confine(json.loads(sys.argv[1]))
        command = sys.argv[2:]
        os.execv(command[0], command)
    except OSError as error:
        os.write(2, f"the sandbox cannot be made: {error}\n".encode())
    os._exit(REFUSED)


def confine(spec: dict[str, Any]) -> None:
    """Go behind the walls of a specification for good. Raises OSError."""
    if spec.get("namespaces"):
        _unshare(spec["namespaces"], spec["map_user"])
    if spec.get("supervise"):
        _supervise()
    if "net" in spec.get("namespaces", ()):
        _raise_loopback()
    if spec.get("root"):
        rooms.move_into(spec["root"], spec)
    for name, most in spec.get("limits", {}).items():
        _limit(name, most)
    if spec.get("drop"):
        _drop(spec["uid"], spec["gid"])
    if spec.get("landlock"):
        landlock.restrict(spec["read"], spec["write"], spec["hide"], spec["ports"])
    if spec.get("seccomp"):
        seccomp.install(datagrams=spec["datagrams"])


# ── namespaces ───────────────────────────────────────────────────────────────────────────────────────────────────────

_NAMESPACES = {
    "mount": calls.NEWNS,
    "net": calls.NEWNET,
    "pid": calls.NEWPID,
    "ipc": calls.NEWIPC,
    "uts": calls.NEWUTS,
    "user": calls.NEWUSER,
}


def _unshare(names: list[str], map_user: bool) -> None:
    uid, gid = os.geteuid(), os.getegid()
    calls.call("unshare", sum(_NAMESPACES[name] for name in names))
    if map_user:
        for file, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{file}", "w", encoding="ascii") as place:
                place.write(text)


def _raise_loopback() -> None:
    """Switch on the loopback device of a new network, which has nothing else."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(asking, 0x8913, request))[1]
        fcntl.ioctl(asking, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))


# ── the one who waits outside ────────────────────────────────────────────────────────────────────────────────────────


def _supervise() -> None:
    """Fork: the child goes on, and this process stays with it and ends with it, or ends it with whoever started us."""
    parent = os.pidfd_open(os.getppid())
    calls.prctl(calls.PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        os.close(parent)
        calls.prctl(calls.PR_SET_PDEATHSIG, signal.SIGKILL)
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(child, number))
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)  # who listens to the program must hear when it has ended
    status = _wait(child, parent)
    _kill_the_rest()
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status if status >= 0 else REFUSED)


def _wait(child: int, parent: int) -> int:
    """Wait for the end of the child, or of the parent; return the child's exit code, or minus the signal."""
    watched = os.pidfd_open(child)
    while True:
        ready, _, _ = select.select([watched, parent], [], [])
        if parent in ready:
            os.kill(child, signal.SIGKILL)
        pid, status = os.waitpid(child, 0)
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def _kill_the_rest() -> None:
    """Kill what the program has left behind: it is ours now, whatever it has done to be nobody's."""
    while left := _children():
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                continue


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


# ── limits and rights ────────────────────────────────────────────────────────────────────────────────────────────────


def _limit(name: str, most: int) -> None:
    import resource

    number = getattr(resource, f"RLIMIT_{name}", None)
    if number is not None:
        _, hard = resource.getrlimit(number)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (most, most))


def _drop(uid: int, gid: int) -> None:
    """Become somebody without any right, for good."""
    calls.prctl(calls.PR_SET_NO_NEW_PRIVS, 1)
    if os.geteuid() == 0:
        for number in range(_LAST_CAPABILITY + 1):
            calls.prctl(calls.PR_CAPBSET_DROP, number)
    if uid != os.geteuid():
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    if os.geteuid() != 0:
        _clear_capabilities()
    calls.prctl(calls.PR_SET_DUMPABLE, 1)  # so that /proc/self is its own, as after every exec


def _clear_capabilities() -> None:
    """Give up the capabilities that making a user namespace has brought; becoming a program keeps none of them."""
    header = struct.pack("Ii", 0x20080522, 0)
    calls.call("capset", header, bytes(24))
