"""The wire log in words: aligned columns for the eye, whole lines for a screen reader."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from .lanes import Story
from .steps import Arrow, Gap, Note, Step

WIDTH = 100
NOTHING = "Nothing has happened yet: connect a client or call your API, then wire.show()."


def text(story: Story, width: int = WIDTH) -> str:
    """Return the story as text of at most ``width`` columns."""
    if not story.steps:
        return NOTHING
    rows = [_row(step, story) for step in story.steps]
    lines = _table([("time", "from", "to", "what", "status"), *rows], width)
    return "\n".join([headline(story), *lines, *filter(None, [story.remark])])


def headline(story: Story) -> str:
    """Return how much happened, in one line.

    >>> headline(Story(arrows=1, seconds=0.0123))
    'wire log: 1 arrow in 12 ms'
    """
    return f"wire log: {story.arrows} arrow{'' if story.arrows == 1 else 's'} in {moment(story.seconds)}"


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


def sentences(story: Story, most: int = 160) -> str:
    """Return the story as sentences, for ears: the description of the drawn picture."""
    return " ".join(sentence(step, story, most) for step in story.steps) or NOTHING


def sentence(step: Step, story: Story, most: int = 160) -> str:
    """Return one step as a sentence."""
    when, source, target, what, status = _row(step, story)
    if isinstance(step, Gap):
        return f"{what}."
    what = shorten(what, most)
    if isinstance(step, Note):
        return f"{when}: {source}: {what}."
    return f"{when}: {source} to {target}: {what}{f', {status}' if status else ''}."


Row = tuple[str, str, str, str, str]


def _row(step: Step, story: Story) -> Row:
    when = moment(story.after(step))
    match step:
        case Arrow():
            return when, story.lane(step.source).name, story.lane(step.target).name, one_line(step.text), step.status
        case Note():
            return when, story.lane(step.lane).name, "", one_line(step.text), ""
        case Gap():
            return "", "", "", left_out(step), ""
    return when, "", "", step.text, ""


def left_out(gap: Gap) -> str:
    """Return the words for arrows that were left out."""
    return f"… {gap.count} more"


def _table(rows: Sequence[Row], width: int) -> list[str]:
    wide = [max(columns(row[column]) for row in rows) for column in range(5)]
    wide[1], wide[2] = min(wide[1], 16), min(wide[2], 16)
    wide[3] = max(min(wide[3], width - sum(wide) + wide[3] - 9), 20)
    return [_line(row, wide).rstrip() for row in rows]


def _line(row: Row, wide: Sequence[int]) -> str:
    when, source, target, what, status = row
    arrow = " " if row[0] == "time" or not target else "→"
    parts = (_left(source, wide[1]), arrow, _left(target, wide[2]), "", _left(what, wide[3]), "", status)
    return f"{' ' * (wide[0] - columns(when))}{when}  {' '.join(parts)}"


def _left(words: str, wide: int) -> str:
    words = shorten(words, wide)
    return words + " " * (wide - columns(words))
