"""Lab 06: speak first with ``@connections``. What it says is in ``lab06.toml``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed

from ... import cloud
from ...deploy import Handler
from ...gateway.definition import CONNECT
from ...gateway.happenings import Answered, Called, Invoked, Managed
from ..asking import BROKEN, SILENCE, described, error_of, heard, pair
from ..bench import Bench
from ..exercises import NotYet, exercise, trying
from ..museum.scene import Guest, Scene, stage
from ..texts import texts
from ..vary import vary
from . import handlers, till
from .evening import CLOSED, Evening, ended

said = texts("06")

READY = "your bike is ready"


@contextmanager
def workshop(bench: Bench, routes: Mapping[str, Handler] | None = None, *, stage_name: str = "dev") -> Iterator[Scene]:
    """Yield the bicycle workshop: an API with these routes, and customers who come and go."""
    routes = routes or {"which": handlers.which}
    with stage(bench, routes, table_name="customers", stage_name=stage_name) as scene:
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
        _try_too_long_a_text(tell, scene, ana)


def _expect_told(told: Any, wanted: bool, look: str) -> None:
    if told is not wanted:
        raise NotYet(expected=f"{wanted} is returned", got=repr(told), look=look)


def _try_a_wrong_door(tell: Callable[[Any, str, str], bool], scene: Scene, guest: Guest) -> None:
    """Let the answer be 403: this says nothing about the customer, so it must not be taken for 'gone'."""
    trying("the address of `connections` names a stage that does not exist, and tell(connections, ana's id, …)")
    nowhere = _nowhere(scene)
    try:
        told = tell(nowhere, guest.connection_id, vary(READY))
    except nowhere.exceptions.ForbiddenException:
        return
    look = "which errors `tell` catches: 403 does not say that ana has gone"
    raise NotYet(expected="the error itself: ForbiddenException", got=f"{told!r} is returned", look=look)


def _nowhere(scene: Scene) -> Any:
    """Return a client whose address names a stage that does not exist: every call is answered 403."""
    door = scene.api.url.replace("wss:", "https:") + "x"
    return scene.bench.session.client("apigatewaymanagementapi", endpoint_url=door)


def _try_too_long_a_text(tell: Callable[[Any, str, str], bool], scene: Scene, guest: Guest) -> None:
    trying("tell(connections, ana's id, a text of 130 KB), which is more than one message may have")
    connections = scene.api.connections
    try:
        told = tell(connections, guest.connection_id, "x" * 130 * 1024)
    except connections.exceptions.PayloadTooLargeException:
        return
    look = "which errors `tell` catches: 413 says that the text is too long, and only 410 says that ana has gone"
    raise NotYet(expected="the error itself: PayloadTooLargeException", got=f"{told!r} is returned", look=look)


@exercise("06.2", **said["06.2"])
def closes_a_line_by_hand(request_to_close: Callable[[str, str, str], tuple[str, str, Any]], bench: Bench) -> None:
    """Send the request byte by byte, and look whose line is closed."""
    with workshop(bench) as scene:
        ana, ben = scene.enter("ana"), scene.enter("ben")
        trying("request_to_close(api_url, ana's id, region)")
        region = scene.api.connections.meta.region_name
        method, url, headers = till.parts(request_to_close(scene.api.url, ana.connection_id, region))
        till.expect_address(url, ana)
        trying(f"{method} {urlsplit(url).path}, {till.named(headers)}")
        with bench.on_purpose():  # what the cloud logs of a refusal names nobody that a learner knows
            status, message = till.send(method, url, headers)
        if status != 204:
            raise NotYet(expected="204", got=f"{status} {message}".strip(), look=till.look_by(status, message))
        if (CLOSED, ana.connection_id) not in ended(bench) or (CLOSED, ben.connection_id) in ended(bench):
            raise NotYet(expected="ana's line is closed, ben's is not", got="another line is closed", look="the id")
        till.expect_scope(request_to_close, ana)


DOMAINS = {"bikes.example": "ben", "wheels.example": "dora"}


@exercise("06.3", **said["06.3"])
def answers_the_bell(functions: Sequence[Handler], bench: Bench) -> None:
    """Ring through all names, ring and leave, and ring where the answer is 400 or 403."""
    on_connect, ring = pair(functions, 'check("06.3", on_connect, ring)')
    with workshop(bench, {CONNECT: on_connect, "ring": ring}, stage_name=vary("counter")) as scene:
        _rings(scene, scene.enter("ana"))
        for domain, name in DOMAINS.items():
            _map_domain(scene, domain)
            trying(f"{name} connects to wss://{domain}")
            with bench.line(f"wss://{domain}") as line:
                _rings(scene, Guest(f"{name}, at {domain},", "", line))
        cleo = scene.enter("cleo")
        _rings(scene, cleo)
        late = scene.event_of("ring")
        scene.leave(cleo)
        _ring_late(scene, late)
        with bench.on_purpose():
            _ring_for_nobody(scene, late)
            _ring_nowhere(scene, late)


def _rings(scene: Scene, guest: Guest) -> None:
    guest.says(action="ring")
    frames, guest.frames = guest.frames, []
    if heard(frames) != "we are coming":
        got = _got(scene.bench, frames) + _refused_posts(scene.bench)
        raise NotYet(expected=f"{guest.name} hears “we are coming”", got=got, look=_why_no_ring(scene, guest, frames))


def _why_no_ring(scene: Scene, guest: Guest, frames: Sequence[str]) -> str:
    """Return where to look where a ring is not answered: what was returned, raised, or said to the post."""
    (*_, last) = (seen for seen in scene.bench.happenings() if isinstance(seen, Answered))
    if BROKEN in map(error_of, frames) and last.payload is None:
        return "what `ring` returns: None is no answer for a proxy integration"
    refused = [post.status for post in _posts(scene.bench)[-1:] if post.status >= 400]
    if not refused and "NoneType" in str(last.payload):
        return "in which function, and in which environment, the client for @connections is made"
    if refused == [410]:
        return "the id of the post: nobody at this stage has it"
    if "at " in guest.name and (refused or last.error):
        return "an address that does not depend on the name that a customer used: lesson 06, section 4"
    if refused or last.error:
        return "the address of the client, word by word: API id, region and stage, and the row “Raised”"
    return "who posts: what a one-way route returns is dropped"


def _map_domain(scene: Scene, domain: str) -> None:
    """Give the stage one more name."""
    gateway = scene.bench.session.client("apigatewayv2")
    gateway.create_domain_name(DomainName=domain, DomainNameConfigurations=[{"EndpointType": "REGIONAL"}])
    gateway.create_api_mapping(DomainName=domain, ApiId=scene.api.api_id, Stage=scene.api.stage_name)


def _ring_late(scene: Scene, event: Any) -> None:
    tried = "cleo rings and leaves, and only now her ring is worked off"
    try:
        scene.run("ring", event)
    except NotYet as failure:
        look = "the error that says “gone”: who has left needs no answer, and that is no fault"
        raise NotYet(tried, expected="no error", got=failure.got, look=look) from None


_TOLD_NOBODY = "an error: nobody was told, and somebody should know"


def _ring_for_nobody(scene: Scene, event: Any) -> None:
    """Hand in an event whose id can be nobody's: 400, which must not be swallowed together with 410."""
    where = {**event["requestContext"], "connectionId": "counter"}
    tried = "a ring is worked off whose connectionId is “counter”, which is no id: the post is answered 400"
    try:
        scene.run("ring", {**event, "requestContext": where})
    except NotYet:
        return
    look = "which errors `ring` catches: only 410 says that somebody has left, and all others must stay errors"
    raise NotYet(tried, expected=_TOLD_NOBODY, got="no error", look=look)


