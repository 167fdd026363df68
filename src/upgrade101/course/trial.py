"""Try a learner's answer: limited in time, in a fresh cloud each time, and whatever happens is told kindly."""

from __future__ import annotations

import contextlib
import contextvars
import ctypes
import dis
import re
import sysconfig
import threading
import traceback
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Literal

from ..gateway.errors import Upgrade101Error
from ..gateway.happenings import Answered, Happening
from .exercises import Benches, Exercise, NotYet, listen

State = Literal["done", "not yet", "unwritten", "broken"]

_HERE = Path(__file__).parents[1]
_NO_ANSWER = "Malformed Lambda proxy response"  # it returned something, and raised nothing
_NO_CHECK = re.compile(r"NameError: name '(?:check|hint|progress|solution)' is not defined")
_REFUSAL = "Unauthorized"  # by this word an authorizer says 401, on purpose
_LIBRARIES = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib"))


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of it. ``lines`` are the learner's own on the way to an error, ``prints`` what functions printed."""

    state: State
    finding: NotYet | None = None
    error: str = ""
    lines: tuple[str, ...] = ()
    happenings: tuple[Happening, ...] = ()
    prints: tuple[str, ...] = ()


class _TimeOver(BaseException):
    """Put into the thread of a try whose time is over."""


@dataclass(slots=True)
class _Ended:
    """How a thread ended: with a value, with an error, or not at all."""

    value: Any = None
    error: BaseException | None = None
    in_time: bool = True
    tried: str = ""


def attempt(exercise: Exercise, answer: Any, benches: Benches) -> Tried:
    """Try an answer as often as the exercise wants, each time on a fresh bench, until it fails."""
    if exercise.takes_answer and unwritten(answer):
        return Tried("unwritten", error=_left(answer))
    result = Tried("done")
    for number in range(exercise.tries):
        result = _one_try(exercise, answer, benches)
        if result.state != "done":
            return _only_later(result) if number and result.finding else result
    return result


def _one_try(exercise: Exercise, answer: Any, benches: Benches) -> Tried:
    try:
        with benches() as bench:
            ended = within(exercise.seconds, lambda: _run(exercise, answer, bench))
            happenings = tuple(bench.happenings())
            prints = tuple(getattr(bench, "prints", ()))
            expected = frozenset(getattr(bench, "meant_to_fail", ()))
    except Upgrade101Error as error:
        return Tried("broken", NotYet(got=error.message, look=error.hint))
    except Exception as error:
        return Tried("broken", error=_sentence(error))
    return replace(_judge(ended, exercise.seconds, happenings, expected), prints=prints)


def _run(exercise: Exercise, answer: Any, bench: Any) -> NotYet | None:
    """Run the check and return what it found, whether it was raised or returned; what else it raises goes on."""
    try:
        found = exercise.run(answer, bench)
    except NotYet as finding:
        return finding
    if isinstance(found, Sequence) and found:
        found = found[0]
    return found if isinstance(found, NotYet) else None


def _judge(ended: _Ended, seconds: float, happenings: tuple[Happening, ...], expected: Collection[str] = ()) -> Tried:
    if not ended.in_time:
        got = f"still running after {seconds:g} s: a loop that never ends, or a wait for something that never comes?"
        return Tried("not yet", NotYet(tried=ended.tried, got=got), happenings=happenings)
    if isinstance(ended.error, NotImplementedError):
        return Tried("unwritten")
    if ended.error is not None:
        return _raised(ended, ended.error, happenings)
    if isinstance(ended.value, NotYet):
        ended.value.tried = ended.value.tried or ended.tried
        error, lines = _error_in_a_function(happenings, expected)
        if _NO_CHECK.search(error):
            ended.value.look = "the cell: all of it is deployed, so calls to `check` go into a cell of their own"
        return Tried("not yet", ended.value, error, lines, happenings)
    return Tried("done", happenings=happenings)


def _raised(ended: _Ended, error: BaseException, happenings: tuple[Happening, ...]) -> Tried:
    finding = NotYet(tried=ended.tried, got=_sentence(error))
    return Tried("not yet", finding, lines=tuple(own_lines(error)), happenings=happenings)


def _only_later(result: Tried) -> Tried:
    assert result.finding is not None
    look = "it went well the first time: does something stay behind between two runs?"
    result.finding.look = f"{look} {result.finding.look}".strip()
    return result


def within(seconds: float, work: Callable[[], Any]) -> _Ended:
    """Do work in a thread of its own and wait for it that long, then stop it.

    A loop in Python is stopped; a thread that waits inside C goes on in the background until that wait is over.
    """
    ended = _Ended(in_time=False)

    def do() -> None:
        with contextlib.suppress(_TimeOver):
            try:
                ended.value = work()
            except _TimeOver:
                return
            except BaseException as error:
                ended.error = error
            ended.in_time = True

    context = contextvars.copy_context()
    said = context.run(listen)
    thread = threading.Thread(target=context.run, args=(do,), name="check", daemon=True)
    thread.start()
    thread.join(seconds)
    for _ in range(5):
        if not thread.is_alive():
            break
        stop(thread)
        thread.join(0.2)
    return _Ended(ended.value, ended.error, ended.in_time, said[-1] if said else "")


