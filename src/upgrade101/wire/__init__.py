"""What happened on the wire, shown: ``wire.show()`` draws it, ``wire.text()`` says it, ``wire.frame(data)`` reads bits.

The picture is made from the gateway's own happenings and from nothing else: lanes for who takes part, time downward,
arrows with the real payload, the status at the arrow's head.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..gateway.happenings import Happening
from .lanes import ARROWS, story
from .life import Life, way
from .picture import Lifecycle, Picture
from .raw import client_frame, headers, read_frame, read_http, upgrade, upgrade_request
from .raw import show_bytes as bytes
from .raw import show_frame as frame
from .recorder import Recorder
from .text import WIDTH

__all__ = [
    "Lifecycle",
    "Picture",
    "Recorder",
    "bytes",
    "clear",
    "client_frame",
    "draw",
    "frame",
    "happenings",
    "headers",
    "lifecycle",
    "read_frame",
    "read_http",
    "recorder",
    "show",
    "text",
    "upgrade",
    "upgrade_request",
]

recorder = Recorder()


def show(*, last: int | None = None, everything: bool = False, arrows: int | None = ARROWS) -> Picture:
    """Draw what happened since the last picture; where nothing new did, the same picture again.

    ``last=12`` draws the last twelve arrows, ``everything=True`` all that is remembered. A run of more than ``arrows``
    arrows is cut in its middle; ``arrows=None`` shows them all. A notebook shows the picture as the value of a cell
    (or with ``display(wire.show())``), a terminal the same in words.
    """
    seen = recorder.everything() if everything or last is not None else recorder.take()
    names = recorder.letters(seen)
    return Picture(story(seen, names=names, arrows=arrows, last=last, remark=recorder.remark), tuple(seen))


def text(*, last: int | None = None, everything: bool = False, arrows: int | None = ARROWS, width: int = WIDTH) -> str:
    """Return in words, at most ``width`` columns wide, what :func:`show` would draw."""
    return show(last=last, everything=everything, arrows=arrows).words(width)


def clear() -> None:
    """Forget what happened so far."""
    recorder.clear()


def happenings() -> list[Happening]:
    """Return the happenings since the last picture; where nothing new happened, those of the last picture."""
    return recorder.latest()


def draw(seen: Sequence[Happening], *, arrows: int | None = ARROWS, remark: str = "") -> Picture:
    """Draw happenings from elsewhere: another gateway's, or recorded ones.

    >>> print(draw([]))
    Nothing has happened yet: connect a client or call your API, then wire.show().
    """
    return Picture(story(seen, arrows=arrows, remark=remark), tuple(seen))


def lifecycle(connection: str = "") -> Lifecycle:
    """Draw the life of a connection, from the table that the gateway itself goes by.

    ``connection`` is a connection id, or a client's letter in the wire log (``"A"``): the way it took so far is drawn
    into the diagram, and listed with its times. Where nothing is remembered of it, the diagram says so.

    >>> print(lifecycle().text.splitlines()[0])
    the life of a connection: 6 states, 8 steps
    """
    if not connection:
        return Lifecycle(Life())
    who = connection if len(connection) > 3 else f"client {connection}"
    stops = way(recorder.life_of(connection))
    return Lifecycle(Life(who=who, stops=stops, remark="" if stops else f"Nothing is remembered of {who}."))
