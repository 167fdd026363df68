"""What a door was answered by its guard, an authorizer, and where a learner should look where that was not meant."""

from __future__ import annotations

from typing import Any

from ...door import Answer
from ...gateway.happenings import Answered, Invoked, Knocked
from ..bench import Bench

OPEN = 101


def shown(answer: Answer) -> str:
    """Return an answer in words.

    >>> shown(Answer(401, "Unauthorized")), shown(Answer(101, "Switching Protocols"))
    ('401 Unauthorized', '101 Switching Protocols: the door is open')
    """
    first = answer.message.partition("\n")[0]  # of a signature that does not fit AWS tells much more
    words = f"{answer.status or ''} {first}".strip()
    return f"{words}: the door is open" if answer.status == OPEN else words


def why_shut(bench: Bench, got: str, denied: str = "") -> str:
    """Return where to look where somebody was refused who should be let in; ``got`` begins with the status.

    ``denied`` says it for a guard that said Deny, where the exercise knows better.
    """
    if got.startswith("500"):
        return why_broken(bench)
    if any(not _is_guard(seen) and seen.connection_id == _last_client(bench) for seen in invoked(bench)):
        return _BEHIND
    if got.startswith("403"):
        return _why_denied(_said_by_guard(bench), denied)
    if got.startswith("401"):
        asked = _said_by_guard(bench) is not None
        return "when the guard raises `Unauthorized`: not now" if asked else "the identity source, letter by letter"
    return _BEHIND


_BEHIND = "what `on_connect` does and returns: it runs once the guard has said Allow"


def why_broken(bench: Bench) -> str:
    """Return where to look for a 500 of the guard's."""
    answered = _said_by_guard(bench)
    if answered is None:
        return "the guard did not even run: its address, and its name"
    if not answered.error:
        return _fault(answered.payload)
    message = str(answered.payload.get("errorMessage", "")) if isinstance(answered.payload, dict) else ""
    if "unauthori" in message.lower():
        return f"the word: {message!r} is 500, and only 'Unauthorized', exactly so, is 401"
    return "the row “Raised”: a guard that fails is a 500"


def _fault(answer: Any) -> str:
    """Return why this is no answer of an authorizer: the commonest faults by name.

    >>> _fault({"principalId": None, "policyDocument": {}})
    '`principalId` is None: it must be text, whoever knocks'
    """
    if answer is None:
        return "the guard returned nothing: does every way through it end with a `return`?"
    if not isinstance(answer, dict) or "isAuthorized" in answer:
        return f"the guard returned {short(answer)}: a plain yes or no is for HTTP APIs, here a policy is asked for"
    if "statusCode" in answer:
        return "the guard returned a statusCode: it answers with a policy, and the gateway makes the status of it"
    if not isinstance(answer.get("principalId"), str):
        return f"`principalId` is {answer.get('principalId')!r}: it must be text, whoever knocks"
    context = answer.get("context") or {}
    if not isinstance(context, dict) or any(isinstance(value, dict | list) for value in context.values()):
        return "`context` must be flat: names and plain values, no dictionary and no list in it"
    effects = [statement.get("Effect") for statement in _statements(answer)]
    if not effects:
        return "`policyDocument`: a dictionary with `Version` and a list called `Statement`"
    if set(effects) - {"Allow", "Deny"}:
        return f"the Effect is {effects[0]!r}: IAM knows `Allow` and `Deny`, with a capital"
    return "the policy, word by word: lesson 09, section 1"


def _why_denied(answered: Answered | None, denied: str) -> str:
    """Return where to look where a policy does not let in somebody whom it should."""
    statements = _statements(answered.payload) if answered else []
    if any(statement.get("Effect") == "Deny" for statement in statements):
        return denied or "the guard said Deny to somebody who may come in: what does it compare with what?"
    actions = [str(action).lower() for statement in statements for action in _listed(statement.get("Action"))]
    if statements and not any(action in ("*", "execute-api:*", "execute-api:invoke") for action in actions):
        return f"the Action is {', '.join(actions)}: to come in is called `execute-api:Invoke`"
    return "the Resource: what is allowed must be this API's `$connect`, which the event calls `methodArn`"


def _statements(answer: Any) -> list[dict[str, Any]]:
    document = answer.get("policyDocument") if isinstance(answer, dict) else None
    found = _listed(document.get("Statement")) if isinstance(document, dict) else []
    return [statement for statement in found if isinstance(statement, dict)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _said_by_guard(bench: Bench) -> Answered | None:
    """Return what the authorizer answered about the client who knocked last, if it was asked at all."""
    last = _last_client(bench)
    asked = [seen for seen in invoked(bench) if _is_guard(seen) and seen.connection_id == last]
    said = [seen for seen in bench.happenings() if isinstance(seen, Answered) and seen.connection_id == last]
    return said[0] if asked and said else None


def _last_client(bench: Bench) -> str:
    (*_, last) = (seen.connection_id for seen in bench.happenings() if isinstance(seen, Knocked))
    return last


def _is_guard(seen: Invoked) -> bool:
    return isinstance(seen.event, dict) and seen.event.get("type") == "REQUEST"


def invoked(bench: Bench) -> list[Invoked]:
    """Return every call of a function by the gateway, in order."""
    return [seen for seen in bench.happenings() if isinstance(seen, Invoked)]


def short(value: Any) -> str:
    """Return a value as Python shows it, but no longer than a line."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
