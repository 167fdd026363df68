"""``start.py cleanup --by-tag``: a ledger is lost, and the tags in the account say what it knew."""

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from upgrade101.__main__ import app
from upgrade101.ledger import RUN_TAG, tagged
from upgrade101.ledger.book import Book

ME = "123456789012"
NOBODY = "2026-01-01-aaaaaa"


def typed(*words, answer="y"):
    return CliRunner().invoke(app, ["cleanup", "--by-tag", *words], input=f"{answer}\n" if answer else "")


@pytest.fixture
def lost(account, runs):
    """Create one of each kind, and lose the ledger; return the run."""
    account.begin()
    account.everything()
    domain = account.client("apigatewayv2")
    domain.create_domain_name(DomainName="a.example.com", DomainNameConfigurations=[{}])
    account.die()
    account.run.book.delete()
    assert not list(runs.iterdir())
    return account.run.book.run_id


def test_what_a_lost_ledger_knew_is_listed_asked_about_deleted_and_proved(account, lost, runs):
    account.unseen(account.table, name="untagged")
    said = typed()
    assert said.exit_code == 0, said.output
    assert f"run {lost}: no ledger on this machine" in said.output
    assert "AWS account …9012, region us-east-1, as " in said.output and ME not in said.output.partition("[y/N]")[0]
    assert f"of run {lost}, whoever made them? [y/N]" in said.output
    assert f"run {lost}: nothing of it is left" in said.output
    left = account.inventory()
    assert left.pop("table") == {"theirs", "untagged"} and left.pop("role") == {"their-role"}
    assert left.pop("log group") == {"/aws/lambda/theirs"} and left.pop("event source") == set()
    assert all(names == {"theirs"} for names in left.values()), left
    assert account.client("apigatewayv2").get_domain_names()["Items"] == [] and not list(runs.iterdir())


@pytest.mark.parametrize("words", [("--dry-run",), ("--dry-run", "--run", NOBODY)])
def test_a_dry_run_deletes_nothing_and_writes_nothing(account, lost, runs, words):
    before = account.inventory()
    said = typed(*words, answer="")
    assert account.inventory() == before and not list(runs.iterdir())
    assert said.exit_code == (1 if len(words) == 1 else 0)  # as diff: there is something to delete, or there is not
    assert ("worker-role" in said.output) == (len(words) == 1)
    assert ("carries the tag of run 2026-01-01-aaaaaa in us-east-1" in said.output) == (len(words) == 3)


@pytest.mark.parametrize(("answer", "said"), [("n", "nothing was deleted"), ("", "nobody can be asked here")])
def test_without_a_yes_nothing_is_deleted_though_the_variable_says_yes_to_starting(account, lost, runs, answer, said):
    before = account.inventory()
    refused = typed(answer=answer)
    assert refused.exit_code == 1 and said in refused.output
    assert account.inventory() == before and not list(runs.iterdir())


def test_a_script_says_yes_to_one_run_alone_with_the_number_of_the_account(account, lost, monkeypatch):
    """What others have made is in the list as well, and the number was set for starting."""
    monkeypatch.setenv("UPGRADE101_YES", ME)
    before = account.inventory()
    refused = typed(answer="")
    assert refused.exit_code == 1 and "--run ID" in refused.output and account.inventory() == before
    assert typed("--run", lost, answer="").exit_code == 0
    assert account.inventory()["function"] == {"theirs"}


def test_the_number_of_another_account_is_a_no_to_this_one(account, lost, monkeypatch):
    monkeypatch.setenv("UPGRADE101_YES", "210987654321")
    assert typed("--run", lost).exit_code == 1
    assert "worker" in account.inventory()["function"]


def test_one_run_alone(account, lost):
    account.unseen(account.table, name="anas", Tags=[{"Key": RUN_TAG, "Value": NOBODY}])
    assert typed("--run", NOBODY).exit_code == 0
    assert account.inventory()["table"] == {"rooms", "theirs"} and "worker" in account.inventory()["function"]


