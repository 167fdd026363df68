"""One connection: its life as a table of states × events. The diagram in the lessons is drawn from this table.

States
    CONNECTING   the upgrade request is here, ``$connect`` is still deciding
    OPEN         101 went out; messages go both ways
    CLOSING      the gateway has sent its close frame and waits for the client's
    CLOSED       over; ``$disconnect`` has been told
    REFUSED      it never was: no 101, and no ``$disconnect``
    ABANDONED    the client left while ``$connect`` was still deciding
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from .definition import Stage, Strings
from .errors import Upgrade101Error
from .ports import ApiKey


class State(Enum):
    """Where a connection is in its life."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    REFUSED = "refused"
    ABANDONED = "abandoned"


class Event(Enum):
    """What can happen to a connection."""

    ACCEPT = "$connect accepts"
    REFUSE = "$connect refuses"
    CLOSE = "the gateway closes"
    END = "the client is gone"


LIFE: dict[tuple[State, Event], State] = {
    (State.CONNECTING, Event.ACCEPT): State.OPEN,
    (State.CONNECTING, Event.REFUSE): State.REFUSED,
    (State.CONNECTING, Event.END): State.ABANDONED,
    (State.OPEN, Event.CLOSE): State.CLOSING,
    (State.OPEN, Event.END): State.CLOSED,
    (State.CLOSING, Event.END): State.CLOSED,
    (State.ABANDONED, Event.ACCEPT): State.CLOSED,
    (State.ABANDONED, Event.REFUSE): State.REFUSED,
}


_NOBODY: Strings = MappingProxyType({})


class ImpossibleStep(Upgrade101Error):
    """An event arrived that the table does not know in this state: a defect of the gateway itself."""


@dataclass(slots=True, eq=False)
class Connection:
    """Everything the gateway remembers about one client. ``line`` belongs to the shell; the core never looks at it."""

    connection_id: str
    stage: Stage
    source_ip: str
    user_agent: str | None
    connected_at: float
    last_active_at: float
    domain_name: str
    line: Any = None
    state: State = State.CONNECTING
    authorizer: dict[str, Any] | None = None
    api_key: ApiKey | None = None  # the one that came with the upgrade request, where it is good for the stage
    recognized: Strings = field(default_factory=lambda: _NOBODY)  # what a signature or an API key adds to identity
    in_flight: int = 0
    congested: bool = False  # its socket takes no more
    close_code: int = 1006
    close_reason: str = ""
    closed_by: str = "network"
    closed_at: float = 0.0  # when the gateway said that it closes, where it did
    close_answer: int = 0  # the code with which the client answered a close frame of the gateway's
    request_id: str = ""  # of the upgrade request: for the authorizer, $connect, and the refusal
    tally: Any = field(default=None, repr=False)  # where its requests are counted
    asked: Any = field(default=None, repr=False)  # the authorizer's call
    knock: Any = field(default=None, repr=False)  # the upgrade request, until $connect has decided

    def step(self, event: Event) -> State:
        """Go where the table says, and return the new state.

        Raises ImpossibleStep where the table says nothing.
        """
        try:
            self.state = LIFE[self.state, event]
        except KeyError:
            raise ImpossibleStep(f"{event.value!r} cannot happen to a connection that is {self.state.value}") from None
        return self.state

    def may(self, event: Event) -> bool:
        """Tell whether the table knows this event in the present state."""
        return (self.state, event) in LIFE

    @property
    def is_open(self) -> bool:
        """Tell whether messages can be sent to the client."""
        return self.state is State.OPEN
