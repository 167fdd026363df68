"""moto with its functions running in this process, and a place where tests and handlers meet."""

import functools
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import boto3
import pytest
from botocore.config import Config
from house_kit import House, zip_of
from moto import mock_aws

from upgrade101.gateway.ports import Invocation, Outcome
from upgrade101.localcloud.functions import Functions

ONCE = Config(retries={"total_max_attempts": 1})


class LambdaCloud:
    """What a test does with functions."""

    def __init__(self, functions: Functions, client: Callable[..., Any]) -> None:
        self.functions = functions
        self.client = client
        self.aws = client("lambda")
        role = {"RoleName": "runs-functions", "AssumeRolePolicyDocument": "{}"}
        self.role = client("iam").create_role(**role)["Role"]["Arn"]

    def create(self, files: str | Mapping[str, str] | bytes, name: str = "chat", **settings: Any) -> str:
        """Create a function and return its ARN."""
        code = files if isinstance(files, bytes) else zip_of(files)
        given = {"Runtime": "python3.13", "Handler": "app.handler", "Role": self.role, **settings}
        aws = given.pop("Client", self.aws)
        return aws.create_function(FunctionName=name, Code={"ZipFile": code}, **given)["FunctionArn"]

    def update(self, files: str | Mapping[str, str], name: str = "chat") -> None:
        """Give a function new code."""
        self.aws.update_function_code(FunctionName=name, ZipFile=zip_of(files))

    def start(self, arn: str, event: Any = None, request_id: str = "") -> "Pending":
        """Invoke through the port and return at once."""
        pending = Pending()
        self.functions(Invocation(arn, event or {}, "", request_id), pending.done)
        return pending

    def call(self, arn: str, event: Any = None, request_id: str = "") -> Outcome:
        """Invoke through the port and wait."""
        return self.start(arn, event, request_id).outcome()

    def answer(self, files: str | Mapping[str, str], event: Any = None, **settings: Any) -> Any:
        """Create a function, invoke it once and return what it answers."""
        outcome = self.call(self.create(files, **settings), event)
        assert not outcome.error, outcome.payload
        return outcome.payload

    def boto3_invoke(self, name: str, event: Any = None, **settings: Any) -> tuple[dict[str, Any], Any]:
        """Invoke through boto3; return the response and its payload."""
        response = self.aws.invoke(FunctionName=name, Payload=json.dumps(event or {}), **settings)
        text = response["Payload"].read()
        return response, json.loads(text) if text else None

    def log(self, name: str = "chat") -> list[str]:
        """All messages in the function's log group."""
        group = f"/aws/lambda/{name}"
        return [event["message"] for event in self.client("logs").filter_log_events(logGroupName=group)["events"]]


class Pending:
    """An invocation under way."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self._arrived = threading.Event()

    def done(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._arrived.set()

    def outcome(self) -> Outcome:
        assert self._arrived.wait(20), "no answer"
        return self.outcomes[0]


@pytest.fixture(scope="session")
def client() -> Callable[..., Any]:
    """boto3 clients, made once: reading botocore's models takes longer than most tests."""
    session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")

    @functools.cache
    def made(service: str, region: str = "us-east-1") -> Any:
        return session.client(service, region, config=ONCE)

    return made


@pytest.fixture
def make_functions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Functions]]:
    """Functions with settings of one's own, installed until the end of the test."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made: list[Functions] = []

    def make(**settings: Any) -> Functions:
        functions = Functions(also=["meeting"], **settings)
        functions.install()
        made.append(functions)
        return functions

    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        yield make
        for functions in made:
            functions.uninstall()


@pytest.fixture
def cloud_with(make_functions, client) -> Callable[..., LambdaCloud]:
    """An empty account whose functions run with settings of one's own."""
    return lambda **settings: LambdaCloud(make_functions(**settings), client)


@pytest.fixture
def cloud(cloud_with) -> LambdaCloud:
    """An empty account whose functions run here."""
    return cloud_with()


@pytest.fixture
def house() -> Iterator[House]:
    """A local cloud as a whole."""
    house = House(functions=Functions(also=["meeting"]))
    yield house
    house.close()


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module that handlers can import to meet the test: ``go`` lets them go on, ``came`` says who came."""
    module: Any = ModuleType("meeting")
    module.go = threading.Event()
    module.came = []
    monkeypatch.setitem(sys.modules, "meeting", module)
    yield module
    module.go.set()  # whoever still waits
