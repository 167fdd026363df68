"""What stands beside the learner: guess first, try it, get help, look back."""

from __future__ import annotations

from .check import NotDone, Verdict, check
from .exercises import Bench, NotYet, exercise, expect, trying
from .fails import fails
from .hint import hint
from .predict import predict
from .progress import progress
from .solution import solution

__all__ = [
    "Bench",
    "NotDone",
    "NotYet",
    "Verdict",
    "check",
    "exercise",
    "expect",
    "fails",
    "hint",
    "predict",
    "progress",
    "solution",
    "trying",
]
