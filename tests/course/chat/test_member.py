"""A client that survives, and what becomes of one that lacks a habit."""

import json
from collections import Counter
from contextlib import ExitStack
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from upgrade101 import cloud, connect
from upgrade101.course.chat import Diary, Member, backoff
from upgrade101.course.chat.member import NotConfirmed

CALM = dict.fromkeys(("kills", "gone", "delays", "duplicates", "restarts"), 0.0)


# The diary


@given(some.lists(some.integers(1, 8), max_size=40))
def test_whatever_comes_in_whatever_order_is_written_down_once_and_in_order(numbers):
    diary = Diary()
    diary.begin(0)
    for number in numbers:
        diary.take({"number": number})
    assert [message["number"] for message in diary.messages] == list(range(1, len(diary.messages) + 1))


def test_a_diary_that_asks_at_each_gap_has_everything():
    for order in permutations(range(1, 6)):
        diary = Diary()
        diary.begin(0)
        for number in order:
            if diary.take({"number": number}) == "gap":
                for missing in range(diary.last + 1, number + 1):
                    assert diary.take({"number": missing}) == "new"
        assert diary.last == 5


def test_before_the_room_has_answered_everything_is_a_gap():
    assert Diary().take({"number": 1}) == "gap"


def test_a_diary_begins_once():
    diary = Diary()
    diary.begin(5)
    diary.begin(9)
    assert diary.take({"number": 6}) == "new"


@given(some.integers(0, 60))
def test_the_wait_grows_and_is_never_endless(attempt):
    assert 0 <= backoff(attempt) <= min(5.0, 0.02 * 2**attempt)


# Members


def drop(member):
    """Cut a member's line from its own side, without a word."""
    member._line.close_socket()


def test_members_hear_each_other(url):
    with Member(url, "blue", "Ana") as ana, Member(url, "blue", "Ben") as ben:
        ana.say("hello")
        ben.say("hi")
        ana.catch_up()
        assert ana.texts == ben.texts == ["hello", "hi"]
        assert ana.people == ben.people == ["Ana", "Ben"]
        assert (ana.lines, ana.waiting) == (1, {})


def test_who_comes_back_reads_what_was_said_meanwhile(url):
    with Member(url, "blue", "Ana") as ana, Member(url, "blue", "Ben") as ben:
        ana.say("one")
        ben.read(0.2)
        drop(ben)
        ana.say("two")
        ana.say("three")
        ben.read()
        assert ben.texts == ["one", "two", "three"]
        assert ben.lines == 2


def test_what_was_said_into_a_dead_line_is_said_again(url):
    with Member(url, "blue", "Ana") as ana, Member(url, "blue", "Ben") as ben:
        drop(ana)
        ana.say("is this thing on?")
        ben.catch_up()
        assert ana.texts == ben.texts == ["is this thing on?"]


def test_a_line_that_ends_when_a_message_has_arrived_keeps_it_once(url):
    for _ in range(3):
        with Member(url, "blue", "Ana") as ana:
            with cloud.chaos(**{**CALM, "kills": 1}, most=1):
                ana.say("hello")
            assert ana.lines == 2
    with Member(url, "blue", "Ben") as ben:
        assert Counter(ben.texts) == {"hello": 3}


def test_a_newcomer_reads_the_last_page_and_goes_on_from_there(url, modules):
    for number in range(1, 31):
        modules[2].add("blue", "Ana", f"text {number}", f"a{number}")
    with Member(url, "blue", "Ben") as ben:
        assert ben.texts == [f"text {number}" for number in range(6, 31)]
        modules[2].add("blue", "Ana", "text 31", "a31")
        ben.catch_up()
        assert ben.texts[-1] == "text 31"


def test_who_was_away_for_long_reads_all_pages(url, modules):
    with Member(url, "blue", "Ben") as ben:
        for number in range(1, 61):
            modules[2].add("blue", "Ana", f"text {number}", f"a{number}")
        ben.catch_up()
        assert len(ben.texts) == 60