def _ring_nowhere(scene: Scene, event: Any) -> None:
    """Delete the stage: the answer is 403, which must not be swallowed together with 410."""
    tried = "the stage is deleted while a ring of it waits: the post is answered 403"
    _delete_stage(scene)
    try:
        scene.run("ring", event)
    except NotYet:
        return
    look = "which errors `ring` catches: one of them means “gone”, and all others must stay errors"
    raise NotYet(tried, expected=_TOLD_NOBODY, got="no error", look=look)


def _delete_stage(scene: Scene) -> None:
    """Delete the stage, and names mapped to it, so that every call of ``@connections`` is answered 403."""
    gateway = scene.bench.session.client("apigatewayv2")
    for domain in gateway.get_domain_names()["Items"]:
        gateway.delete_domain_name(DomainName=domain["DomainName"])
    gateway.delete_stage(ApiId=scene.api.api_id, StageName=scene.api.stage_name)


LONGEST = 5  # seconds that a greeter may run


@exercise("06.4", **said["06.4"])
def greets_who_has_just_come(functions: Sequence[Handler], bench: Bench) -> None:
    """Two customers come and say nothing. The greeter is quicker than the door, whatever the machine does."""
    on_connect, greeter = pair(functions, 'check("06.4", on_connect, greeter)')
    bench.function(greeter, name="greeter", timeout=LONGEST)
    with workshop(bench, {CONNECT: on_connect}) as scene:
        for name in (vary("Ana"), vary("Cleo")):
            with bench.meanwhile(_sends, lambda: _let_knock(bench)):
                guest = _let_in(scene, name)
            frames = _welcomes(bench, guest)
            if heard(frames) != f"welcome, {name}":
                got = _got(bench, frames) + _refused_posts(bench) + _broken(bench, "greeter")
                raise NotYet(expected=f"{name} hears “welcome, {name}”", got=got, look=_why_no_welcome(bench, frames))
        _expect_no_thread(bench, scene.function_name(CONNECT))
        with bench.on_purpose():
            _greet_who_never_comes(scene, guest)
            _greet_nowhere(scene)


