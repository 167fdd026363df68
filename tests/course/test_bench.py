import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from course_kit import cell
from moto import mock_aws
from moto.iam.models import iam_backends

from upgrade101 import ConfigurationError, cloud, connect, websocket_api, wire
from upgrade101.course.bench import ACCOUNT, fresh
from upgrade101.course.exercises import NotYet
from upgrade101.gateway.happenings import Called, Closed, Received, Sent

HANDLERS = cell(
    """
    import boto3

    def tables(event, context):
        print("asked for tables")
        return {"statusCode": 200, "body": " ".join(boto3.client("dynamodb").list_tables()["TableNames"])}

    def hush(event, context):
        return {"statusCode": 200, "body": "nobody hears this"}

    def fails(event, context):
        return 1 / 0

    calls = []

    def count(event, context):
        calls.append(1)
        return {"statusCode": 200, "body": str(len(calls))}

    def send(event, context):
        boto3.client("lambda").invoke(FunctionName="errand", InvocationType="Event", Payload="{}")
        return {"statusCode": 200, "body": "sent"}

    def errand(event, context):
        boto3.client("dynamodb").list_tables()
        print("done")

    def agrees(event, context):
        return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chess.v1"}}
    """
)
TABLES, HUSH, FAILS, AGREES = (HANDLERS[name] for name in ("tables", "hush", "fails", "agrees"))


