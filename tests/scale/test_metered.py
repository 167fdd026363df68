"""The meters read from the wire log, and from a real run, say what the formula says."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from upgrade101.gateway.happenings import Closed, Knocked, Opened, Received, Sent
from upgrade101.scale import metered, units

KB = 1024


def test_nothing_happened():
    assert str(metered([])) == "the meters: 0 messages (0 received, 0 sent), 0.0 connection minutes"


def test_both_directions_count_in_pieces():
    reading = metered([Received(at=0.0, text="x" * 40 * KB), Sent(at=1.0, text="y", because="reply")])
    assert (reading.incoming, reading.outgoing, reading.messages, reading.texts) == (2, 1, 3, 2)


def test_letters_are_counted_in_bytes():
    assert metered([Received(at=0.0, text="é" * 20 * KB)]).incoming == 2


def test_a_connection_counts_from_the_upgrade_to_its_end():
    told = [
        Knocked(at=0.0, path="/dev"),
        Opened(at=60.0, connection_id="a"),
        Opened(at=120.0, connection_id="b"),
        Closed(at=240.0, connection_id="a", code=1000, reason="", by="client"),
        Sent(at=300.0, connection_id="b", text="still here", because="post"),
    ]
    assert metered(told).minutes == metered(reversed(told)).minutes == 3 + 3


@given(some.lists(some.tuples(some.sampled_from("io"), some.text(max_size=5), some.integers(1, 30_000)), max_size=8))
def test_whatever_travels_is_counted_once(messages):
    told = [
        Received(at=float(place), text=text * times)
        if way == "i"
        else Sent(at=float(place), text=text * times, because="post")
        for place, (way, text, times) in enumerate(messages)
    ]
    assert metered(told).messages == sum(units(len((text * times).encode())) for _, text, times in messages)


def echo(event, context):
    return {"statusCode": 200, "body": event["body"]}


@pytest.mark.parametrize("size", [100, 32 * KB, 32 * KB + 1, 100 * KB])
def test_a_real_echo_costs_what_the_formula_says(websocket_cloud, websocket_api, size):
    told = []
    api = websocket_api({"$default": echo}, two_way=["$default"])
    stop = websocket_cloud.watch(told.append)
    with api.connect() as client:
        text = "x" * size
        client.send([text[start : start + 32 * KB] for start in range(0, size, 32 * KB)])
        assert client.recv(timeout=5) == text
    websocket_cloud.settle()
    stop()
    assert metered(told).messages == 2 * units(size)
    assert metered(told).minutes > 0
