"""Lab 09: decide at the door. What it says is in ``lab09.toml``."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import InvalidHandshake

from ... import cloud
from ...deploy import Api, Handler
from ...door import Answer, knock
from ...gateway.definition import CONNECT
from ..asking import described, heard, pair
from ..bench import Bench, Line
from ..exercises import NotYet, exercise, trying
from ..texts import texts
from ..vary import vary
from . import handlers
from .guards import OPEN, invoked, short, shown, why_broken, why_shut

said = texts("09")

UNAUTHORIZED, FORBIDDEN, BROKEN = 401, 403, 500


@exercise("09.1", **said["09.1"])
def asks_for_cards(guard: Handler, bench: Bench) -> None:
    """Two members, a card of nobody, and a client without a card."""
    members = {vary("rook-17"): vary("ana"), vary("pawn-64"): vary("ben")}
    environment = {"MEMBERS": json.dumps(members)}
    api = bench.api({"who": handlers.principal}, authorizer=guard, environment=environment, two_way=("who",))
    for card, name in members.items():
        with _let_in(bench, f"{api.url}?card={card}", f"{name} connects with ?card={card}") as line:
            look = "`principalId`: the name that `members` has for this card"
            _expect_heard(bench, line, name, {"action": "who"}, name, look)
    stranger = vary("king-99")
    looks = {OPEN: "what the guard compares the card with", UNAUTHORIZED: _KNOWN}
    _expect_refused(bench, f"{api.url}?card={stranger}", FORBIDDEN, f"somebody connects with ?card={stranger}", looks)
    looks = {OPEN: "what the guard does where `card` is None", FORBIDDEN: _NOT_DENIED}
    _expect_refused(bench, api.url, UNAUTHORIZED, "somebody connects without a card", looks)


_KNOWN = "401 means that nobody has shown anything; here is a card, and it is a wrong one: that is a Deny"
_NOT_DENIED = "a policy can only say 403: for a 401 the guard has to raise, with one certain word"


@exercise("09.2", **said["09.2"])
def puts_the_guard_in_its_place(put_guard: Callable[[Any, str, str], Any], bench: Bench) -> None:
    """Knock without a card, with a wrong one, and with the right one."""
    api = bench.api({"which": handlers.which, CONNECT: handlers.welcome}, two_way=("which",))
    card, wrong = vary("rook-17"), vary("king-99")
    arn = bench.function(handlers.doorman, name="guard", environment={"CARD": card})
    gateway = bench.session.client("apigatewayv2")
    trying("put_guard(gateway, api_id, guard_arn)")
    before = _deployment(gateway, api)
    put_guard(gateway, api.api_id, arn)
    opened, asked = _why_open(gateway, api, before), _why_asked(gateway, api)
    looks = {OPEN: opened, FORBIDDEN: asked, BROKEN: asked}
    _expect_refused(bench, api.url, UNAUTHORIZED, "somebody connects without a card", looks)
    source = "the identity source: `route.request.querystring.` and the name of what clients bring"
    looks = {OPEN: opened, UNAUTHORIZED: source, BROKEN: "`AuthorizerUri`, which is no bare ARN: `invocation_uri`"}
    _expect_refused(bench, f"{api.url}?card={wrong}", FORBIDDEN, f"somebody connects with ?card={wrong}", looks)
    with _let_in(bench, f"{api.url}?card={card}", f"a member connects with ?card={card}") as line:
        _expect_heard(bench, line, "the member", {"action": "which"}, "which", "the routes: which are left?")
    if not any(seen.target == "lab-welcome" for seen in invoked(bench)):
        look = "what you did to the route: a change leaves the rest of it as it is, a new route begins with nothing"
        raise NotYet(expected="the function behind $connect runs, as before", got="nobody called it", look=look)


def _authorization(gateway: Any, api: Api) -> str:
    """Return the authorization type of ``$connect``, or '' where there is no such route."""
    routes = gateway.get_routes(ApiId=api.api_id)["Items"]
    found = [route.get("AuthorizationType", "NONE") for route in routes if route["RouteKey"] == CONNECT]
    return str(found[0]) if found else ""


def _deployment(gateway: Any, api: Api) -> str:
    """Return which deployment the stage shows."""
    return str(gateway.get_stage(ApiId=api.api_id, StageName=api.stage_name).get("DeploymentId"))


def _why_asked(gateway: Any, api: Api) -> str:
    """Return where to look where the door is shut, but not because the identity source is missing."""
    if _authorization(gateway, api) == "AWS_IAM":
        return "the authorization type: AWS_IAM asks for a signature and calls nobody, an authorizer is CUSTOM"
    return "the identity source: what names the thing that the gateway itself shall look for?"


def _why_open(gateway: Any, api: Api, before: str) -> str:
    """Return where to look where the gateway asks nobody; ``before`` is the deployment that there was at first."""
    authorization = _authorization(gateway, api)
    deployments = gateway.get_deployments(ApiId=api.api_id)["Items"]
    if authorization == "CUSTOM" and len(deployments) > 1 and _deployment(gateway, api) == before:
        return f"you have deployed, and the stage {api.stage_name} still shows what it did: which stage did you name?"
    if authorization == "CUSTOM":
        return "what clients meet is a deployment, and the newest is from before your change: lesson 03, section 2"
    if authorization:
        return "an authorizer asks nobody until the route $connect names it: lesson 09, the second call in section 1"
    return "the route $connect has gone"


@exercise("09.3", **said["09.3"])
def keeps_the_door_shut(functions: Sequence[Handler], bench: Bench) -> None:
    """A member, a stranger, two who show nothing, and a member who comes while the table is away: museum piece M9."""
    guard, on_connect = pair(functions, 'check("09.3", guard, on_connect)')
    card, stranger = vary("rook-17"), vary("king-99")
    dynamodb = _table_of_members(bench, {"card": card, "name": vary("ana")})
    api = bench.api({CONNECT: on_connect}, authorizer=guard)
    _expect_language(bench, api, card)
    _expect_clean_log(bench, card)
    _expect_a_name(bench, card)
    looks = {OPEN: "the policy for a card that is not in the table", UNAUTHORIZED: _KNOWN}
    _offers(bench, api, ("chess.v1", stranger), FORBIDDEN, looks)
    looks = {OPEN: "the log of the guard: an error on the way to the card, and who catches it"}
    _offers(bench, api, ("chess.v1",), UNAUTHORIZED, looks | {FORBIDDEN: _NOT_DENIED})
    looks = {OPEN: "what the guard does without this header", FORBIDDEN: _NOT_DENIED}
    _offers(bench, api, (), UNAUTHORIZED, looks)
    dynamodb.delete_table(TableName="members")
    _expect_shut(api, ("chess.v1", card))
    _expect_clean_log(bench, card, stranger)


def _table_of_members(bench: Bench, row: Mapping[str, str]) -> Any:
    """Create the table of members with one of them in it, and return boto3's client for DynamoDB."""
    client, key = bench.session.client("dynamodb"), {"AttributeName": "card"}
    client.create_table(
        TableName="members",
        KeySchema=[{**key, "KeyType": "HASH"}],
        AttributeDefinitions=[{**key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.put_item(TableName="members", Item={name: {"S": value} for name, value in row.items()})
    return client


def _page(offered: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return what a page does that offers these subprotocols, in words and as options of ``connect``."""
    if not offered:
        return "a page connects and offers nothing", {}
    return f"a page offers {', '.join(offered)}", {"subprotocols": list(offered)}


def _expect_language(bench: Bench, api: Api, card: str) -> None:
    tried, options = _page(("chess.v1", card))
    with _let_in(bench, api.url, tried, **options) as line:
        chosen = line.socket.subprotocol
    if chosen != "chess.v1":
        got = f"`{chosen}`: the card comes back as the name of a language" if chosen else "no subprotocol"
        look = "what `on_connect` answers in Sec-WebSocket-Protocol: a browser that hears none hangs up"
        raise NotYet(expected="both sides speak chess.v1", got=got, look=look)


def _expect_a_name(bench: Bench, card: str) -> None:
    """Raise NotYet where the guard calls a member by the card."""
    said = (invoked(bench)[-1].event["requestContext"].get("authorizer") or {}).get("principalId")
    if card in str(said):
        got, look = repr(said), "`principalId`: every event and every access log repeats it, so it is no secret"
        raise NotYet("who came in, as $connect is told", expected="the name of the member", got=got, look=look)


def _expect_clean_log(bench: Bench, *cards: str) -> None:
    bench.happenings()
    for line in bench.prints:
        for card in filter(line.__contains__, cards):
            start = max(0, line.index(card) - 40)
            got = f"…{line[start : start + 80]}…, printed by {line.partition(']')[0].lstrip('[')}"
            look = "what is printed: an event holds all headers, and the card is in one of them"
            raise NotYet("the log of your functions", expected="no card in it", got=got, look=look)


def _expect_shut(api: Api, offered: Sequence[str]) -> None:
    """Raise NotYet where somebody is let in although the guard could not ask its table."""
    page, options = _page(offered)
    trying(f"the table cannot be asked, and {page}")
    answer = _knock(api.url, **options)
    if answer.status == OPEN:
        look = "what the guard answers where its question failed: whoever is caught there goes on as what?"
        raise NotYet(expected="a refusal, whichever: nobody knows whose card it is", got=shown(answer), look=look)


def _offers(bench: Bench, api: Api, offered: Sequence[str], wanted: int, looks: Mapping[int, str]) -> None:
    tried, options = _page(offered)
    _expect_refused(bench, api.url, wanted, tried, looks, **options)


@exercise("09.4", **said["09.4"])
def writes_an_address_for_one_board(invitation: Callable[[str, str], str], bench: Bench) -> None:
    """Dial the addresses of two boards, and nothing but the addresses."""
    api = bench.api({CONNECT: handlers.welcome}, authorizer="AWS_IAM")
    for board in vary("b4"), vary("c11"):
        trying(f"invitation(api_url, {board!r})")
        url = invitation(api.url, board)
        _expect_address(url, api)
        _expect_no_secret(url, bench)
        trying("a page dials the address that `invitation` has returned")
        answer = _knock(url)
        if answer.status != OPEN:
            raise NotYet(expected="101 Switching Protocols", got=shown(answer), look=_look_by(answer.message))
        found = (invoked(bench)[-1].event.get("queryStringParameters") or {}).get("board")
        if found != board:
            look = "the address that is signed: `?board=` stands in it"
            raise NotYet(expected=f"$connect finds board {board!r} in the query string", got=repr(found), look=look)


def _expect_address(url: Any, api: Api) -> None:
    """Raise NotYet unless something is an address at this API that a page can dial."""
    if not isinstance(url, str):
        raise NotYet(expected="an address, as text", got=short(url), look="what `invitation` returns")
    if not url.startswith("wss://"):
        look = "a page dials `wss://`; `https:` is for signing only"
        raise NotYet(expected="an address that begins with wss://", got=short(url), look=look)
    if urlsplit(url)[1:3] != urlsplit(api.url)[1:3]:
        raise NotYet(expected=f"an address at {api.url}", got=short(url), look="host and path: those of `api_url`")
    twice = [name for name, values in parse_qs(urlsplit(url).query).items() if len(values) > 1]
    if twice or "?" in urlsplit(url).query:
        raise NotYet(expected="one query string", got=short(url), look="one `?` begins it, `&` goes on")


def _expect_no_secret(url: str, bench: Bench) -> None:
    if bench.session.get_credentials().secret_key in url:
        look = "a signature proves that you know the secret, without saying it: `X-Amz-Signature` is enough"
        raise NotYet(expected="no secret in the address", got="the secret access key stands in it", look=look)


def _look_by(message: str) -> str:
    """Return where to look for a signed upgrade that was refused.

    >>> _look_by("Missing Authentication Token")
    'no signature came along: `add_auth` puts it into the address of its request, so return that'
    """
    looks = {
        "Missing Authentication": "no signature came along: `add_auth` puts it into the address of its request, "
        "so return that",
        "correct service": "the service that signs upgrades is called `execute-api`",
        "valid region": "the region: that of the API",
        "does not match": "what is signed is what must be dialled: GET, and the whole address, its query string too",
        "expired": "the date in the signature: a new one for each invitation",
    }
    return next((look for words, look in looks.items() if words in message), "the address, part by part")


HOUR = 3600


@exercise("09.5", **said["09.5"])
def lets_only_players_move(functions: Sequence[Handler], bench: Bench) -> None:
    """Two players and a spectator, five bad tickets, and a ticket that ends while its owner is on the line."""
    guard, move = pair(functions, 'check("09.5", guard, move)')
    office = _Office(vary("the key of the club"))
    api = office.api(bench, guard, move)
    ana, ben, cleo = (vary(name) for name in ("ana", "ben", "cleo"))
    opening, reply = vary("e2e4"), vary("e7e5")
    plain: dict[str, str] = {"action": "move", "move": opening}
    _moves(bench, api, office.ticket(ana, "white"), plain, f"white: {opening}", "what `move` returns")
    cheat = {"action": "move", "move": reply, "colour": "white", "name": ana}
    look = "who says which colour it is: the message was written by a client, the ticket by the club"
    _moves(bench, api, office.ticket(ben, "black"), cheat, f"black: {reply}", look)
    look = "what `move` answers to the colour `none`"
    cheat = plain | {"colour": "black"}
    _moves(bench, api, office.ticket(cleo, "none"), cheat, "you are watching", look)
    for tried, ticket, look in _bad_tickets(office, ana, cleo):
        looks = {OPEN: look, UNAUTHORIZED: "a ticket is there, and no good: that is a Deny, and no `Unauthorized`"}
        _expect_refused(bench, f"{api.url}?ticket={ticket}", FORBIDDEN, f"{tried}: ?ticket={_short_of(ticket)}", looks)
    _expect_ended(bench, move, plain)


class _Office:
    """Where the club writes tickets. It can also write some that have ended."""

    def __init__(self, key: str) -> None:
        self.key, self.until = key, int(cloud.clock.now()) + HOUR

    def api(self, bench: Bench, guard: Handler, move: Handler) -> Api:
        source = ("route.request.querystring.ticket",)
        made: dict[str, Any] = {"authorizer": guard, "identity_source": source, "environment": {"KEY": self.key}}
        return bench.api({"move": move}, two_way=("move",), **made)

    def ticket(self, name: str, colour: str, late: int = 0) -> str:
        claim = f"{name}.{colour}.{self.until - late}"
        return f"{claim}.{hmac.new(self.key.encode(), claim.encode(), 'sha256').hexdigest()}"


def _bad_tickets(office: _Office, ana: str, cleo: str) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with it, a ticket, and where to look if it lets somebody in."""
    look = "what the seal is made of: every part of the claim"
    watching, over = office.ticket(cleo, "none"), office.ticket(ana, "white", late=2 * HOUR)
    yield "a spectator makes herself a player", watching.replace(".none.", ".white."), look
    yield "a ticket that has ended", over, "`until`, and what time it is now: `requestTimeEpoch` of the event"
    later = over.replace(str(office.until - 2 * HOUR), str(office.until))
    yield "a ticket that has ended, with a later end written over it", later, look
    look = "what the guard answers where something is no ticket"
    yield "what is no ticket at all", vary("walnut"), look
    yield "a ticket that somebody has made up", f"{ana}.white.{vary('soon')}.0123", look


def _moves(bench: Bench, api: Api, ticket: str, message: Mapping[str, str], wanted: str, look: str) -> None:
    """Let somebody come with a ticket and send a message; look at what the guard has told the function."""
    name, colour, until, _ = ticket.split(".")
    with _let_in(bench, f"{api.url}?ticket={ticket}", f"{name} connects with a ticket for {colour}", _GOOD) as line:
        trying(f"{name} sends {json.dumps(message)}")
        frames = line.ask(json.dumps(message))
    _expect_context(bench, {"principalId": name, "colour": colour, "until": until})
    if heard(frames) != wanted:
        look = look if "internal server error" not in heard(frames).lower() else "the row “Raised”"
        if heard(frames) == "your ticket has ended":
            look = "her ticket is good for another hour: `until` counts seconds, and what do you compare it with?"
        raise NotYet(expected=repr(wanted), got=described(bench, frames), look=look)


_GOOD = "the guard said Deny to a good ticket: the seal of all three parts, and seconds against milliseconds"


def _expect_context(bench: Bench, wanted: Mapping[str, str]) -> None:
    """Raise NotYet unless the event of the last message tells what the guard should have said."""
    told = invoked(bench)[-1].event["requestContext"].get("authorizer", {})
    wrong = [name for name, value in wanted.items() if told.get(name) != value]
    if wrong:
        expected = ", ".join(f"{name} {wanted[name]!r}" for name in wrong)
        got = ", ".join(f"{name} {told[name]!r}" if name in told else f"no {name}" for name in wrong)
        look = "what the guard returns beside the policy: `principalId`, and `context` with two names"
        raise NotYet(expected=f"{expected} in the events of later messages", got=got, look=look)


def _expect_ended(bench: Bench, move: Handler, message: Mapping[str, str]) -> None:
    """Run the function with a player's own event, as it looks once the ticket has ended."""
    tried = f"a player whose ticket has ended meanwhile sends {json.dumps(message)}"
    events = [seen.event for seen in invoked(bench) if seen.route_key == "move"]
    event = json.loads(json.dumps(events[0]))
    event["requestContext"]["authorizer"]["until"] = str(int(cloud.clock.now()) - HOUR)
    name = f"lab-{move.__name__}".replace("_", "-")
    ran = bench.session.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    answer = json.loads(ran["Payload"].read())
    got = answer.get("body") if isinstance(answer, dict) else answer
    if got != "your ticket has ended":
        look = "the guard was asked once, at the upgrade: who compares `until` with the time of this message?"
        raise NotYet(tried, expected="'your ticket has ended'", got=short(answer if got is None else got), look=look)


# ── at the door ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _knock(url: str, **options: Any) -> Answer:
    """Return what an upgrade is answered, and status 0 where the client itself hung up."""
    try:
        return knock(url, **options)
    except InvalidHandshake as fault:
        return Answer(0, str(fault))


@contextmanager
def _let_in(bench: Bench, url: str, tried: str, denied: str = "", **options: Any) -> Iterator[Line]:
    """Connect as a client that must be let in. Raises NotYet where it is not, and says why, or ``denied``."""
    trying(tried)
    with ExitStack() as stack:
        try:
            line = stack.enter_context(bench.line(url, **options))
        except NotYet as refusal:
            refusal.look = why_shut(bench, refusal.got, denied)
            raise
        yield line


_EXPECTED = {UNAUTHORIZED: "401: nothing to identify you", FORBIDDEN: "403: identified, and not allowed"}


def _expect_refused(bench: Bench, url: str, wanted: int, tried: str, looks: Mapping[int, str], **options: Any) -> None:
    """Knock, and raise NotYet unless the answer is this refusal; ``looks`` says where to look for another status."""
    trying(tried)
    answer = _knock(url, **options)
    if answer.status != wanted:
        look = looks.get(answer.status) or (why_broken(bench) if answer.status == BROKEN else "what `$connect` answers")
        raise NotYet(expected=_EXPECTED[wanted], got=shown(answer), look=look)


def _expect_heard(bench: Bench, line: Line, who: str, message: Mapping[str, str], wanted: str, look: str) -> None:
    trying(f"{who} sends {json.dumps(message)}")
    frames = line.ask(json.dumps(message))
    if heard(frames) != wanted:
        raise NotYet(expected=repr(wanted), got=described(bench, frames), look=look)


def _short_of(ticket: str) -> str:
    """Return a ticket with the beginning of its seal.

    >>> _short_of("ana.white.1800000000.0123456789abcdef")
    'ana.white.1800000000.012345…'
    """
    claim, dot, sealed = ticket.rpartition(".")
    return f"{claim}{dot}{sealed[:6]}…" if len(sealed) > 7 else ticket
