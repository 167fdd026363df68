"""What the marker makes of what a kernel says: answers, and never a verdict."""

import asyncio
import builtins
import inspect
import json
import linecache
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from upgrade101.course.trial import unwritten
from upgrade101.deploy import Api, package
from upgrade101.grading.inside import handing
from upgrade101.grading.standins import Forged, StandIns, Stranger, encode

CELL = 'def on_order(event, context):\n    return {"statusCode": 200, "body": "rye"}\n'


NOW = datetime.now(UTC)


def no_call(key: int, positional: Any, named: Any) -> Any:
    raise AssertionError("nobody should have been called")


def said(**more: Any) -> dict[str, Any]:
    return {"function": {"key": 1, "name": "on_order", "source": CELL, "async": False, "unwritten": False, **more}}


@pytest.fixture
def stand_ins() -> StandIns:
    return StandIns(no_call, {CELL})


@pytest.mark.parametrize(
    "value",
    [
        "${request.body.do}",
        7,
        1.5,
        None,
        True,
        ["a", ("b", 2)],
        {"order": {"n": [1]}},
        b"\x00\xff",
        Decimal("2.5"),
        NOW,
        {3},
    ],
)
def test_plain_data_arrives_as_it_was(stand_ins: StandIns, value: Any) -> None:
    assert stand_ins.decode(json.loads(json.dumps(handing.encode(value)))) == value
    if not isinstance(value, set):
        assert handing.decode(json.loads(json.dumps(encode(value)))) == value


def test_a_hole_stays_a_hole(stand_ins: StandIns) -> None:
    assert stand_ins.answer([handing.encode({"order": ...})]) == {"order": ...}


def test_one_answer_comes_alone_and_several_together(stand_ins: StandIns) -> None:
    assert stand_ins.answer(["a"]) == "a"
    assert stand_ins.answer(["a", "b"]) == ("a", "b")
    assert stand_ins.answer([]) is None


def test_a_function_is_deployed_from_the_cell_it_stands_in(stand_ins: StandIns) -> None:
    function = stand_ins.answer([said()])
    assert function.__name__ == "on_order"
    assert "".join(linecache.getlines(inspect.unwrap(function).__code__.co_filename)) == CELL
    assert CELL.encode() in package(function)[:2000] or len(package(function)) > 100
    assert not unwritten(function)


def test_a_function_from_elsewhere_says_so_when_it_runs(stand_ins: StandIns) -> None:
    function = stand_ins.answer([said(source="def on_order(event, context):\n    return stolen")])
    source = "".join(linecache.getlines(function.__code__.co_filename))
    assert "stolen" not in source
    assert "stands in no cell" in source


def test_a_cell_that_writes_a_file_is_a_source_too() -> None:
    stand_ins = StandIns(no_call, {f"%%writefile shop.py\n{CELL}"})
    assert stand_ins.is_theirs(CELL)


def test_a_stub_stays_a_stub(stand_ins: StandIns) -> None:
    assert unwritten(stand_ins.answer([said(unwritten=True)]))


def test_calling_it_has_the_kernel_run_it() -> None:
    heard = []

    def call(key: int, positional: Any, named: Any) -> Any:
        heard.append((key, positional, named))
        return {"returned": {"api": ["a1", "wss://a1.execute-api.us-east-1.amazonaws.com", "dev"]}}

    open_line = StandIns(call, {CELL}).answer([said(key=9)])
    found = open_line(boto3.client("apigatewayv2", region_name="us-east-1"), functions={"order": "arn"})
    assert isinstance(found, Api)
    assert heard == [(9, [{"client": ["apigatewayv2", ""]}], {"functions": {"dict": [["order", "arn"]]}})]


def test_a_coroutine_function_is_awaited() -> None:
    later = StandIns(lambda *_: {"returned": 7}, {CELL}).answer([said(**{"async": True})])
    assert inspect.iscoroutinefunction(later)
    assert asyncio.run(later()) == 7


def test_its_errors_look_as_they_did() -> None:
    raised = {"raised": {"type": "GoneException", "message": "410", "lines": ["line 3: post()"]}}
    with pytest.raises(Exception, match=r"410 \(at line 3: post\(\)\)") as caught:
        StandIns(lambda *_: raised, {CELL}).answer([said()])()
    assert type(caught.value).__name__ == "GoneException"


def test_an_error_of_aws_is_caught_as_the_clients_own() -> None:
    gateway = boto3.client("apigatewaymanagementapi", region_name="us-east-1", endpoint_url="https://a.execute-api.x/d")
    raised = {
        "raised": {"type": "ForbiddenException", "message": "403", "code": "ForbiddenException", "operation": "x"}
    }
    with pytest.raises(gateway.exceptions.ForbiddenException, match="403"):
        StandIns(lambda *_: raised, {CELL}).answer([said()])(gateway)


@pytest.mark.parametrize(
    "name", ["KeyError", "TimeoutError", "UnicodeDecodeError", "NotImplementedError", "SystemExit"]
)
def test_an_error_of_pythons_is_pythons_own(name: str) -> None:
    raised = {"raised": {"type": name, "message": "'item'"}}
    kind = getattr(builtins, name) if name != "SystemExit" else Exception
    with pytest.raises(kind) as caught:
        StandIns(lambda *_: raised, {CELL}).answer([said()])()
    assert (type(caught.value).__name__, str(caught.value)) == (name, "'item'")


@pytest.mark.parametrize(
    "forged",
    [
        7,
        {"state": "done"},
        [{"state": "done"}],
        [{"function": "done"}],
        [{"function": {"key": "1; import os", "name": "x", "source": ""}}],
        [{"dict": [["a"]]}],
        [{"decimal": "NaN?"}],
        [{"bytes": 7}],
        [{"api": 7}],
        [{"object": {}}],
        [{"list": 7}],
        [{"a": 1, "b": 2}],
        [[1]],
    ],
)
def test_what_is_no_answer_is_refused(stand_ins: StandIns, forged: Any) -> None:
    with pytest.raises(Forged):
        stand_ins.answer(forged)


def test_what_is_nested_without_end_is_refused(stand_ins: StandIns) -> None:
    deep: Any = 1
    for _ in range(50):
        deep = {"list": [deep]}
    with pytest.raises(Forged):
        stand_ins.answer([deep])


def test_a_name_that_is_none_is_replaced(stand_ins: StandIns) -> None:
    assert stand_ins.answer([said(name="os.system('x')")]).__name__ == "answer"


def test_an_object_only_looks_like_itself(stand_ins: StandIns) -> None:
    class Yes:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    found = stand_ins.answer([handing.encode(Yes())])
    assert isinstance(found, Stranger)
    assert found != "done"


def test_a_text_that_is_equal_to_everything_arrives_as_a_text(stand_ins: StandIns) -> None:
    class Yes(str):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    assert stand_ins.answer([handing.encode(Yes("done"))]) != "north/order"


def test_what_cannot_travel_is_told(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"a PosixPath|a WindowsPath"):
        encode(tmp_path)
