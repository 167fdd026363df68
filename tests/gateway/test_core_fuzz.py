"""Any order of events against the core, and any bytes against a line: nothing breaks, and nothing is left behind."""

import logging
import re
from collections import Counter
from concurrent.futures import Executor
from selectors import EVENT_READ

from gateway_kit import (
    BINARY,
    CHAT,
    CLOSE,
    CONT,
    PATH,
    PING,
    PONG,
    TEXT,
    Front,
    Shelf,
    by_hand,
    echo,
    frame,
    function,
    handshake,
    route,
    stage,
)  # fmt: skip
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from upgrade101.gateway import Gateway
from upgrade101.gateway.address import Address
from upgrade101.gateway.calls import Accept, Close, Cut, Purpose, Refuse, Run, Send
from upgrade101.gateway.connection import State
from upgrade101.gateway.definition import Authorizer, Integration, Route
from upgrade101.gateway.happenings import Closed, Opened, Refused
from upgrade101.gateway.management import manage
from upgrade101.gateway.ports import HttpResponse, Outcome

DOOR = Authorizer("au1", "door", function("door").integration_uri)
MOCK = Integration("i", "MOCK", request_templates={"200": '{"statusCode": 200}'})
DEPLOYMENTS = [
    CHAT,
    (*CHAT[1:],),
    (route("$connect", authorization_type="CUSTOM", authorizer=DOOR), *CHAT[1:]),
    (route("$connect", MOCK), route("$disconnect", MOCK), route("$default", MOCK, two_way=True)),
    (Route("r", "$connect"), Route("r", "$disconnect"), Route("r", "$default")),
    (route("$connect"), route("quiet", function(timeout_millis=50))),
    (),
]
ALLOW = {
    "principalId": "ana",
    "policyDocument": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
}
ANSWERS = [
    Outcome({"statusCode": 200, "body": "hi"}),
    Outcome({"statusCode": 401}),
    Outcome(ALLOW),
    Outcome(None),
    Outcome({"errorMessage": "Unauthorized"}, "Exception"),
    Outcome(not_invoked=True, error="AccessDenied"),
]
ALIVE = {State.CONNECTING, State.OPEN, State.CLOSING, State.ABANDONED}


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order, a connection's life follows the table, and everything is accounted for."""

    connections = Bundle("connections")
    calls = Bundle("calls")
    late = Bundle("late")

    def __init__(self):
        super().__init__()
        self.front = Front(*CHAT)
        self.everybody = {}
        self.states = {}
        self.under_way = {}
        self.cut = set()
        self.goodbyes = Counter()

    # ── what the core asked for ──────────────────────────────────────────────────────────────────────────────────

    def take(self, actions):
        """Check what is to be done against the model, and return the new calls."""
        for action in actions:
            one = action.call.connection if isinstance(action, Run) else action.connection
            state = self.states.get(one.connection_id) if one else None
            match action:
                case Accept():
                    assert state is State.CONNECTING
                    self.states[one.connection_id] = State.OPEN
                case Refuse(None):
                    pass
                case Refuse():
                    assert state in (State.CONNECTING, State.ABANDONED)
                    self.states[one.connection_id] = State.REFUSED
                case Send():
                    assert state is State.OPEN
                case Close():
                    assert state is State.OPEN
                    self.states[one.connection_id] = State.CLOSING
                case Cut():
                    assert state is State.CLOSING
                    self.cut.add(one.connection_id)
                case Run(call):
                    self.under_way[call.request_id] = call
                    self.runs(call, state)
        return [action.call for action in actions if isinstance(action, Run)]

    def runs(self, call, state):
        if call.purpose in (Purpose.AUTHORIZE, Purpose.CONNECT):
            assert state is State.CONNECTING
        elif call.purpose is Purpose.MESSAGE:
            assert state is State.OPEN
        else:
            assert state in (State.CLOSED, State.ABANDONED)
            self.states[call.connection.connection_id] = State.CLOSED

    # ── what can happen ──────────────────────────────────────────────────────────────────────────────────────────

    @initialize(deployment=st.sampled_from(DEPLOYMENTS))
    def deployed(self, deployment):
        self.front.shelf.deploy(*deployment)

    @rule(deployment=st.sampled_from(DEPLOYMENTS))
    def redeploy(self, deployment):
        self.front.shelf.deploy(*deployment)

    @rule()
    def remove_the_stage(self):
        self.front.shelf.remove()

    @rule(target=connections, path=st.sampled_from(["/dev", "/dev?a=1", "/nowhere"]))
    def upgrade(self, path):
        before = set(self.front.core.connections)
        actions = self.front.knock(path)
        one = actions[0].call.connection if isinstance(actions[0], Run) else actions[0].connection
        if one is None:
            assert set(self.front.core.connections) == before
            return multiple()
        self.everybody[one.connection_id] = one
        self.states[one.connection_id] = State.CONNECTING
        self.take(actions)
        return one

    @rule(one=connections, text=st.sampled_from(["hello", '{"action": "quiet"}', '{"action": "nosuch"}', ""]))
    def received(self, one, text):
        actions = self.front.core.received(one, text)
        self.take(actions)
        assert len(actions) <= (self.states[one.connection_id] is State.OPEN)

    @rule(data=st.data(), outcome=st.sampled_from(ANSWERS), target=late)
    def answered(self, data, outcome):
        if not self.under_way:
            return multiple()
        call = self.under_way.pop(data.draw(st.sampled_from(sorted(self.under_way))))
        self.continues(call, self.front.core.answered(call, outcome))
        return call

    def continues(self, call, actions):
        """An upgrade that is decided ends in one action, or begins the next call; nothing else does more than send."""
        one = call.connection
        if call.purpose is Purpose.DISCONNECT:
            assert actions == []
        left = self.states[one.connection_id] is State.ABANDONED
        if left and not any(isinstance(action, Refuse) for action in actions):
            self.states[one.connection_id] = State.CLOSED
        self.take(actions)

    @rule(call=late, outcome=st.sampled_from(ANSWERS))
    def answered_again(self, call, outcome):
        assert self.front.core.answered(call, outcome) == []

    @rule(one=connections, code=st.sampled_from([1000, 1001, 1005, 1006]))
    def ended(self, one, code):
        before = self.states[one.connection_id]
        if before in (State.OPEN, State.CLOSING):
            self.states[one.connection_id] = State.CLOSED
        elif before is State.CONNECTING:
            self.states[one.connection_id] = State.ABANDONED
        actions = self.front.core.ended(one, code, "", "client")
        self.take(actions)
        if before not in (State.OPEN, State.CLOSING):
            assert actions == []

    @rule(one=connections)
    def close(self, one):
        self.take(self.front.core.close(one, 1009, "Message too big", "gateway"))

    @rule(one=connections, method=st.sampled_from(["POST", "GET", "DELETE", "PUT"]), congested=st.booleans())
    def manage(self, one, method, congested):
        one.congested = congested
        address = Address("a1b2c3d4e5", "dev", ("@connections", one.connection_id))
        response, actions = manage(self.front.core, method, address, b"hello")
        if self.states[one.connection_id] is not State.OPEN:
            assert response.status in (403, 405, 410)
        assert bool(actions) == (response.status in (200, 204) and method != "GET")
        self.take(actions)

    @rule(seconds=st.sampled_from([0.001, 0.05, 10.0, 28.0, 29.0, 300.0, 600.0, 7200.0]))
    def time_passes(self, seconds):
        self.front.clock.advance(seconds)
        before = dict(self.front.core.calls)
        actions = self.front.core.due()
        for request_id in before.keys() - self.front.core.calls.keys():
            call = self.under_way.pop(request_id)
            one = call.connection.connection_id
            if self.states[one] is State.ABANDONED and self.everybody[one].state is State.CLOSED:
                self.states[one] = State.CLOSED
        self.take(actions)
        assert self.front.core.next_due > self.front.clock.now()

    # ── what is always so ────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def the_model_agrees(self):
        for connection_id, one in self.everybody.items():
            assert one.state is self.states[connection_id]
        alive = {one for one, state in self.states.items() if state in ALIVE}
        assert set(self.front.core.connections) == alive
        assert set(self.front.core.calls) == set(self.under_way)
        open_ = sum(state is State.OPEN for state in self.states.values())
        patient = sum(state is State.CLOSING and one not in self.cut for one, state in self.states.items())
        assert len(self.front.core._deadlines) == len(self.under_way) + 2 * open_ + patient

    @invariant()
    def everybody_in_flight_is_counted(self):
        counted = Counter(call.connection.connection_id for call in self.under_way.values())
        for connection_id, one in self.everybody.items():
            assert one.in_flight == counted[connection_id]

    @invariant()
    def everybody_has_one_end(self):
        closed = Counter(each.connection_id for each in self.front.said(Closed))
        opened = Counter(each.connection_id for each in self.front.said(Opened))
        refused = Counter(each.connection_id for each in self.front.said(Refused))
        for connection_id, state in self.states.items():
            assert closed[connection_id] == (state is State.CLOSED)
            assert refused[connection_id] == (state is State.REFUSED)
            assert opened[connection_id] <= 1
            assert opened[connection_id] or state not in (State.OPEN, State.CLOSING)

    @invariant()
    def goodbye_is_said_once(self):
        goodbyes = Counter(
            each.connection_id
            for each in self.front.told
            if getattr(each, "route_key", "") == "$disconnect" and type(each).__name__ == "Invoked"
        )
        for connection_id, state in self.states.items():
            assert goodbyes[connection_id] <= (state is State.CLOSED)

    def teardown(self):
        for one in self.everybody.values():
            self.ended(one, 1001)
        for _ in range(3):
            for call in list(self.under_way.values()):
                self.under_way.pop(call.request_id)
                self.continues(call, self.front.core.answered(call, Outcome(None)))
        assert not self.front.core.connections
        assert not self.front.core.calls
        assert len(self.front.core._deadlines) == 0
        assert not self.front.core.busy()