def _welcomes(bench: Bench, guest: Guest) -> list[str]:
    """Return all that a customer hears. Of many frames a client takes some at a time, and answers no ping before."""
    sent = [post for post in _posts(bench) if post.connection_id == guest.connection_id and post.status == 200]
    frames: list[str] = []
    with suppress(ConnectionClosed, TimeoutError):
        while len(frames) < len(sent):
            frames.append(str(guest.line.socket.recv(timeout=1)))
    return [*frames, *guest.line.heard()]


def _send_again(scene: Scene) -> str:
    """Send a greeter once more with the errand that it had last, and wait for it; return its error, or ''."""
    seen = scene.bench.happenings()
    (*_, call) = (each for each in seen if isinstance(each, Called) and each.caller and _sends(each))
    (*_, greeter) = (each.caller for each in _posts(scene.bench) if each.status == 200)
    notebook = "FunctionName" in call.parameters  # who sees the call on its way to the endpoint sees the errand alone
    payload = call.parameters.get("Payload", b"{}") if notebook else json.dumps(call.parameters)
    answer = scene.bench.session.client("lambda").invoke(FunctionName=greeter, Payload=payload)
    said = json.loads(answer["Payload"].read())
    return f"{said.get('errorType', '')}: {said.get('errorMessage', '')}" if "FunctionError" in answer else ""


_TIMED_OUT = "Task timed out"
_PAUSE = "a pause between two tries: a line may need a second until it is there"


def _greet_who_never_comes(scene: Scene, guest: Guest) -> None:
    """Let the line never be there: a greeter must be patient, and must give up."""
    scene.leave(guest)
    trying(f"{guest.name} has left, and the greeter is sent to her once more: every call is answered 410")
    before = len(scene.bench.happenings())
    error = _send_again(scene)
    if _TIMED_OUT in error:
        look = "when the greeter gives up: count the tries, or look at the time"
        raise NotYet(expected="an end after a few seconds", got=f"still trying after {LONGEST} s", look=look)
    tries = [seen.at for seen in scene.bench.happenings()[before:] if isinstance(seen, Managed)]
    if tries and tries[-1] - tries[0] < 0.5 and max((b - a for a, b in pairwise(tries)), default=0) < 0.1:
        got = f"{len(tries)} tries within {tries[-1] - tries[0]:.2f} s"
        raise NotYet(expected="some patience: tries for about two seconds", got=got, look=_PAUSE)