def create_table(name: str) -> None:
    key = {"AttributeName": "id"}
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{**key, "KeyType": "HASH"}],
        AttributeDefinitions=[{**key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def my_tables() -> list[str]:
    return list(boto3.client("dynamodb").list_tables()["TableNames"])


@pytest.fixture(scope="module")
def moto() -> Iterator[None]:
    cloud.start("moto", quiet=True)
    yield
    cloud.stop()


@pytest.fixture
def mine(moto: None) -> Iterator[str]:
    """A table of the learner's own."""
    create_table("mine")
    yield "mine"
    cloud.clean()


def test_a_function_on_the_bench_sees_the_bench_alone(mine: str) -> None:
    with fresh() as bench:
        create_table("on-the-bench")
        api = bench.api({"$default": TABLES}, two_way=("$default",))
        assert bench.ask(api.url, "hello") == ["on-the-bench"]
    assert my_tables() == [mine]


def test_every_bench_is_fresh(moto: None) -> None:
    with fresh() as bench:
        create_table("left-behind")
        bench.function(HUSH)
    with fresh() as bench:
        assert my_tables() == []
        assert bench.session.client("lambda").list_functions()["Functions"] == []


def test_plain_boto3_works_on_the_bench_and_afterwards_where_it_did_before(mine: str) -> None:
    with fresh():
        assert boto3.client("sts").get_caller_identity()["Account"] == ACCOUNT
        assert boto3.Session(region_name="us-east-1").client("sts").get_caller_identity()["Account"] == ACCOUNT
    assert boto3.client("sts").get_caller_identity()["Account"] != ACCOUNT
    assert my_tables() == [mine]


def test_neither_pictures_nor_ledger_nor_prints_reach_the_notebook(
    moto: None, capsys: pytest.CaptureFixture[str]
) -> None:
    wire.clear()
    before = cloud.ledger.entries()
    with fresh() as bench:
        create_table("secret")
        api = bench.api({"$default": TABLES}, two_way=("$default",))
        bench.ask(api.url, "hello")
        assert bench.prints == ["[lab-tables] asked for tables"]
    assert cloud.ledger.entries() == before
    assert wire.recorder.everything() == []
    assert capsys.readouterr().out == ""


def test_what_the_learner_does_meanwhile_is_seen_as_ever(moto: None, capsys: pytest.CaptureFixture[str]) -> None:
    api = websocket_api("mine", {"$default": TABLES}, two_way=("$default",))
    wire.clear()
    with connect(api.url) as ws, fresh() as bench:
        ws.send("from the notebook")
        ws.recv(timeout=5)
        assert not any(isinstance(seen, Received | Sent) for seen in bench.happenings())
    assert [seen.text for seen in wire.recorder.everything() if isinstance(seen, Received)] == ["from the notebook"]
    assert "[mine-tables] asked for tables" in capsys.readouterr().out
    cloud.clean()


def test_the_bench_sees_everything_of_its_own(moto: None) -> None:
    with fresh() as bench:
        api = bench.api({"$default": TABLES}, two_way=("$default",))
        bench.ask(api.url, "hello")
        seen = bench.happenings()
    assert [one.text for one in seen if isinstance(one, Received)] == ["hello"]
    assert [one.caller for one in seen if isinstance(one, Called) and one.service == "dynamodb"] == ["lab-tables"]
    assert isinstance(seen[-1], Closed)


def test_a_restart_costs_functions_their_globals_and_clients_nothing(moto: None) -> None:
    with fresh() as bench:
        api = bench.api({"$default": HANDLERS["count"]}, two_way=("$default",))
        with bench.line(api.url) as line:
            assert line.ask("a") + line.ask("b") == ["1", "2"]
            bench.restart()
            assert line.ask("c") == ["1"]


def test_what_nobody_waits_for_is_waited_for(moto: None, capsys: pytest.CaptureFixture[str]) -> None:
    with fresh() as bench:
        bench.function(HANDLERS["errand"])
        api = bench.api({"$default": HANDLERS["send"]}, two_way=("$default",))
        bench.ask(api.url, "hello")
        seen = bench.happenings()
        assert bench.prints == ["[errand] done"]
    assert [one.caller for one in seen if isinstance(one, Called) and one.operation == "ListTables"] == ["errand"]
    assert capsys.readouterr().out == ""


def test_something_happens_between_a_call_and_the_next_line(moto: None) -> None:
    def looks(call: Called) -> bool:
        return call.caller == "lab-tables" and call.operation == "ListTables"

    with fresh() as bench:
        api = bench.api({"$default": TABLES}, two_way=("$default",))
        with bench.meanwhile(looks, lambda: create_table("too-late")):
            assert bench.ask(api.url, "hello") == [""]
        assert bench.ask(api.url, "hello") == ["too-late"]
        made = [one.caller for one in bench.happenings() if isinstance(one, Called) and one.operation == "CreateTable"]
    assert made == [""]


def test_a_check_can_wait_for_what_a_function_does_meanwhile(moto: None) -> None:
    with fresh() as bench:
        api = bench.api({"$default": TABLES}, two_way=("$default",))
        waited: list[bool] = []
        with (
            bench.line(api.url) as line,
            bench.meanwhile(lambda call: bool(call.caller), lambda: waited.append(bench.wait_for(is_from_elsewhere))),
        ):
            line.socket.send("hello")
            assert bench.wait_for(lambda seen: isinstance(seen, Called) and seen.operation == "ListTables")
            assert not any(map(is_from_elsewhere, bench.so_far()))
            create_table("on-the-bench")
            assert line.heard() == [""]
        assert waited == [True]
        assert not bench.wait_for(lambda seen: isinstance(seen, Closed) and seen.by == "gateway", 0.01)


def is_from_elsewhere(happening: Any) -> bool:
    return isinstance(happening, Called) and happening.operation == "CreateTable"


def test_what_the_cloud_warns_of_is_kept_for_the_bench(moto: None, caplog: pytest.LogCaptureFixture) -> None:
    with fresh() as bench:
        api = bench.api({"$default": TABLES}, two_way=("$default",))
        (name,) = [one["FunctionName"] for one in bench.session.client("lambda").list_functions()["Functions"]]
        bench.session.client("lambda").remove_permission(FunctionName=name, StatementId="api-gateway")
        bench.ask(api.url, "hello")
        assert any(line.startswith("[cloud] ") and "lab-tables" in line for line in bench.prints)
    assert caplog.records == []
    logging.getLogger("upgrade101.gateway").warning("heard again")
    assert [record.message for record in caplog.records] == ["heard again"]


def test_silence_is_heard_without_waiting_for_the_clock(moto: None) -> None:
    with fresh() as bench:
        api = bench.api({"hush": HUSH})
        with bench.line(api.url) as line:
            assert line.ask('{"action": "hush"}') == []
            assert ["Forbidden" in frame for frame in line.ask('{"action": "x"}', '{"action": "y"}')] == [True, True]


def test_a_function_that_breaks_gives_the_clients_frame(moto: None) -> None:
    with fresh() as bench:
        api = bench.api({"$default": FAILS}, two_way=("$default",))
        (frame,) = bench.ask(api.url, "hello")
    assert "Internal server error" in frame


def test_what_is_meant_to_fail_says_nothing_in_the_log(moto: None) -> None:
    with fresh() as bench:
        bench.meant_to_fail.add("lab-fails")
        api = bench.api({"fail": FAILS, "$default": TABLES}, two_way=("$default",))
        bench.ask(api.url, '{"action": "fail"}', "hello")
        assert bench.prints == ["[lab-tables] asked for tables"]


def test_what_a_check_provokes_is_in_the_log_where_it_goes_wrong(moto: None) -> None:
    with fresh() as bench:
        api = bench.api({"fail": FAILS, "$default": TABLES}, two_way=("$default",))
        with bench.on_purpose():
            bench.ask(api.url, '{"action": "fail"}')
        bench.ask(api.url, "hello")
        assert bench.prints == ["[lab-tables] asked for tables"]
        with pytest.raises(NotYet), bench.on_purpose():
            bench.ask(api.url, '{"action": "fail"}')
            raise NotYet
        assert len(bench.prints) > 1


def test_a_refused_upgrade_says_what_was_expected(moto: None) -> None:
    with fresh() as bench:
        api = bench.api({"$default": HUSH})
        with pytest.raises(NotYet) as refused, bench.line(f"{api.endpoint}/nowhere"):
            pass
    assert refused.value.expected == "101 Switching Protocols, an open line"
    assert refused.value.got == "403 Forbidden"


def test_nothing_stays_behind_where_a_try_fails(mine: str) -> None:
    with pytest.raises(ZeroDivisionError), fresh():
        create_table("on-the-bench")
        raise ZeroDivisionError
    assert my_tables() == [mine]
    with fresh():
        assert my_tables() == []


def test_a_reset_of_moto_costs_the_bench_its_keys_and_no_more(mine: str) -> None:
    with fresh():
        pass
    iam_backends[ACCOUNT].reset()
    with fresh():
        create_table("on-the-bench")
        assert my_tables() == ["on-the-bench"]
    assert my_tables() == [mine]


@pytest.fixture
def nowhere() -> Iterator[None]:
    """No cloud runs; the one of the other tests is started anew afterwards."""
    cloud.stop()
    yield
    cloud.stop()
    cloud.start("moto", quiet=True)


def test_no_thread_of_its_functions_is_left(moto: None) -> None:
    with fresh() as bench:
        api = bench.api({"$default": TABLES}, two_way=("$default",))
        bench.ask(api.url, "hello")
        (thread,) = [one for one in threading.enumerate() if one.name.startswith("lambda lab-tables")]
    thread.join(5)
    assert not thread.is_alive()


def test_where_no_cloud_runs_one_is_started_for_as_long_as_it_takes(
    moto: None, nowhere: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with fresh() as bench:
        api = bench.api({"$default": TABLES}, two_way=("$default",))
        assert bench.ask(api.url, "hello") == [""]
    assert not cloud.is_running()
    assert capsys.readouterr().out == ""


def test_on_aws_a_check_runs_on_the_local_cloud_and_touches_nothing_there(
    moto: None, nowhere: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "UPGRADE101_LEDGER": str(tmp_path),
        "UPGRADE101_YES": "1",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():  # for an account
        cloud.start("aws", quiet=True)
        kept = boto3.client("dynamodb")
        with fresh() as bench:
            assert cloud.is_local() and not cloud.is_aws()
            bench.api({"$default": HUSH}, two_way=("$default",))
        assert cloud.is_aws() and not cloud.is_local()
        assert boto3.client("apigatewayv2").get_apis()["Items"] == []
        assert boto3.client("lambda").list_functions()["Functions"] == []
        assert kept.list_tables()["TableNames"] == []
        assert '"intent"' not in next(tmp_path.glob("*.jsonl")).read_text(encoding="utf-8")
        cloud.stop()


def test_what_is_no_notebook_cell_is_said_by_package(moto: None) -> None:
    made: dict[str, Any] = {}
    exec("def f(event, context): pass", made)
    with fresh() as bench, pytest.raises(ConfigurationError, match="the source of f is not known"):
        bench.function(made["f"])


def test_a_line_is_opened_with_the_options_of_connect(moto: None) -> None:
    with fresh() as bench:
        api = bench.api({"$connect": AGREES})
        with bench.line(api.url, subprotocols=["chess.v1"], origin="https://club.example") as line:
            assert line.socket.subprotocol == "chess.v1"
            assert line.socket.request is not None
            assert line.socket.request.headers["Origin"] == "https://club.example"