AnyOrder.TestCase.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyOrder = AnyOrder.TestCase


# ── any bytes ────────────────────────────────────────────────────────────────────────────────────────────────────────


class AtOnce(Executor):
    """The workers of the port ``http``, without threads."""

    def submit(self, do, /, *facts):
        do(*facts)


class Escaped(logging.Handler):
    """What went wrong in the gateway itself."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.messages = []

    def emit(self, record):
        if record.args and record.args[0] == "the gateway":  # the first word of failed()
            self.messages.append(record.getMessage())


def converse(chunks, *, routes=CHAT, http=None, pause=()):
    """Say ``chunks`` to a line, then hang up; return what it said, and fail where anything escaped or was left."""

    def invoke(invocation, done):
        done(Outcome(echo(invocation.event)))

    escaped = Escaped()
    log = logging.getLogger("upgrade101.gateway")
    log.addHandler(escaped)
    try:
        gateway = Gateway(Shelf(stage(*routes)), invoke, http)
        gateway._pool = AtOnce()
        loop, sock, line = by_hand(gateway)
        for at, chunk in enumerate(chunks):
            sock.full = at in pause
            sock.unread.append(chunk)
            loop.turn()
            sock.full = False
            loop.turn()
        for _ in range(len(chunks) + 6):
            loop.turn()
        sock.unread.append(b"")
        for _ in range(6):
            loop.turn()
        if not sock.closed:  # it is not being read: the peer gives up
            line.transport.abort()
        loop.turn()
    finally:
        log.removeHandler(escaped)
    assert not escaped.messages
    assert sock.closed
    assert not loop.watched
    assert not gateway._lines
    assert not gateway.core.connections
    assert not gateway.core.calls
    assert len(gateway.core._deadlines) == 0
    return bytes(sock.written)


def cut(data, places):
    """Cut bytes at some places."""
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[begin:end] for begin, end in zip([0, *ends], ends, strict=False) if data[begin:end]]


PLACES = st.lists(st.integers(0, 100_000), max_size=12)
OPCODES = st.sampled_from([TEXT, CONT, BINARY, CLOSE, PING, PONG, 3, 11])
PAYLOADS = st.one_of(
    st.binary(max_size=130),
    st.sampled_from(
        [b"", b"hello", b'{"action": "quiet"}', b"\x03\xe8bye", b"\x03\xe7", b"\x03", b"\xff" * 130, b"x" * 33_000]
    ),
)
MOSTLY_FRAMES = st.builds(
    frame,
    OPCODES,
    PAYLOADS,
    fin=st.booleans(),
    rsv=st.sampled_from([0] * 9 + [1, 4]),
    mask=st.sampled_from([True] * 9 + [False]),
    size=st.sampled_from([-1] * 9 + [0, 126, 65_536, 2**40]),
)
FRAMES = st.lists(MOSTLY_FRAMES, max_size=8).map(b"".join)
POST = b"POST %s/@connections/KmZ1XdPwDoECGjA= HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nContent-Length: 1\r\n\r\nx"
REQUESTS = st.lists(
    st.sampled_from(
        [
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % PATH.encode(),
            b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody",
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
            b"GET / HTTP/1.0\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            POST % PATH.encode(),
            handshake(),
            handshake(method="POST"),
            handshake(Sec_WebSocket_Version="8"),
            handshake(Sec_WebSocket_Key="short"),
            handshake(without="Sec-WebSocket-Key"),
            handshake("/nowhere"),
            handshake(PATH, "Content-Length: 3"),
            b"GARBAGE\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"\r\n",
        ]
    )
    | st.binary(max_size=40),
    max_size=5,
).map(b"".join)
ANY_LINE = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@ANY_LINE
@given(st.lists(st.binary(min_size=1, max_size=200), max_size=8), st.sets(st.integers(0, 7)))
def test_any_bytes_break_nothing(chunks, pause):
    converse(chunks, pause=pause)


@ANY_LINE
@given(REQUESTS, PLACES, st.sets(st.integers(0, 11)))
@example(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n!", [], set())
@example(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n\0", [], {0})
def test_any_requests_in_any_pieces_break_nothing(data, places, pause):
    said = converse(cut(data, places), pause=pause)
    assert not said or said.startswith(b"HTTP/1.1 ")


@ANY_LINE
@given(FRAMES, PLACES, st.sets(st.integers(0, 11)), st.sampled_from([CHAT, CHAT[1:], ()]))
@example(frame(TEXT, b"one") + frame(3) + frame(TEXT, b"two"), [], set(), CHAT)
@example(frame(TEXT, b"\xff") + frame(BINARY, b"x") + frame(CLOSE), [], set(), CHAT)
@example(frame(TEXT, b"half", fin=False) + frame(CLOSE, b"\x03\xe8"), [], set(), CHAT)
def test_any_frames_in_any_pieces_break_nothing(data, places, pause, routes):
    said = converse(cut(handshake() + data, places), pause=pause, routes=routes)
    assert said.startswith(b"HTTP/1.1 101 ")
    assert re.match(rb"(?s).*?\r\n\r\n", said)


def test_an_upgrade_behind_a_request_dies_with_its_client():
    gateway = Gateway(Shelf(stage(*CHAT[1:])), lambda invocation, done: None)
    loop, sock, line = by_hand(gateway)
    sock.unread.append(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % PATH.encode() + handshake())
    (_, ready) = loop.watched[sock]
    with loop:
        ready(EVENT_READ)
        line.transport.abort()
        line.connection_lost(None)  # before the line goes on to the second one
    loop._handed.pop()  # the transport's own news of the same
    loop.turn()
    assert gateway.core.connections == {}


GOOD_FRAMES = st.lists(
    st.one_of(
        st.text(max_size=40).map(lambda text: frame(TEXT, text.encode())),
        st.text(max_size=40).map(
            lambda text: frame(TEXT, text.encode()[:9], fin=False) + frame(CONT, text.encode()[9:])
        ),
        st.binary(max_size=125).map(lambda data: frame(PING, data)),
        st.binary(max_size=125).map(lambda data: frame(PONG, data)),
    ),
    max_size=8,
).map(b"".join)


@ANY_LINE
@given(GOOD_FRAMES, PLACES)
def test_after_any_good_frames_it_still_answers(data, places):
    said = converse([*cut(handshake() + data, places), frame(PING, b"alive?")])
    assert b"\x8a\x06alive?" in said


@ANY_LINE
@given(
    st.integers(0, 600),
    st.integers(100, 999) | st.just("no"),
    st.dictionaries(st.text(max_size=5), st.text(max_size=9)),
)
def test_whatever_the_http_port_answers(size, status, headers):
    def http(request):
        return HttpResponse(status, b"x" * size, list(headers.items()))

    said = converse([b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"], http=http)
    assert re.match(rb"HTTP/1.1 (\d+) ", said)
