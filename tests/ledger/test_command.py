"""``start.py cleanup`` on the command line, and its page in the documentation."""

import re
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from upgrade101 import cloud
from upgrade101.__main__ import app
from upgrade101.ledger.catalogue import KINDS

PAGE = Path(__file__).parents[2] / "docs" / "cleaning-up.md"


def typed(*words):
    return CliRunner().invoke(app, ["cleanup", *words])


def test_a_run_is_listed_deleted_and_proved(account, runs):
    account.begin()
    account.everything()
    account.die()
    run_id = account.run.book.run_id
    before = account.inventory()
    listed = typed("--dry-run")
    assert "its ledger knows of:" in listed.output
    assert listed.exit_code == 0 and "would be deleted: function worker" in listed.output
    assert account.inventory() == before
    cleaned = typed("--run", run_id)
    assert cleaned.exit_code == 0 and f"run {run_id}: nothing of it is left" in cleaned.output
    assert typed().output.startswith("there is no ledger of a run on this machine")
    assert "no account was asked" in typed("--dry-run").output and "--by-tag" in typed().output


def test_ctrl_c_forgets_nothing(account, runs):
    account.begin()
    account.table()
    account.die()
    account.faults.at("dynamodb.DeleteTable", KeyboardInterrupt())
    stopped = typed()
    assert stopped.exit_code == 130 and "nothing is forgotten" in stopped.output
    assert list(runs.glob("*.jsonl"))
    assert typed("--all").exit_code == 0


def test_ctrl_c_while_the_notebook_stops_leaves_the_job_to_the_command(account, runs, capsys):
    cloud.start("aws")
    account.table()
    account.faults.at("dynamodb.DeleteTable", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        cloud.stop()
    assert not cloud.is_running() and "rooms" in account.inventory()["table"]
    assert typed().exit_code == 0
    assert account.inventory()["table"] == {"theirs"} and not list(runs.iterdir())


def test_a_dry_run_says_of_a_run_that_is_gone_that_only_its_ledger_is_left(account, runs):
    account.begin()
    account.table()
    account.die()
    account.unseen(account.client("dynamodb").delete_table, TableName="rooms")
    said = typed("--dry-run").output
    assert "nothing of it is there any more; without --dry-run its ledger is closed" in said
    assert list(runs.glob("*.jsonl"))


def test_a_run_that_deleted_all_itself_is_listed_without_an_empty_table(account, runs):
    account.begin()
    account.table()
    account.client("dynamodb").delete_table(TableName="rooms")
    account.die()
    said = typed().output
    assert "its ledger knows of nothing that is left" in said and "last heard of" not in said
    assert not list(runs.glob("*.jsonl"))


def test_a_profile_is_that_of_the_account_and_is_put_back(account, monkeypatch, tmp_path):
    account.begin()
    account.table()
    account.die()
    (tmp_path / "config").write_text("[profile class]\naws_access_key_id = AKIACLASS\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    missing = typed("--profile", "clas")
    assert missing.exit_code == 1 and "the profiles on this machine: class" in " ".join(missing.output.split())
    assert typed("--profile", "class").exit_code == 0
    assert account.inventory()["table"] == {"theirs"} and boto3.Session().profile_name == "default"


CONTRADICTIONS = [
    ("--run", "x", "--all"),
    ("--forget",),
    ("--by-tag", "--all"),
    ("--by-tag", "--forget", "--run", "x"),
    ("--region", "us-east-1"),
]


@pytest.mark.parametrize("words", CONTRADICTIONS)
def test_what_contradicts_itself_is_refused(words):
    assert typed(*words).exit_code == 2


def test_a_run_that_does_not_exist_is_refused_with_the_way_to_the_others(account):
    refused = typed("--run", "2026-01-01-aaaaaa")
    assert refused.exit_code == 1 and "--dry-run lists them" in refused.output


def test_what_was_created_with_other_keys_waits_for_the_keys_of_its_account(account, runs, monkeypatch):
    account.begin()
    account.table()
    answer = account.client("sts").assume_role(RoleArn="arn:aws:iam::999999999999:role/guest", RoleSessionName="guest")
    keys = answer["Credentials"]
    guest = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name="us-east-1")
    guest.client("sqs").create_queue(QueueName="far")
    account.die()
    cleaned = typed()
    assert cleaned.exit_code == 1 and "queue far (it is in account 999999999999" in cleaned.output
    assert account.inventory()["table"] == {"theirs"}
    with monkeypatch.context() as patch:  # it ends before moto takes its own keys back
        for name, key in zip(("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"), keys.values(), strict=False):
            patch.setenv(f"AWS_{name}", key)
        assert typed().exit_code == 0
    assert "QueueUrls" not in guest.client("sqs").list_queues()


def test_the_page_names_every_permission_that_cleaning_up_needs():
    told = set(re.findall(r"[a-z0-9-]+:[A-Z]\w+", PAGE.read_text("utf-8")))
    needed = {action for kind in KINDS for action in (*kind.actions, kind.lists) if action} | {
        "tag:GetResources",
        "sts:GetCallerIdentity",
    }
    assert needed <= told


def test_the_page_names_every_kind():
    words = PAGE.read_text("utf-8")
    assert [kind.noun for kind in KINDS if f"| {kind.noun} |" not in words] == []
