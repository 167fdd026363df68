"""What the course's functions may do, on an account and in its templates: no more than they need."""

import json
import linecache
import re
from pathlib import Path

import boto3
import pytest
import yaml

from upgrade101 import cloud, connection_table, function, role, sqs_queue
from upgrade101.account import roles
from upgrade101.gateway.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "src/upgrade101/course/iac").glob("*.y*ml"))


@pytest.fixture
def account(aws, yes):
    cloud.start("aws", quiet=True)
    return aws


def handler():
    source = "def handler(event, context):\n    return 1\n"
    linecache.cache["<handler>"] = (len(source), None, source.splitlines(keepends=True), "<handler>")
    names = {}
    exec(compile(source, "<handler>", "exec"), names)
    return names["handler"]


def policies():
    iam = boto3.client("iam")
    names = iam.list_role_policies(RoleName=roles.ROLE)["PolicyNames"]
    return {name: iam.get_role_policy(RoleName=roles.ROLE, PolicyName=name)["PolicyDocument"] for name in names}


def listed(value):
    return value if isinstance(value, list) else [value]


def too_much(statement):
    """Return the actions of a statement that are more than one action, and its resources that are everything."""
    if statement.get("Effect") != "Allow":
        return []
    actions = [action for action in listed(statement.get("Action", [])) if "*" in action]
    kept = listed(statement.get("Resource", [])) if "Principal" not in statement else []
    return actions + [resource for resource in kept if resource == "*"] + ["NotAction"] * ("NotAction" in statement)


def statements(node):
    """Find every policy statement in a document, however deep."""
    if isinstance(node, dict):
        if "Effect" in node and ("Action" in node or "NotAction" in node):
            yield node
        for value in node.values():
            yield from statements(value)
    elif isinstance(node, list):
        for value in node:
            yield from statements(value)


def test_what_the_course_creates_allows_nothing_service_wide(account):
    connection_table("guests")
    sqs_queue("goals", function(handler(), name="worker"))
    made = policies()
    assert set(made) == {"course-us-east-1", "table-guests-us-east-1", "queue-goals-us-east-1"}
    assert [fault for document in made.values() for each in statements(document) for fault in too_much(each)] == []
    for document in made.values():
        for each in statements(document):
            for resource in each["Resource"]:
                assert resource.split(":")[3:5] == ["us-east-1", "123456789012"], resource


def test_functions_are_invoked_only_where_the_course_made_them(account):
    role()
    (invoke,) = (
        each for each in policies()["course-us-east-1"]["Statement"] if "lambda:InvokeFunction" in each["Action"]
    )
    assert invoke["Condition"] == {"Null": {"aws:ResourceTag/upgrade101:run": "false"}}


def test_a_table_made_by_hand_may_be_used_by_the_functions_made_after_it(account):
    key = {"AttributeName": "id"}
    boto3.client("dynamodb").create_table(
        TableName="log",
        KeySchema=[{**key, "KeyType": "HASH"}],
        AttributeDefinitions=[{**key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    function(handler(), name="reader")
    assert "table-log-us-east-1" in policies()


def test_what_a_policy_allows_is_written_before_the_thing_is_there(account):
    """AWS takes some seconds to know a policy, and creating a table or a function takes longer."""
    sqs_queue("goals", function(handler(), name="worker"))
    connection_table("guests")
    puts = [at for at, call in enumerate(account.asked) if call == "iam.PutRolePolicy"]
    made = [account.asked.index(call) for call in ("lambda.CreateFunction", "sqs.CreateQueue", "dynamodb.CreateTable")]
    assert len(puts) == 3 and all(put < there for put, there in zip(puts, made, strict=True))


def test_a_policy_is_put_once_by_a_process_and_again_for_a_new_role(account):
    for _ in range(3):
        role(tables=("guests",))
    assert account.asked.count("iam.PutRolePolicy") == 2
    cloud.clean()
    role(tables=("guests",))
    assert account.asked.count("iam.PutRolePolicy") == 4


def test_a_role_that_a_teacher_has_prepared_is_used_as_it_is(account, unseen):
    with unseen():
        made = boto3.client("iam").create_role(RoleName=roles.ROLE, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    assert role(tables=("guests",)) == made
    assert policies() == {}


def test_a_table_of_somebody_else_is_not_taken(account, unseen):
    key = {"AttributeName": "connection_id"}
    with unseen():
        boto3.client("dynamodb").create_table(
            TableName="connections",
            KeySchema=[{**key, "KeyType": "HASH"}],
            AttributeDefinitions=[{**key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    with pytest.raises(ConfigurationError, match=r"'connections' is in this account already"):
        connection_table()
    connection_table("mine")
    connection_table("mine")


def test_a_function_is_made_as_soon_as_lambda_knows_its_role(account, monkeypatch):
    monkeypatch.setattr("upgrade101.account.waiting.time.sleep", lambda seconds: None)
    account.to(
        "lambda.CreateFunction",
        code="InvalidParameterValueException",
        message="The role defined for the function cannot be assumed by Lambda.",
        times=3,
    )
    assert function(handler(), name="late").endswith(":function:late")
    assert account.asked.count("lambda.CreateFunction") == 4


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_the_templates_allow_nothing_service_wide(path):
    plain = re.sub(r"!(\w+)", "", path.read_text(encoding="utf-8"))  # CloudFormation's own short forms
    assert [fault for each in statements(yaml.safe_load(plain)) for fault in too_much(each)] == []


def test_what_the_serverless_framework_made_of_its_file_allows_nothing_service_wide():
    compiled = json.loads((ROOT / "src/upgrade101/course/iac/serverless.compiled.json").read_text(encoding="utf-8"))
    assert [fault for each in statements(compiled) for fault in too_much(each)] == []
