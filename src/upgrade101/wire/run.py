"""One run, recorded for later: what happened inside a ``with`` block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..gateway.happenings import Happening
from .lanes import story
from .picture import Drawing, Picture
from .recorder import Recorder
from .text import WIDTH


class Run(Drawing):
    """What happened between the beginning and the end of a ``with`` block; a notebook shows it as a wire log.

    >>> with Run(Recorder(), "nothing at all") as run:
    ...     pass
    >>> run.name, run.happenings
    ('nothing at all', ())
    """

    __slots__ = ("_heard", "_leave", "_recorder", "name")

    def __init__(self, recorder: Recorder, name: str = "") -> None:
        self.name = name
        self._recorder = recorder
        self._heard: list[Happening] = []
        self._leave: Callable[[], None] | None = None

    def __enter__(self) -> Run:
        self._end()
        self._heard = []
        self._leave = self._recorder.listen(self._heard.append)
        return self

    def __exit__(self, *_: Any) -> None:
        self._end()

    def _end(self) -> None:
        if self._leave is not None:
            self._leave()
            self._leave = None

    @property
    def happenings(self) -> tuple[Happening, ...]:
        """Return what happened, so far where the run still goes on."""
        return tuple(self._heard)

    @property
    def picture(self) -> Picture:
        """Return the run's wire log."""
        return Picture(story(self.happenings, remark=self._recorder.remark), self.happenings)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing happened."""
        return self.picture.is_empty

    @property
    def svg(self) -> str:
        """Return its wire log as a self-contained SVG document."""
        return self.picture.svg

    def words(self, width: int = WIDTH) -> str:
        """Return its wire log in words, at most ``width`` columns wide."""
        return self.picture.words(width)
