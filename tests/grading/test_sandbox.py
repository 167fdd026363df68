"""What the walls hold, tried from inside. docs/grading.md claims nothing that is not tried here."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from upgrade101.grading.limits import Allowance
from upgrade101.grading.sandbox import Box, Limits, Walls
from upgrade101.grading.sandbox.walls import candidates, complaint
from upgrade101.grading.watch import Watch, descendants

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are made of parts of Linux")

FEW = Limits(memory_mb=1024, processes=40, cpu_seconds=20, file_mb=8, files=64, tmp_mb=16)
SHORT = Allowance(memory_mb=300, processes=30)


def _all_walls() -> list[Walls]:
    return [walls for walls in candidates() if not complaint(walls)] if sys.platform == "linux" else []


ALL = _all_walls()
WITH_FILES = [walls for walls in ALL if walls.holds_files]
WITH_NETWORK = [walls for walls in ALL if walls.holds_network]
WITH_NAMESPACES = [walls for walls in ALL if walls.namespaces]


def named(walls: Walls) -> str:
    if walls.namespaces:
        return "namespaces, another user" if walls.uid >= 0 else "namespaces"
    return "landlock" if walls.landlock else "seccomp" if walls.seccomp else "limits"


def inside(walls: Walls, folder: Path, code: str, *, read: tuple[Path, ...] = (), ports: tuple[int, ...] = ()) -> Any:
    """Run Python behind walls; return what it says with ``say``, or how it ended."""
    os.umask(0o022)
    place = folder / "place"
    place.mkdir(exist_ok=True)
    box = Box(FEW, read=read, write=() if walls.namespaces else (place,), ports=ports)
    start = f"import json, os, socket, sys\nHOME = {str(walls.home or place)!r}\n{_SAY}\n{code}"
    command = [*walls.around_marker(), *walls.around(box, folder), sys.executable, "-I", "-c", start]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, start_new_session=True)
    return [json.loads(line) for line in done.stdout.splitlines()] or [f"ended {done.returncode}: {done.stderr[-300:]}"]


_SAY = """
def say(what):
    print(json.dumps(what), flush=True)
def tried(work):
    try:
        return str(work())
    except BaseException as error:
        return type(error).__name__
"""


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text("the marks")
    path.chmod(0o644)
    return path


def test_this_machine_has_walls_to_try() -> None:
    assert ALL


@pytest.mark.parametrize("walls", WITH_FILES, ids=named)
def test_no_file_of_the_graders_is_read_and_none_is_written(walls: Walls, tmp_path: Path, secret: Path) -> None:
    repository = Path(__file__).parents[2]
    prefix = Path(sys.prefix)
    only_python = [prefix.relative_to(repository).parts[0]] if prefix.is_relative_to(repository) else []
    said = inside(
        walls,
        tmp_path,
        f"""
say(tried(lambda: open({str(secret)!r}).read()))
say(tried(lambda: os.listdir({str(repository)!r})))
say(tried(lambda: open({str(repository / "pyproject.toml")!r}).read()))
say(tried(lambda: open({str(tmp_path / "new")!r}, "w")))
say(tried(lambda: open(os.path.join(sys.prefix, "new"), "w")))
say(tried(lambda: open("/etc/shadow").read()))
""",
    )
    assert set(said) <= {"PermissionError", "FileNotFoundError", "NotADirectoryError", "OSError", str(only_python)}
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("walls", ALL, ids=named)
def test_python_and_a_home_are_there(walls: Walls, tmp_path: Path) -> None:
    code = """
import boto3, ssl, sqlite3
open(os.path.join(HOME, "x"), "w").write("mine")
say(open(os.path.join(HOME, "x")).read())
import subprocess
say(subprocess.run([sys.executable, "-c", "print('child')"], capture_output=True, text=True).stdout)
"""
    assert inside(walls, tmp_path, code) == ["mine", "child\n"]


@pytest.mark.parametrize("walls", WITH_FILES, ids=named)
def test_what_is_shown_is_seen_and_what_is_hidden_in_it_is_not(walls: Walls, tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    (shown / "checks").mkdir(parents=True)
    (shown / "open.txt").write_text("open")
    (shown / "checks" / "hidden.txt").write_text("hidden")
    tmp_path.chmod(0o755)
    place = tmp_path / "place"
    place.mkdir()
    box = Box(FEW, read=(shown,), hide=(shown / "checks",), write=() if walls.namespaces else (place,))
    code = f"import os; print(open({str(shown / 'open.txt')!r}).read())\nopen({str(shown / 'checks' / 'hidden.txt')!r})"
    done = subprocess.run(
        [*walls.around(box, tmp_path), sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "open\n"
    assert "Error" in done.stderr and "hidden" in done.stderr


# ── network ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def neighbour() -> Iterator[int]:
    """Listen at a port of this machine that is nobody's business; yield it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("walls", WITH_NETWORK, ids=named)
