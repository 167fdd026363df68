"""The desk: what is found, what is needed, and what to do about the difference."""

import re
from importlib import metadata

import pytest

from upgrade101 import desk
from upgrade101.desk import Row, card, check, machine, packages

FINE = Row("Python", "3.13.0", "3.11 or newer")
OLD = Row("websockets", "9.0", "15.0.1 or newer", desk.AGAIN)


@pytest.fixture
def no_proxy_variables(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(desk, "getproxies", desk.getproxies.__globals__["getproxies_environment"])
    monkeypatch.setattr(desk, "proxy_bypass", desk.proxy_bypass.__globals__["proxy_bypass_environment"])
    return monkeypatch


def test_this_desk_is_ready(no_proxy_variables):
    assert [row.fix for row in machine()] == ["", "", ""]
    assert not [row for row in packages() if row.fix]


def test_every_package_that_the_course_asks_for_has_a_row():
    required = [text for text in metadata.requires("upgrade101") if "instructor" not in text]  # no learner needs those
    asked = {re.match(r"[\w.-]+", text).group() for text in required}
    assert {row.what for row in packages()} == asked
    assert {"boto3", "moto", "websockets"} <= asked


def test_a_package_of_the_wrong_version_says_how_to_mend_it(monkeypatch):
    installed = metadata.version
    monkeypatch.setattr(desk.metadata, "version", lambda name: "9.0" if name == "websockets" else installed(name))
    (row,) = [row for row in packages() if row.fix]
    assert (row.what, row.found) == ("websockets", "9.0")
    assert "start.py" in row.fix


def test_a_missing_package_is_called_missing(monkeypatch):
    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(desk.metadata, "version", version)
    assert {row.found for row in packages()} == {"missing"}


def test_an_old_python_is_told(monkeypatch):
    monkeypatch.setattr(desk.platform, "python_version", lambda: "3.9.2")
    python = machine()[0]
    assert python.found.startswith("3.9.2")
    assert "3.11 or newer" in python.needed
    assert "start.py" in python.fix


def test_a_port_that_cannot_be_opened_is_told(monkeypatch):
    def refuse(address):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(desk.socket, "create_server", refuse)
    port = machine()[1]
    assert "Permission denied" in port.found
    assert "firewall" in port.fix


def test_a_proxy_that_would_catch_this_machine_is_told(no_proxy_variables):
    no_proxy_variables.setenv("http_proxy", "http://proxy.invalid:3128")
    no_proxy_variables.setenv("no_proxy", "example.org")
    proxy = machine()[2]
    assert "NO_PROXY=example.org,127.0.0.1,localhost" in proxy.fix


def test_a_proxy_that_goes_past_this_machine_is_fine(no_proxy_variables):
    no_proxy_variables.setenv("http_proxy", "http://proxy.invalid:3128")
    no_proxy_variables.setenv("no_proxy", "127.0.0.1,localhost")
    proxy = machine()[2]
    assert (proxy.found, proxy.fix) == ("goes past this machine", "")


def test_what_needs_mending_stands_first():
    shown = card([FINE, OLD])
    assert shown.title.startswith("Your desk is not ready yet: 1 thing needs mending")
    assert shown.text.index("websockets") < shown.text.index("Python")
    assert shown.tone == "bad"


def test_a_desk_with_nothing_to_mend_says_so():
    assert card([FINE]).title == "Your desk is ready: 1 of 1 things are as they should be."
    assert "nothing to do" in card([FINE]).text


def test_two_broken_things_are_counted():
    assert "2 things need mending" in card([OLD, OLD]).title


def test_check_shows_a_table_in_the_terminal(capsys, no_proxy_variables):
    check()
    told = capsys.readouterr().out
    assert told.startswith("Your desk is ready")
    assert re.search(r"Python +\d+\.\d+", told)
    assert "moto" in told


def test_the_rich_table_has_a_head_and_escapes():
    html = card([Row("a<b", "1", "2", "type `this`")]).html
    assert "a&lt;b" in html
    assert "<code>this</code>" in html
    assert '<th scope="col"' in html


@pytest.mark.parametrize(
    ("specifiers", "words"),
    [
        (">=3.11,<3.15", "3.11 or newer, below 3.15"),
        ("==1.2", "exactly 1.2"),
        ("", "any"),
        ("~=2.0", "~= 2.0"),
    ],
)
def test_ranges_are_said_in_words(specifiers, words):
    assert desk._said(specifiers) == words
