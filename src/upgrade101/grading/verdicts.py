"""What became of each exercise, in words and as JSON: what the marker says, and the reports are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import wire
from ..gateway.happenings import Closed, Happening, Knocked, Received
from .recording import from_json, reworded, to_json
from .session import Judged

Document = dict[str, Any]

DONE, NOT_YET, UNWRITTEN, NOT_HANDED_OVER, BROKEN = "done", "not yet", "unwritten", "not handed over", "broken"
_LONG = 600


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run with a name, as the wire log compares runs."""

    name: str
    happenings: list[Happening] = field(repr=False)


def document(judged: Judged, expected: Mapping[str, Any] | None, *, record: bool = False) -> Document:
    """Return the verdict on one exercise as JSON; with ``record``, all that happened as well."""
    tried, finding = judged.tried, judged.tried.finding
    state = NOT_HANDED_OVER if judged.why_not else str(tried.state)
    done = state == DONE
    found: Document = {
        "exercise": judged.exercise.id,
        "title": judged.exercise.title,
        "state": state,
        "points": judged.test.points if done else 0.0,
        "of": judged.test.points,
        "why": _short(judged.why_not or (tried.error if state in (BROKEN, UNWRITTEN) else "")),
        "tried": _short(finding.tried) if finding else "",
        "expected": _short(finding.expected) if finding else "",
        "got": _short(finding.got) if finding else "",
        "look": _short((finding.look or judged.exercise.look) if finding else ""),
        "raised": _short(tried.error) if finding else "",
        "log": [_short(line) for line in tried.prints[-20:]],
        "seconds": round(judged.seconds, 2),
        "picture": "" if done else picture(judged, expected),
    }
    if record:
        found |= {"words": _words(judged), "happenings": to_json(tried.happenings)}
    return found


def not_judged(exercise_id: str, title: str, points: float, why: str) -> Document:
    """Return the verdict on an exercise that was never tried."""
    empty = dict.fromkeys(("tried", "expected", "got", "look", "raised", "picture"), "")
    words: Document = {"exercise": exercise_id, "title": title, "state": NOT_HANDED_OVER, "points": 0.0, "of": points}
    return {**words, **empty, "why": why, "log": [], "seconds": 0.0}


def reason(found: Mapping[str, Any]) -> str:
    """Return a verdict in words, one line.

    >>> reason({"state": "not yet", "tried": "a", "expected": "b", "got": "c", "raised": "", "look": "d", "why": ""})
    'tried: a; expected: b; got: c; look at: d'
    """
    match found["state"]:
        case "done":
            return "done"
        case "unwritten":
            return f"written in part: {found['why']}" if found["why"] else "nothing written yet"
        case "not yet":
            named = (
                ("tried", "tried"),
                ("expected", "expected"),
                ("got", "got"),
                ("raised", "raised"),
                ("look", "look at"),
            )
            return "; ".join(f"{name}: {found[key]}" for key, name in named if found[key])
        case "broken":
            return f"could not be judged, which is no fault of the answer: {found['why'] or found['got']}"
    return str(found["why"])


def picture(judged: Judged, expected: Mapping[str, Any] | None) -> str:
    """Return the wire log of what happened, beside that of the solution where it is known, for a page."""
    seen = list(judged.tried.happenings)
    if not seen:
        return ""
    if not expected:
        return wire.draw(seen).html
    words = {_words(judged).get(word, word): word for word in expected["words"]}
    others = {secret: mine for mine, public in words.items() if (secret := expected["words"][public]) != mine}
    wanted = as_far_as(seen, from_json(reworded(expected["happenings"], others)))
    return wire.compare(_named("the solution", wanted), _named("this answer", seen)).html


def as_far_as(seen: Sequence[Happening], wanted: Sequence[Happening]) -> list[Happening]:
    """Return what the solution did as far as this run came, and its goodbyes: later cases are not given away."""
    came = Counter(type(each) for each in seen)
    kept: list[Happening] = []
    over = False
    for each in wanted:
        over = over or (isinstance(each, Received | Knocked) and not came[type(each)])
        came[type(each)] -= 1
        if not over or (isinstance(each, Closed) and any(one.connection_id == each.connection_id for one in kept)):
            kept.append(each)
    return kept


def _named(name: str, seen: Sequence[Happening]) -> Any:
    return Recorded(name, list(seen))


def _words(judged: Judged) -> dict[str, str]:
    """Return which words stood for which in the last try."""
    others = judged.others
    if others is None:
        return {}
    return {**others.words, **{str(number): str(other) for number, other in others.numbers.items()}}


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
