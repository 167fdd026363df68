"""start.py: what it says, when it makes .venv anew, who waits for whom, and what it does with each word."""

import ast
import doctest
import importlib.util
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from typer.main import get_command

from upgrade101.__main__ import app

ROOT = Path(__file__).resolve().parent.parent


def load() -> ModuleType:
    """Return start.py as a module."""
    spec = importlib.util.spec_from_file_location("start", ROOT / "start.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


start = load()


def run(folder: Path, *words: str, python: str = sys.executable, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the start.py of `folder` as a learner would."""
    environment = {**os.environ, **environ}
    command = [python, str(folder / "start.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)


def assert_one_sentence(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """Assert that start.py has stopped with exit code 1 and one sentence that has every part."""
    assert done.returncode == 1
    assert re.fullmatch(r"start\.py: [^\n]+\n", done.stderr), done.stderr
    for part in parts:
        assert part in done.stderr


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course with nothing but start.py, a lock of one package, and a project of its own."""
    shutil.copy(ROOT / "start.py", tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\n", "utf-8")
    (tmp_path / "requirements.lock.txt").write_text(f"nothing==1.0 \\\n    --hash=sha256:{'0' * 64}\n", "utf-8")
    return tmp_path


@pytest.fixture
def environment(course: Path) -> Any:
    """The environment of that course, ready: a .venv with a Python, and the stamp that fits."""
    made = start.Environment(course)
    made.programs.mkdir(parents=True)
    made.python.write_bytes(b"")
    made.stamp.write_text("\n".join(made.wanted()), encoding="utf-8")
    return made


# What it says


def test_help_tells_every_word_and_makes_nothing(course: Path) -> None:
    done = run(course, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    words = ("lab", "test", "lessons", "bench", "serve", "lock", "--help")
    assert all(f"start.py {word}" in done.stdout for word in words)
    assert not (course / ".venv").exists()


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(start).failed == 0


# Which Python


def test_the_pythons_are_those_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    supported = SpecifierSet(project["requires-python"])
    minors = [minor for minor in range(30) if supported.contains(f"3.{minor}")]
    assert minors == list(range(start.OLDEST[1], start.NEWEST[1] + 1))


def test_another_python_is_told_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["start.py", "test", "-q"])
    sentence = start.wrong_python((3, 15, 0, "final", 0))
    assert re.search(
        r"runs on Python 3\.11 to 3\.14, and this is 3\.15\.0; .*type: py\S* \S*\s?start\.py test -q", sentence
    )


@pytest.mark.parametrize("minor", [6, 8, 10])
def test_an_old_python_can_read_as_far_as_the_sentence(minor: int) -> None:
    ast.parse((ROOT / "start.py").read_text(encoding="utf-8"), feature_version=(3, minor))


def test_old_pythons_that_are_here_get_one_sentence(course: Path) -> None:
    for python in Path.home().glob(".pyenv/versions/3.*/bin/python"):
        if re.match(r"3\.([6-9]|10)\.", python.parent.parent.name):
            assert_one_sentence(run(course, "test", python=str(python)), "runs on Python 3.11 to 3.14", "type: ")


# When .venv is made


def test_what_is_ready_is_left_alone(environment: Any) -> None:
    assert environment.shortcoming() == ""
    environment.ensure(start.Progress(io.StringIO()))
    assert environment.python.read_bytes() == b""


def test_a_changed_lock_makes_it_anew(environment: Any) -> None:
    environment.lock.write_text("nothing==1.1", encoding="utf-8")
    assert environment.shortcoming() == "made for another lock"


def test_another_python_makes_it_anew(environment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 14, 1))
    assert environment.shortcoming() == "made for another Python"


def test_a_copy_is_made_anew(environment: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "course"
    shutil.copytree(environment.root, elsewhere)
    assert start.Environment(elsewhere).shortcoming() == "made for another folder"


def test_what_is_half_made_is_made_anew(environment: Any) -> None:
    environment.stamp.unlink()
    assert environment.shortcoming() == "it is half-made"


def test_what_lost_its_python_is_made_anew(environment: Any) -> None:
    environment.python.unlink()
    assert environment.shortcoming() == "its Python is gone"


def test_a_file_in_its_place_gives_way(course: Path) -> None:
    made = start.Environment(course)
    made.folder.write_text("not a folder", encoding="utf-8")
    assert made.shortcoming() == "it is half-made"
    made.clear()
    assert made.shortcoming() == "there is none yet"


# How .venv is made


def test_every_file_is_checked_against_its_hash_and_nothing_is_built_with_the_network(environment: Any) -> None:
    for uv in (None, "uv"):
        (_, _), (_, packages), (_, itself) = environment.steps(uv)
        assert {"--require-hashes", "--no-deps", "--only-binary", str(environment.lock)} <= set(packages)
        assert {"--no-build-isolation", "--no-deps", "--editable", "--offline" if uv else "--no-index"} <= set(itself)


def test_an_installer_is_not_sent_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PIP_TARGET", "PIP_PREFIX"):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("PIP_USER", "1")
    assert "elsewhere" not in start.install_environ().values()
    assert start.install_environ()["PIP_USER"] == "0"


def test_a_python_without_venv_is_told_the_package(environment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(start.Trouble, match=rf"sudo apt install python3\.{sys.version_info[1]}-venv"):
        environment.make(start.Progress(io.StringIO()))
    assert environment.python.exists()


@pytest.mark.parametrize(
    ("log", "state"),
    [
        ("", "fetching"),
        ("Ignoring two: markers do not match\nCollecting one==1.0\n  Downloading one.whl\n", "1 of 2 fetched"),
        ("Collecting one==1.0\nProcessing ./two.whl\nInstalling collected packages: one\n", "1 of 3 installed"),
        ("Resolved 2 packages in 478ms\n", "fetching 2"),
        ("Resolved 1 packages in 478ms\nPrepared 1 packages in 3.49s\n", "1 of 1 installed"),
    ],
)
def test_it_counts_the_packages(environment: Any, log: str, state: str) -> None:
    environment.lock.write_text("one==1.0\ntwo==1.0 ; sys_platform == 'win32'\nthree==1.0\n", encoding="utf-8")
    environment.log.write_text(log, encoding="utf-8")
    (environment.packages / "one-1.0.dist-info").mkdir(parents=True)
    assert environment.state("packages") == state


def test_a_terminal_sees_one_line_change_and_a_file_gets_plain_lines() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for out, live in ((Terminal(), True), (io.StringIO(), False)):
        progress = start.Progress(out)
        progress.begin("packages")
        progress.show("1 of 2 fetched")
        progress.end("2 of 2 installed")
        assert ("1 of 2 fetched" in out.getvalue()) == live
        assert ("\r" in out.getvalue()) == live
        assert re.search(r"  packages     2 of 2 installed +\d+\.\d s *\n$", out.getvalue())


def test_the_instructors_menus_are_the_ones_put_away(environment: Any) -> None:
    environment.furnish()
    (ours,) = (environment.folder / "etc" / "jupyter" / "jupyter_server_config.d").iterdir()
    theirs = Path(sys.prefix) / "etc" / "jupyter" / ours.parent.name / "nbgrader.json"
    put_away, brought = (json.loads(file.read_text(encoding="utf-8"))["ServerApp"] for file in (ours, theirs))
    assert put_away["jpserver_extensions"] == dict.fromkeys(brought["jpserver_extensions"], False)
    assert theirs.name < ours.name < "nbgrader.server_extensions.formgrader.json"  # read in this order


# Whole runs, with steps of our own in place of the installer's

DRIVE = """
import importlib.util, json, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests may run where Ctrl-C is ignored
spec = importlib.util.spec_from_file_location("start", sys.argv.pop(1))
start = importlib.util.module_from_spec(spec)
spec.loader.exec_module(start)
code = sys.argv.pop(1)
venv = lambda self: [sys.executable, "-m", "venv", "--without-pip", str(self.folder)]
start.Environment.steps = lambda self, uv: [("Python", venv(self)), ("packages", [sys.executable, "-c", code])]
sys.exit(start.main())
"""


def drive(course: Path, code: str, *words: str) -> subprocess.Popen[str]:
    """Begin `start.py WORDS`, with `code` where the packages would be installed."""
    command = [sys.executable, "-c", DRIVE, str(course / "start.py"), code, *words]
    return subprocess.Popen(command, cwd=course, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(begun: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Wait for a run, and return what came of it."""
    out, err = begun.communicate(timeout=60)
    return subprocess.CompletedProcess(begun.args, begun.returncode, out, err)


def made(course: Path) -> int:
    """Return how often the packages have been installed by `COUNT`."""
    return len((course / "made").read_text(encoding="utf-8"))


COUNT = "open('made', 'a').write('x')"
WAIT = f"{COUNT}; open('begun', 'w').close()\nimport os, time\nwhile not os.path.exists('go'): time.sleep(0.05)"


def wait_for(file: Path) -> None:
    """Wait until `file` is there."""
    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline, f"{file.name} never came"
        time.sleep(0.05)


def test_the_second_start_makes_nothing_and_passes_the_exit_code_on(course: Path) -> None:
    first = finish(drive(course, COUNT, "python", "-c", "print(6 * 7)"))
    assert (first.returncode, first.stderr) == (0, "")
    assert re.search(
        r"Making \.venv \(there is none yet\).*\n  Python .* s\n  packages .* s\n42\n$", first.stdout, re.DOTALL
    )
    second = finish(drive(course, COUNT, "python", "-c", "import sys; sys.exit(7)"))
    assert (second.returncode, second.stdout, second.stderr) == (7, "", "")
    assert made(course) == 1


def test_a_program_runs_as_if_the_environment_were_active(course: Path) -> None:
    code = """import os, sys
for word in (os.environ['VIRTUAL_ENV'], sys.prefix, os.environ['UPGRADE101_COURSE'], 'PYTHONPATH' in os.environ):
    print(word)"""
    done = finish(drive(course, COUNT, "python", "-c", code))
    folder = str(course / ".venv")
    assert done.stdout.splitlines()[-4:] == [folder, folder, str(course), "False"]


def test_an_unknown_word_is_one_sentence(course: Path) -> None:
    assert finish(drive(course, COUNT, "python", "--version")).returncode == 0
    assert_one_sentence(finish(drive(course, COUNT, "frobnicate")), "'frobnicate'", "python3 start.py --help")


def test_a_step_that_fails_is_one_sentence_and_the_next_start_repairs(course: Path) -> None:
    full = "import sys; print('OSError: [Errno 28] No space left on device'); sys.exit(1)"
    assert_one_sentence(finish(drive(course, full, "python", "--version")), "the disk is full", "start.log")
    again = finish(drive(course, COUNT, "python", "--version"))
    assert (again.returncode, again.stderr) == (0, "")
    assert "Making .venv (it is half-made)" in again.stdout


def test_two_at_once_make_it_once(course: Path) -> None:
    first = drive(course, WAIT, "python", "--version")
    wait_for(course / "begun")
    second = drive(course, COUNT, "python", "--version")
    assert second.stdout
    assert "this one waits for it" in second.stdout.readline()
    (course / "go").touch()
    assert [finish(first).returncode, finish(second).returncode] == [0, 0]
    assert made(course) == 1


def test_one_that_was_killed_keeps_nobody_waiting(course: Path) -> None:
    first = drive(course, WAIT, "python", "--version")
    wait_for(course / "begun")
    first.kill()
    (course / "go").touch()
    finish(first)
    again = finish(drive(course, COUNT, "python", "--version"))
    assert again.returncode == 0
    assert "waits" not in again.stdout


@pytest.mark.skipif(os.name != "posix", reason="Windows sends Ctrl-C to whole consoles only, the tests' own included")
@pytest.mark.parametrize("ending", ["SIGINT", "SIGTERM"])
def test_ctrl_c_is_one_sentence_and_leaves_no_stamp(course: Path, ending: str) -> None:
    begun = drive(course, WAIT, "python", "--version")
    wait_for(course / "begun")
    begun.send_signal(getattr(signal, ending))
    assert_one_sentence(finish(begun), "stopped", "made anew by the next start")
    assert start.Environment(course).shortcoming() == "it is half-made"


def test_pip_without_a_network_is_one_sentence(course: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull}
    bare = {"PATH": "", "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""}
    assert_one_sentence(run(course, "test", **nowhere, **bare), "the package index cannot be reached")


# What stops it


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("  cause: failed to copy file from a to b: No space left on device (os error 28)", "the disk is full"),
        ("OSError: [WinError 112] There is not enough space on the disk", "the disk is full"),
        ("[Errno 13] Permission denied: '/course/.venv'", "this folder cannot be written to"),
        ("[Errno 30] Read-only file system: '/course/.venv'", "this folder cannot be written to"),
        ("[WinError 5] Access is denied: 'python.exe'", "a program still uses .venv"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "a package is not the one"),
        ("error: Hash mismatch for `h11==0.16.0`", "a package is not the one"),
        (
            "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))",
            "a certificate that is not trusted",
        ),
        ("  cause: invalid peer certificate: UnknownIssuer", "a certificate that is not trusted"),
        (
            "WARNING: Retrying (Retry(total=0\nERROR: No matching distribution found for h11==0.16.0",
            "cannot be reached",
        ),
        ("  cause: dns error: failed to lookup address information", "cannot be reached"),
        ("ERROR: No matching distribution found for playwright==1.65.2", "no ready-made file for this Python"),
        ("something nobody has thought of\n", "something nobody has thought of"),
        ("", "it ended without a word"),
    ],
)
def test_each_trouble_has_its_sentence(report: str, sentence: str) -> None:
    assert sentence in start.explain(report)


def test_an_error_of_the_system_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(words: list[str]) -> int:
        raise PermissionError(13, "Permission denied", ".upgrade101")

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(start, "start", refused)
    assert start.main() == 1
    assert re.fullmatch(r"start\.py: this folder cannot be written to; [^\n]+\n", capsys.readouterr().err)


# What it does with each word


@pytest.fixture
def here(environment: Any) -> Any:
    """An environment whose Python is the one that runs the tests."""
    environment.python = Path(sys.executable)
    environment.programs = environment.python.parent
    return environment


def test_its_own_words(here: Any) -> None:
    python = sys.executable
    assert start.command_for(here, "test", ["-q"]) == [python, "-m", "pytest", *start.TOGETHER, "-q"]
    assert start.command_for(here, "serve", ["--port", "0"]) == [python, "-m", "upgrade101", "serve", "--port", "0"]
    assert start.command_for(here, "lessons", ["--twice"]) == [python, "-m", "upgrade101", "lessons", "--twice"]
    assert start.command_for(here, "bench", []) == [python, "-m", "upgrade101", "bench"]


def test_any_other_word_is_a_program_or_a_command_or_a_module(here: Any) -> None:
    ruff = here.programs / f"ruff{start.PROGRAM_SUFFIX}"
    assert start.command_for(here, "ruff", ["check", "."]) == [str(ruff), "check", "."]
    for command in get_command(app).commands:  # type: ignore[attr-defined]
        assert start.find_tool(here, command) == [sys.executable, "-m", "upgrade101", command]
    assert start.find_tool(here, "http.server") == [sys.executable, "-m", "http.server"]


@pytest.mark.parametrize("word", ["frobnicate", "../start"])
def test_a_word_that_stands_for_nothing(here: Any, word: str) -> None:
    with pytest.raises(start.Trouble, match="there is no command, program or module"):
        start.find_tool(here, word)


def test_no_command_of_upgrade101_hides_behind_a_program_or_a_module(here: Any) -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    programs = {program.stem for program in here.programs.iterdir()}
    assert commands & (programs | {"lab", "test", "lock"}) == set()
    assert [name for name in commands if (spec := importlib.util.find_spec(name)) and spec.origin] == []
    assert "serve" in commands


def test_jupyterlab_opens_at_the_first_lesson_unless_another_is_named(here: Any) -> None:
    lesson = here.root / start.FIRST_LESSON
    lesson.parent.mkdir()
    lesson.touch()
    first, named = start.lab(here, ["--port", "8899"]), start.lab(here, [start.FIRST_LESSON])
    assert f"--LabApp.default_url=/lab/tree/{start.FIRST_LESSON}" in first
    assert first[-2:] == ["--port", "8899"]
    assert not any("default_url" in argument for argument in named)


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_root_is_let_in(here: Any, monkeypatch: pytest.MonkeyPatch, user: int, allowed: bool) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    assert ("--allow-root" in start.lab(here, [])) == allowed


def test_the_lock_is_not_written_without_uv(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(start.Trouble, match="pip install uv"):
        start.refresh_lock(here, [])
