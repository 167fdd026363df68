"""Ask as a client and say in words what came: what the checks of several labs have in common."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from ..deploy import Handler
from ..gateway.happenings import Answered, Routed
from .bench import Bench, Line
from .exercises import NotYet, trying

FORBIDDEN, BROKEN, SILENCE = "Forbidden", "Internal server error", "nothing"

_NOUNS = {dict: "a dictionary", list: "a list", bool: "a truth value"}


def wants(
    bench: Bench,
    line: Line,
    message: Any,
    wanted: str,
    *,
    looks: Mapping[str, str] | None = None,
    tried: str = "",
) -> None:
    """Send a message (an object travels as JSON) and raise NotYet unless exactly the wanted answer comes.

    ``wanted`` may be FORBIDDEN or SILENCE. ``looks`` says where to look for each kind of failure: FORBIDDEN, BROKEN,
    SILENCE, or '' for any other. ``tried`` stands for the message where that would not say enough.
    """
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    trying(tried or f"the client sends {text}")
    frames = line.ask(text)
    if heard(frames) != wanted:
        look = (looks or {}).get(kind(frames), (looks or {}).get("", ""))
        raise NotYet(expected=_expected(wanted), got=described(bench, frames), look=look)


def pair(functions: Any, call: str) -> tuple[Handler, Handler]:
    """Return the two functions of an answer. Raises NotYet where it has not two; ``call`` says how to hand them in."""
    if isinstance(functions, Sequence) and len(functions) == 2 and all(map(callable, functions)):
        return functions[0], functions[1]
    raise NotYet(expected=f"two functions: {call}", got=repr(functions), look="name them, without brackets behind")


def finished(returned: Any) -> Any:
    """Return what a function returned, once it is there: an ``async`` answer to an exercise is welcome too.

    >>> async def later():
    ...     return 3
    >>> finished(later()), finished(3)
    (3, 3)
    """
    return asyncio.run(_wait_for(returned)) if inspect.isawaitable(returned) else returned


async def _wait_for(returned: Awaitable[Any]) -> Any:
    return await returned


def heard(frames: Sequence[str]) -> str:
    """Return the one frame that came, the message of an error frame, or SILENCE.

    >>> heard([]), heard(["rye"]), heard(['{"message": "Forbidden", "connectionId": "a=", "requestId": "b="}'])
    ('nothing', 'rye', 'Forbidden')
    """
    if len(frames) != 1:
        return "\n".join(frames) or SILENCE
    return error_of(frames[0]) or frames[0]


def kind(frames: Sequence[str]) -> str:
    """Return what went wrong: SILENCE, FORBIDDEN, BROKEN, or '' for another answer."""
    said = heard(frames)
    return said if said in (SILENCE, FORBIDDEN, BROKEN) else ""


def error_of(frame: str) -> str:
    """Return the message of the gateway's error frame, or '' where a frame is none."""
    try:
        found = json.loads(frame)
    except ValueError:
        return ""
    fields = {"message", "connectionId", "requestId"}
    return str(found["message"]) if isinstance(found, dict) and fields == found.keys() else ""


def has_raised(bench: Bench) -> bool:
    """Tell whether the last function that ended has raised, so that a verdict has a row “Raised”."""
    ended = [seen for seen in bench.happenings() if isinstance(seen, Answered)]
    return bool(ended and ended[-1].error)


def no_answer(bench: Bench) -> str:
    """Return what the last function that ended has returned, where that is no answer: words for a verdict, or ''."""
    ended = [seen for seen in bench.happenings() if isinstance(seen, Answered)]
    fits = not ended or (isinstance(ended[-1].payload, dict) and "statusCode" in ended[-1].payload)
    if fits or has_raised(bench):
        return ""
    return f"{ended[-1].target} returned {_short(ended[-1].payload)}{_fault(ended[-1].payload)}"


def described(bench: Bench, frames: Sequence[str]) -> str:
    """Return in words what a client heard, and what the gateway knows about it."""
    if not frames:
        return f"nothing{_unheard(bench)}"
    if len(frames) > 1:
        return f"{len(frames)} answers: {', '.join(map(_quoted, frames))}"
    error = error_of(frames[0])
    if not error:
        return _quoted(frames[0])
    return f"the error frame “{error}”{_cause(bench, error)}"


def _expected(wanted: str) -> str:
    if wanted == SILENCE:
        return "nothing"
    return f"the error frame “{FORBIDDEN}”: no route" if wanted == FORBIDDEN else _quoted(wanted)


def _quoted(frame: str) -> str:
    shown = frame if len(frame) <= 80 else f"{frame[:77]}…"
    return repr(shown)


def _unheard(bench: Bench) -> str:
    """Return what became of a message that nobody answered."""
    ran = [seen for seen in bench.happenings() if isinstance(seen, Answered)]
    if not ran or ran[-1].error:
        return ""
    return f", although {ran[-1].target} returned {_short(ran[-1].payload)}"


def _cause(bench: Bench, error: str) -> str:
    """Return why an error frame came, as far as the gateway knows."""
    if error == FORBIDDEN:
        routed = [seen for seen in bench.happenings() if isinstance(seen, Routed)]
        return _no_route(routed[-1].selected) if routed else ""
    answered = [seen for seen in bench.happenings() if isinstance(seen, Answered)]
    if not answered or answered[-1].error:
        return ""
    return f": {answered[-1].target} returned {_short(answered[-1].payload)}{_fault(answered[-1].payload)}"


def _fault(payload: Any) -> str:
    """Return why this is no answer for a proxy integration: the commonest faults by name."""
    body = payload.get("body") if isinstance(payload, dict) else None
    if body is not None and not isinstance(body, str):
        what = _NOUNS.get(type(body), "a number")
        return f". Its `body` is {what} and must be text: `json.dumps` makes text of it"
    if isinstance(payload, dict) and "statusCode" not in payload:
        return ". There is no `statusCode` in it, and the gateway insists on one"
    return ", which is no answer for a proxy integration"


def _no_route(selected: str) -> str:
    if not selected:
        return ": the rule found no key in this message, and there is no $default route"
    return f": the rule found the key {selected!r}, and no route of the deployment has it"


def _short(payload: Any) -> str:
    text = repr(payload)
    return text if len(text) <= 80 else f"{text[:77]}…"
