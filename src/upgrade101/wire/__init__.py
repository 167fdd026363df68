"""What happened on the wire, shown: drawn, in words, while it happens, beside another run, and bit by bit.

The picture is made from the gateway's own happenings and from nothing else: lanes for who takes part, time downward,
arrows with the real payload, the status at the arrow's head. Every picture comes with the same in words.

    wire.show()                     what happened since the last picture, drawn; wire.text() says it
    wire.live()                     the same while it happens, also while a cell blocks, until cloud.stop()

    with wire.record("one after the other") as first: …
    with wire.record("all at once") as second: …
    wire.compare(first, second)     two runs side by side: what is alike, and where they part

    wire.lifecycle()                the life of a connection, from the gateway's own table of states
    wire.lifecycle("A")             and the way that client A took through it; wire.lifecycle("A", second) in that run

    wire.frame(data)                the bits of a frame; wire.upgrade(socket) and others speak the protocol by hand
"""

from __future__ import annotations

from collections.abc import Sequence

from ..gateway.errors import ConfigurationError
from ..gateway.happenings import Happening
from .lanes import ARROWS, life_of, story
from .life import Life, way
from .live import Live
from .live_page import screen
from .pair import ROWS, pair
from .picture import Comparison, Lifecycle, Picture
from .raw import client_frame, headers, read_frame, read_http, upgrade, upgrade_request
from .raw import show_bytes as bytes
from .raw import show_frame as frame
from .recorder import Recorder
from .run import Run
from .text import WIDTH

__all__ = [
    "Comparison",
    "Lifecycle",
    "Live",
    "Picture",
    "Recorder",
    "Run",
    "bytes",
    "clear",
    "client_frame",
    "compare",
    "draw",
    "frame",
    "happenings",
    "headers",
    "lifecycle",
    "live",
    "read_frame",
    "read_http",
    "record",
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


def record(name: str = "") -> Run:
    """Record a run for :func:`compare`: ``with wire.record("one after the other") as first: …``.

    It remembers what happens inside the block, all of it, and changes nothing for :func:`show`. As the value of a cell
    it is a wire log.
    """
    return Run(recorder, name)


Recorded = Run | Picture | Sequence[Happening]


def compare(first: Recorded, second: Recorded, *, rows: int | None = ROWS) -> Comparison:
    """Put two runs side by side: which steps are alike, and where they part.

    A run is what ``with wire.record() as first:`` has recorded, or a picture kept from :func:`show`, or a sequence of
    happenings. Clients count as the same by the order in which they came, functions by the order in which they were
    called; times and request ids are not compared. More than ``rows`` rows are folded where they are alike, then cut in
    the middle; ``rows=None`` shows all. Raises ConfigurationError for what is no run.

    >>> print(compare([], []).text.splitlines()[0])
    two runs side by side: all 0 rows alike
    """
    names = (getattr(first, "name", "") or "first", getattr(second, "name", "") or "second")
    return Comparison(pair(_happenings(first), _happenings(second), names, rows))


def _happenings(run: Recorded) -> Sequence[Happening]:
    found = run if isinstance(run, list | tuple) else getattr(run, "happenings", None)
    if not isinstance(found, list | tuple):
        raise ConfigurationError(
            f"a {type(run).__name__} is no run", hint="with wire.record() as first: …, or first = wire.show()"
        )
    return found


def lifecycle(connection: str = "", run: Recorded | None = None) -> Lifecycle:
    """Draw the life of a connection, from the table that the gateway itself goes by.

    ``connection`` is a connection id, or a client's letter in the wire log (``"A"``): the way it took so far is drawn
    into the diagram, and listed with its times. With a ``run`` (see :func:`compare`) the letter is the one that the
    client has there, and "A" goes without saying. Where nothing is remembered of a connection, the diagram says so.

    >>> print(lifecycle().text.splitlines()[0])
    the life of a connection: 6 states, 8 steps
    """
    if run is not None:
        connection = connection or "A"
        told = life_of(connection, _happenings(run), run.letters if isinstance(run, Picture) else None)
    elif connection:
        told = recorder.life_of(connection)
    else:
        return Lifecycle(Life())
    who, stops = connection if len(connection) > 3 else f"client {connection}", way(told)
    return Lifecycle(Life(who=who, stops=stops, remark="" if stops else f"Nothing is remembered of {who}."))


_live: Live | None = None


def live(*, last: int = 12) -> Live:
    """Show the wire log from here on while it happens, also while a cell blocks; ``last`` is how many arrows are seen.

    The view stands below the cell that calls this, is drawn anew a few times a second where something happens, can be
    paused, and is read to who listens to a screen reader. It ends with :func:`upgrade101.cloud.stop`, with the next
    ``wire.live()`` (so also where its cell runs again), with the ``with`` block it may be used for, or with its own
    ``stop()``, and leaves an ordinary picture of all that happened meanwhile. In a terminal it prints a line for each
    step. Nothing changes for :func:`show`.
    """
    global _live
    if _live is not None:
        _live.stop()
    _live = Live(recorder, screen(), _is_running, last=last).start()
    return _live


def _is_running() -> bool:
    from ..cloud import is_running

    return is_running()
