"""What somebody else made is never touched, however much it looks like ours."""

import boto3
import pytest

from upgrade101 import cloud
from upgrade101.deploy import create_function
from upgrade101.gateway.errors import ConfigurationError

from_elsewhere = {"upgrade101:run": "2026-01-01-zzzzzz"}


def clean(account):
    account.die()
    return account.cleanup()


@pytest.mark.parametrize("tags", [{}, from_elsewhere], ids=["without a tag", "of another run"])
def test_what_has_our_name_and_is_somebody_elses_stays_and_is_named(account, runs, tags):
    account.begin()
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    account.everything()
    clients = {name: account.client(name) for name in ("lambda", "dynamodb", "sqs", "logs", "iam")}

    def by_hand(service, operation, **parameters):
        account.unseen(getattr(clients[service], operation), **parameters)

    by_hand("lambda", "delete_function", FunctionName="worker")
    by_hand("dynamodb", "delete_table", TableName="rooms")
    notes = "arn:aws:logs:us-east-1:123456789012:log-group:/course/notes"
    by_hand("logs", "untag_resource", resourceArn=notes, tagKeys=["upgrade101:run"])  # moto keeps them for the next
    by_hand("logs", "delete_log_group", logGroupName="/course/notes")
    by_hand("sqs", "delete_queue", QueueUrl=clients["sqs"].get_queue_url(QueueName="jobs")["QueueUrl"])
    by_hand("iam", "delete_role_policy", RoleName="worker-role", PolicyName="p")
    by_hand("iam", "delete_role", RoleName="worker-role")
    account.unseen(account.role, name="worker-role", Tags=pairs)
    account.unseen(account.function, name="worker", Tags=tags)
    account.unseen(account.table, name="rooms", Tags=pairs)
    by_hand("sqs", "create_queue", QueueName="jobs", tags=tags)
    by_hand("logs", "create_log_group", logGroupName="/course/notes", **({"tags": tags} if tags else {}))

    code, said = clean(account)
    assert code == 0 and not list(runs.iterdir()), said
    left = account.inventory()
    for kind, name in {"role": "worker-role", "function": "worker", "table": "rooms", "queue": "jobs"}.items():
        assert name in left[kind]
        assert f"not ours, so it stays: {kind} {name}" in said
    assert {"/course/notes", "/aws/lambda/worker"} <= left["log group"]  # their function writes there now
    assert left["API"] == left["REST API"] == {"theirs"} and not left["event source"]


@pytest.mark.parametrize("tags", [{}, from_elsewhere], ids=["without a tag", "of another run"])
def test_the_logs_of_a_strangers_function_stay_though_ours_of_that_name_is_known_to_be_gone(account, runs, tags):
    account.begin()
    account.role()
    account.function()
    account.client("lambda").delete_function(FunctionName="worker")
    account.unseen(account.function, name="worker", Tags=tags)
    account.unseen(account.client("logs").create_log_group, logGroupName="/aws/lambda/worker")
    account.unseen(account.client("iam").delete_role, RoleName="worker-role")
    code, said = clean(account)
    assert code == 0 and not list(runs.iterdir()), said
    assert "log group /aws/lambda/worker (the function worker that writes there is not ours)" in said
    assert "worker" in account.inventory()["function"] and "/aws/lambda/worker" in account.inventory()["log group"]


def test_logs_that_are_older_than_our_function_stay(account, runs, monkeypatch):
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/worker")
    account.begin()
    account.role()
    account.function()
    book = account.run.book
    ours = account.run.book.read().items[-1]
    account.die()
    text = book.path.read_text()
    assert str(ours.at) in text
    book.path.write_text(text.replace(str(ours.at), str(ours.at + 3600)))
    code, said = account.cleanup()
    assert code == 0 and "not ours, so it stays: log group /aws/lambda/worker (it is older than our function)" in said
    assert "/aws/lambda/worker" in account.inventory()["log group"]


