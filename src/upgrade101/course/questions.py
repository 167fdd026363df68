"""The predictions of each lesson: question, options, and a word on every option. One file a lesson.

# predictions/lesson04.toml
[[prediction]]
id = "04.a"
section = "1 · Plain text"            # where to look again
question = "A client sends `hello`. What comes back?"
answer = "B"                          # what the run shows

[prediction.options.A]
text = "Nothing"
why = "A message that finds no route is not dropped in silence: …"

[prediction.options.B]
text = "An error frame"
why = "…"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from ..gateway.errors import ConfigurationError
from .names import lesson_of


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that might happen, and why it does or does not."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """A question to answer before the run."""

    id: str
    question: str
    section: str
    answer: str
    options: Mapping[str, Option]

    @property
    def letters(self) -> str:
        """Return the letters one may choose."""
        return ", ".join(self.options)


def folder() -> Traversable:
    """Return where the files are."""
    return files("upgrade101.course") / "predictions"


def lessons(place: Traversable | None = None) -> list[str]:
    """Return the lessons that have predictions, in order."""
    place = place or folder()
    if not place.is_dir():
        return []
    names = [entry.name for entry in place.iterdir()]
    return sorted(name[6:-5] for name in names if name.startswith("lesson") and name.endswith(".toml"))


def predictions(lesson: str, place: Traversable | None = None) -> dict[str, Prediction]:
    """Return the predictions of a lesson by id; none where the lesson has no file.

    Raises ConfigurationError where the file is not as it should be.
    """
    file = (place or folder()) / f"lesson{lesson}.toml"
    return _read(file, lesson) if file.is_file() else {}


def _read(file: Traversable, lesson: str) -> dict[str, Prediction]:
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file.name}: {error}") from None
    made = [_prediction(entry, file.name) for entry in found.get("prediction", [])]
    strays = [prediction.id for prediction in made if lesson_of(prediction.id) != lesson]
    if strays or len({prediction.id for prediction in made}) < len(made):
        raise ConfigurationError(f"{file.name}: ids must begin with {lesson}. and differ", hint=", ".join(strays))
    return {prediction.id: prediction for prediction in made}


def _prediction(entry: dict[str, Any], file: str) -> Prediction:
    try:
        options = {letter: Option(option["text"], option["why"]) for letter, option in entry["options"].items()}
        made = Prediction(entry["id"], entry["question"], entry.get("section", ""), entry["answer"], options)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{file}: {entry.get('id', 'a prediction')} lacks {error}") from None
    if made.answer not in options or len(options) < 2:
        raise ConfigurationError(f"{file}: {made.id}: the answer {made.answer!r} must be one of {made.letters}")
    return made
