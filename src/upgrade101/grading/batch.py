"""A whole class, several at a time: each submission in a marker of its own, each result kept as soon as it is there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from .. import __version__
from ..course.explain import is_late
from ..gateway.errors import ConfigurationError
from . import notebook, overlay
from .limits import Allowance
from .sandbox import Walls
from .submissions import Submission, fingerprint
from .verdicts import Document, not_judged, reason

MARKERS = 3
"""How often a marker is started for one submission: it may end the first."""

_GRACE_SECONDS = 60.0
_SMALL = 2**20
_PATIENCE = 3.0  # how much longer a solution may take at its second try


@dataclass(slots=True)
class _Heard:
    """What one marker has said."""

    plan: Document = field(default_factory=dict)
    verdicts: list[Document] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unreadable: str = ""
    now: str = ""  # the exercise that is being judged
    ended: bool = False
    peak_mb: int = 0


@dataclass(frozen=True, slots=True)
class _Marker:
    """A marker's process and the folder that is its own."""

    folder: Path
    process: subprocess.Popen[str]


class Grader:
    """Grades submissions of one lab. ``out`` is where results are kept, and found again after an interruption."""

    def __init__(self, solution: Path, out: Path, walls: Walls, allowance: Allowance | None = None) -> None:
        self.solution = solution
        self.walls = walls
        self.allowance = allowance or Allowance()
        self.results = out / "results"
        self.results.mkdir(parents=True, exist_ok=True)
        self.version = version_of(solution)
        _clear_away()
        self._work = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self._work.chmod(0o755)
        self._overlay = overlay.build(self._work / "package")
        self._expected = ""
        self._running: set[subprocess.Popen[str]] = set()
        self._next: _Marker | None = None
        self._to_come = 1  # submissions; whoever grades the solution has one
        self._lock = threading.RLock()
        self._stopped = False

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._work, ignore_errors=True)

    # ── the solution first ───────────────────────────────────────────────────────────────────────────────────────

    @property
    def has_learned(self) -> bool:
        """Tell whether the solution has been graded, as done."""
        return bool(self._expected)

    def learn(self) -> Document:
        """Grade the solution itself, and keep what it did. Raises ConfigurationError where it does not do it all.

        So nobody loses a point to a machine on which nothing could be graded. What an earlier run has found holds as
        long as the solution, its check, this version and the walls are the same.
        """
        known_by = {"version": self.version, "walls": asdict(self.walls)}
        kept = _kept(self._place_of_the_solution)
        if {name: kept.get(name) for name in known_by} == known_by and not _failed(kept.get("found", {})):
            found: Document = kept["found"]
        else:
            found = self._graded_solution()
            self._place_of_the_solution.parent.mkdir(exist_ok=True)
            _keep(self._place_of_the_solution, {**known_by, "found": found})
        expected = {
            each["exercise"]: {"words": each["words"], "happenings": each["happenings"]} for each in found["exercises"]
        }
        path = self._work / "expected.json"
        path.write_text(json.dumps(expected), encoding="utf-8")
        self._expected = str(path)
        return found

    @property
    def _place_of_the_solution(self) -> Path:
        return self.results / "solution" / "graded.json"  # students' results lie above, whatever their names

    def _graded_solution(self) -> Document:
        """Grade the solution, with more time where it ran out of it. Raises ConfigurationError."""
        submission = Submission("the solution", "the solution", self.solution)
        found = self.grade(submission, record=True)
        if _why_late(found):
            found = self.grade(submission, record=True, allowance=self.allowance.patient(_PATIENCE))
        if late := _why_late(found):
            raise ConfigurationError(
                f"this machine is too busy or too slow just now ({load()}): the solution itself was not done in time,"
                f" {late}; no student was graded",
                hint="try again when it is quieter, or with --at-once 1",
            )
        if failed := _failed(found):
            raise ConfigurationError(f"the solution itself is not graded as done here: {failed}", hint="no student was")
        return found

    # ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────

    def grade_all(
        self, submissions: Sequence[Submission], *, at_once: int, done: Callable[[Document], None], again: bool = False
    ) -> list[Document]:
        """Grade submissions, several at a time; what has been graded already is taken as it is, unless ``again``."""
        self._to_come = len(submissions)
        with ThreadPoolExecutor(at_once, thread_name_prefix="grader") as pool:
            waiting = {pool.submit(self._kept_or_graded, each, again): each for each in submissions}
            try:
                for future in as_completed(waiting):
                    done(future.result())
            except BaseException:
                self.stop()
                pool.shutdown(cancel_futures=True)
                raise
            return [future.result() for future in waiting]

    def _kept_or_graded(self, submission: Submission, again: bool) -> Document:
        self._to_come -= 1
        mark = fingerprint(submission.path) if submission.path else ""
        kept = {} if again else self.kept(submission, mark)
        if kept:
            return kept
        found = self.grade(submission) | {"fingerprint": mark, "version": self.version}
        if not self._stopped:
            _keep(self._place_of(submission), found)
        return found

    def kept(self, submission: Submission, mark: str | None = None) -> Document:
        """Return the result of an earlier run, which still holds; nothing where there is none."""
        if mark is None:
            mark = fingerprint(submission.path) if submission.path else ""
        found = _kept(self._place_of(submission))
        return found if found.get("fingerprint") == mark and found.get("version") == self.version else {}

    def _place_of(self, submission: Submission) -> Path:
        return self.results / f"{submission.key}.json"

    def grade(self, submission: Submission, *, record: bool = False, allowance: Allowance | None = None) -> Document:
        """Grade one submission; whatever it does, there is a result."""
        allowance = allowance or self.allowance
        begun = time.monotonic()
        heard = _Heard(unreadable=submission.problem if submission.path is None else _trouble(submission.path))
        for _ in range(0 if heard.unreadable else MARKERS):
            self._mark(submission, heard, record, allowance)
            late = time.monotonic() - begun > allowance.total_seconds
            if heard.ended or heard.unreadable or self._stopped or late:
                break
        return self._result(submission, heard, time.monotonic() - begun)

    def _result(self, submission: Submission, heard: _Heard, seconds: float) -> Document:
        judged = {each["exercise"]: each for each in heard.verdicts}
        planned = heard.plan.get("exercises") or self._exercises()
        why = heard.unreadable or "the grading of this submission ended before it came to this exercise"
        verdicts = [
            judged.get(each["exercise"]) or not_judged(each["exercise"], each["title"], each["of"], why)
            for each in planned
        ]
        return {
            "student": submission.student,
            "key": submission.key,
            "file": str(submission.path or ""),
            "points": sum(each["points"] for each in verdicts),
            "of": sum(each["of"] for each in verdicts),
            "problem": heard.unreadable,
            "copied": heard.plan.get("copied", ""),
            "exercises": verdicts,
            "written": heard.plan.get("written", []),
            "notes": [*heard.plan.get("notes", []), *heard.notes],
            "seconds": round(seconds, 2),
            "peak_mb": heard.peak_mb,
        }

    def _exercises(self) -> list[Document]:
        """Return the exercises of the lab, for who has handed in nothing that could be read."""
        from ..course.exercises import find

        tests = notebook.assignment(self.solution).tests
        return [
            {"exercise": each.exercise_id, "title": find(each.exercise_id).title, "of": each.points} for each in tests
        ]

    # ── one marker ───────────────────────────────────────────────────────────────────────────────────────────────

    def _mark(self, submission: Submission, heard: _Heard, record: bool, allowance: Allowance) -> None:
        """Have a marker judge what is not judged yet."""
        job = {
            "path": str(submission.path),
            "solution": str(self.solution),
            "allowance": asdict(allowance),
            "skip": [each["exercise"] for each in heard.verdicts],
            "expected": self._expected,
            "record": record,
        }
        heard.now = ""
        with self._ready() as marker:
            assert marker.stdin is not None and marker.stdout is not None
            limit = threading.Timer(allowance.total_seconds + _GRACE_SECONDS, _kill, [marker])
            limit.daemon = True
            limit.start()
            _tell(marker, job)
            self._start_the_next()
            for line in marker.stdout:
                _hear(heard, line)
            limit.cancel()
        if not heard.ended and heard.now and not self._stopped:
            title = _title_of(heard)
            why = "the answer ended the process that judges it, or kept it busy for too long"
            heard.verdicts.append(not_judged(heard.now, title[0], title[1], why))

    @contextlib.contextmanager
    def _ready(self) -> Iterator[subprocess.Popen[str]]:
        """Yield a marker that has its seat: the one that was started ahead, if there is one."""
        with self._lock:
            marker, self._next = self._next, None
        if marker is None or marker.process.poll() is not None:
            self._clear(marker)
            marker = self._new()
        try:
            yield marker.process
        finally:
            self._clear(marker)

    def _start_the_next(self) -> None:
        """Start a marker for whoever comes next: what it does first takes as long as many a judgement."""
        with self._lock:
            if self._next is not None or self._to_come < 1 or self._stopped:
                return
            self._next = self._new()

    def _new(self) -> _Marker:
        folder = Path(tempfile.mkdtemp(prefix="marker-", dir=self._work))
        walls = self.walls.for_one()
        marker = _Marker(folder, self._started(walls, folder))
        with self._lock:
            self._running.add(marker.process)
            if self._stopped:
                _kill(marker.process)
        where = {"walls": asdict(walls), "folder": str(folder), "overlay": str(self._overlay)}
        _tell(marker.process, where | {"output_mb": self.allowance.output_mb})
        return marker

    def _started(self, walls: Walls, folder: Path) -> subprocess.Popen[str]:
        command = [*walls.around_marker(), sys.executable, "-m", "upgrade101.grading.marker"]
        with (folder / "marker.log").open("wb") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=_variables(folder),
                start_new_session=True,
            )

    def _clear(self, marker: _Marker | None) -> None:
        """End a marker, and remove what it leaves behind."""
        if marker is None:
            return
        _kill(marker.process)
        with contextlib.suppress(BrokenPipeError):
            marker.process.__exit__(None, None, None)
        with self._lock:
            self._running.discard(marker.process)
        shutil.rmtree(marker.folder, ignore_errors=True)

    def stop(self) -> None:
        """End every marker that runs."""
        with self._lock:
            self._stopped = True
            running, ahead, self._next = list(self._running), self._next, None
        for marker in running:
            _kill(marker)
        self._clear(ahead)