def test_no_address_is_reached(walls: Walls, tmp_path: Path, neighbour: int) -> None:
    code = f"""
say(tried(lambda: socket.create_connection(("127.0.0.1", {neighbour}), timeout=3)))
say(tried(lambda: socket.create_connection(("192.0.2.1", 80), timeout=3)))
def datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(("192.0.2.1", 53))
        return line.send(b"x")
say(tried(datagram))
say(tried(lambda: socket.socket(getattr(socket, "AF_VSOCK", 40), socket.SOCK_STREAM)))
say(tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)))
"""
    said = inside(walls, tmp_path, code)
    assert len(said) == 5
    assert set(said) <= {"ConnectionRefusedError", "PermissionError", "OSError"}


@pytest.mark.parametrize("walls", [walls for walls in WITH_NETWORK if not walls.namespaces], ids=named)
def test_the_graders_own_port_is_reached(walls: Walls, tmp_path: Path, neighbour: int) -> None:
    code = f'say(tried(lambda: socket.create_connection(("127.0.0.1", {neighbour}), timeout=3)))'
    assert inside(walls, tmp_path, code, ports=(neighbour,))[0].startswith("<socket")


# ── processes, memory, disk ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("walls", ALL, ids=named)
def test_memory_and_files_end_somewhere(walls: Walls, tmp_path: Path) -> None:
    code = """
say(tried(lambda: len(bytearray(2 << 30))))
def fill():
    with open(os.path.join(HOME, "x"), "wb") as file:
        for _ in range(20):
            file.write(bytes(1 << 20))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
say(tried(fill))
say(tried(lambda: [open(os.devnull) for _ in range(100)]))
"""
    assert inside(walls, tmp_path, code) == ["MemoryError", "OSError", "OSError"]


@pytest.mark.parametrize("walls", WITH_NAMESPACES, ids=named)
def test_many_small_files_end_somewhere_too(walls: Walls, tmp_path: Path) -> None:
    code = """
def fill():
    for number in range(100):
        with open(f"/tmp/{number}", "wb") as file:
            file.write(bytes(1 << 20))
say(tried(fill))
say(tried(lambda: open("/dev/shm/x", "wb").write(bytes(12 << 20))))
say(tried(lambda: os.memfd_create("x")))
"""
    assert inside(walls, tmp_path, code)[:2] == ["OSError", "OSError"]


@pytest.mark.parametrize("walls", [walls for walls in ALL if walls.seccomp], ids=named)
def test_calls_that_nobody_needs_are_refused(walls: Walls, tmp_path: Path) -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def refused(work):
    return work() == -1 and ctypes.get_errno() in (1, 38)
say([refused(work) for work in (
    lambda: libc.unshare(0x10000000),
    lambda: libc.ptrace(0, 0, 0, 0),
    lambda: libc.mount(b"none", b"/", None, 16384 | 262144, None),
    lambda: libc.syscall(425, 1, 0),
    lambda: libc.syscall(321 if os.uname().machine == "x86_64" else 280, 0, 0, 0),
)])
say(tried(lambda: os.memfd_create("x")))
"""
    assert inside(walls, tmp_path, code) == [[True] * 5, "PermissionError"]


@pytest.mark.parametrize("walls", WITH_NAMESPACES, ids=named)
def test_nobody_outside_is_seen_or_hit(walls: Walls, tmp_path: Path) -> None:
    """A signal to everybody reaches nobody but the submission's own processes."""
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        code = f"""
say([name for name in os.listdir("/proc") if name.isdigit()])
say(tried(lambda: os.kill({bystander.pid}, 9)))
say(tried(lambda: open("/proc/{bystander.pid}/environ").read()))
os.kill(-1, 9)
say(tried(lambda: os.kill(os.getppid() or 1, 9)))
"""
        said = inside(walls, tmp_path, code)
        assert said[0] == ["1"]
        assert said[1:3] == ["ProcessLookupError", "FileNotFoundError"]
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.communicate()


