"""Every number has a source, a date and a confidence, and a learner can change it."""

import re
from dataclasses import fields

import pytest

from upgrade101.gateway import limits
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.localcloud.latency import CONNECTIONS, FIGURES
from upgrade101.scale import ASSUMPTION, DOCUMENTED, REPORTED, Settings, facts, listing, settings

ALL = facts().values()


@pytest.mark.parametrize("fact", ALL, ids=lambda fact: fact.name)
def test_a_number_says_where_it_is_from_and_when_that_was_read(fact):
    assert fact.confidence in (DOCUMENTED, REPORTED, ASSUMPTION)
    assert re.fullmatch(r"https://\S+", fact.source)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", fact.checked)
    assert fact.value > 0
    assert fact.unit and fact.what


@pytest.mark.parametrize("fact", [fact for fact in ALL if fact.confidence == DOCUMENTED], ids=lambda fact: fact.name)
def test_what_is_documented_is_documented_by_aws(fact):
    assert fact.source.startswith("https://docs.aws.amazon.com/apigateway/")


def test_settings_and_facts_have_the_same_names_and_kinds():
    kinds = {each.name: each.type for each in fields(Settings)}
    assert kinds.keys() == facts().keys()
    for name, fact in facts().items():
        assert kinds[name] == "float" or isinstance(fact.value, int)


def test_the_gateway_keeps_the_same_quotas():
    numbers = settings()
    assert (numbers.frame_bytes, numbers.message_bytes) == (limits.FRAME_BYTES, limits.MESSAGE_BYTES)
    assert numbers.integration_seconds * 1000 == limits.INTEGRATION_MILLIS_MAX
    assert (numbers.idle_seconds, numbers.connection_seconds) == (
        limits.Limits().idle_seconds,
        limits.Limits().max_duration_seconds,
    )
    assert (numbers.requests_per_second, numbers.requests_burst) == (
        limits.THROTTLING_RATE_LIMIT,
        limits.THROTTLING_BURST_LIMIT,
    )


def test_a_post_takes_as_long_as_where_latency_is_on():
    (posts,) = (figure for figure in FIGURES if figure.service == CONNECTIONS)
    assert settings().post_seconds == posts.milliseconds / 1000


def test_a_changed_number_changes_nothing_else():
    changed = settings(shards=7)
    assert changed.shards == 7
    assert settings(shards=settings().shards) == settings() != changed


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan"), "many", True, None])
def test_a_number_must_be_a_number_above_zero(value):
    with pytest.raises(ConfigurationError, match=r"workers cannot be .* → a.* number above 0"):
        settings(workers=value)


@pytest.mark.parametrize("value", [2.5, 0.5])
def test_what_is_counted_is_whole(value):
    with pytest.raises(ConfigurationError, match="workers cannot be"):
        settings(workers=value)


def test_a_setting_that_there_is_not():
    with pytest.raises(ConfigurationError, match="no setting 'wrokers'"):
        settings(wrokers=1)


def test_the_table_of_documented_quotas():
    table = listing(DOCUMENTED)
    assert "500 connections/s" in table.text
    assert "[documented](https://docs.aws.amazon.com/" in table.markdown
    assert "shards" not in table.text


def test_a_table_of_chosen_numbers():
    assert len(listing(only=("workers", "shards")).rows) == 2
    assert "assumption (https://" in listing(only=["workers"]).text
    assert len(listing().rows) == len(facts())


def test_small_prices_are_written_out():
    assert facts()["dollars_per_gb_second"].amount == "0.0000167 US dollars"
    assert facts()["at_once"].amount == "1 call"
    assert listing()._repr_mimebundle_().keys() == {"text/plain", "text/markdown"}
