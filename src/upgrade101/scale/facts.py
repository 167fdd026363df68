"""Every number that the sums and the simulation rest on, each with its source, its date and how far it can be trusted.

The numbers stand in ``facts.toml``. ``settings()`` holds them all; ``settings(post_seconds=0.03)`` changes some.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from typing import Any

from ..gateway.errors import ConfigurationError
from .listing import Listing

DOCUMENTED, REPORTED, ASSUMPTION = "documented", "reported", "assumption"


@dataclass(frozen=True, slots=True)
class Fact:
    """A number and where it is from."""

    name: str
    value: float
    unit: str
    what: str
    confidence: str  # documented | reported | assumption
    source: str  # of an assumption: where to look it up
    checked: str  # YYYY-MM-DD

    @property
    def amount(self) -> str:
        """Return the number with its unit.

        >>> facts()["requests_per_second"].amount
        '10,000 requests/s'
        """
        value = f"{self.value:.7f}".rstrip("0") if self.value < 0.001 else f"{self.value:,}"
        return f"{value} {self.unit.removesuffix('s') if self.value == 1 and len(self.unit) > 1 else self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What sums and simulations assume; ``facts.toml`` says of each what it is."""

    new_connections_per_second: float
    connection_seconds: float
    idle_seconds: float
    requests_per_second: float
    requests_burst: float
    frame_bytes: int
    message_bytes: int
    integration_seconds: float
    meter_bytes: int
    dollars_per_million_messages: float
    messages_at_first_price: float
    dollars_per_million_messages_beyond: float
    dollars_per_million_minutes: float
    post_seconds: float
    at_once: int
    retry_seconds: float
    retry_seconds_most: float
    function_seconds: float
    functions_at_once: int
    page_ids: int
    page_seconds: float
    ids_per_queue_message: int
    queue_messages_per_call: int
    queue_call_seconds: float
    workers_at_first: int
    workers_more_per_minute: float
    workers: int
    shards: int
    notice_seconds: float
    function_gb: float
    dollars_per_gb_second: float
    managed_messages_per_second: float
    managed_connections_per_second: float
    managed_connection_seconds: float
    managed_dollars_per_million_messages: float


@cache
def facts() -> dict[str, Fact]:
    """Return every fact by its name."""
    text = (files("upgrade101.scale") / "facts.toml").read_text(encoding="utf-8")
    return {name: Fact(name, **entry) for name, entry in tomllib.loads(text).items()}


@cache
def _defaults() -> Settings:
    return Settings(**{name: fact.value for name, fact in facts().items()})  # type: ignore[arg-type]


def settings(**changed: Any) -> Settings:
    """Return all numbers as they stand in ``facts.toml``, save for those that are ``changed``.

    Raises ConfigurationError for a name that there is not, and for what is no number above zero.

    >>> settings().shards, settings(shards=10).shards
    (100, 10)
    """
    for name, value in changed.items():
        if name not in _KINDS:
            raise ConfigurationError(f"there is no setting {name!r}", hint=f"one of {', '.join(sorted(_KINDS))}")
        if not _fits(value, _KINDS[name]):
            kind = "a whole number" if _KINDS[name] == "int" else "a number"
            raise ConfigurationError(f"{name} cannot be {value!r}", hint=f"{kind} above 0, {facts()[name].amount} say")
    return replace(_defaults(), **changed)


_KINDS = {each.name: str(each.type) for each in fields(Settings)}


def _fits(value: object, kind: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if kind == "int" else int | float):
        return False
    return 0 < value < float("inf")


def listing(*confidence: str, only: Iterable[str] = ()) -> Listing:
    """Show the facts of these kinds (all of them where none is named), or those that ``only`` names."""
    names = set(only)
    shown = [
        fact
        for fact in facts().values()
        if (not confidence or fact.confidence in confidence) and (not names or fact.name in names)
    ]
    rows = [
        (f"`{fact.name}`", fact.amount, fact.what, f"[{fact.confidence}]({fact.source})", fact.checked)
        for fact in shown
    ]
    return Listing(("name", "value", "what it is", "trust", "checked"), rows)
