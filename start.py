#!/usr/bin/env python3
"""Start Upgrade 101. Only Python is needed; everything else is fetched into .venv the first time.

  python3 start.py                    read and run the lessons in JupyterLab
  python3 start.py lab --no-browser   the same; what follows is passed on to JupyterLab
  python3 start.py test               run every test; what follows is passed on to pytest
  python3 start.py lessons            run every lesson without a browser; --only 05, --twice, --sections, --browser
  python3 start.py labs verify        prove the labs: solutions pass, wrong answers do not; labs build makes them
  python3 start.py elsewhere          run lessons and labs on another cloud: ministack, aws, an address
  python3 start.py conform aws        hold rows of docs/parity.md to what a cloud does; --out FILE
  python3 start.py contract           write which IAM actions the lessons need; --record, --check
  python3 start.py bench              measure the local gateway; --quick, --case NAME, --list, --write
  python3 start.py grade FOLDER       grade a class; --lab 03, --out REPORT (docs/grading.md says how)
  python3 start.py soak --minutes 10  strain it with clients that misbehave and functions that fail
  python3 start.py serve --port 4566  one endpoint for every AWS API and every stage
  python3 start.py cleanup            delete what runs on AWS left behind; --run ID, --all, --dry-run, --by-tag
  python3 start.py lock --upgrade     refresh requirements.lock.txt from pyproject.toml (needs uv)
  python3 start.py WORD ...           any other command of upgrade101 (lint), or program or module
                                      in .venv (ruff check . | python | jupyter --version)
  python3 start.py --help             this text

.venv is made from requirements.lock.txt, every file checked against its hash, by uv where it is on the
PATH and by pip otherwise. It is made anew when the lock, pyproject.toml, the Python or the place of this
folder changes.
"""

# Below Python 3.6 the next line is the one that the interpreter complains about, so it says what to do.
what_to_type: str = "Upgrade 101 needs Python 3.11 or newer; type: python3.13 start.py"

import subprocess
import sys
from subprocess import DEVNULL, STDOUT

OLDEST, NEWEST = (3, 11), (3, 14)


def wrong_python(version: "tuple[object, ...]") -> str:
    """Return the sentence for a Python outside the supported range, with a command that works here."""
    rest = " ".join(["start.py", *sys.argv[1:]])
    for minor in (13, 12, 11, 14):
        command = ["py", f"-3.{minor}"] if sys.platform == "win32" else [f"python3.{minor}"]
        try:
            found = subprocess.call([*command, "-c", ""], stdout=DEVNULL, stderr=DEVNULL) == 0
        except OSError:
            found = False
        if found:
            advice = f"type: {' '.join(command)} {rest}"
            break
    else:
        advice = f"install Python 3.13 and type: python3.13 {rest}"
    found_here = ".".join(map(str, version[:3]))
    supported = f"Python 3.{OLDEST[1]} to 3.{NEWEST[1]}"
    return f"start.py: Upgrade 101 runs on {supported}, and this is {found_here}; {advice}"


if not OLDEST <= sys.version_info[:2] <= NEWEST:
    sys.exit(wrong_python(sys.version_info))

import contextlib
import errno
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import signal
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

FIRST_LESSON = "notebooks/00_start_here.ipynb"
PROGRAM_SUFFIX = ".exe" if sys.platform == "win32" else ""

# What the tail of an installer's log, or an OSError, says; and what the learner should read. The first match counts.
TROUBLES = {
    r"No space left|not enough space|Errno 28\b|os error 28\b|WinError 112\b": (
        "the disk is full; free about 1 GB, then start again"
    ),
    r"Access is denied|used by another process": (
        "a program still uses .venv; close JupyterLab and every terminal where .venv is active, then start again"
    ),
    r"Permission denied|Read-only file system|Errno (13|30)\b|os error (13|30)\b": (
        "this folder cannot be written to; copy it to a place of your own, or give yourself the right to write here"
    ),
    r"DO NOT MATCH THE HASHES|[Hh]ash mismatch": (
        "a package is not the one that requirements.lock.txt names, so it was not installed; try another network"
    ),
    r"CERTIFICATE_VERIFY_FAILED|certificate": (
        "the package index shows a certificate that is not trusted here; behind a company's proxy, set SSL_CERT_FILE "
        "and PIP_CERT to the file with its certificate"
    ),
    r"Retrying \(Retry|name resolution|getaddrinfo|dns error|error sending request|[Nn]etwork (is|was|connectivity)"
    r"|Failed to establish|timed out|Connection (refused|reset|aborted)": (
        "the package index cannot be reached; check the network (or the proxy), then start again"
    ),
    r"No matching distribution|no usable wheels|matching (Python|platform|ABI)": (
        "a package has no ready-made file for this Python on this machine; try Python 3.13, or conda (environment.yml)"
    ),
}