def _tell(marker: subprocess.Popen[str], what: Document) -> None:
    assert marker.stdin is not None
    with contextlib.suppress(OSError):  # it has ended, and says no more
        marker.stdin.write(json.dumps(what) + "\n")
        marker.stdin.flush()


def _trouble(path: Path) -> str:
    """Return why a small file cannot be read, or ''; of a large one a marker finds out, whose memory is its own."""
    try:
        if path.stat().st_size <= _SMALL:
            notebook.read(path)
    except notebook.Unreadable as why:
        return str(why)
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    return ""


def _hear(heard: _Heard, line: str) -> None:
    try:
        said = json.loads(line)
    except ValueError:  # cut off in the middle
        return
    match said.pop("event", ""):
        case "plan":
            heard.plan = said
        case "begun":
            heard.now = said["exercise"]
        case "judged":
            heard.now = ""
            heard.verdicts.append(said["verdict"])
        case "unreadable":
            heard.unreadable = said["why"]
        case "end":
            heard.ended = True
            heard.notes += said["notes"]
            heard.peak_mb = max(heard.peak_mb, said["peak_mb"])


def _title_of(heard: _Heard) -> tuple[str, float]:
    return next((each["title"], each["of"]) for each in heard.plan["exercises"] if each["exercise"] == heard.now)


