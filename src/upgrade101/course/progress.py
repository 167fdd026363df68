"""``progress()``: what is done and what is open, lab by lab and lesson by lesson."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable

from .card import Card, Part, Prose, Table, show
from .exercises import exercises, labs
from .names import lesson_of
from .questions import lessons, predictions
from .store import Entry, Store
from .store import store as the_store


class Progress:
    """How far a learner has come. It is kept on this machine only."""

    def __init__(self, store: Store = the_store, place: Traversable | None = None) -> None:
        self._store = store
        self._place = place

    def __call__(self, lesson: str = "") -> None:
        """Show all lessons and labs, or one."""
        asked = lesson_of(str(lesson)) if lesson else ""
        ids = [asked] if asked else sorted({*lessons(self._place), *labs()})
        rows = [self._row(id) for id in ids]
        parts: list[Part] = [Table(("", "predictions", "lab", "done", "open"), rows)] if rows else []
        parts.append(Prose(f"Kept in {self._store.path}, on this machine only. `progress.forget()` begins anew."))
        show(Card("Your progress", parts))

    def forget(self, lesson: str = "") -> None:
        """Forget the progress of a lesson and its lab, or all of it."""
        prefix = f"{lesson_of(str(lesson))}." if lesson else ""
        self._store.forget(prefix)
        print(f"Forgotten: {f'lesson and lab {prefix[:-1]}' if prefix else 'all progress'}.")

    def _row(self, lesson: str) -> tuple[str, str, str, str, str]:
        guesses, tries = self._store.section("predictions"), self._store.section("exercises")
        asked = list(predictions(lesson, self._place))
        made = sum(bool(guesses.get(id, {}).get("guess")) for id in asked)
        done, left = _split([exercise.id for exercise in exercises(lesson)], tries)
        lab = f"{len(done)} of {len(done) + len(left)}" if done or left else "–"
        return lesson, f"{made} of {len(asked)}" if asked else "–", lab, " ".join(done), " ".join(left)


def _split(ids: list[str], known: Mapping[str, Entry]) -> tuple[list[str], list[str]]:
    done = [id for id in ids if known.get(id, {}).get("done")]
    return done, [id for id in ids if id not in done]


progress = Progress()
