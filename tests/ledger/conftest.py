"""AWS for the tests of the ledger: a plain moto, in which faults can be struck into every call."""

import io
from types import SimpleNamespace

import boto3
import botocore.handlers
import pytest
from botocore.loaders import create_loader
from moto import mock_aws
from rich.console import Console

from upgrade101.ledger import command, patience
from upgrade101.ledger.run import Run

ZIP = b"PK\x05\x06" + bytes(18)
SQS_QUEUE = "arn:aws:sqs:us-east-1:123456789012:jobs"
KEY = [{"AttributeName": "id", "KeyType": "HASH"}]
TYPES = [{"AttributeName": "id", "AttributeType": "S"}]


class Faults:
    """Strikes at calls of clients made after it: ``at('lambda.DeleteFunction', fault)``."""

    def __init__(self):
        self._waiting = []
        self.calls = []
        self._hooks = [("before-send", self._before), ("after-call", self._after)]

    def install(self):
        botocore.handlers.BUILTIN_HANDLERS[:0] = self._hooks

    def uninstall(self):
        for hook in self._hooks:
            botocore.handlers.BUILTIN_HANDLERS.remove(hook)

    def at(self, call, fault, *, times=1, after=False):
        """Raise ``fault`` at a call, before it leaves or when its answer is here."""
        self._waiting.append(SimpleNamespace(call=call, fault=fault, times=times, after=after, struck=False))

    def end(self):
        assert all(each.struck for each in self._waiting), "a fault that nobody met"
        self._waiting.clear()

    def _before(self, event_name, **_):
        self.calls.append(event_name.partition(".")[2])
        self._strike(event_name, False)

    def _after(self, event_name, **_):
        self._strike(event_name, True)

    def _strike(self, event_name, after):
        call = event_name.partition(".")[2]
        for each in self._waiting:
            if each.call in (call, call.partition(".")[2], "*") and each.after == after and each.times > 0:
                each.times, each.struck = each.times - 1, True
                raise each.fault


class Account:
    """A run of the course in an account, and the account as AWS's console shows it."""

    def __init__(self, faults, unseen):
        self.faults, self._unseen = faults, unseen
        self.run = None
        self._clients = {}

    def client(self, service, region="us-east-1"):
        if (service, region) not in self._clients:
            self._clients[service, region] = boto3.client(service, region_name=region)
        return self._clients[service, region]

    def begin(self):
        self.run = Run("aws")
        self.run.start()
        return self.run

    def die(self):
        """End the run as a killed process does."""
        self.run._recorder.uninstall()
        self.run.book.lock.give_back()

    def unseen(self, call, **parameters):
        """Make a call that the ledger does not see: the console, another machine, or AWS itself."""
        with self._unseen():
            return call(**parameters)

    def role(self, name="worker-role", **more):
        return self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}", **more)["Role"]["Arn"]

    def function(self, name="worker", role="arn:aws:iam::123456789012:role/worker-role", **more):
        client = self.client("lambda")
        settings = {"Runtime": "python3.12", "Handler": "app.f", "Role": role, "Code": {"ZipFile": ZIP}}
        return client.create_function(FunctionName=name, **settings, **more)

    def table(self, name="rooms", **more):
        client = self.client("dynamodb")
        return client.create_table(
            TableName=name, KeySchema=KEY, AttributeDefinitions=TYPES, BillingMode="PAY_PER_REQUEST", **more
        )

    def api(self, name="chat", **more):
        client = self.client("apigatewayv2")
        selection = {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}
        return client.create_api(Name=name, **selection, **more)["ApiId"]

    def bucket(self, name="packages", **more):
        client = self.client("s3")
        client.create_bucket(Bucket=name, **more)
        client.put_object(Bucket=name, Key="chat.zip", Body=ZIP)

    def everything(self):
        """Create one of each kind, and what AWS keeps of it by itself."""
        self.role()
        document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
        self.client("iam").put_role_policy(RoleName="worker-role", PolicyName="p", PolicyDocument=document)
        self.table()
        self.client("logs").create_log_group(logGroupName="/course/notes")
        self.client("sqs").create_queue(QueueName="jobs")
        self.bucket()
        self.function()
        self.unseen(self.client("logs").create_log_group, logGroupName="/aws/lambda/worker")
        self.client("lambda").create_event_source_mapping(EventSourceArn=SQS_QUEUE, FunctionName="worker")
        api_id = self.api()
        name = f"API-Gateway-Execution-Logs_{api_id}/dev"
        self.unseen(self.client("logs").create_log_group, logGroupName=name)
        self.client("apigateway").create_rest_api(name="news")

    def neighbours(self):
        """Create what is somebody else's, of every kind, without the ledger."""
        self.unseen(self.role, name="their-role")
        self.unseen(self.table, name="theirs")
        self.unseen(self.bucket, name="theirs")
        self.unseen(self.client("sqs").create_queue, QueueName="theirs")
        self.unseen(self.client("logs").create_log_group, logGroupName="/aws/lambda/theirs")
        self.unseen(self.function, name="theirs", role="arn:aws:iam::123456789012:role/their-role")
        self.unseen(self.api, name="theirs")
        self.unseen(self.client("apigateway").create_rest_api, name="theirs")

    def inventory(self, region="us-east-1"):
        """Return all that is in the account, by kind."""
        logs, functions = self.client("logs", region), self.client("lambda", region)
        rest, websocket = self.client("apigateway", region), self.client("apigatewayv2", region)
        queues = self.client("sqs", region).list_queues().get("QueueUrls", [])
        return {
            "role": {role["RoleName"] for role in self.client("iam").list_roles()["Roles"]},
            "table": set(self.client("dynamodb", region).list_tables()["TableNames"]),
            "bucket": {bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]},
            "log group": {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]},
            "queue": {url.rpartition("/")[2] for url in queues},
            "function": {function["FunctionName"] for function in functions.list_functions()["Functions"]},
            "event source": {it["UUID"] for it in functions.list_event_source_mappings()["EventSourceMappings"]},
            "API": {api["Name"] for api in websocket.get_apis()["Items"]},
            "REST API": {api["name"] for api in rest.get_rest_apis()["items"]},
        }

    def cleanup(self, **options):
        """Type ``start.py cleanup`` and return its exit code and what it says."""
        said = io.StringIO()
        code = command.cleanup(Console(file=said, width=150, emoji=False), **options)
        return code, said.getvalue()


@pytest.fixture
def faults():
    faults = Faults()
    faults.install()
    yield faults
    faults.uninstall()


@pytest.fixture(scope="session")
def models():
    """Read AWS's service models once for all these tests."""
    return create_loader()


@pytest.fixture
def account(faults, models, unseen, monkeypatch, tmp_path):
    """Return an account with somebody else's things in it."""
    monkeypatch.setattr("botocore.session.create_loader", lambda path: models)
    monkeypatch.setenv("UPGRADE101_LEDGER", str(tmp_path / "runs"))
    monkeypatch.setenv("UPGRADE101_YES", "1")
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: None)
    with mock_aws():
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        account = Account(faults, unseen)
        account.neighbours()
        yield account
        if account.run and account.run._recorder:
            account.die()


@pytest.fixture
def runs(account, tmp_path):
    """Return where the ledgers lie."""
    return tmp_path / "runs"