def test_a_run_that_is_at_work_is_left_alone(account, lost):
    other = account.begin()
    account.table(name="busy")
    said = typed()
    assert said.exit_code == 0 and f"run {other.book.run_id}: at work, and left alone: process" in said.output
    assert account.inventory()["table"] == {"busy", "theirs"}


def test_a_ledger_that_lacks_something_gets_it_and_is_closed(account, runs):
    account.begin()
    account.table()
    account.die()
    tags = [{"Key": RUN_TAG, "Value": account.run.book.run_id}]
    account.unseen(account.role, name="more", Tags=tags)
    said = typed()
    assert said.exit_code == 0 and "its ledger is on this machine" in said.output
    assert account.inventory()["role"] == {"their-role"} and not list(runs.glob("*.jsonl"))


def test_a_clean_up_that_is_stopped_is_finished_by_the_ordinary_one(account, lost, runs):
    account.faults.at("dynamodb.DeleteTable", KeyboardInterrupt())
    stopped = typed()
    assert stopped.exit_code == 130 and [path.stem for path in runs.glob("*.jsonl")] == [lost]
    assert CliRunner().invoke(app, ["cleanup"]).exit_code == 0
    assert account.inventory()["table"] == {"theirs"} and account.inventory()["role"] == {"their-role"}


def test_another_region_is_looked_in_where_one_says_so(account, runs):
    account.begin()
    account.client("sqs", "eu-west-1").create_queue(QueueName="far")
    account.die()
    account.run.book.delete()
    here = typed("--dry-run")
    assert "far" not in here.output and "looked in us-east-1; --region NAME looks in another" in here.output
    assert typed("--region", "eu-west-1", "--region", "us-east-1").exit_code == 0
    assert account.inventory("eu-west-1")["queue"] == set()


def test_what_may_not_be_listed_is_named_with_the_action_and_the_rest_goes(account, lost):
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListRoles")
    account.faults.at("iam.ListRoles", denied)
    said = typed()
    assert said.exit_code == 1
    assert "not looked at: every role in us-east-1: you may not: iam:ListRoles is missing" in said.output
    assert account.inventory()["function"] == {"theirs"} and "worker-role" in account.inventory()["role"]


def test_the_role_of_the_course_is_found_by_its_name_where_roles_may_not_be_listed(account, runs):
    account.begin()
    account.role(name=tagged.ROLE)
    account.die()
    account.run.book.delete()
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListRoles")
    account.faults.at("iam.ListRoles", denied)
    typed()
    assert account.inventory()["role"] == {"their-role"}


@pytest.mark.parametrize("run_id", ["../../etc", "2026-99-01-aaaaaa", "payroll"])
def test_a_tag_that_no_run_has_written_is_named_and_never_a_file(account, runs, run_id):
    account.unseen(account.client("sqs").create_queue, QueueName="odd", tags={RUN_TAG: run_id})
    said = typed()
    assert said.exit_code == 0 and f"by hand, or with what it is a part of: queue odd (run {run_id})" in said.output
    assert "odd" in account.inventory()["queue"] and not list(runs.parent.rglob("*.jsonl"))


def test_what_the_course_has_no_kind_for_is_named(account):
    topic = account.unseen(account.client("sns").create_topic, Name="t", Tags=[{"Key": RUN_TAG, "Value": NOBODY}])
    assert f"by hand, or with what it is a part of: {topic['TopicArn']}" in typed().output.replace("\n", "")


def test_where_aws_cannot_be_used_it_is_one_sentence(account, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    refused = typed()
    assert refused.exit_code == 1 and refused.output.startswith("boto3 finds no region here")


def test_a_run_that_is_taken_in_the_meantime_is_left_alone(account, runs):
    other = Book(NOBODY, runs).begin(where="aws", endpoint="", account=ME, region="us-east-1")
    with pytest.raises(LookupError, match="process"):
        tagged.write(NOBODY, [], region="us-east-1", endpoint="", endpoints={}, account=ME)
    other.lock.give_back()
