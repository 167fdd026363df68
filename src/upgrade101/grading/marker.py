"""The marker: one process for one submission. It holds the cloud, the secrets and the verdict.

A line of JSON tells it its seat; there it starts what takes time and is the same for everybody, the cloud and a kernel.
The next line is the job, and it says a line of JSON for each thing that it finds. It ends when its input does: nobody
is there any more who wants to know.
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

import boto3

from .. import cloud
from ..course.exercises import find
from . import notebook
from .kernel import Gone, Kernel
from .limits import Allowance
from .notebook import Assignment, Plan, Unreadable
from .sandbox import Walls
from .session import Judged, Session
from .starting import Seat
from .verdicts import document
from .world import world

Say = Callable[..., None]

_CALLS = {
    "iam": "list_roles",
    "sts": "get_caller_identity",
    "lambda": "list_functions",
    "logs": "describe_log_groups",
    "dynamodb": "list_tables",
    "apigatewayv2": "get_apis",
}
"""What the labs ask of, and a call to each that finds nothing yet."""
_LIMITS = {"AS": 8 << 30, "CORE": 0, "FSIZE": 512 << 20}


def main() -> None:
    """Take the seat that is told on stdin, and do the job that is told next."""
    say = _mouth()
    told = json.loads(sys.stdin.readline())
    seat = Seat(Walls(**told["walls"]), Path(told["folder"]), Path(told["overlay"]), told["output_mb"])
    logging.disable(logging.WARNING)  # nobody reads what the gateway thinks of a submission
    _limit_myself()
    if seat.walls.uid >= 0:
        os.umask(0)  # a function is somebody else, and writes beside its code; the folder itself is shut
    with world(seat.walls, seat.folder):
        kernel = _ahead(seat)
        if job := sys.stdin.readline():
            threading.Thread(target=_end_with_input, daemon=True).start()
            try:
                mark(json.loads(job), say, seat, kernel)
            except Unreadable as why:
                say(event="unreadable", why=str(why))
        if kernel is not None:
            kernel.close()
    os._exit(0)  # threads of hostile submissions may still hang


def _ahead(seat: Seat) -> Kernel | None:
    """Return a kernel for a submission that has not come yet, and let moto load what the calls of it will need."""
    local = cloud.local()
    for service, call in _CALLS.items():
        getattr(boto3.client(service, region_name=local.region, endpoint_url=local.url), call)()
    try:
        return seat.kernel(1)
    except (Gone, OSError):
        return None  # its submission tries that again, and says so


def mark(job: dict[str, Any], say: Say, seat: Seat, kernel: Kernel | None = None) -> None:
    """Mark a submission, and say what is found. Raises Unreadable."""
    lab = notebook.assignment(Path(job["solution"]))
    plan = notebook.plan(lab, notebook.read(Path(job["path"])))
    say(event="plan", **planned(lab, plan))
    expected = json.loads(Path(job["expected"]).read_text("utf-8")) if job["expected"] else {}

    def judged(found: Judged) -> None:
        of_solution = expected.get(found.exercise.id)
        say(event="judged", verdict=document(found, of_solution, record=job["record"]))

    session = Session(
        plan,
        seat,
        Allowance(**job["allowance"]),
        judged,
        kernel,
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
