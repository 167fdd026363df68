"""boto3 inside functions: region and account are the function's, and many may start at once."""

import threading

import boto3
import pytest

WHOSE = """
import boto3
sts, tables = boto3.client("sts"), boto3.resource("dynamodb")
def handler(event, context):
    return [sts.get_caller_identity()["Arn"], sts.meta.region_name, sorted(t.name for t in tables.tables.all())]
"""


def table(client, name):
    key = {"AttributeName": "id", "KeyType": "HASH"}
    attribute = {"AttributeName": "id", "AttributeType": "S"}
    client.create_table(
        TableName=name, KeySchema=[key], AttributeDefinitions=[attribute], BillingMode="PAY_PER_REQUEST"
    )


def test_a_client_without_a_region_takes_the_functions(cloud, client):
    table(client("dynamodb"), "home")
    table(client("dynamodb", "eu-west-1"), "away")
    here = cloud.create(WHOSE)
    there = cloud.create(WHOSE, Client=client("lambda", "eu-west-1"))
    arn = "arn:aws:sts::123456789012:assumed-role/runs-functions/chat"
    assert cloud.call(here).payload == [arn, "us-east-1", ["home"]]
    assert cloud.call(there).payload == [arn, "eu-west-1", ["away"]]


def test_a_function_of_another_account_sees_that_account(cloud, client):
    role = {"RoleArn": "arn:aws:iam::222222222222:role/owner", "RoleSessionName": "test"}
    keys = client("sts").assume_role(**role)["Credentials"]
    other = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], "us-east-1")
    table(client("dynamodb"), "ours")
    table(other.client("dynamodb"), "theirs")
    runs = other.client("iam").create_role(RoleName="runs", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    arn = cloud.create(WHOSE, Client=other.client("lambda"), Role=runs)
    assert arn.split(":")[4] == "222222222222"
    assert cloud.call(arn).payload == ["arn:aws:sts::222222222222:assumed-role/runs/chat", "us-east-1", ["theirs"]]


def test_fifty_environments_make_their_clients_at_once(cloud, meeting):
    meeting.all_here = threading.Barrier(50)
    source = (
        "import boto3, meeting\n"
        "meeting.all_here.wait(20)\n"
        "clients = [boto3.client('dynamodb'), boto3.client('sqs'), boto3.resource('dynamodb')]\n"
        "calls = 0\n"
        "def handler(event, context):\n"
        "    global calls\n"
        "    calls += 1\n"
        "    return [calls, clients[0].list_tables()['TableNames']]\n"
    )
    arn = cloud.create(source, Timeout=30)
    pending = [cloud.start(arn) for _ in range(50)]
    assert {str(one.outcome()) for one in pending} == {str(pending[0].outcome())}
    assert pending[0].outcome().payload == [1, []]


def test_a_default_session_set_in_a_function_is_its_own(cloud, monkeypatch):
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    source = (
        "import boto3\n"
        "boto3.setup_default_session(region_name='ap-south-1')\n"
        "def handler(event, context):\n"
        "    return boto3.client('sts').meta.region_name\n"
    )
    assert cloud.answer(source) == "ap-south-1"
    assert boto3.DEFAULT_SESSION is None
    assert boto3.client("sts").meta.region_name == "us-east-1"


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_the_notebooks_default_session_is_not_the_functions(cloud, monkeypatch, region):
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session(region_name=region))
    source = "import boto3\ndef handler(event, context):\n    return boto3.client('sts').meta.region_name\n"
    assert cloud.answer(source) == "us-east-1"
    assert boto3.client("sts").meta.region_name == region
