"""One submission, from its first cell to its last exercise: run in a kernel, judged out here."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ..course import explain
from ..course.bench import fresh
from ..course.exercises import Exercise
from ..course.exercises import find as find_exercise
from ..course.trial import Tried, attempt
from ..course.vary import Others, varied
from ..localcloud import accounts
from .kernel import Gone, Kernel, Said
from .limits import Allowance
from .notebook import Plan, Run, Test
from .standins import Forged, StandIns
from .starting import HANDING, Seat
from .watch import Watch

_SETTING_UP_SECONDS = 60.0  # for the solution's own cells; they import much, and the machine may be busy with others
_OWN = "123456789012"  # moto's default account: what the notebook builds for itself


@dataclass(slots=True)
class Judged:
    """What became of one exercise."""

    test: Test
    exercise: Exercise
    tried: Tried
    others: Others | None = None
    seconds: float = 0.0
    why_not: str = ""  # it could not even be tried


@dataclass(slots=True)
class Session:
    """Run a plan; ``judged`` hears of each exercise as soon as there is a verdict."""

    plan: Plan
    seat: Seat
    allowance: Allowance
    judged: Callable[[Judged], None]
    waiting: Kernel | None = None  # one that stands ready; it is the first
    skip: frozenset[str] = frozenset()
    begun: Callable[[str], None] = lambda exercise_id: None
    notes: list[str] = field(default_factory=list)
    _kernel: Kernel | None = None
    _kernels: int = 0
    _bad: set[int] = field(default_factory=set)  # places of steps that ended a kernel
    _errors: dict[int, str] = field(default_factory=dict)
    _keys: Mapping[str, str] = field(default_factory=dict)
    _others: Others | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _deadline: float = 0.0
    _dice: random.Random = field(default_factory=random.SystemRandom)
    _watch: Watch = field(init=False)
    _second_chances: int = 2
    _place: int = 0  # of the exercise that is being judged
    _exercise: Exercise | None = None

    def run(self) -> None:
        """Do every step; whatever a submission does, each exercise gets a verdict."""
        self._deadline = time.monotonic() + self.allowance.total_seconds
        self._watch = Watch(self.allowance)
        with self._watch:
            try:
                for place, step in enumerate(self.plan.steps):
                    if isinstance(step, Test):
                        self._judge(place, step)
                    else:
                        self._run_cell(place, step)
            finally:
                self._end_kernel()
                self._kernel = self._taken()  # where nobody has asked for it
                self._end_kernel()

    @property
    def peak_mb(self) -> int:
        """Return how much memory its processes had together at most, as far as that was seen."""
        return self._watch.peak_mb

    # ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _run_cell(self, place: int, step: Run) -> None:
        if not self._has_more_to_judge(place):
            return
        try:
            self._execute(self._ready(place), place, step)
        except Gone as gone:
            self._lost(place, f"{self._named(place)}: {gone}")

    def _has_more_to_judge(self, place: int) -> bool:
        return any(isinstance(step, Test) and self._is_open(step) for step in self.plan.steps[place:])

    def _is_open(self, test: Test) -> bool:
        return test.exercise_id not in self.skip

    def _execute(self, kernel: Kernel, place: int, step: Run) -> None:
        seconds = self.allowance.cell_seconds if step.number else _SETTING_UP_SECONDS
        said = kernel.run(step.cell.source, seconds=min(seconds, self._left()))
        if not said.in_time:
            said.error = f"still running after {seconds:g} s, and stopped"
        if said.error:
            self._errors[place] = explain.in_plain_words(said.error)
            self._note(f"{self._named(place)}: {self._errors[place]}")

    def _named(self, place: int) -> str:
        """Return what a cell is called by: the exercise it belongs to."""
        step = self.plan.steps[place]
        test = next((each for each in self.plan.steps[place:] if isinstance(each, Test)), None)
        if test is None:
            return "a cell below the last exercise"
        own = isinstance(step, Run) and step.cell.grade_id in test.answer_ids
        return f"the cell of {test.exercise_id}" if own else f"a cell above the check of {test.exercise_id}"

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _left(self) -> float:
        return max(0.1, self._deadline - time.monotonic())

    # ── the kernel ───────────────────────────────────────────────────────────────────────────────────────────────

    def _ready(self, place: int) -> Kernel:
        """Return the kernel; a new one has run every cell before this place first. Raises Gone."""
        if self._kernel is not None:
            return self._kernel
        if time.monotonic() > self._deadline:
            raise Gone(f"the {self.allowance.total_seconds:g} s of a submission are over")
        if self._kernels >= self.allowance.kernels:
            raise Gone(f"{self._kernels} kernels have ended already")
        self._kernels += 1
        if self._kernels > 1:
            accounts.clear(_OWN)
        self._kernel = self._taken() or self.seat.kernel(self._kernels)
        self._watch.kernel(self._kernel.pid)
        for earlier, step in enumerate(self.plan.steps[:place]):
            if isinstance(step, Run) and earlier not in self._bad:
                self._execute(self._kernel, earlier, step)
        return self._kernel

    def _taken(self) -> Kernel | None:
        """Return the kernel that stands ready, if it still does."""
        kernel, self.waiting = self.waiting, None
        if kernel is not None and kernel.has_ended():
            kernel.close()
            return None
        return kernel

    def _lost(self, place: int, why: str) -> None:
        self._bad.add(place)
        self._errors[place] = why
        self._note(self._watch.reason or why)
        self._end_kernel()

    def _end_kernel(self) -> None:
        kernel, self._kernel = self._kernel, None
        if kernel is not None:
            kernel.close()

    # ── exercises ────────────────────────────────────────────────────────────────────────────────────────────────

    def _judge(self, place: int, test: Test) -> None:
        if not self._is_open(test):
            return
        self.begun(test.exercise_id)
        begun = time.monotonic()
        exercise = find_exercise(test.exercise_id)
        exercise = replace(exercise, seconds=exercise.seconds * self.allowance.patience)
        try:
            answer = self._handed_over(place, test)
        except (Gone, Forged) as why:
            if isinstance(why, Gone):
                self._lost(place, str(why))
            found = Judged(test, exercise, Tried("not yet"), why_not=self._because(place, str(why)))
        else:
            with self._watch.leaving_few():
                tried = attempt(exercise, answer, self._benches)
            if ran_out_of_time(tried) and self._second_chances and self._left() > 4 * exercise.seconds:
                self._second_chances -= 1  # the machine may have been busy with others
                self._exercise = replace(exercise, seconds=exercise.seconds * 2)
                with self._watch.leaving_few():
                    tried = attempt(self._exercise, answer, self._benches)
            said = explain.explained(tried, explain.in_cells(self.plan.sources))
            found = Judged(test, exercise, said, self._others)
        found.seconds = time.monotonic() - begun
        self.judged(found)

    def _because(self, place: int, why: str) -> str:
        """Return why nothing was handed over, with the error of the answer's own cell where it had one."""
        since = max((at for at in range(place) if isinstance(self.plan.steps[at], Test)), default=-1)
        failed = [at for at in range(since + 1, place) if at in self._errors and self._errors[at] not in why]
        own = [at for at in failed if self._named(at).startswith("the cell of")] or failed
        return f"{self._named(own[-1])}: {self._errors[own[-1]]}; so {why}" if own else why

    def _handed_over(self, place: int, test: Test) -> Any:
        """Return the stand-in for what the kernel hands over. Raises Gone and Forged."""
        names = ", ".join(test.answers)
        said = self._ready(place).run(
            f"__import__({HANDING!r}, fromlist=['']).hand_over({names})",
            seconds=min(self.allowance.cell_seconds, self._left()),
        )
        if said.error or not said.in_time:
            raise Forged(f"{names} could not be handed over: {said.error or 'it took too long'}")
        if not isinstance(said.payload, dict):
            raise Forged(f"{names} was not handed over")
        exercise = find_exercise(test.exercise_id)
        self._place, self._exercise = place, replace(exercise, seconds=exercise.seconds * self.allowance.patience)
        return StandIns(self._call, self.plan.sources).answer(said.payload.get("answers"))

    @contextmanager
    def _benches(self) -> Iterator[Any]:
        """Yield a fresh bench with other words, whose account the kernel's calls go to."""
        with varied(self._dice) as self._others, fresh() as bench:
            session: Any = bench.session
            self._keys = session.keys.variables()
            yield bench

    def _call(self, key: int, positional: Any, named: Any) -> Any:
        """Run a function in the kernel; for stand-ins, in the thread of a check."""
        assert self._exercise is not None
        seconds = min(self._exercise.seconds * 0.8, self._left())
        arguments, variables = json.dumps([positional, named]), json.dumps(dict(self._keys))
        code = f"await __import__({HANDING!r}, fromlist=['']).call({key!r}, {arguments!r}, {variables!r})"
        if not self._lock.acquire(timeout=1.0):
            raise TimeoutError("an earlier call has not come back")
        try:
            said = self._in_kernel(code, seconds)
        finally:
            self._lock.release()
        if said.error and not isinstance(said.payload, dict):
            raise RuntimeError(said.error)
        return said.payload

    def _in_kernel(self, code: str, seconds: float) -> Said:
        try:
            said = self._ready(self._place).run(code, seconds=seconds)
        except Gone as gone:
            self._end_kernel()
            raise ConnectionError(self._watch.reason or str(gone)) from None
        except BaseException:
            self._end_kernel()  # whoever called has given up, and the kernel is still at it
            raise
        if not said.in_time:
            self._end_kernel()  # a thread of its goes on
            raise TimeoutError(f"still running after {seconds:g} s")
        return said


def ran_out_of_time(tried: Tried) -> bool:
    """Tell whether an answer was found wrong only because something took too long."""
    said = [tried.error, *([tried.finding.got] if tried.finding else [])]
    return tried.state == "not yet" and any(map(explain.is_late, said))
