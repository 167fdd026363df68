"""Lab 07: tell everyone, or only a room. What it says is in ``lab07.toml``."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from ... import cloud
from ...deploy import Handler, sqs_queue
from ...gateway.documents import reply
from ...gateway.happenings import Answered, Called, Managed
from ...gateway.ports import Outcome
from ..asking import BROKEN, SILENCE, described, finished, heard, kind, pair
from ..bench import Bench, Line
from ..exercises import NotYet, exercise, trying
from ..museum.scene import Guest, Scene, stage
from ..texts import texts
from ..vary import vary
from . import handlers

said = texts("07")

BOARDING, LEAVING = "boarding at pier two", "the ferry leaves in ten minutes"
RAISED = "the row “Raised”"

harbour = partial(stage, table_name="passengers")
"""The ferry harbour: a table of passengers, an API with these routes, and passengers who come and go."""


@contextmanager
def _with_desk(bench: Bench, routes: Mapping[str, Handler], **more: Any) -> Iterator[tuple[Scene, Line]]:
    """Yield a harbour, and the line of Mara at the desk, who stands in no table."""
    with ExitStack() as undo:
        scene = undo.enter_context(harbour(bench, routes, **more))
        yield scene, undo.enter_context(bench.line(scene.api.url))


def _enter(scene: Scene, *names: str) -> list[Guest]:
    return [scene.enter(name, "") for name in names]


# ── 07.1 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("07.1", **said["07.1"])
def tells_everyone_on_a_list(announce: Callable[[Any, list[str], str], Collection[str]], bench: Bench) -> None:
    """Five on the list, two of whom have gone; then those who are left; then a door that is not there."""
    with harbour(bench, {"which": handlers.which}) as scene:
        guests = ana, ben, cleo, dora, eve = _enter(scene, "ana", "ben", "cleo", "dora", "eve")
        for each in (ben, dora):
            scene.leave(each)
        trying(f"announce(connections, [ana, ben, cleo, dora, eve], {vary(BOARDING)!r}): ben and dora have gone")
        gone = finished(announce(scene.api.connections, _ids(guests), vary(BOARDING)))
        _expect_all_told(scene, (ana, cleo, eve), vary(BOARDING))
        _expect_gone(gone, (ben, dora), guests)
        trying(f"announce(connections, [eve, ana], {vary(LEAVING)!r}): both are there")
        gone = finished(announce(scene.api.connections, _ids((eve, ana)), vary(LEAVING)))
        _expect_all_told(scene, (eve, ana), vary(LEAVING))
        scene.expect_heard(cleo, SILENCE, look="cleo is not on this list")
        _expect_gone(gone, (), guests)
        _try_a_wrong_door(announce, scene, ana)


def _ids(guests: Sequence[Guest]) -> list[str]:
    return [guest.connection_id for guest in guests]


def _expect_gone(said: Any, gone: Sequence[Guest], guests: Sequence[Guest]) -> None:
    """Raise NotYet unless exactly the ids of those who have gone were returned, in whatever order."""
    expected = f"a list with the ids of {_names(gone)}" if gone else "an empty list: nobody has gone"
    look = "what `announce` returns: the ids to take off the list"
    if said is None or isinstance(said, str | bytes | Mapping) or not isinstance(said, Collection):
        raise NotYet(expected=expected, got=f"{said!r} is returned", look=look)
    if sorted(map(str, said)) != sorted(_ids(gone)):
        names = {guest.connection_id: guest.name for guest in guests}
        found = [names.get(str(each), repr(each)) for each in said]
        got = f"those of {', '.join(found)}" if found else "an empty list"
        raise NotYet(expected=expected, got=got, look=look)


def _names(guests: Sequence[Guest]) -> str:
    return " and ".join(guest.name for guest in guests)


def _try_a_wrong_door(announce: Callable[..., Any], scene: Scene, guest: Guest) -> None:
    """Let the answer be 403: this says nothing about a passenger, so it must not be taken for 'gone'."""
    trying("the address of `connections` names a stage that does not exist, and announce(connections, [ana], …)")
    door = scene.api.url.replace("wss:", "https:") + "x"
    nowhere = scene.bench.session.client("apigatewaymanagementapi", endpoint_url=door)
    try:
        returned = finished(announce(nowhere, _ids((guest,)), vary(BOARDING)))
    except nowhere.exceptions.ForbiddenException:
        return
    look = "which errors `announce` catches: 403 does not say that ana has gone"
    raise NotYet(expected="the error itself: ForbiddenException", got=f"{returned!r} is returned", look=look)


# ── 07.2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("07.2", **said["07.2"])
def announces_past_those_who_have_gone(depart: Handler, bench: Bench) -> None:
    """The first and the last in the table have gone; somebody new comes; one post cannot succeed, and then none."""
    with _with_desk(bench, {"depart": depart}, two_way=("depart",)) as (scene, mara):
        first, *others, last = scene.in_order(*_enter(scene, "ana", "ben", "cleo", "dora"))
        for each in (first, last):
            scene.leave(each)
        trying(f"{_names((first, last))} have gone, and mara sends {_message(LEAVING)}")
        _announces(scene, mara, others, LEAVING, "2 passengers")
        others += _enter(scene, "eve")
        trying(f"eve has come, and mara sends {_message(BOARDING)}")
        _announces(scene, mara, others, BOARDING, "3 passengers")
        _try_a_bad_row(scene, mara)
        _try_a_closed_stage(scene)


def _message(text: str, action: str = "depart", **more: str) -> str:
    return json.dumps({"action": action, **more, "text": vary(text)})


def _announces(scene: Scene, mara: Line, guests: Sequence[Guest], text: str, answer: str) -> None:
    """Raise NotYet unless these hear a text, and Mara the answer."""
    frames = mara.ask(_message(text))
    _expect_all_told(scene, guests, vary(text))
    _expect_answer(scene.bench, frames, answer, "whom the number counts: those whose post went out")


def _expect_answer(bench: Bench, frames: Sequence[str], wanted: str, look: str) -> None:
    if heard(frames) != wanted:
        look = {BROKEN: _why_broken(bench), SILENCE: _NO_ANSWER}.get(kind(frames), look)
        raise NotYet(expected=f"mara reads “{wanted}”", got=described(bench, frames), look=look)


_NO_ANSWER = "what `depart` returns: a statusCode, and text as body"


def _why_broken(bench: Bench) -> str:
    """Return where to look for what is behind an error frame: an error, or an answer that is none."""
    return RAISED if any(isinstance(seen, Answered) and seen.error for seen in bench.happenings()) else _NO_ANSWER


def _try_a_bad_row(scene: Scene, mara: Line) -> None:
    """Let one post among several be answered 400: that is no 410, so Mara must read an error frame."""
    scene.table.put_item(Item={"connection_id": vary("pier two"), "name": "?"})
    message = _message(LEAVING)
    trying(f"one row holds no id but {vary('pier two')!r}, its post is answered 400, and mara sends {message}")
    frames = mara.ask(message)
    if kind(frames) != BROKEN:
        seen = [each for each in scene.bench.happenings() if isinstance(each, Answered)]
        got = f"mara reads {described(scene.bench, frames)}"
        raise NotYet(expected=f"mara reads “{BROKEN}”", got=got, look=_why_no_error(seen[-1].payload if seen else None))


_MUST_FAIL = "which errors are caught, or never looked at: one of them means “gone”, all others must come out"


def _why_no_error(returned: Any, more: str = "") -> str:
    """Return where to look where a function has not failed and should have."""
    if isinstance(returned, dict) and str(returned.get("statusCode", "")) >= "400":
        return "a `statusCode` is not looked at here, and Mara reads the body like any other: raise the error"
    return f"{_MUST_FAIL}{more}"


def _try_a_closed_stage(scene: Scene, more: str = "") -> None:
    """Run the function for an event of a stage that does not exist: 403, of which somebody must be told."""
    event = scene.event_of("depart")
    event["requestContext"]["stage"] = "closed"
    try:
        said = scene.run("depart", event)
    except NotYet:
        return
    if reply(Outcome(said)) is None:  # what is no answer becomes an error frame
        return
    tried = "the stage has been deleted, so every post is answered 403, and an announcement is worked off"
    got = f"no error: {scene.function_name('depart')} returned {said!r}"
    raise NotYet(
        tried, expected="an error: nobody was told, and mara must know", got=got, look=_why_no_error(said, more)
    )


# ── 07.3 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

TICKET = 300_000  # bytes: three rows fit into the megabyte of one answer


@exercise("07.3", **said["07.3"])
def reads_one_hall_to_its_end(announce: Handler, bench: Bench) -> None:
    """Seven in one hall, more than two answers of DynamoDB hold, and one in another."""
    with _with_desk(bench, {"announce": announce}) as (scene, mara):
        north = [_in_hall(scene, name, "north") for name in ("ana", "ben", "cleo", "dora", "eve", "gil", "hana")]
        finn = _in_hall(scene, "finn", "south")
        _tells_hall(scene, mara, "north", BOARDING, north)
        scene.expect_heard(finn, SILENCE, look="finn waits in the other hall: what is asked of the index?")
        _expect_no_scan(bench)
        _tells_hall(scene, mara, "south", LEAVING, [finn])
        _tells_hall(scene, mara, "east", LEAVING, [])


def _in_hall(scene: Scene, name: str, room: str) -> Guest:
    """Let somebody come to a hall, with a picture of a ticket in the row."""
    guest = scene.enter(name, "")
    row = {"connection_id": guest.connection_id, "room": vary(room), "ticket": "x" * TICKET}
    scene.table.put_item(Item=row)
    return guest


def _tells_hall(scene: Scene, mara: Line, room: str, text: str, guests: Sequence[Guest]) -> None:
    message = _message(text, "announce", room=vary(room))
    trying(f"{len(guests) or 'nobody'} in this hall, each row has 300 KB, and mara sends {message}")
    frames = mara.ask(message)
    if frames:
        look = RAISED if kind(frames) == BROKEN else "to whom is posted: mara is in no hall"
        raise NotYet(expected="mara hears nothing", got=described(scene.bench, frames), look=look)
    _expect_all_told(scene, guests, vary(text))


def _reads(bench: Bench, *operations: str) -> list[Called]:
    """Return what functions have read of tables in these ways."""
    calls = [seen for seen in bench.happenings() if isinstance(seen, Called) and seen.caller]
    return [seen for seen in calls if seen.operation in operations]


def _expect_no_scan(bench: Bench) -> None:
    for seen in _reads(bench, "Scan"):
        got = f"a Scan, which read {seen.answer['ScannedCount']} rows, those of other halls too"
        look = "the index by_room: a query finds the rows of a hall and reads no others; a filter drops what was read"
        raise NotYet("what `waiting_in` reads", expected="rows of one hall", got=got, look=look)


# ── 07.4 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

CALL_MS, AT_ONCE = 100, 4
_IN_A_THREAD = "; an error in a thread stays there until somebody reads its result: `sum`, `list`, `.result()`"


@exercise("07.4", **said["07.4"])
def lets_posts_overlap(depart: Handler, bench: Bench) -> None:
    """Twelve passengers, one of whom has gone, and calls that take their time."""
    with _with_desk(bench, {"depart": depart}, two_way=("depart",)) as (scene, mara):
        *guests, gone = _enter(scene, *(f"passenger {n}" for n in range(1, 13)))
        scene.leave(gone)
        trying(f"a call takes {CALL_MS} ms, one of 12 passengers has gone, and mara sends {_message(LEAVING)}")
        with cloud.latency(connections_ms=CALL_MS, quiet=True):
            frames = mara.ask(_message(LEAVING))
            if kind(frames) == BROKEN:
                _expect_answer(bench, frames, "11 passengers", RAISED)
            _expect_none_after_the_answer(bench, 12)
        _expect_all_told(scene, guests, vary(LEAVING))
        _expect_answer(bench, frames, "11 passengers", "whom the number counts: those for whom `tell` returned True")
        _expect_overlap(bench)
        _try_a_closed_stage(scene, _IN_A_THREAD)


def _expect_none_after_the_answer(bench: Bench, count: int) -> None:
    """Raise NotYet where the function has posted after it had answered, as a thread that nobody waits for does."""
    bench.wait_for(lambda _: len(_posts(bench.so_far())) >= count, 1.0)
    seen = bench.so_far()
    ended = max((n for n, each in enumerate(seen) if isinstance(each, Answered)), default=len(seen))
    late = len(_posts(seen[ended:]))
    if late:
        look = "who waits for the threads? On AWS they stand still with the environment, once it has answered"
        got = f"{late} posts went out after the answer"
        raise NotYet(expected="an answer when all posts are out", got=got, look=look)


def _expect_overlap(bench: Bench) -> None:
    """Raise NotYet unless several posts were under way at the same time."""
    most = _under_way([post.at for post in _posts(bench.happenings())], CALL_MS / 2000)
    if most < AT_ONCE:
        got = "one after the other, as in a loop" if most < 2 else f"never more than {most} at once"
        look = "which line waits, and what could have been begun before it: boto3 waits in a thread, and nowhere else"
        raise NotYet("how many posts are under way at once", f"{AT_ONCE} or more", got, look)


def _under_way(moments: Sequence[float], seconds: float) -> int:
    """Return how many calls were under way at once, where each was so for that long before its moment.

    >>> _under_way([1.0, 1.1, 1.2], 0.05), _under_way([1.0, 1.01, 1.02, 1.2], 0.05)
    (1, 3)
    """
    return max((sum(0 <= other - each <= seconds for other in moments) for each in moments), default=0)


# ── 07.5 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

QUEUE, WORKER, SHARE = "departures", "deliver", 5


@exercise("07.5", **said["07.5"])
def leaves_it_to_a_queue(functions: Sequence[Handler], bench: Bench) -> None:
    """Ten passengers and one who has gone. Nobody works at the queue until the desk has answered.

    Then ten, which is two full messages, and the stage is deleted before anybody works at those.
    """
    depart, deliver = pair(functions, 'check("07.5", depart, deliver)')
    url = bench.session.client("sqs").create_queue(QueueName=QUEUE)["QueueUrl"]
    with _with_desk(bench, {"depart": depart}, two_way=("depart",), environment={"QUEUE": url}) as (scene, mara):
        guests = _enter(scene, *(f"passenger {n}" for n in range(1, 12)))
        ids = _ids(scene.in_order(*guests))
        gone = next(guest for guest in guests if guest.connection_id == ids[2])
        scene.leave(gone)
        trying(f"one of 11 passengers has gone, and mara sends {_message(LEAVING)}")
        frames = mara.ask(_message(LEAVING))
        _expect_answer(bench, frames, "11 passengers", "what `depart` returns")
        _expect_nothing_posted(bench)
        _expect_shares(_messages(bench), ids)
        trying("SQS brings the messages to `deliver`, all in one event")
        arn = bench.function(deliver, name=WORKER)
        sqs_queue(QUEUE, arn, batch_size=10, session=bench.session)
        _expect_no_failure(bench)
        _expect_all_told(scene, [guest for guest in guests if guest is not gone], vary(LEAVING))
        _try_a_closed_pier(scene, mara, gone, ids)


def _try_a_closed_pier(scene: Scene, mara: Line, gone: Guest, ids: Sequence[str]) -> None:
    """Let ten be told of whom the worker, when it comes to it, can tell none: every post is answered 403."""
    bench, client = scene.bench, scene.bench.session.client("lambda")
    mapping = client.list_event_source_mappings()["EventSourceMappings"][0]["UUID"]
    client.update_event_source_mapping(UUID=mapping, Enabled=False)
    scene.table.delete_item(Key={"connection_id": gone.connection_id})
    trying(f"the row of whoever has gone is deleted, 10 passengers are left, and mara sends {_message(BOARDING)}")
    before = len(_messages(bench))
    _expect_answer(bench, mara.ask(_message(BOARDING)), "10 passengers", "what `depart` returns")
    _expect_shares(_messages(bench)[before:], [id for id in ids if id != gone.connection_id])
    trying("the stage is deleted, so every post is answered 403, and SQS brings the messages to `deliver`")
    gateway = bench.session.client("apigatewayv2")
    gateway.delete_stage(ApiId=scene.api.api_id, StageName=scene.api.stage_name)
    client.update_event_source_mapping(UUID=mapping, Enabled=True)
    if not _failures(bench):
        look = "which errors `deliver` catches: GoneException means “gone”, all others must come out"
        raise NotYet(expected="an error: nobody was told, and the messages must come again", got="no error", look=look)


def _expect_nothing_posted(bench: Bench) -> None:
    if posts := _posts(bench.happenings()):
        got = f"{len(posts)} posts, and nobody has worked at the queue yet"
        look = "who posts: the desk only puts work on the queue, and is free"
        raise NotYet("what the desk does", expected="messages on the queue, and no post", got=got, look=look)


def _messages(bench: Bench) -> list[str]:
    """Return what functions have put on the queue."""
    found = []
    for seen in bench.happenings():
        if isinstance(seen, Called) and seen.caller and not seen.error and seen.service == "sqs":
            entries = {"SendMessage": [seen.parameters], "SendMessageBatch": seen.parameters.get("Entries", ())}
            found += [str(entry["MessageBody"]) for entry in entries.get(seen.operation, ())]
    return found


def _expect_shares(messages: Sequence[str], ids: Sequence[str]) -> None:
    """Raise NotYet unless the list was cut as the docstring says, and nobody is left out or told twice."""
    wanted = -(-len(ids) // SHARE)
    expected = f"{wanted} messages for {len(ids)} passengers, at most {SHARE} in each"
    sizes = [sum(id in text for id in ids) for text in messages]
    places = [sum(id in text for text in messages) for id in ids]
    if len(messages) != wanted or max(sizes) > SHARE:
        raise NotYet("what is on the queue", expected, _counted(sizes), look="how the list is cut")
    if any(sizes) and set(places) != {1}:
        got = f"{places.count(0)} passengers stand in no message, {sum(n > 1 for n in places)} in more than one"
        raise NotYet(
            "what is on the queue", expected="each passenger once", got=got, look="where a share begins and ends"
        )


def _counted(sizes: Sequence[int]) -> str:
    """Return in words how many messages there are, and for how many passengers each.

    >>> _counted([]), _counted([11]), _counted([5, 6])
    ('no message', '1 message, for 11 passengers', '2 messages, for 5, 6 passengers')
    """
    if not sizes:
        return "no message"
    number = f"{len(sizes)} message{'s' if len(sizes) > 1 else ''}"
    return f"{number}, for {', '.join(map(str, sizes))} passengers" if any(sizes) else number


def _expect_no_failure(bench: Bench) -> None:
    """Raise NotYet where the worker has failed: nobody but its log tells."""
    if not (failures := _failures(bench)):
        return
    got = failures[0]
    look = "what stands in the event of the worker, and what you have put into the message"
    if "GoneException" in got:
        look = "a worker that fails gets the same messages again, and who was told already is told once more"
    raise NotYet(expected="a worker that does not fail", got=got, look=look)


def _failures(bench: Bench) -> list[str]:
    """Return how the worker has failed, once nothing is under way any more."""
    bench.happenings()
    mark = f"[{WORKER}] [ERROR] "
    errors = [f"{WORKER} raised {line.removeprefix(mark)}" for line in bench.prints if line.startswith(mark)]
    timed_out = any(line.startswith(f"[{WORKER}]") and "Task timed out" in line for line in bench.prints)
    return [*errors, *(["Task timed out"] if timed_out else [])]


# ── who was told ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _posts(happenings: Sequence[Any]) -> list[Managed]:
    return [seen for seen in happenings if isinstance(seen, Managed) and seen.method == "POST"]


def _expect_all_told(scene: Scene, guests: Sequence[Guest], text: str) -> None:
    """Raise NotYet unless each of these has heard a text, once, since last asked."""
    for guest in guests:
        frames, guest.frames = [*guest.frames, *guest.line.heard()], []
        if heard(frames) != text:
            got, look = _instead(scene.bench, guest, frames)
            raise NotYet(expected=f"{guest.name} hears “{text}”", got=got, look=look)


def _instead(bench: Bench, guest: Guest, frames: Sequence[str]) -> tuple[str, str]:
    """Return what somebody heard who should have heard something else, and where to look."""
    if len(frames) > 1:
        return described(bench, frames), "how often is posted to the same passenger?"
    if frames:
        return described(bench, frames), "what is posted: the text, and nothing round it"
    posts = _posts(bench.happenings())
    if not posts:
        return f"nothing: nobody has posted{_last_error(bench)}", "`post_to_connection`, once for each"
    if posts[-1].status == 410:
        got = f"nothing. Post number {len(posts)} was answered 410, and it was the last"
        return got, "what the error leaves: everything between the line that raised it and the `except`"
    if posts[-1].status >= 400:
        return f"nothing: a post was answered {posts[-1].status}", "the address that is posted to"
    return f"nothing: nobody has posted to {guest.name}", _cut_short(bench) or "who is on the list, and who is left out"


def _last_error(bench: Bench) -> str:
    ran = [seen for seen in bench.happenings() if isinstance(seen, Answered)]
    return ", and the function failed" if ran and ran[-1].error else ""


def _cut_short(bench: Bench) -> str:
    """Return what gives it away where a function read one page and there are more."""
    for seen in _reads(bench, "Query", "Scan")[-1:]:
        if isinstance(seen.answer, dict) and seen.answer.get("LastEvaluatedKey"):
            number = seen.answer.get("Count", 0)
            return f"the last answer of DynamoDB: {number} rows, and a LastEvaluatedKey, so there are more"
    return ""
