"""A REST API in one call: the boto3 calls of lesson 01, answered for real."""

import runpy
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest

from upgrade101 import cloud
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.rest import rest_api

HANDLER = """
def news(event, context):
    return {"statusCode": 200, "body": f"{event['httpMethod']} {event['path']}: {event['body']}"}
"""


@pytest.fixture
def news(tmp_path):
    """A handler in a file of its own: the file becomes the function, and a function knows no pytest."""
    (tmp_path / "news.py").write_text(HANDLER, encoding="utf-8")
    return runpy.run_path(str(tmp_path / "news.py"))["news"]


@pytest.fixture
def local_cloud():
    cloud.start("moto")
    yield cloud
    cloud.stop()


def ask(url, **options):
    with urlopen(Request(cloud.local_url(url), **options), timeout=5) as answer:
        return answer.read().decode()


def test_a_text_becomes_a_mock_integration(local_cloud):
    api = rest_api("paper", {"GET /about": "a small paper"})
    assert ask(f"{api.url}/about") == "a small paper"


def test_a_handler_becomes_a_function(local_cloud, news):
    api = rest_api("paper", {"GET /news": news, "POST /news": news})
    assert ask(f"{api.url}/news") == "GET /news: None"
    assert ask(f"{api.url}/news", data=b"goal") == "POST /news: goal"


def test_two_methods_share_one_resource(local_cloud, news):
    api = rest_api("paper", {"GET /news": "none", "POST /news": news, "GET /about": "paper"})
    items = boto3.client("apigateway").get_resources(restApiId=api.api_id)["items"]
    assert {item["path"] for item in items} == {"/", "/news", "/about"}


def test_the_address_is_the_one_that_aws_gives(local_cloud):
    api = rest_api("paper", {"GET /about": "paper"}, stage_name="prod")
    assert api.url == f"https://{api.api_id}.execute-api.us-east-1.amazonaws.com/prod"


def test_a_deleted_api_answers_no_more(local_cloud):
    api = rest_api("paper", {"GET /about": "paper"})
    api.delete()
    with pytest.raises(HTTPError) as refused:
        ask(f"{api.url}/about")
    assert refused.value.code == 403
    refused.value.close()


@pytest.mark.parametrize("key", ["GET", "GET news", "GET /", "GET /news/today", "/news"])
def test_a_key_that_is_no_method_and_path_is_refused_before_anything_is_built(local_cloud, key):
    with pytest.raises(ConfigurationError, match="GET /news"):
        rest_api("paper", {key: "text"})
    assert cloud.ledger.entries() == []


def test_what_it_builds_is_taken_away_by_clean(local_cloud, news):
    rest_api("paper", {"GET /news": news})
    cloud.clean()
    assert boto3.client("apigateway").get_rest_apis()["items"] == []
    assert boto3.client("lambda").list_functions()["Functions"] == []
