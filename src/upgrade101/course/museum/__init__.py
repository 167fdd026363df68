"""The museum: ten bugs that real WebSocket APIs had, rebuilt in our own few lines, each broken and repaired.

    museum.visit("M1")                 # a fresh cloud, the broken functions, and what becomes of them
    museum.visit("M1", repaired=True)  # the same scenario, with the repaired ones

Each module here is one piece: its docstring tells the story, ``broken`` and ``repaired`` are routes with their
functions, and ``scenario`` tells them apart. The module is also the file that Lambda gets, so it imports nothing of
this package while it runs there. A lab's check plays a learner's repair with :meth:`Exhibit.play`.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from html import escape
from typing import Any

from ... import wire
from ...gateway.happenings import Happening
from ...wire import Picture
from ..bench import Bench, fresh
from ..exercises import NotYet, listen
from ..names import unknown
from .scene import Routes, Scene, stage

__all__ = ["Exhibit", "Routes", "Scene", "Visit", "exhibit", "exhibits", "play", "visit"]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One bug. ``story`` says what was meant and what happens; ``seen_in`` where it was found, and when."""

    id: str
    title: str
    story: str = field(repr=False)
    seen_in: str
    lesson: str
    broken: Routes = field(repr=False)
    repaired: Routes = field(repr=False)
    scenario: Callable[[Scene], None] = field(repr=False)
    two_way: tuple[str, ...] = ()
    scheduled: tuple[str, ...] = ()

    def play(self, routes: Routes, bench: Bench) -> None:
        """Play the scenario with these routes on a bench. Raises NotYet where they fail as the broken ones do.

        A repair exercise hands in ``{**piece.broken, "say": say}``.
        """
        with self.stage(routes, bench) as scene:
            self.scenario(scene)

    def stage(self, routes: Routes, bench: Bench) -> AbstractContextManager[Scene]:
        """Build what the scenario is played on; its clients stay as they are until the block ends."""
        return stage(bench, routes, two_way=self.two_way, scheduled=self.scheduled)


@dataclass(frozen=True, slots=True)
class Visit:
    """What became of a piece: what the scenario found (None where all went well), and what happened on the wire."""

    exhibit: Exhibit
    found: NotYet | None
    happenings: Sequence[Happening] = field(repr=False)
    prints: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """Return one line that says what was found."""
        name = f"{self.exhibit.id} · {self.exhibit.title}"
        if self.found is None:
            return f"{name}: it works"
        return f"{name}: {self.found.tried}. Expected {self.found.expected}; got {self.found.got}"

    @property
    def picture(self) -> Picture:
        """Return the wire log of the run, up to the moment in which it was decided."""
        return wire.draw(self.happenings, arrows=None)

    @property
    def text(self) -> str:
        """Return the finding, what the functions printed, and the wire log in words."""
        return "\n".join([self.headline, *self.prints, self.picture.words()])

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        lines = "".join(f"<div>{escape(line)}</div>" for line in (self.headline, *self.prints))
        return {"text/plain": self.text, "text/html": f"{lines}{self.picture.html}"}


def exhibits() -> list[Exhibit]:
    """Return all pieces, in order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if re.match(r"m\d\d_", module.name))
    return [_exhibit(importlib.import_module(f"{__name__}.{name}")) for name in names]


def exhibit(id: str) -> Exhibit:
    """Return one piece: ``exhibit("M1")``. Raises Unknown, which names the nearest one."""
    known = {piece.id: piece for piece in exhibits()}
    if id.upper() not in known:
        raise unknown("piece", id, known)
    return known[id.upper()]


def visit(id: str, *, repaired: bool = False) -> Visit:
    """Play a piece in a fresh local cloud and return what was found, with the wire log of the run."""
    piece = exhibit(id)
    return play(piece, piece.repaired if repaired else piece.broken)


def play(piece: Exhibit, routes: Routes) -> Visit:
    """Play a piece with these routes, its own or others, in a fresh local cloud."""
    with fresh() as bench, piece.stage(routes, bench) as scene:
        found, tried = None, listen()
        try:
            piece.scenario(scene)
        except NotYet as finding:
            finding.tried = finding.tried or tried[-1]
            found = finding
        return Visit(piece, found, tuple(bench.happenings()), tuple(bench.prints))


def _exhibit(module: Any) -> Exhibit:
    id, _, title = module.__doc__.partition("\n")[0].rstrip(".").partition(" · ")
    return Exhibit(
        id=id,
        title=title,
        story=module.__doc__.partition("\n")[2].strip(),
        seen_in=module.SEEN_IN,
        lesson=module.LESSON,
        broken=module.broken,
        repaired=module.repaired,
        scenario=module.scenario,
        two_way=getattr(module, "two_way", ()),
        scheduled=getattr(module, "scheduled", ()),
    )
