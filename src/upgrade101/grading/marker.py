"""The marker: one process for one submission. It holds the cloud, the secrets and the verdict.

It gets its job as a line of JSON, and says a line of JSON for each thing that it finds. It ends when its input does:
nobody is there any more who wants to know.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..course.exercises import find
from . import notebook
from .limits import Allowance
from .notebook import Assignment, Plan, Unreadable
from .sandbox import Walls
from .session import Judged, Session
from .verdicts import document
from .world import world

Say = Callable[..., None]

_LIMITS = {"AS": 8 << 30, "CORE": 0, "FSIZE": 512 << 20}


def main() -> None:
    """Do the job that is told on stdin."""
    say = _mouth()
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    logging.disable(logging.WARNING)  # nobody reads what the gateway thinks of a submission
    _limit_myself()
    try:
        mark(job, say)
    except Unreadable as why:
        say(event="unreadable", why=str(why))
    os._exit(0)  # threads of hostile submissions may still hang


def mark(job: dict[str, Any], say: Say) -> None:
    """Mark a submission, and say what is found. Raises Unreadable."""
    lab = notebook.assignment(Path(job["solution"]))
    plan = notebook.plan(lab, notebook.read(Path(job["path"])))
    say(event="plan", **planned(lab, plan))
    walls, folder = Walls(**job["walls"]), Path(job["folder"])
    if walls.uid >= 0:
        os.umask(0)  # a function is somebody else, and writes beside its code; the folder itself is shut
    expected = json.loads(Path(job["expected"]).read_text("utf-8")) if job["expected"] else {}

    def judged(found: Judged) -> None:
        of_solution = expected.get(found.exercise.id)
        say(event="judged", verdict=document(found, of_solution, record=job["record"]))

    with world(walls, folder):
        session = Session(
            plan,
            walls,
            folder,
            Path(job["overlay"]),
            Allowance(**job["allowance"]),
            judged,
            skip=frozenset(job["skip"]),
            begun=lambda exercise_id: say(event="begun", exercise=exercise_id),
        )
        session.run()
        say(event="end", notes=session.notes, peak_mb=session.peak_mb)


def planned(lab: Assignment, plan: Plan) -> dict[str, Any]:
    """Return what is going to be judged, and what is left to a human."""
    exercises = [
        {"exercise": test.exercise_id, "title": find(test.exercise_id).title, "of": test.points} for test in lab.tests
    ]
    written = [asdict(each) for each in plan.written]
    return {"exercises": exercises, "written": written, "notes": list(plan.notes), "copied": plan.copied}


def _mouth() -> Say:
    """Return the function that speaks to the grader; nothing else that is printed reaches it."""
    mine = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    lock = threading.Lock()

    def say(**what: Any) -> None:
        with lock:
            mine.write(json.dumps(what) + "\n")
            mine.flush()

    return say


def _end_with_input() -> None:
    while sys.stdin.readline():
        continue
    os._exit(1)


def _limit_myself() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        for name, most in _LIMITS.items():
            number = getattr(resource, f"RLIMIT_{name}")
            hard = resource.getrlimit(number)[1]
            resource.setrlimit(number, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    main()
