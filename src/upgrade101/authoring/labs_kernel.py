"""What runs inside the kernels of ``labs verify``: there, whatever a check says is written down for the one outside."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ..course.check import Check, Verdict, check
from ..course.wrong import wrong_answers

FILE = "UPGRADE101_VERDICTS"  # the environment variable that names the file
WATCH = """
from upgrade101.authoring.labs_kernel import watch
watch(); del watch
"""
"""The first cell of a kernel, so that its checks are watched."""


def watch() -> None:
    """Have every check write its verdict down, below the exercise's id."""
    original = Check.__call__

    def watched(self: Check, id: str, *answers: Any) -> Verdict:
        verdict = original(self, id, *answers)
        _write(verdict.id, verdict)
        return verdict

    Check.__call__ = watched  # type: ignore[method-assign]


def try_wrong(lab: str, place: int) -> None:
    """Check a wrong answer, and write the verdict down below its place in the list."""
    _write(str(place), wrong_answers(lab)[place].try_it(check))


def _write(about: str, verdict: Verdict) -> None:
    line = json.dumps({"about": about, "state": verdict.state, "said": verdict.card.text})
    with Path(os.environ[FILE]).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
