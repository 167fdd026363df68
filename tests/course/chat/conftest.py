"""The chat, deployed on the local cloud."""

import sys

import pytest

from upgrade101 import cloud, websocket_api
from upgrade101.course import chat


@pytest.fixture(scope="session")
def modules():
    """The modules of the chat's functions, as a notebook imports them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path, str(chat.APP)])
        import app
        import lines
        import rooms

        yield app, lines, rooms


@pytest.fixture(scope="module")
def running():
    """A local cloud."""
    cloud.start(quiet=True)
    yield
    cloud.stop()


@pytest.fixture
def rooms(modules, running):
    """The rooms module, over empty tables."""
    chat.begin(quiet=True)
    return modules[2]


@pytest.fixture(scope="module")
def deployed(modules, running):
    """The whole chat."""
    app = modules[0]
    return websocket_api("chat", app.ROUTES, two_way=app.TWO_WAY, beside=chat.APP)


@pytest.fixture
def url(deployed):
    """The address of a chat in which nothing has been said yet."""
    chat.begin(quiet=True)
    return deployed.url
