"""Exercises 11.1 and 11.4: what a client decides by itself, tried with plain data and no cloud."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ..asking import finished
from ..bench import Bench
from ..exercises import NotYet, exercise, trying
from ..texts import texts
from ..vary import vary

said = texts("11")

# ── 11.1 · back-off with jitter ──────────────────────────────────────────────────────────────────────────────────────

SINGERS, FIRST, MOST = 30, 2.0, 60.0
FEWEST = 8  # different pauses of thirty; tenths of a second have 16, give or take two


@exercise("11.1", **said["11.1"])
def comes_back_by_chance(pause: Callable[[int], float], bench: Bench) -> None:
    """Thirty singers lose their lines at the same moment, and again and again; one is away for days."""
    for attempt in (0, 3, 8):
        longest = min(MOST, FIRST * 2**attempt)
        trying(f"pause({attempt}), for each of {SINGERS} singers: at most {longest:g} seconds")
        _expect_spread([_pause(pause, attempt) for _ in range(SINGERS)], longest)
    trying("pause(3000): a phone that has been without a network for days")
    _expect_within([_pause(pause, 3000)], MOST)


def _pause(pause: Callable[[int], Any], attempt: int) -> float:
    """Return what an answer says. Raises NotYet where it is no number."""
    begun = time.monotonic()
    seconds = finished(pause(attempt))
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        waited = time.monotonic() - begun > 0.5
        look = "`pause` says how long, and does not wait itself" if waited else "what `pause` returns"
        raise NotYet(expected="a number of seconds", got=_short(seconds), look=look)
    return float(seconds)


def _expect_within(pauses: Sequence[float], longest: float) -> None:
    for seconds in pauses:
        if not 0 <= seconds <= longest:
            look = "a pause cannot be negative" if seconds < 0 else _too_long(longest)
            raise NotYet(expected=f"between 0 and {longest:g} seconds", got=f"{seconds:g} seconds", look=look)


def _too_long(longest: float) -> str:
    if longest == MOST:
        return "the longest pause of all: it stops growing at 60 seconds"
    return "how the longest pause grows: 2, 4, 8, 16 …, and `attempt` begins with 0"


def _expect_spread(pauses: Sequence[float], longest: float) -> None:
    """Raise NotYet unless pauses use the room they have; by chance a right answer fails once in a million times."""
    _expect_within(pauses, longest)
    least, most = min(pauses), max(pauses)
    got = f"they wait between {least:.2f} and {most:.2f} seconds"
    if most - least < longest / 1000:
        got = f"all wait {most:.2f} seconds, and knock together again"
        raise NotYet(expected="thirty moments spread out", got=got, look="who decides? Chance, or all alike")
    if len(set(pauses)) < FEWEST:
        got = f"no more than {len(set(pauses))} different pauses among {SINGERS}"
        look = "whole seconds are few: chance chooses among all numbers, with a fraction"
        raise NotYet(expected="thirty moments spread out", got=got, look=look)
    if most <= longest / 2:
        look = "how the longest pause grows: it doubles with each attempt"
        raise NotYet(expected=f"some that wait nearly {longest:g} seconds", got=got, look=look)
    if most - least < longest / 4:
        look = "how much of a pause is chance: all of it, from 0 on"
        raise NotYet(expected="thirty moments spread out", got=f"{got}: one crowd still", look=look)
    if least > 0.4 * longest:  # thirty times above that by chance: once in four million
        look = "where chance begins: at 0, so that some come back at once and the crowd is spread over all of the time"
        raise NotYet(expected="some that hardly wait", got=got, look=look)


# ── 11.4 · numbers, and what is missing ──────────────────────────────────────────────────────────────────────────────

_MESSES: tuple[tuple[int, tuple[int, ...]], ...] = (
    (0, (1, 2, 3)),
    (3, (4, 4, 5, 5)),
    (5, (7, 6, 8)),
    (8, (9, 11, 12)),
    (9, (12, 11)),
    (12, (3, 12, 7)),
    (12, ()),
    (12, (14, 12, 13)),
    (13, (14, 16, 15, 15)),
)


@exercise("11.4", **said["11.4"])
def reads_each_once_and_in_order(read_on: Callable[[int, list[dict[str, Any]]], Any], bench: Bench) -> None:
    """Nine small messes, and then a whole evening from the dice."""
    for last, numbers in _MESSES:
        _reads_on(read_on, last, [_message(number) for number in numbers])
    dice = random.Random(vary(11))
    last, evening = 0, [_message(number) for number in range(1, 31)]
    late: list[dict[str, Any]] = []
    for begin in range(0, len(evening), 3):
        now, late = _bad_weather(dice, [*late, *evening[begin : begin + 3]])
        texts, missing = _reads_on(read_on, last, now)
        last += len(texts)
        if missing:  # the client asks, and the answer is all that was said since
            texts, _ = _reads_on(read_on, last, evening[last : begin + 3])
            last += len(texts)


def _message(number: int) -> dict[str, Any]:
    """Return a message; two of them have the same text."""
    return {"number": number, "text": f"{vary('bar')} {15 if number == 16 else number}"}


def _bad_weather(
    dice: random.Random, messages: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what comes now, out of order, doubled or not at all, and what comes later."""
    now: list[dict[str, Any]] = []
    late: list[dict[str, Any]] = []
    for message in messages:
        blow = dice.choice(("well", "well", "twice", "late", "lost"))
        now += [message] * {"well": 1, "twice": 2}.get(blow, 0)
        late += [message] * (blow == "late")
    dice.shuffle(now)
    return now, late


