"""Where everything stands in the drawn picture, computed from the length of its words.

All words are set in a monospace font, so that their width is known without a browser. Lengths are CSS pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from .lanes import Lane, Story
from .steps import CLIENT, FUNCTION, Arrow, Gap, Note, Step
from .strings import apart, columns, moment, one_line, shorten

EM = 0.61  # the widest of the common monospace fonts
LABEL, SMALL, TITLE = 12.0, 10.5, 13.0  # font sizes
MARGIN, HEADER, ROW = 14.0, 46.0, 37.0
WIDEST = 860.0  # about what a notebook shows at full size
ROOMS = [*((18, most) for most in range(48, 21, -2)), (11, 22)]  # columns for connection ids and for words
REACH = 5.0  # half the width of an open line: arrows end at its edge
HEAD = 9.0  # length of an arrow's head
PAD = 10.0
BESIDE = 2 * REACH + 14  # what an arrow needs besides its words


def width_of(words: str, size: float = LABEL) -> float:
    """Return how wide these words are at that font size."""
    return columns(words) * size * EM


@dataclass(frozen=True, slots=True)
class Column:
    """A lane and where it stands."""

    lane: Lane
    x: float
    width: float
    title: str
    subtitle: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A step and where it stands: at height ``y``, its words centred at ``x``."""

    step: Step
    y: float
    x: float
    words: str
    when: str = ""
    start: float = 0.0  # an arrow's feet
    end: float = 0.0  # and the tip of its head
    lift: float = 0.0  # how far above the arrow its words stand
    beside: bool = False  # a note that shares its line with the arrow before it


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole picture, placed."""

    columns: tuple[Column, ...]
    steps: tuple[Placed, ...]
    width: float
    height: float
    top: float  # where the lifelines begin
    bottom: float

    def column(self, key: str) -> Column:
        """Return the column of a lane."""
        return next(column for column in self.columns if column.lane.key == key)


def layout(story: Story) -> Layout:
    """Place a story with at least one step."""
    whens = _whens(story)
    left = MARGIN + max(width_of(when, SMALL) for when in whens) + PAD
    placed = _columns(story, left)
    beside = [_stands_beside(before, step, story) for before, step in pairwise((Gap(at=0, count=0), *story.steps))]
    top = MARGIN + HEADER
    heights = _heights(story.steps, beside, top)
    place = partial(_place, story=story, at={column.lane.key: column for column in placed})
    steps = tuple(
        place(step, y, when, shares) for step, y, when, shares in zip(story.steps, heights, whens, beside, strict=True)
    )
    bottom = heights[-1] + ROW * 0.6
    right = max(placed[-1].x + placed[-1].width / 2, *(_right_edge(step) for step in steps))
    if story.remark:
        right = max(right, MARGIN + width_of(story.remark, SMALL))
    height = bottom + MARGIN + (LABEL + 8 if story.remark else 0)
    return Layout(placed, steps, right + MARGIN, height, top, bottom)


def status_width(status: str) -> float:
    """Return how wide a status is with its frame; nothing for none."""
    return width_of(status, SMALL) + 12 if status else 0.0


def _whens(story: Story) -> list[str]:
    return ["" if isinstance(step, Gap) else moment(story.after(step)) for step in story.steps]


def _columns(story: Story, left: float) -> tuple[Column, ...]:
    """Give lanes as much room as their words want, unless the picture grows too wide: then words are shortened."""
    for connection_id, most in ROOMS:
        heads = _heads(story.lanes, connection_id)
        widths = [max(width_of(title, TITLE) + 44, width_of(below, SMALL) + 16, 92) for title, below in heads]
        xs = _spread(story, widths, left, most)
        if xs[-1] + widths[-1] / 2 + MARGIN <= WIDEST:
            break
    return tuple(
        Column(lane, x, width, *head) for lane, x, width, head in zip(story.lanes, xs, widths, heads, strict=True)
    )


def _heads(lanes: Sequence[Lane], connection_id: int) -> list[tuple[str, str]]:
    """Return title and subtitle of each lane; what is made shorter stays different."""
    below = apart((lane.subtitle for lane in lanes if lane.kind != CLIENT), 20)
    ids = {lane.subtitle: shorten(lane.subtitle, connection_id) for lane in lanes if lane.kind == CLIENT}
    return [(shorten(lane.title, 16), (ids if lane.kind == CLIENT else below)[lane.subtitle]) for lane in lanes]


def _spread(story: Story, widths: Sequence[float], left: float, most: int) -> list[float]:
    """Return where the lanes stand if words of up to ``most`` columns are to fit between them."""
    order = {lane.key: place for place, lane in enumerate(story.lanes)}
    needs: dict[tuple[int, int], float] = {}
    for step in story.steps:
        if isinstance(step, Arrow):
            ends = order[step.source], order[step.target]
            between = (min(ends), max(ends))
            needs[between] = max(needs.get(between, 0.0), _need(step, most))
        elif isinstance(step, Note) and step.whom and order[step.lane] + 1 < len(widths):
            between = (order[step.lane], order[step.lane] + 1)
            needs[between] = max(needs.get(between, 0.0), _noted(step, most))
    xs = [left + widths[0] / 2]
    for place in range(1, len(widths)):
        apart = xs[-1] + (widths[place - 1] + widths[place]) / 2 + 10
        xs.append(max([apart, *(xs[first] + need for (first, last), need in needs.items() if last == place)]))
    return xs


def _need(step: Arrow, most: int) -> float:
    words = min(columns(one_line(step.text)), most) * LABEL * EM
    return max(words, status_width(step.status) + 3 * HEAD) + BESIDE


def _noted(step: Note, most: int) -> float:
    """Return the room for a note that is to leave the bars beside it in sight."""
    return min(columns(step.text), most) * LABEL * EM + 16 + PAD + 3 * REACH


def _stands_beside(before: Step, step: Step, story: Story) -> bool:
    """Tell whether a note can share its line with the arrow that led to it."""
    if not (isinstance(before, Arrow) and isinstance(step, Note) and before.target == step.lane):
        return False
    same = _connection(before) == _connection(step)
    keys = [lane.key for lane in story.lanes]
    return same and keys.index(before.source) < keys.index(step.lane)


def _connection(step: Step) -> str:
    return step.happening.connection_id if step.happening else ""


def _heights(steps: Sequence[Step], beside: Sequence[bool], top: float) -> list[float]:
    heights: list[float] = []
    y = top
    for step, shares in zip(steps, beside, strict=True):
        y += 0.0 if shares else ROW if isinstance(step, Arrow) else ROW * 0.9
        heights.append(y)
    return heights


def _place(step: Step, y: float, when: str, shares: bool, *, story: Story, at: dict[str, Column]) -> Placed:
    match step:
        case Arrow():
            return _place_arrow(step, y, when, at)
        case Note():
            words = shorten(step.text, 44)
            return Placed(step, y, at[step.lane].x + REACH + PAD, words, "" if shares else when, beside=shares)
    xs = [column.x for column in at.values()]
    return Placed(step, y, (xs[0] + xs[-1]) / 2, "")


def _place_arrow(step: Arrow, y: float, when: str, at: dict[str, Column]) -> Placed:
    source, target = at[step.source], at[step.target]
    way = 1 if target.x > source.x else -1
    start, end = source.x + way * REACH, target.x - way * REACH
    room = abs(target.x - source.x) - BESIDE + 1
    words = shorten(step.text, int(room / (LABEL * EM)))
    status = way * (HEAD + 4 + status_width(step.status)) if step.status else 0.0
    fits = not status or width_of(words) + 14 <= abs(end - status - start)  # beside the status; otherwise above it
    x, lift = ((start + end - status) / 2, 6.5) if fits else ((start + end) / 2, 11.0)
    return Placed(step, y, x, words, when, start, end, lift=lift)


def _right_edge(placed: Placed) -> float:
    if isinstance(placed.step, Note):
        return placed.x + width_of(placed.words) + 24
    return placed.x + width_of(placed.words) / 2


def span_offset(lane: Lane, depth: int) -> float:
    """Return how far a span stands beside its lane's middle: calls that overlap lie side by side."""
    return depth * 4.0 if lane.kind == FUNCTION else 0.0
