"""Which walls this machine can build, tried out before they are relied on; and the command that builds them.

The best there is on Linux, for root and for others: namespaces with a file system and a network of their own. Where
those are forbidden (in most containers, on Ubuntu 24.04) Landlock, which needs no right. Everywhere else limits alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import landlock, seccomp

_HERE = Path(__file__).parent
_BOOT = (
    "import sys; me = type(sys)('_upgrade101'); me.__path__ = [sys.argv.pop(1)]; sys.modules['_upgrade101'] = me;"
    " from _upgrade101.launch import main; main()"
)
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
_UIDS = range(61_184, 65_520)  # what systemd, too, gives to services of the moment


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may take; each of these is its own limit, but ``processes`` is that of all together."""

    memory_mb: int = 4096  # of addresses; what is really used is watched besides
    processes: int = 128
    cpu_seconds: int = 120
    file_mb: int = 64
    files: int = 512
    tmp_mb: int = 64

    def by_name(self) -> dict[str, int]:
        """Return them as the kernel calls them."""
        return {
            "AS": self.memory_mb << 20,
            "CORE": 0,
            "CPU": self.cpu_seconds,
            "FSIZE": self.file_mb << 20,
            "NOFILE": self.files,
            "NPROC": self.processes,
        }


@dataclass(frozen=True, slots=True)
class Box:
    """One sandbox: what is seen in it, beside Python and the system's libraries, and what may be changed."""

    limits: Limits = Limits()
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    hide: tuple[Path, ...] = ()
    ports: tuple[int, ...] = ()
    cwd: Path | None = None  # its own home where none is given


@dataclass(frozen=True, slots=True)
class Walls:
    """What this machine can build. ``uid`` is who a submission is, where the grader may choose that."""

    namespaces: bool = False
    user_namespace: bool = False  # for whoever is not root
    landlock: int = 0  # its version
    seccomp: bool = False
    limits: bool = False
    uid: int = -1

    @property
    def home(self) -> Path | None:
        """Return where a sandboxed process is at home, where that is a place of its own."""
        return Path("/student") if self.namespaces else None

    @property
    def holds_files(self) -> bool:
        """Tell whether a submission cannot read the grader's files: solutions, other submissions, marks."""
        return self.namespaces or self.landlock > 0

    @property
    def holds_network(self) -> bool:
        """Tell whether the system itself keeps a submission from every address but the grader's."""
        return self.namespaces or (self.landlock >= landlock.HOLDS_PORTS and self.seccomp)

    def for_one(self) -> Walls:
        """Return the same for one submission, which is somebody else than the others where that can be."""
        return Walls(**{**asdict(self), "uid": random.SystemRandom().choice(_UIDS)}) if self.uid >= 0 else self

    def words(self) -> list[str]:
        """Return what holds, in sentences for an instructor."""
        return list(_words(self))

    def around_marker(self) -> list[str]:
        """Return the command that starts a marker: in a network of its own, where there can be one."""
        if not self.namespaces:
            return []
        names = ["net", *(["user"] if self.user_namespace else [])]
        return _command({"namespaces": names, "map_user": self.user_namespace, "supervise": True})

    def around(self, box: Box, folder: Path) -> list[str]:
        """Return the command that starts a program of a submission; ``folder`` is one for its own use."""
        return self.command(self.specification(box, folder))

    def command(self, spec: Mapping[str, Any]) -> list[str]:
        """Return the command that starts a program as ``launch`` is told to; none where nothing can be built."""
        return _command(spec) if self.limits else []

    def specification(self, box: Box, folder: Path) -> dict[str, Any]:
        """Return what ``launch`` is to do; ``folder`` is one for the program's own use."""
        shown = [*_SYSTEM, *python_folders(), *map(str, box.read)]
        spec: dict[str, Any] = {
            "supervise": sys.platform == "linux",
            "limits": box.limits.by_name(),
            "read": shown,
            "write": [str(path) for path in box.write],
            "hide": [str(path) for path in box.hide],
            "seccomp": self.seccomp,
            "datagrams": self.namespaces,
        }
        if self.namespaces:
            spec |= self._of_namespaces(box, folder)
        elif self.landlock:
            spec |= _of_landlock(box, shown)
        return spec

    def _of_namespaces(self, box: Box, folder: Path) -> dict[str, Any]:
        root = folder / "root"
        root.mkdir(exist_ok=True)
        is_root = self.uid >= 0
        return {
            "namespaces": ["mount", "pid", "ipc", "uts", *(["user"] if self.user_namespace else [])],
            "map_user": self.user_namespace,
            "root": str(root),
            "uid": self.uid if is_root else os.geteuid(),
            "gid": self.uid if is_root else os.getegid(),
            "drop": True,
            "tmp_mb": box.limits.tmp_mb,
            "cwd": str(box.cwd or self.home),
        }