def test_an_older_list_of_people_does_not_replace_a_newer_one(url):
    with Member(url, "blue", "Ana") as ana:
        ana._take({"type": "people", "people": ["Ana", "Ben"], "edition": 9})
        ana._take({"type": "people", "people": ["Ana"], "edition": 8})
        assert ana.people == ["Ana", "Ben"]


def test_what_the_chat_refuses_is_not_said_for_ever(url):
    with Member(url, "blue", "Ana") as ana:
        with pytest.raises(NotConfirmed, match="refuses what Ana asks: text must be a text of 1 to 500 characters"):
            ana.say("")
        ana.say("then this")
        assert ana.texts == ["then this"]
    with pytest.raises(NotConfirmed, match="name must be a text"), Member(url, "blue", " "):
        pass


def test_who_does_not_get_through_says_so_after_a_while(url):
    with pytest.raises(NotConfirmed, match="Ana does not get through"):
        Member(f"{url}-elsewhere", "blue", "Ana").catch_up(seconds=0.3)


def test_a_stranger_to_the_room_joins_again(url, modules):
    with Member(url, "blue", "Ana") as ana:
        (connection_id,) = modules[2].members("blue")
        modules[2].leave(connection_id)  # its row has expired, say
        ana.say("do you know me?")
        assert ana.texts == ["do you know me?"]
        assert ana.lines == 1


def test_a_member_and_a_client_without_habits_share_a_room(url):
    with Member(url, "blue", "Ana") as ana, connect(url) as plain:
        plain.send(json.dumps({"action": "join", "room": "blue", "name": "Plain"}))
        while '"joined"' not in plain.recv(timeout=10):
            pass
        plain.send(json.dumps({"action": "say", "id": "p1", "text": "from outside"}))
        while '"said"' not in plain.recv(timeout=10):
            pass
        ana.catch_up()
        assert ana.texts == ["from outside"]


# The storm

NAMES = ("Ana", "Ben", "Cem", "Dua")


def through_a_storm(url, seed, rounds=6, kills=0.04, gone=0.02, **habits):
    """Let four people talk in turn on a bad day, and catch up after it; return what each has read, and the day."""
    with ExitStack() as stack:
        with cloud.chaos(seed=seed, kills=kills, gone=gone) as storm:
            crowd = [stack.enter_context(Member(url, "blue", name, **habits)) for name in NAMES]
            for number in range(rounds):
                for member in crowd:
                    member.say(f"{member.name} {number}")
        cloud.settle(10)
        for member in crowd * 2:
            member.catch_up()
        return crowd, storm


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_the_chat_survives(url, seed):
    crowd, storm = through_a_storm(url, seed)
    everything = {f"{name} {number}" for name in NAMES for number in range(6)}
    for member in crowd:
        assert Counter(member.texts) == dict.fromkeys(everything, 1), "nothing is missing and nothing is there twice"
        assert member.texts == crowd[0].texts, "and all read it in the same order"
        assert member.people == list(NAMES)
        mine = [text for text in member.texts if text.startswith(member.name)]
        assert mine == [f"{member.name} {number}" for number in range(6)]
    assert storm.struck["kills"] + storm.struck["gone"] > 3, "it was a storm"
    assert storm.struck["delays"] and storm.struck["duplicates"]


def test_without_saying_again_something_is_missing(url):
    crowd, _ = through_a_storm(url, 7, kills=0.3, resend=False)
    assert all(member.texts == crowd[0].texts for member in crowd)
    assert len(crowd[0].texts) < 24


def test_without_ids_something_is_there_twice(url):
    crowd, _ = through_a_storm(url, 7, kills=0, gone=0.3, ids=False)
    assert all(member.texts == crowd[0].texts for member in crowd)
    assert len(crowd[0].texts) > 24 == len(set(crowd[0].texts))


def test_without_numbers_everybody_has_read_something_else(url):
    crowd, _ = through_a_storm(url, 7, numbers=False)
    assert len({tuple(member.texts) for member in crowd}) > 1
