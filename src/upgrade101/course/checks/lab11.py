"""Lab 11: a choir's chat that holds up. What it says is in ``lab11.toml``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.conditions import Key
from websockets.exceptions import ConnectionClosed

from ... import cloud
from ...deploy import Handler
from ...gateway.happenings import Answered, Called, Received
from ..asking import BROKEN, described, error_of, finished, has_raised, heard
from ..bench import Bench
from ..exercises import NotYet, exercise, trying
from ..museum.scene import Guest, Scene, stage
from ..texts import texts
from ..vary import vary
from . import choir, plain11

__all__ = ["plain11"]

said = texts("11")

# ── 11.2 · a number on a condition ───────────────────────────────────────────────────────────────────────────────────

LIST = "wishes"
_LOOKS = ("GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems", "ExecuteStatement")


@dataclass(slots=True)
class Wishing:
    """Singers who wish for songs, and the receipts that they got."""

    scene: Scene
    receipts: dict[int, str] = field(default_factory=dict)  # songs by number
    quicker: list[tuple[Guest, str]] = field(default_factory=list)
    _busy: bool = False

    def wish(self, guest: Guest, song: str, tried: str = "") -> None:
        """Let somebody wish, and look at the receipt."""
        message = _wish(song)
        trying(tried.format(message) or f"{guest.name} sends {message}")
        self._note(song, guest.line.ask(message))

    def interrupts(self, call: Called) -> bool:
        """Tell whether somebody is quicker now: a function has looked, and has not written yet."""
        return _looks(call) and bool(self.quicker) and not self._busy

    def interrupt(self) -> None:
        """Let the next one be quicker."""
        self._busy = True
        guest, song = self.quicker.pop(0)
        with suppress(ConnectionClosed, TimeoutError):
            guest.line.socket.send(_wish(song))
            self._note(song, [str(guest.line.socket.recv(timeout=3))], quick=True)
        self._busy = False

    def _note(self, song: str, frames: Sequence[str], *, quick: bool = False) -> None:
        number = _number(frames)
        if number == 0:
            look = "the highest number of an empty list is 0, so the first song gets 1"
            raise NotYet(expected='{"number": 1}', got=frames[0], look=look)
        if number is not None and number not in self.receipts:
            self.receipts[number] = song
        elif not quick:
            self._refuse(number, frames)

    def _refuse(self, number: int | None, frames: Sequence[str]) -> None:
        if number is not None:
            self.expect_list()
            got = f"number {number}, as {self.receipts[number]!r} did"
            raise NotYet(expected="a number that nobody has", got=got, look=_TAKEN)
        if _was_stopped(self.scene.bench):
            look = "what each new try begins with: a new look, because the number that was free is taken now"
            raise NotYet(expected='{"number": …}', got=_STOPPED, look=look)
        row = "the row “Raised”: " if has_raised(self.scene.bench) else ""
        looks = {BROKEN: f"{row}a number that is taken is no fault, but the sign to look again"}
        got = described(self.scene.bench, frames)
        raise NotYet(expected='{"number": …}', got=got, look=looks.get(heard(frames), "what `wish` returns"))

    def expect_list(self) -> None:
        """Raise NotYet unless the list has every song under the number that its singer was told, without gaps."""
        kept = _kept(self.scene, LIST)
        for number, song in self.receipts.items():
            if kept.get(number) != song:
                got = f"{_whose(kept, number)}: the wish is lost, and its singer believes in it"
                raise NotYet(expected=f"{song!r} under number {number}, as its singer was told", got=got, look=_TAKEN)
        if list(kept) != list(range(1, len(self.receipts) + 1)):
            numbers = ", ".join(map(str, kept))
            wanted = ", ".join(map(str, range(1, len(self.receipts) + 1)))
            look = "the next number is one more than the highest in the table"
            raise NotYet(expected=f"the numbers {wanted}", got=f"the numbers {numbers or 'of nobody'}", look=look)


_TAKEN = "between the look and the write others write: write on the condition that the number is still free"


@exercise("11.2", **said["11.2"])
def loses_no_wish(wish: Handler, bench: Bench) -> None:
    """Singers wish one after the other, with new code in between, then at the same moment, then without a table."""
    _table(bench, LIST, "concert")
    with stage(bench, {"wish": wish}, two_way=("wish",), table_name="singers") as scene:
        ana, ben, cleo, dora = (scene.enter(name) for name in ("ana", "ben", "cleo", "dora"))
        wishing = Wishing(scene)
        wishing.wish(ana, vary("Abendlied"))
        wishing.expect_list()
        wishing.wish(ben, vary("Cantate"))
        bench.restart()
        wishing.wish(cleo, vary("Miserere"), "new code is deployed, and cleo sends {}")
        wishing.expect_list()
        wishing.quicker = [(ben, vary("Bourrée")), (cleo, vary("Laudate")), (dora, vary("Waldesruh"))]
        with bench.meanwhile(wishing.interrupts, wishing.interrupt):
            tried = "ana sends {}, and after each look of her function into the table, another singer is quicker"
            wishing.wish(ana, vary("Dona nobis"), tried)
        wishing.expect_list()
        _without_a_write(wishing, dora)
        _without_a_table(wishing, dora)


def _without_a_write(wishing: Wishing, guest: Guest) -> None:
    """Delete the table right behind a look into it: where the write fails, nobody may be told a number."""
    gone: list[str] = []

    def delete() -> None:
        gone.append(LIST)
        _delete(wishing.scene.bench)

    tried = "the table goes out of reach between the look of a function and its write; {} sends {}"
    trying(tried.format(guest.name, _wish(vary("Postlude"))))
    with wishing.scene.bench.meanwhile(lambda call: _looks(call) and not gone, delete):
        frames = guest.line.ask(_wish(vary("Postlude")))
    if gone:
        _expect_an_error(wishing.scene.bench, frames)


def _delete(bench: Bench) -> None:
    client = bench.session.client("dynamodb")
    with suppress(client.exceptions.ResourceNotFoundException):
        client.delete_table(TableName=LIST)


def _looks(call: Called) -> bool:
    return bool(call.caller) and call.operation in _LOOKS


def _without_a_table(wishing: Wishing, guest: Guest) -> None:
    """Delete the table: a wish must fail then, and not go on for ever, and not be confirmed."""
    bench = wishing.scene.bench
    _delete(bench)
    trying(f"the table is out of reach, and {guest.name} sends {_wish(vary('Finale'))}")
    _expect_an_error(bench, guest.line.ask(_wish(vary("Finale"))))


def _expect_an_error(bench: Bench, frames: Sequence[str]) -> None:
    expected, look = "an error, at once", "which error sends `wish` back to look again: one of them, and no other"
    if heard(frames) != BROKEN or _was_stopped(bench):
        got = _STOPPED if _was_stopped(bench) else described(bench, frames)
        raise NotYet(expected=expected, got=got, look=look)


_STOPPED = "it tried again and again, until Lambda stopped it"


def _was_stopped(bench: Bench) -> bool:
    """Tell whether the last function that ended did so because its time was over."""
    ran = [seen for seen in bench.happenings() if isinstance(seen, Answered)]
    return bool(ran) and "Timedout" in ran[-1].error


def _wish(song: str) -> str:
    return json.dumps({"action": "wish", "song": song}, ensure_ascii=False)


def _number(frames: Sequence[str]) -> int | None:
    """Return the number in a receipt, or None.

    >>> _number(['{"number": 3}']), _number(["3"])
    (3, None)
    """
    with suppress(ValueError, KeyError, TypeError, IndexError):
        number = json.loads(frames[-1])["number"] if len(frames) == 1 else None
        return number if type(number) is int else None
    return None


def _whose(kept: Mapping[int, str], number: int) -> str:
    return f"number {number} is {kept[number]!r}" if number in kept else f"there is no number {number}"


# ── 11.3 · who has gone, and who is here ─────────────────────────────────────────────────────────────────────────────


@exercise("11.3", **said["11.3"])
def tidies_up_and_says_who_is_here(tell: Handler, bench: Bench) -> None:
    """Four altos and a bass: all there, then two have gone, then a third, and at last the stage itself."""
    with stage(bench, {"tell": tell}, table_name="singers") as scene:
        ben, ana, cleo, dora = altos = _sing(scene, "altos", ("Ben", "Ana", "Cleo", "Dora"))
        (eva,) = _sing(scene, "basses", ("Eva",))
        _says(ana, "Tuesday at eight")
        for guest in altos:
            _expect_read(scene, guest, vary("Tuesday at eight"), None)
        _expect_silence(eva)
        ghosts, left = [ben, cleo], [ana, dora]
        for text in ("Bring pencils", "And water"):
            for ghost in ghosts:
                scene.cut(ghost)
            _says(ana, text)
            _expect_tidy(scene, ana, ghosts, left, vary(text))
            ghosts, left = [dora], [ana]
        _expect_silence(eva)
        _expect_kept_where_nothing_is_known(scene, ana)


def _sing(scene: Scene, voice: str, names: Sequence[str]) -> list[Guest]:
    """Let singers of a voice come in; a query finds them in the order of their names here, whatever their ids."""
    came = {guest.connection_id: guest for guest in (scene.enter(f"a singer of the {voice}", "") for _ in names)}
    for id in came:
        scene.table.put_item(Item={"connection_id": id, "room": vary(voice)})
    rows = scene.table.query(IndexName="by_room", KeyConditionExpression=Key("room").eq(vary(voice)))["Items"]
    for row, name in zip(rows, names, strict=True):
        came[row["connection_id"]].name = vary(name)
        scene.table.put_item(Item={**row, "name": vary(name)})
    return [came[row["connection_id"]] for row in rows]


def _expect_silence(guest: Guest) -> None:
    if guest.line.heard():
        got, look = f"{guest.name}, a bass, reads it too", "the index by_room finds the rows of one voice"
        raise NotYet(expected="only altos read what an alto says", got=got, look=look)


def _says(guest: Guest, text: str) -> None:
    guest.says(action="tell", text=vary(text))


def _expect_tidy(scene: Scene, speaker: Guest, ghosts: list[Guest], left: list[Guest], text: str) -> None:
    """Raise NotYet unless who is left has read text and list, and the rows are those of who is left."""
    names = sorted(guest.name for guest in left)
    gone = " and ".join(guest.name for guest in ghosts)
    trying(f"{gone} went without a goodbye, and {speaker.name} says “{text}”")
    rows = {row["connection_id"] for row in scene.table.scan(ConsistentRead=True)["Items"]}
    for guest in left:
        guest.frames += guest.line.heard()
        _expect_first(scene, guest, text)
    for guest in left:
        if guest.connection_id not in rows:
            got = f"{guest.name} is here, and has no row any more"
            raise NotYet(expected=f"the rows of {gone} are gone", got=got, look="whose key is deleted: the ghost's")
    for ghost in ghosts:
        if ghost.connection_id in rows:
            got = f"{ghost.name}'s row is still there"
            raise NotYet(expected=f"the rows of {gone} are gone", got=got, look=_why_a_ghost_stays(scene.bench))
    for guest in left:
        _expect_read(scene, guest, text, names)


def _why_a_ghost_stays(bench: Bench) -> str:
    failed = any(isinstance(seen, Answered) and seen.error for seen in bench.happenings())
    return "the row “Raised”: a 410 is news, and not the end" if failed else "what follows a 410: `delete_item`"


def _expect_first(scene: Scene, guest: Guest, text: str) -> None:
    found = [_read(frame) for frame in guest.frames]
    if {"text": text} in found:
        return
    broken = any(error_of(frame) for frame in guest.frames)
    look = "the row “Raised”" if broken else "one who has gone is no reason to tell the others nothing"
    got = described(scene.bench, guest.frames)
    raise NotYet(expected=f"{guest.name} reads {json.dumps({'text': text})}", got=got, look=look)


def _expect_read(scene: Scene, guest: Guest, text: str, here: list[str] | None) -> None:
    """Raise NotYet unless somebody has read a text once, and after it once who is here, where that has changed."""
    frames, guest.frames = [*guest.frames, *guest.line.heard()], []
    found = [_read(frame) for frame in frames]
    wanted = [{"text": text}] + ([{"here": here}] if here is not None else [])
    if found != wanted:
        expected = " and then ".join(json.dumps(each, ensure_ascii=False) for each in wanted)
        got = " and then ".join(frames) or "nothing"
        look = _why_another_list(found, here)
        raise NotYet(expected=f"{guest.name} reads {expected}", got=got, look=look)


def _why_another_list(found: list[Any], here: list[str] | None) -> str:
    """Return where to look where somebody reads other things than text and list."""
    lists = [each["here"] for each in found if isinstance(each, dict) and "here" in each]
    if here is None and lists:
        return "nobody has gone, so nobody needs a new list"
    if here is None:
        return "what is posted, and how often"
    if not lists:
        return "those who are left want to know who is here"
    if len(lists) > 1:
        return "how many lists: one, once all of them are known who have gone"
    if isinstance(lists[0], list) and set(map(str, lists[0])) > set(here):
        return "when the list is made: who has gone must not be on it"
    return "the list: the names of those who are here, sorted"


def _read(frame: str) -> Any:
    with suppress(ValueError):
        return json.loads(frame)
    return frame


def _expect_kept_where_nothing_is_known(scene: Scene, guest: Guest) -> None:
    """Hand in an event of a stage that does not exist: posts are answered 403, which takes nobody for gone."""
    late = scene.event_of("tell")
    late["requestContext"]["stage"] = "closed"
    late["body"] = json.dumps({"action": "tell", "text": vary("Good night")})
    tried = "the stage has been deleted, every post is answered 403, and a message is worked off that came through it"
    with suppress(NotYet):
        scene.run("tell", late)
    if guest.connection_id not in {row["connection_id"] for row in scene.table.scan(ConsistentRead=True)["Items"]}:
        look = "which errors mean “gone”: only 410, GoneException"
        got = f"{guest.name} is taken out, and her line is open"
        raise NotYet(tried, expected="nobody is taken out", got=got, look=look)


# ── 11.5 · say it again, under the same id ───────────────────────────────────────────────────────────────────────────


@exercise("11.5", **said["11.5"])
def says_each_text_once(deliver: Callable[[str, str, list[str]], Any], bench: Bench) -> None:
    """Two singers, one of them twice, speak through a storm that cuts lines as soon as a message has arrived."""
    _table(bench, choir.BOOK, "book")
    with stage(bench, {"tell": choir.tell}, two_way=("tell",), table_name="singers") as scene:
        book: list[tuple[str, str]] = []
        for seed, name, words in ((39, "Ana", _ANA), (8, "Ben", _BEN), (5, "Ana", _ANA_AGAIN)):
            texts = [vary(text) for text in words]
            call = f"deliver(url, {vary(name)!r}, [{texts[0]!r}, …]), {len(texts)} texts"
            trying(f"{call}, in a storm that cuts lines")
            storm = cloud.chaos(vary(seed), kills=0.3, gone=0.2, delays=0, duplicates=0, restarts=0, most=4)
            with storm:
                numbers = finished(deliver(scene.api.url, vary(name), list(texts)))
            trying(f"{call}; {storm}")
            _expect_as_many(numbers, texts)
            before = len(book)
            book += [(vary(name), text) for text in texts]
            _expect_book(bench, book)
            _expect_receipts(numbers, list(range(before + 1, len(book) + 1)))


_ANA = ("No rehearsal tomorrow", "The hall is cold", "Bravo", "Bravo", "See you on Friday")
_ANA_AGAIN = ("Good night", "Sleep well")
_BEN = ("Who has the key", "Bravo", "I have it")


def _expect_book(bench: Bench, wanted: list[tuple[str, str]]) -> None:
    """Raise NotYet unless the book has these names and texts, in this order."""
    _expect_ids(bench)
    rows = _rows(bench, choir.BOOK)
    found = [(str(row["name"]), str(row["text"])) for row in rows]
    if found == wanted:
        return
    expected = f"a book with {len(wanted)} messages"
    twice = Counter(found) - Counter(wanted)
    lost = Counter(wanted) - Counter(found)
    if lost:
        look = "how a receipt is told from something else, and to which text it belongs"
        if any(wanted.count(each) > 1 for each in lost):
            look = "equal texts are messages of their own: do their ids differ?"
        raise NotYet(expected=expected, got=f"{_told(lost)} is not in it", look=look)
    if twice:
        look = "how often a text is said that has its receipt already"
        raise NotYet(expected=expected, got=f"{_told(twice)} is in it once too often", look=look)
    look = "one after the other: the next text only when the one before has its receipt"
    raise NotYet(expected="the texts in their order", got=_short([text for _, text in found]), look=look)


def _expect_ids(bench: Bench) -> None:
    """Raise NotYet where one id stood for two texts, or one text went out under more ids than it was given for."""
    texts_of: dict[Any, set[tuple[Any, Any]]] = {}
    for seen in bench.happenings():
        sent = _read(seen.text) if isinstance(seen, Received) else None
        if not isinstance(sent, dict) or not {"id", "name", "text"} <= sent.keys():
            continue
        texts_of.setdefault(str(sent["id"]), set()).add((sent["name"], sent["text"]))
    for id, told in texts_of.items():
        if len(told) > 1:
            (_, one), (_, two), *_ = sorted(told)
            got = f"the id {id!r} for “{one}” and for “{two}”"
            look = "an id belongs to one text of one singer: what else could have the same?"
            raise NotYet(expected="an id for each text that nobody else has", got=got, look=look)
    ids = Counter(next(iter(told)) for told in texts_of.values())
    for (name, text), count in ids.items():
        most = {vary("Ana"): _ANA + _ANA_AGAIN, vary("Ben"): _BEN}.get(name, ())
        if count > [vary(word) for word in most].count(text):
            got = f"“{text}” was said under {count} ids: the room cannot know that it is the same"
            look = "when the id is made: once for each text, before the first try"
            raise NotYet(expected="the same id each time a text is said again", got=got, look=look)


def _expect_as_many(numbers: Any, texts: Sequence[str]) -> None:
    """Raise NotYet where fewer receipts were read than texts were said."""
    if isinstance(numbers, list | tuple) and len(numbers) < len(texts):
        got = f"{len(numbers)} receipts for {len(texts)} texts: {_short(numbers)}"
        look = "without a receipt nobody knows whether a message has arrived: say it again, on a new line"
        raise NotYet(expected="a receipt for each text", got=got, look=look)


def _expect_receipts(numbers: Any, wanted: list[int]) -> None:
    if not isinstance(numbers, list | tuple) or list(numbers) != wanted:
        look = "what `deliver` returns: the `number` of each receipt, in the order of the texts"
        raise NotYet(expected=f"{wanted} is returned", got=_short(numbers), look=look)


def _told(texts: Mapping[tuple[str, str], int]) -> str:
    (name, text), *_ = texts
    return f"{name}'s “{text}”"


# ── tables and words ─────────────────────────────────────────────────────────────────────────────────────────────────


def _table(bench: Bench, name: str, key: str) -> None:
    """Make a table whose rows have a number beside their key."""
    fields = ((key, "S", "HASH"), ("number", "N", "RANGE"))
    bench.session.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": field, "AttributeType": kind} for field, kind, _ in fields],
        KeySchema=[{"AttributeName": field, "KeyType": use} for field, _, use in fields],
    )


def _rows(bench: Bench, name: str) -> list[dict[str, Any]]:
    """Return a table's rows by their numbers; number 0 is free for whatever a design wants to count."""
    rows = bench.session.resource("dynamodb").Table(name).scan(ConsistentRead=True)["Items"]
    return sorted((row for row in rows if row["number"] > 0), key=lambda row: int(row["number"]))


def _kept(scene: Scene, name: str) -> dict[int, str]:
    return {int(row["number"]): str(row.get("song", "")) for row in _rows(scene.bench, name)}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
