"""The exercises of the labs: each is one function that tries what the learner wrote, in a fresh cloud.

    # checks/lab03.py
    @exercise(
        "03.1",
        "Find the action",
        showed="the selection expression reads the key from each message",
        now_try="a message without an action.",
        look="lesson 03, section 1",
        hints=("…", "…", "…", "…", "…"),
        symptoms={"KeyError: 'action'": "…"},
    )
    def finds_the_action(answer, bench):
        trying('{"action": "echo"}')
        expect(select(answer), "echo", look="the `$` at the beginning")

Whatever the function raises is told to the learner; ``NotYet`` tells it best.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..gateway.errors import ConfigurationError
from ..gateway.happenings import Happening
from .names import lesson_of, unknown

RUNGS = 5
CHECKS = "upgrade101.course.checks"


class Bench(Protocol):
    """A fresh cloud for one try; a lab's checks know what else theirs can do."""

    def happenings(self) -> Sequence[Happening]:
        """Return what happened in it: the picture of what the learner's code did."""
        ...


Benches = Callable[[], AbstractContextManager[Bench]]
Trying = Callable[[Any, Any], object]


class NotYet(Exception):
    """Say what was tried, what was expected, what came, and where to look."""

    def __init__(self, tried: str = "", expected: str = "", got: str = "", look: str = "") -> None:
        super().__init__(got or expected or tried)
        self.tried, self.expected, self.got, self.look = tried, expected, got, look


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise of a lab.

    ``seconds`` is the limit of one try, ``tries`` how often it must go well in a row. An exercise that does not take an
    answer looks at what the learner has built.
    """

    id: str
    title: str
    run: Trying = field(repr=False)
    showed: str
    hints: tuple[str, ...]
    now_try: str = ""
    look: str = ""
    symptoms: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 10.0
    tries: int = 2
    takes_answer: bool = True

    @property
    def lab(self) -> str:
        """Return the two digits of its lab."""
        return lesson_of(self.id)


_registry: dict[str, Exercise] = {}
_tried: ContextVar[list[str]] = ContextVar("tried")


def exercise(id: str, title: str, *, showed: str, hints: Sequence[str], **more: Any) -> Callable[[Trying], Trying]:
    """Make a function the check of an exercise; ``more`` are the other fields of :class:`Exercise`.

    Raises ConfigurationError unless there are five hints, one for each rung.
    """
    if len(hints) != RUNGS:
        raise ConfigurationError(f"{id} has {len(hints)} hints", hint=f"write {RUNGS}: where, idea, shape … answer")

    def register(run: Trying) -> Trying:
        _registry[id] = Exercise(id, title, run, showed=showed, hints=tuple(hints), **more)
        return run

    return register


def trying(what: str) -> None:
    """Say what is tried now: a failure from here on names it."""
    _tried.get([]).append(what)


def listen() -> list[str]:
    """Begin a try, and return the list to which :func:`trying` adds."""
    said: list[str] = []
    _tried.set(said)
    return said


def expect(got: Any, wanted: Any, *, tried: str = "", look: str = "", show: Callable[[Any], str] = repr) -> None:
    """Raise NotYet unless both are equal.

    >>> expect(1 + 1, 2)
    """
    if got != wanted:
        raise NotYet(tried=tried, expected=show(wanted), got=show(got), look=look)


def labs() -> list[str]:
    """Return the labs that have checks, in order."""
    package = importlib.import_module(CHECKS)
    return sorted(module.name[3:] for module in pkgutil.iter_modules(package.__path__) if module.name.startswith("lab"))


def exercises(lab: str) -> list[Exercise]:
    """Return the exercises of a lab in order; none where it has no checks."""
    if lab in labs():
        importlib.import_module(f"{CHECKS}.lab{lab}")
    return sorted((known for known in _registry.values() if known.lab == lab), key=_place)


def find(id: str) -> Exercise:
    """Return the exercise with this id. Raises Unknown, which names the nearest one."""
    known = {exercise.id: exercise for exercise in exercises(lesson_of(id))}
    if id not in known:
        raise unknown("exercise", id, known)
    return known[id]


def _place(exercise: Exercise) -> tuple[int, str]:
    number = exercise.id.partition(".")[2]
    return (int(number) if number.isdigit() else 999, number)
