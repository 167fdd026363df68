"""Lab 06: speak first with ``@connections``. What it says is in ``lab06.toml``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from ... import cloud, wire
from ...deploy import Handler
from ...gateway.definition import CONNECT
from ...gateway.happenings import Called, Closed, Invoked, Managed
from ..asking import SILENCE, described, heard, pair
from ..bench import Bench
from ..exercises import NotYet, exercise, trying
from ..museum.scene import Guest, Scene, stage
from ..texts import texts
from ..vary import vary
from . import handlers

said = texts("06")

READY = "your bike is ready"


@contextmanager
def workshop(bench: Bench, routes: Mapping[str, Handler] | None = None) -> Iterator[Scene]:
    """Yield the bicycle workshop: an API with these routes, and customers who come and go."""
    with stage(bench, routes or {"which": handlers.which}, table_name="customers") as scene:
        yield scene


@exercise("06.1", **said["06.1"])
def tells_one_customer(tell: Callable[[Any, str, str], bool], bench: Bench) -> None:
    """Tell two customers something, tell one who has left, and try a door that is not there."""
    with workshop(bench) as scene:
        ana, ben = scene.enter("ana"), scene.enter("ben")
        connections = scene.api.connections
        for guest, text in ((ana, vary(READY)), (ben, vary("20 € for the chain, please"))):
            trying(f"tell(connections, {guest.name}'s id, {text!r})")
            told = tell(connections, guest.connection_id, text)
            scene.expect_heard(guest, text, look="what is posted, and to whom")
            _expect_told(told, True, "what `tell` returns where all went well")
        scene.expect_heard(ana, SILENCE, look="to whom `tell` posts")
        scene.leave(ben)
        trying(f"ben has left, and tell(connections, his id, {vary(READY)!r})")
        _expect_told(
            tell(connections, ben.connection_id, vary(READY)), False, "what `tell` returns where nobody is there"
        )
        _try_a_wrong_door(tell, scene, ana)


def _expect_told(told: Any, wanted: bool, look: str) -> None:
    if told is not wanted:
        raise NotYet(expected=f"{wanted} is returned", got=repr(told), look=look)


def _try_a_wrong_door(tell: Callable[[Any, str, str], bool], scene: Scene, guest: Guest) -> None:
    """Let the answer be 403: this says nothing about the customer, so it must not be taken for 'gone'."""
    trying("the address of `connections` names a stage that does not exist, and tell(connections, ana's id, …)")
    door = scene.api.url.replace("wss:", "https:") + "x"
    nowhere = scene.bench.session.client("apigatewaymanagementapi", endpoint_url=door)
    try:
        told = tell(nowhere, guest.connection_id, vary(READY))
    except nowhere.exceptions.ForbiddenException:
        return
    look = "which errors `tell` catches: 403 does not say that ana has gone"
    raise NotYet(expected="the error itself: ForbiddenException", got=f"{told!r} is returned", look=look)


@exercise("06.2", **said["06.2"])
def closes_a_line_by_hand(request_to_close: Callable[[str, str, str], tuple[str, str, Any]], bench: Bench) -> None:
    """Send the request byte by byte, and look whose line is closed."""
    with workshop(bench) as scene:
        ana, ben = scene.enter("ana"), scene.enter("ben")
        trying("request_to_close(api_url, ana's id, region)")
        region = scene.api.connections.meta.region_name
        method, url, headers = _parts(request_to_close(scene.api.url, ana.connection_id, region))
        _expect_address(url, ana)
        trying(f"{method} {urlsplit(url).path}, with the headers {', '.join(headers) or 'of nobody'}")
        status, message = _send(method, url, headers)
        if status != 204:
            raise NotYet(expected="204", got=f"{status} {message}".strip(), look=_look_by(status, message))
        if (CLOSED, ana.connection_id) not in _ended(bench) or (CLOSED, ben.connection_id) in _ended(bench):
            raise NotYet(expected="ana's line is closed, ben's is not", got="another line is closed", look="the id")


CLOSED = "management"


def _parts(answer: Any) -> tuple[str, str, dict[str, str]]:
    """Return method, URL and headers. Raises NotYet where the answer has not these three."""
    if isinstance(answer, tuple) and len(answer) == 3 and hasattr(answer[2], "items"):
        method, url, headers = answer
        if isinstance(method, str) and isinstance(url, str):
            return method, url, {str(name): str(value) for name, value in headers.items()}
    raise NotYet(expected="three things: a method, a URL and a dictionary of headers", got=_short(answer))


def _expect_address(url: str, guest: Guest) -> None:
    """Raise NotYet unless a URL is one that HTTP and the gateway can read."""
    if not url.startswith("https://"):
        raise NotYet(expected="a URL that begins with https://", got=url, look="a call is HTTP: `wss` is for clients")
    if "=" in urlsplit(url).path:
        look = "`quote` writes for a path what stands for something else in it: = becomes %3D"
        raise NotYet(expected="an id as a path wants it, with %3D", got=urlsplit(url).path, look=look)
    if guest.connection_id.rstrip("=") not in url:
        raise NotYet(expected=f"a URL with ana's id in it: {guest.connection_id}", got=url, look="the end of the path")


def _send(method: str, url: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """Make an HTTP request as it is given; return status and message of the answer."""
    path, host = urlsplit(url).path, urlsplit(url).netloc
    own = {"Host": host, "Content-Length": "0"}
    lines = [f"{name}: {value}" for name, value in {**own, **headers}.items()]
    with cloud.dial(url) as line:
        line.sendall("\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode())
        head, _, body = wire.read_http(line).decode().partition("\r\n\r\n")
    try:
        message = str(json.loads(body)["message"]).partition("\n")[0]
    except (ValueError, KeyError, TypeError):
        message = body
    return int(head.split()[1]), message


def _look_by(status: int, message: str) -> str:
    """Return where to look for an answer that is not 204.

    >>> _look_by(403, "Missing Authentication Token")
    'the signature: it travels in headers, so hand them over'
    """
    looks = {
        "Missing Authentication": "the signature: it travels in headers, so hand them over",
        "correct service": "the service that signs this door is called `execute-api`",
        "valid region": "the region: that of the API",
        "does not match": "what is signed is what must be sent: the same method, the same URL",
    }
    found = next((look for words, look in looks.items() if words in message), "")
    others = {200: "the method: DELETE closes, POST posts and GET asks", 410: "who has closed the line already?"}
    return found or others.get(status, "the path: stage, @connections, id")


def _ended(bench: Bench) -> set[tuple[str, str]]:
    """Return by whom which connections were closed."""
    return {(seen.by, seen.connection_id) for seen in bench.happenings() if isinstance(seen, Closed)}


DOMAIN = "bikes.example"


@exercise("06.3", **said["06.3"])
def answers_the_bell(functions: Sequence[Handler], bench: Bench) -> None:
    """Ring through both names, ring and leave, and ring where the answer is 403."""
    on_connect, ring = pair(functions, 'check("06.3", on_connect, ring)')
    with workshop(bench, {CONNECT: on_connect, "ring": ring}) as scene:
        ana = scene.enter("ana")
        _rings(scene, ana, "in which function, and in which environment, the client for @connections is made")
        _map_domain(scene)
        trying(f"ben connects to wss://{DOMAIN}")
        with bench.line(f"wss://{DOMAIN}") as line:
            look = "an address that does not depend on the name that a customer used: lesson 06, section 4"
            _rings(scene, Guest(f"ben, at {DOMAIN},", "", line), look)
        cleo = scene.enter("cleo")
        _rings(scene, cleo, "`ring`")
        late = scene.event_of("ring")
        scene.leave(cleo)
        _ring_late(scene, late)
        _ring_nowhere(scene, late)


def _rings(scene: Scene, guest: Guest, look: str) -> None:
    guest.says(action="ring")
    frames, guest.frames = guest.frames, []
    if heard(frames) != "we are coming":
        got = described(scene.bench, frames) + _refused_posts(scene.bench)
        raise NotYet(expected=f"{guest.name} hears “we are coming”", got=got, look=look)


def _map_domain(scene: Scene) -> None:
    """Give the stage a second name."""
    gateway = scene.bench.session.client("apigatewayv2")
    gateway.create_domain_name(DomainName=DOMAIN, DomainNameConfigurations=[{"EndpointType": "REGIONAL"}])
    gateway.create_api_mapping(DomainName=DOMAIN, ApiId=scene.api.api_id, Stage=scene.api.stage_name)


def _ring_late(scene: Scene, event: Any) -> None:
    tried = "cleo rings and leaves, and only now her ring is worked off"
    try:
        scene.run("ring", event)
    except NotYet as failure:
        look = "the error that says “gone”: who has left needs no answer, and that is no fault"
        raise NotYet(tried, expected="no error", got=failure.got, look=look) from None


def _ring_nowhere(scene: Scene, event: Any) -> None:
    """Hand in an event of a stage that does not exist: 403, which must not be swallowed together with 410."""
    event["requestContext"]["stage"] = "closed"
    tried = "the stage has been deleted, and a ring is worked off that came through it"
    try:
        scene.run("ring", event)
    except NotYet:
        return
    look = "which errors `ring` catches: one of them means “gone”, and all others must stay errors"
    raise NotYet(tried, expected="an error: nobody was told, and somebody should know", got="no error", look=look)


@exercise("06.4", **said["06.4"])
def greets_who_has_just_come(functions: Sequence[Handler], bench: Bench) -> None:
    """Two customers come and say nothing. The greeter is quicker than the door, whatever the machine does."""
    on_connect, greeter = pair(functions, 'check("06.4", on_connect, greeter)')
    bench.function(greeter, name="greeter")
    with workshop(bench, {CONNECT: on_connect}) as scene, bench.meanwhile(_sends, lambda: _let_knock(bench)):
        for name in (vary("Ana"), vary("Cleo")):
            frames = _let_in(scene, name).line.heard()
            if heard(frames) != f"welcome, {name}":
                got = described(bench, frames) + _refused_posts(bench) + _broken(bench, "greeter")
                raise NotYet(expected=f"{name} hears “welcome, {name}”", got=got, look=_why_no_welcome(bench, frames))
        _expect_no_thread(bench, scene.function_name(CONNECT))


def _sends(call: Called) -> bool:
    """Tell whether a function sends another one."""
    return call.service == "lambda" and call.operation in ("Invoke", "InvokeAsync") and bool(call.caller)


def _let_knock(bench: Bench) -> None:
    """Hold up who sends until the greeter has called @connections once, but no longer than a function may run."""
    (*_, arrival) = (seen for seen in bench.so_far() if isinstance(seen, Invoked))
    bench.wait_for(lambda seen: isinstance(seen, Managed) and seen.connection_id == arrival.connection_id, 1.5)


def _let_in(scene: Scene, name: str) -> Guest:
    """Let a customer connect, and say where to look where the door stays shut."""
    try:
        return scene.enter(name, f"?name={name}")
    except NotYet as refusal:
        refusal.look = "what `on_connect` does and returns; and the row “Raised”"
        if any(post.caller == scene.function_name(CONNECT) for post in _posts(scene.bench)):
            refusal.got += _refused_posts(scene.bench)
            refusal.look = "nobody is there yet while `$connect` runs: somebody else must speak, and later"
        raise


def _posts(bench: Bench) -> list[Managed]:
    return [seen for seen in bench.happenings() if isinstance(seen, Managed) and seen.method == "POST"]


def _refused_posts(bench: Bench) -> str:
    """Return what the last post to ``@connections`` was answered where that is an error."""
    last = _posts(bench)[-1:]
    return f"; a post to @connections was answered {last[0].status}" if last and last[0].status >= 400 else ""


def _broken(bench: Bench, function: str) -> str:
    """Return the error with which a function ended that nobody waits for, as its log has it."""
    mark = f"[{function}] [ERROR] "
    errors = [line.removeprefix(mark) for line in bench.prints if line.startswith(mark)]
    return f"; {function} raised {errors[-1]}" if errors else ""


def _why_no_welcome(bench: Bench, frames: Sequence[str]) -> str:
    """Return where to look where a customer was let in and hears something else, or nothing."""
    sent = [seen for seen in bench.happenings() if isinstance(seen, Called) and _sends(seen)]
    if frames:
        return "what the greeter posts, and how often"
    if not sent:
        later = bench.wait_for(lambda seen: isinstance(seen, Managed) and seen.status == 200, 0.5)
        return _STANDS_STILL if later else "a post in `$connect` reaches nobody, caught or not: who sends the greeter?"
    if sent[-1].parameters.get("InvocationType") != "Event":
        return "the InvocationType: `invoke` waits for the greeter, the greeter for the line, the line for `on_connect`"
    if any(post.status == 410 for post in _posts(bench)):
        return "410 can mean “not yet”: the greeter has to try again until the line is there"
    return "what the greeter is told: it sees nothing of the event of `$connect` but what `on_connect` hands over"


_STANDS_STILL = "on AWS an environment stands still once its function has answered, and its threads with it"


def _expect_no_thread(bench: Bench, on_connect: str) -> None:
    """Raise NotYet where the function of ``$connect`` itself has posted, after its answer and sent by nobody."""
    sent = any(isinstance(seen, Called) and _sends(seen) for seen in bench.happenings())
    if not sent and any(post.caller == on_connect for post in _posts(bench)):
        got = f"{on_connect} posted after it had answered"
        raise NotYet("who has posted", expected="a function that runs", got=got, look=_STANDS_STILL)


CLOSING = "we are closing"


@exercise("06.5", **said["06.5"])
def shows_out_who_is_silent(closing_time: Callable[[Any, list[str], datetime], Collection[str]], bench: Bench) -> None:
    """Four customers: two are silent, one has gone, one has just said something."""
    with workshop(bench) as scene:
        ana, ben, cleo, dora = (scene.enter(name) for name in ("ana", "ben", "cleo", "dora"))
        scene.leave(ben)
        since = _a_moment()
        cleo.line.ask('{"action": "which"}')
        trying("closing_time(connections, [ana, ben, dora, cleo], since): ben has gone, cleo has just said something")
        ids = [guest.connection_id for guest in (ana, ben, dora, cleo)]
        stay = closing_time(scene.api.connections, list(ids), since)
        for guest in (ana, dora):
            scene.expect_heard(guest, CLOSING, look="in which order? Who is closed hears nothing any more")
            if (CLOSED, guest.connection_id) not in _ended(bench):
                raise NotYet(expected=f"{guest.name}'s line is closed", got="it is open", look="`delete_connection`")
        scene.expect_heard(cleo, SILENCE, look="whom to spare: LastActiveAt says when somebody was last active")
        if (CLOSED, cleo.connection_id) in _ended(bench):
            raise NotYet(expected="cleo's line stays open", got="it is closed", look="whom to spare")
        names = dict(zip(ids, ("ana", "ben", "dora", "cleo"), strict=True))
        _expect_staying(stay, names)


def _a_moment() -> datetime:
    """Return a moment, in whole milliseconds as AWS tells them, that lies behind everything until now."""
    milliseconds = int(cloud.clock.now() * 1000) + 1
    while cloud.clock.now() * 1000 < milliseconds + 1:
        time.sleep(0.001)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _expect_staying(stay: Any, names: Mapping[str, str]) -> None:
    """Raise NotYet unless the ids are those of who is still there: cleo's alone."""
    expected = "the ids of who stays: cleo's"
    if stay is None or isinstance(stay, str | bytes) or not isinstance(stay, Collection):
        raise NotYet(expected=expected, got=_short(stay), look="what `closing_time` returns")
    found = [names.get(str(id), _short(id)) for id in stay]
    if found != ["cleo"]:
        got = f"those of {', '.join(found)}" if found else "no ids"
        raise NotYet(expected=expected, got=got, look="who is left out: whoever was shown out, and whoever has gone")


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
