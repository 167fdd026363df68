"""The log of a learner's functions as a verdict shows it: their own lines, each once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_LIBRARY = re.compile(r'\[[^]]*\]\s+File "/var/(?:lang|runtime)/')
_BELOW = re.compile(r"\[[^]]*\]\s{5}")  # Lambda's log indents with spaces that do not break
_LONGEST = 12  # lines of a block that repeats: a traceback, say


def shown(prints: Sequence[str], most: int = 20) -> list[str]:
    """Return the last lines of a log, without a traceback's steps through libraries, and what repeats once.

    >>> shown(["[f] hello", "[f] hello", "[f] bye"])
    ['[f] hello  × 2', '[f] bye']
    >>> shown(['[f]   File "/var/lang/lib/boto3/x.py", line 9, in f', "[f]     go()", "[f]     ^^^^", "[f] bye"])
    ['[f] bye']
    """
    return list(_once(list(_own(prints))))[-most:]


def _own(lines: Sequence[str]) -> Iterator[str]:
    in_library = False
    for line in lines:
        in_library = bool(_LIBRARY.match(line)) or (in_library and bool(_BELOW.match(line)))
        if not in_library:
            yield line


def _once(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines, and of a block that comes several times in a row its first, with their number."""
    place = 0
    while place < len(lines):
        size, times = next(_repeats(lines, place), (1, 1))
        first, *others = lines[place : place + size]
        yield f"{first}  × {times}" if times > 1 else first
        yield from others
        place += size * times


def _repeats(lines: Sequence[str], place: int) -> Iterator[tuple[int, int]]:
    """Yield how long a block is that comes more than once from here on, and how often it comes."""
    for size in range(1, _LONGEST + 1):
        block, times = lines[place : place + size], 1
        while lines[place + times * size : place + (times + 1) * size] == block:
            times += 1
        if times > 1 and len(block) == size:
            yield size, times