def _greet_nowhere(scene: Scene) -> None:
    """Delete the stage, so that a call of ``@connections`` is answered 403."""
    _delete_stage(scene)
    trying("the stage is deleted, and the greeter is sent once more: every call is answered 403")
    error = _send_again(scene)
    if not error or _TIMED_OUT in error:
        got = error and f"still trying after {LONGEST} s"
        look = "which errors the greeter catches: 410 means “not yet”, and all others must stay errors"
        raise NotYet(expected=_TOLD_NOBODY, got=got or "no error", look=look)


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
    if len(frames) > 1:
        return "what the greeter posts, and how often: once the welcome is out, it can `return`"
    if frames:
        return "what the greeter posts"
    if not sent:
        later = bench.wait_for(lambda seen: isinstance(seen, Managed) and seen.status == 200, 0.5)
        return _STANDS_STILL if later else "a post in `$connect` reaches nobody, caught or not: who sends the greeter?"
    if sent[-1].parameters.get("InvocationType") != "Event":
        return "the InvocationType: `invoke` waits for the greeter, the greeter for the line, the line for `on_connect`"
    early = [seen for seen in bench.happenings() if isinstance(seen, Managed) and seen.status == 410]
    if len(early) > 1:
        return _PAUSE
    if early:
        return "410 can mean “not yet”: the greeter has to try again until the line is there"
    return "what the greeter is told: it sees nothing of the event of `$connect` but what `on_connect` hands over"


_STANDS_STILL = "on AWS an environment stands still once its function has answered, and its threads with it"


def _expect_no_thread(bench: Bench, on_connect: str) -> None:
    """Raise NotYet where the function of ``$connect`` itself has posted, after its answer and sent by nobody."""
    sent = any(isinstance(seen, Called) and _sends(seen) for seen in bench.happenings())
    if not sent and any(post.caller == on_connect for post in _posts(bench)):
        got = f"{on_connect} posted after it had answered"
        raise NotYet("who has posted", expected="a function that runs", got=got, look=_STANDS_STILL)


@exercise("06.5", **said["06.5"])
def shows_out_who_is_silent(closing_time: Callable[[Any, list[str], datetime], Collection[str]], bench: Bench) -> None:
    """Five customers: two are silent, one has gone, one goes in between, one has just said something."""
    with workshop(bench) as scene:
        ana, ben, cleo, dora, eve = (scene.enter(name) for name in ("ana", "ben", "cleo", "dora", "eve"))
        scene.leave(ben)
        since = _a_moment()
        cleo.line.ask('{"action": "which"}')
        evening = Evening(bench, (ana, ben, dora, eve, cleo))
        trying(
            "closing_time(connections, [ana, ben, dora, eve, cleo], since): ben has gone, eve goes as soon as she has "
            "been asked about, cleo has just said something"
        )
        with evening.goes_when_asked_about(eve):
            stay = evening.run(closing_time, scene.api.connections, since)
        for guest in (ana, dora):
            evening.expect_shown_out(guest)
        evening.expect_spared(cleo)
        evening.expect_staying(stay)
        trying("the address of `connections` names a stage that does not exist: every call is answered 403")
        with bench.on_purpose():
            evening.expect_error(closing_time, _nowhere(scene), since)


def _a_moment() -> datetime:
    """Return a moment, in whole milliseconds as AWS tells them, that lies behind everything until now."""
    milliseconds = int(cloud.clock.now() * 1000) + 1
    while cloud.clock.now() * 1000 < milliseconds + 1:
        time.sleep(0.001)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _got(bench: Bench, frames: Sequence[str]) -> str:
    """Return in words what a customer heard; what comes many times is said once."""
    if len(frames) > 1 and len(set(frames)) == 1:
        return f"{len(frames)} × {frames[0]!r}"
    return described(bench, frames)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