# The instructor's menus come back with `start.py jupyter labextension enable @jupyter/nbgrader` and
# `start.py jupyter server extension enable nbgrader.server_extensions.formgrader`, which is read after our file.
NBGRADER_SERVERS = ("assignment_list", "course_list", "formgrader", "validate_assignment")
JUPYTER_SETTINGS = {
    "labconfig/page_config.json": {
        "disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True, "@jupyter/nbgrader": True}
    },
    "jupyter_server_config.d/nbgrader.learner.json": {
        "ServerApp": {"jpserver_extensions": {f"nbgrader.server_extensions.{name}": False for name in NBGRADER_SERVERS}}
    },
}


class Trouble(Exception):
    """Hold one sentence for the learner: what stopped, and what to do next."""


def explain(report: str) -> str:
    """Return the learner's sentence for an installer's log or an error's text, or the report's last line.

    >>> explain("[Errno 28] No space left on device")
    'the disk is full; free about 1 GB, then start again'
    """
    tail = report.strip().splitlines()[-40:]
    known = (sentence for sign, sentence in TROUBLES.items() if re.search(sign, "\n".join(tail)))
    return next(known, tail[-1].strip() if tail else "it ended without a word")


class Progress:
    """Show how the making of .venv goes on: a live line on a terminal, plain lines elsewhere."""

    PLAIN_EVERY = 15.0  # seconds between two plain lines of one step

    def __init__(self, out: IO[str]) -> None:
        self.out = out
        self.terminal = out.isatty()

    def begin(self, step: str) -> None:
        """Start the clock of `step`."""
        self.step, self.began, self.told = step, time.monotonic(), 0.0
        self.show("")

    def show(self, state: str) -> None:
        """Tell the state of the step that runs."""
        seconds = time.monotonic() - self.began
        if self.terminal:
            self.out.write(f"\r{self.line(state or '...', seconds):<78.78}")
            self.out.flush()
        elif state and seconds - self.told >= self.PLAIN_EVERY:
            self.told = seconds
            print(self.line(state, seconds), file=self.out, flush=True)

    def end(self, state: str) -> None:
        """Leave one line about the step that has run."""
        self.out.write("\r" if self.terminal else "")
        print(f"{self.line(state, time.monotonic() - self.began):<78}".rstrip(), file=self.out, flush=True)

    def line(self, state: str, seconds: float) -> str:
        """Return one line: step, state, seconds."""
        return f"  {self.step:<12} {state:<36} {seconds:6.1f} s"


