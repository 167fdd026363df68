"""The page's server: its few files, its settings, and the way to it on a hub."""

import json
import urllib.error
import urllib.request

import pytest

from upgrade101 import cloud
from upgrade101.course import chat


@pytest.fixture
def page(deployed):
    """A page that is being served."""
    yield chat.page(deployed.url, room="blue", name="Ana")
    chat.close()


def fetch(page, path=""):
    with urllib.request.urlopen(f"http://127.0.0.1:{page.port}/{path}", timeout=5) as answer:
        return answer.headers, answer.read().decode()


def test_the_page_comes_with_its_style_and_its_modules(page):
    headers, body = fetch(page)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<html lang="en">' in body
    assert "text/css" in fetch(page, "chat.css")[0]["Content-Type"]
    assert "text/javascript" in fetch(page, "chat.js")[0]["Content-Type"]
    assert "text/javascript" in fetch(page, "page.js")[0]["Content-Type"]


def test_the_settings_say_where_to_dial_from_this_machine(page, deployed):
    settings = json.loads(fetch(page, "settings.json")[1])
    gateway = cloud.local().gateway
    url = f"ws://127.0.0.1:{gateway.port}/_aws/execute-api/{deployed.api_id}/dev"
    assert settings == {"url": url, "room": "blue", "name": "Ana"}


def test_the_page_may_load_nothing_from_elsewhere(page):
    headers, body = fetch(page)
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "http" not in body.replace("http-equiv", "")
    assert "://" not in fetch(page, "chat.js")[1].replace("${scheme}//", "")


def test_a_way_that_a_proxy_puts_before_the_name_does_not_matter(page):
    assert fetch(page, "user/ana/proxy/absolute/8123/chat.css?v=1")[1] == fetch(page, "chat.css")[1]


@pytest.mark.parametrize("path", ["secret.txt", "../serving.py", "..%2fserving.py", "page.js/../../serving.py"])
def test_nothing_else_is_served(page, path):
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(page, path)
    assert refused.value.code == 404
    refused.value.close()


def test_a_new_page_ends_the_one_before(page, deployed):
    another = chat.page(deployed.url)
    with pytest.raises(OSError):
        fetch(page)
    assert fetch(another)[1]
    chat.close()
    chat.close()
    with pytest.raises(OSError):
        fetch(another)


def test_a_notebook_shows_a_link_and_a_terminal_the_address(page):
    shown = page._repr_mimebundle_()
    assert f'href="http://127.0.0.1:{page.port}/"' in shown["text/html"]
    assert shown["text/plain"] == repr(page) == f"The chat, in a tab of its own: http://127.0.0.1:{page.port}/"


def test_on_a_hub_the_way_leads_through_the_proxy(page, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ana/")
    assert page.url == f"/user/ana/proxy/{page.port}/"
