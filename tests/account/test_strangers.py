"""What is in an account already: somebody else's is refused, whatever its kind; the same learner's is taken."""

import json
import linecache

import boto3
import pytest

from upgrade101 import cloud, connection_table, function, sqs_queue
from upgrade101.account import strangers
from upgrade101.course import chat, iac
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.ledger import RUN_TAG
from upgrade101.ledger.book import Book

KEY = {"AttributeName": "connection_id"}
ONE = json.dumps({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "line-jobs"}}}})
TWO = ONE.replace("line-jobs", "line-more")
WORKER = "arn:aws:lambda:us-east-1:123456789012:function:worker"
ROLE = json.dumps({"Version": "2012-10-17", "Statement": []})
THEIRS = r"is in this account already, and this course did not make it.*another name, or delete that one"


@pytest.fixture
def account(aws, yes, capsys):
    cloud.start("aws", quiet=True)
    return aws


@pytest.fixture
def theirs(account, unseen):
    """Create as somebody else does: neither tagged nor written down, or with these tags."""

    def create(service, operation, **parameters):
        with unseen():
            return getattr(boto3.client(service), operation)(**parameters)

    return create


def handler():
    source = "def handler(event, context):\n    return 1\n"
    linecache.cache["<strange>"] = (len(source), None, source.splitlines(keepends=True), "<strange>")
    names = {}
    exec(compile(source, "<strange>", "exec"), names)
    return names["handler"]


def a_function(create, **tags):
    role = create("iam", "create_role", RoleName="their-role", AssumeRolePolicyDocument=ROLE)["Role"]["Arn"]
    settings = {
        "Runtime": "python3.12",
        "Handler": "app.f",
        "Role": role,
        "Code": {"ZipFile": b"PK\x05\x06" + bytes(18)},
    }
    create("lambda", "create_function", FunctionName="kept", Tags=tags, **settings)


