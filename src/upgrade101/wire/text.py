"""The wire log in words: aligned columns for the eye, whole lines for a screen reader."""

from __future__ import annotations

from collections.abc import Sequence

from .lanes import Story
from .steps import Arrow, Gap, Note, Step
from .strings import apart, columns, moment, one_line, shorten

WIDTH = 100
NAME = 20  # columns for who takes part, and twice that for those who cannot be told apart otherwise
NOTHING = "Nothing has happened yet: connect a client or call your API, then wire.show()."


def text(story: Story, width: int = WIDTH) -> str:
    """Return the story as text of at most ``width`` columns."""
    if not story.steps:
        return NOTHING
    called = apart((lane.name for lane in story.lanes), NAME)
    rows = [
        (when, called.get(source, source), called.get(target, target), what, status)
        for when, source, target, what, status in (_row(step, story) for step in story.steps)
    ]
    lines = _table([("time", "from", "to", "what", "status"), *rows], width)
    return "\n".join([headline(story), *lines, *filter(None, [story.remark])])


def headline(story: Story) -> str:
    """Return how much happened, in one line.

    >>> headline(Story(arrows=1, seconds=0.0123))
    'wire log: 1 arrow in 12 ms'
    """
    return f"wire log: {story.arrows} arrow{'' if story.arrows == 1 else 's'} in {moment(story.seconds)}"


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
    wide[1], wide[2] = min(wide[1], 2 * NAME), min(wide[2], 2 * NAME)
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
