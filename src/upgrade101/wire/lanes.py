"""From happenings to a story: who stands in which lane, and which arrows and notes lie between the lanes.

Both pictures, the drawn one and the one in words, are made from the story and from nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from string import ascii_uppercase

from ..gateway.happenings import Closed, Happening, Knocked, Opened, Received, Sent
from .steps import (
    CLIENT,
    FUNCTION,
    GATEWAY,
    MANAGEMENT,
    NOTEBOOK,
    STRANGER,
    Arrow,
    Gap,
    Names,
    Note,
    Step,
    named,
    steps_of,
)

ARROWS = 12  # in one picture
CLIENT_LANES = 5
FUNCTION_LANES = 3

_ORDER = (CLIENT, GATEWAY, FUNCTION, "backend", "service", MANAGEMENT, NOTEBOOK)
_MORE = "…"


@dataclass(frozen=True, slots=True)
class Lane:
    """One who takes part. ``letter`` tells lanes apart without colour; ``style`` numbers colour and dashes."""

    key: str
    kind: str
    letter: str
    title: str
    subtitle: str = ""
    style: int = 0

    @property
    def name(self) -> str:
        """Return what the lane is called in words: a function by its name, all others by their title."""
        return self.subtitle if self.kind == FUNCTION and not self.key.endswith(_MORE) else self.title


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasted: an open connection in a client's lane, a call in a function's.

    ``first`` and ``last`` number the steps between which it lasted; None where that lies outside the picture. A call
    that ``goes_on`` was not seen to end.
    """

    lane: str
    first: int | None
    last: int | None
    depth: int = 0
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """What a picture tells."""

    lanes: tuple[Lane, ...] = ()
    steps: tuple[Step, ...] = ()
    spans: tuple[Span, ...] = ()
    arrows: int = 0  # how many there were before the run was cut
    seconds: float = 0.0
    remark: str = ""
    begin: float | None = None  # when the run began, where that is not its first step

    def after(self, step: Step) -> float:
        """Return how many seconds after the beginning a step was."""
        return step.at - (self.steps[0].at if self.begin is None else self.begin)

    def lane(self, key: str) -> Lane:
        """Return the lane with this key."""
        return next(lane for lane in self.lanes if lane.key == key)


def story(
    happenings: Sequence[Happening],
    *,
    names: Names | None = None,
    arrows: int | None = ARROWS,
    last: int | None = None,
    remark: str = "",
) -> Story:
    """Return the story of these happenings.

    ``names`` maps connection ids to letters, ``arrows`` is the most arrows shown (None: all), ``last`` keeps only that
    many from the end.
    """
    happenings = named(happenings)
    names = letters(happenings) if names is None else names
    steps = steps_of(happenings, names)
    if last is not None:
        steps, arrows = _last(steps, last), None
    total = sum(isinstance(step, Arrow) for step in steps)
    shown, rows = _cut(steps, arrows)
    lanes, moved = _lanes(shown, names)
    return Story(
        lanes=tuple(lanes),
        steps=tuple(_moved(step, moved) for step in shown),
        spans=tuple(_spans(steps, rows, [lane.key for lane in lanes])),
        arrows=total,
        seconds=max(steps[-1].at - steps[0].at, 0.0) if steps else 0.0,
        remark=remark,
    )


def letters(
    happenings: Iterable[Happening], known: Mapping[str, str] | None = None, ended: Collection[str] = ()
) -> dict[str, str]:
    """Give each connection a letter, by order of appearance; letters of connections that have ended are used again.

    >>> letters([Knocked(at=0, path="/dev", connection_id=name) for name in ("Xa=", "Ya=", "Xa=")])
    {'Xa=': 'A', 'Ya=': 'B'}
    """
    known = known or {}
    clients = list(dict.fromkeys(told.connection_id for told in happenings if told.connection_id))
    reserved = {letter for client, letter in known.items() if client not in ended or client in clients}
    given: dict[str, str] = {}
    for client in clients:
        letter = known.get(client)
        if letter is None or letter in given.values():
            letter = next(free for free in _alphabet() if free not in reserved)
            reserved.add(letter)
        given[client] = letter
    return given