def stop(thread: threading.Thread) -> None:
    """Have a thread stop at its next line of Python; one that waits inside C stops once that wait is over."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_TimeOver))


# ── what the learner wrote ───────────────────────────────────────────────────────────────────────────────────────────


def unwritten(answer: Any) -> bool:
    """Tell whether an answer is still the stub that was handed out: ``...``, ``None``, or a function without a body.

    >>> def on_connect(event, context):
    ...     '''Let everybody in.'''
    ...     ...
    >>> unwritten(on_connect), unwritten("$request.body.action"), unwritten({"body": ...})
    (True, False, True)
    """
    if answer is None or answer is Ellipsis or answer is NotImplemented:
        return True
    if isinstance(answer, str):
        return answer.strip() in ("", "?", "...", "…")
    if isinstance(answer, dict):
        return any(part is Ellipsis for part in answer.values())
    if isinstance(answer, list | tuple | set):
        return any(unwritten(part) if callable(part) else part is Ellipsis for part in answer)
    function = getattr(answer, "__func__", answer)
    return isinstance(function, FunctionType) and _is_stub(function.__code__)


def _left(answer: Any) -> str:
    """Return where a ``...`` is left in an answer that is written in part, '' where nothing is.

    >>> def on_connect(event, context):
    ...     return {"statusCode": 200}
    >>> def on_disconnect(event, context):
    ...     ...
    >>> _left((on_connect, on_disconnect))
    'a `...` is left in `on_disconnect`'
    >>> _left({"status": 403, "body": ...})
    'a `...` is left at `body`'
    """
    if isinstance(answer, dict):
        holes = [f"`{key}`" for key, part in answer.items() if part is Ellipsis]
        return f"a `...` is left at {' and '.join(holes)}" if len(holes) < len(answer) else ""
    parts = answer if isinstance(answer, list | tuple) else [answer]
    stubs = [part for part in parts if callable(part) and unwritten(part)]
    if not stubs or (len(stubs) == len(parts) and not any(map(_is_begun, stubs))):
        return ""
    named = [f"`{getattr(part, '__name__', 'one')}`" for part in stubs]
    return f"a `...` is left in {' and '.join(named)}"


def _is_begun(function: Any) -> bool:
    """Tell whether a stub does something else already: one that stands alone leaves no trace in code."""
    return _has_hole(getattr(function, "__func__", function).__code__)


def _is_stub(code: CodeType) -> bool:
    """Tell whether code uses a ``...`` as a value, or does nothing at all."""
    return _has_hole(code) or _shape(code) in _EMPTY


def _has_hole(code: CodeType) -> bool:
    return any(const is Ellipsis or (isinstance(const, CodeType) and _has_hole(const)) for const in code.co_consts)


def _shape(code: CodeType) -> list[tuple[str, Any]]:
    """Return what code does, step by step; arguments count only where they are constants."""
    own = {"COPY_FREE_VARS", "MAKE_CELL"}  # of a function inside another one
    steps = [step for step in dis.get_instructions(code) if step.opname not in own]
    return [(step.opname, step.argval if step.opname.endswith("_CONST") else None) for step in steps]


def _nothing() -> None: ...


async def _nothing_later() -> None: ...


_EMPTY = [_shape(nothing.__code__) for nothing in (_nothing, _nothing_later)]


def own_lines(error: BaseException) -> Iterable[str]:
    """Return the learner's own lines that led to an error, the last three; nobody else's."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_theirs(frame.filename)]
    return [f"line {frame.lineno}: {frame.line}" for frame in frames[-3:] if frame.line]


def is_theirs(file: str) -> bool:
    """Tell whether a file, or a cell by its name, is the learner's own."""
    if file.startswith("<frozen"):
        return False
    path = Path(file)
    return not any(path.is_relative_to(place) for place in (_HERE, *_LIBRARIES))


def _error_in_a_function(happenings: Iterable[Happening], expected: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Return the first error of a function that ran in the cloud and was not expected to fail, and the line."""
    for happening in happenings:
        if isinstance(happening, Answered) and {happening.target, happening.request_id} & set(expected):
            continue
        if isinstance(happening, Answered) and happening.error and happening.error != _NO_ANSWER:
            said = happening.payload if isinstance(happening.payload, dict) else {}
            if said.get("errorMessage") == _REFUSAL:
                continue
            error = f"{happening.error}: {said['errorMessage']}" if said.get("errorMessage") else happening.error
            return f"{happening.target} raised {error}", _last_of_its_own(said.get("stackTrace") or [])
    return "", ()


def _last_of_its_own(trace: Sequence[str]) -> tuple[str, ...]:
    """Return the line of the function that led to an error, not that of a library it called.

    >>> _last_of_its_own(['File "/var/task/app.py", line 3, in f\\n  g()', 'File "/var/lang/g.py", line 9\\n  h()'])
    ('g()',)
    """
    own = [entry for entry in trace if '"/var/task/' in entry] or trace
    return tuple(line.strip() for line in own[-1].splitlines()[-1:]) if own else ()


def _sentence(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")