def a_table(create, name="kept", **tags):
    create(
        "dynamodb",
        "create_table",
        TableName=name,
        KeySchema=[{**KEY, "KeyType": "HASH"}],
        AttributeDefinitions=[{**KEY, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )


def a_queue(create, **tags):
    create("sqs", "create_queue", QueueName="kept", tags=tags)


def a_stack(create, **tags):
    tagged = [{"Key": key, "Value": value} for key, value in tags.items()]
    create("cloudformation", "create_stack", StackName="kept", TemplateBody=ONE, Tags=tagged)


KINDS = {
    "function": (a_function, lambda: function(handler(), name="kept")),
    "table": (a_table, lambda: connection_table("kept")),
    "queue": (a_queue, lambda: sqs_queue("kept", WORKER)),
    "stack": (a_stack, lambda: iac.deploy(TWO, "kept")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_carries_no_tag_of_ours_is_refused_and_stays_as_it_is(account, theirs, kind):
    create, take = KINDS[kind]
    create(theirs, owner="payroll")
    with pytest.raises(ConfigurationError, match=rf"a {kind} called 'kept' {THEIRS}"):
        take()
    asked = [call.partition(".")[2] for call in account.asked]
    assert not [call for call in asked if call.startswith(("Update", "Delete", "AddPermission", "CreateEventSource"))]
    assert not any("kept" in name for name in policies())


def policies():
    iam = boto3.client("iam")
    if "upgrade101-function" not in [role["RoleName"] for role in iam.list_roles()["Roles"]]:
        return []
    return iam.list_role_policies(RoleName="upgrade101-function")["PolicyNames"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_this_run_made_is_taken_again(account, kind):
    _, take = KINDS[kind]
    function(handler(), name="worker")
    for _ in range(2):
        take()


def test_what_a_run_of_this_machine_left_is_taken(theirs, runs):
    Book("2026-11-22-k7m2xq", runs()[0].parent).begin(
        where="aws", endpoint="", account="1", region="r"
    ).lock.give_back()
    a_table(theirs, **{RUN_TAG: "2026-11-22-k7m2xq"})
    assert connection_table("kept").name == "kept"


def test_what_a_run_has_that_is_at_work_is_refused_until_it_is_not(theirs, runs):
    other = Book("2026-11-22-k7m2xq", runs()[0].parent).begin(where="aws", endpoint="", account="1", region="r")
    a_table(theirs, **{RUN_TAG: other.run_id})
    with pytest.raises(
        ConfigurationError, match=r"run 2026-11-22-k7m2xq, which is at work: process \d+ on .*cloud\.stop"
    ):
        connection_table("kept")
    other.lock.give_back()
    assert connection_table("kept").name == "kept"


def test_what_a_run_has_that_nobody_knows_here_is_another_learners(theirs):
    a_stack(theirs, **{RUN_TAG: "2026-11-22-k7m2xq"})
    for take in (lambda: iac.deploy(TWO, "kept"), lambda: iac.remove("kept")):
        with pytest.raises(ConfigurationError, match=r"run 2026-11-22-k7m2xq, of which .*another learner's.*--by-tag"):
            take()
    assert boto3.client("sqs").get_queue_url(QueueName="line-jobs")


def test_a_strangers_stack_is_not_removed_and_one_that_is_not_there_is_no_matter(theirs):
    iac.remove("kept")
    a_stack(theirs, owner="payroll")
    with pytest.raises(ConfigurationError, match=THEIRS):
        iac.remove("kept")
    assert boto3.client("cloudformation").describe_stacks(StackName="kept")["Stacks"]


def test_the_rows_of_a_table_that_only_has_the_chats_name_stay(theirs):
    a_table(theirs, name="chat-messages")
    boto3.resource("dynamodb").Table("chat-messages").put_item(Item={"connection_id": "1"})
    with pytest.raises(ConfigurationError, match="'chat-messages'"):
        chat.begin(quiet=True)
    assert boto3.resource("dynamodb").Table("chat-messages").scan()["Count"] == 1


def test_a_bucket_for_packages_that_another_learner_has_is_neither_filled_nor_emptied(theirs):
    name = "upgrade101-packages-123456789012-us-east-1"
    theirs("s3", "create_bucket", Bucket=name)
    theirs("s3", "put_object", Bucket=name, Key="theirs.zip", Body=b"")
    with pytest.raises(ConfigurationError, match=f"a bucket called '{name}'"):
        iac.package(iac.read("sam.yaml"))
    with pytest.raises(ConfigurationError, match=f"a bucket called '{name}'"):
        iac.tidy("rooms")
    assert [each["Key"] for each in boto3.client("s3").list_objects_v2(Bucket=name)["Contents"]] == ["theirs.zip"]


# ── the logs that a stack has left ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def logs(theirs, monkeypatch):
    """Let a stack have made a function that has written a log."""
    theirs("logs", "create_log_group", logGroupName="/aws/lambda/kept-Hello")
    monkeypatch.setattr(iac, "_made", lambda stack: {"kept-Hello"})
    return lambda: [group["logGroupName"] for group in boto3.client("logs").describe_log_groups()["logGroups"]]


def test_the_logs_of_a_stack_of_ours_are_taken_away_also_when_it_is_gone(account, logs):
    iac.deploy(ONE, "kept")
    iac.remove("kept")
    iac.tidy("kept")
    assert logs() == []


@pytest.mark.parametrize("tags", [{}, {"owner": "payroll"}, {RUN_TAG: "2026-11-22-k7m2xq"}])
def test_the_logs_of_a_strangers_stack_stay_also_when_it_is_gone(theirs, logs, tags):
    a_stack(theirs, **tags)
    theirs("cloudformation", "delete_stack", StackName="kept")
    with pytest.raises(ConfigurationError, match="a stack called 'kept'"):
        iac.tidy("kept")
    assert logs() == ["/aws/lambda/kept-Hello"]


def test_where_aws_keeps_no_tags_of_a_stack_that_is_gone_the_ledger_decides(account, logs, monkeypatch):
    iac.deploy(ONE, "kept")
    iac.remove("kept")
    monkeypatch.setattr(iac, "pairs", lambda tags: {})
    iac.tidy("kept")
    assert logs() == []


def test_a_ledger_that_cannot_be_read_knows_nothing(account, runs):
    (runs()[0].parent / "2026-01-01-aaaaaa.jsonl").mkdir()
    assert not strangers.is_written("stack", "kept")


def test_on_moto_everything_is_ours(capsys):
    cloud.start("moto", quiet=True)
    try:
        a_table(lambda service, operation, **parameters: getattr(boto3.client(service), operation)(**parameters))
        assert connection_table("kept").name == "kept"
    finally:
        cloud.stop()
