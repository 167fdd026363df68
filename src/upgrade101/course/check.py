"""``check("03.1", answer)``: try what the learner wrote and say what was seen, as a kind colleague would."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .. import cloud, wire
from ..gateway.errors import Upgrade101Error
from ..gateway.happenings import Happening
from . import explain
from .bench import fresh
from .card import Card, Code, Facts, Folded, Part, Prose, Shown, show
from .exercises import Bench, Benches, Exercise, exercises, find
from .log import shown
from .names import Unknown, tidy
from .store import Store
from .store import store as the_store
from .trial import State, Tried, attempt


class NotDone(Upgrade101Error):
    """An exercise is not done yet; raised only where ``check.strict`` is true."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found; true where the exercise is done. It has been shown already when it is returned."""

    id: str
    state: State | str
    card: Card = field(repr=False)

    @property
    def done(self) -> bool:
        """Tell whether the exercise is done."""
        return self.state == "done"

    def __bool__(self) -> bool:
        return self.done

    def _ipython_display_(self) -> None:
        """Show nothing: the card has been shown."""


class _Empty:
    """A bench without a cloud, for exercises that need none."""

    def happenings(self) -> Sequence[Happening]:
        return ()


@contextmanager
def no_cloud() -> Iterator[Bench]:
    """Yield a bench on which nothing happens."""
    yield _Empty()


class Check:
    """Try an answer and show the verdict; never raise in a learner's notebook, unless ``strict`` says so.

    Where the environment variable UPGRADE101_STRICT is set, it says so too: a grader's cells must fail. So they must
    where nbgrader validates a notebook.
    """

    def __init__(self, store: Store = the_store, benches: Benches = no_cloud) -> None:
        self._store = store
        self.benches = benches
        self.strict = False

    def __call__(self, id: str, *answers: Any) -> Verdict:
        """Try the answer to an exercise: one object, or several where the exercise asks for several.

        Prints or shows what was tried, expected and got, where to look, and the picture of what the code did. Returns
        a verdict that is true where the exercise is done. Raises NotDone only where ``check.strict`` is true.
        """
        try:
            exercise = find(tidy(id))
        except Unknown as error:
            verdict = Verdict(str(id), "unknown", Card(error.message, [Prose(error.hint)]))
        else:
            verdict = self._verdict(exercise, answers[0] if len(answers) == 1 else answers or None)
        show(verdict.card)
        if (self.strict or _asked_to_be_strict()) and not verdict.done:
            raise NotDone(f"{verdict.id} {verdict.state}")
        return verdict

    def _verdict(self, exercise: Exercise, answer: Any) -> Verdict:
        result = explain.explained(attempt(exercise, answer, self.benches), explain.beside(answer))
        self._keep(exercise, result)
        parts = [*_BODY[result.state](exercise, result), *_where(), *_prints(result), *self._progress(exercise)]
        picture = wire.draw(result.happenings)
        if picture.story.steps:
            parts.append(Shown(picture))
        tone = {"done": "good", "not yet": "bad"}.get(result.state, "plain")
        return Verdict(exercise.id, result.state, Card(_title(exercise, result), parts, tone))

    def _keep(self, exercise: Exercise, result: Tried) -> None:
        if result.state in ("unwritten", "broken"):
            return
        known = self._store.entry("exercises", exercise.id)
        finding = result.finding
        last = [finding.tried, finding.expected, finding.got] if finding else []
        done = result.state == "done" or bool(known.get("done"))
        self._store.change("exercises", exercise.id, done=done, tries=int(known.get("tries", 0)) + 1, last=last)

    def _progress(self, exercise: Exercise) -> list[Part]:
        return [Prose(progress_line(exercise.lab, self._store))]


def _asked_to_be_strict() -> bool:
    return bool(os.environ.get("UPGRADE101_STRICT")) or os.environ.get("NBGRADER_EXECUTION") == "validate"


def progress_line(lab: str, store: Store) -> str:
    """Return how far a lab is: ``lab 03 · 2 of 5 done · next: 03.3``."""
    known = store.section("exercises")
    open_ones = [exercise.id for exercise in exercises(lab) if not known.get(exercise.id, {}).get("done")]
    total = len(exercises(lab))
    line = f"lab {lab} · {total - len(open_ones)} of {total} done"
    return f"{line} · next: {open_ones[0]}" if open_ones else line


def _title(exercise: Exercise, result: Tried) -> str:
    match result.state:
        case "done":
            return f"{exercise.id} done ✓ – you showed that {exercise.showed.rstrip('.')}."
        case "not yet":
            return f"{exercise.id} not yet · {exercise.title}"
        case "unwritten":
            return f"{exercise.id} · {'a part is still missing' if result.error else 'nothing written yet'}"
    return f"{exercise.id} · the check itself could not run"


def _done(exercise: Exercise, result: Tried) -> Iterator[Part]:
    if exercise.now_try:
        yield Prose(f"Now try: {exercise.now_try}")


def _not_yet(exercise: Exercise, result: Tried) -> Iterator[Part]:
    finding = result.finding
    if finding is not None:
        look = " · ".join(filter(None, [finding.look or exercise.look, f'hint("{exercise.id}")']))
        rows = ("Tried", finding.tried), ("Expected", finding.expected), ("Got", finding.got)
        yield Facts([*rows, ("Raised", result.error), ("Look at", look)])
    if result.lines:
        yield Folded("Your code, where it happened", [Code("\n".join(result.lines))])


def _unwritten(exercise: Exercise, result: Tried) -> Iterator[Part]:
    left = f"{result.error}; " if result.error else ""
    yield Prose(
        f'{exercise.title}: {left}replace the `...` by your own code. Stuck is normal: `hint("{exercise.id}")`.'
    )


def _broken(exercise: Exercise, result: Tried) -> Iterator[Part]:
    if result.finding is not None:
        yield Prose("This says nothing about your answer.")
        yield Facts([("Because", result.finding.got), ("What helps", result.finding.look)])
    else:
        yield Prose("This says nothing about your answer. Restart the kernel and run this cell again.")
        yield Facts([("Got", result.error)])


def _where() -> Iterator[Part]:
    if cloud.is_running() and not cloud.is_local():
        yield Prose("Checked on the local cloud: nothing was created or called where this notebook runs.")


def _prints(result: Tried) -> Iterator[Part]:
    if result.prints:
        yield Folded("The log of your functions", [Code("\n".join(shown(result.prints)))])


_BODY = {"done": _done, "not yet": _not_yet, "unwritten": _unwritten, "broken": _broken}

check = Check(benches=fresh)
