"""Rooms: who is in, numbers without gaps, and messages that are kept once."""

import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest


def numbers(messages):
    return [message["number"] for message in messages]


# Who is in


def test_who_enters_is_in_one_room_under_one_name(rooms):
    assert rooms.enter("blue", "a1", "Ana") == {"blue"}
    assert rooms.enter("blue", "b1", "Ben") == {"blue"}
    assert rooms.enter("red", "c1", "Cem") == {"red"}
    assert rooms.members("blue") == {"a1": "Ana", "b1": "Ben"}
    assert rooms.who("c1") == ("red", "Cem")


def test_a_sign_of_life_changes_nobody_but_the_time(rooms):
    rooms.enter("blue", "a1", "Ana")
    assert rooms.enter("blue", "a1", "Ana") == set()


def test_who_changes_the_room_has_changed_two(rooms):
    rooms.enter("blue", "a1", "Ana")
    assert rooms.enter("red", "a1", "Ana") == {"blue", "red"}
    assert rooms.members("blue") == {}


def test_a_new_name_changes_the_room(rooms):
    rooms.enter("blue", "a1", "Ana")
    assert rooms.enter("blue", "a1", "Anna") == {"blue"}
    assert rooms.members("blue") == {"a1": "Anna"}


def test_who_leaves_is_forgotten_once(rooms):
    rooms.enter("blue", "a1", "Ana")
    assert rooms.leave("a1") == "blue"
    assert rooms.leave("a1") is None
    assert rooms.who("a1") is None


def test_rows_that_have_expired_do_not_count_even_before_dynamodb_deletes_them(rooms):
    rooms.enter("blue", "a1", "Ana")
    gone = {"connection_id": "b1", "room": "blue", "name": "Ben", "expires": int(time.time()) - 1}
    boto3.resource("dynamodb").Table("chat-connections").put_item(Item=gone)
    assert rooms.members("blue") == {"a1": "Ana"}


def test_all_pages_of_members_are_read(rooms, monkeypatch):
    for number in range(5):
        rooms.enter("blue", f"line{number}", f"member {number}")
    table = rooms._table("connections")
    whole = table.query
    monkeypatch.setattr(table, "query", lambda **asked: whole(**asked, Limit=2))
    assert len(rooms.members("blue")) == 5


def test_the_edition_counts_changes_of_one_room(rooms):
    assert [rooms.edition("blue", changed=True) for _ in range(3)] == [1, 2, 3]
    assert rooms.edition("blue") == 3
    assert rooms.edition("red") == 0


# What was said


def test_messages_have_numbers_without_gaps_in_each_room(rooms):
    said = [rooms.add("blue", "Ana", text, text) for text in "abc"]
    assert numbers(said) == [1, 2, 3]
    assert numbers([rooms.add("red", "Cem", "hello", "d")]) == [1]


def test_a_message_is_kept_as_it_was_said(rooms):
    kept = rooms.add("blue", "Ana", "Grüße, 👋 & <b>", "a1")
    assert kept == rooms.latest("blue")[0]
    assert {**kept, "at": 0} == {"number": 1, "id": "a1", "name": "Ana", "text": "Grüße, 👋 & <b>", "at": 0}
    assert abs(kept["at"] - time.time()) < 60


def test_a_message_that_comes_again_is_kept_once(rooms):
    first = rooms.add("blue", "Ana", "hello", "a1")
    rooms.add("blue", "Ben", "hi", "b1")
    assert rooms.add("blue", "Ana", "hello", "a1") == first
    assert numbers(rooms.latest("blue")) == [1, 2]


def test_two_messages_with_the_same_text_are_two(rooms):
    assert numbers([rooms.add("blue", "Ana", "ha", "a1"), rooms.add("blue", "Ana", "ha", "a2")]) == [1, 2]


def test_who_finds_the_number_taken_looks_again(rooms, monkeypatch):
    seen = rooms.latest
    looks = []

    def look(room, *most):
        found = seen(room, *most)
        if not looks:  # somebody else is quicker, just once
            looks.append(1)
            rooms.add("blue", "Ben", "first", "b1")
        return found

    monkeypatch.setattr(rooms, "latest", look)
    assert rooms.add("blue", "Ana", "second", "a1")["number"] == 2
    assert [message["text"] for message in seen("blue")] == ["first", "second"]


def test_many_at_once_share_no_number_and_leave_none_out(rooms):
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda n: rooms.add("blue", "Ana", str(n), str(n)), range(20)))
    assert sorted(numbers(said)) == list(range(1, 21))


def test_who_is_never_quick_enough_says_so(rooms, monkeypatch):
    monkeypatch.setattr(rooms, "_put", lambda room, message: False)
    monkeypatch.setattr(rooms, "TRIES", 3)
    with pytest.raises(RuntimeError, match="others were quicker 3 times"):
        rooms.add("blue", "Ana", "hello", "a1")


def test_what_was_missed_comes_in_order_page_by_page(rooms, monkeypatch):
    monkeypatch.setattr(rooms, "PAGE", 4)
    for number in range(1, 11):
        rooms.add("blue", "Ana", f"text {number}", f"id {number}")
    assert numbers(rooms.since("blue", 0)) == [1, 2, 3, 4]
    assert numbers(rooms.since("blue", 4)) == [5, 6, 7, 8]
    assert numbers(rooms.since("blue", 8)) == [9, 10]
    assert rooms.since("blue", 10) == []
    assert numbers(rooms.latest("blue", 3)) == [8, 9, 10]


def test_the_edition_is_no_message(rooms):
    rooms.edition("blue", changed=True)
    assert rooms.latest("blue") == rooms.since("blue", 0) == []
    assert rooms.add("blue", "Ana", "hello", "a1")["number"] == 1
