"""What is shown before anything is created: an endpoint that is not AWS's own above all."""

import pytest

from upgrade101 import cloud
from upgrade101.account import banner, entry

OTHER = "http://127.0.0.1:4566"


def test_an_account_of_awss_own_says_nothing_of_endpoints(aws, yes, monkeypatch, capsys):
    monkeypatch.setattr(banner, "_endpoints", lambda service, region: pytest.fail("it made clients"))
    cloud.start("aws")
    assert "endpoint" not in capsys.readouterr().out


def test_an_endpoint_that_answers_for_everything_is_named_before_the_question(served, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(entry, "_agreed", set())
    monkeypatch.setenv("UPGRADE101_LEDGER", str(tmp_path))
    settings = {"ENDPOINT_URL": served, "DEFAULT_REGION": "us-east-1", "ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s"}
    for name, value in settings.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    asked = []
    monkeypatch.setattr("builtins.input", lambda prompt: asked.append(capsys.readouterr().out) or "y")
    cloud.start("aws")
    cloud.stop()
    assert f"The endpoint of every call is {served}, which a variable or the profile says" in asked[0]


def test_endpoints_of_some_services_are_named_with_them(aws, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", OTHER)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", OTHER)
    assert banner.endpoints("us-east-1") == {OTHER: ["dynamodb", "sqs"]}


def test_a_profile_says_endpoints_too_unless_they_are_ignored(aws, monkeypatch, tmp_path):
    (tmp_path / "config").write_text(f"[profile class]\nregion = us-east-1\nendpoint_url = {OTHER}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "class")
    assert banner.endpoints("us-east-1") == {OTHER: [*banner.SERVICES]}
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert banner.endpoints("us-east-1") == {}
