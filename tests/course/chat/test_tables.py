"""The chat's tables: made, emptied, and again after another start of the cloud."""

import sys

from upgrade101 import cloud
from upgrade101.course import chat


def test_begin_says_what_is_ready_and_makes_the_files_importable(rooms, monkeypatch, capsys):
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(chat.APP)])
    chat.begin()
    assert "chat-connections and chat-messages are empty" in capsys.readouterr().out
    assert sys.path.count(str(chat.APP)) == 1
    chat.begin(quiet=True)
    assert sys.path.count(str(chat.APP)) == 1
    assert capsys.readouterr().out == ""


def test_begin_empties_what_is_there(rooms):
    for number in range(30):
        rooms.add("blue", "Ana", str(number), str(number))
    rooms.enter("blue", "a1", "Ana")
    chat.begin(quiet=True)
    assert rooms.latest("blue") == [] and rooms.members("blue") == {}


def test_the_same_kernel_can_start_another_cloud(rooms):
    rooms.add("blue", "Ana", "hello", "a1")
    cloud.stop()
    cloud.start(quiet=True)
    chat.begin(quiet=True)
    assert rooms.add("blue", "Ana", "hello again", "a2")["number"] == 1


def test_the_folder_holds_the_functions_and_nothing_else():
    assert sorted(path.name for path in chat.APP.glob("*") if path.name != "__pycache__") == [
        "app.py",
        "lines.py",
        "rooms.py",
    ]