def life_of(who: str, happenings: Iterable[Happening], names: Names | None = None) -> list[Happening]:
    """Return what happened to one connection, given by its id or its letter (that of the last who had it)."""
    happenings = list(happenings)
    names = letters(happenings) if names is None else names
    ids = dict.fromkeys(told.connection_id for told in happenings if told.connection_id)
    found = [client for client in ids if who in (client, names.get(client))]
    return [told for told in happenings if found and told.connection_id == found[-1]]


_LANES_OWN = "FGNRT"  # function, gateway, notebook, REST API, table


def _alphabet() -> Iterator[str]:
    """Yield A, B … Z, AA, AB …, without the letters of the other lanes: there is one G, and it is the gateway."""
    letters = [letter for letter in ascii_uppercase if letter not in _LANES_OWN]
    for number in count():
        letter = ""
        while number >= 0:
            letter, number = letters[number % len(letters)] + letter, number // len(letters) - 1
        yield letter


# ── what is left out ─────────────────────────────────────────────────────────────────────────────────────────────────


def _places(steps: Sequence[Step]) -> list[int]:
    """Return where the arrows stand that count where a run is cut: two close frames are one goodbye."""
    return [place for place, step in enumerate(steps) if isinstance(step, Arrow) and not step.attached]


def _last(steps: list[Step], wanted: int) -> list[Step]:
    places = [place for place, step in enumerate(steps) if isinstance(step, Arrow)]
    return steps[places[-wanted] :] if 0 < wanted < len(places) else steps


