"""What API Gateway's two meters say: messages in pieces of 32 KB, and connection minutes.

    cost = messages × price of a message + connection minutes × price of a minute

Functions, tables, logs and data sent are extra. Whether upgrades, refusals, error frames and pings count as messages is
not documented.
"""

from __future__ import annotations

from dataclasses import dataclass

from .facts import Settings, settings

MILLION = 1_000_000


def units(size: int, meter_bytes: int = 0) -> int:
    """Return how many messages the meter counts for one of ``size`` bytes.

    >>> [units(size) for size in (0, 1, 32 * 1024, 33 * 1024, 128 * 1024)]
    [1, 1, 1, 2, 4]
    """
    return max(1, -(-size // (meter_bytes or settings().meter_bytes)))


def message_dollars(messages: float, numbers: Settings | None = None) -> float:
    """Return what a month's messages cost, in US dollars.

    >>> message_dollars(2_000_000), message_dollars(2_000_000_000)
    (2.0, 1800.0)
    """
    numbers = numbers or settings()
    first = min(messages, numbers.messages_at_first_price)
    beyond = (messages - first) * numbers.dollars_per_million_messages_beyond
    return (first * numbers.dollars_per_million_messages + beyond) / MILLION


def minute_dollars(minutes: float, numbers: Settings | None = None) -> float:
    """Return what connection minutes cost, in US dollars.

    >>> minute_dollars(4_000_000)
    1.0
    """
    return minutes * (numbers or settings()).dollars_per_million_minutes / MILLION


@dataclass(frozen=True, slots=True, repr=False)
class Bill:
    """What the meters counted in a month, and what it costs in US dollars."""

    incoming: float
    outgoing: float
    minutes: float
    numbers: Settings

    @property
    def messages(self) -> float:
        """Return the messages of both directions, in pieces of 32 KB."""
        return self.incoming + self.outgoing

    @property
    def parts(self) -> dict[str, float]:
        """Return the dollars of messages received, messages sent, and minutes."""
        whole = message_dollars(self.messages, self.numbers)
        share = self.incoming / self.messages if self.messages else 0.0
        minutes = minute_dollars(self.minutes, self.numbers)
        return {"received": whole * share, "sent": whole * (1 - share), "minutes": minutes}

    @property
    def dollars(self) -> float:
        """Return the sum."""
        return sum(self.parts.values())

    def __str__(self) -> str:
        return (
            f"{self.dollars:,.2f} US dollars: {self.incoming:,.0f} messages received ({self.parts['received']:,.2f}), "
            f"{self.outgoing:,.0f} sent ({self.parts['sent']:,.2f}), "
            f"{self.minutes:,.0f} connection minutes ({self.parts['minutes']:,.2f})"
        )

    __repr__ = __str__


def bill(
    *, incoming: float = 0.0, outgoing: float = 0.0, minutes: float = 0.0, numbers: Settings | None = None
) -> Bill:
    """Return the bill of a month; messages are counted in pieces of 32 KB, as ``units`` does.

    >>> print(bill(minutes=1_000_000))
    0.25 US dollars: 0 messages received (0.00), 0 sent (0.00), 1,000,000 connection minutes (0.25)
    """
    return Bill(incoming, outgoing, minutes, numbers or settings())


def month(
    *,
    users: float,
    hours: float,
    sends: float,
    audience: float,
    size: int = 200,
    days: float = 30,
    numbers: Settings | None = None,
) -> Bill:
    """Return the bill of a month in which ``users`` are connected for ``hours`` on each of ``days``.

    Each of them sends ``sends`` messages of ``size`` bytes an hour, and each message is posted to ``audience``
    connections.

    >>> month(users=1000, hours=8, sends=60, audience=10).dollars
    162.0
    """
    numbers = numbers or settings()
    sent = users * hours * days * sends * units(size, numbers.meter_bytes)
    return bill(incoming=sent, outgoing=sent * audience, minutes=users * hours * days * 60, numbers=numbers)
