"""The chat's box, as the kernel knows it; what the browser shows is tested in a browser."""

import pytest

from upgrade101 import cloud
from upgrade101.course import chat
from upgrade101.course.chat.widget import WEB


@pytest.fixture
def box(deployed):
    """A box for room blue."""
    made = chat.box(deployed.url, room="blue", name="Ana")
    yield made
    made.close()


def test_the_box_is_the_pages_own_client(box, deployed):
    assert box.url == cloud.local_url(deployed.url)
    assert str(box._esm) == (WEB / "chat.js").read_text(encoding="utf-8")
    assert "export default { render }" in str(box._esm)


def test_without_a_browser_the_box_says_what_it_is_in_words(box):
    assert repr(box) == "A chat box for room blue, not shown; in the room: nobody\n"
    box.state, box.people = "here", ["Ana", "Ben"]
    box.messages = [{"number": 1, "id": "a1", "name": "Ana", "text": "hello", "at": 0}]
    assert repr(box) == "A chat box for room blue, here; in the room: Ana, Ben\nAna: hello"


def test_every_call_makes_another_box(box, deployed):
    another = chat.box(deployed.url)
    assert another is not box and another.name == ""
    another.close()


def test_closing_the_chat_lets_the_boxes_leave(box):
    assert not box.over
    chat.close()
    chat.close()
    assert box.over


def test_there_is_nothing_else_by_that_way():
    with pytest.raises(AttributeError, match="has no attribute 'crate'"):
        chat.crate  # noqa: B018