def _cut(steps: Sequence[Step], most: int | None) -> tuple[list[Step], list[int]]:
    """Keep beginning and end of a long run; return what is shown, and for every step the row where it went."""
    places = _places(steps)
    if most is None or len(places) <= most:
        return list(steps), list(range(len(steps)))
    head = max((most - 1) * 5 // 11, 1)
    tail = max(most - 1 - head, 1)
    end, start = places[head], places[-tail]
    gap = Gap(at=steps[end].at, count=sum(isinstance(step, Arrow) for step in steps[end:start]))
    rows = [row if row < end else end if row < start else row - start + end + 1 for row in range(len(steps))]
    return [*steps[:end], gap, *steps[start:]], rows


# ── who takes part ───────────────────────────────────────────────────────────────────────────────────────────────────


def _lanes(steps: Sequence[Step], names: Names) -> tuple[list[Lane], dict[str, str]]:
    """Return the lanes that occur, in their order, and which keys were merged into which lane."""
    keys = list(dict.fromkeys(key for step in steps for key in step.lanes))
    if keys and GATEWAY not in keys:
        keys.append(GATEWAY)
    lanes: list[Lane] = []
    moved: dict[str, str] = {}
    for kind in _ORDER:
        group = [key for key in keys if _kind(key) == kind]
        if kind == CLIENT:
            group.sort(key=lambda key: (len(_letter(key, names)), _letter(key, names)))
        shown, merged = _split(group, {CLIENT: CLIENT_LANES, FUNCTION: FUNCTION_LANES}.get(kind, len(keys)))
        lanes += [_lane(key, names, place, len(group), steps) for place, key in enumerate(shown)]
        if merged:
            lanes.append(_merged_lane(kind, merged, names))
            moved |= dict.fromkeys(merged, lanes[-1].key)
    return lanes, moved


def _split(keys: list[str], most: int) -> tuple[list[str], list[str]]:
    return (keys, []) if len(keys) <= most else (keys[: most - 1], keys[most - 1 :])


def _kind(key: str) -> str:
    return key.partition(":")[0]


def _letter(key: str, names: Names) -> str:
    return names.get(key.partition(":")[2], "R")


def _lane(key: str, names: Names, place: int, among: int, steps: Sequence[Step]) -> Lane:
    kind, _, name = key.partition(":")
    number = str(place + 1) if among > 1 else ""
    match kind:
        case "client":
            return _client_lane(key, name, names)
        case "function":
            return Lane(key, kind, f"F{number}", "function", name, place)
        case "backend":
            return Lane(key, kind, f"H{number}", "backend", name, place)
        case "service":
            title = {"dynamodb": "table", "sqs": "queue", "sns": "topic"}.get(name, name)
            return Lane(key, kind, title[0].upper(), title, _resource(key, steps) or name, place)
        case "gateway":
            stages = {step.stage for step in steps if step.stage}
            return Lane(key, kind, "G", "gateway", stages.pop() if len(stages) == 1 else "")
        case "@connections":
            return Lane(key, kind, "@", "@connections", "management API")
    return Lane(key, kind, "N", "notebook", "boto3")


def _client_lane(key: str, name: str, names: Names) -> Lane:
    if name not in names:
        return Lane(key, CLIENT, "R", "client", "plain HTTP")
    letter = names[name]
    subtitle = "no connection id" if name.startswith(STRANGER) else name
    return Lane(key, CLIENT, letter, f"client {letter}", subtitle, ord(letter[-1]) - ord("A"))


def _resource(key: str, steps: Sequence[Step]) -> str:
    """Return the one table or queue that was called, or '' where there were several."""
    resources = {step.resource for step in steps if isinstance(step, Arrow) and step.target == key}
    return resources.pop() if len(resources) == 1 else ""


def _merged_lane(kind: str, merged: list[str], names: Names) -> Lane:
    key = f"{kind}:{_MORE}"
    if kind == CLIENT:
        ends = f"{_letter(merged[0], names)} … {_letter(merged[-1], names)}"
        return Lane(key, kind, "…", f"{len(merged)} clients", ends, CLIENT_LANES - 1)
    return Lane(key, kind, "F…", f"{len(merged)} functions", "", FUNCTION_LANES - 1)


def _moved(step: Step, moved: Mapping[str, str]) -> Step:
    """Put a step into the lane its own was merged into, and let its words say whose it was."""
    if not isinstance(step, Arrow) or not (step.source in moved or step.target in moved):
        return step
    source, target = moved.get(step.source, step.source), moved.get(step.target, step.target)
    return replace(step, source=source, target=target, text=f"({step.whose}) {step.text}")


# ── what lasted ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _spans(steps: Sequence[Step], rows: Sequence[int], lanes: Collection[str]) -> Iterator[Span]:
    told = list(zip(rows, steps, strict=True))
    for lane in lanes:
        if _kind(lane) == CLIENT:
            yield from _open_line(lane, [(row, step) for row, step in told if isinstance(step, Arrow)])
        elif _kind(lane) == FUNCTION:
            yield from _busy(lane, told)


def _open_line(lane: str, arrows: Sequence[tuple[int, Arrow]]) -> Iterator[Span]:
    """Yield the rows between which a client's connection was open."""
    rows = {type(arrow.happening): row for row, arrow in arrows if lane in arrow.lanes}
    is_line = any(kind in rows for kind in (Opened, Received, Sent, Closed))
    if is_line and (Opened in rows or Knocked not in rows):
        yield Span(lane, rows.get(Opened), rows.get(Closed))


@dataclass(slots=True)
class _Call:
    """A call of a function that goes on: the row where it began, and, if nobody waits for it, of what it did last."""

    first: int | None
    depth: int
    forsaken: bool = False
    last: int | None = None


def _busy(lane: str, told: Sequence[tuple[int, Step]]) -> Iterator[Span]:
    """Yield for each call of a function the rows from event to answer; calls that overlap lie side by side.

    A call for which nobody waits any longer goes on to the last that the function was seen to do, or out of sight.
    """
    calls: dict[str, _Call] = {}
    over: list[_Call] = []
    for row, step in told:
        if isinstance(step, Note) and step.whom == lane:
            calls.setdefault(step.request_id, _Call(None, 0)).forsaken = True
        elif not isinstance(step, Arrow) or lane not in step.lanes:
            continue
        elif step.target == lane and step.request_id:
            over += [calls.pop(key) for key, call in tuple(calls.items()) if call.last is not None]
            taken = {call.depth for call in calls.values()}
            free = next(depth for depth in count() if depth not in taken)
            calls[step.request_id] = _Call(row, free, forsaken=step.source != GATEWAY)
        elif step.answer and step.request_id:
            call = calls.pop(step.request_id, _Call(None, 0))
            yield Span(lane, call.first, row, call.depth)
        else:
            _seen_at_work(list(calls.values()), row)
    for call in (*over, *calls.values()):
        yield Span(lane, call.first, call.last, call.depth, goes_on=True)


def _seen_at_work(calls: Sequence[_Call], row: int) -> None:
    """Take what a function does for a sign of the call that nobody waits for, where it has no other."""
    if len(calls) == 1 and calls[0].forsaken:
        calls[0].last = row
