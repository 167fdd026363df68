"""The displays of lab 08: a greenhouse says readings, and lines end while a learner's client listens."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ... import cloud
from ...gateway.happenings import Happening, Knocked, Opened, Received, Refused
from ..bench import Bench
from ..beside import Beside
from ..exercises import NotYet, trying
from ..museum.scene import Scene
from ..vary import vary

PATIENCE = 5.0  # seconds, for a display that does not come; one that does takes milliseconds
SHUT, SHORTEST = 17, 0.25  # so many tries, and seconds: with `pause` they sum up to less once in a million times
MORE_LINES = 2  # that a display may open without need
QUIET = 0.3  # seconds in which nothing is said, and a display that stays on its line opens no other


@dataclass(slots=True)
class House:
    """The greenhouse as a display knows it: it numbers readings, writes them down, and posts them."""

    scene: Scene
    client: Beside
    texts: list[str] = field(default_factory=list)
    lines: int = 0

    def say(self, *, post: bool = True) -> None:
        """Write a reading down, and post it unless it is to get lost."""
        number = len(self.texts) + 1
        self.texts.append(f"{vary('bed')} {20 + number}°")
        self.scene.bench.session.resource("dynamodb").Table("readings").put_item(Item=self._reading())
        if post:
            self.post()

    def post(self) -> None:
        """Post the last reading to whoever is there."""
        with suppress(self.scene.api.connections.exceptions.GoneException):
            data = json.dumps(self._reading())
            self.scene.api.connections.post_to_connection(ConnectionId=self.guest, Data=data)

    def shut(self, tries: int) -> None:
        """Keep the door shut for so many tries."""
        self.scene.table.put_item(Item={"connection_id": "door", "shut": tries})

    @property
    def guest(self) -> str:
        """Return the connection that was opened last."""
        return [seen.connection_id for seen in self.scene.bench.so_far() if isinstance(seen, Opened)][-1]

    def _reading(self) -> dict[str, Any]:
        return {"seq": len(self.texts), "text": self.texts[-1]}

    def opened(self) -> int:
        """Return how many lines the display has opened."""
        return sum(isinstance(seen, Opened) for seen in self.scene.bench.so_far())

    def pauses(self) -> float:
        """Return how many seconds have passed in all between a refused try and the next one."""
        seen = [seen for seen in self.scene.bench.so_far() if isinstance(seen, Refused | Knocked)]
        return sum(b.at - a.at for a, b in pairwise(seen) if isinstance(a, Refused) and isinstance(b, Knocked))

    def await_line(self, seconds: float = PATIENCE) -> None:
        """Wait until the display has opened one more line, and has asked there if it does so at once.

        Raises NotYet where it does not come.
        """
        self.lines += 1
        deadline = time.monotonic() + seconds
        while not self._seen(Opened, self.lines, 0.02):
            if self.client.is_over:
                raise self._over()
            if time.monotonic() > deadline:
                raise self._never_came()
        self.await_question()

    def await_question(self, seconds: float = 0.5) -> None:
        """Give the display time to ask for what it has missed, and the answer time to arrive."""
        self.scene.bench.wait_for(lambda seen: self._asks(seen) and seen.connection_id == self.guest, seconds)
        self.scene.bench.happenings()
        if self.client.is_over:
            raise self._over()

    def keep_quiet(self) -> None:
        """Say nothing for a moment. Raises NotYet where the display opens a line although it had one."""
        trying("the line is open, and nothing is said for a moment")
        if self._seen(Opened, self.opened() + 1, QUIET):
            raise NotYet(expected="a display that stays on its line", got="it has come again", look=STAY)

    def questions(self) -> int:
        """Return how often the display has asked for what it missed."""
        return sum(map(self._asks, self.scene.bench.so_far()))

    def _asks(self, seen: Happening) -> bool:
        return isinstance(seen, Received) and "resume" in seen.text

    def _seen(self, kind: type[Happening], count: int, seconds: float) -> bool:
        def enough(_: Happening) -> bool:
            return sum(isinstance(seen, kind) for seen in self.scene.bench.so_far()) >= count

        return self.scene.bench.wait_for(enough, seconds)

    def _over(self) -> NotYet:
        """Return how a display has ended too early. Raises what it has raised, where that says most."""
        got = f"it has returned already: {_short(_returned(self.client))}"
        return NotYet(expected="a display that goes on until it has reading 9", got=got, look=_EARLY)

    def _never_came(self) -> NotYet:
        refused = any(isinstance(seen, Refused) for seen in self.scene.bench.so_far())
        got, look = f"nobody has come in {PATIENCE:g} s", _SHUT if refused else _EARLY
        return NotYet(expected=f"line {self.lines} of the display", got=got, look=look)


_EARLY = "the way back: where a line ends, by an error or in peace, a display opens the next, until it has all readings"
STAY = "when a line is left: a display that stays on the line hears of a reading as soon as it is posted"
_SHUT = "the door was shut for a while: a display waits a little and tries again"


def a_day(house: House) -> House:
    """Say nine readings, and do to the lines what networks and servers do."""
    house.say(post=False)
    house.say(post=False)
    house.await_line()
    trying("reading 3 is said")
    house.say()
    house.await_question()
    house.keep_quiet()
    trying(f"the line is cut, the door is shut for {SHUT} tries, and reading 4 is said meanwhile")
    house.shut(SHUT)
    house.say(post=False)
    _cut(house.guest)
    house.await_line(2 * PATIENCE)
    trying("reading 5 is said on the next line")
    house.say()
    house.await_question()
    trying("reading 6 gets lost on its way, reading 7 comes, and comes again")
    house.say(post=False)
    house.say()
    house.post()
    trying("the server ends the line in peace, and reading 8 is said meanwhile")
    house.say(post=False)
    with suppress(house.scene.api.connections.exceptions.GoneException):
        house.scene.api.connections.delete_connection(ConnectionId=house.guest)
    house.await_line()
    trying("reading 9 is said, and it is the last")
    house.say()
    return house


def expect_all(house: House) -> None:
    """Raise NotYet unless the display returns all texts, in order, each once."""
    try:
        found = _returned(house.client)
    except TimeoutError:
        asked = house.questions()
        times = f"has asked {asked} times" if asked > 1 else "has asked once" if asked else "has never asked"
        got = f"it still waits after {PATIENCE:g} s. It {times} for what it missed"
        look = "what it does where a number is missing, and when it stops"
        raise NotYet(expected="the nine texts", got=got, look=look) from None
    if not isinstance(found, list | tuple) or not all(isinstance(text, str) for text in found):
        raise NotYet(expected="a list of nine texts", got=_short(found), look="what `listen` returns")
    if list(found) != house.texts:
        got, look = _difference(house.texts, list(found))
        raise NotYet("all that `listen` returned", expected="readings 1 to 9, in order", got=got, look=look)
    _expect_to_stay(house)
    _expect_pauses(house)


def _expect_to_stay(house: House) -> None:
    """Raise NotYet where the display has opened many more lines than were ended here."""
    if (lines := house.opened()) > house.lines + MORE_LINES:
        expected, got = f"{house.lines} lines: two were ended", f"{lines}: it comes, asks and leaves, again and again"
        raise NotYet("all that was said", expected=expected, got=got, look=STAY)


def _expect_pauses(house: House) -> None:
    """Raise NotYet where the display has knocked at a shut door as fast as it could."""
    if (seconds := house.pauses()) < SHORTEST:
        look = "what happens between two tries: `time.sleep(pause(tries))`, and `tries` grows with each that failed"
        got = f"{SHUT} tries, and {1000 * seconds:.0f} milliseconds between them in all"
        raise NotYet("the door was shut", expected="pauses that grow from try to try", got=got, look=look)


def _returned(client: Beside) -> Any:
    """Return what a display returned. Raises NotYet where it failed for the end of a line, or before a shut door."""
    try:
        return client.result(PATIENCE)
    except Exception as error:
        looks = {"InvalidStatus": _SHUT, "ConnectionClosedOK": _PEACE, "ConnectionClosedError": _CUT}
        look = looks.get(type(error).__name__)
        if look is None:
            raise
        raise NotYet(expected="a display that goes on", got=f"{type(error).__name__}: {error}", look=look) from None


_PEACE = "what `recv` raises where a line has ended in peace: a kind of `ConnectionClosed` as well"
_CUT = "what `recv` raises where a line was cut: a kind of `ConnectionClosed` as well"


def _difference(wanted: Sequence[str], found: Sequence[str]) -> tuple[str, str]:
    """Return in words what is wrong with a list of texts, and where to look.

    >>> _difference(["a", "b", "c"], ["a", "c"])[0]
    'reading 2 is missing'
    >>> _difference(["a", "b"], ["a", "a", "b"])[0], _difference(["a", "b"], ["b", "a"])[0]
    ('reading 1 is there more than once', 'all of them, in the order 2, 1')
    """
    counts = Counter(found)
    missing = [number for number, text in enumerate(wanted, 1) if not counts[text]]
    doubles = [number for number, text in enumerate(wanted, 1) if counts[text] > 1]
    if missing or doubles:
        said = [f"{_numbers(missing)} missing"] if missing else []
        said += [f"{_numbers(doubles)} there more than once"] if doubles else []
        double = "an earlier number than the next one: drop it, you have it"
        return ", ".join(said), _why_missing(missing) if missing else double
    strangers = [text for text in found if text not in wanted]
    if strangers:
        return f"and in it {_short(strangers[0])}", "which text belongs to a reading"
    order = ", ".join(str(wanted.index(text) + 1) for text in found)
    return f"all of them, in the order {order}", "a later number than the next one: do not take it before the others"


def _numbers(numbers: Sequence[int]) -> str:
    one = len(numbers) == 1
    return f"reading{'' if one else 's'} {', '.join(map(str, numbers))} {'is' if one else 'are'}"


def _why_missing(missing: Sequence[int]) -> str:
    """Return where to look by what is missing; what began with it counts."""
    if missing[0] < 3:
        return "what was said before the display came: ask for all after 0"
    if 6 in missing and len(missing) == 1:
        return "the hole in the middle of a line: a number that is not the next one says that another got lost"
    return "what was said while no line was open: ask for all after the last number that the display has"


def make_readings(bench: Bench) -> None:
    bench.session.client("dynamodb").create_table(
        TableName="readings",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "seq", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "seq", "KeyType": "HASH"}],
    )


def _cut(connection_id: str) -> None:
    """Cut a line at the gateway's end: no close frame travels."""
    gateway = cloud.local().gateway
    with gateway.loop:
        connection = gateway.core.connections.get(connection_id)
        if connection is not None:
            connection.line.transport.abort()


def close_down(scene: Scene) -> None:
    """Let nobody in any more, and end every line: who still listens finds out."""
    scene.table.put_item(Item={"connection_id": "door", "shut": 1_000_000})
    for seen in scene.bench.so_far():
        if isinstance(seen, Opened):
            with suppress(scene.api.connections.exceptions.GoneException):
                scene.api.connections.delete_connection(ConnectionId=seen.connection_id)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
