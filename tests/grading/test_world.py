"""The cloud of one submission: few doors, harmless templates, and the same happenings as in a notebook."""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from upgrade101 import cloud
from upgrade101.gateway import templates
from upgrade101.gateway.happenings import Called, Happening
from upgrade101.gateway.ports import HttpRequest
from upgrade101.grading.sandbox import Walls
from upgrade101.grading.world import harmless_templates, refused, world

SIGNED = "AWS4-HMAC-SHA256 Credential=key/20261101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def request(path: str, service: str = "", body: bytes = b"", **headers: str) -> HttpRequest:
    given = [(name.replace("_", "-"), value) for name, value in headers.items()]
    if service:
        given.append(("Authorization", SIGNED.format(service)))
    return HttpRequest("POST", path, [("Host", "127.0.0.1:80"), *given], body)


FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    "asked",
    [
        request("/moto-api/reset"),
        request("/moto-api/recorder/replay-recording", "lambda"),
        request("/v1/submitjob", "batch"),
        request("/", "ec2"),
        request("/", "sts", b"Action=AssumeRole&RoleArn=x", Content_Type=FORM),
        request("/", "", b"Action=AssumeRole&RoleArn=x", Content_Type=FORM),
        request("/", "sts", b"Action=AssumeRole&Action=GetCallerIdentity", Content_Type=FORM),
        request("/", "sts", b"Action=GetCallerIdentity&Action=AssumeRole", Content_Type=FORM),
        request("/?Action=AssumeRole", "sts", b"Action=GetCallerIdentity", Content_Type=FORM),
        request("/", "sts", b"Action=AssumeRole", Content_Type=FORM, X_Amz_Target="STS.GetCallerIdentity"),
        request("/service/STS/operation/AssumeRole", "sts", b"Action=GetCallerIdentity", Content_Type=FORM),
        request("/", "sts", b"Action=GetCallerIdentity", Content_Type="application/json"),
        request("/", "sts", b"x=" + b"x" * 20_000 + b"&Action=AssumeRole", Content_Type=FORM),
        request("/", "cloudformation", b"Action=CreateStack&TemplateBody=x", Content_Type=FORM),
        request("/", "cloudformation", b"Action=UpdateStack&Action=DescribeStacks", Content_Type=FORM),
        request("/", "", X_Amz_Target="DynamoDB_20120810.ListTables"),
        request("/x?X-Amz-Credential=k%2F20261101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0"),
        request("/", "dynamodb", b"x" * (33 * 2**20)),
    ],
    ids=str,
)
def test_what_no_exercise_needs_is_closed(asked: HttpRequest) -> None:
    assert refused(asked)


@pytest.mark.parametrize(
    "asked",
    [
        request("/v2/apis", "apigateway"),
        request("/", "dynamodb", b"{}"),
        request("/2015-03-31/functions", "lambda"),
        request("/", "sts", b"Action=GetCallerIdentity", Content_Type=FORM),
        request("/", "cloudformation", b"Action=DeleteStack&StackName=x", Content_Type=FORM),
        HttpRequest("GET", "/dev", [("Host", "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com")]),
        request("/_aws/execute-api/a1b2c3d4e5/dev/@connections/x"),
    ],
    ids=str,
)
def test_what_an_exercise_needs_is_open(asked: HttpRequest) -> None:
    assert not refused(asked)


ATTACKS = [
    "$util.escapeJavaScript.__globals__.get('__builtins__').get('setattr').__call__($util, 'x', 1)",
    "$util.__class__",
    "$context.__class__.__mro__",
    "#set($x = '')$x.__class__.__base__.__subclasses__()",
    "#set($x = '{0.__class__}')$x.format($util)",
    "$input._params",
    "$input.body.format($input)",
    "$util.base64Encode.__func__.__globals__.json.codecs.open('pyproject.toml').read()",
]


def rendered(template: str) -> str:
    return templates.render(template, body='{"a": 1}', context={"connectionId": "x="}, stage_variables={})


@pytest.mark.parametrize("template", ATTACKS)
def test_a_template_gets_nothing_of_python(template: str) -> None:
    with harmless_templates(), contextlib.suppress(Exception):
        said = rendered(template)
        assert "class" not in said.replace(template, "").replace("__class__", "")
        assert "mappingproxy" not in said and "path" not in said.replace(template, "")


def test_without_the_guard_a_template_runs_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no empty fear: this is what the guard is for."""
    flag = "upgrade101_grading_test_flag"
    code = f"import sys; sys.{flag} = True"
    evil = f"$util.escapeJavaScript.__globals__.get('__builtins__').get('exec').__call__('{code}')"
    monkeypatch.setattr(sys, flag, False, raising=False)
    with harmless_templates(), contextlib.suppress(Exception):
        rendered(evil)
    assert not getattr(sys, flag)
    with contextlib.suppress(Exception):
        rendered(evil)
    assert getattr(sys, flag)


def test_what_aws_offers_to_templates_goes_on_working() -> None:
    template = (
        "#set($b = $input.path('$'))$b.a $b.keySet().size() $context.connectionId $input.json('$.a')"
        "#foreach($k in $b.keySet())$k#end $util.base64Encode('x') #set($t = 'aB')$t.length() $input.body.length()"
    )
    with harmless_templates():
        assert rendered(template) == "1 1 x= 1a eA== 2 8"


# ── on real sockets ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def running(tmp_path: Path) -> Iterator[None]:
    with world(Walls(), tmp_path):
        yield


def client(service: str, key: str = "testing") -> Any:
    session = boto3.Session(key, "testing", region_name="us-east-1")
    return session.client(service, endpoint_url=cloud.local().url)


@pytest.mark.usefixtures("running")
def test_the_doors_hold_for_boto3() -> None:
    tables = client("dynamodb")
    tables.list_tables()
    with pytest.raises(ClientError, match="closed here"):
        client("ec2").describe_instances()
    with pytest.raises(ClientError, match="nobody becomes somebody else"):
        client("sts").assume_role(RoleArn="arn:aws:iam::101101101101:role/r", RoleSessionName="me")
    assert client("sts").get_caller_identity()["Account"] == "123456789012"


CELL = """
import boto3

def handler(event, context):
    boto3.client("dynamodb").list_tables()
    return {"statusCode": 200}
"""


@pytest.mark.usefixtures("running")
def test_what_a_function_asks_of_aws_is_told_as_in_a_notebook() -> None:
    from upgrade101.deploy import function
    from upgrade101.grading.standins import StandIns

    seen: list[Happening] = []
    said = {"key": 1, "name": "handler", "source": CELL, "async": False, "unwritten": False}
    handler = StandIns(lambda *_: None, {CELL}).answer([{"function": said}])
    undo = cloud.watch(seen.append)
    arn = function(handler, name="asks", timeout=20)
    answer = boto3.client("lambda").invoke(FunctionName=arn)
    undo()
    assert json.loads(answer["Payload"].read()) == {"statusCode": 200}
    calls = [each for each in seen if isinstance(each, Called) and each.caller]
    assert [(call.service, call.operation, call.caller, call.account) for call in calls] == [
        ("dynamodb", "ListTables", "asks", "123456789012")
    ]
    assert calls[0].answer == {"TableNames": []}
