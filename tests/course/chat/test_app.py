"""The chat's functions as a client sees them: join, say, leave, and whatever else is sent."""

import json

import pytest
from websockets.exceptions import ConnectionClosed

from upgrade101 import cloud, connect


def ask(ws, **message):
    """Send a message and return the answer, whatever comes in between."""
    ws.send(json.dumps(message))
    while True:
        answer = json.loads(ws.recv(timeout=10))
        if answer.get("type") not in ("people",):
            return answer


def join(ws, name, room="blue", **more):
    return ask(ws, action="join", room=room, name=name, **more)


def say(ws, text, message_id):
    return ask(ws, action="say", text=text, id=message_id)


def heard(ws, kind):
    """The next message of a kind."""
    while True:
        message = json.loads(ws.recv(timeout=10))
        if message["type"] == kind:
            return message


def rest(ws, kind):
    """All messages of a kind that have come."""
    cloud.settle(10)
    found = []
    try:
        while True:
            found.append(json.loads(ws.recv(timeout=0.2)))
    except TimeoutError:
        return [message for message in found if message["type"] == kind]


def texts(messages):
    return [message["text"] for message in messages]


def test_a_newcomer_is_told_who_is_here_and_what_was_said(url):
    with connect(url) as ana, connect(url) as ben:
        joined = join(ana, "Ana")
        assert {**joined, "edition": 0} == {
            "type": "joined",
            "since": 0,
            "messages": [],
            "more": False,
            "people": ["Ana"],
            "edition": 0,
        }
        said = say(ana, "hello", "a1")
        assert (said["type"], said["number"], said["name"], said["text"]) == ("said", 1, "Ana", "hello")
        joined = join(ben, "Ben")
        assert (joined["people"], texts(joined["messages"]), joined["since"]) == (["Ana", "Ben"], ["hello"], 0)


def test_the_others_hear_it_and_the_sender_gets_it_as_the_answer(url):
    with connect(url) as ana, connect(url) as ben, connect(url) as cem:
        join(ana, "Ana"), join(ben, "Ben"), join(cem, "Cem", room="red")
        answer = say(ana, "hello", "a1")
        assert heard(ben, "said") == answer
        assert rest(ana, "said") == rest(cem, "said") == []


def test_the_name_is_the_one_of_the_line_not_of_the_message(url):
    with connect(url) as ana:
        join(ana, "Ana")
        assert ask(ana, action="say", text="hello", id="a1", name="Ben")["name"] == "Ana"


def test_who_has_not_joined_cannot_say(url):
    with connect(url) as ana:
        assert say(ana, "hello", "a1") == {"type": "stranger"}


def test_who_asks_since_a_number_gets_what_is_missing(url):
    with connect(url) as ana, connect(url) as ben:
        join(ana, "Ana")
        for number in range(1, 5):
            say(ana, f"text {number}", f"a{number}")
        joined = join(ben, "Ben", since=2)
        assert (texts(joined["messages"]), joined["more"], joined["since"]) == (["text 3", "text 4"], False, 2)
        assert join(ben, "Ben", since=4)["messages"] == []


def test_a_long_history_comes_in_pages_and_a_newcomer_begins_at_the_last(url, modules):
    rooms = modules[2]
    for number in range(1, 31):
        rooms.add("blue", "Ana", f"text {number}", f"a{number}")
    with connect(url) as ben:
        newcomer = join(ben, "Ben")
        assert (newcomer["since"], len(newcomer["messages"]), newcomer["more"]) == (5, 25, False)
        first = join(ben, "Ben", since=0)
        assert (first["messages"][-1]["number"], first["more"]) == (25, True)
        second = join(ben, "Ben", since=25)
        assert (second["messages"][-1]["number"], second["more"]) == (30, False)


def test_a_message_that_is_sent_again_is_kept_once(url):
    with connect(url) as ana, connect(url) as ben:
        join(ana, "Ana"), join(ben, "Ben")
        assert say(ana, "hello", "a1") == say(ana, "hello", "a1")
        assert {message["number"] for message in rest(ben, "said")} == {1}
        assert texts(join(ben, "Ben", since=0)["messages"]) == ["hello"]


def test_people_are_told_who_comes_and_goes(url):
    with connect(url) as ana:
        join(ana, "Ana")
        with connect(url) as ben:
            join(ben, "Ben")
            assert rest(ana, "people")[-1]["people"] == ["Ana", "Ben"]
        left = rest(ana, "people")
        assert left[-1]["people"] == ["Ana"]


def test_a_later_list_has_a_higher_edition(url):
    with connect(url) as ana:
        first = join(ana, "Ana")["edition"]
        with connect(url) as ben:
            assert join(ben, "Ben")["edition"] == first + 1
        assert [news["edition"] for news in rest(ana, "people")][-1] == first + 2


