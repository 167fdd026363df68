"""A learner's copy of the chat is deployed as it is now, and the notebook's own modules stay what they are."""

import shutil
import sys

import pytest

from upgrade101 import cloud, connect
from upgrade101.course import chat
from upgrade101.gateway.errors import ConfigurationError


@pytest.fixture
def copy(tmp_path, modules, running):
    """A learner's copy of the folder."""
    chat.begin(quiet=True)
    return shutil.copytree(chat.APP, tmp_path / "my_chat", ignore=shutil.ignore_patterns("__pycache__"))


def change(file, before, after):
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


def answer(api, text):
    with connect(api.url) as ws:
        ws.send(text)
        return ws.recv(timeout=10)


def test_the_finished_chat_is_deployed_where_nothing_is_said(running, modules):
    chat.begin(quiet=True)
    with chat.Member(chat.deploy().url, "blue", "Ana") as ana:
        ana.say("hello")
        assert ana.texts == ["hello"]


def test_a_copy_is_deployed_as_it_is_now(copy):
    change(copy / "app.py", "send a JSON object with an action", "speak JSON, friend")
    assert "speak JSON, friend" in answer(chat.deploy(copy, "mine"), "hello")
    change(copy / "app.py", "speak JSON, friend", "what do you mean by that?")
    assert "what do you mean by that?" in answer(chat.deploy(str(copy), "mine"), "hello")


def test_the_other_files_of_a_copy_are_its_own_too(copy):
    change(copy / "rooms.py", "PAGE = 25", "PAGE = 2")
    with chat.Member(chat.deploy(copy, "short").url, "blue", "Ana") as ana:
        for number in range(4):
            ana.say(str(number))
        with chat.Member(ana.url, "blue", "Ben") as ben:
            assert ben.texts == ["2", "3"]


def test_the_modules_of_the_notebook_stay_what_they_are(copy, modules):
    before = list(sys.path)
    chat.deploy(copy, "mine")
    assert [sys.modules[name] for name in ("app", "lines", "rooms")] == list(modules)
    assert sys.path == before


def test_a_copy_that_lost_a_habit_does_not_hold_up(copy):
    change(copy / "rooms.py", "if known:", "if False:")
    with chat.Member(chat.deploy(copy, "forgetful").url, "blue", "Ana") as ana:
        with cloud.chaos(gone=1, kills=0, delays=0, duplicates=0, restarts=0, most=1):
            ana.say("hello")
        cloud.settle()
        ana._say("a1", "twice")
        ana._say("a1", "twice")
        cloud.settle()
        ana.catch_up()
        assert ana.texts.count("twice") == 2


def test_a_folder_without_a_chat_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"there is no app\.py"):
        chat.deploy(tmp_path)
