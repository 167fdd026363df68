"""Endpoints that boto3 has been told of from outside."""

import pytest

from upgrade101.localcloud import configured


def test_the_common_variable_and_those_of_services_are_named(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:2")
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:3")
    assert configured.variables() == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:2",
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("region = eu-central-1", False),
        ("endpoint_url = http://127.0.0.1:1", True),
        ("services = here\n[services here]\nsqs =\n  endpoint_url = http://127.0.0.1:2", True),
    ],
)
def test_a_profile_names_endpoints_or_not(said, expected, monkeypatch, tmp_path):
    (tmp_path / "config").write_text(f"[default]\n{said}\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert configured.in_profile() is expected


def test_a_profile_that_is_not_there_names_none(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert configured.in_profile() is False
