"""Ids such as ``04.a`` and ``03.2``, and a kind word where one is mistyped."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ..gateway.errors import ConfigurationError


class Unknown(ConfigurationError):
    """A name that the course does not know. A notebook shows what it says, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def lesson_of(id: str) -> str:
    """Return the two digits of the lesson or lab.

    >>> lesson_of("04.a"), lesson_of("3.2")
    ('04', '03')
    """
    return id.partition(".")[0].zfill(2)


def tidy(id: object) -> str:
    """Return an id as it is written.

    >>> tidy(" 4.A "), tidy(3.2), tidy("03.2")
    ('04.a', '03.2', '03.2')
    """
    lesson, _, rest = str(id).strip().lower().partition(".")
    return f"{lesson.zfill(2)}.{rest}"


def unknown(what: str, id: str, known: Iterable[str]) -> Unknown:
    """Return the error that names the nearest one, and all there are."""
    known = sorted(known)
    if not known:
        return Unknown(f"there is no {what} {id!r}", hint=f"nothing is known about {lesson_of(id)} yet")
    near = get_close_matches(id, known, n=1, cutoff=0.0)
    return Unknown(f"there is no {what} {id!r}; did you mean {near[0]!r}?", hint=f"there are {', '.join(known)}")