_BOMB = """
import time
started = 0
try:
    while started < 100:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        started += 1
except OSError:
    pass
say(started)
"""


@pytest.mark.parametrize("walls", [walls for walls in WITH_NAMESPACES if walls.uid >= 0 or os.geteuid()], ids=named)
def test_a_bomb_of_forks_ends_somewhere(walls: Walls, tmp_path: Path) -> None:
    started = inside(walls, tmp_path, _BOMB)[0]
    assert 5 < started < FEW.processes


@pytest.mark.parametrize("walls", ALL, ids=named)
def test_whatever_is_left_behind_ends_with_the_program(walls: Walls, tmp_path: Path) -> None:
    """A process that has left session, group and parent goes too."""
    code = """
import time
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(0)
say("gone")
"""
    before = set(descendants(os.getpid()))
    assert inside(walls, tmp_path, code) == ["gone"]
    assert set(descendants(os.getpid())) <= before


def test_who_starts_a_program_and_is_killed_leaves_nothing(tmp_path: Path) -> None:
    walls = ALL[0]
    box = Box(FEW, write=() if walls.namespaces else (tmp_path,))
    command = [*walls.around(box, tmp_path), sys.executable, "-I", "-c", "import time; time.sleep(3600)"]
    starter = subprocess.Popen([sys.executable, "-c", f"import subprocess; subprocess.run({command!r})"])
    deadline = time.monotonic() + 30
    while len(family := descendants(starter.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    family = descendants(starter.pid)
    starter.kill()
    starter.wait()
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in family if psutil.pid_exists(pid)], timeout=20)
    assert family and not alive


# ── the watch ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_memory_is_counted_together(tmp_path: Path) -> None:
    hoard = "import time; hoard = bytearray(200 << 20); hoard[::4096] = b'x' * len(hoard[::4096]); time.sleep(60)"
    with Watch(SHORT) as watch:
        hoarders = [subprocess.Popen([sys.executable, "-c", hoard]) for _ in range(2)]
        watch.kernel(hoarders[0].pid)
        ended = threading.Event()
        deadline = time.monotonic() + 30
        while all(each.poll() is None for each in hoarders) and time.monotonic() < deadline:
            ended.wait(0.05)
        assert any(each.poll() is not None for each in hoarders)
        assert "memory" in watch.reason
        for each in hoarders:
            each.kill()
            each.wait()


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="nobody says here what processes share")
def test_memory_that_forks_have_in_common_counts_once() -> None:
    family = "import os, time\nheld = b'x' * (150 << 20)\nfor _ in range(3):\n    os.fork() or time.sleep(60)\n"
    code = f"{family}print('all', flush=True)\ntime.sleep(60)"
    with Watch(SHORT) as watch:
        parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert parent.stdout is not None and parent.stdout.readline() == "all\n"
        children = psutil.Process(parent.pid).children()
        time.sleep(1)  # it looks thrice a second
        assert parent.poll() is None and watch.reason == ""
        for each in (*children, parent):
            each.kill()
        parent.communicate()


def test_who_was_killed_is_waited_for_and_who_was_there_before_is_not() -> None:
    idle = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]
    watch = Watch(SHORT)
    crowd: list[subprocess.Popen[bytes]] = []

    def end() -> None:
        time.sleep(0.5)
        for each in crowd:
            each.kill()
            each.wait()

    with watch.leaving_few(0.3):
        crowd += [subprocess.Popen(idle) for _ in range(30)]
    assert len(descendants(os.getpid())) >= 30, "no longer than that"
    begun = time.monotonic()
    with watch.leaving_few():
        pass
    assert time.monotonic() - begun < 5, "they were there before"
    ending = threading.Thread(target=end)
    with watch.leaving_few():
        crowd.append(subprocess.Popen(idle))
        ending.start()
    assert len(descendants(os.getpid())) <= 30
    ending.join()


def test_processes_are_counted_together() -> None:
    crowd = "import subprocess, sys, time\nfor _ in range(40): subprocess.Popen(['sleep', '60'])\ntime.sleep(60)"
    with Watch(SHORT) as watch:
        starter = subprocess.Popen([sys.executable, "-c", crowd])
        watch.kernel(starter.pid)
        starter.wait(30)
        assert "processes" in watch.reason