_ETC = tuple(f"/etc/{name}" for name in ("ld.so.cache", "localtime", "passwd", "group", "nsswitch.conf", "hosts"))
_PROC = (
    *(f"/proc/{name}" for name in ("cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "uptime", "version")),
    *(f"/proc/self/{name}" for name in ("cmdline", "fd", "limits", "maps", "mounts", "stat", "statm", "status")),
    *("/proc/sys/kernel", "/sys/devices/system/cpu"),
)


def _of_landlock(box: Box, shown: Sequence[str]) -> dict[str, Any]:
    devices = [f"/dev/{name}" for name in ("null", "zero", "full", "urandom", "random")]
    return {
        "landlock": True,
        "read": [*shown, *_ETC, *_PROC],
        "write": [*map(str, box.write), *devices],
        "ports": list(box.ports),
        "drop": True,
        "uid": os.geteuid(),
        "gid": os.getegid(),
    }


def _command(spec: Mapping[str, Any]) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", _BOOT, str(_HERE), json.dumps(spec)]


def python_folders() -> list[str]:
    """Return the folders that Python itself lies in, links as they are written and as they lead."""
    paths = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    paths |= {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    executable = Path(sys.executable)
    paths |= {str(executable.parent), str(executable.resolve().parent.parent)}
    kept = [path for path in {*paths, *map(os.path.realpath, paths)} if path not in ("/", "/usr", "")]
    return sorted(path for path in kept if not any(path.startswith(f"{other}/") for other in kept))


# ── trying out ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Tried:
    walls: Walls
    complaints: list[str] = field(default_factory=list)


def find(without: Sequence[str] = ()) -> Walls:
    """Return the best walls that can be built here; ``without`` names what is not to be used (``"namespaces"``)."""
    for walls in candidates(without):
        if not complaint(walls):
            return walls
    return Walls()


def candidates(without: Sequence[str] = ()) -> list[Walls]:
    """Return the walls that could be built on this system, the best first, untried."""
    if os.name != "posix":
        return []
    limits = Walls(limits=True)
    if sys.platform != "linux":
        return [limits]
    filtered = "seccomp" not in without and seccomp.is_known_machine()
    found = []
    if "namespaces" not in without:
        if os.geteuid() == 0 and "root" not in without:
            found.append(Walls(namespaces=True, seccomp=filtered, limits=True, uid=_UIDS[0]))
        found.append(Walls(namespaces=True, user_namespace=True, seccomp=filtered, limits=True))
    version = 0 if "landlock" in without else landlock.version()
    if version:
        found.append(Walls(landlock=version, seccomp=filtered, limits=True))
    return [*found, Walls(seccomp=filtered, limits=True), limits]


def complaint(walls: Walls) -> str:
    """Return why such walls cannot be built here, or '': a program is started behind them, as a kernel would be."""
    with tempfile.TemporaryDirectory(prefix="upgrade101-") as name:
        folder = Path(name)
        (folder / "work").mkdir()
        box = Box(write=() if walls.namespaces else (folder / "work",))
        inner = [*walls.around(box, folder), sys.executable, "-I", "-c", "print('here')"]
        try:
            done = subprocess.run(
                [*walls.around_marker(), *inner], capture_output=True, text=True, timeout=30, start_new_session=True
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        return "" if done.stdout.strip() == "here" else done.stderr.strip()[-300:] or f"exit code {done.returncode}"


def _words(walls: Walls) -> Sequence[str]:
    said = []
    if walls.namespaces:
        said.append("files: a submission sees Python and the system's libraries, and nothing of yours")
        said.append("network: nothing but the grader's own endpoint, for its functions and templates too")
        said.append("processes: whatever it starts ends with it")
    elif walls.landlock:
        said.append("files: a submission reads Python and the system's libraries, and nothing of yours (Landlock)")
        if walls.holds_network:
            said.append("network: TCP to the grader's endpoint, and nothing else")
        else:
            said.append("network: NOT held by this kernel")
    else:
        said.append("files: NOT held, a submission reads what you can read")
        said.append("network: NOT held, but refused to Python's own sockets")
    if walls.limits:
        said.append("memory, processor, size of files: limited for each process, and watched for all together")
    else:
        said.append("memory and processes: watched, and stopped once it is too much")
    return said


def mark_readable(path: Path) -> None:
    """Let a submission read a file of the marker's that it is shown, whoever it is; its folder stays shut to others."""
    with contextlib.suppress(OSError):
        path.chmod(0o644)
