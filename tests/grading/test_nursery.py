"""Functions that are forked off: they find themselves as in a Python of their own, and as well shut in."""

import io
import json
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from upgrade101 import deploy
from upgrade101.grading import nursery as nurseries
from upgrade101.grading.nursery import Nursery
from upgrade101.grading.sandbox.walls import find
from upgrade101.grading.world import world

WALLS = find() if sys.platform == "linux" else None

pytestmark = pytest.mark.skipif(
    WALLS is None or not WALLS.namespaces, reason="only in namespaces of their own are functions forked off"
)

FACTS = """
import os, socket, sys

def tried(work):
    try:
        return str(work())
    except Exception as error:
        return type(error).__name__

def status():
    with open("/proc/self/status") as file:
        lines = dict(map(str.strip, line.split(":", 1)) for line in file)
    return {name: lines[name] for name in ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
                                           "NoNewPrivs", "Seccomp", "Umask", "SigIgn", "SigCgt", "Threads")}

def limits():
    with open("/proc/self/limits") as file:
        return file.read()

def reaches(port):
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        return "a line"

def handler(event, context):
    return {
        "status": status(),
        "limits": limits(),
        "processes": sorted(name for name in os.listdir("/proc") if name.isdigit()),
        "channels": len(os.listdir("/proc/self/fd")),
        "environment": sorted(os.environ),
        "seen": {place: tried(lambda: sorted(os.listdir(place))) for place in ("/", "/tmp", "/etc", "/root")},
        "package": tried(lambda: os.listdir(event["package"])),
        "solution": tried(lambda: open(event["solution"]).read()[:9]),
        "writes": tried(lambda: open("/etc/passwd", "w")),
        "elsewhere": tried(lambda: socket.create_connection(("192.0.2.1", 80), timeout=2)),
        "itself": tried(lambda: open("/proc/self/environ").read()),
        "session": os.getsid(0) == os.getpgrp(),
        "where": os.path.basename(os.getcwd()),
        "path": sys.path[-3:],
        "flags": str(sys.flags),
        "arguments": sys.argv,
    }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder that functions can be shown, as a marker's is."""
    for place in (tmp_path, *list(tmp_path.parents)[:3]):
        if place.owner() == tmp_path.owner():
            place.chmod(0o755)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = os.umask(0)
    yield tmp_path
    os.umask(before)


@pytest.fixture
def functions(folder: Path) -> Iterator[Any]:
    assert WALLS is not None
    with world(WALLS.for_one(), folder):
        yield boto3.client("lambda")


def made(functions: Any, name: str, **files: str) -> None:
    """Create a function of files; ``main`` has the handler."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for file, text in files.items():
            packed.writestr(f"{file}.py", text)
    functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=deploy.role(),
        Handler="main.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=10,
    )


def asked(functions: Any, name: str, **event: Any) -> Any:
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def forked() -> list[psutil.Process]:
    """Return the processes that fork functions off."""
    mine = psutil.Process().children()
    return [each for each in mine if any("forking.main" in part for part in each.cmdline())]


def test_a_function_finds_itself_as_in_a_python_of_its_own(functions: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"package": str(Path(deploy.__file__).parent), "solution": __file__}
    made(functions, "forked", main=FACTS)
    found = asked(functions, "forked", **event)
    monkeypatch.setattr(Nursery, "can_take", lambda self, code: False)
    made(functions, "started", main=FACTS)
    expected = asked(functions, "started", **event)
    secret = {found.pop("itself"), expected.pop("itself")}
    assert found == expected
    assert not any("HOME=" in each for each in secret)
    assert found["status"]["CapEff"] == "0" * 16
    assert found["status"]["Seccomp"] == "2" and found["status"]["NoNewPrivs"] == "1"
    assert found["package"] == "['localcloud']", "what starts functions lies in there, and nothing else is seen"
    assert found["solution"] in ("FileNotFoundError", "PermissionError")


def test_forks_share_no_luck_and_no_state(functions: Any) -> None:
    code = "import random, boto3\nboto3.mine = getattr(boto3, 'mine', 0) + 1\n"
    code += "def handler(event, context):\n    return [random.random(), boto3.mine]\n"
    for name in ("ana", "ben"):
        made(functions, name, main=code)
    (ana, first), (ben, second) = asked(functions, "ana"), asked(functions, "ben")
    assert ana != ben
    assert (first, second) == (1, 1)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import os; os._exit(7)", "exit status 7"),
        ("import ctypes; ctypes.string_at(0)", "signal: segmentation fault"),
        ("raise SystemExit(3)", "exit status 3"),
        ("import time; time.sleep(60)", "Task timed out after 1"),
    ],
)
def test_however_a_fork_ends_the_next_one_lives(functions: Any, line: str, words: str) -> None:
    made(
        functions,
        "ends",
        main=f"def handler(event, context):\n    if event.get('end'):\n        {line}\n    return 'here'\n",
    )
    functions.update_function_configuration(FunctionName="ends", Timeout=1)
    assert words in asked(functions, "ends", end=True)["errorMessage"]
    assert asked(functions, "ends") == "here"


def test_modules_of_a_functions_own_come_before_what_is_loaded(functions: Any) -> None:
    code = "import six\ndef handler(event, context):\n    return six.mine\n"
    made(functions, "own", main=code, six="mine = 'my own six'\n")
    assert asked(functions, "own") == "my own six"


def test_where_nobody_forks_any_more_functions_start_by_themselves(functions: Any) -> None:
    (nursery,) = forked()
    made(functions, "echo", main="def handler(event, context):\n    return event['said']\n")
    assert asked(functions, "echo", said=1) == 1
    nursery.kill()
    made(functions, "later", main="def handler(event, context):\n    return event['said']\n")
    assert asked(functions, "later", said=2) == 2


def test_forks_end_with_the_cloud(folder: Path) -> None:
    assert WALLS is not None
    with world(WALLS.for_one(), folder):
        made(boto3.client("lambda"), "echo", main="def handler(event, context):\n    return 1\n")
        asked(boto3.client("lambda"), "echo")
        family = [each for nursery in forked() for each in (nursery, *nursery.children(recursive=True))]
        assert len(family) > 1
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive


def test_what_is_told_has_its_limit() -> None:
    nursery = Nursery()
    try:
        with pytest.raises(OSError, match="longer than"):
            nursery.start({}, (0, 0, 0), {"LONG": "x" * nurseries.forking.MOST})
    finally:
        nursery.close()
