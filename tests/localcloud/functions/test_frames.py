"""What goes between a cloud and its child processes arrives as it was sent, or not at all."""

import os
import threading

import pytest

from upgrade101.localcloud.functions.frames import ANSWER, MOST_BYTES, OUTPUT, Broken, Frames


@pytest.fixture
def ends():
    """Two ends of a conversation."""
    there, back = os.pipe(), os.pipe()
    ends = Frames(back[0], there[1]), Frames(there[0], back[1])
    yield ends
    for end in ends:
        end.close()


def test_frames_arrive_in_order_and_whole(ends):
    here, there = ends
    for kind, body in ((OUTPUT, b""), (ANSWER, b"one"), (OUTPUT, bytes(range(256)))):
        here.send(kind, body)
    assert [there.receive() for _ in range(3)] == [(OUTPUT, b""), (ANSWER, b"one"), (OUTPUT, bytes(range(256)))]
    there.send(ANSWER, b"back")
    assert here.receive() == (ANSWER, b"back")


def test_a_frame_may_be_larger_than_a_pipe(ends):
    here, there = ends
    body = os.urandom(1_000_000)
    sender = threading.Thread(target=here.send, args=(ANSWER, body))
    sender.start()
    assert there.receive() == (ANSWER, body)
    sender.join()


@pytest.mark.parametrize("bytes_", [b"", b"\x00\x00", b"\x00\x00\x00\x05Ahalf"])
def test_the_end_in_the_middle_of_a_frame_is_the_end(bytes_):
    reading, writing = os.pipe()
    os.write(writing, bytes_)
    os.close(writing)
    frames = Frames(reading, os.dup(reading))
    assert frames.receive() is None
    frames.close()


def test_a_length_that_cannot_be_is_no_frame(ends):
    here, there = ends
    os.write(here._writing, (MOST_BYTES + 1).to_bytes(4, "big") + b"A")
    with pytest.raises(Broken):
        there.receive()
