"""A check while the notebook runs on an account or another endpoint: the local cloud judges, and nobody else hears."""

import json
import linecache
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import botocore_stubber

from upgrade101 import cloud
from upgrade101.course.bench import fresh
from upgrade101.course.check import Check, Verdict
from upgrade101.gateway.errors import ConfigurationError

SOLUTIONS = Path(__file__).parents[2] / "solutions"
LOCAL = "Checked on the local cloud: nothing was created or called where this notebook runs."


@pytest.fixture(params=["aws", "http"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run the notebook on an account (moto plays it) or on another endpoint."""
    monkeypatch.setenv("UPGRADE101_YES", "1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    if request.param == "aws":
        with mock_aws():
            cloud.start("aws", quiet=True)
            yield "aws"
            cloud.stop()
        return
    where = str(request.getfixturevalue("served"))
    cloud.start(where, quiet=True)
    yield where
    cloud.stop()


def inventory() -> dict[str, Any]:
    """Return what there is where the notebook runs."""
    return {
        "APIs": boto3.client("apigatewayv2").get_apis()["Items"],
        "REST APIs": boto3.client("apigateway").get_rest_apis()["items"],
        "functions": boto3.client("lambda").list_functions()["Functions"],
        "tables": boto3.client("dynamodb").list_tables()["TableNames"],
        "queues": boto3.client("sqs").list_queues().get("QueueUrls", []),
        "roles": [role["RoleName"] for role in boto3.client("iam").list_roles()["Roles"]],
        "log groups": boto3.client("logs").describe_log_groups()["logGroups"],
    }


def created() -> list[str]:
    """Return what the ledger of the run says."""
    assert cloud._now.run is not None
    return [item.name for item in cloud._now.run.book.read().items]


def solution(lab: str) -> list[str]:
    """Return the cells of a lab's solution up to where it ends, without the start and what is tried by hand."""
    path = next(SOLUTIONS.glob(f"{lab}_*/{lab}_*.ipynb"))
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    kept = [cell for cell in cells if cell["cell_type"] == "code" and not cell["id"].startswith("try-")]
    ends = next(number for number, cell in enumerate(kept) if cell["id"] == "progress")
    return ["".join(cell["source"]) for cell in kept[:ends] if cell["id"] != "start"]


def run(cells: list[str], names: dict[str, Any]) -> None:
    """Run cells as a notebook does, so that functions in them can be packaged."""
    for number, cell in enumerate(cells):
        name = f"<cell {number} of {id(names)}>"
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
        exec(compile(cell, name, "exec"), names)


@pytest.mark.parametrize(("elsewhere", "lab"), [("aws", "03"), ("http", "03"), ("aws", "05")], indirect=["elsewhere"])
def test_a_labs_solution_passes_and_nothing_is_created_there(
    elsewhere: str, lab: str, check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {}
    verdicts: list[Verdict] = []
    run(["import json\nimport boto3\nfrom upgrade101 import *\nfrom upgrade101.deploy import invocation_uri\n"], names)

    def checked(*given: Any) -> None:
        before = inventory(), created()
        verdicts.append(check(*given))
        assert (inventory(), created()) == before

    names["check"] = checked
    run(solution(lab), names)
    said = capsys.readouterr().out
    assert [verdict.state for verdict in verdicts] == ["done"] * 5, said
    assert said.count(LOCAL) == 5


def test_a_wrong_answer_is_still_told_what_is_wrong(elsewhere: str, check: Check) -> None:
    verdict = check("03.2", "$request.body.do")
    assert verdict.state == "not yet" and LOCAL in verdict.card.text


def test_on_moto_the_card_says_nothing_of_it(check: Check) -> None:
    cloud.start("moto", quiet=True)
    try:
        assert LOCAL not in check("03.2", "$request.body.do").card.text
    finally:
        cloud.stop()


def test_a_client_of_before_does_not_reach_the_account_from_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPGRADE101_YES", "1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        cloud.start("aws", quiet=True)
        early = boto3.client("dynamodb")
        early.meta.events.unregister("before-send", botocore_stubber)  # as for a client of before moto was imported
        with fresh(), pytest.raises(ConfigurationError, match=r"which is not this machine"):
            early.list_tables()
        cloud.stop()


def test_a_client_of_before_does_not_reach_an_endpoint_from_a_check(served: str) -> None:
    cloud.start(served, quiet=True)
    early = boto3.client("dynamodb")
    with fresh(), pytest.raises(ConfigurationError, match=r"touches nothing there"):
        early.list_tables()
    assert early.list_tables()["TableNames"] == []
    cloud.stop()


def test_after_a_check_all_is_as_before(elsewhere: str) -> None:
    boto3.client("dynamodb")  # a default session
    with fresh():
        assert cloud.is_local()
    assert not cloud.is_local() and cloud.is_running()
    assert cloud.describe().startswith("cloud: AWS" if elsewhere == "aws" else f"cloud: {elsewhere}")
    key = {"AttributeName": "id"}
    boto3.client("dynamodb").create_table(
        TableName="after",
        KeySchema=[{**key, "KeyType": "HASH"}],
        AttributeDefinitions=[{**key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert created() == ["after"]
    cloud.clean()
    assert inventory()["tables"] == []