def _reads_on(
    read_on: Callable[[int, list[dict[str, Any]]], Any], last: int, came: list[dict[str, Any]]
) -> tuple[list[str], bool]:
    """Ask the answer, and raise NotYet unless it is right; return what it said."""
    numbers = [message["number"] for message in came]
    trying(f"read_on({last}, …), where these numbers came: {', '.join(map(str, numbers)) or 'none'}")
    wanted = _next(last, numbers), any(number > last + len(_next(last, numbers)) for number in numbers)
    found = finished(read_on(last, [dict(message) for message in came]))
    if not (isinstance(found, tuple | list) and len(found) == 2 and isinstance(found[0], tuple | list)):
        look = "what `read_on` returns: `return texts, missing`"
        raise NotYet(expected="a pair: a list of texts, and True or False", got=_short(found), look=look)
    texts, missing = [_message(number)["text"] for number in wanted[0]], wanted[1]
    if list(found[0]) != texts:
        raise NotYet(expected=_short(texts), got=_short(list(found[0])), look=_why_other_texts(found[0], texts))
    if found[1] is not missing:
        expected = "True: a message before one that came is missing" if missing else "False: nothing is missing"
        look = "what is missing: a number that came, and is higher than what can be read now"
        if not isinstance(found[1], bool):
            look = "the second of the two: it is True or False"
        raise NotYet(expected=expected, got=_short(found[1]), look=look)
    return texts, missing


def _next(last: int, numbers: Sequence[int]) -> list[int]:
    """Return which numbers can be read now.

    >>> _next(3, [5, 4, 4, 7])
    [4, 5]
    """
    found = []
    while last + 1 in numbers:
        last += 1
        found.append(last)
    return found


def _why_other_texts(found: Sequence[Any], wanted: Sequence[str]) -> str:
    """Return where to look where other texts are read than should be."""
    told = [_short(text) for text in found]
    if not all(isinstance(text, str) for text in found):
        return "what is read: the texts, not the numbers or the whole messages"
    if set(told) == {_short(text) for text in wanted} and len(told) < len(wanted):
        return "two messages may have the same text: only their numbers tell them apart"
    if Counter(told) - Counter(map(_short, wanted)) and set(told) <= {_short(text) for text in wanted}:
        return "a message that came twice is read once"
    if sorted(found) == sorted(wanted):
        return "the order: that of the numbers, not that in which they came"
    if list(found) == list(wanted[: len(found)]):
        return "all that can be read: up to the first hole, in whatever order they came"
    if set(wanted) < set(found):
        return "what must not be read yet or again: beyond a hole, or up to `last`"
    return "which number is next: `last` + 1, then the one after it"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
