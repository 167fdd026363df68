"""The two meters: messages in pieces of 32 KB, and connection minutes."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from upgrade101.scale import bill, message_dollars, minute_dollars, month, settings, units

KB = 1024


@given(some.integers(1, 128 * KB))
def test_a_message_is_as_many_units_as_it_has_begun_pieces(size):
    assert 32 * KB * (units(size) - 1) < size <= 32 * KB * units(size)


def test_an_empty_message_is_a_message():
    assert units(0) == 1


def test_another_meter_has_smaller_pieces():
    assert units(6 * KB, meter_bytes=5 * KB) == 2


def test_the_first_billion_has_the_first_price():
    assert message_dollars(1e9) == 1000
    assert message_dollars(1e9 + 1e6) == pytest.approx(1000.80)


def test_a_thousand_people_who_talk_to_ten_others():
    known = month(users=1000, hours=8, sends=60, audience=10)
    assert known.minutes == 14_400_000
    assert (known.incoming, known.outgoing) == (14_400_000, 144_000_000)
    assert known.parts == pytest.approx({"received": 14.40, "sent": 144.00, "minutes": 3.60})
    assert known.dollars == pytest.approx(162.00)


def test_long_messages_are_several():
    short, long = (month(users=1, hours=1, sends=1, audience=1, size=size) for size in (32 * KB, 32 * KB + 1))
    assert long.messages == 2 * short.messages


def test_the_silent_pay_for_their_minutes():
    assert bill(minutes=10_000 * 30 * 24 * 60).dollars == 108
    assert bill().dollars == 0


def test_as_many_messages_as_cost_a_line_for_an_hour():
    assert minute_dollars(60) == pytest.approx(message_dollars(15))


def test_prices_can_be_changed():
    assert bill(incoming=1e6, numbers=settings(dollars_per_million_messages=3)).dollars == 3


counts = some.floats(0, 1e12)


@given(counts, counts, counts)
def test_the_parts_are_the_whole(incoming, outgoing, minutes):
    known = bill(incoming=incoming, outgoing=outgoing, minutes=minutes)
    assert known.dollars == pytest.approx(message_dollars(incoming + outgoing) + minute_dollars(minutes))
    assert min(known.parts.values()) >= 0


@given(counts, counts)
def test_more_messages_never_cost_less(some_messages, more):
    assert message_dollars(some_messages + more) >= message_dollars(some_messages)


def test_a_bill_says_what_it_is_made_of():
    assert str(bill(incoming=2e6, minutes=4e6)) == repr(bill(incoming=2e6, minutes=4e6))
    assert str(bill(incoming=2e6, minutes=4e6)).startswith("3.00 US dollars: 2,000,000 messages received (2.00)")
