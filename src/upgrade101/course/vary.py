"""Words and numbers of a check that are others where it counts: an answer must not know them by heart.

In a notebook ``vary("rye")`` is ``rye``. Where a class is graded, it is another word at every try.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Value = TypeVar("Value", str, int)

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


class Others:
    """What stands for what, for one try; the same word is always stood for by the same."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.words: dict[str, str] = {}
        self.numbers: dict[int, int] = {}

    def word(self, word: str) -> str:
        """Return what stands for a word: as many words, as capital, and nearly as long."""
        if word not in self.words:
            taken = set(self.words.values())
            while (other := re.sub(r"[^\W\d_]+", self._letters, word)) in taken or other == word:
                continue
            self.words[word] = other
        return self.words[word]

    def number(self, number: int) -> int:
        """Return what stands for a whole number: another with as many digits."""
        if number not in self.numbers:
            least = 10 ** (len(str(abs(number))) - 1)
            choices = set(range(least, least * 10)) - set(self.numbers.values()) - {abs(number)}
            other = self._dice.choice(sorted(choices)) if least < 10_000 else self._dice.randrange(least, least * 10)
            self.numbers[number] = -other if number < 0 else other
        return self.numbers[number]

    def _letters(self, word: re.Match[str]) -> str:
        pairs = max(2, (len(word[0]) + 1) // 2)
        made = "".join(self._dice.choice(_CONSONANTS) + self._dice.choice(_VOWELS) for _ in range(pairs))
        return made.capitalize() if word[0][0].isupper() else made


_others: ContextVar[Others | None] = ContextVar("others", default=None)


def vary(value: Value) -> Value:
    """Return a word or a whole number as it is, or another one where the check counts.

    >>> vary("rye"), vary(20)
    ('rye', 20)
    >>> with varied(random.Random(1)) as others:
    ...     vary("poppy seed roll") == others.words["poppy seed roll"] != "poppy seed roll"
    True
    """
    others = _others.get()
    if others is None:
        return value
    if isinstance(value, str):
        return others.word(value)
    return others.number(value)


@contextmanager
def varied(dice: random.Random) -> Iterator[Others]:
    """Let :func:`vary` return others in this block, and in the threads that check meanwhile."""
    token = _others.set(Others(dice))
    try:
        yield _others.get() or Others(dice)
    finally:
        _others.reset(token)