def _kill(marker: subprocess.Popen[str]) -> None:
    """Kill a marker; all that it has started ends with it."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(marker.pid, signal.SIGKILL)
    marker.kill()


def _variables(folder: Path) -> dict[str, str]:
    """Return a marker's environment: none of the grader's settings for AWS, no proxies, files in its own folder."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_NOT_FOR_MARKERS)}
    return {**kept, "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder), "DOCKER_HOST": "tcp://127.0.0.1:1"}


_NOT_FOR_MARKERS = ("AWS_", "CLOUD", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "MOTO_", "UPGRADE101_", "DOCKER_")


# ── the solution ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _failed(found: Mapping[str, Any]) -> str:
    """Return what a solution has not done, in words, or ''."""
    failed = [each for each in found.get("exercises", []) if each["state"] != "done"]
    if found.get("exercises") and not failed:
        return ""
    return f"{failed[0]['exercise']}: {reason(failed[0])}" if failed else str(found.get("problem") or "no exercises")


def _why_late(found: Mapping[str, Any]) -> str:
    """Return which exercise of a solution ran out of time, in words, or ''."""
    for each in found["exercises"]:
        said = " ".join(str(each[key]) for key in ("why", "got", "raised"))
        if each["state"] != "done" and (is_late(said) or "s of a submission are over" in said):
            return f"{each['exercise']}: {reason(each)[:200]}"
    return ""


def load() -> str:
    """Return how busy this machine is, in words."""
    count = os.cpu_count() or 1
    return f"load {psutil.getloadavg()[0]:.0f} on {count} processor{'s' if count > 1 else ''}"


# ── results ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def version_of(solution: Path) -> str:
    """Return what a result depends on beside the submission: the solution, the checks, this version."""
    sums = hashlib.sha256(__version__.encode())
    checks = Path(__file__).parents[1] / "course" / "checks"
    number = solution.stem.partition("_")[0]
    for path in (solution, checks / f"lab{number}.py", checks / f"lab{number}.toml"):
        sums.update(path.read_bytes() if path.exists() else b"")
    return sums.hexdigest()[:16]


_PREFIX = "upgrade101-grading-"


def _clear_away() -> None:
    """Remove the folders of graders that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        number = path.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            shutil.rmtree(path, ignore_errors=True)


def _kept(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _keep(path: Path, result: Mapping[str, Any]) -> None:
    """Write a result whole or not at all."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(json.dumps(result), encoding="utf-8")
    beside.replace(path)
