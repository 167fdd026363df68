import pytest
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.happenings import Answered, Happening, Received
from upgrade101.wire import samples
from upgrade101.wire.lanes import story
from upgrade101.wire.strings import apart, columns, shorten
from upgrade101.wire.text import NOTHING, headline, sentences, text

EVENING = """\
wire log: 10 arrows in 11 ms
  time  from        to            what                                    status
  0 ms  client A  → gateway       {"action": "message", "text": "hello"}
0.1 ms  gateway                   route message
0.5 ms  gateway   → broadcast     message event
2.5 ms  broadcast → table         Scan connections                        200
4.0 ms  broadcast → @connections  POST RYGzEcSNvHcCH8A= → A               200
4.3 ms  gateway   → client A      Ana: hello
5.8 ms  broadcast → @connections  POST FYnvDeD_NjMCKlg= → B               200
6.1 ms  gateway   → client B      Ana: hello
7.6 ms  broadcast → @connections  POST JC1dgf9yoAMCK-g= (C)               410
9.6 ms  broadcast → table         DeleteItem connections                  200
 11 ms  broadcast → gateway       {"statusCode": 200}"""


def test_the_run_reads_as_a_table() -> None:
    assert text(story(samples.broadcast())) == EVENING


def test_no_line_is_wider_than_asked_for(run: list[Happening]) -> None:
    told = story(run, arrows=None)
    for width in (80, 100, 140):
        assert max(columns(line) for line in text(told, width).splitlines()) <= width


def test_what_was_left_out_is_counted() -> None:
    assert "… 5 more" in text(story(samples.polling()))
    assert headline(story(samples.polling())) == "wire log: 16 arrows in 1.77 s"


def test_nothing_is_said_kindly() -> None:
    assert text(story([])) == sentences(story([])) == NOTHING


def test_a_remark_stands_at_the_end() -> None:
    assert text(story(samples.polling(), remark="seen from outside")).endswith("\nseen from outside")


def test_sentences_say_who_what_and_how_it_ended() -> None:
    said = sentences(story(samples.broadcast()))
    assert said.startswith('0 ms: client A to gateway: {"action": "message", "text": "hello"}.')
    assert "7.6 ms: broadcast to @connections: POST JC1dgf9yoAMCK-g= (C), 410." in said


def test_a_payload_never_breaks_the_table() -> None:
    lines = text(story([Received(at=0, text="one\ntwo\tthree\x1b[31m\u202e", connection_id="Xa=")])).splitlines()
    assert len(lines) == 3
    assert "one⏎two three·[31m·" in lines[-1]


@given(st.text(), st.integers(min_value=2, max_value=60))
def test_shortened_words_fit(words: str, most: int) -> None:
    assert columns(shorten(words, most)) <= most


@given(st.text(alphabet="abc {}日", max_size=20))
def test_words_that_fit_stay_whole(words: str) -> None:
    assert shorten(words, 40) == words


def test_names_that_are_made_shorter_stay_different() -> None:
    run = [
        Answered(at=0, request_id=name, route_key="r", target=name, payload={})
        for name in ("our-lounge-on-connect", "our-lounge-on-disconnect", "lounge-on-disconnect")
    ]
    who = [line.split()[2] for line in text(story(run)).splitlines()[2:]]
    assert who == ["…on-connect", "our-lounge-on-disconnect", "lounge-on-disconnect"]


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (["patient-next-score", "hasty-next-score"], ["patient-n…-score", "hasty-next-score"]),
        (["order-taken", "order-taken-in-the-rain"], ["order-taken", "…taken-in…e-rain"]),
        (["chat-room-on-message", "chat-room-on-late-message"], ["…on-message", "…on-late-message"]),
        (["x" * 20 + "1" * 9 + "y" * 20, "x" * 20 + "2" * 9 + "y" * 20], ["…11111111…yyyyyy", "…22222222…yyyyyy"]),
        (["a" * 18 + "b", "a" * 20 + "b"], ["a" * 18 + "b", "a" * 20 + "b"]),
    ],
)
def test_what_two_names_share_goes_first(names: list[str], called: list[str]) -> None:
    assert list(apart(names, 16).values()) == called


@given(st.lists(st.text(alphabet="ab-", min_size=1, max_size=24), unique=True, max_size=5))
def test_no_two_names_are_called_the_same(names: list[str]) -> None:
    assert len(set(apart(names, 9).values())) == len(names)
