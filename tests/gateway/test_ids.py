"""Ids look like AWS's and do not repeat."""

import base64
import re

import pytest
from gateway_kit import START, StoppedClock, counted_bytes
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.ids import Ids, is_connection_id

SHAPE = re.compile(r"[A-Za-z0-9_-]{15}=")


@pytest.fixture
def ids():
    return Ids(StoppedClock().now, counted_bytes())


def test_the_shape(ids):
    for made in (ids.connection(), ids.pair(0.0)[1], ids.request()):
        assert SHAPE.fullmatch(made)
        assert is_connection_id(made)


def test_the_ninth_byte_tells_the_kind(ids):
    assert [base64.urlsafe_b64decode(made)[8] for made in (ids.connection(), ids.pair(0.0)[1], ids.request())] == [
        2,
        2,
        5,
    ]


def test_the_first_bytes_tell_the_time(ids):
    ticks = int.from_bytes(base64.urlsafe_b64decode(ids.connection())[:4], "big")
    assert ticks == int(START / 0.025) & 0x7FFFFFFF


def test_one_front_end_signs_all_of_its_ids(ids):
    assert len({base64.urlsafe_b64decode(make())[9:] for make in [ids.connection, ids.request] * 3}) == 1


def test_ten_thousand_of_the_same_moment_differ():
    ids = Ids(StoppedClock().now)
    assert len({ids.connection() for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    "text", ["", "abc", "not-an-id", "KmZ1XdPwDoECGjA", "KmZ1XdPwDoECGjA==", "KmZ1XdPwDoECGj+=", "KmZ1XdPwDoECGjA=\n"]
)
def test_what_is_no_id(text):
    assert not is_connection_id(text)


@given(st.text())
def test_any_text_is_an_id_or_not(text):
    assert is_connection_id(text) is (SHAPE.fullmatch(text) is not None)


@given(st.floats(min_value=0, max_value=1e11))
def test_any_time_makes_an_id(now):
    assert is_connection_id(Ids(lambda: now).connection())
