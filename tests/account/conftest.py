"""AWS for these tests: a plain moto, in which answers can be put into any call's mouth."""

import json

import boto3
import botocore.handlers
import pytest
from botocore.awsrequest import AWSResponse
from moto import mock_aws

from upgrade101 import cloud
from upgrade101.account import entry


class _Raw:
    def __init__(self, body):
        self._body = body

    def stream(self, **_):
        yield self._body


class Answers:
    """Answers calls instead of AWS, of clients made after it: ``to('lambda.CreateFunction', code='Throttling')``."""

    def __init__(self):
        self._waiting = {}
        self.asked = []

    def to(self, call, status=400, *, code="", message="", raises=None, times=1, region=""):
        self._waiting.setdefault(call, []).append([times, status, code, message, raises, region])

    def __call__(self, event_name, request, **_):
        call = event_name.partition(".")[2]
        self.asked.append(call)
        for waiting in self._waiting.get(call, ()):
            times, status, code, message, raises, region = waiting
            if times > 0 and region in request.url:
                waiting[0] -= 1
                if raises is not None:
                    raise raises
                return AWSResponse(request.url, status, *_said(call, code, message))
        return None


def _said(call, code, message):
    if call.startswith(("lambda.", "dynamodb.")):
        body = json.dumps({"Message": message, "Type": "User", "__type": code})
        return {"x-amzn-ErrorType": code, "content-type": "application/json"}, _Raw(body.encode())
    fault = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return {"content-type": "text/xml"}, _Raw(f"<ErrorResponse>{fault}</ErrorResponse>".encode())


@pytest.fixture
def answers():
    answers = Answers()
    botocore.handlers.BUILTIN_HANDLERS.insert(0, ("before-send", answers))
    yield answers
    botocore.handlers.BUILTIN_HANDLERS.remove(("before-send", answers))


@pytest.fixture
def aws(answers, monkeypatch, tmp_path):
    """Play an account in us-east-1 for a process that has asked nobody yet."""
    monkeypatch.setenv("UPGRADE101_LEDGER", str(tmp_path / "runs"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv(entry.YES, raising=False)
    monkeypatch.setattr(entry, "_agreed", set())
    with mock_aws():
        boto3.DEFAULT_SESSION = None
        yield answers
        cloud.stop()
    boto3.DEFAULT_SESSION = None


@pytest.fixture
def yes(monkeypatch):
    """Say yes beforehand."""
    monkeypatch.setenv(entry.YES, "1")


@pytest.fixture
def runs(aws, tmp_path):
    """Return what ledgers there are, once AWS is played."""
    return lambda: sorted((tmp_path / "runs").glob("*.jsonl"))
