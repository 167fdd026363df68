"""The chat inside a notebook: the page's client, shown by anywidget."""

from __future__ import annotations

import weakref
from typing import Any

import anywidget
import traitlets

from ... import cloud
from .serving import WEB


class Box(anywidget.AnyWidget):
    """A box to chat in. The browser has the line, as with the page; what it has read comes back as ``messages``."""

    _esm = WEB / "chat.js"
    _css = WEB / "chat.css"
    url = traitlets.Unicode().tag(sync=True)
    room = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    messages: Any = traitlets.List().tag(sync=True)
    people: Any = traitlets.List().tag(sync=True)
    state = traitlets.Unicode("not shown").tag(sync=True)
    over = traitlets.Bool(False).tag(sync=True)

    def __repr__(self) -> str:
        said = "\n".join(f"{message['name']}: {message['text']}" for message in self.messages)
        return (
            f"A chat box for room {self.room}, {self.state}; in the room: {', '.join(self.people) or 'nobody'}\n{said}"
        )


_boxes: weakref.WeakSet[Box] = weakref.WeakSet()


def close() -> None:
    """Let every box leave its room; harmless where none is shown."""
    for each in tuple(_boxes):
        each.over = True


def box(url: str, room: str = "blue", name: str = "") -> Box:
    """Return the chat as a box for a cell's output, for the stage at ``url``, as AWS gives it.

    Where a ``name`` is given, it enters the room at once, else it asks for one.
    """
    made = Box(url=cloud.local_url(url), room=room, name=name)
    _boxes.add(made)
    return made
