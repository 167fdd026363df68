"""What a lab says: titles, hints and symptoms of its exercises. One file a lab, beside its checks.

# checks/lab03.toml
[[exercise]]
id = "03.1"
title = "Answer a message"
showed = "a handler answers with a body"   # 03.1 done – you showed that …
now_try = "a body that is no text."
look = "lesson 03, section 1"
hints = ['''where''', '''idea''', '''means''', '''shape''', '''answer''']

[exercise.symptoms]
"KeyError: 'body'" = "The event of $connect has no body."
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from ..gateway.errors import ConfigurationError

_FIELDS = {"id", "title", "showed", "now_try", "look", "hints", "symptoms", "seconds", "tries", "takes_answer"}


def texts(lab: str, place: Traversable | None = None) -> dict[str, dict[str, Any]]:
    """Return by id what the decorator ``exercise`` needs beside the function: ``@exercise("03.1", **said["03.1"])``.

    Raises ConfigurationError where the file is not as it should be.
    """
    file = (place or files("upgrade101.course") / "checks") / f"lab{lab}.toml"
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))["exercise"]
        return {entry.pop("id"): _checked(entry) for entry in found}
    except (tomllib.TOMLDecodeError, KeyError, FileNotFoundError) as error:
        raise ConfigurationError(f"lab{lab}.toml cannot be used: {error!r}") from None


def _checked(entry: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(entry.keys() - _FIELDS)
    if unknown:
        raise ConfigurationError(f"lab texts know no {', '.join(unknown)}", hint=f"there are {', '.join(_FIELDS)}")
    return entry
