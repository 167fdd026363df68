"""The chat: one function for each route. ``rooms`` keeps what is known, ``lines`` speaks to those who are there."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

import lines
import rooms

Document = dict[str, Any]


class Rejected(Exception):
    """What a client asks for cannot be done, and it is told why."""


def answers(handler: Callable[[Document, Document], Document]) -> Callable[[Document, object], Document]:
    """Give a handler the message it is for, and the client what it returns, or why there is nothing."""

    @wraps(handler)
    def answer(event: Document, context: object) -> Document:
        asked: Document = {}
        try:
            asked = _read(event)
            reply = handler(event, asked)
        except Rejected as why:
            reply = {"type": "error", "error": str(why), "id": asked.get("id")}
        return {"statusCode": 200, "body": json.dumps(reply, ensure_ascii=False)}

    return answer


@answers
def join(event: Document, asked: Document) -> Document:
    """Come in, or say that you still are: the answer is what was said since, and who is here."""
    room, name = _text(asked, "room", 40), _text(asked, "name", 40)
    since = _number(asked)
    changed = rooms.enter(room, lines.caller(event), name)
    news = {each: _announce(event, each) for each in changed}
    if since is None:  # a newcomer reads the last page, and goes on from there
        messages, more = rooms.latest(room), False
        since = messages[0]["number"] - 1 if messages else 0
    else:
        messages = rooms.since(room, since)
        more = len(messages) == rooms.PAGE
    people = news.get(room) or _people(rooms.edition(room), rooms.members(room))
    return {"type": "joined", "since": since, "messages": messages, "more": more, **people}


@answers
def say(event: Document, asked: Document) -> Document:
    """Keep a message and tell the others in the room; the answer is the message as it was kept."""
    me = lines.caller(event)
    here = rooms.who(me)
    if here is None:
        return {"type": "stranger"}  # its row has expired, or it was taken for gone: join again
    room, name = here
    kept = rooms.add(room, name, _text(asked, "text", 500), _text(asked, "id", 40))
    message = {"type": "said", **kept}
    _tell(event, room, [member for member in rooms.members(room) if member != me], message)
    return message


def leave(event: Document, context: object) -> Document:
    """Take note that a line has ended; where this never comes, the next post finds out."""
    room = rooms.leave(lines.caller(event))
    if room is not None:
        _announce(event, room)
    return {"statusCode": 200}


@answers
def other(event: Document, asked: Document) -> Document:
    """Answer what no route is for."""
    raise Rejected(f"there is no action {asked.get('action')!r}, only join and say")


ROUTES = {"join": join, "say": say, "$disconnect": leave, "$default": other}
TWO_WAY = ("join", "say", "$default")


def _announce(event: Document, room: str) -> Document:
    """Tell a room who is in it, and return that."""
    edition, here = rooms.edition(room, changed=True), rooms.members(room)
    people = _people(edition, here)
    _tell(event, room, list(here), {"type": "people", **people})
    return people


def _people(edition: int, here: dict[str, str]) -> Document:
    """Return each name once, however many lines somebody has, and how new the list is."""
    return {"people": sorted(set(here.values())), "edition": edition}


def _tell(event: Document, room: str, connection_ids: list[str], message: Document) -> None:
    """Tell some lines; where one of them turns out to be gone, the rest hear of that too."""
    gone = lines.tell(event, connection_ids, message)
    if [rooms.leave(connection_id) for connection_id in gone]:
        _announce(event, room)


def _read(event: Document) -> Document:
    try:
        asked = json.loads(event.get("body") or "")
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise Rejected("send a JSON object with an action")
    return asked


def _text(asked: Document, key: str, longest: int) -> str:
    text = asked.get(key)
    if not isinstance(text, str) or not text.strip() or len(text) > longest:
        raise Rejected(f"{key} must be a text of 1 to {longest} characters")
    return text.strip()


def _number(asked: Document) -> int | None:
    number = asked.get("since")
    if number is None or (type(number) is int and number >= 0):
        return number
    raise Rejected("since must be the number of the last message you have")