class Environment:
    """Be the folder .venv below `root`: know whether it can serve, and make it from the lock."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.lock = root / "requirements.lock.txt"
        self.project = root / "pyproject.toml"
        self.stamp = self.folder / "start.stamp"
        self.log = self.folder / "start.log"
        self.programs = self.folder / ("Scripts" if sys.platform == "win32" else "bin")
        self.python = self.programs / f"python{PROGRAM_SUFFIX}"
        self.packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(self.folder)}))

    def wanted(self) -> list[str]:
        """Return the lines of the stamp that fits this lock, this project, this Python and this folder."""
        lock, project = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (self.lock, self.project))
        version = f"{sys.version_info[0]}.{sys.version_info[1]} {sys.platform} {platform.machine()}"
        return [f"lock: {lock}", f"pyproject.toml: {project}", f"Python: {version}", f"folder: {self.folder}"]

    def shortcoming(self) -> str:
        """Say why .venv cannot serve as it stands; '' if it can."""
        if not self.folder.exists():
            return "there is none yet"
        try:
            stamp = self.stamp.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return "it is half-made"
        if not self.python.exists():
            return "its Python is gone"
        changed = [line.split(":")[0] for line in self.wanted() if line not in stamp]
        return f"made for another {' and '.join(changed)}" if changed else ""

    def ensure(self, progress: Progress) -> None:
        """Make .venv unless it can serve; of two that want to, the second waits for the first."""
        if not self.shortcoming():
            return
        with only_one(self.root / ".upgrade101", progress.out):
            reason = self.shortcoming()
            if reason:
                print(f"Making .venv ({reason}); the next start takes no time.", file=progress.out, flush=True)
                self.make(progress)

    def make(self, progress: Progress) -> None:
        """Make .venv afresh; the stamp comes last, so that whatever is half-made is known as such."""
        uv = shutil.which("uv")
        if not uv and importlib.util.find_spec("ensurepip") is None:
            raise Trouble(
                "this Python comes without venv and pip, which Debian and Ubuntu keep apart; type: "
                f"sudo apt install python3.{sys.version_info[1]}-venv"
            )
        self.clear()
        self.folder.mkdir()
        for step, command in self.steps(uv):
            progress.begin(step)
            self.run(command, progress)
            progress.end(self.state(step))
        self.furnish()
        self.stamp.write_text("\n".join(self.wanted()) + "\n", encoding="utf-8")

    def clear(self) -> None:
        """Remove .venv, its stamp first."""
        if self.folder.is_symlink() or self.folder.is_file():
            self.folder.unlink()
        elif self.folder.exists():
            self.stamp.unlink(missing_ok=True)
            shutil.rmtree(self.folder)

    def steps(self, uv: str | None) -> list[tuple[str, list[str]]]:
        """Return the name and the command of every step, with uv or without."""
        python = getattr(sys, "_base_executable", "") or sys.executable  # not the Python of the .venv to be made
        locked = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(self.lock)]
        itself = ["--no-deps", "--no-build-isolation", "--editable", str(self.root)]
        if uv:
            venv = [uv, "venv", "--allow-existing", "--python", python, str(self.folder)]
            install = [uv, "pip", "install", "--python", str(self.python)]
            itself.append("--offline")
        else:
            venv = [python, "-m", "venv", str(self.folder)]
            install = [str(self.python), "-m", "pip", "install", "--no-compile", "--no-input", "--progress-bar", "off"]
            itself.append("--no-index")
        return [("Python", venv), ("packages", [*install, *locked]), ("upgrade101", [*install, *itself])]

    def run(self, command: list[str], progress: Progress) -> None:
        """Run one step to its end, its output in the log; raises Trouble if it fails."""
        with self.log.open("a", encoding="utf-8") as log:
            child = subprocess.Popen(
                command, cwd=self.root, env=install_environ(), stdin=DEVNULL, stdout=log, stderr=STDOUT
            )
            try:
                while not ended(child, seconds=0.2):
                    progress.show(self.state(progress.step))
            except KeyboardInterrupt:
                child.terminate()
                child.wait()
                progress.end("stopped")
                raise
        if child.returncode:
            progress.end("failed")
            raise Trouble(f"{explain(self.log.read_text('utf-8', 'replace'))} (the whole story: {self.log})")

    def state(self, step: str) -> str:
        """Say how many packages have been fetched or installed, of how many; '' for the other steps."""
        if step != "packages":
            return ""
        log = self.log.read_text("utf-8", "replace")
        resolved = re.search(r"^Resolved (\d+) packages", log, re.MULTILINE)  # uv says so
        pins = len(re.findall(r"^\S+==", self.lock.read_text(encoding="utf-8"), re.MULTILINE))
        total = int(resolved[1]) if resolved else pins - len(re.findall(r"^Ignoring ", log, re.MULTILINE))
        fetched = len(re.findall(r"^(?:Collecting|Processing) ", log, re.MULTILINE))  # pip says so
        placed = sum(1 for _ in self.packages.glob("*.dist-info"))
        if "Installing collected" in log or placed >= total:
            return f"{min(placed, total)} of {total} installed"
        return f"{fetched} of {total} fetched" if fetched else f"fetching {total}" if resolved else "fetching"

    def furnish(self) -> None:
        """Lay out a learner's JupyterLab: no news to agree to, and none of the instructor's menus."""
        for name, settings in JUPYTER_SETTINGS.items():
            file = self.folder / "etc" / "jupyter" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def ended(child: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Wait at most `seconds` for `child`; say whether it has ended."""
    try:
        child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


@contextlib.contextmanager
def only_one(folder: Path, out: IO[str]) -> Iterator[None]:
    """Hold the right to make .venv; whoever comes second waits. The system takes it back from a process that dies."""
    folder.mkdir(exist_ok=True)
    with (folder / "start.lock").open("a") as file:
        if not grab(file):
            print("Another start.py is making .venv here; this one waits for it.", file=out, flush=True)
            while not grab(file):
                time.sleep(0.2)
        yield