def test_a_sign_of_life_tells_nobody(url):
    with connect(url) as ana, connect(url) as ben:
        join(ana, "Ana"), join(ben, "Ben")
        rest(ana, "people")
        join(ben, "Ben", since=0)
        assert rest(ana, "people") == []


def test_two_lines_of_one_person_are_one_name(url):
    with connect(url) as ana, connect(url) as again:
        join(ana, "Ana")
        assert join(again, "Ana")["people"] == ["Ana"]


def test_who_changes_the_room_leaves_the_other(url):
    with connect(url) as ana, connect(url) as ben:
        join(ana, "Ana"), join(ben, "Ben")
        join(ana, "Ana", room="red")
        assert rest(ben, "people")[-1]["people"] == ["Ben"]
        say(ana, "for red", "a1")
        assert rest(ben, "said") == []


def test_who_is_gone_without_a_goodbye_is_found_out_by_the_next_post(url, modules):
    rooms = modules[2]
    with connect(url) as ana:
        join(ana, "Ana")
        with connect(url) as ben:
            join(ben, "Ben")
            with cloud.chaos(kills=0, delays=0, duplicates=0, restarts=0, gone=1), pytest.raises(ConnectionClosed):
                ask(ben, action="dance")
        rest(ana, "people")
        assert sorted(rooms.members("blue").values()) == ["Ana", "Ben"], "a ghost"
        ana.send(json.dumps({"action": "say", "id": "a1", "text": "is anybody here?"}))
        assert heard(ana, "people")["people"] == ["Ana"]
        assert texts(rest(ana, "said")) == ["is anybody here?"]
        assert list(rooms.members("blue").values()) == ["Ana"]


def test_one_who_is_gone_does_not_silence_the_rest(url, modules):
    rooms = modules[2]
    with connect(url) as ana, connect(url) as ben:
        join(ana, "Ana"), join(ben, "Ben")
        rooms.enter("blue", "AAAAAcSNvHcCH8A=", "a ghost")  # sorts before the others
        rooms.enter("blue", "fzzzzcSNvHcCH8A=", "another")
        assert say(ana, "hello", "a1")["text"] == "hello"
        assert texts(rest(ben, "said")) == ["hello"]
        assert sorted(rooms.members("blue").values()) == ["Ana", "Ben"]


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ("hello", "send a JSON object with an action"),
        ("", "send a JSON object with an action"),
        ('["join"]', "send a JSON object with an action"),
        ("{}", "there is no action None, only join and say"),
        ('{"action": "dance"}', "there is no action 'dance', only join and say"),
        ('{"action": "join", "name": "Ana"}', "room must be a text of 1 to 40 characters"),
        ('{"action": "join", "room": "blue", "name": " "}', "name must be a text of 1 to 40 characters"),
        ('{"action": "join", "room": "blue", "name": 7}', "name must be a text of 1 to 40 characters"),
        (
            '{"action": "join", "room": "blue", "name": "Ana", "since": -1}',
            "since must be the number of the last message you have",
        ),
        (
            '{"action": "join", "room": "blue", "name": "Ana", "since": true}',
            "since must be the number of the last message you have",
        ),
        ('{"action": "say", text: "lenient"}', "send a JSON object with an action"),
    ],
)
def test_what_cannot_be_done_is_said_and_the_line_stays(url, message, complaint):
    with connect(url) as ana:
        ana.send(message)
        answer = json.loads(ana.recv(timeout=10))
        assert (answer["type"], answer["error"]) == ("error", complaint)
        assert join(ana, "Ana")["type"] == "joined"


def test_a_text_has_at_most_500_characters(url):
    with connect(url) as ana:
        join(ana, "Ana")
        assert say(ana, "👋" * 500, "a1")["number"] == 1
        assert say(ana, "x" * 501, "a2")["error"] == "text must be a text of 1 to 500 characters"


def test_a_page_of_the_longest_messages_fits_into_one_answer(url, modules):
    rooms = modules[2]
    for number in range(25):
        rooms.add("blue", "👋" * 40, "👋" * 500, f"a{number}")
    with connect(url, max_size=None) as ana:
        ana.send(json.dumps({"action": "join", "room": "blue", "name": "Ana"}))
        answer = next(text for text in iter(lambda: ana.recv(timeout=10), None) if '"joined"' in text)
        assert len(json.loads(answer)["messages"]) == 25
        assert len(answer.encode()) < 128 * 1024


def test_a_goodbye_of_who_never_joined_tells_nobody(url, capsys):
    with connect(url) as ana:
        join(ana, "Ana")
        rest(ana, "people")
        with connect(url):
            pass
        assert rest(ana, "people") == []
    assert "Traceback" not in capsys.readouterr().out
