"""``hint("03.2")``: help in five rungs, each call one rung higher; or by the name of a symptom."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from .card import Card, Facts, Folded, Part, Prose, show
from .exercises import RUNGS, Exercise, find
from .names import tidy
from .store import Entry, Store
from .store import store as the_store

BAR = " | "


class Hint:
    """The hints of an exercise, and how far a learner has climbed."""

    def __init__(self, store: Store = the_store) -> None:
        self._store = store

    def __call__(self, id: str, symptom: str = "", *, rung: int | None = None, all: bool = False) -> None:
        """Show the next hint, or the help for a symptom such as ``"KeyError: 'body'"``.

        ``rung=2`` shows again a rung that was climbed before, ``all=True`` all of them once the exercise is done.
        Raises Unknown where there is no such exercise.
        """
        exercise = find(tidy(id))
        known = self._store.entry("exercises", exercise.id)
        climbed = int(known.get("rung", 0))
        if symptom:
            show(_by_symptom(exercise, symptom))
        elif all:
            show(_all_rungs(exercise) if known.get("done") else _not_all_yet(exercise, climbed))
        elif rung is not None:
            show(_rung(exercise, max(min(rung, RUNGS if known.get("done") else climbed), 1), known))
        else:
            rung = min(climbed + 1, RUNGS)
            self._store.change("exercises", exercise.id, rung=rung)
            show(_rung(exercise, rung, known))


def _rung(exercise: Exercise, rung: int, known: Entry) -> Card:
    parts: list[Part] = []
    if rung == 1 and any(known.get("last", [])):
        parts.append(Facts(list(zip(("Tried", "Expected", "Got"), known["last"], strict=False))))
    parts.append(Prose(exercise.hints[rung - 1]))
    if rung > 1:
        parts.append(Folded("The rungs below", [_numbered(exercise, below) for below in range(1, rung)]))
    parts.append(
        Prose("This is the top of the ladder: one possibility among several." if rung == RUNGS else _higher(exercise))
    )
    return Card(f"Hint {rung} of {RUNGS} for {exercise.id} · {exercise.title}", parts)


def _higher(exercise: Exercise) -> str:
    return f'Try it, then `check`. Still stuck? `hint("{exercise.id}")` climbs one rung higher.'


def _numbered(exercise: Exercise, rung: int) -> Prose:
    words = exercise.hints[rung - 1]
    gap = "\n\n" if words.startswith("```") else " "  # a fence begins a line
    return Prose(f"**{rung}**{gap}{words}")


def _all_rungs(exercise: Exercise) -> Card:
    return Card(f"All hints for {exercise.id}", [_numbered(exercise, rung) for rung in range(1, RUNGS + 1)])


def _not_all_yet(exercise: Exercise, climbed: int) -> Card:
    words = (
        f"Until {exercise.id} is done the rungs come one at a time, so that you keep the part you can find yourself. "
        f'You are on rung {climbed} of {RUNGS}; `hint("{exercise.id}")` climbs to the next.'
    )
    return Card(f"Hints for {exercise.id}", [Prose(words)])


def _by_symptom(exercise: Exercise, symptom: str) -> Card:
    name = nearest_symptom(symptom, exercise.symptoms)
    if name:
        return Card(f"{exercise.id} · “{name.replace(BAR, '” · “')}”", [Prose(exercise.symptoms[name])])
    known = "\n\n".join(f"`{each}`" for name in exercise.symptoms for each in name.split(BAR))
    words = f"These are known here:\n\n{known}" if known else "None is known here."
    return Card(
        f"{exercise.id} · no help for this symptom", [Prose(f'{words}\n\nThe ladder: `hint("{exercise.id}")`.')]
    )


def nearest_symptom(symptom: str, known: Iterable[str]) -> str:
    """Return the known symptom that is meant, or ''. One that has several names has them with bars in between.

    A slip of the keys is forgiven, but a number is never taken for another one.

    >>> nearest_symptom("KeyError: 'body' (line 3)", ["KeyError: 'body'", "Forbidden | 403"])
    "KeyError: 'body'"
    >>> nearest_symptom("403", ["410", "Forbidden | 403"])
    'Forbidden | 403'
    >>> nearest_symptom("404", ["410", "Forbidden | 403"])
    ''
    """
    names = {_folded(each): name for name in known for each in name.split(BAR)}
    said = _folded(symptom)
    if not said or said in names:
        return names.get(said, "")
    inside = [name for name in names if _is_in(name, said) or _is_in(said, name)]
    near = inside or _like(said, names)
    return names[max(near, key=len)] if near else ""


def _is_in(part: str, whole: str) -> bool:
    """Tell whether words stand in others as words: ``none`` does not in ``nonetype``, nor ``1`` in ``1.5``."""
    before, after = r"(?<!\w)" if part[0].isalnum() else "", r"(?!\w|[.,]\d)" if part[-1].isalnum() else ""
    return bool(re.search(before + re.escape(part) + after, whole))


def _like(said: str, names: Iterable[str]) -> list[str]:
    """Return the name that is nearest to what was said, if one is near and has the same numbers."""
    numbers = _numbers(said)
    return get_close_matches(said, [name for name in names if _numbers(name) == numbers], n=1, cutoff=0.6)


def _numbers(words: str) -> list[str]:
    return re.findall(r"\d+", words)


def _folded(words: str) -> str:
    return " ".join(words.casefold().replace('"', "'").split())


hint = Hint()
