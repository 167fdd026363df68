"""Knocking, and what the door says."""

import linecache

import pytest

from upgrade101 import cloud, websocket_api
from upgrade101.door import knock

ACCEPT = """
def accept(event, context):
    right = "walnut" in event["headers"].get("Cookie", "")
    return {"statusCode": 200 if right else 418}
"""


@pytest.fixture(scope="module")
def api():
    names = {}
    linecache.cache["<door>"] = (len(ACCEPT), None, ACCEPT.splitlines(keepends=True), "<door>")
    exec(compile(ACCEPT, "<door>", "exec"), names)
    cloud.start()
    yield websocket_api("knocking", {"$connect": names["accept"]})
    cloud.stop()


def test_who_is_let_in_hears_101(api):
    assert knock(api.url, additional_headers={"Cookie": "session=walnut"}) == (101, "Switching Protocols")


def test_who_is_not_hears_the_status_and_the_message(api):
    assert knock(api.url) == (418, "I'm a Teapot")


def test_there_may_be_no_api_at_all(api):
    assert knock(api.url.replace(api.api_id, "nowhere")) == (403, "Forbidden")
