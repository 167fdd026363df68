"""The two meters read from what really happened: the wire log of the local gateway."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..gateway.happenings import Closed, Happening, Opened, Received, Sent
from .bill import units


@dataclass(frozen=True, slots=True)
class Reading:
    """What was counted: messages in pieces of 32 KB, ``texts`` as they came, and minutes."""

    incoming: int
    outgoing: int
    texts: int
    minutes: float

    @property
    def messages(self) -> int:
        """Return what the meter counts in both directions."""
        return self.incoming + self.outgoing

    def __str__(self) -> str:
        return (
            f"the meters: {self.messages} messages ({self.incoming} received, {self.outgoing} sent), "
            f"{self.minutes:.1f} connection minutes"
        )


def metered(happenings: Iterable[Happening]) -> Reading:
    """Count the messages of both directions, error frames among them, and the minutes that connections were open.

    A connection that has not ended counts up to the last happening. On AWS the wire log sees no frames, and the reading
    is empty.
    """
    seen = sorted(happenings, key=lambda each: each.at)
    received = [units(len(each.text.encode())) for each in seen if isinstance(each, Received)]
    sent = [units(len(each.text.encode())) for each in seen if isinstance(each, Sent)]
    return Reading(sum(received), sum(sent), len(received) + len(sent), _seconds(seen) / 60)


def _seconds(seen: list[Happening]) -> float:
    ended = {each.connection_id: each.at for each in seen if isinstance(each, Closed)}
    opened = [each for each in seen if isinstance(each, Opened)]
    return sum(ended.get(each.connection_id, seen[-1].at) - each.at for each in opened)
