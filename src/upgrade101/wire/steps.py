"""Each happening put into words: an arrow from one lane to another, or a note in one lane."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from ..gateway import happenings as told
from ..gateway.happenings import Happening
from .wording import Tone, answer, asked, http_answer, pretty, too_late, waited

CLIENT, GATEWAY, FUNCTION, MANAGEMENT, NOTEBOOK = "client", "gateway", "function", "@connections", "notebook"
REST_CLIENT = f"{CLIENT}:"
STRANGER = "stranger"  # turned away before there was a connection id

NO_CODE = 1005  # RFC 6455, 7.1.5: what both sides write down where a close frame has no code
_WITHOUT_CODE = "close without a code"
_NEVER_TRAVELS = "1005 means: no status received. It is written down in place of the code and never travels."


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the story. ``text`` is what is said, ``full`` everything that was said."""

    at: float
    text: str = ""
    full: str = ""
    tone: Tone = "plain"
    stage: str = ""
    happening: Happening | None = field(default=None, repr=False)

    @property
    def lanes(self) -> tuple[str, ...]:
        """Return the keys of the lanes that this step touches."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow(Step):
    """Something that travelled. ``answer`` marks what answers a request, ``lost`` what never arrived.

    ``attached`` goes with the arrow before it, and does not count where a picture shows only so many.
    """

    source: str
    target: str
    status: str = ""
    answer: bool = False
    lost: bool = False
    attached: bool = False
    request_id: str = ""
    whose: str = ""  # the client's letter or the function's name, said where lanes are merged
    resource: str = ""

    @property
    def lanes(self) -> tuple[str, ...]:
        """Return where it came from and where it went."""
        return (self.source, self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Step):
    """Something that was decided in one lane."""

    lane: str
    whom: str = ""  # the lane for which the gateway has stopped waiting
    request_id: str = ""  # and the call

    @property
    def lanes(self) -> tuple[str, ...]:
        """Return the lane it belongs to."""
        return (self.lane,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(Step):
    """Arrows that were left out."""

    count: int


Names = Mapping[str, str]


def steps_of(happenings: Iterable[Happening], names: Names) -> list[Step]:
    """Return the steps of these happenings; what nobody would see makes none."""
    steps: list[Step] = []
    for happening in called(happenings):
        step = _TELL[type(happening)](happening, names) if type(happening) in _TELL else None
        if step is None:
            continue
        stage = "/".join(filter(None, (happening.api_id, happening.stage)))
        place = _place(steps, happening)
        steps.insert(place, replace(step, happening=happening, stage=stage))
        if isinstance(happening, told.Closed) and (happening.by == "client" or happening.answered):
            steps.insert(place + 1, replace(_closed_too(happening, names), happening=happening, stage=stage))
    return steps


def called(happenings: Iterable[Happening]) -> list[Happening]:
    """Leave out the calls of whom nobody called after all, as the answer says."""
    kept: list[Happening | None] = []
    begun: dict[tuple[str, str], int] = {}
    for place, happening in enumerate(happenings):
        kept.append(happening)
        if isinstance(happening, told.Invoked):
            begun[happening.request_id, happening.target] = place
        elif isinstance(happening, told.Answered) and happening.not_invoked:
            call = begun.pop((happening.request_id, happening.target), None)
            if call is not None:
                kept[call] = None
    return [happening for happening in kept if happening is not None]


def named(happenings: Sequence[Happening]) -> list[Happening]:
    """Give those a name who were turned away before they had a connection id."""
    result: list[Happening] = []
    strangers = 0
    for happening in happenings:
        if isinstance(happening, told.Knocked | told.Refused) and not happening.connection_id:
            strangers += isinstance(happening, told.Knocked)
            happening = replace(happening, connection_id=f"{STRANGER} {max(strangers, 1)}")
        result.append(happening)
    return result


def _place(steps: list[Step], happening: Happening) -> int:
    """Return where the step belongs: a call of @connections before what it caused, a goodbye where it was said."""
    if isinstance(happening, told.Closed):  # it is told when the client has answered
        return _when(steps, happening)
    if isinstance(happening, told.Called) and _is_errand(happening):
        return _errands_place(steps, happening)
    if isinstance(happening, told.Logged):  # logs come late
        return _when(steps, happening)
    if not isinstance(happening, told.Managed) or happening.status >= 300:
        return len(steps)
    for place in range(len(steps) - 1, max(len(steps) - 9, -1), -1):
        effect = steps[place].happening
        if effect is not None and effect.connection_id == happening.connection_id and _causes(happening, effect):
            claimed = place > 0 and isinstance(steps[place - 1].happening, told.Managed)
            return len(steps) if claimed else place
    return _when(steps, happening)  # seen from outside, nobody knows what it caused


def _when(steps: list[Step], happening: Happening) -> int:
    """Return where a step belongs by its time."""
    return next((place for place in range(len(steps), 0, -1) if steps[place - 1].at <= happening.at), 0)


def _errands_place(steps: list[Step], happening: told.Called) -> int:
    """Return where a function is set going: it is told when Lambda has answered, and that function may be at work."""
    caller, whom = _caller(happening.caller), f"{FUNCTION}:{_resource(happening.parameters)}"
    place = len(steps)
    for before in range(len(steps) - 1, max(len(steps) - 9, -1), -1):
        step = steps[before]
        if isinstance(step, Arrow) and (step.target in (caller, whom) or step.source == caller):
            break
        if isinstance(step, Arrow) and step.source == whom:
            place = before
    return place


def _causes(call: told.Managed, effect: Happening) -> bool:
    if call.method == "POST":
        return isinstance(effect, told.Sent) and effect.because == "post" and effect.text == call.text
    return call.method == "DELETE" and isinstance(effect, told.Closed) and effect.by == "management"


# ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _client(happening: Happening) -> str:
    return f"{CLIENT}:{happening.connection_id}"


def _letter(happening: Happening, names: Names) -> str:
    return names.get(happening.connection_id, "")


def _integration(kind: str, target: str) -> str:
    """Return the lane of an integration: a function, a backend, or another AWS service."""
    if kind.startswith("HTTP") or target.startswith(("http://", "https://")):
        return f"backend:{urlsplit(target).netloc or target}"
    if target.startswith("arn:aws:apigateway:"):
        return f"service:{target.split(':')[4]}"
    return f"{FUNCTION}:{target}"


def _caller(name: str) -> str:
    return f"{FUNCTION}:{name}" if name else NOTEBOOK


# ── what ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _knocked(happening: told.Knocked, names: Names) -> Step:
    text, full = asked(happening)
    return replace(_from_client(happening, names, text), full=full)


def _opened(happening: told.Opened, names: Names) -> Step:
    words = "Switching Protocols" + (f" · {happening.subprotocol}" if happening.subprotocol else "")
    return _to_client(happening, names, words, "101", "good", answer=True)


def _refused(happening: told.Refused, names: Names) -> Step:
    return _to_client(happening, names, happening.message or "refused", str(happening.status), "bad", answer=True)


def _received(happening: told.Received, names: Names) -> Step:
    return _from_client(happening, names, happening.text)


def _sent(happening: told.Sent, names: Names) -> Step:
    wrong = happening.because == "error"
    return _to_client(happening, names, happening.text, "error" if wrong else "", "bad" if wrong else "plain")


def _closed(happening: told.Closed, names: Names) -> Step:
    if happening.by == "network":
        arrow = _from_client(happening, names, "silence: no close frame")
        return replace(arrow, lost=True, status=str(happening.code), tone="bad")
    if happening.by == "client" and happening.code == NO_CODE:
        arrow = _from_client(happening, names, _WITHOUT_CODE)
        return replace(arrow, status=str(NO_CODE), full=f"{_WITHOUT_CODE}\n\n{_NEVER_TRAVELS}")
    words = "close" + (f" “{happening.reason}”" if happening.reason else "")
    tone: Tone = "plain" if happening.code == 1000 else "bad"
    if happening.by == "client":
        return replace(_from_client(happening, names, words), status=str(happening.code), tone=tone)
    return _to_client(happening, names, words, str(happening.code), tone)


def _closed_too(happening: told.Closed, names: Names) -> Arrow:
    """Return the close frame that answers a close frame; a client gets its own back (RFC 6455, 5.5.1)."""
    if happening.by == "client":
        arrow = _closed(happening, names)
        assert isinstance(arrow, Arrow)
        status = "" if happening.code == NO_CODE else arrow.status
        back = _to_client(happening, names, arrow.text, status, arrow.tone, answer=True)
    elif happening.answered == NO_CODE:
        back = replace(_from_client(happening, names, _WITHOUT_CODE), answer=True)
    else:
        back = replace(_from_client(happening, names, "close"), status=str(happening.answered), answer=True)
    return replace(back, attached=True)


def _from_client(happening: Happening, names: Names, text: str) -> Arrow:
    return Arrow(
        at=happening.at,
        source=_client(happening),
        target=GATEWAY,
        text=text,
        full=text,
        whose=_letter(happening, names),
    )


def _to_client(happening: Happening, names: Names, text: str, status: str, tone: Tone, answer: bool = False) -> Arrow:
    arrow = _from_client(happening, names, text)
    return replace(arrow, source=GATEWAY, target=_client(happening), status=status, tone=tone, answer=answer)


def _routed(happening: told.Routed, names: Names) -> Step:
    key, selected = happening.route_key, happening.selected
    if not key:
        text = f"no route {selected!r}, no $default" if selected else "no route, no $default"
        return Note(at=happening.at, lane=GATEWAY, text=text, tone="bad")
    text = f"route {key}" if key == selected or not selected else f"no route {selected!r}: {key}"
    return Note(at=happening.at, lane=GATEWAY, text=text)


def _invoked(happening: told.Invoked, names: Names) -> Step:
    if happening.integration_type == "MOCK":
        return Note(at=happening.at, lane=GATEWAY, text="mock integration")
    is_authorizer = isinstance(happening.event, dict) and happening.event.get("type") == "REQUEST"
    lane = _integration(happening.integration_type, happening.target)
    noun = "event" if lane.startswith(FUNCTION) else "request"
    return Arrow(
        at=happening.at,
        source=GATEWAY,
        target=lane,
        text="authorizer request" if is_authorizer else f"{happening.route_key} {noun}",
        full=pretty(happening.event),
        request_id=happening.request_id,
        whose=happening.target,
    )


def _answered(happening: told.Answered, names: Names) -> Step | None:
    if happening.target == "MOCK" and not happening.error:
        return None
    lane = _integration("", happening.target)
    if happening.not_invoked:
        return _not_called(happening, lane.partition(":")[2])
    if too_late(happening):
        return _waited(happening, lane)
    text, status, tone = answer(happening) if lane.startswith(FUNCTION) else http_answer(happening)
    return Arrow(
        at=happening.at,
        source=lane,
        target=GATEWAY,
        text=text,
        full=text if happening.error else pretty(happening.payload) or text,
        status=status,
        tone=tone,
        answer=True,
        request_id=happening.request_id,
        whose=happening.target,
    )


def _waited(happening: told.Answered, whom: str) -> Note:
    """Return that the gateway has stopped waiting for somebody who may go on."""
    (text, full), call = waited(happening), happening.request_id
    return Note(at=happening.at, lane=GATEWAY, text=text, full=full, tone="bad", whom=whom, request_id=call)


def _not_called(happening: told.Answered, whom: str) -> Note:
    """Return why nobody was called: by the last word of the error, and in full by its message."""
    why, full = happening.error.rpartition(".")[2], answer(happening)[0]
    return Note(at=happening.at, lane=GATEWAY, text=f"{whom} is not called: {why}", full=full, tone="bad")


def _managed(happening: told.Managed, names: Names) -> Step:
    known, asked_for = happening.connection_id, happening.path or f"/@connections/{happening.connection_id}"
    return Arrow(
        at=happening.at,
        source=_caller(happening.caller),
        target=MANAGEMENT,
        text=f"{happening.method} {_whom(happening, names) if known and happening.status != 404 else asked_for}",
        full=f"{happening.method} {asked_for}\n\n{happening.text}".strip(),
        status=str(happening.status),
        tone="good" if happening.status < 300 else "bad",
        whose=happening.caller,
    )


def _whom(happening: told.Managed, names: Names) -> str:
    """Return which connection was meant, and with an arrow whom the message went on to."""
    known, letter = happening.connection_id, _letter(happening, names)
    if not letter:
        return known
    return f"{known} → {letter}" if happening.method == "POST" and happening.status < 300 else f"{known} ({letter})"


def _called(happening: told.Called, names: Names) -> Step | None:
    if not happening.caller or happening.service == "apigatewaymanagementapi":
        return None
    resource = _resource(happening.parameters)
    words = [happening.operation, resource, happening.error]
    arrow = Arrow(
        at=happening.at,
        source=_caller(happening.caller),
        target=f"service:{happening.service}",
        text=" ".join(filter(None, words)),
        full=f"{happening.operation} {pretty(happening.parameters)}".strip(),
        status=str(happening.status or ""),
        tone="bad" if happening.error or happening.status >= 300 else "good",
        whose=happening.caller,
        resource=resource,
    )
    return _errand(arrow, happening) if _is_errand(happening) and resource != happening.caller else arrow


def _is_errand(happening: told.Called) -> bool:
    """Tell whether a function has another one run and does not wait for it."""
    kind = happening.parameters.get("InvocationType") if isinstance(happening.parameters, dict) else None
    return (happening.service, happening.operation, kind, happening.error) == ("lambda", "Invoke", "Event", "")


def _errand(arrow: Arrow, happening: told.Called) -> Arrow:
    call = f"{happening.operation} {happening.at} {arrow.source}"
    return replace(arrow, target=f"{FUNCTION}:{arrow.resource}", text="Invoke (Event)", resource="", request_id=call)


def _resource(parameters: Any) -> str:
    """Return the name of the table, queue, topic or function that a call is about."""
    keys = ("TableName", "QueueUrl", "TopicArn", "FunctionName")
    value = next((parameters[key] for key in keys if key in parameters), "") if isinstance(parameters, dict) else ""
    return str(value).rpartition("/")[2].rpartition(":")[2]


def _logged(happening: told.Logged, names: Names) -> Step:
    first = happening.text.partition("\n")[0].removeprefix("[ERROR] ")
    return Note(
        at=happening.at,
        lane=f"{FUNCTION}:{happening.function}",
        text=f"printed {first}" if happening.what == "said" else first,
        full=happening.text,
        tone="bad" if happening.what == "failed" else "plain",
    )


def _requested(happening: told.Requested, names: Names) -> Step:
    return Arrow(
        at=happening.at,
        source=REST_CLIENT,
        target=GATEWAY,
        text=f"{happening.method} {happening.path}" + (f"  {happening.body}" if happening.body else ""),
        full=f"{happening.method} {happening.path}\n\n{happening.body}".strip(),
    )


def _responded(happening: told.Responded, names: Names) -> Step:
    return Arrow(
        at=happening.at,
        source=GATEWAY,
        target=REST_CLIENT,
        text=happening.body or "(no body)",
        full=happening.body,
        status=str(happening.status),
        tone="good" if happening.status < 400 else "bad",
        answer=True,
    )


_TELL: dict[type[Happening], Callable[[Any, Names], Step | None]] = {
    told.Knocked: _knocked,
    told.Opened: _opened,
    told.Refused: _refused,
    told.Received: _received,
    told.Routed: _routed,
    told.Invoked: _invoked,
    told.Answered: _answered,
    told.Sent: _sent,
    told.Managed: _managed,
    told.Closed: _closed,
    told.Requested: _requested,
    told.Responded: _responded,
    told.Called: _called,
    told.Logged: _logged,
}
