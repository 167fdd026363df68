"""The components of boto3's User-Agent are cleaned once, and botocore has its own function back afterwards."""

import boto3
import botocore.useragent
import pytest

from upgrade101.localcloud import user_agent

NAME = "sanitize_user_agent_string_component"


@pytest.fixture
def installed():
    before = getattr(botocore.useragent, NAME)
    user_agent.install()
    user_agent.install()
    yield getattr(botocore.useragent, NAME)
    user_agent.uninstall()
    user_agent.uninstall()
    assert getattr(botocore.useragent, NAME) is before


def header(client):
    """Return the header of a call that is not sent."""
    seen = []

    def stop(request, **_):
        seen.append(request.headers["User-Agent"])
        raise InterruptedError

    client.meta.events.register("before-send", stop)
    with pytest.raises(InterruptedError):
        client.list_tables()
    client.meta.events.unregister("before-send", stop)
    return seen[0]


def client():
    keys = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.Session(**keys).client("dynamodb")


def test_the_header_is_what_botocore_makes_it(installed):
    cleaned = header(client())
    user_agent.uninstall()
    assert header(client()) == cleaned
    user_agent.install()


def test_what_was_cleaned_is_known_the_next_time(installed):
    one = client()
    header(one)
    missed = installed.cache_info().misses
    header(one)
    assert installed.cache_info().misses == missed
    assert installed.cache_info().hits > 10


def test_a_botocore_without_the_function_is_left_as_it_is(monkeypatch):
    monkeypatch.delattr(botocore.useragent, NAME)
    user_agent.install()
    user_agent.uninstall()
    assert not hasattr(botocore.useragent, NAME)