def grab(file: IO[str]) -> bool:
    """Take the system's lock on `file`; say whether it is ours (so it is where the file system knows no locks)."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)
    return True


def run_environ(environment: Environment) -> dict[str, str]:
    """Return the variables for a program of .venv, as if it had been activated."""
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    environ["VIRTUAL_ENV"] = str(environment.folder)
    environ["PATH"] = os.pathsep.join([str(environment.programs), environ.get("PATH", os.defpath)])
    environ["UPGRADE101_COURSE"] = str(environment.root)  # for whoever stands in a folder of her own
    return environ


def install_environ() -> dict[str, str]:
    """Return the variables for an installer: nothing may send packages elsewhere or hold back its lines."""
    elsewhere = ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV")
    environ = {name: value for name, value in os.environ.items() if name not in elsewhere}
    return {**environ, "PIP_USER": "0", "PYTHONUNBUFFERED": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def lab(environment: Environment, arguments: list[str]) -> list[str]:
    """Return the command that opens JupyterLab at the first lesson, or at the notebook that `arguments` name."""
    command = [str(environment.python), "-m", "jupyterlab", f"--ServerApp.root_dir={environment.root}"]
    named = any((environment.root / argument).exists() for argument in arguments)
    if not named and (environment.root / FIRST_LESSON).exists():
        command.append(f"--LabApp.default_url=/lab/tree/{FIRST_LESSON}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return [*command, *arguments]


def find_tool(environment: Environment, word: str) -> list[str]:
    """Return the command that `word` stands for: a command of upgrade101, a program of .venv, or a module.

    No two of them share a name (a test holds that), so what is quick to find is looked for first.
    """
    program = environment.programs / f"{word}{PROGRAM_SUFFIX}"
    if program.is_file() and program.parent == environment.programs:
        return [str(program)]
    question = [str(environment.python), "-c", WHAT_IS, word]
    answer = subprocess.run(question, capture_output=True, text=True, env=run_environ(environment)).stdout.strip()
    if not answer:
        raise Trouble(f"there is no command, program or module {word!r}; see: python3 start.py --help")
    return [str(environment.python), "-m", *([answer] if answer == word else [answer, word])]


WHAT_IS = """
import importlib.util, sys
from contextlib import suppress
word = sys.argv[1]
with suppress(Exception):
    if importlib.util.find_spec(word).origin:  # a mere folder has none
        sys.exit(print(word))
with suppress(Exception):
    from typer.main import get_command
    from upgrade101.__main__ import app
    if word in get_command(app).commands:
        print("upgrade101")
"""


TOGETHER = ("--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile")  # a file's tests stay together


def command_for(environment: Environment, word: str, arguments: list[str]) -> list[str]:
    """Return the command line for `word` and its arguments."""
    python = str(environment.python)
    if word == "lab":
        return lab(environment, arguments)
    if word == "test":
        return [python, "-m", "pytest", *TOGETHER, *arguments]
    if word in ("bench", "conform", "contract", "elsewhere", "grade", "lessons", "serve", "soak"):
        return [python, "-m", "upgrade101", word, *arguments]
    return [*find_tool(environment, word), *arguments]


def hand_over(command: list[str], environ: dict[str, str]) -> int:
    """Become `command` where the system can, else wait for it; return its exit code."""
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(command[0], command, environ)
    child = subprocess.Popen(command, env=environ)
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C reaches the child too, which decides what it means
            return child.wait()


LEARNERS_MACHINES = ("linux", "aarch64-unknown-linux-gnu", "macos", "x86_64-apple-darwin", "windows")


def refresh_lock(environment: Environment, arguments: list[str]) -> int:
    """Write requirements.lock.txt anew with uv, and ask whether every learner's machine finds its files in it."""
    uv = shutil.which("uv")
    if not uv:
        raise Trouble("the lock is written by uv, which is not on the PATH; type: python3 -m pip install uv")
    lock = str(environment.lock)
    form = ["--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "--quiet"]
    groups = ["--extra", "course", "--group", "dev", "--group", "build", "--python-version", f"{OLDEST[0]}.{OLDEST[1]}"]
    command = [uv, "pip", "compile", "pyproject.toml", *groups, *form, "--output-file", lock, *arguments]
    code = subprocess.call(command, cwd=environment.root)
    for minor in range(OLDEST[1], NEWEST[1] + 1) if code == 0 else ():
        for machine in LEARNERS_MACHINES:
            there = ["--python-version", f"3.{minor}", "--python-platform", machine, "--output-file", os.devnull]
            code |= subprocess.call([uv, "pip", "compile", lock, "--no-deps", "--no-build", "--quiet", *there])
    return code


def start(words: list[str]) -> int:
    """Do what the command line says; return the exit code."""
    word, *arguments = words or ["lab"]
    if word in ("-h", "--help", "help"):
        print(__doc__.strip())
        return 0
    if word.startswith("-"):
        word, arguments = "lab", words
    environment = Environment(Path(__file__).resolve().parent)
    if word == "lock":
        return refresh_lock(environment, arguments)
    environment.ensure(Progress(sys.stdout))
    if word in ("lab", "test", "lessons", "elsewhere", "contract", "bench", "soak"):
        os.chdir(environment.root)
    return hand_over(command_for(environment, word, arguments), run_environ(environment))


def main() -> int:
    """Start; whatever stops it becomes one sentence and exit code 1."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return start(sys.argv[1:])
    except KeyboardInterrupt:
        sentence = "stopped; what is half-made will be made anew by the next start"
    except Trouble as trouble:
        sentence = str(trouble)
    except OSError as error:
        sentence = explain(str(error))
    print(f"start.py: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
