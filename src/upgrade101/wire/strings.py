"""Words made to fit: how wide they are, how they become shorter, and how they stay different from each other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def moment(seconds: float) -> str:
    """Return a time as one reads it.

    >>> [moment(seconds) for seconds in (0, 0.0004, 0.0042, 0.123, 2.5, 660, 7200)]
    ['0 ms', '0.4 ms', '4.2 ms', '123 ms', '2.50 s', '11.0 min', '2.00 h']
    """
    milliseconds = max(seconds, 0.0) * 1000
    if milliseconds < 0.05:
        return "0 ms"
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    if seconds < 100:
        return f"{seconds:.2f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.2f} h"


def columns(words: str) -> int:
    """Return how many columns of a terminal these words fill.

    >>> columns("née"), columns("日本"), columns("👋")
    (3, 4, 2)
    """
    return sum(_columns(sign) for sign in words)


def _columns(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def one_line(words: str) -> str:
    """Return words without anything that would break a line or hide in it."""
    signs = {"\n": "⏎", "\r": "", "\t": " "}
    return "".join(signs.get(sign, sign if sign.isprintable() else "·") for sign in words)


def shorten(words: str, most: int) -> str:
    """Return words of at most ``most`` columns, shortened in the middle: both ends of a payload say something.

    >>> shorten('{"action": "message", "text": "hi"}', 21)
    '{"action": "…": "hi"}'
    """
    words = one_line(words)
    if columns(words) <= most:
        return words
    head = (most - 1) * 3 // 5
    front, back = _fitting(words, head), _fitting(words[::-1], most - 1 - head)[::-1]
    return f"{front}…{back}"


def _fitting(words: str, most: int) -> str:
    """Return the longest beginning that fits."""
    used = 0
    for place, sign in enumerate(words):
        used += _columns(sign)
        if used > most:
            return words[:place]
    return words


def apart(names: Iterable[str], most: int) -> dict[str, str]:
    """Return for each name what it is called in ``most`` columns, such that one is never taken for another.

    Where the usual way would leave two that begin alike, what they share goes first. What cannot be told apart in so
    little room stays whole.

    >>> apart(["lounge-on-connect", "lounge-on-disconnect", "broadcast"], 16)
    {'lounge-on-connect': '…on-connect', 'lounge-on-disconnect': '…on-disconnect', 'broadcast': 'broadcast'}
    """
    names = list(dict.fromkeys(map(one_line, names)))
    short = {name: shorten(name, most) for name in names}
    for name in names:
        front, dots, _ = short[name].partition("…")
        alike = [other for other in names if other.startswith(front)] if dots and front else []
        if len(alike) > 1:
            short |= _without_beginning(alike, most)
    return {name: name if _is_taken(name, short) else word for name, word in short.items()}


def _looks_like(word: str, name: str) -> bool:
    """Tell whether this could be a name made shorter."""
    front, dots, back = word.partition("…")
    if not dots:
        return word == name
    return len(name) >= len(front) + len(back) and name.startswith(front) and name.endswith(back)


def _is_taken(name: str, short: dict[str, str]) -> bool:
    return any(other != name and _looks_like(short[name], other) for other in short)


def _without_beginning(names: list[str], most: int) -> dict[str, str]:
    """Return the long ones without as much of the common beginning as has to go, and if possible from a word on."""
    shared = next(
        (at for at, signs in enumerate(zip(*names, strict=False)) if len(set(signs)) > 1), min(map(len, names))
    )
    places = [found.end() for found in re.finditer(r"[-_./: ]", names[0][:shared])] or [shared]
    long = [name for name in names if columns(name) > most]
    fitting = [at for at in places if all(columns(name[at:]) < most for name in long)]
    at = min(fitting, default=max(places))
    return {name: f"…{shorten(name[at:], most - 1)}" for name in long}