def test_a_queue_that_was_there_is_neither_tagged_nor_deleted(account, runs):
    account.unseen(account.client("sqs").create_queue, QueueName="jobs")
    account.begin()
    url = account.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    assert not account.client("sqs").list_queue_tags(QueueUrl=url).get("Tags")
    assert clean(account)[0] == 0
    assert "jobs" in account.inventory()["queue"]


@pytest.mark.parametrize("where", ["us-east-1", "eu-central-1"])
def test_a_role_that_functions_of_others_run_as_stays_until_they_do_not(account, runs, where):
    account.begin()
    arn = account.role()
    account.die()
    others = account.begin() if where != "us-east-1" else None
    client = account.client("lambda", where)
    settings = {
        "Runtime": "python3.12",
        "Handler": "app.f",
        "Role": arn,
        "Code": {"ZipFile": b"PK\x05\x06" + bytes(18)},
    }
    call = account.unseen if others is None else lambda call, **asked: call(**asked)
    call(client.create_function, FunctionName="guest", **settings)
    run_id = next(runs.glob("*.jsonl")).stem if others is None else None
    if others is not None:
        run_id = next(path.stem for path in runs.glob("*.jsonl") if path.stem != others.book.run_id)
        account.die()
    code, said = account.cleanup(run_id=run_id)
    assert code == 1 and "functions run as it: guest" in said
    assert "worker-role" in account.inventory()["role"]
    account.unseen(client.delete_function, FunctionName="guest")
    assert account.cleanup()[0] == 0
    assert "worker-role" not in account.inventory()["role"]


def test_a_thing_of_two_runs_goes_with_the_one_that_made_it(account, runs):
    first = account.begin()
    account.client("sqs").create_queue(QueueName="jobs")
    account.die()
    second = account.begin()
    account.client("sqs").create_queue(QueueName="jobs")
    assert account.cleanup(run_id=second.book.run_id)[0] == 1  # it is at work
    account.die()
    assert account.cleanup(run_id=second.book.run_id)[0] == 0
    assert "jobs" in account.inventory()["queue"]
    assert account.cleanup(run_id=first.book.run_id)[0] == 0
    assert "jobs" not in account.inventory()["queue"]


def test_what_the_tagging_api_shows_and_the_ledger_lacks_is_deleted_too(account, runs):
    run = account.begin()
    account.role()
    pairs = [{"Key": "upgrade101:run", "Value": run.book.run_id}]
    account.unseen(account.table, name="lost", Tags=pairs)
    account.unseen(account.function, name="lost", Tags={pair["Key"]: pair["Value"] for pair in pairs})
    account.unseen(account.client("logs").create_log_group, logGroupName="/aws/lambda/lost")
    code, said = clean(account)
    assert code == 0, said
    left = account.inventory()
    assert (
        left["table"] == {"theirs"} and left["function"] == {"theirs"} and "/aws/lambda/lost" not in left["log group"]
    )


def test_deploying_does_not_overwrite_a_function_that_the_course_did_not_make(account, capsys):
    account.unseen(account.function, name="mine", role="arn:aws:iam::123456789012:role/their-role")
    before = account.client("lambda").get_function(FunctionName="mine")["Configuration"]["CodeSha256"]
    cloud.start("aws")
    try:
        with pytest.raises(ConfigurationError, match="this course did not make it"):
            create_function("mine", b"PK\x05\x06" + bytes(18), "app.handler")
        create_function("ours", b"PK\x05\x06" + bytes(18), "app.handler")
        create_function("ours", b"PK\x05\x06" + bytes(18), "app.other")
        assert boto3.client("lambda").get_function(FunctionName="ours")["Configuration"]["Handler"] == "app.other"
    finally:
        cloud.stop()
    assert account.client("lambda").get_function(FunctionName="mine")["Configuration"]["CodeSha256"] == before
    assert "ours" not in account.inventory()["function"]
